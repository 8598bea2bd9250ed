"""Deadlines that hold for every call made below, and calls that may be abandoned."""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TypeVar

__tracebackhide__ = True

T = TypeVar("T")

_deadline: ContextVar[float | None] = ContextVar("pytest_otp_deadline", default=None)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit what a provider does inside, in seconds: its requests, their retries, and the pauses between them."""
    end = time.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


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


def time_left() -> float | None:
    """Return the seconds left of the innermost time limit, never negative; None if there is none."""
    end = _deadline.get()
    return None if end is None else max(0.0, end - time.monotonic())
