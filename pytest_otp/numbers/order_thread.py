"""Placing one order so that no interrupt and no error loses it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from ..clock import monotonic
from ..errors import OrderUncertain, OtpError
from ..providers.base import Order, Provider, SupportsHandingOn
from .number import OtpNumber
from .open_order import Context, not_closed
from .options import DEFAULTS, NumberOptions

__tracebackhide__ = True

ANSWER_TIMEOUT = 75.0
"""Seconds to wait for the response to an interrupted order: longer than our HTTP client waits for one."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock of numbers and of their closing. Tests replace it."""

    clock: Callable[[], float] = monotonic
    """A monotonic clock, in seconds."""
    sleep: Callable[[float], None] | None = None
    """Sleeps for that many seconds; None also wakes up when a message is pushed."""
    answer_timeout: float = ANSWER_TIMEOUT
    """Seconds to wait for the response to an order that is no longer needed."""


REAL_TIME = Timing()


def place(
    provider: Provider,
    service: str | None = None,
    country: str | None = None,
    operator: str | None = None,
    *,
    options: NumberOptions = DEFAULTS,
    on_ordered: Callable[[OtpNumber], None] = lambda number: None,
    timing: Timing = REAL_TIME,
) -> OtpNumber:
    """Rent a number. Raises what `Provider.order` raises, and `OrderUncertain` if that returns no `Order`.

    The request runs in a thread of its own, so that neither Ctrl-C nor a timeout's signal can cut it in half: its
    response is still awaited and the order closed before the interrupt is raised; a second interrupt ends the wait,
    and the order is closed as soon as its response arrives. `on_ordered` is called in that thread with the number,
    before anything else is done with it.
    """
    start = timing.clock()
    placed: Future[OtpNumber] = Future()

    def request() -> None:
        if not placed.set_running_or_notify_cancel():
            return  # interrupted before anything was sent
        try:
            number = _number_of(provider, provider.order(service, country, operator), options, timing)
            on_ordered(number)
            placed.set_result(number)
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            placed.set_exception(error)

    run = contextvars.copy_context().run
    try:
        threading.Thread(target=run, args=(request,), name="pytest-otp order", daemon=True).start()
        failure = placed.exception()
    except BaseException:
        if not placed.cancel():
            closed = _close_when_placed(placed, options.close_timeout)
            if not isinstance(provider, SupportsHandingOn):  # else a keeper, which outlives us, closes it
                closed.wait(timing.answer_timeout + options.close_timeout)
        raise
    if failure is None:
        return placed.result()
    if isinstance(failure, OtpError):
        failure.elapsed = timing.clock() - start if failure.elapsed is None else failure.elapsed
        raise failure.with_traceback(None)
    raise failure


def _number_of(provider: Provider, order: Order, options: NumberOptions, timing: Timing) -> OtpNumber:
    if not isinstance(order, Order):
        raise OrderUncertain(f"order() must return an Order; got {type(order).__name__}", provider=provider.name)
    try:
        return OtpNumber(provider, order, options, clock=timing.clock, sleep=timing.sleep)
    except BaseException:
        _roll_back(provider, order)
        raise


def _roll_back(provider: Provider, order: Order) -> None:
    try:
        provider.cancel(order)
    except Exception as error:
        context: Context = {"provider": provider.name, "order_id": order.id, "number": order.number}
        raise not_closed(error, context) from error


def _close_when_placed(placed: Future[OtpNumber], timeout: float) -> threading.Event:
    """Close the order as soon as its response arrives, within `timeout`; the event is set afterwards."""
    closed = threading.Event()

    def close(done: Future[OtpNumber]) -> None:
        try:
            if done.exception() is None:
                done.result().close(timeout)
        finally:
            closed.set()

    placed.add_done_callback(close)
    return closed
