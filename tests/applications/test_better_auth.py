"""better-auth's phoneNumber plugin on Node.js 20 and 24: sign-up by a code, however the project sends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_otp.gateway.address import GatewayAddress
from pytest_otp.numbers.ordering import Numbers
from tests.applications.running import HERE, node, variables
from tests.applications.site import served


@pytest.mark.parametrize("major", ["20", "24"])
@pytest.mark.parametrize(
    "sender",
    [
        pytest.param("twilio", marks=pytest.mark.application("better-auth", "Twilio Messages, by twilio")),
        pytest.param("twilio-verify", marks=pytest.mark.application("better-auth", "Twilio Verify v2, by twilio")),
        pytest.param("sns", marks=pytest.mark.application("better-auth", "Amazon SNS, by @aws-sdk/client-sns")),
        pytest.param(
            "end-user-messaging",
            marks=pytest.mark.application(
                "better-auth", "AWS End User Messaging, by @aws-sdk/client-pinpoint-sms-voice-v2"
            ),
        ),
    ],
)
def test_better_auth(sender: str, major: str, otp_number: Numbers, otp_gateway: GatewayAddress, tmp_path: Path) -> None:
    """A visitor asks for a code, signs up with it, and has a session."""
    number = otp_number()
    command = [str(node(major)), str(HERE / "programs" / "better_auth.mjs"), sender]
    with served(command, variables(otp_gateway, tmp_path), tmp_path) as visitor:
        visitor.post("/api/auth/phone-number/send-otp", {"phoneNumber": number.e164})
        body = {"phoneNumber": number.e164, "code": number.wait_code(timeout=30)}
        assert visitor.post("/api/auth/phone-number/verify", body)["status"] is True
        assert number.e164 in visitor.visit("/api/auth/get-session")
