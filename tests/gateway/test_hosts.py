"""Which hosts belong to an SMS service."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.hosts import serves


@pytest.mark.parametrize(
    "host",
    [
        "api.twilio.com",
        "API.Twilio.COM",
        "api.twilio.com.",
        "api.dublin.ie1.twilio.com",
        "verify.twilio.com",
        "verify.dublin.ie1.twilio.com",
        "lookups.twilio.com",
        "rest.nexmo.com",
        "api.nexmo.com",
        "api-us-1.nexmo.com",
        "api-eu.vonage.com",
        "api.vonage.com",
        "messages-sandbox.nexmo.com",
        "sns.us-east-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
        "sns.eu-central-1.api.aws",
        "sns-fips.us-east-1.amazonaws.com",
    ],
)
def test_hosts_of_sms_services(host: str) -> None:
    """Each host that an SDK connects to is an SMS service, in upper and lower case."""
    assert serves(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "127.0.0.1",
        "twilio.com",
        "conversations.twilio.com",
        "api.twilio.com.example.com",
        "myapi.twilio.com",
        "nexmo.com",
        "video.api.vonage.com",
        "sns.example.com",
        "s3.us-east-1.amazonaws.com",
        "us-east-1.amazonaws.com",
    ],
)
def test_other_hosts(host: str) -> None:
    """A similar name, a longer one, and an API that the gateway does not serve are none."""
    assert not serves(host)
