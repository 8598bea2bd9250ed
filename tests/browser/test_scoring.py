"""Scores tell the field for a code from others."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_otp.browser.fields import Candidate
from pytest_otp.browser.scoring import LIKELY, SURE, ranked, score_for_code
from tests.browser.seen import field, row


def score(**said: Any) -> int:
    return score_for_code(Candidate("frame", (field(**said),)), 6)


@pytest.mark.parametrize(
    "said",
    [
        {"autocomplete": "one-time-code"},
        {"label": "Verification code", "maxlength": 6},
        {"name": "otp", "mode": "numeric"},
        {"label": "Код подтверждения", "maxlength": 6},
        {"slots": 6, "faint": True, "mode": "numeric", "name": "pin"},
    ],
    ids=str,
)
def test_what_says_that_it_is_for_a_code_is_sure(said: dict[str, Any]) -> None:
    """An autocomplete, a label in any language, a name or drawn boxes are enough by themselves."""
    assert score(**said) >= SURE


@pytest.mark.parametrize(
    "said",
    [
        {"label": "Promo code"},
        {"label": "招待コード"},
        {"label": "优惠码"},
        {"label": "Промокод"},
        {"label": "كود الخصم"},
        {"label": "Security code", "name": "cvv", "autocomplete": "cc-csc"},
        {"type": "search", "name": "q"},
        {"label": "Password", "type": "password"},
        {"label": "Your phone", "type": "tel", "autocomplete": "tel"},
        {"label": "Postal code"},
        {"label": "E-mail", "type": "email"},
        {"label": "Access code", "maxlength": 6, "buttons": "Join"},
        {"label": "Team code", "mode": "numeric"},
        {"label": "Quiz code"},
        {"label": "Code", "buttons": "Apply"},
        {"label": "Have a code?"},
        {"label": "¿Tienes un código?"},
        {"label": "Code", "group": "Gift card"},
        {"label": "Code", "heading": "Промокод"},
        {"label": "Teamcode", "buttons": "Beitreten"},
        {"label": "Kode akses", "buttons": "Gabung"},
        {"label": "チームコード", "buttons": "参加"},
        {"label": "Security code", "buttons": "Pay now"},
        {"label": "Gift card or discount code", "buttons": "Apply"},
    ],
    ids=str,
)
def test_what_is_for_something_else_is_not_likely(said: dict[str, Any]) -> None:
    """A field for another purpose is never taken, although some of them hold codes too."""
    assert score(**said) < LIKELY


@pytest.mark.parametrize(
    "said",
    [
        {"mode": "numeric", "maxlength": 6, "buttons": "Continue"},
        {"label": "Code", "buttons": "Resend code | Log in"},
        {"label": "Code", "heading": "Join our community", "buttons": "Confirm"},
        {"label": "Enter the code we texted you", "buttons": "Join"},
        {"label": "Login code", "buttons": "Join now"},
    ],
    ids=str,
)
def test_little_is_enough_where_nothing_speaks_against_it(said: dict[str, Any]) -> None:
    """A short numeric field above a button that goes on, and a label that is clear whatever the button says."""
    assert score(**said) >= LIKELY


def test_boxes_for_as_many_characters_as_the_code_has_are_likelier() -> None:
    """Six boxes fit a code of six digits better than four."""
    assert score_for_code(row(6), 6) >= SURE
    assert score_for_code(row(6), 6) > score_for_code(row(4), 6)


def test_the_only_usable_field_is_likelier() -> None:
    """A person would try the only field that can be used."""
    blank, disabled = Candidate("frame", (field(1),)), Candidate("frame", (field(2, problem="disabled"),))
    (first, _), _ = ranked([blank, disabled], 6)
    (of_two, _), _ = ranked([blank, Candidate("frame", (field(2),))], 6)
    assert first > of_two
