"""How long something may take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .steps import Pause, Steps

QUICK = (0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.05)
"""Seconds between looks after a key: often at first, since most widgets answer at once."""
CALM = (0.01, 0.02, 0.04, 0.06, 0.1)
"""Seconds between looks for a field."""


class Watch:
    """Since when something has been going on, and how long it may take."""

    def __init__(self, clock: Callable[[], float], timeout: float) -> None:
        """`timeout` is in seconds."""
        self.clock = clock
        self.timeout = timeout
        self._start = clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._start

    @property
    def left(self) -> float:
        """Seconds until the timeout, 0 at least."""
        return max(0.0, self.timeout - self.elapsed)


class Patience:
    """Looks again and again until the time is up, with pauses that grow."""

    def __init__(self, clock: Callable[[], float], seconds: float, pauses: Sequence[float] = QUICK) -> None:
        self._watch = Watch(clock, seconds)
        self._pauses = pauses
        self._turn = 0

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return not self._watch.left

    @property
    def has_paused(self) -> bool:
        """Whether the first look was not enough."""
        return self._turn > 0

    @property
    def waited(self) -> float:
        """Seconds since the start."""
        return self._watch.elapsed

    def pause(self) -> Steps[None]:
        """Let the page go on for a moment."""
        pause = self._pauses[min(self._turn, len(self._pauses) - 1)]
        self._turn += 1
        yield Pause(max(0.001, min(pause, self._watch.left)))
