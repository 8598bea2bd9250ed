"""Twilio Verify, by requests written from its documentation: verifications, their checks, limits and errors."""

from __future__ import annotations

import re

import pytest

from pytest_otp.codes import extract_code
from pytest_otp.gateway.services.twilio_verify import TwilioVerify
from tests.gateway.services.machine import Answer, Clock, Sent, ask
from tests.gateway.world import ACCOUNT, HELD

SERVICE = "VA" + "1" * 32
AT = f"/v2/Services/{SERVICE}"


class Desk:
    """Verify with one number, its clock and what it sent."""

    def __init__(self) -> None:
        self.sent, self.clock = Sent(), Clock()
        self.verify = TwilioVerify(self.sent.backend, clock=self.clock)

    def start(self, service: str = AT, **fields: str) -> Answer:
        return ask(self.verify, "POST", f"{service}/Verifications", {"To": HELD, "Channel": "sms"} | fields)

    def check(self, code: str, service: str = AT, **fields: str) -> Answer:
        key = fields or {"To": HELD}
        return ask(self.verify, "POST", f"{service}/VerificationCheck", {"Code": code} | key)

    @property
    def code(self) -> str:
        """The code of the last message."""
        return extract_code(self.sent.texts[-1]) or ""

    @property
    def wrong(self) -> str:
        return "000000" if self.code != "000000" else "111111"

    def made(self, **fields: str) -> str:
        """The path of a service that the application creates."""
        created = ask(self.verify, "POST", "/v2/Services", {"FriendlyName": "Shop"} | fields)
        assert created.status == 201
        return f"/v2/Services/{created.json['sid']}"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def error(answer: Answer) -> tuple[int, int, str]:
    assert answer.json["status"] == answer.status
    assert answer.json["more_info"] == f"https://www.twilio.com/docs/errors/{answer.json['code']}"
    return answer.status, answer.json["code"], answer.json["message"]


MISSING = (404, 20404, f"The requested resource /Services/{SERVICE}/VerificationCheck was not found")


def test_a_verification_is_pending_and_its_code_is_sent(desk: Desk) -> None:
    """The answer is 201 with each field of the documented resource, and the message has the documented text."""
    answer = desk.start()
    assert answer.status == 201
    shown = answer.json
    sid, created = shown.pop("sid"), shown.pop("date_created")
    [attempt] = shown.pop("send_code_attempts")
    assert re.fullmatch(r"VE[0-9a-f]{32}", sid)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created)
    assert (attempt["channel"], attempt["time"]) == ("sms", created)
    assert re.fullmatch(r"VL[0-9a-f]{32}", attempt["attempt_sid"])
    assert shown == {
        "service_sid": SERVICE,
        "account_sid": ACCOUNT,
        "to": HELD,
        "channel": "sms",
        "status": "pending",
        "valid": False,
        "lookup": {"carrier": None},
        "amount": None,
        "payee": None,
        "sna": None,
        "date_updated": created,
        "url": f"https://verify.twilio.com/v2/Services/{SERVICE}/Verifications/{sid}",
    }
    assert desk.sent.texts == [f"Your app verification code is: {desk.code}"]
    assert re.fullmatch(r"\d{6}", desk.code)


def test_the_right_code_is_approved_once(desk: Desk) -> None:
    """The check is 200 and `approved`; then the verification is gone, for checks and for fetching."""
    sid = desk.start().json["sid"]
    answer = desk.check(desk.code)
    assert (answer.status, answer.json["status"], answer.json["valid"], answer.json["sid"]) == (
        200,
        "approved",
        True,
        sid,
    )
    assert error(desk.check(desk.code)) == MISSING
    assert ask(desk.verify, "GET", f"{AT}/Verifications/{sid}").status == 404


def test_a_check_by_sid(desk: Desk) -> None:
    """`VerificationSid` does instead of the number, but not that of another service."""
    sid = desk.start().json["sid"]
    other = desk.check(desk.code, f"/v2/Services/VA{'2' * 32}", VerificationSid=sid)
    assert (other.status, other.json["code"]) == (404, 20404)
    assert desk.check(desk.code, VerificationSid=sid).json["status"] == "approved"


def test_a_wrong_code_is_pending_and_the_sixth_check_is_refused(desk: Desk) -> None:
    """Five wrong codes are 200, `pending`; then even the right one is 60202, and no new code is sent: 60203."""
    sid = desk.start().json["sid"]
    for _ in range(5):
        answer = desk.check(desk.wrong)
        assert (answer.status, answer.json["status"], answer.json["valid"]) == (200, "pending", False)
    assert error(desk.check(desk.code)) == (429, 60202, "Max check attempts reached")
    assert ask(desk.verify, "GET", f"{AT}/Verifications/{sid}").json["status"] == "max_attempts_reached"
    assert error(desk.start()) == (429, 60203, "Max send attempts reached")
    desk.clock.now += 600
    assert desk.start().status == 201


def test_sending_again_sends_the_same_code_and_the_sixth_send_is_refused(desk: Desk) -> None:
    """Within the verification's life the code and the sid stay, whatever the channel; after it both are new."""
    sids = [desk.start(Channel=channel).json["sid"] for channel in ("sms", "call", "whatsapp", "sms", "auto")]
    assert len(set(sids)) == 1
    assert [message.channel for message in desk.sent.messages] == ["sms", "voice", "whatsapp", "sms", "sms"]
    assert {extract_code(text) for text in desk.sent.texts} == {desk.code}
    attempts = ask(desk.verify, "GET", f"{AT}/Verifications/{HELD}").json["send_code_attempts"]
    assert [attempt["channel"] for attempt in attempts] == ["sms", "call", "whatsapp", "sms", "sms"]
    assert error(desk.start()) == (429, 60203, "Max send attempts reached")
    assert len(desk.sent.texts) == 5
    desk.clock.now += 600
    assert desk.start().json["sid"] != sids[0]


def test_a_code_expires_after_ten_minutes(desk: Desk) -> None:
    """One moment before it is still good; then the verification is not found."""
    sid = desk.start().json["sid"]
    desk.clock.now += 599.9
    assert desk.check(desk.wrong).status == 200
    desk.clock.now += 0.1
    assert error(desk.check(desk.code)) == MISSING
    assert ask(desk.verify, "GET", f"{AT}/Verifications/{sid}").status == 404


@pytest.mark.parametrize("by_number", [False, True])
def test_a_verification_is_cancelled(desk: Desk, by_number: bool) -> None:
    """By sid or number: it stays to be fetched, its code is refused, and the next verification is a new one."""
    sid = desk.start().json["sid"]
    path = f"{AT}/Verifications/{HELD if by_number else sid}"
    answer = ask(desk.verify, "POST", path, {"Status": "canceled"})
    assert (answer.status, answer.json["status"], answer.json["sid"]) == (200, "canceled", sid)
    assert ask(desk.verify, "GET", path).json["status"] == "canceled"
    assert error(desk.check(desk.code)) == MISSING
    assert ask(desk.verify, "POST", path, {"Status": "approved"}).status == 404
    assert desk.start().json["sid"] != sid


def test_a_verification_is_approved_by_the_application(desk: Desk) -> None:
    """Its code is then used up; another status is refused."""
    sid = desk.start().json["sid"]
    refused = ask(desk.verify, "POST", f"{AT}/Verifications/{sid}", {"Status": "pending"})
    assert error(refused) == (400, 60200, "Invalid parameter: Status")
    answer = ask(desk.verify, "POST", f"{AT}/Verifications/{sid}", {"Status": "approved"})
    assert (answer.json["status"], answer.json["valid"]) == ("approved", True)
    assert desk.check(desk.code).status == 404


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"CustomFriendlyName": "Acme"}, "Your Acme verification code is: 424242"),
        ({"Locale": "de"}, "Dein Bestätigungscode für app lautet: 424242"),
        ({"Locale": "pt-BR"}, "Seu código de verificação app é: 424242"),
        ({"Locale": "af"}, "Your app verification code is: 424242"),
        ({"To": "+4915123456789"}, "Dein Bestätigungscode für app lautet: 424242"),
        ({"To": "+4915123456789", "Locale": "en-GB"}, "Your app verification code is: 424242"),
        ({"AppHash": "He42w354ol9"}, "<#> Your app verification code is: 424242\nHe42w354ol9"),
    ],
)
def test_what_the_message_says(desk: Desk, fields: dict[str, str], text: str) -> None:
    """The name is the request's, the language that of `Locale` or of the number's country, the code one's own."""
    assert desk.start(CustomCode="424242", **fields).status == 201
    assert desk.sent.texts == [text]
    assert desk.code == "424242"
    assert desk.check("424242", To=fields.get("To", HELD)).json["status"] == "approved"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"To": "12015550123"}, (400, 60200, "Invalid parameter `To`: 12015550123")),
        ({"To": "+1201"}, (400, 60200, "Invalid parameter `To`: +1201")),
        ({"To": ""}, (400, 60200, "Invalid parameter: To")),
        ({"Channel": "pigeon"}, (400, 60200, "Invalid parameter: Channel")),
        ({"Channel": ""}, (400, 60200, "Invalid parameter: Channel")),
        ({"Channel": "email"}, (400, 60217, "A Mailer must be associated with the service")),
        ({"Locale": "xx"}, (400, 60200, "Invalid parameter: Locale")),
        ({"CustomCode": "123"}, (400, 60200, "Invalid parameter: CustomCode")),
        ({"CustomCode": "12345678901"}, (400, 60200, "Invalid parameter: CustomCode")),
        ({"CustomCode": "12ab"}, (400, 60200, "Invalid parameter: CustomCode")),
        ({"CustomFriendlyName": "x" * 31}, (400, 60200, "Invalid parameter: CustomFriendlyName")),
    ],
)
def test_bad_parameters(desk: Desk, fields: dict[str, str], expected: tuple[int, int, str]) -> None:
    """Each has Twilio's number and words, and nothing is sent."""
    assert error(desk.start(**fields)) == expected
    assert desk.sent.texts == []


def test_bad_checks(desk: Desk) -> None:
    """A code that cannot be one, and a check of nothing, are bad parameters; a number without verification is 404."""
    assert error(desk.check("123")) == (400, 60200, "Invalid parameter: Code")
    assert error(desk.check("12345", To="")) == (400, 60200, "Invalid parameter: To")
    assert error(desk.check("12345")) == MISSING


def test_a_service_says_how_long_its_codes_are(desk: Desk) -> None:
    """So does the application's own service name, and the warning that the service may have."""
    at = desk.made(CodeLength="4", DoNotShareWarningEnabled="true")
    assert desk.start(at).status == 201
    assert re.fullmatch(r"\d{4}", desk.code)
    assert desk.sent.texts[0] == (
        f"Your Shop verification code is: {desk.code}. "
        "Don't share this code with anyone; our employees will never ask for the code."
    )


def test_what_a_service_must_have_switched_on(desk: Desk) -> None:
    """Custom codes are 60204 without it, SMS to landlines 60205 and payments without their data 60206 with it."""
    assert error(desk.start(desk.made(), CustomCode="1234")) == (
        403,
        60204,
        "Service does not support this feature",
    )
    mobile_only, landline = desk.made(SkipSmsToLandlines="true", LookupEnabled="true"), "+442079460958"
    assert error(desk.start(mobile_only, To=landline)) == (403, 60205, "SMS is not supported by landline phone number")
    called = desk.start(mobile_only, To=landline, Channel="call")
    assert called.json["lookup"]["carrier"]["type"] == "landline"
    psd2 = desk.made(Psd2Enabled="true")
    assert error(desk.start(psd2)) == (400, 60206, "'Amount' & 'Payee' params are required")
    assert desk.start(psd2, Amount="€9.99", Payee="Acme").json["payee"] == "Acme"


def test_services(desk: Desk) -> None:
    """They are created, fetched, listed, changed and deleted; a deleted one is gone, with its verifications."""
    at = desk.made(CodeLength="8", CustomCodeEnabled="true", TtsName="Shop & Co")
    shown = ask(desk.verify, "GET", at).json
    assert (shown["friendly_name"], shown["code_length"], shown["custom_code_enabled"]) == ("Shop", 8, True)
    assert (shown["tts_name"], shown["dtmf_input_required"], shown["lookup_enabled"]) == ("Shop & Co", True, False)
    assert shown["links"]["verifications"] == f"https://verify.twilio.com{at}/Verifications"
    changed = ask(desk.verify, "POST", at, {"FriendlyName": "Other", "CustomCodeEnabled": "false"}).json
    assert (changed["friendly_name"], changed["code_length"], changed["custom_code_enabled"]) == ("Other", 8, False)
    listed = ask(desk.verify, "GET", "/v2/Services?PageSize=50").json
    assert [service["sid"] for service in listed["services"]] == [shown["sid"]]
    assert (listed["meta"]["key"], listed["meta"]["next_page_url"]) == ("services", None)
    desk.start(at)
    deleted = ask(desk.verify, "DELETE", at)
    assert (deleted.status, deleted.raw) == (204, b"")
    assert ask(desk.verify, "GET", at).status == 404
    assert desk.check(desk.code, at).status == 404


def test_a_service_from_the_console_exists(desk: Desk) -> None:
    """A sid from the application's settings needs no creating; a malformed one, such as an account's, is not found."""
    shown = ask(desk.verify, "GET", AT).json
    assert (shown["sid"], shown["friendly_name"], shown["code_length"]) == (SERVICE, "app", 6)
    assert error(desk.start(f"/v2/Services/{ACCOUNT}")) == (
        404,
        20404,
        f"The requested resource /Services/{ACCOUNT}/Verifications was not found",
    )


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"FriendlyName": ""}, "FriendlyName"),
        ({"FriendlyName": "x" * 31}, "FriendlyName"),
        ({"FriendlyName": "Shop 12345"}, "FriendlyName"),
        ({"CodeLength": "3"}, "CodeLength"),
        ({"CodeLength": "11"}, "CodeLength"),
        ({"CodeLength": "six"}, "CodeLength"),
        ({"LookupEnabled": "perhaps"}, "LookupEnabled"),
    ],
)
def test_bad_services(desk: Desk, fields: dict[str, str], name: str) -> None:
    """Each bad setting is 60200, when a service is created and when it is changed."""
    expected = (400, 60200, f"Invalid parameter: {name}")
    assert error(ask(desk.verify, "POST", "/v2/Services", {"FriendlyName": "Shop"} | fields)) == expected
    if fields.get("FriendlyName") != "":
        assert error(ask(desk.verify, "POST", AT, fields)) == expected


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{AT}/Verifications", 405, 20004),
        ("DELETE", "/v2/Services", 405, 20004),
        ("PUT", AT, 405, 20004),
        ("GET", f"{AT}/Entities", 404, 20404),
        ("POST", f"{AT}/VerificationCheck/VE1", 404, 20404),
        ("GET", f"{AT}/Verifications/VE{'0' * 32}", 404, 20404),
    ],
)
def test_other_requests(desk: Desk, method: str, path: str, status: int, code: int) -> None:
    """A method that a resource does not have is 20004, what does not exist 20404."""
    assert error(ask(desk.verify, method, path))[:2] == (status, code)


def test_without_credentials(desk: Desk) -> None:
    """It is Twilio's 20003, and nothing is sent."""
    answer = ask(desk.verify, "POST", f"{AT}/Verifications", {"To": HELD}, headers={"Authorization": ""})
    assert error(answer)[:2] == (401, 20003)


def test_what_the_network_refuses(desk: Desk) -> None:
    """It is an internal error, which says why; it is no attempt of the verification."""
    desk.sent.fails = True
    for _ in range(6):
        assert error(desk.start()) == (
            500,
            20500,
            "An internal server error has occurred: the network does not take this",
        )
    assert ask(desk.verify, "GET", f"{AT}/Verifications/{HELD}").status == 404
    desk.sent.fails = False
    assert len(desk.start().json["send_code_attempts"]) == 1


def test_a_failure_has_twilio_s_form(desk: Desk) -> None:
    """Each documented failure can be answered as Twilio does."""
    for status, code, message in TwilioVerify.FAILURES.values():
        made = desk.verify.refusal(status, message, code)
        answer = Answer(made.status_code, made.get_data())
        assert error(answer) == (status, int(code), message)
