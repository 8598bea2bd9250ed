"""Types a text into a widget: one key at a time, each seen to arrive before the next one, and the last key once."""

from __future__ import annotations

from enum import Enum

from .pace import Pace
from .patience import Patience
from .reading import Reading, same
from .steps import Press, Steps
from .widget import Widget

_GROWTH = 0.5
"""Seconds within which a key must show in the widget."""
_NOTICED = 2.0
"""The same if the browser has put it there already, and a script is about to show what it makes of it."""
_WRONG = 0.3
"""Seconds that a wrong text may stay before it counts as such."""
_MOVE = 0.4
"""Seconds in which a widget may move the focus to the next box by itself."""
_FOCUS = 0.5
"""Seconds within which a box must take the focus."""
_LAST = 3.0
"""Seconds within which the whole text must show."""
_TRIES = 3
"""How often a key that changes nothing is pressed."""
_STRAYS = 25
"""How often a key is pressed again that was stopped on its way to another field."""
_SHORTEST_HOLD = 0.005
_HOLD = 0.02
_HOLD_WITHOUT_SCRIPT = 0.1
SHORTEST_CODE = 4
"""Characters that a page may take for a whole code."""


class Outcome(Enum):
    """What became of a text, or of a part of it."""

    STANDS = "stands"
    """The widget shows it."""
    TAKEN = "taken"
    """The page has used it at once: the widget is empty or gone."""
    IGNORED = "ignored"
    """The widget ignores keys."""
    HIDDEN = "hidden"
    """The widget has taken the first key and does not show it, so that nothing tells what it has."""
    WRONG = "wrong"
    """The widget shows something else."""
    GONE = "gone"
    """The widget is gone before the last key."""
    EMPTIED = "emptied"
    """The widget is empty before the last key, and may have sent what it had."""
    STOLEN = "stolen"
    """Something else takes the focus again and again."""
    UNTOUCHED = "untouched"
    """Nothing shows that a script has noticed the first key."""


class Typist:
    """Types one text into one widget."""

    def __init__(self, widget: Widget, text: str) -> None:
        self.typed = 0
        """How many characters have been seen in the widget."""
        self.pressed = 0
        """How many of its keys have been pressed."""
        self._widget = widget
        self._text = text
        self._moves: bool | None = None
        """Whether the widget moves the focus from box to box; None before that is known."""
        self._is_rested = False
        """Whether the page has had its rest since the key that was seen last."""
        self._has_shown = False
        """Whether the widget has ever shown a key."""
        self._pace = Pace(widget)

    @property
    def is_scripted(self) -> bool:
        """Whether anything shows that a script has noticed the keys."""
        reading = self._widget.reading
        noticed = reading is not None and (reading.changes > 0 or reading.active > 0 or reading.scripted)
        return self._widget.candidate.first.scripted or bool(self._moves) or noticed

    def all_but_last(self, *, young: bool) -> Steps[Outcome]:
        """Type every character but the last. `young`: whether the page may be without its scripts as yet."""
        self.typed = self.pressed = 0
        self._moves = None if self._moves is False else self._moves
        for index in range(len(self._text) - 1):
            outcome = yield from self._key(index)
            if outcome is not Outcome.STANDS:
                return outcome
            self.typed = index + 1
            if index == 0 and young and not self.is_scripted:
                return Outcome.UNTOUCHED
        if self._is_rested:
            return Outcome.STANDS
        reading = (yield from self._rested()) or (yield from self._widget.read())
        return Outcome.GONE if reading is None else self._compared(reading, self.typed)

    def last(self) -> Steps[Outcome]:
        """Press the last key, once, and see what the page makes of the whole text."""
        for _ in range(_STRAYS):
            before = yield from self._focused(len(self._text) - 1)
            if before is None:
                return Outcome.GONE
            if not same(before.shown, self._text[:-1]):
                return Outcome.WRONG
            self.pressed = len(self._text)
            yield from self._pace.press()
            yield Press(self._text[-1], last=True)
            outcome = yield from self.whole(before)
            if outcome is not None:
                return outcome
            self.pressed -= 1
        return Outcome.STOLEN

    def whole(self, before: Reading) -> Steps[Outcome | None]:
        """Wait for what the page makes of the whole text; None if the key was stopped on its way elsewhere."""
        patience = Patience(self._widget.watch.clock, max(_LAST, self._pace.within(_LAST)))
        while True:
            if not before.shown:
                yield from self._glimpse()
            reading = yield from self._held()
            if reading is None or (not reading.shown and (before.shown or self.typed)):
                return Outcome.TAKEN
            if same(reading.shown, self._text):
                self.typed = len(self._text)
                return Outcome.STANDS
            if reading.went_astray(before):
                return None
            if patience.is_over:
                return Outcome.WRONG if reading.shown != before.shown else Outcome.IGNORED
            yield from patience.pause()

    def _glimpse(self) -> Steps[None]:
        """See a pasted text that may be gone at once."""
        reading = yield from self._widget.read(again=False)
        if reading is not None and same(reading.shown, self._text):
            self.typed = len(self._text)

    def _held(self) -> Steps[Reading | None]:
        """What the widget shows once it stands still, also where it was rendered anew."""
        hold = max(_HOLD if self.is_scripted else _HOLD_WITHOUT_SCRIPT, self._pace.late)
        reading = yield from self._widget.rested(hold)
        if reading is None and (yield from self._widget.again(0)) is not None:
            reading = yield from self._widget.rested(hold)
        return reading

    def _rested(self) -> Steps[Reading | None]:
        """What the widget shows when the last key may be pressed."""
        return (yield from self._widget.rested(self._pace.rest(_SHORTEST_HOLD) if self.pressed else 0.0))

    def _compared(self, reading: Reading, count: int) -> Outcome:
        """What a reading says of the first characters."""
        if same(reading.shown, self._text[:count]):
            return Outcome.STANDS
        return Outcome.EMPTIED if not reading.shown and count >= SHORTEST_CODE else Outcome.WRONG

    def _key(self, index: int) -> Steps[Outcome]:
        """Press one key until it shows."""
        tries = strays = 0
        while tries < _TRIES and strays < _STRAYS and (not tries or self._widget.watch.left):
            before = yield from self._focused(index)
            if before is None:
                return Outcome.GONE
            outcome = self._compared(before, index)
            if outcome is not Outcome.STANDS:
                return outcome
            self.pressed = index + 1
            yield from self._pace.press()
            yield Press(self._text[index])
            grown = yield from self._grown(index + 1, before)
            if grown is None:
                strays += 1
            elif grown is Outcome.IGNORED:
                tries += 1
                if self._may_have(before):
                    break
                self._pace.ignored(index)
            else:
                return grown
        return Outcome.IGNORED if tries else Outcome.STOLEN

    def _grown(self, count: int, before: Reading) -> Steps[Outcome | None]:
        """Wait until the first `count` characters show; None if the key was stopped on its way elsewhere."""
        patience = Patience(self._widget.watch.clock, self._widget.watch.timeout)
        pace = self._pace
        self._is_rested = count == len(self._text) - 1
        while True:
            reading = (yield from self._rested()) if self._is_rested else None
            reading = reading or (yield from self._widget.read())
            if reading is None:
                return Outcome.GONE
            if same(reading.shown, self._text[:count]):
                pace.shown(count - 1, at_once=not patience.has_paused)
                self._has_shown = True
                return Outcome.STANDS
            self._is_rested = False
            if reading.went_astray(before):
                return None
            if reading.shown != before.shown:
                if patience.waited > pace.within(_WRONG):
                    return self._compared(reading, count)
            elif reading.was_taken(before):
                if patience.waited > pace.within(_NOTICED, 1 if self._has_shown else 0.5):
                    return (yield from self._unseen(before))
            elif patience.waited > pace.within(_GROWTH):
                return Outcome.IGNORED
            yield from patience.pause()

    def _unseen(self, before: Reading) -> Steps[Outcome]:
        """What becomes of a key that the page has taken without showing it for long."""
        reading = yield from self._widget.rested()
        if reading is None:
            return Outcome.GONE
        if reading.shown != before.shown:
            return self._compared(reading, self.typed + 1)
        is_kept = reading.inputs > before.inputs or reading.changes > before.changes
        return Outcome.HIDDEN if is_kept and not self._has_shown else Outcome.IGNORED

    def _may_have(self, before: Reading) -> bool:
        """Whether the widget may have a key that it ignores: only one that shows its keys can prove that it has not."""
        reading = self._widget.reading
        return not self._has_shown and reading is not None and reading.was_taken(before)

    def _focused(self, index: int) -> Steps[Reading | None]:
        """Make sure that the focus is where a character belongs."""
        widget = self._widget
        reading = widget.reading or (yield from widget.read())
        want = self._box_of(index)
        if reading is None or reading.active == want:
            return reading
        if index and want and self._moves is not False and reading.active == want - 1:
            reading = yield from self._moved(want)
            if reading is None or reading.active == want:
                return reading
        patience = Patience(widget.watch.clock, self._pace.within(_FOCUS))
        while True:
            reading = yield from widget.focus(want, "end")
            # A widget may keep the focus in a box of its own choice.
            settled = reading is not None and reading.active >= 0 and patience.waited > _FOCUS / 3
            if reading is None or reading.active == want or settled or patience.is_over:
                return reading
            yield from patience.pause()

    def _moved(self, want: int) -> Steps[Reading | None]:
        """Wait for the widget to move the focus by itself."""
        patience = Patience(self._widget.watch.clock, self._pace.within(_MOVE))
        while True:
            reading = yield from self._widget.read()
            if reading is None or reading.active == want:
                self._moves = True
                return reading
            if patience.is_over:
                self._moves = self._moves or False
                return reading
            yield from patience.pause()

    def _box_of(self, index: int) -> int:
        if self._widget.candidate.is_row:
            for box, capacity in enumerate(self._widget.candidate.capacities):
                if index < capacity:
                    return box
                index -= capacity
        return 0
