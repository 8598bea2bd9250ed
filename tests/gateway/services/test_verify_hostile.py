"""Requests to the verification services and Calls that no SDK sends, and many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import Client

from pytest_otp.codes import extract_code
from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.services.twilio_verify import MOST_SENDS, TwilioVerify
from pytest_otp.gateway.services.vonage_verify import VonageVerify
from pytest_otp.gateway.services.vonage_verify_legacy import VonageVerifyLegacy
from tests.gateway.hostile import JSON, bodies
from tests.gateway.services.machine import Answer, Clock, Sent, ask
from tests.gateway.world import ACCOUNT, FORM, HELD, Network, basic

SERVICE = "/v2/Services/VA" + "1" * 32
ENDPOINTS = {
    f"{SERVICE}/Verifications": FORM,
    f"{SERVICE}/VerificationCheck": FORM,
    f"{SERVICE}/Verifications/{HELD}": FORM,
    "/v2/Services": FORM,
    SERVICE: FORM,
    f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json": FORM,
    "/v2/verify": JSON,
    "/v2/verify/unknown": JSON,
    "/verify/json": FORM,
    "/verify/check/json": JSON,
    "/verify/control/json": FORM,
}


@pytest.mark.parametrize("kind", list(bodies("plain")))
@pytest.mark.parametrize("path", list(ENDPOINTS))
def test_a_bad_body_is_answered_and_sends_nothing(path: str, kind: str) -> None:
    """Each bad body gets an answer that is no fault of the gateway, and nothing is delivered."""
    network = Network()
    client = Client(Gateway(network))
    body, more, _ = bodies("plain" if ENDPOINTS[path] == JSON else "twilio")[kind]
    headers = {"Content-Type": ENDPOINTS[path], "Authorization": basic(ACCOUNT, "token"), **more}
    answer = client.post(path, data=body, headers=list(headers.items()))
    assert answer.status_code in (200, 400, 404, 413, 415, 422)
    assert network.taken == []
    assert client.post("/sms", json={"to": HELD, "text": "Your code is 482913"}).status_code == 202


def at_once(call: Callable[[int], int]) -> Counter[int]:
    with ThreadPoolExecutor(16) as pool:
        return Counter(pool.map(call, range(64)))


def test_many_sends_at_once_to_a_number() -> None:
    """Exactly as many are sent as are allowed, all with one code."""
    sent = Sent()
    verify = TwilioVerify(sent.backend)
    fields = {"To": HELD, "Channel": "sms"}
    statuses = at_once(lambda _: ask(verify, "POST", f"{SERVICE}/Verifications", fields).status)
    assert statuses == {201: MOST_SENDS, 429: 64 - MOST_SENDS}
    assert len(sent.texts) == MOST_SENDS
    assert len(set(sent.texts)) == 1


def test_many_requests_at_once_for_a_number() -> None:
    """One is accepted, the others are told of it."""
    sent = Sent()
    verify = VonageVerify(sent.backend)
    content = {"brand": "Acme", "workflow": [{"channel": "sms", "to": HELD[1:]}]}
    assert at_once(lambda _: ask(verify, "POST", "/v2/verify", content=content).status) == {202: 1, 409: 63}
    assert len(sent.texts) == 1


def test_many_checks_at_once_approve_once() -> None:
    """The right code is good for one of them."""
    sent = Sent()
    verify = TwilioVerify(sent.backend)
    ask(verify, "POST", f"{SERVICE}/Verifications", {"To": HELD, "Channel": "sms", "CustomCode": "424242"})
    check = {"To": HELD, "Code": "424242"}
    assert at_once(lambda _: ask(verify, "POST", f"{SERVICE}/VerificationCheck", check).status) == {200: 1, 404: 63}


class Overtaken(Clock):
    """Another request comes while this one reads the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def __call__(self) -> float:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return self.now


def test_a_check_that_is_overtaken() -> None:
    """Vonage's right code is good once, also for a check that had found the request under way, in either API."""
    sent, clock = Sent(), Overtaken()
    verify, legacy = VonageVerify(sent.backend, clock=clock), VonageVerifyLegacy(sent.backend, clock=clock)
    content = {"brand": "Acme", "workflow": [{"channel": "sms", "to": HELD[1:]}], "code": "4829"}
    path = "/v2/verify/" + ask(verify, "POST", "/v2/verify", content=content).json["request_id"]

    def check() -> Answer:
        return ask(verify, "POST", path, content={"code": "4829"})

    clock.meanwhile = check
    assert check().status == 404

    key = {"api_key": "abcd1234", "api_secret": "secret"}
    fields = {**key, "number": HELD[1:], "brand": "Acme"}
    started = ask(legacy, "POST", "/verify/json", fields).json["request_id"]
    given = {**key, "request_id": started, "code": extract_code(sent.texts[-1])}

    def check_there() -> Answer:
        return ask(legacy, "POST", "/verify/check/json", given)

    clock.meanwhile = check_there
    assert check_there().json["status"] == "6"
