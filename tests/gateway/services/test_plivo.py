"""Plivo's API, by requests as its SDKs send them."""

from __future__ import annotations

import json

import pytest

from tests.gateway.world import HELD, REFUSED, STRAY, World, basic

PATH = "/v1/Account/MAXXXXXXXXXXXXXXXXXX/Message/"
TEXT = "Your code is 482913"
GOOD = {"src": "15005550006", "dst": HELD[1:], "text": TEXT}
HEADERS = {
    "Host": "api.plivo.com",
    "Content-Type": "application/json",
    "Authorization": basic("MAXXXXXXXXXXXXXXXXXX", "token"),
}


def test_messages(world: World) -> None:
    """Each of the numbers that stand between `<` gets the text, and an identifier in the answer."""
    answer = world.ask("POST", PATH, json.dumps(GOOD | {"dst": f"{HELD[1:]}<{STRAY[1:]}"}), HEADERS)
    assert answer.status == 202
    said = answer.json
    assert said["message"] == "message(s) queued"
    assert len({said["api_id"], *said["message_uuid"]}) == 3
    assert world.network.taken == [(HELD, TEXT, "15005550006"), (STRAY, TEXT, "15005550006")]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"src": "1", "text": TEXT}, "dst parameter not present"),
        ({"src": "1", "dst": HELD}, "text parameter not present"),
        (GOOD | {"dst": "12"}, "dst parameter is invalid: 12 is not a phone number"),
        (GOOD | {"dst": HELD + "<12"}, "dst parameter is invalid: 12 is not a phone number"),
        (GOOD | {"text": {}}, "text parameter is invalid"),
        (GOOD | {"text": REFUSED}, "the network does not take this"),
    ],
)
def test_errors(world: World, fields: object, error: str) -> None:
    """They are a 400 with a sentence, and nothing is sent."""
    answer = world.ask("POST", PATH, json.dumps(fields), HEADERS)
    assert (answer.status, answer.json["error"]) == (400, error)
    assert set(answer.json) == {"api_id", "error"}
    assert world.network.taken == []


@pytest.mark.parametrize("authorization", [None, basic("MA", ""), "Bearer x"])
def test_without_credentials(world: World, authorization: str | None) -> None:
    """Basic authentication with both parts is needed."""
    answer = world.ask("POST", PATH, json.dumps(GOOD), HEADERS | {"Authorization": authorization})
    assert (answer.status, answer.json["error"]) == (401, "authentication failed: invalid Auth ID or Auth Token")


def test_other_requests(world: World) -> None:
    """Other paths and methods are refused in Plivo's form."""
    assert world.ask("GET", PATH, None, HEADERS).json["error"] == "method not allowed"
    answer = world.ask("POST", "/v1/Account/MA/Call/", "{}", HEADERS)
    assert (answer.status, set(answer.json)) == (404, {"api_id", "error"})
    assert "does not serve POST /v1/Account/MA/Call/" in answer.json["error"]
