"""Telnyx's API, by requests as its SDKs send them."""

from __future__ import annotations

import json

import pytest

from tests.gateway.world import HELD, REFUSED, World

TEXT = "Your code is 482913"
GOOD = {"to": HELD, "from": "+15005550006", "text": TEXT}
HEADERS = {"Host": "api.telnyx.com", "Content-Type": "application/json", "Authorization": "Bearer KEY0123456789ABCDEF"}


def test_a_message(world: World) -> None:
    """The answer has what the SDKs' models need, and the number of parts."""
    answer = world.ask("POST", "/v2/messages", json.dumps(GOOD | {"messaging_profile_id": "p1"}), HEADERS)
    assert answer.status == 200
    data = answer.json["data"]
    assert data["from"]["phone_number"] == "+15005550006"
    assert data["to"] == [{"phone_number": HELD, "status": "queued", "carrier": "", "line_type": ""}]
    assert (data["text"], data["parts"], data["messaging_profile_id"]) == (TEXT, 1, "p1")
    assert world.network.taken == [(HELD, TEXT, "+15005550006")]


@pytest.mark.parametrize(
    ("fields", "status", "code", "pointer", "title"),
    [
        ({"from": "Shop", "text": TEXT}, 422, "10004", "/to", "Missing required parameter: to"),
        ({"to": HELD, "from": "Shop"}, 422, "10004", "/text", "Missing required parameter: text"),
        (GOOD | {"to": "12"}, 400, "40310", "/to", "Invalid 'to' address: 12 is not an E.164 phone number"),
        (GOOD | {"text": [TEXT]}, 422, "10015", "/text", "Invalid parameter: text"),
        (GOOD | {"text": REFUSED}, 400, "10015", "/", "Bad Request: the network does not take this"),
    ],
)
def test_errors(world: World, fields: object, status: int, code: str, pointer: str, title: str) -> None:
    """Each has the number that Telnyx documents for it."""
    answer = world.ask("POST", "/v2/messages", json.dumps(fields), HEADERS)
    (error,) = answer.json["errors"]
    assert (answer.status, error["code"], error["source"]["pointer"]) == (status, code, pointer)
    assert error["title"] == error["detail"] == title
    assert world.network.taken == []


@pytest.mark.parametrize("authorization", [None, "Basic a2V5OnNlY3JldA==", "Bearer "])
def test_without_a_key(world: World, authorization: str | None) -> None:
    """A Bearer key is needed."""
    answer = world.ask("POST", "/v2/messages", json.dumps(GOOD), HEADERS | {"Authorization": authorization})
    assert (answer.status, answer.json["errors"][0]["code"]) == (401, "10009")


def test_another_path(world: World) -> None:
    """At Telnyx's host, what is not served is a 404 in Telnyx's form."""
    answer = world.ask("GET", "/v2/balance", None, HEADERS)
    assert (answer.status, answer.json["errors"][0]["code"]) == (404, "10005")
