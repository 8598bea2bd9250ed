"""Vonage's Verify API, by requests written from its documentation: workflows, checks, limits and errors."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_otp.codes import extract_code
from pytest_otp.gateway.services.vonage_verify import VonageVerify
from tests.gateway.services.machine import Answer, Clock, Sent, ask
from tests.gateway.world import HELD

TO = HELD[1:]
ERRORS = "https://developer.vonage.com/api-errors"


class Desk:
    """The API with its clock and what it sent."""

    def __init__(self) -> None:
        self.sent, self.clock = Sent(), Clock()
        self.verify = VonageVerify(self.sent.backend, clock=self.clock)

    def start(self, *steps: dict[str, object], **more: object) -> Answer:
        workflow = list(steps) or [{"channel": "sms", "to": TO}]
        return ask(self.verify, "POST", "/v2/verify", content={"brand": "Acme", "workflow": workflow} | more)

    def started(self, *steps: dict[str, object], **more: object) -> str:
        """The path of a request that was accepted."""
        answer = self.start(*steps, **more)
        assert answer.status == 202
        return f"/v2/verify/{answer.json['request_id']}"

    def check(self, at: str, code: object) -> Answer:
        return ask(self.verify, "POST", at, content={"code": code})

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


def error(answer: Answer) -> tuple[int, str, str, str]:
    return answer.status, answer.json["type"].removeprefix(ERRORS), answer.json["title"], answer.json["detail"]


def missing(at: str) -> tuple[int, str, str, str]:
    request_id = at.split("/")[3]
    detail = f"Request '{request_id}' was not found or it has been verified already."
    return 404, "#not-found", "Not Found", detail


def test_a_code_is_sent_and_completes_the_request_once(desk: Desk) -> None:
    """It has four digits and the documented text; the right one is 200, `completed`, and ends the request."""
    answer = desk.start()
    assert (answer.status, list(answer.json)) == (202, ["request_id"])
    at = f"/v2/verify/{answer.json['request_id']}"
    assert desk.sent.texts == [f"Acme code: {desk.code}. Valid for 5 minutes."]
    assert re.fullmatch(r"\d{4}", desk.code)
    done = desk.check(at, desk.code)
    assert (done.status, done.json) == (200, {"request_id": answer.json["request_id"], "status": "completed"})
    assert error(desk.check(at, desk.code)) == missing(at)


def test_wrong_codes(desk: Desk) -> None:
    """Three are 400; the next check ends the request with 410, also with the right code, and frees the number."""
    at = desk.started()
    for _ in range(3):
        assert error(desk.check(at, desk.wrong)) == (
            400,
            "/verify#invalid-code",
            "Invalid Code",
            "The code you provided does not match the expected value.",
        )
    assert error(desk.check(at, desk.code)) == (
        410,
        "/verify#expired",
        "Invalid Code",
        "An incorrect code has been provided too many times. Workflow terminated.",
    )
    assert error(desk.check(at, desk.code)) == missing(at)
    desk.started()


def test_one_request_at_a_time_for_a_number(desk: Desk) -> None:
    """A second is 409 with the id of the first, until that is over; another number is free."""
    at = desk.started()
    answer = desk.start()
    assert error(answer) == (
        409,
        "/verify#conflict",
        "Conflict",
        "Concurrent verifications to the same number are not allowed.",
    )
    assert answer.json["request_id"] == at.split("/")[3]
    assert len(desk.sent.texts) == 1
    desk.started({"channel": "sms", "to": "447400123456"})
    cancelled = ask(desk.verify, "DELETE", at)
    assert (cancelled.status, cancelled.raw) == (204, b"")
    assert error(ask(desk.verify, "DELETE", at)) == missing(at)
    assert desk.started() != at
    assert error(desk.check(at, desk.code)) == missing(at)


def test_a_request_expires(desk: Desk) -> None:
    """After the time-outs of all its channels; the text says how many minutes that are."""
    at = desk.started({"channel": "sms", "to": TO}, {"channel": "voice", "to": TO}, channel_timeout=60)
    assert desk.sent.texts[-1].endswith("Valid for 2 minutes.")
    desk.clock.now += 119.9
    assert desk.check(at, desk.wrong).status == 400
    desk.clock.now += 0.1
    assert error(desk.check(at, desk.code)) == missing(at)
    desk.started()


def test_the_workflow(desk: Desk) -> None:
    """The next channel sends the same code when the application asks for it; after the last it is 409."""
    at = desk.started(
        {"channel": "sms", "to": TO, "from": "Shop"},
        {"channel": "whatsapp", "to": TO, "from": "447400123456"},
        {"channel": "voice", "to": "+447400123456"},
    )
    code = desk.code
    for _ in range(2):
        assert ask(desk.verify, "POST", f"{at}/next_workflow").status == 200
    sent = [(message.channel, message.to, message.sender) for message in desk.sent.messages]
    assert sent == [
        ("sms", HELD, "Shop"),
        ("whatsapp", HELD, "447400123456"),
        ("voice", "+447400123456", None),
    ]
    assert {extract_code(text) for text in desk.sent.texts} == {code}
    assert error(ask(desk.verify, "POST", f"{at}/next_workflow")) == (
        409,
        "/verify#conflict",
        "Conflict",
        "There are no more events left to trigger.",
    )
    assert desk.check(at, code).status == 200
    assert error(ask(desk.verify, "POST", f"{at}/next_workflow")) == missing(at)


def test_silent_authentication_goes_on_to_the_next_channel(desk: Desk) -> None:
    """It has a URL to check and no code; the SMS after it has one."""
    answer = desk.start({"channel": "silent_auth", "to": TO}, {"channel": "sms", "to": TO})
    at = f"/v2/verify/{answer.json['request_id']}"
    assert answer.json["check_url"] == f"https://api.nexmo.com{at}/silent-auth/redirect"
    assert error(desk.check(at, "1234")) == (
        409,
        "#conflict",
        "Conflict",
        "The current Verify workflow step does not support a code.",
    )
    assert desk.sent.texts == []
    assert ask(desk.verify, "POST", f"{at}/next_workflow").status == 200
    assert desk.check(at, desk.code).status == 200


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"locale": "de-de"}, "Acme-Code: a1B2. Gültig für 5 Minuten."),
        ({"locale": "cy-gb"}, "Acme code: a1B2. Valid for 5 minutes."),
        ({"workflow": [{"channel": "sms", "to": "34612345678"}]}, "Código de Acme: a1B2. Válido durante 5 minutos."),
        (
            {"workflow": [{"channel": "voice", "to": TO}]},
            "Please enter your Acme activation code a1B2, I repeat a1B2, valid the next 5 minutes.",
        ),
    ],
)
def test_what_the_message_says(desk: Desk, more: dict[str, Any], text: str) -> None:
    """The language is that of `locale` or of the number's country; the code may be one's own."""
    at = desk.started(**{"code": "a1B2", **more})
    assert desk.sent.texts == [text]
    assert desk.check(at, "a1b2").status == 400
    assert desk.check(at, "a1B2").status == 200


@pytest.mark.parametrize("length", [4, 10])
def test_the_length_of_the_code(desk: Desk, length: int) -> None:
    """From four to ten digits, as the application asks."""
    desk.started(code_length=length)
    assert len(desk.code) == length


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"brand": ""}, "brand"),
        ({"brand": None}, "brand"),
        ({"brand": 7}, "brand"),
        ({"brand": "x" * 17}, "brand"),
        ({"workflow": []}, "workflow"),
        ({"workflow": "sms"}, "workflow"),
        ({"workflow": ["sms"]}, "channel"),
        ({"workflow": [{"channel": "pigeon", "to": TO}]}, "channel"),
        ({"workflow": [{"channel": "sms", "to": "12"}]}, "to"),
        ({"workflow": [{"channel": "sms"}]}, "to"),
        ({"workflow": [{"channel": "sms", "to": TO, "from": "!"}]}, "from"),
        ({"workflow": [{"channel": "whatsapp", "to": TO}]}, "from"),
        ({"workflow": [{"channel": "email", "to": "alice@example.com"}]}, "channel"),
        ({"workflow": [{"channel": "sms", "to": TO}, {"channel": "email", "to": "alice"}]}, "to"),
        ({"workflow": [{"channel": "sms", "to": TO}, {"channel": "silent_auth", "to": TO}]}, "workflow"),
        ({"locale": "English"}, "locale"),
        ({"code": "12"}, "code"),
        ({"code_length": 3}, "code_length"),
        ({"code_length": "6"}, "code_length"),
        ({"channel_timeout": 10}, "channel_timeout"),
        ({"client_ref": "not allowed"}, "client_ref"),
    ],
)
def test_bad_parameters(desk: Desk, changes: dict[str, object], name: str) -> None:
    """Each is 422 and names the parameter; nothing is sent."""
    answer = desk.start(**changes)
    assert error(answer) == (
        422,
        "#invalid-params",
        "Invalid params",
        "The value of one or more parameters is invalid",
    )
    assert [parameter["name"] for parameter in answer.json["invalid_parameters"]] == [name]
    assert desk.sent.texts == []


def test_an_email_may_come_later(desk: Desk) -> None:
    """It is accepted as a further channel, and sends nothing that could be received here."""
    at = desk.started({"channel": "sms", "to": TO}, {"channel": "email", "to": "alice@example.com"})
    assert ask(desk.verify, "POST", f"{at}/next_workflow").status == 200
    assert len(desk.sent.texts) == 1


def test_other_errors(desk: Desk) -> None:
    """No credentials, no JSON, a code that cannot be one, another method and an unknown path each have their answer."""
    assert error(ask(desk.verify, "POST", "/v2/verify", headers={"Authorization": ""}))[:2] == (401, "#unauthorized")
    assert error(ask(desk.verify, "POST", "/v2/verify", {"brand": "Acme"}))[:2] == (400, "#invalid-json")
    at = desk.started()
    assert error(desk.check(at, 1234))[:2] == (422, "#invalid-params")
    assert error(ask(desk.verify, "GET", at))[:2] == (405, "#method-not-allowed")
    assert error(ask(desk.verify, "POST", f"{at}/other"))[:2] == (404, "#not-found")
    assert error(desk.check("/v2/verify/unknown", "1234")) == missing("/v2/verify/unknown")


def test_a_jwt_is_accepted(desk: Desk) -> None:
    """As the SDK sends one for an application."""
    headers = {"Authorization": "Bearer head.body.signature"}
    content = {"brand": "Acme", "workflow": [{"channel": "sms", "to": TO}]}
    assert ask(desk.verify, "POST", "/v2/verify", content=content, headers=headers).status == 202


def test_what_the_network_refuses(desk: Desk) -> None:
    """It is an internal error, and the number is free again."""
    desk.sent.fails = True
    assert error(desk.start()) == (
        500,
        "#internal-error",
        "Internal Error",
        "There was an error: the network does not take this",
    )
    desk.sent.fails = False
    desk.started()


def test_a_failure_has_vonage_s_form(desk: Desk) -> None:
    """Each documented failure can be answered as Vonage does."""
    for status, code, message in VonageVerify.FAILURES.values():
        made = desk.verify.refusal(status, message, code)
        shown = error(Answer(made.status_code, made.get_data()))
        assert (shown[0], shown[1], shown[3]) == (status, code, message)
