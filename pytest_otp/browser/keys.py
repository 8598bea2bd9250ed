"""Types a text into a field or a row of boxes: one key at a time, each seen to arrive before the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .fields import Candidate, candidates
from .finding import Watch
from .steps import Ask, Look, Pause, Press, PressPaste, Steps

_MASKS = "*•●∗⁎·○◦■"
_QUICK = (0.0, 0.002, 0.004, 0.008, 0.015, 0.03, 0.05)
"""Seconds between looks after a key: often at first, since most widgets answer at once."""
_GROWTH = 0.4
"""Seconds within which a key must show in the field."""
_FOCUS = 0.4
"""Seconds in which a widget may move the focus to the next box by itself."""
_SETTLE = 0.3
"""Seconds that a wrong text may stay before it counts as such."""
_TRIES = 3
"""How often a key that changes nothing is pressed."""


@dataclass(frozen=True)
class Reading:
    """What a widget shows at one moment."""

    values: tuple[str | None, ...]
    """One for each field; None if it is gone."""
    drawn: str
    active: int
    """Which field has the focus, -1 if none of them."""
    disabled: bool
    keys: int
    astray: int
    sent: int
    changes: int
    pasted: int

    @classmethod
    def of(cls, answer: dict[str, Any] | None) -> Reading | None:
        """A reading from the page's answer; None if the document or all fields are gone."""
        if answer is None or all(value is None for value in answer["values"]):
            return None
        names = ("drawn", "active", "disabled", "keys", "astray", "sent", "changes", "pasted")
        return cls(tuple(answer["values"]), *(answer[name] for name in names))

    @property
    def shown(self) -> str:
        """The letters and digits that it shows, and signs that mask them."""
        return shown_in("".join(value or "" for value in self.values)) or "".join(filter(str.isalnum, self.drawn))


def shown_in(text: str) -> str:
    """The letters, digits and masking signs of a text."""
    return "".join(char for char in text if char.isalnum() or char in _MASKS)


def same(shown: str, wanted: str) -> bool:
    """Whether what is shown is a text: without case, and with signs that mask single characters."""
    return len(shown) == len(wanted) and all(
        a in _MASKS or a.casefold() == b.casefold() for a, b in zip(shown, wanted, strict=True)
    )


class Typist:
    """Types a text into one candidate. Nothing is typed after the last key has been pressed."""

    def __init__(self, candidate: Candidate, text: str, watch: Watch, *, young: bool) -> None:
        """`young`: whether the page may be without its scripts as yet."""
        self.candidate = candidate
        self.typed = 0
        """How many characters have been seen in the field."""
        self.outcome = "partial"
        """What became of the whole text."""
        self.pasted = False
        self._text = text
        self._watch = watch
        self._young = young
        self._reading: Reading | None = None
        self._moves: bool | None = None
        """Whether the widget moves the focus from box to box; None before it is known."""
        self._scripted = candidate.first.scripted

    def begin(self) -> Steps[None]:
        """Keep keys away from all other fields from now on."""
        yield from self._ask("begin", fields=self.candidate.ids)

    def end(self) -> Steps[None]:
        """Let all keys through again."""
        yield from self._ask("end")

    def read(self, *, again: bool = True) -> Steps[Reading | None]:
        """What the widget shows now; None if it is gone. One that was rendered anew is found again."""
        answer = yield from self._ask("read", fields=self.candidate.ids, drawing=bool(self.candidate.first.slots))
        self._reading = Reading.of(answer)
        if self._reading is None and again:
            self._reading = yield from self._again()
        return self._reading

    def all_but_last(self) -> Steps[str]:
        """Type every character but the last. Returns `stands`, or what went wrong: `ignored`, `wrong` or `gone`."""
        count = len(self._text)
        for index in range(count - 1):
            outcome = yield from self._key(index)
            if outcome != "grown":
                return outcome
            self.typed = index + 1
            if index == 0 and self._young and not self._has_script():
                return "young"
        return "stands" if count == 1 or (yield from self._still_stands(_QUICK[5])) else "wrong"

    def last(self) -> Steps[str]:
        """Press the last key, once. Returns `typed`, `taken` if the page has used the code at once, or `partial`."""
        for _ in range(10):
            reading = yield from self._focused(len(self._text) - 1)
            if reading is None or not same(reading.shown, self._text[:-1]):
                return "wrong"
            yield Press(self._text[-1])
            if (yield from self._settled(reading)) == "astray":
                continue
            return self.outcome
        return "partial"

    def _settled(self, before: Reading) -> Steps[str]:
        """Wait for what the page makes of the whole text."""
        self.outcome = "partial"
        deadline = self._watch.elapsed + 3.0
        turn = 0
        while True:
            reading = (yield from self.read(again=False)) or (yield from self._again(waits=False))
            if reading is None or not reading.shown:
                self.outcome = "taken"
                return "settled"
            if same(reading.shown, self._text):
                self.typed = len(self._text)
                self.outcome = yield from self._held()
                return "settled"
            if reading.astray > before.astray and reading.keys == before.keys and same(reading.shown, before.shown):
                return "astray"
            if self._watch.elapsed > deadline:
                return "settled"
            yield Pause(_QUICK[min(turn, len(_QUICK) - 1)] or 0.001)
            turn += 1

    def _held(self) -> Steps[str]:
        """Hold, and read again: what a widget takes back at once has not been taken in."""
        yield Pause(0.03 if self._has_script() else 0.1)
        reading = (yield from self.read(again=False)) or (yield from self._again(waits=False))
        if reading is None or not reading.shown:
            return "taken"
        return "typed" if same(reading.shown, self._text) else "partial"

    def grown_up(self) -> None:
        """From now on the page counts as having its scripts."""
        self._young = False
        self._moves = None

    def shown_kind(self) -> str:
        """What the field shows, without its content: `5 characters`."""
        count = len(self._reading.shown) if self._reading else 0
        return f"it shows {count} characters"

    def paste(self, mac: bool) -> Steps[str]:
        """Paste the whole text, once. Returns what `last` returns, or `ignored`."""
        self.pasted = True
        before = yield from self._focused(0)
        if before is None:
            return "gone"
        if (yield from self._ask("copy", text=self._text)):
            yield PressPaste(mac)
            yield Pause(0.05)
            reading = yield from self.read()
            if reading is None or reading.shown != before.shown or reading.changes > before.changes:
                yield from self._settled(before)
                return self.outcome
        yield from self._ask("paste", id=self.candidate.ids[max(before.active, 0)], text=self._text)
        yield from self._settled(before)
        return self.outcome if self._reading is None or self._reading.shown != before.shown else "ignored"

    def clear(self) -> Steps[bool]:
        """Remove what is in the field. Returns whether it is empty."""
        self.typed = 0
        reading = yield from self.read()
        for attempt in range(4):
            if reading is None:
                return False
            if not reading.shown:
                break
            for index in reversed(range(len(reading.values))):
                if shown_in(reading.values[index] or "") or (not index and reading.drawn):
                    reading = yield from self._clear_one(index, attempt)
                    if reading is None:
                        return False
        reading = yield from self._refocus(0, "start")
        return reading is not None and not reading.shown

    def _clear_one(self, index: int, attempt: int) -> Steps[Reading | None]:
        field, before = self.candidate.ids[index], self._reading
        if attempt == 3:
            yield from self._ask("put", id=field, text="")
            return (yield from self.read())
        yield from self._ask("focus", id=field, select="all" if attempt < 2 else "end")
        presses = 1 if attempt < 2 else max(1, len(before.shown) if before else 1)
        for _ in range(presses):
            yield Press("Backspace")
        for pause in (*_QUICK, 0.1):
            reading = yield from self.read()
            if reading is None or before is None or reading.shown != before.shown:
                return reading
            yield Pause(pause or 0.001)
        return reading

    def _again(self, *, waits: bool = True) -> Steps[Reading | None]:
        """Find a widget that was rendered anew; None if it is not there any more."""
        for pause in _QUICK if waits else (0.0,):
            found = candidates((yield Look()))
            for candidate in found:
                if candidate.same_as(self.candidate) and not candidate.problem:
                    self.candidate = candidate
                    yield from self.begin()
                    return (yield from self.read(again=False))
            yield Pause(pause or 0.001)
        return None

    def _key(self, index: int) -> Steps[str]:
        """Press one key until it shows. Returns `grown`, `ignored`, `wrong` or `gone`."""
        tries = strays = 0
        while tries < _TRIES and strays < 20:
            before = yield from self._focused(index)
            if before is None:
                return "gone"
            if not same(before.shown, self._text[:index]):
                return "wrong"
            yield Press(self._text[index])
            outcome = yield from self._grown(index + 1, before)
            if outcome == "astray":
                strays += 1
            elif outcome == "ignored":
                tries += 1
            else:
                return outcome
        return "ignored"

    def _grown(self, count: int, before: Reading) -> Steps[str]:
        """Wait until the first `count` characters show."""
        start, turn = self._watch.elapsed, 0
        while True:
            reading = yield from self.read()
            if reading is None:
                return "gone"
            if same(reading.shown, self._text[:count]):
                return "grown"
            unchanged = reading.shown == before.shown
            if unchanged and reading.astray > before.astray and reading.keys == before.keys:
                return "astray"
            waited = self._watch.elapsed - start
            if waited > (_GROWTH if unchanged else _SETTLE):
                return "ignored" if unchanged else "wrong"
            yield Pause(_QUICK[min(turn, len(_QUICK) - 1)] or 0.001)
            turn += 1

    def _focused(self, index: int) -> Steps[Reading | None]:
        """Make sure that the focus is where the character at `index` belongs."""
        reading = self._reading or (yield from self.read())
        want = self._box_of(index)
        if reading is None or reading.active == want:
            return reading
        if index and want and self._moves is not False and reading.active == want - 1:
            reading = yield from self._moved(want)
            if reading is None or reading.active == want:
                return reading
        for pause in (*_QUICK, 0.1, 0.1):
            reading = yield from self._refocus(want, "end")
            if reading is None or reading.active == want or (reading.active >= 0 and pause >= 0.05):
                return reading
            yield Pause(pause)
        return reading

    def _moved(self, want: int) -> Steps[Reading | None]:
        """Wait for the widget to move the focus by itself."""
        start, turn = self._watch.elapsed, 0
        while True:
            reading = yield from self.read()
            if reading is None or reading.active == want:
                self._moves = True
                return reading
            if self._watch.elapsed - start > _FOCUS:
                self._moves = self._moves or False
                return reading
            yield Pause(_QUICK[min(turn, len(_QUICK) - 1)] or 0.001)
            turn += 1

    def _refocus(self, index: int, select: str) -> Steps[Reading | None]:
        yield from self._ask("focus", id=self.candidate.ids[index], select=select)
        return (yield from self.read())

    def _box_of(self, index: int) -> int:
        if self.candidate.is_row:
            for box, capacity in enumerate(self.candidate.capacities):
                if index < capacity:
                    return box
                index -= capacity
        return 0

    def _has_script(self) -> bool:
        return (
            self._scripted
            or bool(self._moves)
            or bool(self._reading and (self._reading.changes or self._reading.active > 0))
        )

    def _still_stands(self, seconds: float) -> Steps[bool]:
        yield Pause(seconds)
        reading = yield from self.read()
        return reading is not None and same(reading.shown, self._text[:-1])

    def _ask(self, name: str, **argument: Any) -> Steps[Any]:
        return (yield Ask(self.candidate.place, name, argument))
