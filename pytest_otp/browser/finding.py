"""Finds the field to type into: the likeliest one that a person could use, once it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from .fields import Candidate, candidates
from .patience import CALM, Patience, Watch
from .report import Ranking, not_found
from .steps import Ask, Look, Sight, Steps

_WEAK_PATIENCE = 1.0
"""Seconds in which a better field than one that is only likely may appear."""
_LOADING_PATIENCE = 3.0
"""Seconds that a page may go on loading before it is typed into all the same."""


class Purpose(Protocol):
    """What a field is looked for."""

    sure: ClassVar[int]
    """From this score on a field is taken at once."""
    likely: ClassVar[int]
    """From this score on a field is taken if no better one appears."""
    what: ClassVar[str]
    """In words: `a code`."""
    call: ClassVar[str]
    """The function to suggest."""

    def ranked(self, found: Sequence[Candidate]) -> Ranking:
        """The candidates with their scores, the likeliest first."""
        ...

    def unfit(self, candidate: Candidate) -> str:
        """Why a candidate cannot take the text, whatever its score; empty if it can."""
        ...


@dataclass(frozen=True)
class Found:
    """The field to type into."""

    candidate: Candidate
    ranking: Ranking
    age: float
    """Seconds since its document was opened, by the document's own clock."""
    has_scripts: bool
    """Whether its page has scripts at all."""


def find(watch: Watch, purpose: Purpose) -> Steps[Found]:
    """Wait for a field that a person could use, and return it. Raises `FillError` if there is none in time."""
    patience = Patience(watch.clock, watch.left, CALM)
    weak_since: float | None = None
    while True:
        sights: list[Sight] = yield Look()
        ranking = purpose.ranked(candidates(sights))
        best, blocked = _best(ranking, purpose)
        if best is None:
            weak_since = None
        else:
            score, candidate = best
            weak_since = watch.elapsed if weak_since is None else weak_since
            is_sure = score >= purpose.sure and not blocked
            (sight,) = (sight for sight in sights if sight.place == candidate.place)
            loaded = sight.what["ready"] == "complete" or _long_enough(watch, 0.0, _LOADING_PATIENCE)
            if loaded and (is_sure or _long_enough(watch, weak_since, _WEAK_PATIENCE)):
                problem = "" if candidate.first.visible else (yield _scrolled_to(candidate))
                if problem == "":
                    return Found(candidate, ranking, sight.what["age"], sight.what["scripts"])
                blocked = blocked or (candidate, problem or "gone")
        if patience.is_over:
            raise not_found(watch, ranking, what=purpose.what, call=purpose.call, best=blocked)
        yield from patience.pause()


def _scrolled_to(candidate: Candidate) -> Ask:
    return Ask(candidate.place, "show", {"id": candidate.first.id})


def _long_enough(watch: Watch, since: float, seconds: float) -> bool:
    return watch.elapsed - since >= min(seconds, watch.timeout / 3)


def _best(ranking: Ranking, purpose: Purpose) -> tuple[tuple[int, Candidate] | None, tuple[Candidate, str] | None]:
    """The likeliest field that can be used, and a likelier one that cannot, with the reason."""
    aimed = [each for _, each in ranking if each.aimed]
    blocked = None
    for score, candidate in ranking:
        chosen = len(aimed) == 1 and candidate is aimed[0]
        if score < purpose.likely and not chosen:
            continue
        problem = candidate.problem or purpose.unfit(candidate)
        if not problem:
            return (max(score, purpose.sure) if chosen else score, candidate), blocked
        if blocked is None and (score >= purpose.sure or chosen or not aimed):
            blocked = (candidate, problem)
    return None, blocked
