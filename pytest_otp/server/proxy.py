"""The server as an HTTP proxy: which hosts it stands in for, which it allows, and how it connects to these.

An application with this proxy in its environment sends it the requests for every host. Those for SMS services are
answered here. All others are blocked, so that a test sends nothing out by accident, unless the user allows the host.
"""

from __future__ import annotations

import base64
import os
import re
import selectors
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

from ..errors import SettingsError
from ..loopback import ip_address, is_loopback

__tracebackhide__ = True

CONNECT_SECONDS = 10.0
SEND_SECONDS = 30.0

_HOST = re.compile(r"[a-z0-9_.-]{1,253}")
_PATTERN = re.compile(r"[a-z0-9_.*-]{1,253}")
_HEAD = 16 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "proxy-authorization"}


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """A client's request to a proxy."""

    host: str
    """In lower case; an IPv6 address has no brackets."""
    port: int
    connect: bool
    """True for a tunnel (CONNECT), False to forward this one request."""

    @property
    def where(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def proxy_request(command: str, target: str) -> ProxyRequest | None:
    """Parse the command and target of a request line; None if it is for the server itself.

    Raises `ValueError` if there is no valid host and port.
    """
    connect = command == "CONNECT"
    if target.lower().startswith("https://"):
        raise ValueError("https needs CONNECT")
    if not connect and not target.lower().startswith("http://"):
        return None
    parts = urlsplit(f"//{target}" if connect else target)
    port = parts.port if connect else parts.port or 80
    host = (parts.hostname or "").rstrip(".")
    if not port or not is_host(host):
        raise ValueError("no valid host and port")
    return ProxyRequest(host, port, connect)


Note = Callable[[str, str, str, int], None]
"""Called with method, host, path and status of a request that the proxy answered itself or let out."""


class Proxy:
    """Decides which hosts are allowed, and connects to those.

    Args:
        serves: Whether the server's application answers for a host (in lower case): SMS services.
        note: Told of each request that was blocked (403), of each host that was not reached (502), and with the
            status 0 of each request to a host for which the application would answer, but which is let out.
        environ: Names the proxy that was in use before, for allowed hosts; read at once. Defaults to `os.environ`.
        idle_timeout: Seconds without data until a tunnel is closed.
    """

    def __init__(
        self,
        serves: Callable[[str], bool],
        *,
        note: Note | None = None,
        environ: Mapping[str, str] | None = None,
        idle_timeout: float = 300.0,
    ) -> None:
        # At once: the environment may soon name this very proxy.
        self._upstream = _UpstreamProxies(os.environ if environ is None else environ)
        self._serves = serves
        self._allowed: frozenset[str] = frozenset()
        self._let_out: frozenset[str] = frozenset()
        self._note = note
        self.idle_timeout = idle_timeout

    def allow_hosts(self, *patterns: str, real_sms: bool = False) -> None:
        """Allow hosts from now on: names, `*.example.com`, or `*`. A pattern never lets an SMS service out.

        Raises `SettingsError` for an invalid host, and for an SMS service unless `real_sms`.
        """
        hosts = checked_hosts(patterns, self._serves, real_sms=real_sms)
        self._let_out |= {host for host in hosts if self._serves(host)}
        self._allowed |= set(hosts)

    def serves(self, host: str) -> bool:
        """Whether the application answers for a host, whatever patterns allow."""
        return host not in self._let_out and self._serves(host)

    def allows(self, host: str, peer: str) -> bool:
        """Whether a client at the address `peer` may connect to a host that is not served.

        Clients on this machine may connect to its loopback: not every client honours NO_PROXY.
        """
        if any(fnmatchcase(host, pattern) for pattern in self._allowed):
            return True
        return is_loopback(host) and is_loopback(peer)

    def note(self, method: str, request: ProxyRequest, target: str, status: int) -> None:
        """Note a request: `target` is that of its request line; see `Note` for the status."""
        if self._note is not None and (status or self._serves(request.host)):
            self._note(method, request.host, "" if request.connect else urlsplit(target).path or "/", status)

    def connect(self, request: ProxyRequest) -> tuple[socket.socket, str | None]:
        """Connect to the requested host, through the proxy that was in the environment if there was one for it.

        Returns:
            The connection, and the authorization header for a request that has to be forwarded to another proxy
            (None for a connection to the host itself or a tunnel to it).

        Raises:
            OSError: If it cannot connect.
        """
        upstream = None if is_loopback(request.host) else self._upstream.proxy_for(request)
        if upstream is None:
            return socket.create_connection((request.host, request.port), CONNECT_SECONDS), None
        url = urlsplit(upstream)
        if url.scheme != "http" or not url.hostname:
            raise OSError(f"unsupported proxy in the environment: expected an http:// URL, got {url.scheme or 'none'}")
        connection = socket.create_connection((url.hostname, url.port or 80), CONNECT_SECONDS)
        login = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else None
        header = f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}\r\n" if login else ""
        if request.connect:
            try:
                _open_tunnel(connection, request, header)
            except BaseException:
                connection.close()
                raise
            return connection, None
        return connection, header


def is_host(name: str) -> bool:
    """Whether it is a host name in lower case, or an IP address."""
    return bool(_HOST.fullmatch(name)) or ip_address(name) is not None


def checked_hosts(hosts: Iterable[object], is_sms: Callable[[str], bool], *, real_sms: bool = False) -> list[str]:
    """Check hosts to allow; returns them in lower case.

    Raises `SettingsError` for an invalid host, and for one of an SMS service unless `real_sms`.
    """
    checked = []
    for host in hosts:
        if not isinstance(host, str) or not (_PATTERN.fullmatch(host.lower()) or ip_address(host)):
            raise SettingsError(f"invalid host {host!r}: expected example.com, *.example.com or *")
        name = host.lower().rstrip(".")
        if is_sms(name) and not real_sms:
            raise SettingsError(
                f"cannot allow {host}: it belongs to an SMS service, so the application would send real SMS",
                hint="If it should, allow it with real_sms=True.",
            )
        checked.append(name)
    return checked


def error_response(status: int, reason: str, text: str) -> bytes:
    """A complete HTTP response that ends the connection. Most clients show the reason."""
    body = f"pytest-otp: {text}\n".encode()
    return (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


def host_blocked(host: str) -> bytes:
    """The response for a host that is not allowed."""
    return error_response(
        403,
        f"pytest-otp blocks {host}",
        f"{host} is blocked: it is neither an SMS service that the gateway stands in for nor on the list of allowed "
        f'hosts. To allow it, use otp_gateway.allow_hosts("{host}") or pytest-otp sandbox --allow-host {host}',
    )


def forwarded_head(request_line: str, headers: list[tuple[str, str]], authorization: str | None) -> bytes:
    """The head of a request to forward: to the host itself, or unchanged to the next proxy if there is one."""
    command, target, _ = request_line.split(" ", 2)
    if authorization is None:
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in _HOP_BY_HOP]
    head = [f"{command} {target} HTTP/1.1\r\n", *lines, authorization or "", "Connection: close\r\n\r\n"]
    return "".join(head).encode("latin-1")


def tunnel(one: socket.socket, other: socket.socket, *, idle_timeout: float, moved: Callable[[], None]) -> None:
    """Carry bytes both ways until both ends have finished, one fails, or no data arrives for `idle_timeout` seconds.

    `moved` is called at the start, and whenever data has passed.
    """
    moved()
    with selectors.DefaultSelector() as selector:
        for source, sink in ((one, other), (other, one)):
            source.settimeout(SEND_SECONDS)
            selector.register(source, selectors.EVENT_READ, (source, sink))
        while selector.get_map():
            ready = selector.select(idle_timeout)
            if not ready:
                return
            for key, _ in ready:
                source, sink = key.data
                data = source.recv(64 * 1024)
                if data:
                    sink.sendall(data)
                    moved()
                else:
                    selector.unregister(source)
                    sink.shutdown(socket.SHUT_WR)


class _UpstreamProxies:
    """The proxies in an environment, by the standard library's rules."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        def read(name: str) -> str:
            return environ.get(name.lower()) or environ.get(name) or ""

        self._proxies = {
            True: read("HTTPS_PROXY") or read("ALL_PROXY"),
            False: environ.get("http_proxy") or environ.get("HTTP_PROXY") or read("ALL_PROXY"),
        }
        self._no_proxy = read("NO_PROXY")

    def proxy_for(self, request: ProxyRequest) -> str | None:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # noqa: PLC0415 - rarely needed

        found = self._proxies[request.connect]
        if not found or proxy_bypass_environment(request.where, {"no": self._no_proxy}):
            return None
        return found if "://" in found else f"http://{found}"


def _open_tunnel(connection: socket.socket, request: ProxyRequest, header: str) -> None:
    where = request.where
    connection.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{header}\r\n".encode("latin-1"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)  # no more than the head: what follows is for the client
        head += byte
        if not byte or len(head) > _HEAD:
            raise OSError("the proxy in the environment did not respond")
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise OSError(f"the proxy in the environment responded with status {b''.join(status).decode('latin-1')!r}")
