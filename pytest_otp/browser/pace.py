"""How fast a page is: how long its keys take to show, and how close together it takes them."""

from __future__ import annotations

from .patience import Watch
from .steps import Pause, Steps
from .widget import Widget

_TIMES = 8
"""How many times as long as the slowest key so far, or answer, the next key may take."""
_SHARE = 0.25
_SAFE = 1.5
_LONGEST_GAP = 0.6
_GAP = 0.06
"""Seconds between keys for a page that has ignored one which came sooner after another."""


class Pace:
    """Learns from each key how long to wait for the next."""

    def __init__(self, widget: Widget) -> None:
        self.slowest = 0.0
        """Seconds that the slowest key took to show, with the driver's own way to the page and back."""
        self.late = 0.0
        """The same of keys that did not show at once."""
        self._widget = widget
        self._pressed = 0.0
        """When the last key was pressed."""
        self._gap = 0.0
        """Seconds that passed before the last key, since the one before it."""
        self._shortest = _LONGEST_GAP
        """The shortest time between two keys that both showed: a page that ignores quick keys has taken this."""
        self._least = 0.0
        """Seconds to leave between keys."""

    @property
    def _watch(self) -> Watch:
        return self._widget.watch

    @property
    def since(self) -> float:
        """Seconds since the last key."""
        return self._watch.clock() - self._pressed

    def within(self, seconds: float, share: float = _SHARE) -> float:
        """How long something may take that a quick page does within some seconds, in proportion to how slow this is.

        No longer than a `share` of the time that is left, so that there is some for other ways.
        """
        slow = _TIMES * max(self.slowest, self._widget.slowest)
        return min(max(seconds, slow), max(self._watch.left * share, seconds / 2))

    def press(self) -> Steps[None]:
        """Wait until the next key may be pressed, and count from then."""
        if self.since < self._least:
            yield Pause(self._least - self.since)
        self._gap = self.since
        self._pressed = self._watch.clock()

    def rest(self, least: float) -> float:
        """Seconds to wait before the last key, which is pressed once: longer than any key so far has needed."""
        return max(0.0, max(least, _SAFE * max(self.late, self._least, self._shortest)) - self.since)

    def shown(self, index: int, *, at_once: bool) -> None:
        """The last key shows."""
        self.slowest = max(self.slowest, self.since)
        if not at_once:
            self.late = max(self.late, self.since)
        if index:
            self._shortest = min(self._shortest, self._gap)

    def ignored(self, index: int) -> None:
        """The last key had no effect: perhaps it came too soon."""
        if index and self._gap < _LONGEST_GAP:
            self._least = min(max(_GAP, 2 * self._least, 4 * self._gap), _LONGEST_GAP)
