"""better-auth's phoneNumber plugin on Node.js 20 and 24: sign-up by a code, however the project sends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_otp.gateway.address import GatewayAddress
from pytest_otp.numbers.ordering import Numbers
from tests.applications.running import HERE, node, variables
from tests.applications.site import served

SENDERS = {
    "twilio": "Twilio Messages, by twilio",
    "twilio-verify": "Twilio Verify v2, by twilio",
    "sns": "Amazon SNS, by @aws-sdk/client-sns",
    "end-user-messaging": "AWS End User Messaging, by @aws-sdk/client-pinpoint-sms-voice-v2",
}


@pytest.mark.parametrize("major", ["20", "24"])
@pytest.mark.parametrize(
    "sender",
    [pytest.param(name, marks=pytest.mark.application("better-auth", sends)) for name, sends in SENDERS.items()],
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
