"""OtpNumber: one rented number, from the order to its close."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import (
    CodeTimeout,
    OrderEnded,
    OrderNotClosed,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
)
from ..phone import Phone, read
from ..providers.base import (
    Order,
    OrderState,
    Provider,
    SmsMessage,
    SupportsCounting,
    SupportsHandingOn,
    SupportsPush,
)
from ..providers.closing import finish_or_cancel, persist
from ..providers.deadline import time_limit
from ..redact import shape
from .filters import Pattern, Sender, Wanted
from .inbox import Inbox
from .waiting import Bell, Wait, pace_for

__tracebackhide__ = True

if TYPE_CHECKING:
    from types import TracebackType

TIMEOUT = 120.0
POLL_INTERVAL = 0.75
CLOSE_TIMEOUT = 20.0
LONGEST_TIME = 86_400.0
"""Seconds, a day: locks cannot wait for any length of time."""
_CLOSED = (OrderState.FINISHED, OrderState.CANCELLED, OrderState.ENDED)

_logger = logging.getLogger("pytest_otp")


class OtpNumber:
    """A rented phone number: type it into a page, then `wait_code()`.

    A context manager: it is finished or cancelled at the end. Usable from several threads and event loops at once; each
    message is handed out once.
    """

    def __init__(
        self,
        provider: Provider,
        order: Order,
        *,
        timeout: float = TIMEOUT,
        poll_interval: float = POLL_INTERVAL,
        close_timeout: float = CLOSE_TIMEOUT,
        show_sms: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """Take over an order that was placed; `pytest_otp.order_number` places one.

        All times are seconds. `clock` and `sleep` take the place of the real ones in tests.
        """
        self._provider = provider
        self._order = order
        self._phone: Phone = read(order.number, order.region)
        self._timeout = timeout
        self._close_timeout = close_timeout
        self._show_sms = show_sms
        self._clock = clock
        self._sleep = sleep
        self._bell = Bell(clock)
        self._pace = pace_for(provider, poll_interval)
        self._lock = threading.RLock()
        self._asking = threading.Lock()
        self._closing = threading.Lock()
        self._state = OrderState.WAITING
        self._inbox = Inbox()
        self._another_due = False
        self._unsubscribe: Callable[[], None] = lambda: None
        if isinstance(provider, SupportsPush):
            self._unsubscribe = provider.subscribe(order, self._bell.ring)

    @property
    def e164(self) -> str:
        """The number with plus and country code: `+12015550123`."""
        return self._phone.e164

    @property
    def digits(self) -> str:
        """The number with country code, without plus: `12015550123`."""
        return self._phone.digits

    @property
    def national(self) -> str:
        """Digits without country code and trunk prefix: `2015550123`."""
        return self._phone.national

    @property
    def region(self) -> str | None:
        """ISO 3166 code of the number's country; None where the number does not parse."""
        return self._phone.region

    @property
    def order_id(self) -> str:
        """The provider's id of the order."""
        return self._order.id

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._provider.name

    @property
    def service(self) -> str | None:
        """The provider's id of the service."""
        return self._order.service

    @property
    def price(self) -> Decimal | None:
        """What the order costs, in `currency`; None where the provider did not say."""
        return self._order.price

    @property
    def currency(self) -> str | None:
        """ISO 4217 code of `price`."""
        return self._order.currency

    @property
    def state(self) -> OrderState:
        """Where the order stands, as far as is known without asking: `number.state == "waiting"`."""
        return self._state

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """Every SMS seen so far, oldest first, handed out or not; asks nobody."""
        return self._inbox.messages

    def wait_code(
        self, timeout: float | None = None, *, sender: Sender | None = None, pattern: Pattern | None = None
    ) -> str:
        """Wait for the next code: the one in the oldest message that was not handed out yet.

        Args:
            timeout: seconds; without it the marker's, `--otp-timeout`'s or the default.
            sender: accept only messages of this sender (a name or number, or a compiled regular expression).
            pattern: find the code with this regular expression (one group around the code) or function instead.

        Raises CodeTimeout, OrderEnded (the order was closed elsewhere), and any final ProviderError. A message that the
        filters pass over stays for later calls.
        """
        wanted = Wanted(sender=sender, pattern=pattern)
        return str(self._wait(wanted, wanted.code, timeout))

    async def wait_code_async(
        self, timeout: float | None = None, *, sender: Sender | None = None, pattern: Pattern | None = None
    ) -> str:
        """As `wait_code`, without blocking the event loop; a cancelled wait hands nothing out."""
        wanted = Wanted(sender=sender, pattern=pattern)
        return str(await self._wait_async(wanted, wanted.code, timeout))

    def wait_message(
        self, timeout: float | None = None, *, sender: Sender | None = None, pattern: Pattern | None = None
    ) -> SmsMessage:
        """Wait for the next message, with a code or without. Arguments and errors are those of `wait_code`."""
        wanted = Wanted(sender=sender, pattern=pattern)
        message: SmsMessage = self._wait(wanted, wanted.message, timeout)
        return message

    async def wait_message_async(
        self, timeout: float | None = None, *, sender: Sender | None = None, pattern: Pattern | None = None
    ) -> SmsMessage:
        """As `wait_message`, without blocking the event loop; a cancelled wait hands nothing out."""
        wanted = Wanted(sender=sender, pattern=pattern)
        message: SmsMessage = await self._wait_async(wanted, wanted.message, timeout)
        return message

    def resend(self) -> None:
        """Tell the provider to expect another SMS; does nothing where a number simply goes on receiving.

        A second `wait_code` does it by itself. The application must send the SMS. Raises OrderEnded and ProviderError.
        """
        if self._state in _CLOSED:
            raise self._ended()
        with self._asking, time_limit(self._timeout):
            self._provider.resend(self._order)
            self._inbox.asked_for_another()
            self._another_due = False

    def cancel(self) -> None:
        """Close the order as one that got no SMS.

        Raises SmsAlreadyReceived where one came, another ProviderError where the provider refuses, OrderNotClosed where
        it stays away.
        """
        self._close(self._cancel, self._close_timeout, passing=ProviderUnavailable)

    def finish(self) -> None:
        """Close the order as one that got its SMS. Raises ProviderError and OrderNotClosed as `cancel` does."""
        self._close(self._finish, self._close_timeout, passing=ProviderUnavailable)

    def close(self, timeout: float | None = None) -> None:
        """Finish the order if an SMS came, else cancel it; closing twice is closing once.

        Tries again for `timeout` seconds (`--otp-close-timeout`) while the provider is away or refuses; with a keeper
        it hands the order on instead, and the state stays as it is. Raises OrderNotClosed.
        """
        seconds = self._close_timeout if timeout is None else timeout
        attempt: Callable[[], None] = self._finish_or_cancel
        if isinstance(self._provider, SupportsHandingOn):
            attempt = partial(self._hand_on, self._provider, seconds)
        self._close(attempt, seconds, passing=ProviderError)

    def __enter__(self) -> OtpNumber:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<OtpNumber {self.e164} {self.provider} order {self.order_id} {self.state}>"

    def _wait(self, wanted: Wanted, pick: Callable[[SmsMessage], Any], timeout: float | None) -> Any:
        wait = self._waiting(pick, timeout)
        found = None
        try:
            found = wait.run(self._sleep)
        finally:
            self._tell_waited(wait, found)
        if found is None:
            raise self._timed_out(wanted, wait)
        return found

    async def _wait_async(self, wanted: Wanted, pick: Callable[[SmsMessage], Any], timeout: float | None) -> Any:
        wait = self._waiting(pick, timeout)
        found = None
        try:
            found = await wait.run_async()
        finally:
            self._tell_waited(wait, found)
        if found is None:
            raise self._timed_out(wanted, wait)
        return found

    def _tell_waited(self, wait: Wait, found: object) -> None:
        if isinstance(self._provider, SupportsCounting):
            self._provider.count_wait(self._order, wait.waited, int(found is not None))

    def _waiting(self, pick: Callable[[SmsMessage], Any], timeout: float | None) -> Wait:
        seconds = self._timeout if timeout is None else checked_seconds(timeout, "timeout")
        self._another_due = False
        pace = replace(self._pace, first=0.0) if self._inbox.messages else self._pace
        return Wait(
            self._refresh, lambda: self._claim(pick), timeout=seconds, pace=pace, bell=self._bell, clock=self._clock
        )

    def _refresh(self, seconds: float) -> None:
        """Ask the provider once: for messages, or to expect another where all that came were passed over."""
        with time_limit(seconds):
            if self._state in _CLOSED or not self._asking.acquire(timeout=seconds):
                return
            try:
                if self._another_due:
                    self._ask_for_another()
                self._take_in()
            finally:
                self._asking.release()

    def _ask_for_another(self) -> None:
        try:
            self._provider.resend(self._order)
        except ProviderUnavailable:
            raise
        except (ProviderError, OrderEnded) as refusal:
            _logger.info("order %s: no further SMS could be asked for: %s", self.order_id, refusal)
        self._inbox.asked_for_another()
        self._another_due = False

    def _take_in(self) -> None:
        heard = self._provider.messages(self._order)
        with self._lock:
            self._inbox.take_in(heard.sms)
            if self._state not in _CLOSED:
                came = self._inbox.messages and heard.state not in _CLOSED
                self._state = OrderState.RECEIVED if came else heard.state

    def _claim(self, pick: Callable[[SmsMessage], Any]) -> Any:
        found = self._inbox.hand_out(pick)
        if found is None:
            if self._state in _CLOSED:
                raise self._ended()
            self._another_due = self._inbox.wants_another()
        return found

    def _ended(self) -> OrderEnded:
        by = "was cancelled or finished at the provider" if self._state is OrderState.ENDED else f"is {self._state}"
        return OrderEnded(f"the order {by}: no further SMS will come", **self._context())

    def _timed_out(self, wanted: Wanted, wait: Wait) -> CodeTimeout:
        shown: Callable[[str], str] = str if self._show_sms else shape
        came = [
            f"from {message.sender or 'unknown'}: {shown(message.text)!r} ({wanted.why_not(message, shown)})"
            for message in self._inbox.left
        ]
        what = f"no code came; {len(came)} SMS came without one: " + "; ".join(came) if came else "no SMS came"
        if wait.trouble:
            what += f". The last request failed: {wait.trouble.message}"
        hint = getattr(self._provider, "timeout_hint", "")
        if came:
            show = "" if self._show_sms else "--otp-show-sms shows the texts. "
            hint = f"{show}{wanted.advice}"
        return CodeTimeout(
            what,
            **self._context(),
            elapsed=wait.waited,
            hint=hint or "Check that the application sent it to this number.",
        )

    def _close(self, attempt: Callable[[], None], timeout: float, *, passing: type[ProviderError]) -> None:
        """Run `attempt` until it succeeds; a refusal is tried again, or raised as it is where it is not `passing`."""
        start = self._clock()
        with self._closing:
            failure = persist(
                attempt, timeout=timeout, passing=passing, clock=self._clock, sleep=self._sleep or time.sleep
            )
        if failure is None:
            return
        if isinstance(failure, ProviderError) and not isinstance(failure, passing):
            raise failure
        said = failure.message if isinstance(failure, OtpError) else f"{type(failure).__name__}: {failure}"
        raise OrderNotClosed(
            f"the order could not be closed, its number may still be rented: {said}",
            **self._context(),
            elapsed=self._clock() - start,
        ) from failure

    def _hand_on(self, keeper: SupportsHandingOn, timeout: float) -> None:
        """Let somebody close it who outlives this process, now or later."""
        if self._state not in _CLOSED:
            received = self._state is OrderState.RECEIVED
            self._is_closed(keeper.hand_on(self._order, received=received, timeout=timeout))

    def _finish_or_cancel(self) -> None:
        finish_or_cancel(self._cancel, self._finish, received=self._state is OrderState.RECEIVED)

    def _cancel(self) -> None:
        try:
            self._give_back(self._provider.cancel, OrderState.CANCELLED)
        except SmsAlreadyReceived:
            self._state = OrderState.RECEIVED
            raise

    def _finish(self) -> None:
        self._give_back(self._provider.finish, OrderState.FINISHED)

    def _give_back(self, operation: Callable[[Order], None], closed: OrderState) -> None:
        if self._state in _CLOSED:
            return
        operation(self._order)
        self._is_closed(closed)

    def _is_closed(self, state: OrderState | None) -> None:
        if state is not None:
            with self._lock:
                self._state = state
            self._unsubscribe()
            self._bell.ring()

    def _context(self) -> dict[str, Any]:
        return {"provider": self.provider, "order_id": self.order_id, "number": self.e164}


def checked_seconds(value: object, name: str) -> float:
    """The value as seconds. Raises SettingsError unless it is a finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise SettingsError(f"{name}={value!r} is no time", hint="Give seconds: a number from 0 on.")
    return min(float(value), LONGEST_TIME)
