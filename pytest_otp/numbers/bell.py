"""What wakes a wait early: an answer, a pushed message, or the close of its order."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ..clock import monotonic
from .event_loops import sleeper
from .timer import TIMER

__tracebackhide__ = True


class Bell:
    """Wakes sleepers from any thread, now or later. Nothing is lost: a ring between poll and sleep counts."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
        call_at: Callable[[float, Callable[[], object]], Callable[[], object]] = TIMER.call_at,
    ) -> None:
        """`wait(condition, seconds)` sleeps on a condition by that clock, and `call_at(due, call)` is an alarm by it.

        All three replace the real ones in tests. `call_at` returns a function that cancels the alarm.
        """
        self._clock = clock
        self._wait = wait
        self._call_at = call_at
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
        """Like `sleep`, without blocking the event loop."""
        end = self._clock() + seconds
        await self._sleep_while(lambda: min(end - self._clock(), self._until_ring(rings)))

    async def answered_async(self, answer: Future[Any], seconds: float) -> None:
        """Sleep for this long, or until the answer is there, without blocking the event loop."""
        end = self._clock() + seconds
        await self._sleep_while(lambda: 0.0 if answer.done() else end - self._clock(), answer)

    async def _sleep_while(self, left: Callable[[], float], answer: Future[Any] | None = None) -> None:
        here = sleeper()
        with self._changed:
            self._async_sleepers.add(here.wake)
        if answer:
            answer.add_done_callback(lambda _: here.wake())
        try:
            while (seconds := left()) > 0:
                cancel = self._call_at(self._clock() + seconds, here.wake)
                try:
                    await here.sleep()
                finally:
                    cancel()
        finally:
            with self._changed:
                self._async_sleepers.discard(here.wake)

    def _until_ring(self, rings: int) -> float:
        """Seconds until more than `rings` rings are due."""
        with self._changed:
            due = sorted(self._rings)
        return due[rings] - self._clock() if rings < len(due) else math.inf
