"""Fills a code into a page, as steps that any driver performs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..errors import FillError
from .clearing import clear
from .fields import Candidate
from .finding import Found, find
from .keys import SHORTEST_CODE, Outcome, Typist
from .pasting import paste
from .patience import Watch
from .reading import kind_of
from .report import Ranking, not_taken
from .result import FillResult
from .scoring import LIKELY, SURE, ranked
from .steps import Pause, Steps
from .widget import Widget

_GROWN_UP = 1.3
"""Seconds that the scripts of a page may need before they notice what is typed."""
_LOOK = 0.05
_ATTEMPTS = 4


class CodePurpose:
    """A field for a code of one length."""

    sure: ClassVar[int] = SURE
    likely: ClassVar[int] = LIKELY
    what: ClassVar[str] = "a code"
    call: ClassVar[str] = "fill_code"

    def __init__(self, length: int) -> None:
        self._length = length

    def ranked(self, found: Sequence[Candidate]) -> Ranking:
        """The candidates with their scores, the likeliest first."""
        return ranked(found, self._length)

    def unfit(self, candidate: Candidate) -> str:
        """Too short, if it is."""
        if candidate.room and candidate.room < self._length:
            return f"too short: it takes {candidate.room} characters, and the code has {self._length}"
        return ""


def fill_code_steps(code: str, watch: Watch, *, show: bool = False) -> Steps[FillResult]:
    """Find the field, type the code, and see it in the page. Raises `FillError` if that fails.

    `show`: whether the error may show the content of the field that was typed into.
    """
    try:
        return (yield from _filled(code, watch, show=show))
    except FillError as error:
        error.code = code
        raise


def _filled(code: str, watch: Watch, *, show: bool) -> Steps[FillResult]:
    attempts = 0
    while True:
        attempts += 1
        found = yield from find(watch, CodePurpose(len(code)))
        filling = _Filling(found, code, watch)
        outcome = yield from filling.run()
        if outcome in (Outcome.STANDS, Outcome.TAKEN):
            return FillResult(filling.how, str(found.candidate), watch.elapsed, outcome is Outcome.TAKEN)
        if outcome is not Outcome.GONE or filling.pressed >= SHORTEST_CODE or attempts == _ATTEMPTS:
            raise filling.error(outcome, show=show)


class _Filling:
    """One widget and one code."""

    def __init__(self, found: Found, code: str, watch: Watch) -> None:
        self.how = "typed"
        self._found = found
        self._code = code
        self._watch = watch
        self._widget = Widget(found.candidate, watch)
        self._typist = Typist(self._widget, code)
        self._begun = watch.elapsed

    @property
    def pressed(self) -> int:
        """How many keys of the code have been pressed."""
        return self._typist.pressed

    def run(self) -> Steps[Outcome]:
        """Type the code."""
        try:
            yield from self._widget.begin()
            return (yield from self._filled())
        finally:
            yield from self._widget.end()

    def _filled(self) -> Steps[Outcome]:
        outcome = Outcome.WRONG
        for _ in range(_ATTEMPTS):
            reading = yield from clear(self._widget)
            if reading is None:
                return Outcome.GONE
            if reading.shown:
                return Outcome.WRONG
            outcome = yield from self._typist.all_but_last(young=self._youth > 0)
            if outcome is Outcome.UNTOUCHED:
                yield from self._grown_up()
                continue
            if outcome is Outcome.STANDS:
                outcome = yield from self._typist.last()
            elif outcome is Outcome.IGNORED and not self._typist.typed:
                self.how = "pasted"
                return (yield from paste(self._widget, self._typist, self._code))
            if outcome is not Outcome.WRONG or self.pressed == len(self._code) or not self._watch.left:
                break
        return outcome

    @property
    def _youth(self) -> float:
        """Seconds for which the page may still be without its scripts."""
        if not self._found.has_scripts:
            return 0.0
        return _GROWN_UP - self._found.age - (self._watch.elapsed - self._begun)

    def _grown_up(self) -> Steps[None]:
        """Wait until a script knows the field, or every script must be there."""
        while self._youth > 0:
            yield Pause(min(_LOOK, self._youth))
            reading = yield from self._widget.read()
            if reading is None or reading.scripted:
                return

    def error(self, outcome: Outcome, *, show: bool) -> FillError:
        """Why the widget does not have the code."""
        reading = self._widget.reading
        shown = reading.shown if reading else ""
        contents = repr(shown) if show and shown else kind_of(shown)
        so_far = f"after {self._typist.typed} of {len(self._code)} characters"
        text = {
            Outcome.GONE: f"the field went away {so_far}",
            Outcome.EMPTIED: f"the field was emptied {so_far}, as if it took shorter codes",
            Outcome.HIDDEN: "the field takes keys without showing them, so that nothing tells what it has",
            Outcome.STOLEN: f"something else in the page takes the focus again and again, {so_far}",
            Outcome.IGNORED: f"the field takes no more keys {so_far}"
            if self._typist.typed
            else "the field takes neither keys nor a paste",
        }.get(outcome, f"the field has {contents} instead of the {kind_of(self._code)} of the code")
        return not_taken(self._watch, self._widget.candidate, self._found.ranking, text=text, call=CodePurpose.call)
