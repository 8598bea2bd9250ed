"""The endpoints of the sandbox's page, over real sockets: what they answer, and whom they refuse."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_otp.offline.carrier import Carrier, Line
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.server.server import Server

SMS = {"to": "+12015550123", "text": "Your code is 482913", "from": "Shop"}
EVIL = "http://evil.example"


class World:
    def __init__(self, url: str, carrier: Carrier, strays: list[str]) -> None:
        self.carrier = carrier
        self.strays = strays
        self.port = urlsplit(url).port
        self.own = url

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            raw = None if body is None else json.dumps(body)
            kind = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, raw, {**kind, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def log(self) -> Any:
        status, body, _ = self.ask("GET", "/page/log")
        assert status == 200
        return json.loads(body)


@pytest.fixture
def world() -> Iterator[World]:
    carrier = Carrier(seed=1)
    strays: list[str] = []
    with Server(Sandbox(carrier, scenario="manual", on_stray=strays.append)) as server:
        yield World(server.url, carrier, strays)


@pytest.fixture
def line(world: World) -> Line:
    return world.carrier.allocate("US")


def test_the_page_may_run_its_own_script_only(world: World) -> None:
    """The policy names the hashes of what is inline, and nothing else may be loaded, sent to, or frame it."""
    status, body, headers = world.ask("GET", "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = body.decode()
    policy = headers["Content-Security-Policy"]
    for kind in ("script", "style"):
        (inline,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_the_page_needs_nothing_from_elsewhere(world: World) -> None:
    """One file: no other address is in it, no handler in an attribute, and no way that turns text into markup."""
    page = world.ask("GET", "/")[1].decode()
    assert re.findall(r"https?://|//[a-z]+\.|\bsrc=|@import|url\(", page) == []
    assert re.findall(r"\son[a-z]+\s*=", page) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|DOMParser", page) == []


def test_an_open_page_holds_no_thread(world: World) -> None:
    """Each response ends its connection, so that a polling page keeps none open."""
    for path in ("/", "/page/log"):
        assert world.ask("GET", path)[2]["Connection"] == "close"


def test_the_root_stays_the_services_for_posts(world: World) -> None:
    """A POST to the root, and whatever is for an SMS service's own host, is none of the page's."""
    assert b"MissingAuthenticationToken" in world.ask("POST", "/")[1]
    status, body, _ = world.ask("GET", "/", headers={"Host": "sns.eu-west-1.amazonaws.com"})
    assert status != 200
    assert b"<html" not in body


def test_a_message_by_hand_reaches_the_number(world: World, line: Line) -> None:
    """The endpoint delivers number, text and sender to the network."""
    assert world.ask("POST", "/page/sms", {**SMS, "to": line.e164})[0] == 202
    assert [(sms.sender, sms.text) for sms in line.messages()] == [("Shop", SMS["text"])]


def test_a_message_by_hand_to_nobody_is_a_stray(world: World) -> None:
    """It is accepted, shown and reported like those through the gateway."""
    assert world.ask("POST", "/page/sms", SMS)[0] == 202
    assert world.ask("POST", "/sms", {**SMS, "text": "by the gateway"})[0] == 202
    assert [(sms["text"], sms["held"]) for sms in world.log()["messages"]] == [
        (SMS["text"], False),
        ("by the gateway", False),
    ]
    assert world.strays == [SMS["to"]] * 2


@pytest.mark.parametrize(
    ("headers", "body", "status", "error"),
    [
        ({"Content-Type": "text/plain"}, SMS, 415, "Content-Type must be application/json; got text/plain"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, SMS, 415, "Content-Type must be application/json"),
        ({}, {"to": "12"}, 400, '"text" is missing'),
        ({}, {"to": "12", "text": "x"}, 400, '"to" must be a phone number'),
        ({}, {**SMS, "text": "x" * 70_000}, 413, "the body is larger than 65536 bytes"),
    ],
)
def test_what_is_no_message_is_refused(
    world: World, headers: Mapping[str, str], body: object, status: int, error: str
) -> None:
    """Invalid messages get the gateway's errors, and only JSON is read."""
    answered, said, _ = world.ask("POST", "/page/sms", body, headers)
    assert answered == status
    assert error in json.loads(said)["error"]
    assert world.strays == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_other_web_sites_are_refused(world: World, headers: Mapping[str, str]) -> None:
    """A request from another site, or another port of this machine, can neither send nor read."""
    for method, path, body in (("POST", "/page/sms", SMS), ("GET", "/page/log", None)):
        status, said, answer = world.ask(method, path, body, headers)
        assert (status, json.loads(said)) == (403, {"error": "only the sandbox's own page may use this endpoint"})
        assert "Access-Control-Allow-Origin" not in answer
    assert world.strays == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil", "["]
)
def test_another_name_of_this_machine_is_refused(world: World, host: str) -> None:
    """A web site that points its name at this machine is recognized by that name."""
    name = host.format(port=world.port)
    headers = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
    for method, path, body in (("POST", "/page/sms", SMS), ("GET", "/page/log", None), ("GET", "/", None)):
        status, said, _ = world.ask(method, path, body, headers)
        assert status == 403
        assert "use an IP address or localhost" in json.loads(said)["error"]
    assert world.strays == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "192.168.1.7", "box.localhost"]
)
def test_its_own_page_is_served(world: World, host: str) -> None:
    """By any address, and as localhost, the page may read and send."""
    name = host.format(port=world.port)
    headers = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
    assert world.ask("POST", "/page/sms", SMS, headers)[0] == 202
    assert world.ask("GET", "/page/log", None, headers)[0] == 200
    assert world.ask("GET", "/", None, {"Host": name, "Sec-Fetch-Site": "cross-site"})[0] == 200


def test_an_address_that_was_typed_in_reads_only(world: World) -> None:
    """A log address typed by the user is answered; a POST always comes from a page."""
    typed = {"Sec-Fetch-Site": "none"}
    assert world.ask("GET", "/page/log", None, typed)[0] == 200
    assert world.ask("POST", "/page/sms", SMS, typed)[0] == 403


@pytest.mark.parametrize(("method", "path", "allowed"), [("POST", "/page/log", "GET"), ("GET", "/page/sms", "POST")])
def test_other_methods_are_refused(world: World, method: str, path: str, allowed: str) -> None:
    """Each endpoint has one method, and says which."""
    status, _, headers = world.ask(method, path)
    assert (status, headers["Allow"]) == (405, allowed)


def test_a_page_asks_for_what_is_new(world: World) -> None:
    """An answer's run and revision get what came since; nonsense gets everything."""
    world.ask("POST", "/page/sms", SMS)
    first = world.log()
    world.ask("POST", "/page/sms", {**SMS, "text": "another"})
    query = f"/page/log?run={first['run']}&revision={first['revision']}"
    (message,) = json.loads(world.ask("GET", query)[1])["messages"]
    assert message["text"] == "another"
    for nonsense in ("x", "-1", "9" * 5000):
        query = f"/page/log?run={first['run']}&revision={nonsense}"
        assert len(json.loads(world.ask("GET", query)[1])["messages"]) == 2
