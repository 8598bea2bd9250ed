"""MessageBird's and Bird's APIs, by requests as SDKs and documentation send them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.gateway.world import FORM, HELD, REFUSED, STRAY, World

TEXT = "Your code is 482913"
GOOD = {"reference": "Foobar", "originator": "Shop", "body": TEXT, "recipients": HELD}
HEADERS = {
    "Host": "rest.messagebird.com",
    "Content-Type": "application/json; charset=UTF-8",
    "Authorization": "AccessKey test_key",
}
BIRD = {"Host": "api.bird.com", "Content-Type": "application/json", "Authorization": "AccessKey key"}
BIRD_PATH = "/workspaces/w1/channels/c1/messages"


@pytest.mark.parametrize("recipients", [f"{HELD},{STRAY}", [HELD, STRAY[1:]], [int(HELD[1:]), int(STRAY[1:])]])
def test_a_message_of_messagebird(world: World, recipients: object) -> None:
    """Recipients may be a list, or a text with commas; the answer counts them and shows their numbers as integers."""
    answer = world.ask("POST", "/messages", json.dumps(GOOD | {"recipients": recipients}), HEADERS)
    assert answer.status == 201
    said = answer.json
    assert (said["originator"], said["body"], said["reference"]) == ("Shop", TEXT, "Foobar")
    assert said["href"] == f"https://rest.messagebird.com/messages/{said['id']}"
    assert said["recipients"]["totalCount"] == 2
    assert [(each["recipient"], each["status"]) for each in said["recipients"]["items"]] == [
        (int(HELD[1:]), "sent"),
        (int(STRAY[1:]), "sent"),
    ]
    assert world.network.taken == [(HELD, TEXT, "Shop"), (STRAY, TEXT, "Shop")]


def test_a_form(world: World) -> None:
    """The API takes a form as well, and the key in the query."""
    headers = {"Host": "rest.messagebird.com", "Content-Type": FORM}
    answer = world.ask("POST", "/messages?access_key=key", urlencode(GOOD), headers)
    assert (answer.status, answer.json["reference"]) == (201, "Foobar")
    assert world.network.taken == [(HELD, TEXT, "Shop")]


@pytest.mark.parametrize(
    ("fields", "code", "description", "parameter"),
    [
        ({"originator": "Shop", "body": TEXT}, 9, "no (correct) recipients found", "recipients"),
        (GOOD | {"recipients": "12"}, 9, "no (correct) recipients found", "recipients"),
        ({"recipients": HELD, "body": TEXT}, 9, "originator is required", "originator"),
        ({"originator": "Shop", "recipients": HELD}, 9, "body is required", "body"),
        (GOOD | {"body": 1.5}, 10, "body is invalid", "body"),
        (GOOD | {"body": REFUSED}, 21, "Bad request: the network does not take this", ""),
    ],
)
def test_errors_of_messagebird(world: World, fields: object, code: int, description: str, parameter: str) -> None:
    """They are a 422 with a list of errors."""
    answer = world.ask("POST", "/messages", json.dumps(fields), HEADERS)
    assert answer.status == 422
    assert answer.json == {"errors": [{"code": code, "description": description, "parameter": parameter}]}
    assert world.network.taken == []


def test_a_message_of_bird(world: World) -> None:
    """Bird's Channels API takes contacts and a body of its own shape."""
    sent = {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": HELD}]},
        "body": {"type": "text", "text": {"text": TEXT}},
    }
    answer = world.ask("POST", BIRD_PATH, json.dumps(sent), BIRD)
    assert answer.status == 202
    said = answer.json
    assert (said["channelId"], said["status"], said["body"]) == ("c1", "accepted", sent["body"])
    assert said["receiver"]["contacts"][0]["identifierValue"] == HELD
    assert world.network.taken == [(HELD, TEXT, None)]


@pytest.mark.parametrize(
    ("contact", "message"),
    [
        ({"identifierValue": "12"}, "12 is not a valid phone number"),
        ({}, "receiver.contacts[].identifierValue is required"),
    ],
)
def test_errors_of_bird(world: World, contact: dict[str, str], message: str) -> None:
    """They have a code and a message."""
    sent = {"receiver": {"contacts": [contact]}, "body": {"type": "text", "text": {"text": TEXT}}}
    answer = world.ask("POST", BIRD_PATH, json.dumps(sent), BIRD)
    assert (answer.status, answer.json["code"], answer.json["message"]) == (422, "InvalidPayload", message)


@pytest.mark.parametrize("authorization", [None, "Basic a2V5OnNlY3JldA==", "AccessKey"])
def test_without_a_key(world: World, authorization: str | None) -> None:
    """Both need an access key."""
    answer = world.ask("POST", "/messages", json.dumps(GOOD), HEADERS | {"Authorization": authorization})
    assert answer.status == 401
    assert answer.json["errors"][0] == {
        "code": 2,
        "description": "Request not allowed (incorrect access_key)",
        "parameter": "",
    }
    answer = world.ask("POST", BIRD_PATH, "{}", BIRD | {"Authorization": authorization})
    assert (answer.status, answer.json["code"]) == (401, "Unauthenticated")
