"""The server as a proxy: which hosts it stands in for, which it blocks, and how it connects to allowed ones."""

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
from pytest_otp.server.proxy import Proxy, ProxyRequest, proxy_request
from pytest_otp.server.server import Server
from tests.servers import Asked, Hang, WireServer, closed_port, raw, reply

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
def proxied(*allowed: str, environ: dict[str, str] | None = None, idle_timeout: float = 300.0) -> Iterator[str]:
    """A server that is a proxy; gives its `host:port`."""
    proxy = Proxy(serves, environ=environ or {}, idle_timeout=idle_timeout)
    proxy.allow_hosts(*allowed)
    with Server(app, proxy=proxy) as server:
        yield urlsplit(server.url).netloc


def get(proxy: str, url: str) -> tuple[int, str]:
    """By the proxy, as for http."""
    with closing(http.client.HTTPConnection(proxy, timeout=30)) as connection:
        connection.request("GET", url)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def through(proxy: str, where: str, path: str = "/hello") -> tuple[int, str]:
    """By a tunnel, as for https, but plain inside."""
    host, _, port = where.rpartition(":")
    with closing(http.client.HTTPConnection(proxy, timeout=30)) as connection:
        connection.set_tunnel(host, int(port))
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def said(proxy: str, request: bytes) -> bytes:
    """All that comes back."""
    host, _, port = proxy.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
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
    ("command", "target", "parsed"),
    [
        ("CONNECT", "api.twilio.com:443", ProxyRequest("api.twilio.com", 443, True)),
        ("CONNECT", "API.Twilio.com.:443", ProxyRequest("api.twilio.com", 443, True)),
        ("CONNECT", "[::1]:443", ProxyRequest("::1", 443, True)),
        ("GET", "http://example.com/a?b", ProxyRequest("example.com", 80, False)),
        ("GET", "HTTP://example.com:8080", ProxyRequest("example.com", 8080, False)),
        ("GET", "/sms", None),
        ("GET", "//example.com/sms", None),
        ("OPTIONS", "*", None),
    ],
)
def test_what_a_request_line_asks(command: str, target: str, parsed: ProxyRequest | None) -> None:
    """CONNECT and an absolute URL ask the proxy, everything else the server itself."""
    assert proxy_request(command, target) == parsed


@pytest.mark.parametrize(
    "target",
    ["", "example.com", "example.com:0", "example.com:x", "example.com:65536", ":443", "/sms", "a b:443",
     "ex\x1bample.com:443", "[::1:443", "x" * 300 + ":443"],
)  # fmt: skip
def test_a_connect_without_host_and_port_is_refused(target: str) -> None:
    """A target without host and port is a ValueError, and for the client a 400; the server goes on."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the library's
        proxy_request("CONNECT", target)
    with proxied() as proxy:
        if " " not in target and target:
            answer = said(proxy, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode("latin-1"))
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert answer.endswith(b"pytest-otp: the request has no valid host and port\n")
        assert get(proxy, "/up") == (200, f"http://{proxy}/up")


def test_a_served_host_is_answered_here() -> None:
    """A request for it by absolute URL and one in a tunnel both reach the application, with the host's name."""
    with proxied() as proxy:
        assert get(proxy, f"http://{SERVED}/hello") == (200, f"http://{SERVED}/hello")
        assert through(proxy, f"{SERVED}:80") == (200, f"http://{SERVED}/hello")


def test_any_other_host_is_blocked() -> None:
    """403 names the host in the line that clients show, and its body says how to allow it."""
    with proxied() as proxy:
        status, text = get(proxy, "http://example.com/")
        assert status == 403
        assert text == (
            "pytest-otp: example.com is blocked: it is neither an SMS service that the gateway stands in for nor on "
            'the list of allowed hosts. To allow it, use otp_gateway.allow_hosts("example.com") or '
            "pytest-otp sandbox --allow-host example.com\n"
        )
        with pytest.raises(OSError, match=r"403 pytest-otp blocks example\.com"):
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


def test_an_allowed_host_is_reached(far_away: Callable[[str, int], None]) -> None:
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


def test_a_host_can_be_allowed_later(far_away: Callable[[str, int], None]) -> None:
    """A host is allowed from that moment on, in a running server; SMS services stay served under `*`."""
    proxy = Proxy(serves, environ={})
    with WireServer(raw(reply("far"))) as far, Server(app, proxy=proxy) as server:
        far_away("far.example", far.port)
        where = urlsplit(server.url).netloc
        assert get(where, "http://far.example/")[0] == 403
        proxy.allow_hosts("*")
        assert get(where, "http://far.example/") == (200, "far")
        assert get(where, f"http://{SERVED}/x") == (200, f"http://{SERVED}/x")


@pytest.mark.parametrize("host", ["https://example.com", "example.com/", "example.com:443", "", "a b", 5])
def test_an_invalid_host_is_not_allowed(host: str) -> None:
    """A URL or something else than a host is a SettingsError that shows it."""
    with pytest.raises(SettingsError) as caught:
        Proxy(serves, environ={}).allow_hosts(host)
    assert str(caught.value) == f"invalid host {host!r}: expected example.com, *.example.com or *"


def test_an_sms_service_cannot_be_allowed() -> None:
    """Nobody sends real SMS by accident: the error says how to do it on purpose."""
    with pytest.raises(SettingsError, match=r"^cannot allow api\.sms\.example: it belongs to an SMS service") as e:
        Proxy(serves, environ={}).allow_hosts(SERVED)
    assert e.value.hint == "If it should, allow it with real_sms=True."


def test_an_sms_service_is_let_out_on_purpose_only(far_away: Callable[[str, int], None]) -> None:
    """A pattern does not let it out even with `real_sms`; its exact name does, and each request is noted."""
    noted: list[tuple[str, str, str, int]] = []
    proxy = Proxy(serves, environ={}, note=lambda *what: noted.append(what))
    with WireServer(raw(reply("real"))) as far, Server(app, proxy=proxy) as server:
        far_away(SERVED, far.port)
        where = urlsplit(server.url).netloc
        proxy.allow_hosts("*.sms.example", "*", real_sms=True)
        assert get(where, f"http://{SERVED}/x") == (200, f"http://{SERVED}/x")
        proxy.allow_hosts(SERVED, real_sms=True)
        assert get(where, f"http://{SERVED}/x?key=secret") == (200, "real")
        assert through(where, f"{SERVED}:443") == (200, "real")
    assert noted == [("GET", SERVED, "/x", 0), ("CONNECT", SERVED, "", 0)]


def test_what_is_noted(far_away: Callable[[str, int], None]) -> None:
    """Blocked requests and hosts that were not reached are noted, without queries; what was let through is not."""
    noted: list[tuple[str, str, str, int]] = []
    proxy = Proxy(serves, environ={}, note=lambda *what: noted.append(what))
    proxy.allow_hosts("far.example", "gone.example")
    with WireServer(raw(reply("far"))) as far, Server(app, proxy=proxy) as server:
        far_away("far.example", far.port)
        far_away("gone.example", closed_port())
        where = urlsplit(server.url).netloc
        assert get(where, "http://far.example/")[0] == 200
        assert get(where, "http://gone.example/a?b=c")[0] == 502
        assert get(where, "http://example.com?b=c")[0] == 403
        with pytest.raises(OSError, match="403"):
            through(where, "example.com:443")
    assert noted == [
        ("GET", "gone.example", "/a", 502),
        ("GET", "example.com", "/", 403),
        ("CONNECT", "example.com", "", 403),
    ]


def test_loopback_is_open_to_clients_on_this_machine() -> None:
    """A client that ignores NO_PROXY for loopback gets there; one on another machine does not."""
    with WireServer(raw(reply("near"))) as near, proxied() as proxy:
        assert get(proxy, f"{near.url}/") == (200, "near")
        assert through(proxy, f"127.0.0.1:{near.port}") == (200, "near")
    assert not Proxy(serves, environ={}).allows("127.0.0.1", "10.0.0.7")


def test_a_host_that_cannot_be_reached() -> None:
    """A refused connection is a 502 that names host and port."""
    with proxied() as proxy:
        port = closed_port()
        status, text = get(proxy, f"http://127.0.0.1:{port}/")
        assert status == 502
        assert text.startswith(f"pytest-otp: cannot connect to 127.0.0.1:{port}: ")
        with pytest.raises(OSError, match="502 Bad Gateway"):
            through(proxy, f"127.0.0.1:{port}")


class Onward:
    """Another proxy, set in the environment before: it answers as the host that it is asked for."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Fine\r\n\r\n") -> None:
        self.lines: list[tuple[str, str | None]] = []
        self._answer = answer

    def __call__(self, asked: Asked, hang: Hang) -> None:
        self.lines.append((f"{asked.method} {asked.target}", asked.headers.get("proxy-authorization")))
        if asked.method != "CONNECT":
            hang.connection.sendall(reply("far"))
            return
        hang.connection.sendall(self._answer)
        if self._answer.startswith(b"HTTP/1.1 200") and self._answer.endswith(b"\r\n\r\n"):
            hang.connection.settimeout(30)
            hang.connection.recv(4096)
            hang.connection.sendall(reply("far"))


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_the_proxy_of_the_environment_goes_on_being_used(spelling: Callable[[str], str]) -> None:
    """Allowed hosts are reached by the proxy that was set before, with its password, for tunnels and requests."""
    onward = Onward()
    with WireServer(onward) as other:
        url = f"http://me:p%40ss@127.0.0.1:{other.port}"
        with proxied("far.example", environ={spelling("https_proxy"): url, spelling("http_proxy"): url}) as proxy:
            assert through(proxy, "far.example:443") == (200, "far")
            assert get(proxy, "http://far.example/x") == (200, "far")
    login = "Basic bWU6cEBzcw=="
    assert onward.lines == [("CONNECT far.example:443", login), ("GET http://far.example/x", login)]


def test_the_exceptions_of_the_environment_hold(far_away: Callable[[str, int], None]) -> None:
    """Hosts in NO_PROXY, and loopback, are reached directly."""
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
        (b"HTTP/1.1 407 No\r\n\r\n", "the proxy in the environment responded with status '407'"),
        (b"HTTP/1.1 200 Fine\r\n", "the proxy in the environment did not respond"),
        (b"x" * 17_000, "the proxy in the environment did not respond"),
    ],
)
def test_a_proxy_in_the_environment_that_refuses(answer: bytes, reason: str) -> None:
    """Its refusal, or no valid response from it, is a 502 that says so."""
    with (
        WireServer(Onward(answer)) as other,
        proxied("*", environ={"HTTPS_PROXY": f"http://127.0.0.1:{other.port}"}) as proxy,
    ):
        answered = said(proxy, b"CONNECT far.example:443 HTTP/1.1\r\n\r\n").decode()
    assert answered.startswith("HTTP/1.1 502 Bad Gateway\r\n")
    assert answered.endswith(f"pytest-otp: cannot connect to far.example:443: {reason}\n")


def test_a_proxy_of_another_kind_in_the_environment() -> None:
    """A proxy that is not an http one is a 502 that names its kind."""
    with proxied("*", environ={"ALL_PROXY": "socks5://127.0.0.1:1080"}) as proxy:
        status, text = get(proxy, "http://far.example/")
    assert status == 502
    assert "unsupported proxy in the environment: expected an http:// URL, got socks5" in text


def test_both_ends_of_a_tunnel_end() -> None:
    """When one side has said all it has, the other may still answer; then both are closed."""
    with socket.create_server(("127.0.0.1", 0)) as far, proxied() as proxy:
        host, _, port = proxy.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.sendall(f"CONNECT 127.0.0.1:{far.getsockname()[1]} HTTP/1.1\r\n\r\nearly ".encode())
            reached, _ = far.accept()
            with reached:
                reached.settimeout(30)
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
                client.sendall(b"question")
                client.shutdown(socket.SHUT_WR)
                heard = b"".join(iter(lambda: reached.recv(4096), b""))
                reached.sendall(b"answer")
            assert heard == b"early question"
            assert b"".join(iter(lambda: client.recv(4096), b"")) == b"answer"


def test_a_silent_tunnel_is_closed() -> None:
    """After `idle_timeout` without data a tunnel ends on both sides."""
    with socket.create_server(("127.0.0.1", 0)) as far, proxied(idle_timeout=0.01) as proxy:
        host, _, port = proxy.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.sendall(f"CONNECT 127.0.0.1:{far.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
            reached, _ = far.accept()
            with reached:
                reached.settimeout(30)
                assert reached.recv(1) == b""
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
            assert client.recv(1) == b""


def test_stop_cuts_a_tunnel() -> None:
    """An open tunnel does not delay stopping, and both its ends are closed."""
    server = Server(app, proxy=Proxy(serves, environ={}))
    server.start()
    with (
        socket.create_server(("127.0.0.1", 0)) as far,
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=30) as client,
    ):
        client.sendall(f"CONNECT 127.0.0.1:{far.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
        reached, _ = far.accept()
        with reached:
            reached.settimeout(30)
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
