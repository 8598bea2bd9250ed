"""A phone number is typed in the form that the field wants, and is found in whatever form the field shows it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_otp.browser.phone_forms import Shown, Wanted, forms, has_number
from pytest_otp.phone import read
from tests.browser.seen import field

ID = Wanted(read("+6281234567890"))
US = Wanted(read("+12015550123"))


@pytest.mark.parametrize(
    ("wanted", "shown", "said", "rest", "first"),
    [
        (ID, Shown(), {}, "", "+6281234567890"),
        (ID, Shown("62", "ID"), {}, "", "81234567890"),
        (ID, Shown(), {}, "+62 ", "81234567890"),
        (ID, Shown(), {"placeholder": "0812-3456-7890"}, "", "081234567890"),
        (ID, Shown(), {"pattern": "08[0-9]{10}"}, "", "081234567890"),
        (ID, Shown(), {"maxlength": 11}, "", "81234567890"),
        (US, Shown(), {"placeholder": "(999) 999-9999"}, "", "2015550123"),
        (US, Shown(), {"placeholder": "(555) 123-4567"}, "", "2015550123"),
        (US, Shown(), {"placeholder": "___-___-____"}, "", "2015550123"),
        (US, Shown(), {"placeholder": "+1 (999) 999-9999"}, "", "+12015550123"),
        (ID, Shown(), {"placeholder": "(555) 123-4567"}, "", "+6281234567890"),
    ],
)
def test_the_likeliest_form_comes_first(
    wanted: Wanted, shown: Shown, said: dict[str, Any], rest: str, first: str
) -> None:
    """The country beside the field, what stays in it, its placeholder, pattern and length decide."""
    assert forms(wanted, shown, field(**said), rest)[0] == first


@pytest.mark.parametrize(
    ("value", "shown", "has"),
    [
        ("+62 812-3456-7890", Shown(), True),
        ("+62 812-3456-7890", Shown("62", "ID"), True),
        ("+62 812-3456-7890", Shown("1", "US"), False),
        ("+62 812-3456-789", Shown(), False),
        ("+1 628-123-4567", Shown(), False),
        ("812-3456-7890", Shown("62", "ID"), True),
        ("0812-3456-7890", Shown("62", "ID"), True),
        ("812-3456-7890", Shown("1", "US"), False),
        ("6281234567890", Shown(), True),
        ("", Shown("62", "ID"), False),
    ],
)
def test_a_field_has_the_number_or_not(value: str, shown: Shown, *, has: bool) -> None:
    """The digits are compared together with the country beside the field."""
    assert has_number(value, ID, shown, typed="+6281234567890") is has


def test_a_field_without_room_for_the_country_has_the_national_number() -> None:
    """National digits count alone if they were typed as such, and are not in another country's format."""
    assert has_number("(201) 555-0123", US, Shown(), typed="2015550123")
    assert not has_number("(201) 555-0123", US, Shown(), typed="+12015550123")
    assert not has_number("(812) 345-6789", Wanted(read("+628123456789")), Shown(), typed="8123456789")
