"""Deadlines that hold for every call made below, and calls that may be abandoned."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TypeVar

from ..clock import monotonic

__tracebackhide__ = True

T = TypeVar("T")

_deadline: ContextVar[float | None] = ContextVar("pytest_otp_deadline", default=None)
_send_by: ContextVar[float | None] = ContextVar("pytest_otp_send_by", default=None)


def time_limit(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Limit what a provider does inside, in seconds: its requests, their retries, and the pauses between them."""
    return time_limit_at(monotonic() + seconds)


@contextlib.contextmanager
def time_limit_at(end: float) -> Iterator[None]:
    """Like `time_limit`, until a moment of the monotonic clock."""
    outer = _deadline.get()
    token = _deadline.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def time_left() -> float | None:
    """Return the seconds left of the innermost time limit, never negative; None if there is none."""
    end = _deadline.get()
    return None if end is None else max(0.0, end - monotonic())


@contextlib.contextmanager
def sent_by(end: float) -> Iterator[None]:
    """Forbid orders to be sent inside after a moment of the monotonic clock. Their responses may take longer."""
    token = _send_by.set(end)
    try:
        yield
    finally:
        _send_by.reset(token)


def may_send() -> bool:
    """Return whether an order may still be sent: whoever asked for it has not given it up."""
    end = _send_by.get()
    return end is None or monotonic() < end


def begun(call: Callable[[], T], name: str) -> Future[T]:
    """Run `call` in a thread of its own that may be abandoned, under this thread's time limit."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again by `result()`
            result.set_exception(error)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), name=name, daemon=True).start()
    return result
