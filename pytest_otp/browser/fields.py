"""The fields that a page shows, and the rows of boxes among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .steps import Place, Sight

_WIDEST_BOX = 110
"""Pixels. What is wider is a field for more than one character, unless it says otherwise."""
_WIDEST_GAP = 130
_FEWEST_BOXES = 3
_LONGEST_PART = 4
_MOST_BOXES = 12


@dataclass(frozen=True)
class Field:
    """One input of a page: what it is for, what is in it, whether a person could use it. Never its content."""

    id: int
    tag: str
    type: str
    name: str
    dom: str
    autocomplete: str
    mode: str
    pattern: str
    placeholder: str
    title: str
    classes: str
    test: str
    maxlength: int
    label: str
    before: str
    context: str
    group: str
    """The legends that it stands under, and the names of its sections."""
    heading: str
    """The heading above it."""
    buttons: str
    """What the buttons say that follow it, before the next field."""
    filled: int
    shape: str
    box: tuple[float, float, float, float]
    problem: str
    visible: bool
    active: bool
    tabindex: int
    muted: bool
    modal: bool | None
    slots: int
    faint: bool
    scripted: bool
    home: int

    @classmethod
    def of(cls, seen: dict[str, Any]) -> Field:
        """A field as the page describes it."""
        return cls(**{**seen, "box": tuple(seen["box"])})

    @property
    def is_numeric(self) -> bool:
        """Whether it says that it takes digits."""
        return self.type in ("tel", "number") or self.mode in ("numeric", "tel", "decimal") or "\\d" in self.pattern

    def __str__(self) -> str:
        what = "text area" if self.tag == "textarea" else f"{self.type or 'text'} input"
        if self.tag not in ("input", "textarea"):
            what = "editable element"
        for kind, text in (("label", self.label), ("placeholder", self.placeholder), ("name", self.name)):
            if text:
                return f'{what} with {kind} "{text[:60]}"'
        return f'{what} with id "{self.dom}"' if self.dom else f"{what} without a label"


@dataclass(frozen=True)
class Candidate:
    """A field, or a row of boxes, in one frame."""

    place: Place
    fields: tuple[Field, ...]
    aimed: bool = False
    """Whether the target that the test passed is one of its fields."""
    scoped: bool = False
    """Whether the test passed what it stands in."""

    @property
    def first(self) -> Field:
        """Its only field, or the first box."""
        return self.fields[0]

    @property
    def ids(self) -> list[int]:
        """The page's IDs of its fields."""
        return [field.id for field in self.fields]

    @property
    def is_row(self) -> bool:
        """Whether it is a row of boxes."""
        return len(self.fields) > 1

    @cached_property
    def capacities(self) -> tuple[int, ...]:
        """How many characters each box takes."""
        if not self.is_row:
            return (self.room,)
        return tuple(1 if self._takes_one(field) else field.maxlength for field in self.fields)

    @property
    def room(self) -> int:
        """How many characters it takes; 0 if that is not known."""
        if self.is_row:
            return sum(self.capacities)
        return max(self.first.maxlength, 0) or self.first.slots

    @property
    def problem(self) -> str:
        """Why a person could not use it; empty if one could."""
        first, *others = (field.problem for field in self.fields)
        # A box may be enabled by the one before it.
        return first or next((problem for problem in others if problem not in ("", "disabled", "read-only")), "")

    def same_as(self, other: Candidate) -> bool:
        """Whether another look has found the same widget, perhaps rendered anew."""
        mine, theirs = self.first, other.first
        return len(self.fields) == len(other.fields) and (
            (mine.id == theirs.id and self.place == other.place)
            or (mine.tag, mine.type, mine.name, mine.label, mine.placeholder)
            == (theirs.tag, theirs.type, theirs.name, theirs.label, theirs.placeholder)
        )

    def _takes_one(self, field: Field) -> bool:
        # The first of a row may take the whole code, for a paste.
        return field.maxlength not in (2, 3, 4) or any(each.maxlength == 1 for each in self.fields)

    def __str__(self) -> str:
        if not self.is_row:
            return str(self.first)
        return f"{len(self.fields)} boxes, the first of them a {self.first}"


def candidates(sights: Iterable[Sight]) -> list[Candidate]:
    """The fields of all frames, with boxes that stand in a row as one; those of the target if there is one."""
    found: list[Candidate] = []
    for sight in sights:
        aimed = set(sight.what["aimed"])
        rows = _rows([Field.of(seen) for seen in sight.what["fields"]])
        chosen = [row for row in rows if not aimed or any(field.id in aimed for field in row)]
        direct = bool(aimed) and sight.what["direct"]
        found += [Candidate(sight.place, tuple(row), aimed=direct, scoped=bool(aimed)) for row in chosen]
    return found


def _rows(fields: Sequence[Field]) -> list[list[Field]]:
    """The fields, in the page's order, as rows of boxes and single ones."""
    rows: list[list[Field]] = []
    for field in fields:
        if rows and (_go_together(rows[-1][-1], field) or _are_twins(rows[-1][-1], field)):
            rows[-1].append(field)
        else:
            rows.append([field])
    return [part for row in rows for part in _as_boxes(row)]


def _as_boxes(row: list[Field]) -> list[list[Field]]:
    """A row as one where its fields are boxes, else each for itself."""
    short = [field for field in row if 1 <= field.maxlength <= _LONGEST_PART]
    narrow = [field for field in row if field.box[2] <= _WIDEST_BOX]
    # The first one may take the whole code, for a paste.
    are_twins = len(row) > _FEWEST_BOXES and all(_are_twins(row[0], field) for field in row[1:])
    are_boxes = are_twins or len(short) >= max(2, len(row) - 1) or len(narrow) == len(row) >= _FEWEST_BOXES
    return [row] if are_boxes and len(row) <= _MOST_BOXES else [[field] for field in row]


def _are_twins(last: Field, field: Field) -> bool:
    """Whether two fields differ in nothing but a number, wherever they stand: `Digit 1` and `Digit 2`."""
    if any(each.tag == "textarea" or each.slots or each.problem == "hidden" for each in (last, field)):
        return False
    return _without_digits(last) == _without_digits(field) and field.before in ("", last.before)


def _without_digits(field: Field) -> tuple[str, ...]:
    said = (field.tag, field.type, field.mode, field.pattern, field.placeholder, field.label, field.name)
    return tuple(re.sub(r"\d+", "", text) for text in said)


def _go_together(last: Field, field: Field) -> bool:
    """Whether a field continues a row: beside the last one, and as large."""
    if any(
        each.tag == "textarea" or each.slots or each.problem == "hidden" or each.box[2] < 8 for each in (last, field)
    ):
        return False
    (x, y, width, height), (other_x, other_y, other_width, other_height) = last.box, field.box
    if abs(width - other_width) > 0.35 * max(width, other_width) or abs(height - other_height) > 6:
        return False
    gap = max(other_x - (x + width), x - (other_x + other_width))
    return abs(y - other_y) <= 6 and -4 <= gap <= max(_WIDEST_GAP, width)
