"""Placing orders so that an interrupt loses none, and closing all that were placed."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..errors import NumberUnavailable, OrderNotClosed, OrderUncertain, OtpError, SettingsError
from ..providers.base import Order, Provider, SupportsHandingOn
from .number import CLOSE_TIMEOUT, OtpNumber

__tracebackhide__ = True

if TYPE_CHECKING:
    from types import TracebackType

_logger = logging.getLogger("pytest_otp")

ANSWER_TIMEOUT = 75.0
"""Seconds to wait for the answer to an order that was interrupted: longer than our HTTP client waits for one. A second
interrupt ends it."""


def order_number(
    provider: Provider,
    service: str | None = None,
    country: str | None = None,
    operator: str | None = None,
    *,
    on_ordered: Callable[[OtpNumber], None] = lambda number: None,
    **options: Any,
) -> OtpNumber:
    """Rent a number; use it in a `with` block. `options` are those of OtpNumber; raises what `Provider.order` raises.

    The request runs in a thread of its own, so that Ctrl-C or a time-out's signal cannot cut it in half: its answer is
    still taken in, and the order closed, before the interrupt goes on. `on_ordered` is called in that thread, first of
    all, with the number.
    """
    start = time.monotonic()
    placed: Future[OtpNumber] = Future()

    def place() -> None:
        if not placed.set_running_or_notify_cancel():
            return  # interrupted before anything was sent
        try:
            number = _numbered(provider, provider.order(service, country, operator), options)
            on_ordered(number)
            placed.set_result(number)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the caller waits
            placed.set_exception(error)

    run = contextvars.copy_context().run
    try:
        threading.Thread(target=run, args=(place,), name="pytest-otp order", daemon=True).start()
        failure = placed.exception()
    except BaseException:
        if not placed.cancel():
            closed = _close_when_ordered(placed, options.get("close_timeout", CLOSE_TIMEOUT))
            if not isinstance(provider, SupportsHandingOn):  # else a keeper outlives us, and takes the answer in
                closed.wait(ANSWER_TIMEOUT + options.get("close_timeout", CLOSE_TIMEOUT))
        raise
    if failure is None:
        return placed.result()
    if isinstance(failure, OtpError):
        failure.elapsed = time.monotonic() - start if failure.elapsed is None else failure.elapsed
        raise failure.with_traceback(None)
    raise failure


class Numbers:
    """Orders numbers when called, and closes all of them at the end: what the fixtures hand out."""

    def __init__(
        self,
        provider: Provider,
        *,
        service: str | None = None,
        country: str | None = None,
        operator: str | None = None,
        unavailable: Callable[[NumberUnavailable], None] = lambda error: None,
        before: Callable[[], None] = lambda: None,
        ordered: Callable[[OtpNumber], None] = lambda number: None,
        **options: Any,
    ) -> None:
        """Defaults for each call; `options` are those of OtpNumber.

        `unavailable` is called where no number is to be had; what it raises takes the error's place. `before` is
        called in the caller's thread before each order, `ordered` with each number, in any thread.
        """
        self._before = before
        self._ordered = ordered
        self._provider = provider
        self._unavailable = unavailable
        self._defaults = (service, country, operator)
        self._options = options
        self._numbers: list[OtpNumber] = []
        self._open = True
        self._changed = threading.Condition()
        self._ordering = 0

    def __call__(
        self, service: str | None = None, country: str | None = None, operator: str | None = None
    ) -> OtpNumber:
        """Rent a number; what is left out is the marker's, the option's, or the provider's choice."""
        if not self._open:
            raise OtpError("otp_number was called after its scope had ended: nobody would close the order")
        for name, value in (("service", service), ("country", country), ("operator", operator)):
            if not (value is None or isinstance(value, str)):
                raise SettingsError(f"otp_number: {name}={value!r} is no text", hint=f'Give {name}="{value}".')
        asked = zip((service, country, operator), self._defaults, strict=True)
        wanted = [given if given is not None else default for given, default in asked]
        self._before()
        with self._under_way():
            try:
                return order_number(self._provider, *wanted, on_ordered=self._take, **self._options)
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

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"otp_number rents numbers and is none: call it first, number = otp_number(); number.{name}"
        )

    def _take(self, number: OtpNumber) -> None:
        self._numbers.append(number)
        self._ordered(number)
        if not self._open:
            number.close()
            raise OtpError("the scope of otp_number ended while a number was being ordered: it was closed again")

    def __enter__(self) -> Numbers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        answered = False
        try:
            with self._changed:  # a thread of the test's own may still order: it closes its number when it has it
                answered = self._changed.wait_for(lambda: not self._ordering, ANSWER_TIMEOUT)
        finally:  # an interrupt of that waiting must not leave the others open
            close_all(reversed(self._numbers), self._options.get("close_timeout", CLOSE_TIMEOUT))
        if not answered:
            raise OrderUncertain(
                "an order of another thread got no answer before its test ended", provider=self._provider.name
            )


def close_all(numbers: Iterable[OtpNumber], timeout: float) -> None:
    """Close every number within `timeout` seconds together, each tried at least once, whatever befalls the others.

    Raises the one error, or an OrderNotClosed that names them all; an interrupt is raised after the others are closed.
    """
    end = time.monotonic() + timeout
    failures: list[OrderNotClosed] = []
    interrupt: BaseException | None = None
    todo = deque(numbers)
    while todo:
        number = todo.popleft()
        try:
            number.close(max(0.0, end - time.monotonic()))
        except OrderNotClosed as error:
            failures.append(error)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C: every order costs money
            if interrupt is None:
                todo.append(number)  # cut off in the middle: once more, after the others
            interrupt = error
    if interrupt:
        for failure in failures:
            _logger.error("%s", failure)
        raise interrupt
    if len(failures) == 1:
        raise failures[0]
    if failures:
        each = [f"{error.provider}, order {error.order_id}, {error.number}: {error.message}" for error in failures]
        raise OrderNotClosed(f"{len(failures)} orders could not be closed:\n" + "\n".join(each))


def _numbered(provider: Provider, order: Order, options: dict[str, Any]) -> OtpNumber:
    if not isinstance(order, Order):
        raise OrderUncertain(
            f"order() returned {type(order).__name__} where an Order is needed", provider=provider.name
        )
    try:
        return OtpNumber(provider, order, **options)
    except BaseException:
        _roll_back(provider, order)
        raise


def _roll_back(provider: Provider, order: Order) -> None:
    try:
        provider.cancel(order)
    except Exception as error:
        raise OrderNotClosed(
            f"the order could not be closed, its number may still be rented: {getattr(error, 'message', error)}",
            provider=provider.name,
            order_id=order.id,
            number=order.number,
        ) from error


def _close_when_ordered(placed: Future[OtpNumber], timeout: float) -> threading.Event:
    """Close the order as soon as its answer is here, within `timeout`; the event tells when that was."""
    closed = threading.Event()

    def close(done: Future[OtpNumber]) -> None:
        try:
            if done.exception() is None:
                done.result().close(timeout)
        finally:
            closed.set()

    placed.add_done_callback(close)
    return closed
