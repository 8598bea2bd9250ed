"""The server by https: on the same port, under the name that the client asks for, and unharmed by bad clients."""

from __future__ import annotations

import http.client
import logging
import select
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pytest_otp.server.authority import Authority
from pytest_otp.server.proxy import Proxy
from pytest_otp.server.server import Server, reset_connection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVED = "api.sms.example"
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # as far as its random bytes


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/reset":
        reset_connection(environ)
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']} {len(sent)}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    with Authority() as made:
        yield made


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    with Server(app, authority=authority, proxy=Proxy(lambda host: host == SERVED, environ={})) as running:
        yield running


@pytest.fixture
def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.certificates().ca_file)


def port_of(server: Server) -> int:
    return urlsplit(server.url).port or 0


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port_of(server)), timeout=30)


def answer_of(connection: http.client.HTTPConnection, path: str = "/", body: bytes | None = None) -> str:
    with closing(connection):
        connection.request("GET" if body is None else "POST", path, body)
        return connection.getresponse().read().decode()


def by_http(server: Server) -> str:
    return answer_of(http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=30))


def by_https(server: Server, trusting: ssl.SSLContext, host: str = "127.0.0.1", body: bytes | None = None) -> str:
    return answer_of(http.client.HTTPSConnection(host, port_of(server), timeout=30, context=trusting), body=body)


def by_tunnel(server: Server, trusting: ssl.SSLContext, host: str, path: str = "/") -> str:
    connection = http.client.HTTPSConnection("127.0.0.1", port_of(server), timeout=30, context=trusting)
    connection.set_tunnel(host, 443)
    return answer_of(connection, path)


def said(server: Server, request: bytes) -> bytes:
    with connect(server) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_one_port_speaks_both(server: Server, trusting: ssl.SSLContext) -> None:
    """Requests by http and by https are answered on the same port, and the application knows which it was."""
    here = f"127.0.0.1:{port_of(server)}"
    assert by_http(server) == f"http://{here}/ 0"
    assert by_https(server, trusting) == f"https://{here}/ 0"
    assert by_https(server, trusting, "localhost") == f"https://localhost:{port_of(server)}/ 0"


def test_large_bodies_pass(server: Server, trusting: ssl.SSLContext) -> None:
    """A body of many TLS records arrives whole."""
    assert by_https(server, trusting, body=b"x" * 500_000).endswith("/ 500000")


def test_a_tunnel_to_a_served_host_ends_here(server: Server, trusting: ssl.SSLContext) -> None:
    """In a tunnel the client reaches the host that it asked for, with a certificate for it."""
    assert by_tunnel(server, trusting, SERVED, "/x") == f"https://{SERVED}/x 0"


def test_a_tunnel_without_sni_has_the_hosts_certificate(server: Server, trusting: ssl.SSLContext) -> None:
    """A client that does not name the host in its handshake gets a certificate for the host of its CONNECT."""
    trusting.check_hostname = False
    with connect(server) as plain:
        plain.sendall(f"CONNECT {SERVED}:443 HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        assert plain.recv(4096) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        with trusting.wrap_socket(plain) as secured:
            assert (secured.getpeercert() or {})["subjectAltName"] == (("DNS", SERVED),)


def test_a_reset_inside_tls_is_one(server: Server, trusting: ssl.SSLContext) -> None:
    """reset_connection() also works for https."""
    with pytest.raises(ConnectionResetError):
        answer_of(http.client.HTTPSConnection("127.0.0.1", port_of(server), timeout=30, context=trusting), "/reset")
    assert by_https(server, trusting)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_tunnel_in_a_tunnel_is_refused(server: Server, trusting: ssl.SSLContext, wrapped: bool) -> None:
    """A tunnel cannot be opened inside https or another tunnel."""
    with ExitStack() as stack:
        client = stack.enter_context(connect(server))
        if wrapped:
            client = stack.enter_context(trusting.wrap_socket(client, server_hostname="127.0.0.1"))
        else:
            client.sendall(f"CONNECT {SERVED}:80 HTTP/1.1\r\n\r\n".encode())
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        client.sendall(f"CONNECT {SERVED}:443 HTTP/1.1\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_who_does_not_wait_for_the_tunnel_is_refused(server: Server) -> None:
    """Bytes that came along with the CONNECT cannot be part of a handshake any more: 400, instead of a hang."""
    answer = said(server, f"CONNECT {SERVED}:443 HTTP/1.1\r\n\r\n".encode() + CLIENT_HELLO)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"pytest-otp: data was received before the tunnel was open\n")


@pytest.mark.parametrize(
    "garbage",
    [b"\x16", b"\x16" * 5000, CLIENT_HELLO, b"\x16\x03\x01\xff\xff" + b"\x00" * 70_000, b"\x16GET / HTTP/1.1\r\n\r\n"],
    ids=["one byte", "all alike", "half a hello", "too long", "a request"],
)
@pytest.mark.parametrize("inside", ["", f"CONNECT {SERVED}:443 HTTP/1.1\r\n\r\n"], ids=["directly", "in a tunnel"])
def test_garbage_ends_its_own_connection_only(
    server: Server, trusting: ssl.SSLContext, garbage: bytes, inside: str, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Data that starts like TLS and is not, or ends in the middle, is dropped silently; others are served."""
    caplog.set_level(logging.DEBUG)
    with connect(server) as client:
        if inside:
            client.sendall(inside.encode())
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        with suppress(OSError):  # where it was closed with something unread
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    assert by_https(server, trusting)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_client_that_does_not_trust_us_is_no_trouble(
    server: Server, trusting: ssl.SSLContext, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A refused certificate and an unknown name end that connection alone, without a line anywhere."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ssl.SSLCertVerificationError):
        by_https(server, ssl.create_default_context())
    with pytest.raises(ssl.SSLError), connect(server) as plain:
        trusting.wrap_socket(plain, server_hostname="no_name")
    with connect(server) as plain, trusting.wrap_socket(plain, server_hostname="127.0.0.1"):
        pass  # and one that leaves after the handshake
    with connect(server) as plain:
        secured = trusting.wrap_socket(plain, server_hostname="127.0.0.1")
        raw = socket.socket(fileno=secured.detach())  # and one that breaks the protocol
        with raw:
            raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
            raw.settimeout(30)
            while raw.recv(4096):
                pass
    assert by_https(server, trusting)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_handshake_has_an_end(authority: Authority) -> None:
    """A client that sends its handshake byte by byte is cut off in the middle: the time-out is for all of it."""
    hello = CLIENT_HELLO + bytes(500)
    with Server(app, authority=authority, head_timeout=0.05) as server, connect(server) as slow:
        sent = 0
        while sent < len(hello) and not select.select([slow], [], [], 0.03)[0]:
            slow.sendall(hello[sent : sent + 1])
            sent += 1
    assert sent < len(hello)


def test_half_open_connections_hold_nobody(authority: Authority, trusting: ssl.SSLContext) -> None:
    """While many clients stall at each stage, others are served, and stopping does not wait for them."""
    proxy = Proxy(lambda host: host == SERVED, environ={})
    server = Server(app, authority=authority, proxy=proxy, stop_timeout=3600)
    server.start()
    with ExitStack() as stack:
        stalled = [stack.enter_context(connect(server)) for _ in range(40)]
        for number, client in enumerate(stalled):
            stages = [b"", CLIENT_HELLO, f"CONNECT {SERVED}:443 HTTP/1.1\r\n\r\n".encode(), b"CONNECT api.sms.exa"]
            client.sendall(stages[number % 4])
        assert by_https(server, trusting)
        assert by_tunnel(server, trusting, SERVED)
        stopping = threading.Thread(target=server.stop, daemon=True)
        stopping.start()
        stopping.join(60)
        assert not stopping.is_alive()
        for client in stalled:
            # While many are silent, the system keeps others to itself: those learn of the end when they send something.
            with suppress(ConnectionError):
                client.sendall(b"\0")
                while client.recv(4096):
                    pass


def test_stop_cuts_tls_that_is_silent_and_lets_an_answer_end(authority: Authority, trusting: ssl.SSLContext) -> None:
    """An idle TLS connection is closed; one that is being answered gets its whole response."""
    asked, go_on = threading.Event(), threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.set()
        go_on.wait(30)
        return app(environ, start_response)

    server = Server(slow, authority=authority, stop_timeout=60)
    server.start()
    answers: list[str] = []
    client = threading.Thread(target=lambda: answers.append(by_https(server, trusting)))
    with connect(server) as plain, trusting.wrap_socket(plain, server_hostname="127.0.0.1") as silent:
        here = f"https://127.0.0.1:{port_of(server)}/ 0"
        client.start()
        assert asked.wait(30)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        assert silent.recv(1) == b""
        go_on.set()
        stopper.join()
        client.join()
    assert answers == [here]


def test_a_closed_authority_is_no_crash(trusting: ssl.SSLContext) -> None:
    """A handshake after the authority's end is dropped, and http goes on."""
    authority = Authority()
    with Server(app, authority=authority) as server:
        authority.close()
        with pytest.raises(OSError):  # noqa: PT011 - whichever end is noticed first
            by_https(server, trusting)
        assert by_http(server)


def test_many_at_once(server: Server, trusting: ssl.SSLContext) -> None:
    """Clients that come together, directly and by tunnel, are all answered."""
    seen: list[str] = []

    def ask(number: int) -> None:
        seen.append(by_tunnel(server, trusting, SERVED) if number % 2 else by_https(server, trusting))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 40
