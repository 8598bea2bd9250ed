"""The errors of a page that could not be filled: what it showed, without contents, and what to pass instead."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FillError, listed
from .fields import Candidate
from .patience import Watch

_SHOWN = 8
"""How many fields are listed."""

Ranking = Sequence[tuple[int, Candidate]]
"""The candidates with their scores, the likeliest first."""


def not_found(watch: Watch, ranking: Ranking, *, what: str, call: str, best: tuple[Candidate, str] | None) -> FillError:
    """The error of a page without a field for `what`, or with one that cannot be used: `best`, and why not."""
    if not ranking:
        return FillError(
            f"the page shows no field within {watch.timeout:g} s",
            elapsed=watch.elapsed,
            hint="Check that it is the right page, and that the field is not in a closed shadow root.",
        )
    if best is None:
        text = f"no field for {what} appeared within {watch.timeout:g} s"
    else:
        text = f"a person could not use the field for {what}: the {best[0]} is {best[1]}"
    return FillError(f"{text}. {_seen(ranking)}", elapsed=watch.elapsed, hint=_advice(call))


def not_taken(watch: Watch, candidate: Candidate, ranking: Ranking, *, text: str, call: str) -> FillError:
    """The error of a field that did not take what was typed."""
    return FillError(f"{text}. It was the {candidate}. {_seen(ranking)}", elapsed=watch.elapsed, hint=_advice(call))


def _seen(ranking: Ranking) -> str:
    seen = [f"{each} (score {score}{', ' + each.problem if each.problem else ''})" for score, each in ranking]
    return f"Fields that the page showed: {listed(seen, _SHOWN)}"


def _advice(call: str) -> str:
    second = "code" if call == "fill_code" else "number"
    return f'Pass the right field instead: {call}(page.get_by_label("…"), {second}).'
