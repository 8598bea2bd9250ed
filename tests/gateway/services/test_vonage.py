"""Vonage's APIs, by raw requests written from its documentation: both APIs, and each error's number."""

from __future__ import annotations

import json
import re

import pytest

from pytest_otp.codes import extract_code
from tests.gateway.world import HELD, REFUSED, World, basic

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SMS = {"api_key": "abcd1234", "api_secret": "secret", "from": "Shop", "to": HELD[1:], "text": "Your code is 482913"}
MESSAGE = {"channel": "sms", "message_type": "text", "to": HELD[1:], "from": "Shop", "text": "Your code is 482913"}
TAKEN = (HELD, "Your code is 482913", "Shop")


def test_an_sms_is_accepted_and_handed_on(world: World) -> None:
    """The count is text, the status is "0", and each field of the documented answer is there."""
    answer = world.vonage_sms(SMS | {"client-ref": "order 7"})
    assert answer.status == 200
    content = answer.json
    assert content["message-count"] == "1"
    (message,) = content["messages"]
    assert UUID.fullmatch(message.pop("message-id"))
    assert message == {
        "to": "12015550123",
        "status": "0",
        "remaining-balance": "10.00000000",
        "message-price": "0.00000000",
        "network": "00000",
        "client-ref": "order 7",
    }
    assert world.network.taken == [TAKEN]


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("x" * 160, "text", 1),
        ("x" * 161, "text", 2),
        ("€" * 80, "text", 1),
        ("€" * 81, "text", 2),
        ("x" * 71, "unicode", 2),
        ("ы" * 70, "unicode", 1),
        ("🔑" * 36, "unicode", 2),
        ("x" * 3200, "text", 21),
    ],
)
def test_a_long_text_is_several_messages(world: World, text: str, kind: str, count: int) -> None:
    """Each part has an entry of its own in the answer; the network gets the whole."""
    content = world.vonage_sms(SMS | {"text": text, "type": kind}).json
    assert content["message-count"] == str(count)
    assert len({message["message-id"] for message in content["messages"]}) == count
    assert world.network.taken == [(HELD, text, "Shop")]


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"api_key": ""}, "2", "Missing api_key param"),
        ({"api_secret": ""}, "2", "Missing api_secret param"),
        ({"sig": "0123456789abcdef"}, "32", "Signature And API Secret Disallowed"),
        ({"from": ""}, "2", "Missing from param"),
        ({"to": ""}, "2", "Missing to param"),
        ({"text": " "}, "2", "Missing text param"),
        ({"type": "binary"}, "3", "Invalid type param"),
        ({"to": "the boss"}, "3", "Invalid to param"),
        ({"to": "0012015550123"}, "3", "Invalid to param"),
        ({"to": "999123456789"}, "6", "Unroutable message - rejected"),
        ({"from": "A name that is too long"}, "15", "Illegal Sender Address - rejected"),
        ({"text": "x" * 3201}, "12", "Message Too Long"),
        ({"text": REFUSED}, "5", "Internal Error: the network does not take this"),
    ],
)
def test_an_sms_that_is_refused_is_200_with_a_number(
    world: World, changes: dict[str, str], status: str, text: str
) -> None:
    """The SMS API has no HTTP errors; the error number is in the only message, and nothing is delivered."""
    answer = world.vonage_sms(SMS | changes)
    assert answer.status == 200
    assert answer.json == {"message-count": "1", "messages": [{"status": status, "error-text": text}]}
    assert world.network.taken == []


@pytest.mark.parametrize("authorization", ["Basic !!!", "Bearer x", basic("key", ""), basic("", "secret")])
def test_a_bad_header_is_bad_credentials(world: World, authorization: str) -> None:
    """A header that is there is what counts."""
    answer = world.vonage_sms(SMS, Authorization=authorization)
    assert answer.json["messages"] == [{"status": "4", "error-text": "Bad Credentials"}]
    assert world.network.taken == []


def test_other_ways_to_send_an_sms(world: World) -> None:
    """Basic authentication, a signature, the query string, JSON, and a form that calls itself JSON are taken too."""
    rest = {name: value for name, value in SMS.items() if not name.startswith("api")}
    signed = rest | {"api_key": "abcd1234", "sig": "0123456789abcdef", "timestamp": "1700000000"}
    answers = [
        world.vonage_sms(rest, Authorization=basic("key", "secret")),
        world.vonage_sms(signed),
        world.ask("POST", "/sms/json?api_key=k&api_secret=s&to=12015550123&from=Shop&text=Your+code+is+482913"),
        world.ask("POST", "/sms/json", json.dumps(SMS | {"ttl": None}), {"Content-Type": "application/json"}),
        world.vonage_sms(SMS, **{"Content-Type": "application/json"}),
        world.vonage_sms(SMS | {"to": HELD}),
    ]
    assert [answer.json["messages"][0]["status"] for answer in answers] == ["0"] * 6
    assert world.network.taken == [TAKEN] * 6


@pytest.mark.parametrize("value", [["12015550123"], {"a": 1}, "\ud83d"])
def test_json_must_have_plain_values(world: World, value: object) -> None:
    """A list, an object and an unpaired surrogate are invalid parameters."""
    answer = world.ask("POST", "/sms/json", json.dumps(SMS | {"to": value}), {"Content-Type": "application/json"})
    assert answer.json["messages"] == [{"status": "3", "error-text": "Invalid to param"}]


def test_a_message_is_accepted_and_handed_on(world: World) -> None:
    """The Messages API answers 202 with the message's UUID alone."""
    answer = world.vonage_messages(MESSAGE)
    assert answer.status == 202
    assert answer.json.keys() == {"message_uuid"}
    assert UUID.fullmatch(answer.json["message_uuid"])
    assert world.network.taken == [TAKEN]


def test_a_message_with_a_failover_has_a_workflow(world: World) -> None:
    """The first message arrives, so the others are not sent."""
    answer = world.vonage_messages(MESSAGE | {"failover": [MESSAGE]})
    assert answer.json.keys() == {"message_uuid", "workflow_id"}
    assert world.network.taken == [TAKEN]


@pytest.mark.parametrize(
    ("changes", "code", "name", "title", "detail"),
    [
        *[
            ({name: None}, 1010, name, "Missing params", f"incomplete and missing the mandatory parameter `{name}`")
            for name in MESSAGE
        ],
        ({"text": ""}, 1010, "text", "Missing params", "incomplete and missing the mandatory parameter `text`"),
        ({"text": 482913}, 1020, "text", "Invalid params", "`text` must be a string"),
        ({"text": "\ud83d"}, 1020, "text", "Invalid params", "`text` must be a string"),
        ({"channel": "mms"}, 1020, "channel", "Invalid params", "only text messages over sms"),
        ({"message_type": "template"}, 1020, "message_type", "Invalid params", "only text messages over sms"),
        (
            {"channel": "whatsapp", "message_type": "template"},
            1020,
            "template",
            "Invalid params",
            "`template` must name a template",
        ),
        (
            {"message_type": "image"},
            1020,
            "message_type",
            "Invalid params",
            "only text messages over sms",
        ),
        ({"to": "12"}, 1170, "to", "Invalid or Missing Msisdn Param", "The `to` parameter is not a phone number."),
        ({"to": "999123456789"}, 1170, "to", "Invalid or Missing Msisdn Param", "not a phone number"),
        ({"from": "!"}, 1120, "from", "Invalid sender", "The `from` parameter is invalid for the given channel."),
        ({"text": "x" * 3201}, 1090, "text", "Message too long", "The `text` is longer than 3200 characters."),
    ],
)
def test_a_message_that_is_refused_is_422(
    world: World, changes: dict[str, object], code: int, name: str, title: str, detail: str
) -> None:
    """The answer is a problem document that names the parameter, and nothing is delivered."""
    answer = world.vonage_messages(MESSAGE | changes)
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    content = answer.json
    assert re.fullmatch(r"[0-9a-f]{32}", content["instance"])
    assert content["type"] == f"https://developer.vonage.com/api-errors/messages#{code}"
    assert content["title"] == title
    assert detail in content["detail"]
    assert [item["name"] for item in content["invalid_parameters"]] == [name]
    assert world.network.taken == []


@pytest.mark.parametrize("authorization", [None, "Basic !!!", basic("key", ""), "Bearer", "Bearer a.b", "Bearer a.b.ü"])
def test_a_message_needs_credentials(world: World, authorization: str | None) -> None:
    """Without a JWT or a key and secret it is 401."""
    answer = world.vonage_messages(MESSAGE, Authorization=authorization)
    assert answer.status == 401
    content = answer.json
    assert content["type"] == "https://developer.vonage.com/api-errors#unauthorized"
    assert content["detail"] == "You did not provide correct credentials."
    assert world.network.taken == []


def test_a_jwt_is_taken(world: World) -> None:
    """Any JWT of three parts is accepted; the signature is not checked."""
    assert world.vonage_messages(MESSAGE, Authorization="Bearer aaa.bbb.ccc-_").status == 202


@pytest.mark.parametrize("body", ["", "{", "[]", "1"])
def test_a_message_that_is_no_object_is_400(world: World, body: str) -> None:
    """A body that is not a JSON object is refused."""
    headers = {"Content-Type": "application/json", "Authorization": basic("key", "secret")}
    answer = world.ask("POST", "/v1/messages", body, headers)
    assert (answer.status, answer.json["title"]) == (400, "Invalid JSON")


def test_a_network_that_fails_is_their_internal_error(world: World) -> None:
    """An SMS that the network refuses is a 500 with the network's message."""
    answer = world.vonage_messages(MESSAGE | {"text": REFUSED})
    assert (answer.status, answer.json["detail"]) == (500, "There was an error: the network does not take this")


def test_another_method_is_405(world: World) -> None:
    """Only POST is allowed at either path."""
    for path in ("/sms/json", "/v1/messages"):
        answer = world.ask("GET", path)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert answer.json["detail"] == "GET is not allowed; use POST"


def test_another_path_of_their_host_is_404(world: World) -> None:
    """At Vonage's own name, what is not served is Vonage's to answer."""
    answer = world.ask("POST", "/v2/other", b"{}", {"Host": "api.nexmo.com"})
    assert (answer.status, answer.json["title"]) == (404, "Not found")


CODE = [{"type": "text", "text": "482913"}]
TEMPLATE = {
    "name": "otp",
    "language": {"code": "en"},
    "components": [
        {"type": "body", "parameters": CODE},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": CODE},
    ],
}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"message_type": "text", "text": "Your code is 482913"}, "Your code is 482913"),
        (
            {"message_type": "template", "template": {"name": "9b6b4f88_ns:otp", "parameters": ["Anna", "482913"]}},
            "otp: Anna, 482913",
        ),
        (
            {"message_type": "template", "template": {"name": "otp", "parameters": [{"default": "482913"}]}},
            "otp: 482913",
        ),
        ({"message_type": "custom", "custom": {"type": "template", "template": TEMPLATE}}, "otp: 482913"),
    ],
)
def test_whatsapp(world: World, content: dict[str, object], text: str) -> None:
    """A text arrives as it is, a template as its name and parameters, both with their channel."""
    message = {"channel": "whatsapp", "to": HELD[1:], "from": "447400123456", **content}
    assert world.vonage_messages(message).status == 202
    [taken] = world.gateway.log
    assert (taken.channel, taken.to, taken.sender, taken.text) == ("whatsapp", HELD, "447400123456", text)
    assert extract_code(taken.text) == "482913"
