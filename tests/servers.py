"""Loopback servers with scripted responses, many of them broken on purpose, that record every request."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """Which connection it came over, counted from 1."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Hang:
    """The connection of a request, for responses that are more than bytes."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self.connection = connection
        self.stopping = stopping

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the test is over, or for so many seconds; returns whether the test goes on."""
        return not self.stopping.wait(seconds)


TLS_HANDSHAKE = b"\x16"
"""The first byte of each TLS connection (RFC 8446, 5.1)."""

Reply = bytes | Callable[[Asked, Hang], None]
"""Bytes keep the connection open; a function ends with its connection closed."""


def reply(
    body: object, status: int = 200, *, headers: Mapping[str, str] | None = None, kind: str = "application/json"
) -> bytes:
    """A whole response; anything but a string or bytes is sent as JSON."""
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + raw


def raw(data: bytes) -> Reply:
    """These bytes, then the connection ends."""
    return lambda asked, hang: hang.connection.sendall(data)


def reset(asked: Asked, hang: Hang) -> None:
    """The connection is reset, without an answer."""
    hang.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drop(asked: Asked, hang: Hang) -> None:
    """The connection ends, without an answer."""


def stall(asked: Asked, hang: Hang) -> None:
    """No answer at all."""
    hang.wait()


def drip(asked: Asked, hang: Hang) -> None:
    """An answer that comes letter by letter and never ends."""
    hang.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n")
    while hang.wait(0.02):
        hang.connection.sendall(b" ")


def drip_headers(asked: Asked, hang: Hang) -> None:
    """Headers that never end: each comes well within a socket's time-out."""
    hang.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    while hang.wait(0.02):
        hang.connection.sendall(b"X: y\r\n")


def drip_chunk_size(asked: Asked, hang: Hang) -> None:
    """The size of a chunk that never ends."""
    hang.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while hang.wait(0.02):
        hang.connection.sendall(b"0")


class WireServer:
    """Sends its replies in turn, repeating the last one; or those that a function returns for each request."""

    def __init__(self, *replies: Reply, by: Callable[[Asked], Reply] | None = None) -> None:
        self.asked: list[Asked] = []
        self._replies = list(replies)
        self._by = by
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        return len(self._connections)

    def __enter__(self) -> WireServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
            if stream.peek(1)[:1] == TLS_HANDSHAKE:  # its bytes may hold no line end: there is nothing to wait for
                connection.sendall(reply("plain HTTP only", 400))
                return
            for asked in _requests(stream, number):
                answer = self._next(asked)
                if callable(answer):
                    answer(asked, Hang(connection, self._stopping))
                    break
                connection.sendall(answer)

    def _next(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if self._by:
                return self._by(asked)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def _requests(stream: Any, number: int) -> Iterator[Asked]:
    while line := stream.readline().decode("latin-1").strip():
        method, target, _ = line.split(" ")
        headers = {}
        while field := stream.readline().decode("latin-1").strip():
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        yield Asked(method, target, headers, body, number)


def closed_port() -> int:
    """A port of this machine that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port of this machine that never completes a connection."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # the queue of one that nobody accepts is full after these
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield int(listener.getsockname()[1])
