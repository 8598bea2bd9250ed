"""What the tests of pushes share: an account, a webhook with an open order behind it, POSTs and raw requests."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

from pytest_otp.providers.base import Messages, Order, OrderState, SmsMessage
from pytest_otp.providers.otpvirt_push import PUSH
from pytest_otp.providers.push import PushEndpoint
from pytest_otp.push.pushed import Pushes
from pytest_otp.push.webhook import Webhook
from pytest_otp.redact import Secret
from pytest_otp.server.server import Server
from tests.scripted import NOW

CLIENT_ID = "00000000-c11e-4000-8000-0123456789ab"
PASSWORD = "an-invented-password"
TOKEN = "an-invented-token-for-pushes"
VALUES = {"OTPVIRT_CLIENT_ID": Secret(CLIENT_ID.upper()), "OTPVIRT_API_PASSWORD": Secret(PASSWORD)}
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

Response = tuple[int, Any]
"""HTTP status and JSON."""
DONE: Response = (200, {"status": 2})


def refusal(status: int, reason: str) -> Response:
    """What OTP-virt gets for a request that is refused."""
    return status, {"status": 4, "reason": reason}


class Door:
    """A webhook that serves, and one open order behind it."""

    def __init__(self, endpoint: PushEndpoint, pushes: Pushes, url: str) -> None:
        self.pushes = pushes
        self.base = url
        self.path = endpoint.path
        self.url = f"{url}{endpoint.path}{TOKEN}"
        self.woken = 0
        self.order = Order(ORDER_ID, str(PHONE), "vi", None, None, None, None, NOW)
        self.close = pushes.open(self.order, self._wake)

    def _wake(self, seconds: float) -> None:
        assert seconds == 0.0
        self.woken += 1

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """What came by push; the service itself shows nothing."""
        nothing: Future[Messages] = Future()
        nothing.set_result(Messages(OrderState.WAITING, ()))
        return self.pushes.look(self.order, lambda: nothing).result(0).sms

    @property
    def texts(self) -> list[str]:
        """Their texts."""
        return [message.text for message in self.messages]

    def unchanged(self) -> bool:
        """Whether nothing came so far."""
        return (self.woken, self.texts) == (0, [])


@contextlib.contextmanager
def otpvirt_door() -> Iterator[Door]:
    """A webhook for OTP-virt's push."""
    pushes = Pushes()
    with Server(Webhook(PUSH, Secret(TOKEN), VALUES, pushes.take)) as server:
        yield Door(PUSH, pushes, server.url)


def post(
    url: str,
    content: object,
    *,
    packed: bool = False,
    kind: str | None = "application/json; charset=utf-8",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    timeout: float = 10,
) -> Response:
    """The service's request; bytes are sent as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    body = gzip.compress(body) if packed else body
    parts = urlsplit(url)
    fields = {"Host": parts.netloc, "Content-Length": str(len(body)), **(headers or {})}
    fields |= {"Content-Type": kind} if kind else {}
    fields |= {"Content-Encoding": "gzip"} if packed else {}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return raw(url, f"{method} {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body, timeout=timeout)


def raw(url: str, request: bytes, *, end: bool = False, timeout: float = 10) -> Response:
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


def answered(connection: socket.socket) -> Response:
    """The answer on a connection; the server may keep that open, to hear a request out that it has refused."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        length = 0
        while (line := stream.readline().strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return status, json.loads(stream.read(length))


def chunked(url: str, body: bytes) -> bytes:
    """A POST whose body comes in these chunks."""
    return _head(url) + b"Transfer-Encoding: chunked\r\n\r\n" + body


def announced(url: str, length: int, body: bytes) -> bytes:
    """A POST with this Content-Length."""
    return _head(url) + f"Content-Length: {length}\r\n\r\n".encode() + body


def _head(url: str) -> bytes:
    return f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
