"""Fills a code into a page, as steps that any driver performs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import FillError
from .fields import Candidate
from .finding import Watch, find
from .keys import Typist
from .scoring import LIKELY, SURE, ranked
from .steps import Pause, Steps

_YOUNG = 1.0
"""Seconds that the scripts of a page may need before they notice what is typed."""
_ATTEMPTS = 4
_SHORTEST_CODE = 4


@dataclass(frozen=True, slots=True)
class FillResult:
    """How a page was filled."""

    how: str
    """`typed` key by key, or `pasted` where the field ignores keys."""
    field: str
    """The field, in words: `6 boxes, the first of them a tel input with label "Digit 1"`."""
    elapsed: float
    """Seconds, the search for the field included."""
    taken: bool
    """Whether the page used the text at once: the field was cleared, replaced, or left with its page."""


class CodeScores:
    """Ranks fields for a code of one length."""

    sure = SURE
    likely = LIKELY
    what = "field for a code"
    call = "fill_code"

    def __init__(self, length: int) -> None:
        self._length = length

    def __call__(self, found: Sequence[Candidate]) -> list[tuple[int, Candidate]]:
        """The candidates with their scores, the likeliest first."""
        return ranked(found, self._length)

    def unfit(self, candidate: Candidate) -> str:
        """Too short, if it is."""
        if candidate.room and candidate.room < self._length:
            return f"too short: it takes {candidate.room} characters, and the code has {self._length}"
        return ""


def fill_code_steps(code: str, watch: Watch) -> Steps[FillResult]:
    """Find the field, type the code, and see it in the page. Raises `FillError` if that fails."""
    scores = CodeScores(len(code))
    for _ in range(_ATTEMPTS):
        candidate = yield from find(watch, scores)
        typist = Typist(candidate, code, watch, young=watch.elapsed < _YOUNG)
        try:
            yield from typist.begin()
            outcome = yield from _fill(typist, watch)
        finally:
            yield from typist.end()
        if outcome in ("typed", "taken", "pasted"):
            return FillResult(
                how="pasted" if typist.pasted else "typed",
                field=str(candidate),
                elapsed=watch.elapsed,
                taken=typist.outcome == "taken",
            )
        if outcome != "gone" or typist.typed >= _SHORTEST_CODE:
            break
    raise _not_taken(typist, outcome, len(code), watch)


def _fill(typist: Typist, watch: Watch) -> Steps[str]:
    outcome = "wrong"
    for _ in range(_ATTEMPTS):
        if not (yield from typist.clear()):
            return "not cleared" if (yield from typist.read()) else "gone"
        outcome = yield from typist.all_but_last()
        if outcome == "young":
            yield Pause(max(0.0, _YOUNG - watch.elapsed))
            typist.grown_up()
            continue
        if outcome == "stands":
            outcome = yield from typist.last()
        elif outcome == "ignored" and not typist.typed:
            return (yield from typist.paste(mac=False))
        if outcome != "wrong" or not watch.left:
            break
    return outcome


def _not_taken(typist: Typist, outcome: str, length: int, watch: Watch) -> FillError:
    field = str(typist.candidate)
    reasons = {
        "ignored": f"the field ignores keys after {typist.typed} of {length} characters"
        if typist.typed
        else "the field takes neither keys nor a paste",
        "gone": f"the field went away after {typist.typed} of {length} characters",
        "not cleared": "what is in the field already cannot be removed",
    }
    text = reasons.get(outcome, f"the field does not show the whole code: {typist.shown_kind()}")
    return FillError(
        f"{text}. Field: {field}",
        elapsed=watch.elapsed,
        hint='Pass the field itself, such as fill_code(page.get_by_label("…"), code), if it is another one.',
    )
