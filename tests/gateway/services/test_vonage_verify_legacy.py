"""Vonage's legacy Verify API, by requests written from its documentation: each status and its text."""

from __future__ import annotations

import re

import pytest

from pytest_otp.codes import extract_code
from pytest_otp.gateway.failures import Failure, SendingFailed
from pytest_otp.gateway.message import Backend, OutgoingSms
from pytest_otp.gateway.services.vonage_verify_legacy import VonageVerifyLegacy
from tests.gateway.services.machine import Answer, Clock, Sent, ask
from tests.gateway.world import HELD

TO = HELD[1:]
MISSING = "Your request is incomplete and missing the mandatory parameter: "


class Desk:
    """The API with its clock and what it sent."""

    def __init__(self) -> None:
        self.sent, self.clock = Sent(), Clock()
        self.verify = VonageVerifyLegacy(self.sent.backend, clock=self.clock)

    def ask(self, path: str, fields: dict[str, object]) -> Answer:
        answer = ask(self.verify, "POST", f"/verify/{path}", fields)
        assert answer.status == 200
        return answer

    def start(self, **fields: object) -> Answer:
        return self.ask("json", {"number": TO, "brand": "Acme"} | fields)

    def started(self, **fields: object) -> str:
        answer = self.start(**fields)
        assert (answer.json["status"], sorted(answer.json)) == ("0", ["request_id", "status"])
        return str(answer.json["request_id"])

    def check(self, request_id: str, code: str) -> Answer:
        return self.ask("check/json", {"request_id": request_id, "code": code})

    def control(self, request_id: str, command: str) -> Answer:
        return self.ask("control/json", {"request_id": request_id, "cmd": command})

    def search(self, query: str) -> Answer:
        return ask(self.verify, "GET", f"/verify/search/json?{query}")

    @property
    def code(self) -> str:
        """The code of the last message."""
        return extract_code(self.sent.texts[-1]) or ""

    @property
    def wrong(self) -> str:
        return "0000" if self.code != "0000" else "1111"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def error(answer: Answer) -> tuple[str, str]:
    return answer.json["status"], answer.json["error_text"]


def gone(request_id: str) -> tuple[str, str]:
    return "6", (
        "The Vonage platform was unable to process this message for the following reason: "
        f"Request '{request_id}' was not found or it has been verified already."
    )


def test_a_code_is_sent_and_verified_once(desk: Desk) -> None:
    """It has four digits and the documented text; the right one is status 0, and after it there is no request."""
    request_id = desk.started()
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert desk.sent.texts == [f"Acme code: {desk.code}. Valid for 5 minutes."]
    assert re.fullmatch(r"\d{4}", desk.code)
    done = desk.check(request_id, desk.code).json
    assert (done["status"], done["request_id"], done["currency"]) == ("0", request_id, "EUR")
    assert done["event_id"]
    assert error(desk.check(request_id, desk.code)) == gone(request_id)


def test_wrong_codes(desk: Desk) -> None:
    """Three are status 16; the next check is 17, also with the right code, and ends the request."""
    request_id = desk.started()
    for _ in range(3):
        assert error(desk.check(request_id, desk.wrong)) == (
            "16",
            "The code provided does not match the expected value",
        )
    assert error(desk.check(request_id, "12!4")) == ("16", "The code contains invalid characters")
    assert error(desk.check(request_id, desk.code)) == (
        "17",
        "A wrong code was provided too many times. Workflow terminated",
    )
    assert error(desk.check(request_id, desk.code)) == gone(request_id)
    assert desk.search(f"request_id={request_id}").json["status"] == "FAILED"


def test_one_request_at_a_time_for_a_number(desk: Desk) -> None:
    """A second is status 10 with the id of the first, until that has expired."""
    request_id = desk.started(pin_expiry=60)
    answer = desk.start()
    assert error(answer) == ("10", "Concurrent verifications to the same number are not allowed")
    assert answer.json["request_id"] == request_id
    desk.clock.now += 60
    assert error(desk.check(request_id, desk.code)) == gone(request_id)
    assert desk.search(f"request_id={request_id}").json["status"] == "EXPIRED"
    assert desk.started() != request_id


def test_a_request_is_cancelled(desk: Desk) -> None:
    """Not in its first 30 seconds, and not after its second event; then it is over."""
    request_id = desk.started()
    early = f"Verification request ['{request_id}'] can't be cancelled within the first 30 seconds."
    assert error(desk.control(request_id, "cancel")) == ("19", early)
    desk.clock.now += 30
    assert desk.control(request_id, "cancel").json == {"status": "0", "command": "cancel"}
    inactive = f"The requestId '{request_id}' does not exist or its no longer active."
    assert error(desk.control(request_id, "cancel")) == ("6", inactive)
    assert error(desk.check(request_id, desk.code)) == gone(request_id)
    assert desk.search(f"request_id={request_id}").json["status"] == "CANCELLED"
    late = desk.started()
    for _ in range(2):
        desk.control(late, "trigger_next_event")
    desk.clock.now += 30
    tried = "Too many attempts to re-deliver have already been made."
    assert error(desk.control(late, "cancel")) == (
        "19",
        f"Verification request ['{late}'] can't be cancelled now. {tried}",
    )


@pytest.mark.parametrize(
    ("workflow", "channels"),
    [
        ("1", ["sms", "voice", "voice"]),
        ("2", ["sms", "sms", "voice"]),
        ("4", ["sms", "sms"]),
        ("6", ["sms"]),
        ("7", ["voice"]),
    ],
)
def test_the_events_of_a_workflow(desk: Desk, workflow: str, channels: list[str]) -> None:
    """Each sends the same code when the application asks for the next; after the last it is status 19."""
    request_id = desk.started(workflow_id=workflow)
    for _ in channels[1:]:
        answer = desk.control(request_id, "trigger_next_event")
        assert answer.json == {"status": "0", "command": "trigger_next_event"}
    assert [message.channel for message in desk.sent.messages] == channels
    assert len({extract_code(text) for text in desk.sent.texts}) == 1
    assert error(desk.control(request_id, "trigger_next_event")) == (
        "19",
        f"No more events are left to execute for the request ['{request_id}']",
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"lg": "fr-fr"}, "Acme : votre code est 4821. Valable 5 minutes."),
        ({"number": "4915123456789"}, "Acme-Code: 4821. Gültig für 5 Minuten."),
        ({"number": "015123456789", "country": "DE"}, "Acme-Code: 4821. Gültig für 5 Minuten."),
        ({"pin_expiry": "120", "sender_id": "Shop"}, "Acme code: 4821. Valid for 2 minutes."),
        ({"pin_expiry": "200", "next_event_wait": "120"}, "Acme code: 4821. Valid for 2 minutes."),
    ],
)
def test_what_the_message_says(desk: Desk, fields: dict[str, object], text: str) -> None:
    """The language is that of `lg` or of the number's country; the code and the sender may be one's own."""
    request_id = desk.started(pin_code="4821", **fields)
    assert desk.sent.texts == [text]
    assert desk.sent.messages[0].sender == fields.get("sender_id")
    assert desk.check(request_id, "4821").json["status"] == "0"


def test_a_payment(desk: Desk) -> None:
    """A request for a payment names the payee, and needs a payee and an amount."""
    answer = desk.ask("psd2/json", {"number": TO, "payee": "Acme", "amount": "9.99", "code_length": "6"})
    assert answer.json["status"] == "0"
    assert desk.sent.texts == [f"Acme code: {desk.code}. Valid for 5 minutes."]
    assert len(desk.code) == 6
    assert error(desk.ask("psd2/json", {"number": TO, "payee": "Acme"})) == ("2", f"{MISSING}amount")
    assert error(desk.ask("psd2/json", {"number": TO, "payee": "Acme", "amount": "much"})) == (
        "3",
        "Invalid value for param: amount",
    )
    assert error(desk.ask("psd2/json", {"number": TO, "payee": "x" * 19, "amount": "1"})) == (
        "3",
        "Invalid value for param: payee. Parameter is too long.",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"number": ""}, ("2", f"{MISSING}number")),
        ({"brand": ""}, ("2", f"{MISSING}brand")),
        ({"brand": "x" * 19}, ("3", "Invalid value for param: brand. Parameter is too long.")),
        ({"number": "boss"}, ("3", "Invalid value for param: number")),
        ({"number": "0151"}, ("3", "Invalid value for param: number")),
        ({"number": "015123456789", "country": "XX"}, ("3", "Invalid value for param: number")),
        ({"code_length": "5"}, ("3", "Invalid value for param: code_length. The allowed values are 4 and 6.")),
        ({"workflow_id": "8"}, ("3", "Invalid value for param: workflow_id")),
        ({"pin_expiry": "59"}, ("3", "Invalid value for param: pin_expiry")),
        ({"pin_expiry": "soon"}, ("3", "Invalid value for param: pin_expiry")),
        ({"next_event_wait": "901"}, ("3", "Invalid value for param: next_event_wait")),
        ({"pin_code": "12"}, ("3", "Invalid value for param: pin_code")),
        ({"sender_id": "x" * 12}, ("3", "Invalid value for param: sender_id. Parameter is too long.")),
        ({"lg": "English"}, ("3", "Invalid value for param: lg")),
    ],
)
def test_bad_parameters(desk: Desk, fields: dict[str, object], expected: tuple[str, str]) -> None:
    """Each has its status and names the parameter; nothing is sent."""
    assert error(desk.start(**fields)) == expected
    assert desk.sent.texts == []


def test_bad_checks_and_commands(desk: Desk) -> None:
    """What is missing is status 2, an unknown request 6, an unknown command 3."""
    assert error(desk.check("", "1234")) == ("2", f"{MISSING}request_id")
    assert error(desk.check("nothing", "")) == ("2", f"{MISSING}code")
    assert error(desk.check("nothing", "1234")) == gone("nothing")
    assert error(desk.control("nothing", "")) == ("2", f"{MISSING}cmd")
    assert error(desk.control("nothing", "stop")) == ("3", "Invalid value for param: cmd")
    unknown = "The requestId 'nothing' does not exist or its no longer active."
    assert error(desk.control("nothing", "trigger_next_event")) == ("6", unknown)


def test_credentials(desk: Desk) -> None:
    """Key and secret may be fields; one that is missing is status 2, and bad ones are status 4."""
    fields = {"number": TO, "brand": "Acme", "api_key": "k", "api_secret": "s"}
    bare: dict[str, str | None] = {"Authorization": None}
    for name in ("api_key", "api_secret"):
        answer = ask(desk.verify, "POST", "/verify/json", fields | {name: ""}, headers=bare)
        assert error(answer) == ("2", f"Missing {name}")
    bad = ask(desk.verify, "POST", "/verify/json", fields, headers={"Authorization": "Basic Og=="})
    assert error(bad) == ("4", "Bad Credentials")
    assert ask(desk.verify, "POST", "/verify/json", fields, headers=bare).json["status"] == "0"


def test_a_search(desk: Desk) -> None:
    """It shows one request, or several, with their checks and events."""
    first, second = desk.started(), desk.started(number="447400123456", sender_id="Shop")
    desk.check(first, desk.wrong)
    shown = desk.search(f"request_id={first}").json
    assert (shown["request_id"], shown["number"], shown["status"]) == (first, TO, "IN PROGRESS")
    assert (shown["sender_id"], shown["date_finalized"]) == ("verify", "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", shown["date_submitted"])
    assert [check["status"] for check in shown["checks"]] == ["INVALID"]
    assert [event["type"] for event in shown["events"]] == ["sms"]
    both = desk.search(f"request_ids={first}&request_ids={second}&request_ids=nothing").json["verification_requests"]
    assert [(one["request_id"], one["sender_id"]) for one in both] == [(first, "verify"), (second, "Shop")]
    assert error(desk.search("request_id=nothing")) == ("101", "No response found")
    assert error(desk.search("")) == ("2", f"{MISSING}request_id")
    many = "&".join(f"request_ids={number}" for number in range(11))
    assert error(desk.search(many)) == ("18", "Too many request_ids provided")


def test_json_is_understood(desk: Desk) -> None:
    """A request may be JSON; a value that is none is status 3."""
    content = {"number": TO, "brand": "Acme", "code_length": 6, "lg": None}
    assert ask(desk.verify, "POST", "/verify/json", content=content).json["status"] == "0"
    assert len(desk.code) == 6
    answer = ask(desk.verify, "POST", "/verify/json", content={"number": [TO]})
    assert error(answer) == ("3", "Invalid value for param: number")


def test_what_cannot_be_read_or_sent(desk: Desk) -> None:
    """An unreadable body is 400, and what the network refuses status 5; then the number is free again."""
    answer = ask(desk.verify, "POST", "/verify/json", headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.json["status"]) == (415, "3")
    desk.sent.fails = True
    assert error(desk.start()) == ("5", "Internal Error: the network does not take this")
    desk.sent.fails = False
    desk.started()


@pytest.mark.parametrize("kind", list(VonageVerifyLegacy.FAILURES))
def test_failures_on_demand(kind: str) -> None:
    """A documented failure is a status of this API, and its number is free again."""
    status, code, message = VonageVerifyLegacy.FAILURES[kind]

    def fail(sms: OutgoingSms) -> bool:
        raise SendingFailed(Failure(kind), status, code, message)

    verify = VonageVerifyLegacy(Backend(fail))
    for _ in range(2):
        answer = ask(verify, "POST", "/verify/json", {"number": TO, "brand": "Acme"})
        assert (answer.status, error(answer)) == (200, (code, message))
