"""The field or row of boxes that is typed into, and the page's side of it."""

from __future__ import annotations

from typing import Any

from .fields import Candidate, candidates
from .patience import Patience, Watch
from .reading import Reading
from .steps import Ask, Guard, Look, Pause, Steps

_GUARDED = 5.0
"""Seconds more than the time that is left, for which keys are kept away from other frames."""
_TURNS = 4
"""Turns of a page's loop without a change, after which it has shown what it makes of a key."""
_SHORT = 0.03
"""Seconds for which the page itself can be kept busy with waiting."""
_ANEW = 0.15
"""Seconds within which a widget that is rendered anew is there again."""


class Widget:
    """A widget in a page. Its reading is None if it is not there any more; one that is rendered anew is found again."""

    def __init__(self, candidate: Candidate, watch: Watch) -> None:
        self.candidate = candidate
        self.watch = watch
        self.reading: Reading | None = None
        """The last one."""
        self.slowest = 0.0
        """Seconds that the slowest answer of the page took."""
        self._guarded = 0
        """How many frames there were when keys were last kept away from them."""

    @property
    def box_count(self) -> int:
        """How many fields it has."""
        return len(self.candidate.fields)

    def begin(self) -> Steps[Reading | None]:
        """Keep keys away from all other fields from now on, and focus the first one of these."""
        return (yield from self._read("begin", id=self.candidate.first.id))

    def end(self) -> Steps[None]:
        """Let all keys through again."""
        yield from self.ask("end")
        if self._guarded:
            yield Guard(0)

    def read(self, *, again: bool = True) -> Steps[Reading | None]:
        """What it shows now. Without `again`, it is not looked for elsewhere."""
        reading = yield from self._read("read")
        if reading is None and again:
            reading = yield from self.again(_ANEW)
        return reading

    def rested(self, seconds: float = 0.0) -> Steps[Reading | None]:
        """What it shows once the page has nothing more to change by itself, and nothing has changed for some seconds.

        A short time is spent in the page, which saves the way there and back.
        """
        if seconds > _SHORT:
            yield Pause(seconds)
        still = 1000 * seconds if seconds <= _SHORT else 0
        return (yield from self._read("rest", turns=_TURNS, still=still))

    def focus(self, index: int, select: str) -> Steps[Reading | None]:
        """Focus one of its fields, with the cursor at the `start` or `end`, or `all` selected."""
        reading = yield from self._read("focus", id=self.candidate.ids[index], select=select)
        return reading or (yield from self.again(_ANEW))

    def again(self, seconds: float) -> Steps[Reading | None]:
        """Find a widget that was rendered anew."""
        patience = Patience(self.watch.clock, seconds)
        while True:
            for candidate in candidates((yield Look())):
                if candidate.same_as(self.candidate) and not candidate.problem:
                    self.candidate = candidate
                    reading = yield from self._read("begin", id=None)
                    if reading is not None:
                        return reading
            if patience.is_over:
                self.reading = None
                return None
            yield from patience.pause()

    def ask(self, name: str, **argument: Any) -> Steps[Any]:
        """Ask the page's side of it."""
        return (yield Ask(self.candidate.place, name, argument))

    def _read(self, name: str, **argument: Any) -> Steps[Reading | None]:
        fields = self.candidate.ids
        since = self.watch.clock()
        answer = yield from self.ask(name, fields=fields, drawing=bool(self.candidate.first.slots), **argument)
        self.slowest = max(self.slowest, self.watch.clock() - since - argument.get("still", 0) / 1000)
        self.reading = Reading.of(answer)
        if self.reading and self.reading.outside != self._guarded:
            self._guarded = self.reading.outside
            yield Guard(self.watch.left + _GUARDED)
        return self.reading
