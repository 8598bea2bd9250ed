"""Twilio Lookup, by requests written from its documentation."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.services.twilio_lookup import TwilioLookup
from tests.gateway.services.machine import Answer, Sent, ask
from tests.gateway.world import HELD


def look(path: str, method: str = "GET") -> Answer:
    return ask(TwilioLookup(Sent().backend), method, path)


def test_a_valid_number() -> None:
    """The answer has each field of the documented resource; what was not asked for is null."""
    assert look(f"/v2/PhoneNumbers/{HELD}").json == {
        "calling_country_code": "1",
        "country_code": "US",
        "phone_number": HELD,
        "national_format": "(201) 555-0123",
        "valid": True,
        "validation_errors": [],
        "caller_name": None,
        "sim_swap": None,
        "call_forwarding": None,
        "line_type_intelligence": None,
        "line_status": None,
        "identity_match": None,
        "reassigned_number": None,
        "sms_pumping_risk": None,
        "phone_number_quality_score": None,
        "pre_fill": None,
        "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{HELD}",
    }


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("%2B442079460958", "+442079460958"),
        ("2015550123", HELD),
        ("(201) 555-0123", HELD),
        ("02079460958?CountryCode=GB", "+442079460958"),
        ("02079460958?CountryCode=gb", "+442079460958"),
    ],
)
def test_how_a_number_may_be_written(path: str, number: str) -> None:
    """In international form, or as in the USA or the country that is named."""
    answer = look(f"/v2/PhoneNumbers/{path}").json
    assert (answer["valid"], answer["phone_number"]) == (True, number)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("+1201", "TOO_SHORT"),
        ("+120155501234567", "TOO_LONG"),
        ("+999123456789", "NOT_A_NUMBER"),
        ("boss", "NOT_A_NUMBER"),
    ],
)
def test_an_invalid_number(written: str, reason: str) -> None:
    """It is no error: the answer says that the number is invalid, and why."""
    answer = look(f"/v2/PhoneNumbers/{written}?Fields=line_type_intelligence")
    assert answer.status == 200
    assert (answer.json["valid"], answer.json["validation_errors"]) == (False, [reason])
    assert (answer.json["phone_number"], answer.json["country_code"]) == (written, None)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (HELD, "mobile"),
        ("+447400123456", "mobile"),
        ("+442079460958", "landline"),
        ("+18005550100", "tollFree"),
        ("+445512345678", "uan"),
        ("+12125550000", "mobile"),
    ],
)
def test_the_type_of_line(number: str, kind: str) -> None:
    """It is that of the numbering plan; mobile where the plan does not tell."""
    packages = look(f"/v2/PhoneNumbers/{number}?Fields=line_type_intelligence").json
    assert packages["line_type_intelligence"]["type"] == kind
    assert packages["line_type_intelligence"]["error_code"] is None


def test_other_packages() -> None:
    """Each is answered if it is asked for, as for a number without a history."""
    fields = "sim_swap, call_forwarding,sms_pumping_risk,line_status,caller_name,reassigned_number"
    answer = look(f"/v2/PhoneNumbers/{HELD}?Fields={fields.replace(' ', '%20')}").json
    assert answer["sim_swap"]["last_sim_swap"]["swapped_in_period"] is False
    assert answer["call_forwarding"]["call_forwarding_enabled"] is False
    assert answer["sms_pumping_risk"]["sms_pumping_risk_score"] == 0
    assert answer["line_status"]["status"] == "active"
    assert answer["caller_name"]["caller_name"] is None
    assert answer["reassigned_number"]["is_number_reassigned"] == "no"
    assert answer["identity_match"] is None


def test_the_first_version() -> None:
    """It has other fields, and an invalid number is not found."""
    answer = look(f"/v1/PhoneNumbers/{HELD}?Type=carrier&Type=caller-name").json
    assert (answer["country_code"], answer["national_format"]) == ("US", "(201) 555-0123")
    assert answer["carrier"]["type"] == "mobile"
    assert answer["caller_name"] == {"caller_name": None, "caller_type": None, "error_code": None}
    assert look(f"/v1/PhoneNumbers/{HELD}").json["carrier"] is None
    missing = look("/v1/PhoneNumbers/+1201")
    assert (missing.status, missing.json["code"]) == (404, 20404)
    assert missing.json["message"] == "The requested resource /PhoneNumbers/+1201 was not found"


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        (f"/v2/PhoneNumbers/{HELD}?Fields=horoscope", "GET", 400, 60600),
        (f"/v2/PhoneNumbers/{HELD}?CountryCode=XX", "GET", 400, 20001),
        (f"/v2/PhoneNumbers/{HELD}", "POST", 405, 20004),
        ("/v2/PhoneNumbers", "GET", 404, 20404),
    ],
)
def test_errors(path: str, method: str, status: int, code: int) -> None:
    """Unknown packages and countries, methods and paths have Twilio's numbers."""
    answer = look(path, method)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_failure_has_twilio_s_form() -> None:
    """Each documented failure can be answered as Twilio does."""
    for status, code, message in TwilioLookup.FAILURES.values():
        made = TwilioLookup(Sent().backend).refusal(status, message, code)
        assert (made.status_code, made.json["code"], made.json["message"]) == (status, int(code), message)  # type: ignore[index]
