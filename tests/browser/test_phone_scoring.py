"""Scores tell the field for the user's own phone number from those for other people's."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_otp.browser.fields import Candidate
from pytest_otp.browser.phone_scoring import PhonePurpose
from tests.browser.seen import field


def score(**said: Any) -> int:
    ((found, _),) = PhonePurpose().ranked([Candidate("frame", (field(**said),))])
    return found


@pytest.mark.parametrize(
    "said",
    [
        {"label": "Phone number of the person who referred you", "autocomplete": "tel"},
        {"label": "Emergency contact phone"},
        {"label": "Fax"},
        {"label": "Landline"},
        {"label": "Telefon des Empfängers"},
        {"label": "Teléfono de emergencia"},
        {"label": "緊急連絡先の電話番号"},
        {"label": "Phone", "name": "recipientPhone"},
        {"label": "Phone", "group": "Emergency contact"},
        {"label": "Phone", "heading": "Next of kin"},
        {"label": "Phone", "autocomplete": "fax tel"},
    ],
    ids=str,
)
def test_numbers_of_others_are_not_likely(said: dict[str, Any]) -> None:
    """Another person's number, and one that takes no SMS, is never the one to fill in."""
    assert score(**{"type": "tel", **said}) < PhonePurpose.likely


def test_an_own_number_is_likelier_than_that_of_the_office() -> None:
    """A plain mobile number comes first; the office's is taken where there is no other."""
    assert score(label="Mobile") > score(label="Office phone", type="tel") >= PhonePurpose.likely
