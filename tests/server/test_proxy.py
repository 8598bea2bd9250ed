"""The server as a proxy: what it answers for, what it refuses, and how it reaches what is let through."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.server.proxy import Asked, Proxy, asked_of_proxy
from pytest_otp.server.server import Server
from tests.servers import Asked as Received
from tests.servers import Hang, WireServer, closed_port, raw, reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVED = "api.sms.example"


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def serves(host: str) -> bool:
    return host == SERVED


@contextmanager
def proxied(*let_through: str, environ: dict[str, str] | None = None) -> Iterator[str]:
    """A server that is a proxy; gives its `host:port`."""
    proxy = Proxy(serves, environ=environ or {})
    proxy.let_through(*let_through)
    with Server(app, proxy=proxy) as server:
        yield urlsplit(server.url).netloc


def get(proxy: str, url: str) -> tuple[int, str]:
    """By the proxy, as for http."""
    with closing(http.client.HTTPConnection(proxy, timeout=10)) as connection:
        connection.request("GET", url)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def through(proxy: str, where: str, path: str = "/hello") -> tuple[int, str]:
    """By a tunnel, as for https, but plain inside."""
    host, _, port = where.rpartition(":")
    with closing(http.client.HTTPConnection(proxy, timeout=10)) as connection:
        connection.set_tunnel(host, int(port))
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def said(proxy: str, request: bytes) -> bytes:
    """All that comes back."""
    host, _, port = proxy.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Puts a host name at a port of this machine."""
    places: dict[str, int] = {}
    connect = socket.create_connection

    def find(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        if address[0] in places:
            address = ("127.0.0.1", places[address[0]])
        return connect(address, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", find)
    return places.__setitem__


@pytest.mark.parametrize(
    ("command", "target", "asked"),
    [
        ("CONNECT", "api.twilio.com:443", Asked("api.twilio.com", 443, True)),
        ("CONNECT", "API.Twilio.com.:443", Asked("api.twilio.com", 443, True)),
        ("CONNECT", "[::1]:443", Asked("::1", 443, True)),
        ("GET", "http://example.com/a?b", Asked("example.com", 80, False)),
        ("GET", "HTTP://example.com:8080", Asked("example.com", 8080, False)),
        ("GET", "/sms", None),
        ("GET", "//example.com/sms", None),
        ("OPTIONS", "*", None),
    ],
)
def test_what_a_request_line_asks(command: str, target: str, asked: Asked | None) -> None:
    """CONNECT and an absolute URL ask the proxy, everything else the server itself."""
    assert asked_of_proxy(command, target) == asked


@pytest.mark.parametrize(
    "target",
    ["", "example.com", "example.com:0", "example.com:x", "example.com:65536", ":443", "/sms", "a b:443",
     "ex\x1bample.com:443", "[::1:443", "x" * 300 + ":443"],
)  # fmt: skip
def test_a_connect_without_host_and_port_is_refused(target: str) -> None:
    """What names no host and port is a ValueError, and for the client a 400; the server goes on."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the library's
        asked_of_proxy("CONNECT", target)
    with proxied() as proxy:
        if " " not in target and target:
            answer = said(proxy, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode("latin-1"))
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert answer.endswith(b"pytest-otp: the request names no host and port\n")
        assert get(proxy, "/up") == (200, f"http://{proxy}/up")


def test_a_served_host_is_answered_here() -> None:
    """A request for it by absolute URL and one in a tunnel both reach the application, with the host's name."""
    with proxied() as proxy:
        assert get(proxy, f"http://{SERVED}/hello") == (200, f"http://{SERVED}/hello")
        assert through(proxy, f"{SERVED}:80") == (200, f"http://{SERVED}/hello")


def test_any_other_host_is_refused() -> None:
    """403 names the host in the line that clients show, and in its body what to do."""
    with proxied() as proxy:
        status, text = get(proxy, "http://example.com/")
        assert status == 403
        assert 'otp_gateway.let_through("example.com")' in text
        with pytest.raises(OSError, match=r"403 pytest-otp does not let example\.com through"):
            through(proxy, "example.com:443")


def test_a_refusal_reaches_who_still_sends() -> None:
    """The answer to a request with a body is not lost to a reset."""
    with proxied() as proxy:
        body = b"x" * 300_000
        head = f"POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: {len(body)}\r\n\r\n"
        assert said(proxy, head.encode() + body).startswith(b"HTTP/1.1 403 ")


def test_a_server_without_a_proxy_is_none() -> None:
    """Without one, such a request is the application's like any other: nothing is connected to."""
    with Server(app) as server:
        proxy = urlsplit(server.url).netloc
        assert get(proxy, "http://example.com/x") == (200, "http://example.com/x")
        assert said(proxy, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n").startswith(
            b"HTTP/1.1 200 OK\r\n"
        )


def test_a_host_that_is_let_through_is_reached(far_away: Callable[[str, int], None]) -> None:
    """A tunnel carries bytes both ways; a request by URL arrives as the host's own, without what was for the proxy."""
    with WireServer(by=lambda asked: raw(reply(f"{asked.target} {asked.body.decode()}"))) as far:
        far_away("far.example", far.port)
        with proxied("*.example") as proxy:
            assert through(proxy, "far.example:443") == (200, "/hello ")
            answer = said(
                proxy,
                b"POST http://far.example/a?b=c HTTP/1.1\r\nHost: far.example\r\nContent-Length: 4\r\n"
                b"Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nX-Own: 1\r\n\r\nbody",
            )
        assert answer.endswith(b"\r\n\r\n/a?b=c body")
        headers = far.asked[-1].headers
        assert headers == {"host": "far.example", "content-length": "4", "x-own": "1", "connection": "close"}


def test_let_through_can_come_later(far_away: Callable[[str, int], None]) -> None:
    """A host is let through from the moment on, in a running server, and the served ones stay served under `*`."""
    proxy = Proxy(serves, environ={})
    with WireServer(raw(reply("far"))) as far, Server(app, proxy=proxy) as server:
        far_away("far.example", far.port)
        where = urlsplit(server.url).netloc
        assert get(where, "http://far.example/")[0] == 403
        proxy.let_through("*")
        assert get(where, "http://far.example/") == (200, "far")
        assert get(where, f"http://{SERVED}/x") == (200, f"http://{SERVED}/x")


@pytest.mark.parametrize("host", ["https://example.com", "example.com/", "example.com:443", "", "a b", 5])
def test_what_is_no_host_is_not_let_through(host: str) -> None:
    """A URL or something else than a host is a SettingsError that shows it."""
    with pytest.raises(SettingsError) as caught:
        Proxy(serves, environ={}).let_through(host)
    assert str(caught.value) == f"let_through takes hosts such as example.com or *.example.com, not {host!r}"


def test_an_sms_service_is_not_let_through() -> None:
    """Nobody switches real sending on by accident: the error says how it is meant to be done."""
    with pytest.raises(SettingsError, match=r"api\.sms\.example is an SMS service, which the gateway answers for") as e:
        Proxy(serves, environ={}).let_through(SERVED)
    assert e.value.hint == "To send for real, do not give the application otp_gateway.environ()."


def test_loopback_is_reached_by_who_is_on_it() -> None:
    """A client that asks for loopback in spite of NO_PROXY gets there; from another machine it does not."""
    with WireServer(raw(reply("near"))) as near, proxied() as proxy:
        assert get(proxy, f"{near.url}/") == (200, "near")
        assert through(proxy, f"127.0.0.1:{near.port}") == (200, "near")
    assert not Proxy(serves, environ={}).lets("127.0.0.1", "10.0.0.7")


def test_who_cannot_be_reached_is_told() -> None:
    """Nobody there is a 502 that names the place."""
    with proxied() as proxy:
        port = closed_port()
        status, text = get(proxy, f"http://127.0.0.1:{port}/")
        assert status == 502
        assert text.startswith(f"pytest-otp: 127.0.0.1:{port} cannot be reached: ")
        with pytest.raises(OSError, match="502 Bad Gateway"):
            through(proxy, f"127.0.0.1:{port}")


class Onward:
    """Another proxy, that was in the environment before: it answers as the host that it is asked for."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Fine\r\n\r\n") -> None:
        self.lines: list[tuple[str, str | None]] = []
        self._answer = answer

    def __call__(self, asked: Received, hang: Hang) -> None:
        self.lines.append((f"{asked.method} {asked.target}", asked.headers.get("proxy-authorization")))
        if asked.method != "CONNECT":
            hang.connection.sendall(reply("far"))
            return
        hang.connection.sendall(self._answer)
        if self._answer.startswith(b"HTTP/1.1 200") and self._answer.endswith(b"\r\n\r\n"):
            hang.connection.settimeout(10)
            hang.connection.recv(4096)
            hang.connection.sendall(reply("far"))


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_the_proxy_of_the_environment_goes_on_being_used(spelling: Callable[[str], str]) -> None:
    """What is let through goes by the proxy that was there before, with its password, for tunnels and requests."""
    onward = Onward()
    with WireServer(onward) as other:
        url = f"http://me:p%40ss@127.0.0.1:{other.port}"
        with proxied("far.example", environ={spelling("https_proxy"): url, spelling("http_proxy"): url}) as proxy:
            assert through(proxy, "far.example:443") == (200, "far")
            assert get(proxy, "http://far.example/x") == (200, "far")
    login = "Basic bWU6cEBzcw=="
    assert onward.lines == [("CONNECT far.example:443", login), ("GET http://far.example/x", login)]


def test_the_exceptions_of_the_environment_hold(far_away: Callable[[str, int], None]) -> None:
    """What NO_PROXY excepted, and loopback, is reached directly."""
    with WireServer(raw(reply("far"))) as far:
        far_away("far.example", far.port)
        before = {"ALL_PROXY": f"127.0.0.1:{closed_port()}", "NO_PROXY": "other,.example"}
        with proxied("*", environ=before) as proxy:
            assert get(proxy, "http://far.example/") == (200, "far")
            assert through(proxy, "far.example:443") == (200, "far")
            assert through(proxy, f"127.0.0.1:{far.port}") == (200, "far")
            assert get(proxy, "http://far.else/")[0] == 502


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 407 No\r\n\r\n", "the proxy in the environment answered '407'"),
        (b"HTTP/1.1 200 Fine\r\n", "the proxy in the environment gave no answer"),
        (b"x" * 17_000, "the proxy in the environment gave no answer"),
    ],
)
def test_a_proxy_before_that_refuses_is_told(answer: bytes, reason: str) -> None:
    """Its refusal, or an answer that is none, is a 502 with a word about it."""
    with (
        WireServer(Onward(answer)) as other,
        proxied("*", environ={"HTTPS_PROXY": f"http://127.0.0.1:{other.port}"}) as proxy,
    ):
        answered = said(proxy, b"CONNECT far.example:443 HTTP/1.1\r\n\r\n").decode()
    assert answered.startswith("HTTP/1.1 502 Bad Gateway\r\n")
    assert answered.endswith(f"pytest-otp: far.example:443 cannot be reached: {reason}\n")


def test_a_proxy_before_of_another_kind_is_told() -> None:
    """Only http proxies are known; what another would do is not guessed."""
    with proxied("*", environ={"ALL_PROXY": "socks5://127.0.0.1:1080"}) as proxy:
        status, text = get(proxy, "http://far.example/")
    assert status == 502
    assert "the proxy in the environment is a socks5 one; only http is known" in text


def test_both_ends_of_a_tunnel_end() -> None:
    """When one side has said all it has, the other may still answer; then both are closed."""
    with socket.create_server(("127.0.0.1", 0)) as far, proxied() as proxy:
        host, _, port = proxy.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(f"CONNECT 127.0.0.1:{far.getsockname()[1]} HTTP/1.1\r\n\r\nearly ".encode())
            reached, _ = far.accept()
            with reached:
                reached.settimeout(10)
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
                client.sendall(b"question")
                client.shutdown(socket.SHUT_WR)
                heard = b"".join(iter(lambda: reached.recv(4096), b""))
                reached.sendall(b"answer")
            assert heard == b"early question"
            assert b"".join(iter(lambda: client.recv(4096), b"")) == b"answer"


def test_a_silent_tunnel_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without a byte a tunnel ends on both sides."""
    monkeypatch.setattr("pytest_otp.server.proxy.IDLE_SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as far, proxied() as proxy:
        host, _, port = proxy.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(f"CONNECT 127.0.0.1:{far.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
            reached, _ = far.accept()
            with reached:
                reached.settimeout(10)
                assert reached.recv(1) == b""
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
            assert client.recv(1) == b""


def test_stop_cuts_a_tunnel() -> None:
    """An open tunnel does not hold the stop, and both its sides see the end."""
    server = Server(app, proxy=Proxy(serves, environ={}))
    server.start()
    with (
        socket.create_server(("127.0.0.1", 0)) as far,
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=10) as client,
    ):
        client.sendall(f"CONNECT 127.0.0.1:{far.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
        reached, _ = far.accept()
        with reached:
            reached.settimeout(10)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
            server.stop()
            assert reached.recv(1) == b""
            assert client.recv(1) == b""


def test_many_tunnels_at_once() -> None:
    """Each of many clients gets its own answer."""
    with WireServer(by=lambda asked: raw(reply(asked.target))) as far, proxied() as proxy:
        seen: dict[int, tuple[int, str]] = {}

        def ask(number: int) -> None:
            seen[number] = through(proxy, f"127.0.0.1:{far.port}", f"/{number}")

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == {number: (200, f"/{number}") for number in range(40)}
