"""otpcepat's requests and responses as its own document prints them, and a service that gives them.

Samples that are not JSON as printed are mended; each says so.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import responses

from pytest_otp.providers.base import Messages, Order
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.otpcepat import OtpcepatProvider
from pytest_otp.redact import Secret
from tests.providers.clients import KEY

URL = "https://otpcepat.org/api/handler_api.php"
ORDER_ID = "fbe71d05c3***779df1272c8e7"

BALANCE = '{"status":"true","data":{"email":"youremail@host.com","saldo":"9999999999"}}'
# Printed with a bare country_id, which is no JSON.
COUNTRIES = (
    '{"status":"true","countryID":"6","data":[{"countryID":"0","countryName":"Russia"},'
    '{"countryID":"1","countryName":"Ukraine"}]}'
)
# Printed with a bare country_id and one brace too many.
OPERATORS = '{"status":"true","countryID":"6","data":["random","operatorName"]}'
# Printed with a bare country_id.
SERVICES = (
    r'{"status":"true","countryID":"6","data":[{"serviceID":"1","serviceName":"Flip","price":"99"},'
    r'{"serviceID":"2","serviceName":"Gmail\/Youtube","price":"99"}]}'
)
# Printed without the quote before data.
SPECIAL = (
    r'{"status":"true","data":[{"serviceID":"1","serviceName":"Flip","price":"99"},'
    r'{"serviceID":"2","serviceName":"Gmail\/Youtube","price":"99"}]}'
)
ORDERED = (
    '{"status":true,"data":{"order_id":"fbe71d05c3***779df1272c8e7","number":"xxxxxxxxxxxxxx","price":99,'
    '"status":"Waiting SMS"}}'
)
STATUS = (
    '{"status":"true","data":{"order_id":"fbe71d05c3***779df1272c8e7","number":"xxxxxxxxxxxxxx",'
    '"serviceName":"Yahoo","status":"Waiting SMS","sms":"text_sms"}}'
)
SET = '{"status":true,"msg":"success"}'


INDONESIA = ("Indonesia", "id", "Indonesien", "Индонезия")


def refused(msg: str) -> str:
    """A refusal."""
    return json.dumps({"status": "false", "msg": msg})


def status(word: str, sms: object = ..., **extra: object) -> str:
    """An order's status."""
    shown = {} if sms is ... else {"sms": sms}
    return json.dumps({"status": "true", "data": {"order_id": ORDER_ID, "status": word, **shown, **extra}})


class Wire:
    """The service, as far as it is told what to answer, and the provider that asks it."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.pauses: list[float] = []
        self.provider = self.made()
        self.order = Order(ORDER_ID, "6281234567890", "7", "6", None, None, None, ordered_at=None)  # type: ignore[arg-type]

    def made(self, **variables: str) -> OtpcepatProvider:
        given = {"API_KEY_OTPCEPAT": Secret(KEY), "OTPCEPAT_BASE_URL": URL, "OTPCEPAT_USER_AGENT": None, **variables}
        return OtpcepatProvider(given, HttpClient("otpcepat", sleep=self.pauses.append))

    def says(self, *bodies: str | Exception, http: int = 200) -> None:
        """The next answers, whatever is asked."""
        for body in bodies:
            self.mock.add(responses.GET, URL, body=body, status=http)

    @property
    def asked(self) -> list[dict[str, str]]:
        """Each request's parameters in their order, without the key, which is checked."""
        queries = []
        for call in self.mock.calls:
            parts = urlsplit(call.request.url or "")
            assert f"{parts.scheme}://{parts.netloc}{parts.path}" == URL
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            assert pairs[0] == ("api_key", KEY)
            assert len(dict(pairs)) == len(pairs)
            queries.append(dict(pairs[1:]))
        return queries

    @property
    def headers(self) -> Any:
        return self.mock.calls[-1].request.headers


def texts(heard: Messages) -> list[str]:
    """The texts of an order's SMS."""
    return [sms.text for sms in heard.sms]
