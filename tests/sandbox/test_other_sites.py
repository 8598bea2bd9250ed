"""Other web sites in the browser of whoever runs a gateway or a sandbox: they send nothing through it."""

from __future__ import annotations

import http.client
import json
import os
import selectors
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from pytest_otp.gateway.address import serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.server.server import Server

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FORKS = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of it where threads are
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(seed=1)


@pytest.fixture(params=[Gateway, Sandbox])
def url(request: pytest.FixtureRequest, carrier: Carrier) -> Iterator[str]:
    with Server(request.param(carrier)) as server:
        yield server.url


def asked(url: str, method: str, path: str, body: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body.encode(), headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
    ],
)
def test_a_form_of_another_site(url: str, carrier: Carrier, headers: dict[str, str], status: int) -> None:
    """A form that needs no preflight is refused where it comes from another site, and delivers nothing."""
    line = carrier.allocate("US")
    fields = {"api_key": "a", "api_secret": "b", "to": line.e164, "from": "Shop", "text": "Your code is 482913"}
    assert asked(url, "POST", "/sms/json", urlencode(fields), FORM | headers) == status
    assert len(line.messages()) == (status == 200)


def test_a_name_that_was_pointed_here(url: str, carrier: Carrier) -> None:
    """A request from a page at a host name that was pointed at this machine is refused too."""
    line = carrier.allocate("US")
    body = json.dumps({"to": line.e164, "text": "Your code is 482913"})
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert asked(url, "POST", "/sms", body, JSON | headers) == 403
    assert line.messages() == ()


def test_orders_of_another_site(carrier: Carrier) -> None:
    """Another web site cannot order at the sandbox, neither with an image's address nor with a form."""
    with Server(Sandbox(carrier)) as server:
        headers = {"Sec-Fetch-Site": "cross-site"}
        path = "/api/handler_api.php?api_key=k&action=getBalance"
        assert asked(server.url, "GET", path, "", headers) == 403
        assert asked(server.url, "POST", "/native/GetBalance", "{}", JSON | headers) == 403
        assert asked(server.url, "GET", path, "", {}) == 200


SMS = json.dumps({"to": "+12015550123", "text": "x"})
REQUESTS = [
    ("GET", "/", ""),
    ("GET", "/page/log", ""),
    ("POST", "/sms", SMS),
    ("GET", "/api/handler_api.php?api_key=k&action=getBalance", ""),
    ("POST", "/native/GetBalance", "{}"),
    ("POST", "/sms/json", "api_key=k"),
    ("GET", f"/2010-04-01/Accounts/AC{'0' * 32}/Messages/SM1.json", ""),
    ("GET", "/unknown", ""),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=[path for _, path, _ in REQUESTS])
def test_every_path_of_the_sandbox_has_a_name_of_this_machine(
    carrier: Carrier, method: str, path: str, body: str
) -> None:
    """A host name that may be another site's gets a 403 by any path, also without the headers of a browser."""
    with Server(Sandbox(carrier, names=["otp"])) as server:
        port = urlsplit(server.url).port
        allowed = ["localhost", "app.localhost", "127.0.0.1", "[::1]", "192.0.2.7", "otp", "OTP.", socket.gethostname()]
        for host in allowed:
            assert asked(server.url, method, path, body, JSON | {"Host": f"{host}:{port}"}) != 403
        for host in ("evil.example", "otp.evil.example", "xotp", "127.0.0.1.evil.example", "localhost.evil"):
            assert asked(server.url, method, path, body, JSON | {"Host": f"{host}:{port}"}) == 403


def test_a_page_at_an_own_name(carrier: Carrier) -> None:
    """A browser that uses the sandbox at a name of its own may order and send there; at another name it may not."""
    with Server(Sandbox(carrier, names=["otp"])) as server:
        port = urlsplit(server.url).port
        headers = {"Host": f"otp:{port}", "Origin": f"http://otp:{port}", "Sec-Fetch-Site": "same-origin"}
        for method, path, body in REQUESTS[:6]:
            assert asked(server.url, method, path, body, JSON | headers) != 403
            assert asked(server.url, method, path, body, JSON | headers | {"Origin": "http://evil"}) == (
                200 if path == "/" else 403
            )


@FORKS
def test_a_forked_child_leaves_the_gateway_to_its_parent(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that ends removes neither the certificates nor the port, and does not make the parent spin."""
    waits: list[object] = []

    class Counting(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> Any:
            waits.append(timeout)
            return super().select(timeout)

    monkeypatch.setattr(selectors, "DefaultSelector", Counting)
    context = serving(Gateway(carrier), host="127.0.0.1", port=0, setting="--port")
    with context as address:
        assert address.ca_file
        child = os.fork()
        if not child:
            try:
                context.__exit__(None, None, None)
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert Path(address.ca_file).is_file()
        line = carrier.allocate("US")
        assert asked(str(address.url), "POST", "/sms", json.dumps({"to": line.e164, "text": "x"}), JSON) == 202
        assert len(waits) < 50


@FORKS
def test_the_port_is_free_though_a_child_lives(carrier: Carrier) -> None:
    """After stopping, the port is free, even if a forked child still has the socket."""
    with Server(Gateway(carrier)) as server:
        port = urlsplit(server.url).port
        child = os.fork()
        if not child:
            signal.pause()
    try:
        with Server(Gateway(carrier), port=port or 0) as again:
            assert urlsplit(again.url).port == port
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
