"""What tests of the push share: an account, the service's POST, and raw requests."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

CLIENT_ID = "00000000-c11e-4000-8000-0123456789ab"
PASSWORD = "an-invented-password"
TOKEN = "an-invented-token-for-pushes"
ORDER_ID = "00000000-ac71-4000-8000-0123456789ab"
MESSAGE_ID = "0f9aa28a-125e-4f61-ac48-3d3a48b404a5"
PHONE = 992000000159
TEXT = (
    "<#> Your Viber code: 905526\n\nYou can also tap this link to finish your activation:\n"
    "https://unv.viber.com/a/905526\n\n6EQbNfKgO8O"
)
TABLE: dict[str, Any] = {
    "id": MESSAGE_ID,
    "phoneFrom": "Viber",
    "phone": PHONE,
    "text": TEXT,
    "code": "905526",
    "clientId": CLIENT_ID,
    "activationId": ORDER_ID,
}
"""The document's sample message with the fields of its table."""
SAMPLE: dict[str, Any] = {
    "clientId": CLIENT_ID,
    "apiPassword": PASSWORD,
    "activationId": ORDER_ID,
    "phoneFrom": "Viber",
    "phone": PHONE,
    "text": TEXT,
    "code": "905526",
}
"""The document's sample as it stands there, but for the password."""

Answer = tuple[int, Any]
"""HTTP status and JSON."""
DONE: Answer = (200, {"status": 2})


def post(
    url: str,
    content: object,
    *,
    packed: bool = False,
    kind: str | None = "application/json; charset=utf-8",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    timeout: float = 10,
) -> Answer:
    """The service's request; bytes are sent as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    body = gzip.compress(body) if packed else body
    parts = urlsplit(url)
    fields = {"Host": parts.netloc, "Content-Length": str(len(body)), **(headers or {})}
    fields |= {"Content-Type": kind} if kind else {}
    fields |= {"Content-Encoding": "gzip"} if packed else {}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return raw(url, f"{method} {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body, timeout=timeout)


def raw(url: str, request: bytes, *, end: bool = False, timeout: float = 10) -> Answer:
    """What a server answers to these bytes; `end` says that no more will come."""
    with connected(url, timeout) as connection:
        with contextlib.suppress(ConnectionError):  # it may have answered, and closed, before it had read all
            connection.sendall(request)
            if end:
                connection.shutdown(socket.SHUT_WR)
        return answered(connection)


def connected(url: str, timeout: float = 10) -> socket.socket:
    """A connection to the server behind a url."""
    parts = urlsplit(url)
    return socket.create_connection((str(parts.hostname), parts.port or 0), timeout)


def answered(connection: socket.socket) -> Answer:
    """The answer on a connection; the server may keep that open, to hear a request out that it has refused."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        length = 0
        while (line := stream.readline().strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return status, json.loads(stream.read(length))
