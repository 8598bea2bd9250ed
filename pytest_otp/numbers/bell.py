"""What wakes a wait early: a pushed message, or the close of its order."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable

__tracebackhide__ = True


class Bell:
    """Wakes sleepers from any thread, now or later. Nothing is lost: a ring between poll and sleep counts."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        """`wait(condition, seconds)` sleeps on a condition by that clock; both replace the real ones in tests."""
        self._clock = clock
        self._wait = wait
        self._changed = threading.Condition()
        self._rings: list[float] = []
        self._async_sleepers: set[Callable[[], object]] = set()

    def ring(self, after: float = 0.0) -> None:
        """Wake all sleepers in `after` seconds."""
        with self._changed:
            self._rings.append(self._clock() + after)
            self._changed.notify_all()
            sleepers = tuple(self._async_sleepers)
        for wake in sleepers:
            wake()

    def rung(self) -> int:
        """How many rings have been due so far: pass it to `sleep` to be woken by any later one."""
        now = self._clock()
        with self._changed:
            return sum(due <= now for due in self._rings)

    def sleep(self, seconds: float, rings: int) -> None:
        """Sleep for this long, or until more than `rings` rings are due."""
        end = self._clock() + seconds
        with self._changed:
            while (left := min(end - self._clock(), self._until_ring(rings))) > 0:
                self._wait(self._changed, left)

    async def sleep_async(self, seconds: float, rings: int) -> None:
        """Like `sleep`, without blocking the event loop, whose clock counts the seconds."""
        import asyncio  # noqa: PLC0415 - start-up cost: only async waits

        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        changed = asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nothing sleeps there any more
                loop.call_soon_threadsafe(changed.set)

        with self._changed:
            self._async_sleepers.add(wake)
        try:
            while (left := min(end - loop.time(), self._until_ring(rings))) > 0:
                changed.clear()
                # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with a ring.
                timer = loop.call_later(left, changed.set)
                try:
                    await changed.wait()
                finally:
                    timer.cancel()
        finally:
            with self._changed:
                self._async_sleepers.discard(wake)

    def _until_ring(self, rings: int) -> float:
        """Seconds until more than `rings` rings are due."""
        with self._changed:
            due = sorted(self._rings)
        return due[rings] - self._clock() if rings < len(due) else math.inf
