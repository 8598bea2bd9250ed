"""The gateway's own requests to the application: where they may go, in which order, and what is recorded of them."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator

import pytest
from werkzeug.wrappers import Request, Response

from pytest_otp.gateway.address import serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.callbacks import LONGEST, Call, Callbacks, CallFailed
from pytest_otp.server.authority import Authority
from pytest_otp.server.server import Server
from tests.gateway.application import PATIENCE, Application, application
from tests.gateway.world import Network


class Recording(Callbacks):
    """Without a pause before receipts; keeps what became of each request."""

    def __init__(self, *allowed: str, seconds: float = PATIENCE) -> None:
        self.calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        hosts = ("127.0.0.1", *allowed)
        super().__init__(lambda host: host in hosts, self.calls.put, seconds=seconds, settle=0)

    def last(self) -> Call:
        return self.calls.get(timeout=PATIENCE)


@pytest.fixture
def callbacks() -> Iterator[Recording]:
    made = Recording()
    yield made
    made.close()


@pytest.fixture
def app() -> Iterator[Application]:
    with application() as made:
        yield made


def test_receipts_come_in_order(callbacks: Recording, app: Application) -> None:
    """Receipts arrive one after the other, as form or JSON, with the headers that were given."""
    for number in range(5):
        callbacks.post(f"{app.url}/status?n={number}", fields={"Status": "sent"}, headers={"X-Signature": "abc"})
    callbacks.post(f"{app.url}/json", json={"status": "delivered"})
    received = [app.next() for _ in range(6)]
    assert [item.url for item in received[:5]] == [f"{app.url}/status?n={number}" for number in range(5)]
    assert all(
        (item.method, item.form, item.headers["X-Signature"]) == ("POST", {"Status": "sent"}, "abc")
        for item in received[:5]
    )
    assert received[5].headers["Content-Type"] == "application/json"
    assert received[5].body == b'{"status": "delivered"}'
    assert callbacks.last() == Call("POST", f"{app.url}/status?n=0", "answered", 200)


def test_a_receipt_waits_until_it_is_due(app: Application) -> None:
    """A receipt is posted when its time has come, and those that are due before it come first."""
    now = [0.0]
    callbacks = Callbacks(clock=lambda: now[0], settle=1.0)
    callbacks.post(f"{app.url}/late", fields={}, after=60.0)
    callbacks.post(f"{app.url}/soon", fields={})
    now[0] = 1.0
    callbacks.post(f"{app.url}/next", fields={})
    assert app.next().url == f"{app.url}/soon"
    now[0] = 61.0
    callbacks.post(f"{app.url}/last", fields={})
    assert [app.next().url for _ in range(2)] == [f"{app.url}/next", f"{app.url}/late"]
    callbacks.close()


def test_a_document_is_fetched(callbacks: Recording, app: Application) -> None:
    """A document is requested with GET and a query, or with POST and a form, and with the login in its URL."""
    assert callbacks.fetch(f"{app.url}/a b?x=1#part", fields={"y": "ä"}) == b"thanks"
    asked = app.next()
    assert (asked.method, asked.url) == ("GET", f"{app.url}/a%20b?x=1&y=ä")
    with_login = app.url.replace("://", "://me:p%40ss@")
    assert callbacks.fetch(f"{with_login}/twiml", "POST", {"CallSid": "CA1"}) == b"thanks"
    asked = app.next()
    assert (asked.form, asked.headers["Authorization"]) == ({"CallSid": "CA1"}, "Basic bWU6cEBzcw==")
    assert callbacks.last().result == "answered"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (
            "http://app.example.com/x",
            'app.example.com is not allowed; to allow it, use otp_gateway.allow_hosts("app.example.com")',
        ),
        ("ftp://127.0.0.1/x", "it is not an http or https URL"),
        ("/status", "it is not an http or https URL"),
        ("http://[::1", "it is not a valid URL"),
        ("http://127.0.0.1:99999/", "it is not a valid URL"),
    ],
)
def test_other_hosts_are_blocked(callbacks: Recording, url: str, reason: str) -> None:
    """A host that is not allowed, or what is no URL, is recorded as blocked; a fetch raises the reason."""
    callbacks.post(url, fields={})
    assert callbacks.last() == Call("POST", url, "blocked", reason=reason)
    with pytest.raises(CallFailed) as raised:
        callbacks.fetch(url)
    assert raised.value.reason == reason
    assert raised.value.call == callbacks.last()


def test_an_allowed_host_is_reached(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """An allowed host is connected to directly, whatever proxy the environment names."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    resolve = socket.getaddrinfo

    def resolved(host: object, *more: object, **options: object) -> object:
        return resolve("127.0.0.1" if host == "app.example.com" else host, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    callbacks = Recording("app.example.com")
    url = app.url.replace("127.0.0.1", "app.example.com")
    assert callbacks.fetch(url) == b"thanks"
    assert app.next().url == f"{url}/"


def redirect(request: Request) -> Response:
    return Response("", 302, {"Location": "/elsewhere"})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (redirect, "the answer was 302: a redirect, which is not followed"),
        (lambda request: Response("no", 500), "the answer was 500: no success"),
        (lambda request: Response("x" * (LONGEST + 1)), "the answer is longer than 65536 bytes"),
    ],
    ids=["redirect", "error", "too long"],
)
def test_answers_that_are_no_document(callbacks: Recording, answer: object, reason: str) -> None:
    """A redirect, an error, and an answer that is too long are no document."""
    with application(answer) as app, pytest.raises(CallFailed) as raised:  # type: ignore[arg-type]
        callbacks.fetch(app.url)
    assert raised.value.reason == reason
    assert callbacks.last().result == "failed"


def test_nobody_listens(callbacks: Recording) -> None:
    """A refused connection is recorded as failed, with the system's words."""
    callbacks.post("http://127.0.0.1:9/", fields={})
    call = callbacks.last()
    assert call.result == "failed"
    assert "Connection refused" in (call.reason or "")


def test_a_dripping_answer_ends(callbacks: Recording) -> None:
    """A peer that sends a byte now and then cannot keep a request open: the time is for all of it."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    while not stop.wait(0.01):
                        connection.sendall(b"H")
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        impatient = Recording(seconds=0.1)
        with pytest.raises(CallFailed, match=r"no answer within 0\.1 seconds"):
            impatient.fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        stop.set()
        thread.join(PATIENCE)


def test_a_handshake_that_never_comes_ends() -> None:
    """The time is for TLS too: a peer that says nothing cannot keep a request open."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        contextlib.closing(Recording(seconds=0.1)) as impatient,
        pytest.raises(CallFailed, match=r"no answer within 0\.1 seconds"),
    ):
        impatient.fetch(f"https://127.0.0.1:{silent.getsockname()[1]}/")


def test_https_is_verified(callbacks: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over https the application's certificate must be trusted."""

    @Request.application
    def hello(request: Request) -> Response:
        return Response("hello")

    with Authority() as authority, Server(hello, authority=authority) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(CallFailed, match="certificate verify failed"):
            callbacks.fetch(url)
        monkeypatch.setenv("SSL_CERT_FILE", authority.certificates().ca_file)
        assert callbacks.fetch(url) == b"hello"


def test_closing_ends_all(app: Application) -> None:
    """Closing ends a request that waits for an answer, drops the receipts that are left, and takes no more."""
    reached = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            connection, _ = silent.accept()
            reached.set()
            with connection:
                while connection.recv(1024):
                    pass

        thread = threading.Thread(target=accept)
        thread.start()
        others = set(threading.enumerate())
        callbacks = Recording()
        callbacks.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", fields={})
        callbacks.post(f"{app.url}/dropped", fields={})
        assert reached.wait(PATIENCE)
        callbacks.close()
        thread.join(PATIENCE)
    ended = [callbacks.last()]
    while not callbacks.calls.empty():  # the second one, if it had just begun
        ended.append(callbacks.last())
    assert {call.reason for call in ended} == {"the gateway has stopped"}
    callbacks.post(f"{app.url}/after", fields={})
    assert callbacks.calls.empty()
    assert not [each for each in set(threading.enumerate()) - others if each.name == "pytest-otp gateway"]


@pytest.mark.parametrize(
    ("host", "allowed", "result"),
    [
        ("127.0.0.1", [], "answered"),
        ("localhost", [], "answered"),
        ("0.0.0.0", [], "blocked"),
        ("0.0.0.0", ["127.0.0.1"], "answered"),
    ],
)
def test_strangers_reach_no_local_service(app: Application, host: str, allowed: list[str], result: str) -> None:
    """A gateway that other machines can reach requests nothing of this machine unless that is allowed."""
    callbacks = Recording()
    gateway = Gateway(Network(), callbacks=callbacks)
    callbacks.on_call = callbacks.calls.put
    with serving(gateway, host=host, port=0, setting="--port", gateway=gateway) as address:
        address.allow_hosts(*allowed)
        callbacks.post(f"{app.url}/status", fields={})
        assert callbacks.last().result == result
