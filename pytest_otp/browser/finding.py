"""Finds the field to type into: the likeliest one that a person could use, once it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import FillError, listed
from .fields import Candidate, candidates
from .steps import Ask, Look, Pause, Sight, Steps

_WEAK_PATIENCE = 1.0
"""Seconds in which a better field than one that is only likely may appear."""
_LOADING_PATIENCE = 3.0
"""Seconds that a page may go on loading before it is typed into all the same."""
_PAUSES = (0.01, 0.02, 0.04, 0.06, 0.1)
_SHOWN = 8


class Scores(Protocol):
    """Ranks candidates for one purpose."""

    sure: int
    likely: int
    what: str
    """What is looked for, in texts: `field for a code`."""
    call: str
    """The call to suggest."""

    def __call__(self, found: Sequence[Candidate]) -> list[tuple[int, Candidate]]:
        """The candidates with their scores, the likeliest first."""

    def unfit(self, candidate: Candidate) -> str:
        """Why a candidate cannot take the text, whatever its score; empty if it can."""


@dataclass
class Watch:
    """How long something may take, and since when it has been going on."""

    clock: Callable[[], float]
    timeout: float
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start

    @property
    def left(self) -> float:
        """Seconds until the timeout, 0 at least."""
        return max(0.0, self.timeout - self.elapsed)


def find(watch: Watch, scores: Scores) -> Steps[Candidate]:
    """Wait for a field that a person could use, and return it. Raises `FillError` if there is none in time."""
    ranking: list[tuple[int, Candidate]] = []
    weak_since: float | None = None
    turn = 0
    while True:
        sights: list[Sight] = yield Look()
        ranking = scores(candidates(sights))
        usable = [(score, each) for score, each in ranking if not each.problem and not scores.unfit(each)]
        best = _best(usable, scores, aimed=any(each.aimed for _, each in ranking))
        now = watch.elapsed
        if best is None:
            weak_since = None
        else:
            score, candidate = best
            weak_since = now if weak_since is None else weak_since
            better = any(other > score for other, each in ranking if each.problem and other >= scores.sure)
            patient = (score >= scores.sure and not better) or now - weak_since >= min(
                _WEAK_PATIENCE, watch.timeout / 3
            )
            loaded = all(sight.what["ready"] == "complete" for sight in sights if sight.place == candidate.place)
            if patient and (loaded or now >= min(_LOADING_PATIENCE, watch.timeout / 3)):
                problem = yield Ask(candidate.place, "show", {"id": candidate.first.id})
                if problem == "":
                    return candidate
                ranking = _with_problem(ranking, candidate, problem or "gone")
        if not watch.left:
            raise _nothing_found(watch, scores, ranking)
        yield Pause(min(_PAUSES[min(turn, len(_PAUSES) - 1)], watch.left))
        turn += 1


def _best(usable: list[tuple[int, Candidate]], scores: Scores, *, aimed: bool) -> tuple[int, Candidate] | None:
    """The likeliest; among the fields that the test passed, whatever their score."""
    if aimed:
        chosen = [(score, each) for score, each in usable if each.aimed]
        if len(chosen) == 1:
            return scores.sure, chosen[0][1]
        usable = chosen
    if usable and usable[0][0] >= scores.likely:
        return usable[0]
    return None


def _with_problem(
    ranking: list[tuple[int, Candidate]], candidate: Candidate, problem: str
) -> list[tuple[int, Candidate]]:
    from dataclasses import replace  # noqa: PLC0415

    bad = replace(candidate, fields=(replace(candidate.first, problem=problem), *candidate.fields[1:]))
    return [(score, bad if each is candidate else each) for score, each in ranking]


def _nothing_found(watch: Watch, scores: Scores, ranking: list[tuple[int, Candidate]]) -> FillError:
    likely = [(score, each) for score, each in ranking if score >= scores.likely or each.aimed]
    if not ranking:
        text = f"the page shows no field at all within {watch.timeout:g} s"
    elif not likely:
        text = f"no {scores.what} within {watch.timeout:g} s"
    else:
        best = likely[0][1]
        text = f"the {scores.what} cannot be used: {best} is {best.problem or scores.unfit(best)}"
    if ranking:
        seen = [f"{each} (score {score}{', ' + each.problem if each.problem else ''})" for score, each in ranking]
        text += f". Fields seen: {listed(seen, _SHOWN)}"
    hint = (
        f'Pass the field itself, such as {scores.call}(page.get_by_label("…"), …).'
        if ranking
        else ("Check that the page is the right one, and that the field is not in a closed shadow root.")
    )
    return FillError(text, elapsed=watch.elapsed, hint=hint)
