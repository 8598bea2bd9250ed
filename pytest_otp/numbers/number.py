"""OtpNumber: what a test holds, one rented number."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from ..clock import monotonic
from ..codes.shapes import Length
from ..display import ID, shown
from ..phone import Phone, read
from ..providers.base import Order, OrderState, Provider, SmsMessage
from .bell import Bell
from .filling import FillsPages
from .filters import Pattern, Sender, Wanted, wanted_code
from .open_order import OpenOrder
from .options import DEFAULTS, NumberOptions, checked_seconds
from .receiving import Receiver, Waiter
from .waiting import Pace, pace_for

__tracebackhide__ = True

if TYPE_CHECKING:
    from types import TracebackType


class OtpNumber(FillsPages):
    """A rented phone number: type it into a page, then call `wait_code()`.

    A context manager that finishes or cancels the order on exit. It can be used from several threads and event loops
    at once; each message is handed out once.
    """

    def __init__(
        self,
        provider: Provider,
        order: Order,
        options: NumberOptions = DEFAULTS,
        *,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Take over an order that has been placed. Use `pytest_otp.order_number` to place one.

        `clock` and `sleep` replace the real ones in tests. `pace` says when to poll; the default depends on the
        provider.
        """
        self._phone: Phone = read(order.number, order.region)
        self._options = options
        bell = Bell(clock)
        self._order = OpenOrder(
            provider, order, self._phone.e164, notify=bell.ring, clock=clock, sleep=sleep or time.sleep
        )
        self._receiver = Receiver(self._order)
        pace = pace or pace_for(provider, options.poll_interval)
        self._waiter = Waiter(self._order, self._receiver, bell, pace, options, clock=clock, sleep=sleep)

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
        """ISO 3166 code of the number's country; None if the number cannot be parsed."""
        return self._phone.region

    @property
    def order_id(self) -> str:
        """The provider's ID for the order."""
        return self._order.order.id

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._order.provider.name

    @property
    def service(self) -> str | None:
        """The provider's ID for the service."""
        return self._order.order.service

    @property
    def price(self) -> Decimal | None:
        """Price of the order in `currency`; None if the provider did not give one."""
        return self._order.order.price

    @property
    def currency(self) -> str | None:
        """ISO 4217 code of `price`; None if unknown."""
        return self._order.order.currency

    @property
    def state(self) -> OrderState:
        """The last known state of the order: `number.state == "waiting"`. Makes no request."""
        return self._order.state

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """Every SMS seen so far, oldest first, whether handed out or not. Makes no request."""
        return self._receiver.messages

    def wait_code(
        self,
        timeout: float | None = None,
        *,
        sender: Sender | None = None,
        pattern: Pattern | None = None,
        length: Length | None = None,
        alphabet: str | None = None,
    ) -> str:
        """Wait for the next code: the one in the oldest message that has not been handed out yet.

        Args:
            timeout: seconds. Defaults to the marker's timeout, then to `--otp-timeout`.
            sender: only accept messages from this sender: a name or number, or a compiled regular expression.
            pattern: find the code with a regular expression (at most one group, around the code), or with a function
                that takes the text and returns the code or None.
            length: how many characters the code has without separators: a number, or a pair (minimum, maximum).
            alphabet: the characters that the code may have, such as `string.digits`. Upper and lower case differ.

        `length` and `alphabet` default to the marker's, then to the settings'; they cannot be combined with
        `pattern`. Messages that a filter skips stay available to later calls.

        Raises `CodeTimeout` if no code arrives in time, `OrderEnded` if the order is closed during the wait,
        `SettingsError` for an invalid argument, and any `ProviderError` that waiting cannot resolve.
        """
        wanted = wanted_code(self._options.code_format, sender, pattern, length, alphabet)
        return self._waiter.code(wanted, timeout)

    async def wait_code_async(
        self,
        timeout: float | None = None,
        *,
        sender: Sender | None = None,
        pattern: Pattern | None = None,
        length: Length | None = None,
        alphabet: str | None = None,
    ) -> str:
        """Like `wait_code`, without blocking the event loop. A cancelled wait consumes no message."""
        return await self._waiter.code_async(
            wanted_code(self._options.code_format, sender, pattern, length, alphabet), timeout
        )

    def wait_message(
        self, timeout: float | None = None, *, sender: Sender | None = None, pattern: Pattern | None = None
    ) -> SmsMessage:
        """Wait for the next message, with or without a code. Arguments and errors are those of `wait_code`."""
        return self._waiter.message(Wanted(sender=sender, pattern=pattern), timeout)

    async def wait_message_async(
        self, timeout: float | None = None, *, sender: Sender | None = None, pattern: Pattern | None = None
    ) -> SmsMessage:
        """Like `wait_message`, without blocking the event loop. A cancelled wait consumes no message."""
        return await self._waiter.message_async(Wanted(sender=sender, pattern=pattern), timeout)

    def resend(self) -> None:
        """Tell the provider to expect another SMS. Does nothing if its numbers keep receiving anyway.

        A second `wait_code` does this automatically. The SMS itself is up to the application.

        Raises `OrderEnded` if the order is closed, and `ProviderError` if the provider refuses.
        """
        self._receiver.resend(self._options.timeout)

    def cancel(self) -> None:
        """Cancel the order, for which no SMS has arrived. Does nothing if it is already closed.

        Raises `SmsAlreadyReceived` if one has arrived, another `ProviderError` if the provider refuses, and
        `OrderNotClosed` if the provider stays unavailable for `close_timeout` seconds.
        """
        self._order.cancel(self._options.close_timeout)

    def finish(self) -> None:
        """Finish the order, for which an SMS has arrived. Does nothing if it is already closed.

        Raises `ProviderError` and `OrderNotClosed` like `cancel`.
        """
        self._order.finish(self._options.close_timeout)

    def close(self, timeout: float | None = None) -> None:
        """Finish the order if an SMS has arrived, otherwise cancel it. Does nothing if it is already closed.

        Retries for `timeout` seconds (defaults to `close_timeout`) while the provider is unavailable or refuses. With a
        keeper process, the order may be handed over to it instead, and `state` does not change.

        Raises `OrderNotClosed` if the order could not be closed.
        """
        self._order.close(self._options.close_timeout if timeout is None else checked_seconds(timeout, "timeout"))

    def __enter__(self) -> OtpNumber:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<OtpNumber {shown(self.e164, ID)} {self.provider} order {shown(self.order_id, ID)} {self.state}>"
