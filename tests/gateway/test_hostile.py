"""Requests that no SDK sends: the gateway stays up, loses no valid message and delivers no invalid one."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from pytest_otp.gateway.app import Gateway
from tests.gateway.hostile import ALL_SERVICES, JSON, SERVICES, TEXT, WIRE, bodies, head
from tests.gateway.world import FORM, HELD, Network, World

each_service = pytest.mark.parametrize("service", list(SERVICES))


def good(world: World, service: str, text: str = TEXT) -> None:
    """Send one, and see that it arrives."""
    path, headers, body = ALL_SERVICES[service]
    before = len(world.network.taken)
    answer = world.ask("POST", path, body(text), headers)
    assert answer.status in (200, 201, 202)
    assert [taken[:2] for taken in world.network.taken[before:]] == [(HELD, text)]


@contextlib.contextmanager
def connected(world: World) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", urlsplit(world.url).port or 0), timeout=30) as raw:
        yield raw


def exchanged(world: World, sent: bytes) -> bytes:
    """What comes back for some bytes and the end of sending; nothing where the server just hangs up."""
    with connected(world) as raw, contextlib.suppress(ConnectionError):
        raw.sendall(sent)
        with contextlib.suppress(OSError):  # it may have hung up
            raw.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: raw.recv(65536), b""))
    return b""


@each_service
@pytest.mark.parametrize("kind", list(bodies("plain")))
def test_a_bad_body_is_refused_and_the_next_good_one_arrives(world: World, service: str, kind: str) -> None:
    """Each bad body gets a 4xx (or the SMS API's own 200), and nothing is delivered."""
    body, more, statuses = bodies(service)[kind]
    path, headers, _ = SERVICES[service]
    answer = world.ask("POST", path, body, headers | more)
    assert answer.status in statuses
    assert world.network.taken == []
    good(world, service)


@pytest.mark.parametrize("service", ["twilio", "vonage", "sns", "africastalking"])
def test_a_form_must_be_utf_8_below_its_percents_too(world: World, service: str) -> None:
    """Bytes that are no UTF-8 are refused also where they are written with percents, instead of being replaced."""
    path, headers, body = SERVICES[service]
    answer = world.ask("POST", path, body(TEXT).replace("482913", "%ff%fe"), headers)
    assert answer.status == 400
    assert b"the body is not UTF-8" in answer.raw
    assert world.network.taken == []


@pytest.mark.parametrize("kind", list(WIRE))
def test_bad_bytes_are_survived(world: World, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Broken HTTP is answered with an error or a closed connection, not with words on the terminal."""
    answer = exchanged(world, WIRE[kind])
    if answer.startswith(b"HTTP/"):
        assert 400 <= int(answer.split(b" ", 2)[1]) < 600
    assert world.network.taken == []
    for service in ALL_SERVICES:
        good(world, service)
    assert capfd.readouterr() == ("", "")


@each_service
def test_a_slow_sender_holds_nobody_up(world: World, service: str) -> None:
    """While some senders stop in the middle of their bodies, others get through; a slow one too, in the end."""
    body = SERVICES[service][2](TEXT).encode()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(world)) for _ in range(20)]
        for raw in slow:
            raw.sendall(head(service, f"Content-Length: {len(body)}") + body[:10])
        good(world, service)
        slow[0].sendall(body[10:20])
        assert len(world.network.taken) == 1
        slow[0].sendall(body[20:])
        assert slow[0].recv(65536).startswith(b"HTTP/1.1 20")
    assert [taken[:2] for taken in world.network.taken] == [(HELD, TEXT)] * 2


@each_service
def test_a_replayed_request_is_another_message(world: World, service: str) -> None:
    """The same request twice sends two messages, as at the real services."""
    good(world, service)
    good(world, service)


@each_service
@pytest.mark.parametrize(
    "text", ["é", "🔑", "\u202eevil", "a\x00b", "\ufeff1", "<script>alert(1)</script>", "x" * 1500]
)
def test_any_text_arrives_as_it_was_sent(world: World, service: str, text: str) -> None:
    """No character is lost or changed on the way."""
    good(world, service, text)


def test_many_at_once(world: World) -> None:
    """Of 1,000 messages by 50 senders each arrives once, with its own answer, and is in the log."""
    services = list(ALL_SERVICES)

    def send(number: int) -> int:
        path, headers, body = ALL_SERVICES[services[number % len(services)]]
        # No second try, which an SDK would make: none may be needed.
        return world.ask("POST", path, body(f"code {number}"), headers).status

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(send, range(1000)))
    assert set(statuses) <= {200, 201, 202}
    expected = sorted((HELD, f"code {number}") for number in range(1000))
    assert sorted(taken[:2] for taken in world.network.taken) == expected
    assert sorted((sms.to, sms.text) for sms in world.gateway.log) == expected


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(HELD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = """
    to text from To Body From MediaUrl api_key api_secret channel message_type type Action PhoneNumber Message
    MessageAttributes.entry.1.Name messages destinations content username message dst src originator recipients body
    receiver
    ContentSid ContentVariables StatusCallback callback webhook_url
"""
NAMES = st.sampled_from(FIELDS.split())
VALUES: st.SearchStrategy[str] = st.sampled_from([HELD, HELD[1:], "Publish", "sms", "text", "Shop", TEXT]) | st.text(
    max_size=30
)


def as_form(fields: dict[str, str]) -> bytes:
    return "&".join(f"{name}={quote(value, errors='replace')}" for name, value in fields.items()).encode()


BODIES = (
    st.binary(max_size=200)
    | st.dictionaries(NAMES, JSON_VALUES, max_size=7).map(lambda fields: json.dumps(fields).encode())
    | st.dictionaries(NAMES, VALUES, max_size=10).map(as_form)
)


# What stands in an answer once for each message that was accepted; in the others' answers there is one message.
OF_EACH_MESSAGE = {
    "vonage": b'"status": "0"',
    "telnyx": b'"status": "queued"',
    "africastalking": b'"statusCode": 101',
    "infobip": b"PENDING_ACCEPTED",
    "messagebird": b'"status": "sent"',
}


def accepted(service: str, answer: bytes) -> int:
    """How many messages an answer that is no error says were accepted."""
    if service == "plivo":
        return len(json.loads(answer)["message_uuid"])
    if service == "bird":
        return len(json.loads(answer)["receiver"]["contacts"])
    if service == "sinch":
        return len(json.loads(answer)["to"])
    return answer.count(OF_EACH_MESSAGE[service]) if service in OF_EACH_MESSAGE else 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    service=st.sampled_from(list(ALL_SERVICES)),
    body=BODIES,
    content_type=st.sampled_from([JSON, FORM, "text/plain", ""]),
)
def test_any_request_is_answered(service: str, body: bytes, content_type: str) -> None:
    """No body makes a service fail, and only possible numbers and texts that are not blank are delivered."""
    network = Network()
    path, headers, _ = ALL_SERVICES[service]
    with contextlib.closing(Gateway(network)) as gateway:
        answer = Client(gateway).post(path, data=body, headers=headers | {"Content-Type": content_type})
    assert answer.status_code in (200, 201, 202, 400, 404, 413, 415, 422)
    assert len(network.taken) == (accepted(service, answer.data) if answer.status_code < 300 else 0)
    for to, text, _ in network.taken:
        assert to[0] == "+"
        assert to[1:].isdigit()
        assert text.strip()
        text.encode()


@settings(max_examples=100, deadline=None)
@given(service=st.sampled_from(list(ALL_SERVICES)), text=st.text(min_size=1, max_size=300).filter(str.strip))
def test_any_valid_text_is_delivered_unchanged(service: str, text: str) -> None:
    """A text of any characters is accepted and delivered unchanged."""
    network = Network()
    path, headers, body = ALL_SERVICES[service]
    answer = Client(Gateway(network)).post(path, data=body(text), headers=headers)
    assert answer.status_code in (200, 201, 202)
    assert [taken[:2] for taken in network.taken] == [(HELD, text)]
