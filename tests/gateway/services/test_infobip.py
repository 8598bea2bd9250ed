"""Infobip's API in both versions, by requests as its SDKs send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.world import HELD, REFUSED, STRAY, World, basic

TEXT = "Your code is 482913"
HEADERS = {"Host": "xyz123.api.infobip.com", "Content-Type": "application/json", "Authorization": "App key"}
NEW, OLD = "/sms/3/messages", "/sms/2/text/advanced"


def new(to: object, text: object = TEXT) -> dict[str, Any]:
    return {"sender": "Shop", "destinations": [{"to": each} for each in [to]], "content": {"text": text}}


def old(to: object, text: object = TEXT) -> dict[str, Any]:
    return {"from": "Shop", "destinations": [{"to": to}], "text": text}


def ask(world: World, path: str, *messages: object, **headers: str | None) -> Any:
    return world.ask("POST", path, json.dumps({"messages": messages}), HEADERS | headers)


def test_the_newer_version(world: World) -> None:
    """Each message has texts, senders and destinations of its own."""
    answer = ask(world, NEW, new(HELD), new(STRAY[1:], "two"))
    assert answer.status == 200
    first, second = answer.json["messages"]
    assert (first["destination"], first["status"]["name"]) == (HELD[1:], "PENDING_ACCEPTED")
    assert first["details"] == {"messageCount": 1}
    assert first["messageId"] != second["messageId"]
    assert world.network.taken == [(HELD, TEXT, "Shop"), (STRAY, "two", "Shop")]


def test_the_older_version(world: World) -> None:
    """The same in the shape of version 2."""
    answer = ask(world, OLD, old(HELD))
    assert answer.status == 200
    (message,) = answer.json["messages"]
    assert (message["to"], message["status"]["groupName"]) == (HELD[1:], "PENDING")
    assert world.network.taken == [(HELD, TEXT, "Shop")]


@pytest.mark.parametrize(("path", "message", "field"), [(NEW, new, "destination"), (OLD, old, "to")])
def test_an_invalid_number(world: World, path: str, message: Any, field: str) -> None:
    """It is no error of the request: its message is rejected, and the others are sent."""
    answer = ask(world, path, message("12"), message(HELD))
    assert answer.status == 200
    rejected, accepted = answer.json["messages"]
    assert (rejected[field], rejected["status"]["name"]) == ("12", "REJECTED_DESTINATION")
    assert accepted["status"]["groupName"] == "PENDING"
    assert [taken[0] for taken in world.network.taken] == [HELD]


@pytest.mark.parametrize(
    ("message", "field", "words"),
    [
        ({"content": {"text": TEXT}}, "messages[].destinations[].to", "must not be null."),
        ({"destinations": [{"to": HELD}]}, "messages[].content.text", "must not be null."),
        (new(HELD, {}), "messages[].content.text", "is not valid."),
    ],
)
def test_errors_of_the_newer_version(world: World, message: object, field: str, words: str) -> None:
    """They have every field that the SDK's model of an error needs."""
    answer = ask(world, NEW, message)
    assert answer.status == 400
    assert set(answer.json) == {"errorCode", "description", "action", "violations", "resources"}
    assert answer.json["errorCode"] == "E400"
    assert answer.json["description"] == f"Request cannot be processed: {field} {words}"
    assert world.network.taken == []


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"text": TEXT}, "Bad Request: messages[].destinations[].to must not be null"),
        (old(HELD, 1.5), "Bad Request: messages[].text is not valid"),
        (old(HELD, REFUSED), "Bad Request: the network does not take this"),
    ],
)
def test_errors_of_the_older_version(world: World, message: object, text: str) -> None:
    """They are a service exception."""
    answer = ask(world, OLD, message)
    assert answer.status == 400
    assert answer.json == {"requestError": {"serviceException": {"messageId": "BAD_REQUEST", "text": text}}}


def test_credentials(world: World) -> None:
    """A key, Basic, a session and a token are all accepted; without one it is a 401 in either form."""
    for given in ("App key", basic("user", "password"), "IBSSO token", "Bearer token"):
        assert ask(world, NEW, new(HELD), Authorization=given).status == 200
    answer = ask(world, NEW, new(HELD), Authorization=None)
    assert (answer.status, answer.json["errorCode"]) == (401, "E401")
    answer = ask(world, OLD, old(HELD), Authorization="App")
    assert answer.status == 401
    assert answer.json["requestError"]["serviceException"]["messageId"] == "UNAUTHORIZED"
