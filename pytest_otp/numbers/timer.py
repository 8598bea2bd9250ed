"""One thread that calls functions at given times, for waits on event loops.

A loop's own timers follow `time.monotonic`, and never fire while a test has frozen time.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import threading
from collections.abc import Callable

from ..clock import monotonic

__tracebackhide__ = True


class Timer:
    """Calls functions at given times of the real clock. Starts its thread at the first of them."""

    def __init__(self) -> None:
        self._started = False
        self._reset()

    def call_at(self, due: float, call: Callable[[], object]) -> Callable[[], None]:
        """Call a function that neither blocks nor raises, in the timer's thread; return what prevents it."""
        if self._pid != os.getpid():  # in a forked child there is no thread, and nothing releases the lock
            self._reset()
        entry = (due, next(self._numbers), call)
        with self._changed:
            heapq.heappush(self._entries, entry)
            if self._entries[0] is entry:
                self._changed.notify()
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="pytest-otp timer", daemon=True).start()

        def cancel() -> None:
            with self._changed, contextlib.suppress(ValueError):  # it has been called
                self._entries.remove(entry)
                heapq.heapify(self._entries)

        return cancel

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._entries: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._started = False

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._entries or self._entries[0][0] > monotonic():
                    self._changed.wait(self._entries[0][0] - monotonic() if self._entries else None)
                call = heapq.heappop(self._entries)[2]
            call()
            del call


TIMER = Timer()
"""That of this process."""
