"""The one polling loop: when to look, how long to sleep, what wakes a sleeper early."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import tenacity

from ..errors import ProviderUnavailable

__tracebackhide__ = True

T = TypeVar("T")

FIRST_LOOK = 1.0
"""Seconds: no SMS arrives sooner, and a provider counts requests."""
GROWTH_FROM = 15.0
GROWTH = 1 / 20
LONGEST_PAUSE = 3.0
LAST_LOOK = 0.5
"""Seconds before the deadline at which the last look starts, so that its answer is there in time."""
SHORTEST_LOOK = 0.5
REQUEST_THREADS = 16


class Bell:
    """Wakes sleepers from any thread, now or later. Nothing is lost: a ring between look and sleep counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._rings: list[float] = []
        self._async_sleepers: set[Callable[[], object]] = set()

    def ring(self, after: float = 0.0) -> None:
        """Wake who sleeps in `after` seconds."""
        with self._changed:
            self._rings.append(self._clock() + after)
            self._changed.notify_all()
            sleepers = tuple(self._async_sleepers)
        for wake in sleepers:
            wake()

    def rung(self) -> int:
        """How many rings were due so far: hand it to `sleep` to be woken by any later one."""
        now = self._clock()
        with self._changed:
            return sum(due <= now for due in self._rings)

    def sleep(self, seconds: float, heard: int) -> None:
        """Sleep so long, or until there were more than `heard` rings."""
        end = self._clock() + seconds
        with self._changed:
            while (left := min(end - self._clock(), self._until_ring(heard))) > 0:
                self._changed.wait(left)

    async def sleep_async(self, seconds: float, heard: int) -> None:
        """As `sleep`, without blocking the event loop, whose clock counts the seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        changed = asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody sleeps there any more
                loop.call_soon_threadsafe(changed.set)

        with self._changed:
            self._async_sleepers.add(wake)
        try:
            while (left := min(end - loop.time(), self._until_ring(heard))) > 0:
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

    def _until_ring(self, heard: int) -> float:
        """Seconds until there were more than `heard` rings."""
        with self._changed:
            due = sorted(self._rings)
        return due[heard] - self._clock() if heard < len(due) else math.inf


@dataclass(frozen=True)
class Pace:
    """How often to look."""

    interval: float = 0.75
    """Seconds from one look to the next."""
    first: float = FIRST_LOOK
    """Seconds before the first look."""
    last: float = LAST_LOOK
    """Seconds before the deadline at which the last look starts at the latest."""
    blocks: bool = True
    """Whether a look waits for a network, and so must stay away from an event loop."""

    def pause(self, waited: float) -> float:
        """Seconds to the next look after so many of waiting: constant at first, then a twentieth of those."""
        if waited < GROWTH_FROM:
            return self.interval
        return max(self.interval, min(LONGEST_PAUSE, waited * GROWTH))


PUSHED = Pace(first=0.0, last=0.0, blocks=False)
"""For a provider in this process, which tells when a message comes: a look costs nothing there."""


def pace_for(provider: object, interval: float) -> Pace:
    """How often to look where a look each `interval` seconds is wanted, and less often where messages are pushed."""
    if getattr(provider, "instant", False):
        return PUSHED
    net: float | None = getattr(provider, "net", None)
    return Pace(interval) if net is None else Pace(max(interval, net), first=max(interval, net))


class Wait:
    """One wait for something that a look may find: runs the loop, blocking or on an event loop.

    `refresh(seconds)` asks the provider, within so many seconds; `claim()` returns what is there now, or None. A
    ProviderUnavailable is passing while there is time; any other error ends the wait.
    """

    def __init__(
        self,
        refresh: Callable[[float], None],
        claim: Callable[[], T | None],
        *,
        timeout: float,
        pace: Pace,
        bell: Bell,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._refresh = refresh
        self._claim = claim
        self._timeout = timeout
        self._pace = pace
        self._bell = bell
        self._clock = clock
        self._start = self._looked = clock()
        self._last_look = max(0.0, timeout - min(pace.last, timeout / 4))
        self._heard = 0
        self._final: Exception | None = None
        self.trouble: ProviderUnavailable | None = None
        """The last passing failure, None where the last look got an answer."""

    @property
    def waited(self) -> float:
        """Seconds since the wait began."""
        return self._clock() - self._start

    def run(self, sleep: Callable[[float], None] | None = None) -> Any:
        """What `claim` found, or None when the time is over. `sleep` takes the place of real sleeping in tests."""
        pause = sleep or (lambda seconds: self._bell.sleep(seconds, self._heard))
        self._hear()
        pause(self._first_pause())
        return self._outcome(tenacity.Retrying(sleep=pause, **self._policy())(self._look))

    async def run_async(self, sleep: Callable[[float], Awaitable[None]] | None = None) -> Any:
        """As `run`; requests are made on a few threads that all waits share, the waiting is the event loop's."""
        self._clock = asyncio.get_running_loop().time if self._clock is time.monotonic else self._clock
        self._start = self._looked = self._clock()
        pause = sleep or (lambda seconds: self._bell.sleep_async(seconds, self._heard))
        self._hear()
        await pause(self._first_pause())
        return self._outcome(await tenacity.AsyncRetrying(sleep=pause, **self._policy())(self._look_async))

    def _look(self) -> Any:
        self._hear()
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - kept or raised by _failed
            self._failed(error)
        return self._found()

    async def _look_async(self) -> Any:
        self._hear()
        try:
            if self._pace.blocks:
                await self._ask_in_thread()
            else:
                self._ask()
        except Exception as error:  # noqa: BLE001 - kept or raised by _failed
            self._failed(error)
        return self._found()

    def _ask(self) -> None:
        self._refresh(self._left())  # the time that is left now, which may be long after a thread was asked for
        self.trouble = None

    async def _ask_in_thread(self) -> None:
        """Ask in a shared thread, left behind where it is not done in time: all may be busy with a slow server."""
        asked = asyncio.get_running_loop().run_in_executor(_request_threads(), self._ask)
        asked.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({asked}, timeout=self._left())
        if not asked.done():
            asked.cancel()
            raise ProviderUnavailable("no answer in the time that was left")
        asked.result()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ProviderUnavailable):
            # A last look without time to send anything says nothing of what is wrong.
            self.trouble = error if error.sent or self.trouble is None else self.trouble
        else:
            self._final = error

    def _found(self) -> Any:
        """What ends the loop: something claimed, or a final error, raised outside of it for a short traceback."""
        if self._final is None:
            try:
                return self._claim()
            except Exception as error:  # noqa: BLE001 - raised by _outcome
                self._final = error
        return self._final

    def _outcome(self, found: Any) -> Any:
        if self._final is not None:
            raise self._final
        return found

    def _policy(self) -> dict[str, Any]:
        return {
            "retry": tenacity.retry_if_result(lambda found: found is None),
            "wait": self._pause,
            "stop": lambda _: self._looked - self._start >= self._last_look,
            "retry_error_callback": lambda _: None,
        }

    def _hear(self) -> None:
        self._heard = self._bell.rung()
        self._looked = self._clock()

    def _left(self) -> float:
        """Seconds that a look may take; a wait too short for any look gets one that may."""
        return max(self._timeout - self.waited, SHORTEST_LOOK if self._timeout < SHORTEST_LOOK else 0.001)

    def _first_pause(self) -> float:
        # Where something has rung before, it may be here already.
        return 0.0 if self._heard else min(self._pace.first, self._last_look)

    def _pause(self, _: tenacity.RetryCallState) -> float:
        interval = self._pace.pause(self.waited)
        since_look = self._clock() - self._looked
        asked = (self.trouble.retry_after if self.trouble else None) or 0.0
        return max(0.0, min(max(interval - since_look, interval / 2, asked), self._last_look - self.waited))


@lru_cache(maxsize=1)
def _request_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="pytest-otp request")
