"""Sinch's API, by requests as its SDKs send them."""

from __future__ import annotations

import json

import pytest

from tests.gateway.world import FORM, HELD, REFUSED, STRAY, World, basic

PATH = "/xms/v1/plan1/batches"
TEXT = "Your code is 482913"
GOOD = {"to": [HELD], "from": "+15005550006", "body": TEXT, "type": "mt_text"}
HEADERS = {"Host": "us.sms.api.sinch.com", "Content-Type": "application/json", "Authorization": "Bearer tok"}


@pytest.mark.parametrize("host", ["us.sms.api.sinch.com", "zt.eu.sms.api.sinch.com", "sms.api.sinch.com"])
def test_a_batch(world: World, host: str) -> None:
    """Each number gets the text, at the host of each region and kind of account."""
    answer = world.ask("POST", PATH, json.dumps(GOOD | {"to": [HELD, STRAY[1:]]}), HEADERS | {"Host": host})
    assert answer.status == 201
    said = answer.json
    assert said["to"] == [HELD[1:], STRAY[1:]]
    assert (said["from"], said["body"], said["type"], said["canceled"]) == ("+15005550006", TEXT, "mt_text", False)
    assert world.network.taken == [(HELD, TEXT, "+15005550006"), (STRAY, TEXT, "+15005550006")]


def test_a_token(world: World) -> None:
    """Clients with a project's key get a token first, and send with it."""
    headers = {"Host": "auth.sinch.com", "Content-Type": FORM, "Authorization": basic("key", "secret")}
    answer = world.ask("POST", "/oauth2/token", "grant_type=client_credentials", headers)
    assert (answer.status, answer.json["token_type"], answer.json["expires_in"]) == (200, "bearer", 3599)
    sent = HEADERS | {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert world.ask("POST", PATH, json.dumps(GOOD), sent).status == 201
    assert world.ask("POST", "/oauth2/token", "grant_type=x", headers | {"Authorization": None}).status == 401


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"from": "1", "body": TEXT}, "syntax_constraint_violation", "Missing required field 'to'"),
        ({"to": [HELD]}, "syntax_constraint_violation", "Missing required field 'body'"),
        (GOOD | {"to": [HELD, "12"]}, "syntax_invalid_parameter_format", "'12' is not a valid msisdn"),
        (GOOD | {"body": []}, "syntax_invalid_parameter_format", "The format of 'body' is invalid"),
        (GOOD | {"body": REFUSED}, "syntax_constraint_violation", "the network does not take this"),
        ([], "syntax_invalid_json", "the body is not a JSON object"),
    ],
)
def test_errors(world: World, fields: object, code: str, text: str) -> None:
    """They have the codes that Sinch lists for status 400."""
    answer = world.ask("POST", PATH, json.dumps(fields), HEADERS)
    assert (answer.status, answer.json) == (400, {"code": code, "text": text})
    assert world.network.taken == []


@pytest.mark.parametrize("authorization", [None, "Basic a2V5OnNlY3JldA=="])
def test_without_a_token(world: World, authorization: str | None) -> None:
    """A Bearer token is needed."""
    answer = world.ask("POST", PATH, json.dumps(GOOD), HEADERS | {"Authorization": authorization})
    assert (answer.status, answer.json["code"]) == (401, "unauthorized")
