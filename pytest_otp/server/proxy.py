"""The server as an HTTP proxy: which hosts it answers for itself, which it lets through, and how these are reached.

An application that finds this proxy in its environment asks it for every host. Those of SMS services are answered here;
any other is refused, so that a test sends nothing out by accident, unless the user let it through.
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

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 300.0
"""A tunnel through which nothing comes for so long is closed."""
SEND_SECONDS = 30.0

_HOST = re.compile(r"[a-z0-9_.-]{1,253}")
_PATTERN = re.compile(r"[a-z0-9_.*-]{1,253}")
_HEAD = 16 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "proxy-authorization"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants of a proxy."""

    host: str
    """In lower case; an IPv6 address without brackets."""
    port: int
    connect: bool
    """It wants a tunnel (CONNECT); otherwise that one request is passed on."""

    @property
    def where(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def asked_of_proxy(command: str, target: str) -> Asked | None:
    """What a request line asks of a proxy, None where it asks the server itself; ValueError where it names no host."""
    connect = command == "CONNECT"
    if target.lower().startswith("https://"):
        raise ValueError("https goes through a proxy by CONNECT")
    if not connect and not target.lower().startswith("http://"):
        return None
    parts = urlsplit(f"//{target}" if connect else target)
    port = parts.port if connect else parts.port or 80
    host = (parts.hostname or "").rstrip(".")
    if not port or not (_HOST.fullmatch(host) or ip_address(host)):
        raise ValueError("no host and port")
    return Asked(host, port, connect)


class Proxy:
    """Decides about hosts, and reaches those that are let through.

    Args:
        serves: whether a host (in lower case) is one that the server's application answers for.
        environ: where to find the proxy that was in use before, for hosts that are let through; read at once.
    """

    def __init__(self, serves: Callable[[str], bool], *, environ: Mapping[str, str] | None = None) -> None:
        # At once: the environment may soon name this very proxy.
        self._before = _Before(os.environ if environ is None else environ)
        self._serves = serves
        self._let_through: frozenset[str] = frozenset()

    def let_through(self, *hosts: str) -> None:
        """Pass these hosts on from now: names, `*.example.com`, or `*` for all but SMS services."""
        self._let_through |= set(checked_hosts(hosts, self.serves))

    def serves(self, host: str) -> bool:
        """Whether the application answers for a host, whatever is let through."""
        return self._serves(host)

    def lets(self, host: str, peer: str) -> bool:
        """Whether a client at an address may reach a host that is not served.

        This machine's own loopback may be reached by who is on it: not every client heeds NO_PROXY.
        """
        if any(fnmatchcase(host, pattern) for pattern in self._let_through):
            return True
        return is_loopback(host) and is_loopback(peer)

    def connect(self, asked: Asked) -> tuple[socket.socket, str | None]:
        """Reach a host, by the proxy that was in the environment if there was one for it.

        Returns:
            The connection; and, where a request has to be passed on to another proxy, what authorizes it there.

        Raises:
            OSError: it cannot be reached.
        """
        before = None if is_loopback(asked.host) else self._before.proxy_for(asked)
        if before is None:
            return socket.create_connection((asked.host, asked.port), CONNECT_SECONDS), None
        url = urlsplit(before)
        if url.scheme != "http" or not url.hostname:
            raise OSError(f"the proxy in the environment is a {url.scheme or 'nameless'} one; only http is known")
        connection = socket.create_connection((url.hostname, url.port or 80), CONNECT_SECONDS)
        login = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else None
        header = f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}\r\n" if login else ""
        if asked.connect:
            try:
                _open_tunnel(connection, asked, header)
            except BaseException:
                connection.close()
                raise
            return connection, None
        return connection, header


def checked_hosts(hosts: Iterable[object], serves: Callable[[str], bool]) -> list[str]:
    """Hosts to let through, in lower case; SettingsError for what is no host, and for one that is served."""
    checked = []
    for host in hosts:
        if not isinstance(host, str) or not (_PATTERN.fullmatch(host.lower()) or ip_address(host)):
            raise SettingsError(f"let_through takes hosts such as example.com or *.example.com, not {host!r}")
        if serves(host.lower()):
            raise SettingsError(
                f"let_through: {host} is an SMS service, which the gateway answers for",
                hint="To send for real, do not give the application otp_gateway.environ().",
            )
        checked.append(host.lower().rstrip("."))
    return checked


def refusal(status: int, reason: str, text: str) -> bytes:
    """A whole answer that ends the connection. The reason is what most clients show."""
    body = f"pytest-otp: {text}\n".encode()
    return (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


def not_let_through(host: str) -> bytes:
    """The answer about a host that is not let through."""
    return refusal(
        403,
        f"pytest-otp does not let {host} through",
        f"{host} is none of the SMS services that the gateway answers for, and a test sends nothing else out. "
        f'If the application needs it: otp_gateway.let_through("{host}"), or pytest-otp sandbox --let-through {host}',
    )


def passed_on(asked: Asked, request_line: str, headers: list[tuple[str, str]], authorization: str | None) -> bytes:
    """The head of a request to pass on: to the host itself, or as it is to the next proxy where that is authorized."""
    command, target, _ = request_line.split(" ", 2)
    if authorization is None:
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in _HOP_BY_HOP]
    head = [f"{command} {target} HTTP/1.1\r\n", *lines, authorization or "", "Connection: close\r\n\r\n"]
    return "".join(head).encode("latin-1")


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until both have ended, one fails, or nothing came for long."""
    with selectors.DefaultSelector() as selector:
        for source, sink in ((one, other), (other, one)):
            source.settimeout(SEND_SECONDS)
            selector.register(source, selectors.EVENT_READ, (source, sink))
        while selector.get_map():
            ready = selector.select(IDLE_SECONDS)
            if not ready:
                return
            for key, _ in ready:
                source, sink = key.data
                data = source.recv(64 * 1024)
                if data:
                    sink.sendall(data)
                else:
                    selector.unregister(source)
                    sink.shutdown(socket.SHUT_WR)


class _Before:
    """The proxies of an environment, as the standard library reads it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        def read(name: str) -> str:
            return environ.get(name.lower()) or environ.get(name) or ""

        self._proxies = {
            True: read("HTTPS_PROXY") or read("ALL_PROXY"),
            False: environ.get("http_proxy") or environ.get("HTTP_PROXY") or read("ALL_PROXY"),
        }
        self._except = read("NO_PROXY")

    def proxy_for(self, asked: Asked) -> str | None:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # noqa: PLC0415 - seldom

        found = self._proxies[asked.connect]
        if not found or proxy_bypass_environment(asked.where, {"no": self._except}):
            return None
        return found if "://" in found else f"http://{found}"


def _open_tunnel(connection: socket.socket, asked: Asked, header: str) -> None:
    connection.sendall(f"CONNECT {asked.where} HTTP/1.1\r\nHost: {asked.where}\r\n{header}\r\n".encode("latin-1"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)  # not one more: what follows belongs to the client
        head += byte
        if not byte or len(head) > _HEAD:
            raise OSError("the proxy in the environment gave no answer")
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise OSError(f"the proxy in the environment answered {b''.join(status).decode('latin-1')!r}")
