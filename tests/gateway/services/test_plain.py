"""The plain SMS API over real sockets: what it accepts, and each of its errors."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.http import MAX_BODY
from pytest_otp.offline.carrier import Carrier
from pytest_otp.server.server import Server

GOOD = {"to": "+12015550123", "text": "Your code is 482913", "from": "Shop"}


@dataclass
class Network:
    """Records what it is given; holds one number."""

    taken: list[tuple[str, str, str | None]] = field(default_factory=list)

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        if text == "refuse me":
            raise SettingsError("the network does not take this")
        self.taken.append((to, text, sender))
        return to == GOOD["to"]


@dataclass
class World:
    url: str
    network: Network
    strays: list[str]

    def post(
        self, body: bytes, *, method: str = "POST", path: str = "/sms", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
            answer = connection.getresponse()
            raw = answer.read()
            assert answer.headers["Content-Type"] == "application/json"
            return answer.status, json.loads(raw) if raw else {}, answer.headers
        finally:
            connection.close()

    def send(self, **fields: object) -> tuple[int, dict[str, str]]:
        return self.post(json.dumps(fields).encode())[:2]


@pytest.fixture
def world() -> Iterator[World]:
    network, strays = Network(), list[str]()
    with Server(Gateway(network, on_stray=strays.append)) as server:
        yield World(server.url, network, strays)


def test_a_message_is_accepted_and_delivered(world: World) -> None:
    """The three fields arrive, and the answer is 202 with an id of its own."""
    first, second = world.send(**GOOD), world.send(**GOOD)
    assert [first[0], second[0]] == [202, 202]
    assert first[1].keys() == {"id", "status"}
    assert first[1]["status"] == "accepted"
    assert first[1]["id"] != second[1]["id"]
    assert world.network.taken == [("+12015550123", "Your code is 482913", "Shop")] * 2
    assert world.strays == []


@pytest.mark.parametrize("sender", [{}, {"from": None}])
def test_the_sender_may_be_left_out(world: World, sender: dict[str, None]) -> None:
    """Without `from`, or with null, the message has no sender."""
    assert world.send(to=GOOD["to"], text="hi", **sender)[0] == 202
    assert world.network.taken == [("+12015550123", "hi", None)]


@pytest.mark.parametrize("to", ["+1 201-555-0123", "12015550123", "0012015550123", " +1 (201) 555-0123 "])
def test_a_number_may_be_written_in_any_international_way(world: World, to: str) -> None:
    """Spaces, brackets, a missing plus and 00 are one number to the network."""
    assert world.send(to=to, text="hi")[0] == 202
    assert world.network.taken[0][0] == "+12015550123"


def test_a_number_that_nobody_holds_is_accepted_and_reported(world: World) -> None:
    """The application cannot see that nobody holds the number; `on_stray` is called."""
    status, answer = world.send(to="+442079460958", text="hi")
    assert (status, answer["status"]) == (202, "accepted")
    assert world.strays == ["+442079460958"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the body is not JSON"),
        (b"to=1&text=2", "the body is not JSON"),
        (b'{"to": "+1201', "the body is not JSON"),
        (b"\xff\xfe\xfa", "the body is not UTF-8"),
        (b"[" * 20_000, "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'"+12015550123"', "the body is not a JSON object"),
        (b"{}", '"to" is missing; got an empty object'),
        (b'{"To": "+12015550123", "Body": "x"}', '"to" is missing; got "To", "Body"'),
        (b'{"to": "+12015550123", "body": "x"}', '"text" is missing; got "to", "body"'),
        (b'{"to": 12015550123, "text": "x"}', '"to" must be a string; got a number'),
        (b'{"to": null, "text": "x"}', '"to" must be a string; got null'),
        (b'{"to": ["+12015550123"], "text": "x"}', '"to" must be a string; got an array'),
        (b'{"to": "+12015550123", "text": {"a": 1}}', '"text" must be a string; got an object'),
        (b'{"to": "+12015550123", "text": 1.5}', '"text" must be a string; got a number'),
        (b'{"to": "+12015550123", "text": "x", "from": true}', '"from" must be a string; got true or false'),
        (b'{"to": " ", "text": "x"}', '"to" must not be empty'),
        (b'{"to": "+12015550123", "text": ""}', '"text" must not be empty'),
        (b'{"to": "+12015550123", "text": "x", "from": ""}', '"from" must not be empty'),
        (
            b'{"to": "+12015550123", "text": "\\ud83d"}',
            '"text" contains an unpaired surrogate',
        ),
        (
            b'{"to": "the boss", "text": "x"}',
            '"to" must be a phone number in international form, such as +12015550123; got "the boss"',
        ),
        (
            b'{"to": "+1", "text": "x"}',
            '"to" must be a phone number in international form, such as +12015550123; got "+1"',
        ),
        (
            b'{"to": "+12", "text": "x"}',
            '"to" must be a phone number in international form, such as +12015550123; got "+12"',
        ),
        (b'{"to": "+1 201 555 0123 ext. 5", "text": "x"}', "must be a phone number in international form"),
        (b'{"to": "+120155501", "text": "x"}', "must be a phone number in international form"),
        (b'{"to": "+999123456789", "text": "x"}', "must be a phone number in international form"),
        (b'{"to": "+12015550123", "text": "refuse me"}', "the network does not take this"),
    ],
)
def test_bad_input_is_400(world: World, body: bytes, error: str) -> None:
    """Each kind of bad body gets an error that says what is wrong, and nothing is delivered."""
    status, answer, _ = world.post(body)
    assert status == 400
    assert answer.keys() == {"error"}
    assert error in answer["error"]
    assert world.network.taken == []
    assert world.strays == []


@pytest.mark.parametrize("path", ["/sms/", "/sms/x", "/SMS", "/message", "/v3/messages"])
def test_another_path_is_404(world: World, path: str) -> None:
    """The response lists what is served."""
    status, answer, _ = world.post(json.dumps(GOOD).encode(), path=path)
    assert (status, answer["error"]) == (404, "not found")
    assert "POST /sms" in answer["served"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_405(world: World, method: str) -> None:
    """Only POST is allowed, and the Allow header says so."""
    status, answer, headers = world.post(json.dumps(GOOD).encode(), method=method)
    assert (status, answer) == (405, {"error": f"{method} is not allowed; use POST"})
    assert headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, "got application/x-www-form-urlencoded"),
        ({"Content-Type": ""}, "Content-Type must be application/json; got none"),
        ({"Content-Type": "text/plain"}, "Content-Type must be application/json; got text/plain"),
        ({"Content-Encoding": "gzip"}, "Content-Encoding is not supported; send the body uncompressed"),
    ],
)
def test_another_media_type_is_415(world: World, headers: dict[str, str], error: str) -> None:
    """Only uncompressed JSON is accepted, and the error names what was sent."""
    status, answer, _ = world.post(json.dumps(GOOD).encode(), headers=headers)
    assert status == 415
    assert error in answer["error"]
    assert world.network.taken == []


def test_json_with_a_charset_is_json(world: World) -> None:
    """Parameters of the media type do not matter."""
    status, _, _ = world.post(json.dumps(GOOD).encode(), headers={"Content-Type": "application/json; charset=utf-8"})
    assert status == 202


def body_of(size: int) -> bytes:
    frame = len(json.dumps({**GOOD, "text": ""}))
    body = json.dumps({**GOOD, "text": "x" * (size - frame)}).encode()
    assert len(body) == size
    return body


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_64_kib_is_413(world: World, chunked: bool) -> None:
    """The limit is exact, with a length in the header and without one."""
    headers = {"Transfer-Encoding": "chunked"} if chunked else {}

    def framed(body: bytes) -> bytes:
        return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body

    assert world.post(framed(body_of(MAX_BODY)), headers=headers)[0] == 202
    status, answer, _ = world.post(framed(body_of(MAX_BODY + 1)), headers=headers)
    assert (status, answer) == (413, {"error": "the body is larger than 65536 bytes"})
    assert len(world.network.taken) == 1


def test_an_incomplete_body_is_400(world: World) -> None:
    """A client that disconnects in the middle of its body sends no message."""
    with socket.create_connection(("127.0.0.1", urlsplit(world.url).port or 0), timeout=30) as raw:
        raw.sendall(b"POST /sms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        raw.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"the body is incomplete" in answer
    assert world.network.taken == []


def test_it_reaches_a_carrier() -> None:
    """Over a real carrier a message shows on the line that has the number, and a stray is kept."""
    carrier = Carrier(seed=1)
    line = carrier.allocate("GB")
    with Server(Gateway(carrier)) as server:
        world = World(server.url, Network(), [])
        assert world.send(to=line.e164, text="Your code is 482913", **{"from": "Shop"})[0] == 202
        assert world.send(to="+12015550123", text="lost")[0] == 202
    assert [(message.sender, message.text) for message in line.messages()] == [("Shop", "Your code is 482913")]
    assert [(stray.to, stray.text) for stray in carrier.strays] == [("+12015550123", "lost")]
