"""Ordering numbers: one by `order_number`, several by `Numbers`, which closes all of them on exit."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..clock import monotonic
from ..display import ID, shown
from ..errors import NumberUnavailable, OrderNotClosed, OrderUncertain, OtpError, SettingsError, listed
from ..providers.base import Provider
from ..redact import logger
from .number import OtpNumber
from .options import DEFAULTS, NumberOptions
from .order_thread import REAL_TIME, Timing, place

__tracebackhide__ = True

_MOST_LISTED = 10

if TYPE_CHECKING:
    from types import TracebackType


def order_number(
    provider: Provider,
    service: str | None = None,
    country: str | None = None,
    operator: str | None = None,
    *,
    timeout: float = 120.0,
    poll_interval: float = 0.75,
    close_timeout: float = 20.0,
    show_sms: bool = False,
) -> OtpNumber:
    """Rent a number. Use it in a `with` block, which closes the order on exit.

    Args:
        provider: where to rent it.
        service: the service that will send the SMS, by the provider's ID or name. Defaults to the provider's choice, as
            do `country` and `operator`.
        country: the number's country.
        operator: the number's mobile operator.
        timeout: seconds that `wait_code()` waits by default, 0 or more.
        poll_interval: seconds between polls, greater than 0.
        close_timeout: seconds that closing retries while the provider is unavailable or refuses, 0 or more.
        show_sms: whether errors show SMS texts instead of masking their letters and digits.

    An interrupt while the order is being placed (Ctrl-C, a signal) does not lose it: the order is closed before the
    interrupt is raised.

    Raises `SettingsError` for an invalid argument, before anything is ordered, and what `Provider.order` raises:
    `NumberUnavailable` if no number is available, `OrderUncertain` if the provider's answer was lost, or another
    `OtpError`.
    """
    _check_texts(service=service, country=country, operator=operator)
    options = NumberOptions(timeout, poll_interval, close_timeout, show_sms)
    return place(provider, service, country, operator, options=options)


class Numbers:
    """Orders a number each time it is called. A context manager that closes all its orders on exit.

    The fixtures `otp_number`, `module_otp_number` and `session_otp_number` return an instance.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        service: str | None = None,
        country: str | None = None,
        operator: str | None = None,
        options: NumberOptions = DEFAULTS,
        unavailable: Callable[[NumberUnavailable], None] = lambda error: None,
        before: Callable[[], None] = lambda: None,
        ordered: Callable[[OtpNumber], None] = lambda number: None,
        timing: Timing = REAL_TIME,
    ) -> None:
        """`service`, `country` and `operator` are what a call orders by default.

        `unavailable` is called if no number is available; an exception that it raises replaces the error. `before`
        is called in the caller's thread before each order, `ordered` with each number, in any thread. `timing` is for
        tests.
        """
        _check_texts(service=service, country=country, operator=operator)
        self._provider = provider
        self._defaults = (service, country, operator)
        self._options = options
        self._unavailable = unavailable
        self._before = before
        self._ordered = ordered
        self._timing = timing
        self._numbers: list[tuple[int, OtpNumber]] = []  # each with the process that ordered it
        self._open = True
        self._changed = threading.Condition()
        self._ordering = 0

    def __call__(
        self, service: str | None = None, country: str | None = None, operator: str | None = None
    ) -> OtpNumber:
        """Rent a number. Arguments default to the marker's values, then the options', then the provider's choice.

        Raises `SettingsError` for an invalid argument, `BudgetExceeded` if the run's budget does not allow it,
        `OtpError` after the end of the scope, and what `Provider.order` raises.
        """
        if not self._open:
            raise OtpError("otp_number was called after its scope had ended, so nothing would close the order")
        _check_texts(service=service, country=country, operator=operator)
        given = zip((service, country, operator), self._defaults, strict=True)
        wanted = [value if value is not None else default for value, default in given]
        self._before()
        with self._under_way():
            try:
                return place(self._provider, *wanted, options=self._options, on_ordered=self._take, timing=self._timing)
            except NumberUnavailable as error:
                refusal = error
        self._unavailable(refusal)
        raise refusal

    @contextlib.contextmanager
    def _under_way(self) -> Iterator[None]:
        with self._changed:
            self._ordering += 1
        try:
            yield
        finally:
            with self._changed:
                self._ordering -= 1
                self._changed.notify_all()

    if not TYPE_CHECKING:  # a type checker reports such a name by itself

        def __getattr__(self, name: str) -> object:
            raise AttributeError(
                f"otp_number is a function and has no attribute {name!r}; call it to order a number: "
                f"otp_number().{name}"
            )

    def _take(self, number: OtpNumber) -> None:
        self._numbers.append((os.getpid(), number))
        self._ordered(number)
        if not self._open:
            number.close()
            raise OtpError(
                "the scope of otp_number ended while a number was being ordered, so the order was closed again"
            )

    def __enter__(self) -> Numbers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        answered = False
        try:
            with self._changed:  # another thread may still be ordering: it closes its number when it has it
                answered = self._changed.wait_for(lambda: not self._ordering, self._timing.answer_timeout)
        finally:  # an interrupt of that waiting must not leave the others open
            # A forked process, as of pytest-forked, ends its copy of this scope; the original's goes on.
            own = [number for process, number in reversed(self._numbers) if process == os.getpid()]
            close_all(own, self._options.close_timeout, clock=self._timing.clock)
        if not answered:
            raise OrderUncertain(
                "an order placed by another thread got no response before its scope ended", provider=self._provider.name
            )


def close_all(numbers: Iterable[OtpNumber], timeout: float, *, clock: Callable[[], float] = monotonic) -> None:
    """Close all numbers within `timeout` seconds in total, trying each at least once, whatever happens to the others.

    Raises `OrderNotClosed`, which names every order left open. An interrupt is raised after all have been tried.
    """
    end = clock() + timeout
    failures: list[OrderNotClosed] = []
    interrupt: BaseException | None = None
    todo = deque(numbers)
    while todo:
        number = todo.popleft()
        try:
            number.close(max(0.0, end - clock()))
        except OrderNotClosed as error:
            failures.append(error)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C: every order costs money
            if interrupt is None:
                todo.append(number)  # interrupted halfway: once more, after the others
            interrupt = error
    if interrupt:
        for failure in failures:
            logger.error("%s", failure)
        raise interrupt
    if len(failures) == 1:
        raise failures[0]
    if failures:
        each = [
            f"{error.provider}, order {shown(error.order_id or '', ID)}, {shown(error.number or '', ID)}: "
            f"{shown(error.message)}"
            for error in failures
        ]
        raise OrderNotClosed(f"{len(failures)} orders could not be closed: {listed(each, _MOST_LISTED, '; ')}")


def _check_texts(**values: object) -> None:
    for name, value in values.items():
        if not (value is None or isinstance(value, str)):
            raise SettingsError(f"{name} must be a string; got {value!r}", hint=f'Use {name}="{value}".')
