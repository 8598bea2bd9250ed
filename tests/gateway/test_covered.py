"""How patterns of host names become names that X.509 can be limited to."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.covered import covered_names


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("api.twilio.com", ["api.twilio.com"]),
        ("api.*.twilio.com", ["twilio.com"]),
        ("rest-*.nexmo.com", ["nexmo.com"]),
        ("*.api.infobip.com", ["api.infobip.com"]),
        ("dysmsapi-*.aliyuncs.com", []),
        ("sns.*.amazonaws.com.cn", ["sns.cn-north-1.amazonaws.com.cn", "sns.cn-northwest-1.amazonaws.com.cn"]),
        ("sns.*.amazonaws.eu", ["sns.eusc-de-east-1.amazonaws.eu"]),
    ],
)
def test_a_pattern_becomes_names(pattern: str, names: list[str]) -> None:
    """A service's own domain is covered whole; of a cloud's domain, only the service's name in each region."""
    assert covered_names([pattern, pattern]) == names


def test_a_name_below_another_is_left_out() -> None:
    """It is covered already."""
    assert covered_names(["api.twilio.com", "api.*.twilio.com", "api.telnyx.com"]) == ["api.telnyx.com", "twilio.com"]


def test_clouds_are_covered_by_region() -> None:
    """No name covers anything else of AWS, and endpoints with FIPS exist in some regions only."""
    names = covered_names(["sns.*.amazonaws.com", "sns-fips.*.amazonaws.com", "*.sns.*.vpce.amazonaws.com"])
    assert {"sns.eu-west-1.amazonaws.com", "sns-fips.us-gov-west-1.amazonaws.com"} <= set(names)
    assert "sns.eu-west-1.vpce.amazonaws.com" in names
    assert "sns-fips.eu-west-1.amazonaws.com" not in names
    assert all(name.startswith(("sns.", "sns-fips.")) and name.endswith(".amazonaws.com") for name in names)
