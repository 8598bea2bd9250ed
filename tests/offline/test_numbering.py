"""Which regions there are. The numbers themselves are tested through the carrier, in test_carrier.py."""

from __future__ import annotations

import phonenumbers

from pytest_otp.offline.numbering import regions


def test_regions_have_english_names() -> None:
    """Every region can be listed with a name, also those that phonenumbers has no name for."""
    listed = regions()
    assert set(listed) == set(phonenumbers.SUPPORTED_REGIONS)
    assert listed["DE"] == "Germany"
    assert listed["XK"] == "Kosovo"
    assert [region for region, name in listed.items() if name == region] == []
