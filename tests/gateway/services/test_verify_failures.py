"""Failures that a test asks for, in the verification services and in Calls: each is shown as its service does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.failures import Failure
from pytest_otp.gateway.http import FORM
from tests.gateway.world import ACCOUNT, HELD, Network, basic

VERIFY = ("/v2/Services/VA" + "1" * 32 + "/Verifications", {"To": HELD, "Channel": "sms"}, None)
CALL = (
    f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
    {"To": HELD, "From": "+15005550006", "Twiml": "<Response><Say>Your code is 4829</Say></Response>"},
    None,
)
VONAGE = ("/v2/verify", None, {"brand": "Acme", "workflow": [{"channel": "sms", "to": HELD[1:]}]})
LEGACY = ("/verify/json", {"number": HELD[1:], "brand": "Acme"}, None)

Asked = tuple[str, "dict[str, str] | None", "dict[str, object] | None"]


@pytest.mark.parametrize(
    ("asked", "error", "status", "words"),
    [
        (VERIFY, "blocked", 403, '"code": 60410'),
        (VERIFY, "rate_limited", 429, '"code": 20429'),
        (VERIFY, "undelivered", 201, '"status": "pending"'),
        (CALL, "unreachable", 400, '"code": 21214'),
        (CALL, "server_error", 500, '"code": 20500'),
        (VONAGE, "rate_limited", 429, "#throttled"),
        (VONAGE, "undelivered", 202, "request_id"),
        (LEGACY, "blocked", 200, '"status": "7"'),
        (LEGACY, "rate_limited", 200, '"status": "1"'),
    ],
)
def test_a_failure(asked: Asked, error: str, status: int, words: str) -> None:
    """The answer is the service's own, nothing arrives, and the next request is as usual."""
    failures = [Failure(error)]
    network = Network()
    client = Client(Gateway(network, failure_of=lambda service, to: failures.pop() if failures else None))
    path, form, content = asked
    headers = [("Authorization", basic(ACCOUNT, "token"))]
    sent: dict[str, Any] = {"data": urlencode(form), "content_type": FORM} if form else {"json": content}
    answer = client.post(path, headers=headers, **sent)
    assert (answer.status_code, network.taken) == (status, [])
    assert words in answer.get_data(as_text=True)
    if error != "undelivered":
        assert client.post(path, headers=headers, **sent).status_code < 300
        assert len(network.taken) == 1
