"""Rows of boxes are told from fields that merely stand near each other."""

from __future__ import annotations

import pytest

from pytest_otp.browser.fields import Candidate, Field, candidates
from pytest_otp.browser.steps import Sight
from tests.browser.seen import box, field


def found(*fields: Field, aimed: tuple[int, ...] = ()) -> list[Candidate]:
    seen = [{name: getattr(each, name) for name in Field.__dataclass_fields__} for each in fields]
    return candidates([Sight("frame", {"fields": seen, "aimed": list(aimed), "direct": True})])


def test_boxes_in_a_row_are_one_candidate() -> None:
    """Six boxes beside each other take one character each."""
    (row,) = found(*(box(number) for number in range(1, 7)))
    assert (row.is_row, row.room, row.capacities) == (True, 6, (1,) * 6)
    assert str(row) == "6 boxes, the first of them a text input without a label"


def test_the_first_box_may_take_the_whole_code() -> None:
    """A first box with `maxlength` 6, which is for a paste, counts as one for a single character."""
    (row,) = found(box(1, maxlength=6), *(box(number) for number in range(2, 7)))
    assert row.capacities == (1,) * 6


def test_parts_of_three_characters_are_one_candidate() -> None:
    """Two boxes for three characters each take six."""
    (row,) = found(box(1, maxlength=3), box(2, maxlength=3))
    assert row.capacities == (3, 3)


def test_fields_of_a_form_stay_apart() -> None:
    """Fields below each other are one candidate each."""
    assert [len(each.fields) for each in found(field(1, name="code"), field(2, name="promo"))] == [1, 1]


def test_a_box_that_is_pointed_at_stands_for_its_row() -> None:
    """A target that is one box means the row, and nothing else of the page."""
    boxes = [box(number) for number in range(1, 7)]
    (row,) = found(field(9, name="promo"), *boxes, aimed=(3,))
    assert row.ids == [1, 2, 3, 4, 5, 6]
    assert row.aimed


@pytest.mark.parametrize(
    ("problems", "problem"),
    [(("", "disabled"), ""), (("disabled", ""), "disabled"), (("", "covered by <div>"), "covered by <div>")],
)
def test_later_boxes_may_be_disabled(problems: tuple[str, str], problem: str) -> None:
    """Each box may be enabled by the one before it; any other problem of a box is one of the row."""
    (row,) = found(*(box(number, problem=problems[number > 1]) for number in range(1, 5)))
    assert row.problem == problem
