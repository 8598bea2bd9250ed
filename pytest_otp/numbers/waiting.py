"""The one polling loop: when to poll, how long to sleep, and what ends a wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import tenacity

from ..clock import monotonic
from ..errors import ProviderUnavailable
from .bell import Bell

__tracebackhide__ = True

T = TypeVar("T")

FIRST_POLL = 1.0
"""Seconds: no SMS arrives sooner, and providers limit requests."""
GROWTH_FROM = 15.0
GROWTH = 1 / 20
LONGEST_PAUSE = 3.0
LAST_POLL = 0.5
"""Seconds before the deadline at which the last poll starts, so that its response arrives in time."""
SUSPENDED = 0.25
"""Seconds by which something ends late only if this process did not run meanwhile: SIGSTOP, a laptop's lid."""
LAST_LOOK = 5.0
"""Seconds that a poll may take which makes up for such a time: connections may be gone."""
SHORTEST_POLL = 0.5
"""Seconds that a poll may take if the wait itself is shorter."""


@dataclass(frozen=True)
class Pace:
    """When to poll."""

    interval: float = 0.75
    """Seconds from one poll to the next."""
    first: float = FIRST_POLL
    """Seconds before the first poll."""
    last: float = LAST_POLL
    """Seconds before the deadline at which the last poll starts."""
    blocks: bool = True
    """Whether a poll waits for a network, and so must not run on an event loop."""

    def pause(self, waited: float) -> float:
        """Seconds to the next poll after `waited` seconds: constant at first, then a twentieth of that time."""
        if waited < GROWTH_FROM:
            return self.interval
        return max(self.interval, min(LONGEST_PAUSE, waited * GROWTH))


PUSHED = Pace(first=0.0, last=0.0, blocks=False)
"""For a provider in this process that announces each message: polling it costs nothing."""


def pace_for(provider: object, interval: float) -> Pace:
    """When to poll a provider: each `interval` seconds, or less often if its messages are pushed."""
    if getattr(provider, "instant", False):
        return PUSHED
    fallback: float | None = getattr(provider, "net", None)
    return Pace(interval) if fallback is None else Pace(max(interval, fallback), first=max(interval, fallback))


class Wait(Generic[T]):
    """One wait for something that polling may find, blocking or on an event loop.

    `poll(seconds)` polls the provider, within that many seconds; it returns None, or a future if the answer is yet to
    come. `claim()` returns what has arrived, or None. After a `ProviderUnavailable`, the wait goes on while there is
    time; any other error ends it.
    """

    def __init__(
        self,
        poll: Callable[[float], Future[None] | None],
        claim: Callable[[], T | None],
        *,
        timeout: float,
        pace: Pace,
        bell: Bell,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.timeout = timeout
        """Seconds."""
        self.trouble: ProviderUnavailable | None = None
        """The last temporary failure; None if the last poll succeeded."""
        self._ask = poll
        self._claim = claim
        self._pace = pace
        self._bell = bell
        self._clock = clock
        self._start = self._polled = clock()
        self._last_poll = max(0.0, timeout - min(pace.last, timeout / 4))
        self._rings = 0
        self._was_suspended = False
        self._final: Exception | None = None

    @property
    def waited(self) -> float:
        """Seconds since the wait began."""
        return self._clock() - self._start

    def run(self, sleep: Callable[[float], None] | None = None) -> T | None:
        """Return what `claim` found, or None when the time is up. `sleep` replaces the real one in tests."""
        wait = sleep or (lambda seconds: self._bell.sleep(seconds, self._rings))

        def pause(seconds: float) -> None:
            due = self._clock() + seconds
            wait(seconds)
            self._was_suspended |= self._is_late(due)

        self._polling()
        pause(self._first_pause())
        return self._outcome(tenacity.Retrying(sleep=pause, **self._policy())(self._poll))

    async def run_async(self, sleep: Callable[[float], Awaitable[None]] | None = None) -> T | None:
        """Like `run`, on an event loop."""
        wait = sleep or (lambda seconds: self._bell.sleep_async(seconds, self._rings))

        async def pause(seconds: float) -> None:
            due = self._clock() + seconds
            await wait(seconds)
            self._was_suspended |= self._is_late(due)

        self._polling()
        await pause(self._first_pause())
        return self._outcome(await tenacity.AsyncRetrying(sleep=pause, **self._policy())(self._poll_async))

    def _poll(self) -> Any:
        self._polling()
        due = self._clock() + self._left()
        try:
            answer = self._ask(self._left())
            if answer is not None:
                wait({answer}, self._left())
            self._answered(answer)
        except Exception as error:  # noqa: BLE001 - kept or raised by _failed
            self._failed(error)
        self._was_suspended = self._is_late(due)
        return self._found()

    async def _poll_async(self) -> Any:
        self._polling()
        due = self._clock() + self._left()
        try:
            answer = self._ask(self._left())
            if answer is not None:
                await self._bell.answered_async(answer, self._left())
            self._answered(answer)
        except Exception as error:  # noqa: BLE001 - kept or raised by _failed
            self._failed(error)
        self._was_suspended = self._is_late(due)
        return self._found()

    def _answered(self, answer: Future[None] | None) -> None:
        if answer is not None:
            if not answer.done():
                raise ProviderUnavailable("no response before the deadline")
            answer.result()
        self.trouble = None

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ProviderUnavailable):
            # A last poll without time to send anything says nothing about the cause.
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

    def _outcome(self, found: T | None) -> T | None:
        if self._final is not None:
            raise self._final
        return found

    def _policy(self) -> dict[str, Any]:
        return {
            "retry": tenacity.retry_if_result(lambda found: found is None),
            "wait": self._pause,
            "stop": lambda _: self._is_last(self._polled - self._start),
            "retry_error_callback": lambda _: None,
        }

    def _is_last(self, polled_after: float) -> bool:
        """Whether that poll was the last one. One that began after the end is: it made up for a suspension."""
        return polled_after >= self._last_poll and not (self._was_suspended and polled_after <= self.timeout)

    def _is_late(self, due: float) -> bool:
        return self._clock() > due + SUSPENDED

    def _polling(self) -> None:
        self._rings = self._bell.rung()
        self._polled = self._clock()

    def _left(self) -> float:
        """Seconds that a poll may take; even the shortest wait allows one poll, and so does one that was suspended."""
        if self._was_suspended:
            return max(self.timeout - self.waited, LAST_LOOK)
        return max(self.timeout - self.waited, SHORTEST_POLL if self.timeout < SHORTEST_POLL else 0.001)

    def _first_pause(self) -> float:
        # After a ring, the message may already be here.
        return 0.0 if self._rings else min(self._pace.first, self._last_poll)

    def _pause(self, _: tenacity.RetryCallState) -> float:
        interval = self._pace.pause(self.waited)
        since_poll = self._clock() - self._polled
        retry_after = (self.trouble.retry_after if self.trouble else None) or 0.0
        return max(0.0, min(max(interval - since_poll, interval / 2, retry_after), self._last_poll - self.waited))
