"""Africa's Talking's API, by requests as its SDKs send them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.gateway.world import FORM, HELD, REFUSED, STRAY, World

PATH, BULK = "/version1/messaging", "/version1/messaging/bulk"
TEXT = "Your code is 482913"
GOOD = {"username": "user", "to": HELD, "message": TEXT, "bulkSMSMode": 1, "from": "Shop"}
HEADERS = {"Host": "api.africastalking.com", "Content-Type": FORM, "apiKey": "key", "Accept": "application/json"}


def test_messages(world: World) -> None:
    """Each number gets the text, and a recipient in the answer; those that are not valid are reported there."""
    answer = world.ask("POST", PATH, urlencode(GOOD | {"to": f"{HELD},12,{STRAY}"}), HEADERS)
    assert (answer.status, answer.headers["Content-Type"]) == (201, "application/json")
    said = answer.json["SMSMessageData"]
    assert said["Message"].startswith("Sent to 2/3 ")
    assert [(each["number"], each["statusCode"], each["status"]) for each in said["Recipients"]] == [
        (HELD, 101, "Success"),
        ("12", 403, "InvalidPhoneNumber"),
        (STRAY, 101, "Success"),
    ]
    assert said["Recipients"][0]["messageId"].startswith("ATXid_")
    assert world.network.taken == [(HELD, TEXT, "Shop"), (STRAY, TEXT, "Shop")]


@pytest.mark.parametrize("host", ["api.sandbox.africastalking.com", "content.africastalking.com"])
def test_other_hosts(world: World, host: str) -> None:
    """The sandbox and the host of premium messages are served, too."""
    assert world.ask("POST", PATH, urlencode(GOOD), HEADERS | {"Host": host}).status == 201


def test_the_bulk_endpoint(world: World) -> None:
    """It takes JSON with a list of numbers."""
    sent = {"username": "user", "phoneNumbers": [HELD, STRAY], "message": TEXT, "senderId": "Shop"}
    answer = world.ask("POST", BULK, json.dumps(sent), HEADERS | {"Content-Type": "application/json"})
    assert answer.status == 201
    assert len(answer.json["SMSMessageData"]["Recipients"]) == 2
    assert world.network.taken == [(HELD, TEXT, "Shop"), (STRAY, TEXT, "Shop")]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": "user", "message": TEXT}, "Request is missing required form field 'to'"),
        ({"username": "user", "to": HELD}, "Request is missing required form field 'message'"),
        ({"to": HELD, "message": TEXT}, "Request is missing required form field 'username'"),
        (GOOD | {"message": REFUSED}, "The request was rejected: the network does not take this"),
    ],
)
def test_errors(world: World, fields: dict[str, object], words: str) -> None:
    """They are plain text, which the SDKs show as it is."""
    answer = world.ask("POST", PATH, urlencode(fields), HEADERS)
    assert (answer.status, answer.raw.decode()) == (400, words)
    assert answer.headers["Content-Type"] == "text/plain"
    assert world.network.taken == []


def test_without_a_key(world: World) -> None:
    """The header apiKey is needed."""
    answer = world.ask("POST", PATH, urlencode(GOOD), HEADERS | {"apiKey": None})
    assert (answer.status, answer.raw) == (401, b"The supplied authentication is invalid")
