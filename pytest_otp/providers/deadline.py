"""How long a call may take, whoever makes it further down; and calls that may be left behind."""

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
    """Whatever a provider does inside ends within so many seconds: requests, their retries, and pauses between them."""
    end = time.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def begun(call: Callable[[], T], name: str) -> Future[T]:
    """Run it in a thread that may be left behind, under this thread's time limit."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            result.set_exception(error)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), name=name, daemon=True).start()
    return result


def time_left() -> float | None:
    """Seconds left of the innermost time limit, never negative; None where there is none."""
    end = _deadline.get()
    return None if end is None else max(0.0, end - time.monotonic())
