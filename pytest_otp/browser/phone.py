"""Fills a phone number into a page, as steps that any driver performs."""

from __future__ import annotations

import re

from ..errors import FillError
from ..phone import Phone
from .countries import Countries
from .finding import Found, find
from .patience import Patience, Watch
from .phone_forms import Wanted, forms, has_number, shown_country
from .phone_scoring import PhonePurpose
from .reading import Reading
from .report import not_taken
from .result import FillResult
from .steps import Pause, Press, Steps
from .widget import Widget

_KEY = 0.25
"""Seconds within which a key must show; a mask may swallow some."""
_FORMATS = 0.5
"""Seconds in which a page may bring a number into its own form."""
_HOLD = 0.03
_KEPT = 0.1
"""Seconds within which a key must clear a field."""
_SLOW = 0.1
_STRAYS = 5
_LONGEST_REST = 6
"""Characters of a country code that a field does not let go, with its signs."""


def fill_phone_steps(phone: Phone, watch: Watch) -> Steps[FillResult]:
    """Find the field, type the number, and see it in the page. Raises `FillError` if that fails."""
    found = yield from find(watch, PhonePurpose())
    filling = _Filling(found, Wanted(phone), watch)
    if not (yield from filling.run()):
        raise filling.error()
    return FillResult("typed", str(found.candidate), watch.elapsed)


class _Filling:
    """Types one number into one field, in the form and with the country that it wants."""

    def __init__(self, found: Found, wanted: Wanted, watch: Watch) -> None:
        self._found = found
        self._wanted = wanted
        self._watch = watch
        self._widget = Widget(found.candidate, watch)
        self._countries = Countries(self._widget, wanted)
        self._pace = 0.0
        """Seconds between keys, for a page that does not keep up."""
        self._slowed = False
        self._seen = "nothing was typed into it"

    def run(self) -> Steps[bool]:
        """Type the number, and return whether the page has it."""
        try:
            yield from self._widget.begin()
            return (yield from self._filled())
        finally:
            yield from self._widget.end()

    def error(self) -> FillError:
        """Why the page does not have the number."""
        text = f"the page does not have the number: {self._seen}"
        if self._countries.missing:
            text = f"the page's list of countries does not have {self._countries.missing}, which the number belongs to"
        return not_taken(self._watch, self._widget.candidate, self._found.ranking, text=text, call=PhonePurpose.call)

    def _filled(self) -> Steps[bool]:
        around = yield from self._countries.around()
        if around is None:
            return False
        if not (yield from self._countries.choose(around)):
            shown = shown_country(around, self._wanted)
            is_other = bool(shown.dial) and not shown.fits(self._wanted)
            if is_other and not self._countries.missing:
                is_other = not (yield from self._countries.pick(around))
            if is_other and self._countries.missing:
                return False
        if (yield from self._any_form()):
            return True
        if self._countries.was_picked:
            return False
        around = yield from self._countries.around()
        return around is not None and (yield from self._countries.pick(around)) and (yield from self._any_form())

    def _any_form(self) -> Steps[bool]:
        """Try the forms of the number one after the other, until the field has it."""
        tried: set[str] = set()
        while True:
            rest = yield from self._cleared()
            around = yield from self._countries.around()
            if rest is None or around is None:
                return False
            shown = shown_country(around, self._wanted)
            left = [
                text for text in forms(self._wanted, shown, self._widget.candidate.first, rest) if text not in tried
            ]
            if not left:
                return False
            tried.add(left[0])
            if not (yield from self._typed(left[0])):
                # A plus has opened the menu of countries.
                if self._countries.was_picked or not (yield from self._countries.pick(around)):
                    return False
            elif (yield from self._holds(left[0])):
                return True
            elif self._pace and not self._slowed:
                self._slowed = True
                tried.clear()

    def _holds(self, typed: str) -> Steps[bool]:
        """Whether the page has the number, and still has it a moment later."""
        patience = Patience(self._watch.clock, _FORMATS)
        while not (yield from self._has_number(typed)):
            if patience.is_over:
                return False
            yield from patience.pause()
        return (yield from self._rests(typed))

    def _rests(self, typed: str) -> Steps[bool]:
        """Whether the page keeps the number. One that goes on changing may go back and forth between two numbers."""
        patience = Patience(self._watch.clock, _FORMATS)
        reading = yield from self._widget.read()
        while reading is not None:
            yield Pause(_HOLD)
            changes = reading.changes
            reading = yield from self._widget.read()
            if not (yield from self._has_number(typed)):
                self._pace = _SLOW
                return False
            if reading is not None and (reading.changes == changes or patience.is_over):
                return True
        return False

    def _has_number(self, typed: str) -> Steps[bool]:
        around = yield from self._countries.around()
        if around is None:
            return False
        value = around["value"]
        if self._widget.candidate.is_row:
            reading = yield from self._widget.read()
            value = "".join(each or "" for each in reading.values) if reading else ""
        shown = shown_country(around, self._wanted)
        self._seen = f"the field has {_digits(value)}, of {len(self._wanted.phone.digits)} with the country code"
        if shown.dial and not shown.fits(self._wanted):
            self._seen += f", and the country code beside it is +{shown.dial}"
        return has_number(value, self._wanted, shown, typed=typed)

    def _typed(self, text: str) -> Steps[bool]:
        """Press the keys, each once the one before shows. Returns False if a plus takes the focus elsewhere."""
        reading = self._widget.reading or (yield from self._widget.read())
        strays, index = 0, 0
        while reading is not None and index < len(text) and strays < _STRAYS:
            if reading.active < 0 and reading.elsewhere is not None and text[:index] == "+":
                return False
            if not self._widget.candidate.is_row and reading.active < 0:
                reading = yield from self._widget.focus(0, "end")
                if reading is None:
                    break
            if self._pace:
                yield Pause(self._pace)
            yield Press(text[index])
            before, reading = reading, (yield from self._after(reading))
            if reading is not None and reading.went_astray(before):
                strays += 1
            else:
                index += 1
        return True

    def _after(self, before: Reading, seconds: float = _KEY) -> Steps[Reading | None]:
        """What the field shows once a key has had an effect."""
        patience = Patience(self._watch.clock, seconds)
        while True:
            reading = yield from self._widget.read()
            if reading is None or (reading.values, reading.active) != (before.values, before.active):
                # A key in between may set two states of a page against each other.
                return (yield from self._widget.rested())
            if reading.went_astray(before) or patience.is_over:
                return reading
            yield from patience.pause()

    def _cleared(self) -> Steps[str | None]:
        """Clear the field, and return what it keeps."""
        for index in reversed(range(self._widget.box_count)):
            for select in ("all", "all", "end"):
                reading = yield from self._widget.focus(index, select)
                if reading is None:
                    return None
                value = reading.values[index] or ""
                if self._may_stay(value) or (select == "end" and len(value) <= _LONGEST_REST):
                    break
                for _ in range(len(value) if select == "end" else 1):
                    yield Press("Backspace")
                yield from self._after(reading, _KEPT)
        reading = self._widget.reading
        rest = "".join(value or "" for value in reading.values) if reading else ""
        # An empty mask takes keys at its start alone.
        if rest or (reading is not None and reading.active != 0):
            reading = yield from self._widget.focus(0, "end" if _has_digit(rest) or rest == "+" else "start")
        return None if reading is None else "".join(value or "" for value in reading.values)

    def _may_stay(self, value: str) -> bool:
        """Whether a field counts as cleared: with nothing, an empty mask, or the number's own country code."""
        return (
            not value
            or not (_has_digit(value) or "+" in value)
            or (value.startswith("+") and re.sub(r"\D", "", value) == self._wanted.dial)
        )


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _digits(text: str) -> str:
    count = len(re.sub(r"\D", "", text))
    return f"{count} digit{'' if count == 1 else 's'}"
