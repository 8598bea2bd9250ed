"""Each service can say no in its own form, so that its SDK shows the reason."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from werkzeug.wrappers import Response

from pytest_otp.gateway.app import SmsService
from pytest_otp.gateway.message import Backend
from pytest_otp.gateway.services.plain import Plain
from pytest_otp.gateway.services.sns import Sns
from pytest_otp.gateway.services.sns_xml import NAMESPACE
from pytest_otp.gateway.services.twilio import Twilio
from pytest_otp.gateway.services.vonage import Vonage

SENTENCE = "not served: <this> & that"


def refused(service: type[SmsService], status: int, code: str | None = None) -> Response:
    return service(Backend(lambda sms: True)).refusal(status, SENTENCE, code)


def error_of_sns(response: Response) -> dict[str, str | None]:
    space = {"sns": NAMESPACE}
    error = ET.fromstring(response.get_data(as_text=True)).find("sns:Error", space)
    assert error is not None
    return {part.tag.rpartition("}")[2]: part.text for part in error}


@pytest.mark.parametrize(
    ("service", "field"), [(Plain, "error"), (Twilio, "message"), (Vonage, "detail")], ids=["plain", "twilio", "vonage"]
)
def test_json(service: type[SmsService], field: str) -> None:
    """The sentence stands where the service's SDKs look for the message, under the status that was asked for."""
    response = refused(service, 404)
    assert (response.status_code, json.loads(response.get_data())[field]) == (404, SENTENCE)


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        (403, None, ("Sender", "AccessDenied")),
        (404, None, ("Sender", "NotFound")),
        (418, None, ("Sender", "InternalFailure")),
        (503, None, ("Receiver", "ServiceUnavailable")),
        (400, "OptedOut", ("Sender", "OptedOut")),
    ],
)
def test_sns(status: int, code: str | None, shown: tuple[str, str]) -> None:
    """AWS's SDKs read code and message of an XML error; without a code it is the one for the status."""
    response = refused(Sns, status, code)
    assert response.status_code == status
    assert error_of_sns(response) == {"Type": shown[0], "Code": shown[1], "Message": SENTENCE}


def test_a_code_of_the_plain_api() -> None:
    """The plain API has no codes of its own; one that is asked for stands beside the error."""
    assert json.loads(refused(Plain, 429, "rate_limited").get_data()) == {"error": SENTENCE, "code": "rate_limited"}
