"""A gateway over a real socket, with a network that holds one number, and the requests of applications."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from pytest_otp.errors import SettingsError
from pytest_otp.gateway.app import Gateway

HELD = "+12015550123"
STRAY = "+442079460958"
ACCOUNT = "AC" + "0" * 32
FORM = "application/x-www-form-urlencoded"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/us-east-1/sns/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, Signature=0123456789abcdef"
)
REFUSED = "refuse me"
"""A text that the network refuses."""


def basic(user: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class Network:
    """Records what it is given; holds one number."""

    taken: list[tuple[str, str, str | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        if text == REFUSED:
            raise SettingsError("the network does not take this")
        with self.lock:
            self.taken.append((to, text, sender))
        return to == HELD


@dataclass
class Response:
    status: int
    raw: bytes
    headers: http.client.HTTPMessage

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class World:
    url: str
    network: Network
    gateway: Gateway
    strays: list[str]

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Response:
        """One request; a header that is None is left out."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        sent = {name: value for name, value in (headers or {}).items() if value is not None}
        try:
            connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()

    def twilio(self, fields: Mapping[str, object], **headers: str | None) -> Response:
        sent = {"Content-Type": FORM, "Authorization": basic(ACCOUNT, "token")} | headers
        return self.ask("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", urlencode(fields, doseq=True), sent)

    def vonage_sms(self, fields: Mapping[str, object], **headers: str | None) -> Response:
        return self.ask("POST", "/sms/json", urlencode(fields), {"Content-Type": FORM} | headers)

    def vonage_messages(self, fields: object, **headers: str | None) -> Response:
        sent = {"Content-Type": "application/json", "Authorization": basic("key", "secret")} | headers
        return self.ask("POST", "/v1/messages", json.dumps(fields), sent)

    def sns(self, fields: Mapping[str, object], **headers: str | None) -> Response:
        sent = {"Content-Type": FORM, "Authorization": SIGNED} | headers
        return self.ask("POST", "/", urlencode(fields), sent)
