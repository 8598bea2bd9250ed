"""What filling a page came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FillResult:
    """How a page was filled."""

    how: str
    """`typed` key by key, or `pasted` where the field ignores keys."""
    field: str
    """The field, in words: `6 boxes, the first of them a tel input with label "Digit 1"`."""
    elapsed: float
    """Seconds, the search for the field included."""
    taken: bool = False
    """Whether the page used the text at once: the field is empty now, or gone."""
