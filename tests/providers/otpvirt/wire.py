"""OTP-virt's requests and responses as its own document prints them, and a service that gives them.

The numbers in brackets, here and in the tests, are the document's sections.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import responses

from pytest_otp.providers.base import Messages, Order
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.otpvirt import OtpvirtProvider
from pytest_otp.redact import Secret

CLIENT_ID = "8c0d2f4e-51b7-4e9a-a3c6-0b1d2e3f4a5b"
PASSWORD = "Pw%9/vT+e=n&Q3-invented-word-uB8"
URL = "https://api.otp-service.pro/native"
ORDER_ID = "df500217-3a9b-4260-8d87-cb72fe7c8a43"
MESSAGE_ID = "0f9aa28a-125e-4f61-ac48-3d3a48b404a5"
TEXT = (
    "<#> Your Viber code: 905526\n\nYou can also tap this link to finish your activation:\n"
    "https://unv.viber.com/a/905526\n\n6EQbNfKgO8O"
)

COUNT = '{\n    "count": 36261,\n    "status": 2,\n    "error": 0\n}'
NUMBER = (
    '{\n    "activationId": "df500217-3a9b-4260-8d87-cb72fe7c8a43",\n    "ammount": 0.05,\n'
    '    "number": 992112302159,\n    "status": 2,\n    "error": 0\n}'
)
CLOSED = '{\n    "status": 2,\n    "error": 0\n}'
SMS = (
    '{\n    "sms": [\n        {\n            "id": "0f9aa28a-125e-4f61-ac48-3d3a48b404a5",\n'
    '            "phoneFrom": "Viber",\n            "phone": 992112302159,\n'
    '            "text": "<#> Your Viber code: 905526\\n\\nYou can also tap this link to finish your activation:'
    '\\nhttps://unv.viber.com/a/905526\\n\\n6EQbNfKgO8O",\n            "code": "905526"\n        }\n    ],\n'
    '    "status": 0,\n    "error": 0\n}'
)
BALANCE = '{\n    "currency": "USD",\n    "balance": 131.95,\n    "status": 2,\n    "error": 0\n}'
PRICES = """{
    "currency": "USD",
    "countryList": [
        {
            "country": "tajikistan",
            "services": {
                "wa": 0.32,
                "hw": 0.06,
                "mb": 0.03,
                "vi": 0.05,
                "fb": 0.06,
                "go": 0.09,
                "ma": 0.03,
                "wb": 0.14,
                "tg": 0.29,
                "ig": 0.06,
                "vk": 0.03,
                "wx": 0.03
            }
        },
        {
            "country": "laos",
            "services": {
                "wv": 1.23
            }
        }
    ],
    "status": 0,
    "error": 0
}"""
NO_SMS = '{"sms": [], "status": 0, "error": 0}'


def error(number: int) -> str:
    """A refusal."""
    return json.dumps({"status": 4, "error": number})


def sms(*rows: dict[str, object]) -> str:
    """An order's SMS."""
    return json.dumps({"sms": rows, "status": 0, "error": 0})


class Wire:
    """The service, as far as it is told what to answer, and the provider that asks it."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.pauses: list[float] = []
        self.provider = self.made()
        self.order = Order(ORDER_ID, "992112302159", "vi", None, None, None, None, ordered_at=None)  # type: ignore[arg-type]

    def made(self, password: str = PASSWORD, url: str = URL) -> OtpvirtProvider:
        given: dict[str, str | Secret | None] = {
            "OTPVIRT_CLIENT_ID": Secret(CLIENT_ID),
            "OTPVIRT_API_PASSWORD": Secret(password),
            "OTPVIRT_BASE_URL": url,
        }
        return OtpvirtProvider(given, HttpClient("otpvirt", sleep=self.pauses.append))

    def says(self, action: str, *bodies: str | bytes | Exception, http: int = 200, encoding: str = "identity") -> None:
        """The next answers, which must be asked for in this order."""
        for body in bodies:
            headers = {"Content-Encoding": encoding}
            self.mock.add(responses.POST, f"{URL}/{action}", body=body, status=http, headers=headers)

    def ready(self) -> Wire:
        """Past the first GetBalance, which finds out about gzip."""
        self.says("GetBalance", BALANCE)
        self.provider.balance()
        self.mock.calls.reset()
        return self

    @property
    def actions(self) -> list[str]:
        return [(call.request.url or "").removeprefix(URL + "/") for call in self.mock.calls]

    @property
    def gzipped(self) -> list[bool]:
        return [call.request.headers.get("Content-Encoding") == "gzip" for call in self.mock.calls]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Each request's body without the credentials, which are checked."""
        bodies = []
        for call, zipped in zip(self.mock.calls, self.gzipped, strict=True):
            headers, body = call.request.headers, call.request.body
            assert isinstance(body, bytes)
            assert (headers["Content-Type"], headers["Accept"]) == ("application/json", "application/json")
            assert "gzip" in headers["Accept-Encoding"]
            fields = json.loads(gzip.decompress(body) if zipped else body)
            assert (fields.pop("clientId"), fields.pop("apiPassword")) == (CLIENT_ID, PASSWORD)
            bodies.append(fields)
        return bodies


def texts(heard: Messages) -> list[str]:
    """The texts of an order's SMS."""
    return [message.text for message in heard.sms]
