"""A sandbox over a real socket, and raw requests to it, written from the two providers' documents."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox.app import Sandbox
from tests.scripted import Time as Clock

KEY = "sandbox-key-not-a-secret"
CLIENT = {"clientId": "5a4db0c5-1111-4222-8333-444444444444", "apiPassword": "sandbox-password"}
UNKNOWN_GUID = "0f9aa28a-125e-4f61-ac48-3d3a48b404a5"

Json = dict[str, Any]


class World:
    """A sandbox under one scenario, its carrier, and raw requests to it."""

    def __init__(self, url: str, carrier: Carrier, app: Sandbox, clock: Clock) -> None:
        self.url = url
        self.carrier = carrier
        self.app = app
        self.clock = clock

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def get(self, **query: str) -> bytes:
        """A GET to otpcepat as its document has it, with the right key unless told otherwise."""
        status, body, headers = self.ask("GET", "/api/handler_api.php?" + urlencode({"api_key": KEY, **query}))
        assert (status, headers["Content-Type"]) == (200, "application/json")
        return body

    def cepat(self, **query: str) -> Json:
        answer: Json = json.loads(self.get(**query))
        return answer

    def cepat_order(self, country_id: str = "6", service_id: str = "3", operator_id: str = "random") -> Json:
        answer = self.cepat(action="get_order", country_id=country_id, service_id=service_id, operator_id=operator_id)
        assert answer["status"] is True
        data: Json = answer["data"]
        return data

    def cepat_status(self, order: Json) -> Json:
        answer = self.cepat(action="get_status", order_id=order["order_id"])
        assert answer["status"] == "true"
        data: Json = answer["data"]
        return data

    def cepat_set(self, order: Json, status: str) -> Json:
        return self.cepat(action="set_status", order_id=order["order_id"], status=status)

    def virt(self, action: str, **fields: object) -> Json:
        """A POST to OTP-virt as its document has it, with the right credentials unless told otherwise."""
        status, body, headers = self.ask("POST", f"/native/{action}", json.dumps({**CLIENT, **fields}).encode())
        assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
        answer: Json = json.loads(body)
        return answer

    def virt_order(self, **detail: str) -> Json:
        answer = self.virt("GetNumber", service="vi", detail=detail or {"country": "tajikistan", "provider": "indigo"})
        assert answer["error"] == 0
        return answer

    def virt_for(self, order: Json, action: str) -> Json:
        return self.virt(action, activationId=order["activationId"])

    def deliver(self, order: Json, text: str, sender: str | None = None) -> None:
        self.carrier.deliver(f"+{order['number']}", text, sender=sender)

    def later(self, seconds: float) -> None:
        self.clock.now += seconds


Start = Callable[..., World]
"""Starts a sandbox under a scenario."""
