"""Fills a phone number into a page, as steps that any driver performs."""

from __future__ import annotations

import re
from typing import Any

from ..errors import FillError
from ..phone import Phone
from .code import FillResult
from .fields import Candidate
from .finding import Watch, find
from .phone_forms import Wanted, forms, has_number, option_for, shown_country
from .phone_scoring import PhoneScores
from .steps import Ask, Click, Pause, Press, Steps

_KEY = 0.15
"""Seconds within which a key must show."""
_PAUSES = (0.0, 0.002, 0.004, 0.008, 0.015, 0.03)
_PICKING = 2.0
"""Seconds within which a list of countries must show the one that was searched for."""
_HOLD = 0.05


def fill_phone_steps(phone: Phone, watch: Watch) -> Steps[FillResult]:
    """Find the field, type the number, and see it in the page. Raises `FillError` if that fails."""
    candidate = yield from find(watch, PhoneScores())
    filler = _Filler(candidate, Wanted(phone), watch)
    try:
        yield from filler.begin()
        done = yield from filler.fill()
    finally:
        yield from filler.end()
    if not done:
        raise FillError(
            f"the field does not show the number: {filler.seen}. Field: {candidate}",
            elapsed=watch.elapsed,
            hint="Choose the country in the page first, or fill the field yourself.",
        )
    return FillResult(how="typed", field=str(candidate), elapsed=watch.elapsed, taken=False)


class _Filler:
    """Types one number into one field, in the form and with the country that it wants."""

    def __init__(self, candidate: Candidate, wanted: Wanted, watch: Watch) -> None:
        self.candidate = candidate
        self.seen = "nothing was typed"
        self._wanted = wanted
        self._watch = watch
        self._picked = False

    def begin(self) -> Steps[None]:
        yield from self._ask("begin", fields=self.candidate.ids)

    def end(self) -> Steps[None]:
        yield from self._ask("end")

    def fill(self) -> Steps[bool]:
        """Try the forms one after the other, until the field has the number."""
        around = yield from self._around()
        if around is None:
            return False
        option = option_for(around, self._wanted)
        if option and not option[2]:
            yield from self._ask("choose", id=option[0], index=option[1])
            yield Pause(0.03)
            around = (yield from self._around()) or around
        if (yield from self._with_code_field(around)):
            around = (yield from self._around()) or around
        shown = shown_country(around, self._wanted)
        if shown.dial and not shown.fits(self._wanted) and not option and around["buttons"]:
            yield from self._pick(around)
        return (yield from self._try_forms()) or (
            not self._picked and (yield from self._pick(around)) and (yield from self._try_forms())
        )

    def _try_forms(self) -> Steps[bool]:
        first = self.candidate.first
        tried: set[str] = set()
        while True:
            rest = yield from self._cleared()
            around = yield from self._around()
            if rest is None or around is None:
                return False
            shown = shown_country(around, self._wanted)
            left = [
                text
                for text in forms(
                    self._wanted,
                    shown,
                    maxlength=first.maxlength,
                    pattern=first.pattern,
                    placeholder=first.placeholder,
                    rest=rest,
                )
                if text not in tried
            ]
            if not left or not self._watch.left:
                return False
            tried.add(left[0])
            outcome = yield from self._type(left[0])
            if outcome == "elsewhere":
                if self._picked or not (yield from self._pick(around)):
                    return False
                tried.discard(left[0]) if not left[0].startswith("+") else None
                continue
            if (yield from self._holds(left[0])):
                return True

    def _holds(self, typed: str) -> Steps[bool]:
        """Whether the field has the number, and still has it a moment later."""
        for pause in (0.0, 0.02, 0.05, 0.1):
            yield Pause(pause or 0.001)
            if (yield from self._right(typed)):
                yield Pause(_HOLD)
                return (yield from self._right(typed))
        return False

    def _right(self, typed: str) -> Steps[bool]:
        around = yield from self._around()
        if around is None:
            return False
        value = around["value"]
        if self.candidate.is_row:
            reading = yield from self._read()
            value = "".join(each or "" for each in reading["values"]) if reading else ""
        digits = re.sub(r"\D", "", value)
        shown = shown_country(around, self._wanted)
        self.seen = f"it has {len(digits)} digits, and the number {len(self._wanted.phone.digits)}"
        if shown.dial and not shown.fits(self._wanted):
            self.seen += f"; the country code beside it is +{shown.dial}"
        return has_number(value, self._wanted, shown, typed=typed)

    def _type(self, text: str) -> Steps[str]:
        """Press the keys, each once the one before shows. Returns `typed`, or `elsewhere` if the focus is taken away."""
        astray = 0
        reading = yield from self._read()
        for index, char in enumerate(text):
            for _ in range(3):
                if reading is None:
                    return "gone"
                if reading["active"] < 0:
                    if index == 1 and text[0] == "+" and reading["elsewhere"] is not None:
                        return "elsewhere"
                    yield from self._ask("focus", id=self.candidate.ids[0], select="end")
                before = reading
                yield Press(char)
                reading = yield from self._changed(before)
                if reading is None or reading["astray"] == before["astray"]:
                    break
                astray += 1
            if index == 0 and char == "+" and reading and reading["active"] < 0 and reading["elsewhere"] is not None:
                return "elsewhere"
        return "typed"

    def _changed(self, before: dict[str, Any]) -> Steps[dict[str, Any] | None]:
        start, turn = self._watch.elapsed, 0
        while True:
            reading = yield from self._read()
            if reading is None or reading["values"] != before["values"] or reading["active"] != before["active"]:
                return reading
            if reading["astray"] != before["astray"] or self._watch.elapsed - start > _KEY:
                return reading
            yield Pause(_PAUSES[min(turn, len(_PAUSES) - 1)] or 0.001)
            turn += 1

    def _cleared(self) -> Steps[str | None]:
        """Clear the field, and return what it keeps."""
        for box in reversed(self.candidate.ids):
            for key in ("Backspace", "Delete"):
                yield from self._ask("focus", id=box, select="all")
                reading = yield from self._read()
                if reading is None:
                    return None
                if not reading["values"][self.candidate.ids.index(box)]:
                    break
                yield Press(key)
                yield from self._changed(reading)
        yield from self._ask("focus", id=self.candidate.ids[0], select="end")
        reading = yield from self._read()
        return None if reading is None else "".join(value or "" for value in reading["values"])

    def _with_code_field(self, around: dict[str, Any]) -> Steps[bool]:
        """Type the country code into a field of its own, if there is one."""
        for code in around["codes"]:
            if not re.search(r"code|dial|prefix|country|\bcc\b|vorwahl|indicatif", code["name"], re.IGNORECASE):
                continue
            if re.sub(r"\D", "", code["value"]) == self._wanted.dial:
                return False
            yield from self._ask("begin", fields=[*self.candidate.ids, code["id"]])
            yield from self._ask("focus", id=code["id"], select="all")
            for char in f"+{self._wanted.dial}":
                yield Press(char)
            yield from self._ask("begin", fields=self.candidate.ids)
            return True
        return False

    def _pick(self, around: dict[str, Any]) -> Steps[bool]:
        """Choose the country in a list that the page draws itself."""
        self._picked = True
        look = {
            "id": self.candidate.first.id,
            "dial": self._wanted.dial,
            "region": self._wanted.phone.region,
            "names": self._wanted.names,
        }
        opened = yield from self._ask("entries", **look)
        if not opened or (not opened["entries"] and opened["search"] is None):
            for button in around["buttons"]:
                yield Click(self.candidate.place, button["id"])
                yield Pause(0.05)
                opened = yield from self._ask("entries", **look)
                if opened and (opened["entries"] or opened["search"] is not None):
                    break
            else:
                return False
        searched = False
        start = self._watch.elapsed
        while self._watch.elapsed - start < _PICKING:
            for entry in (opened or {"entries": ()})["entries"]:
                if not (entry["iso"] or entry["name"] or (entry["dial"] and searched)):
                    continue
                if (yield Click(self.candidate.place, entry["id"])):
                    yield Pause(0.05)
                    return True
            if opened and opened["search"] is not None and not searched:
                searched = True
                yield from self._search(opened["search"])
            yield Pause(0.05)
            opened = yield from self._ask("entries", **look)
        return False

    def _search(self, field: int) -> Steps[None]:
        """Search the list for the country's name in English."""
        yield from self._ask("begin", fields=[*self.candidate.ids, field])
        yield from self._ask("focus", id=field, select="all")
        for char in self._wanted.name[:12]:
            yield Press(char)
        yield from self._ask("begin", fields=self.candidate.ids)

    def _around(self) -> Steps[dict[str, Any] | None]:
        answer: dict[str, Any] | None = yield from self._ask("surroundings", id=self.candidate.first.id)
        return answer

    def _read(self) -> Steps[dict[str, Any] | None]:
        answer = yield from self._ask("read", fields=self.candidate.ids, drawing=False)
        return None if answer is None or all(value is None for value in answer["values"]) else answer

    def _ask(self, name: str, **argument: Any) -> Steps[Any]:
        return (yield Ask(self.candidate.place, name, argument))
