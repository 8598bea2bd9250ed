"""OTP-virt's wire: requests and answers as its own document prints them, every action, field, error and oddity.

The numbers in brackets are the document's sections.
"""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
)
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.providers.base import Balance, Messages, Operator, Order, OrderState, Service
from pytest_otp.providers.deadline import time_limit
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.otpvirt import OtpvirtProvider
from pytest_otp.redact import Secret
from tests.providers.conftest import CLIENT_ID, PASSWORD

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
    return json.dumps({"status": 4, "error": number})


def sms(*rows: dict[str, object]) -> str:
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


@pytest.fixture
def wire() -> Iterator[Wire]:
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield Wire(mock)


class TestSamples:
    """Each request and its answer as printed."""

    def test_get_numbers_count(self, wire: Wire) -> None:
        """[1] country and provider stand flat; count is the number of free numbers."""
        wire.ready().says("GetNumbersCount", COUNT)
        assert wire.provider.count("fb", "tajikistan", "indigo") == 36261
        assert wire.asked == [{"service": "fb", "country": "tajikistan", "provider": "indigo"}]

    def test_get_number(self, wire: Wire) -> None:
        """[2] country and provider stand in `detail`; activationId, ammount and number come back."""
        wire.says("GetBalance", BALANCE)
        wire.says("GetNumber", NUMBER)
        order = wire.provider.order("vi", "tajikistan", "indigo")
        assert wire.actions == ["GetBalance", "GetNumber"]
        assert wire.asked[1] == {"service": "vi", "detail": {"country": "tajikistan", "provider": "indigo"}}
        assert (order.id, order.number) == (ORDER_ID, "992112302159")
        assert (order.price, order.currency) == (Decimal("0.05"), "USD")
        assert (order.service, order.country, order.operator, order.region) == ("vi", "tajikistan", "indigo", "TJ")
        assert order.ordered_at.utcoffset() is not None

    def test_confirm_activation(self, wire: Wire) -> None:
        """[3] finishes."""
        wire.ready().says("ConfirmActivation", CLOSED)
        wire.provider.finish(wire.order)
        assert wire.asked == [{"activationId": ORDER_ID}]

    def test_cancel_activation(self, wire: Wire) -> None:
        """[4] cancels."""
        wire.ready().says("CancelActivation", CLOSED)
        wire.provider.cancel(wire.order)
        assert wire.asked == [{"activationId": ORDER_ID}]

    def test_get_sms(self, wire: Wire) -> None:
        """[5] id, phoneFrom, text and code; status 0 is a success here."""
        wire.ready().says("GetSms", SMS)
        heard = wire.provider.messages(wire.order)
        assert wire.asked == [{"activationId": ORDER_ID}]
        (message,) = heard.sms
        assert heard.state == "received"
        assert (message.id, message.sender, message.text, message.code) == (MESSAGE_ID, "Viber", TEXT, "905526")
        assert message.received_at is not None

    def test_get_balance(self, wire: Wire) -> None:
        """[7] balance in currency."""
        wire.says("GetBalance", BALANCE)
        assert wire.provider.balance() == Balance(Decimal("131.95"), "USD")
        assert wire.asked == [{}]

    def test_get_price(self, wire: Wire) -> None:
        """[8] countryList, not services as the table says; status 0 is a success here too."""
        wire.ready().says("GetPrice", PRICES)
        assert wire.provider.services("laos") == [Service("wv", "wv", Decimal("1.23"), "USD")]
        assert len(wire.provider.services("tajikistan")) == 12
        assert wire.provider.services("iran") == []
        assert Service("vi", "vi", Decimal("0.05"), "USD") in wire.provider.services(None)
        assert wire.asked == [{}]

    def test_the_lowest_price_stands_for_a_service_of_no_country(self, wire: Wire) -> None:
        """Without a country a service is listed once, at the price of its cheapest country."""
        rows = [{"country": f"c{n}", "services": {"wa": price}} for n, price in enumerate((0.3, "0.2", None, 0.25))]
        wire.ready().says("GetPrice", json.dumps({"currency": "USD", "countryList": rows, "error": 0}))
        assert wire.provider.services(None) == [Service("wa", "wa", Decimal("0.2"), "USD")]

    def test_countries(self, wire: Wire) -> None:
        """[11] and [8]: the documented countries, then those that only the price list has."""
        wire.ready().says("GetPrice", PRICES)
        assert [country.id for country in wire.provider.countries()] == [
            "tajikistan",
            "iran",
            "libyan",
            "afghanistan",
            "latvia",
            "serbia",
            "laos",
        ]
        assert {country.id: country.name for country in wire.provider.countries()}["libyan"] == "Libya"

    @pytest.mark.parametrize(
        ("country", "operator"),
        [
            ("tajikistan", "indigo"),
            ("iran", "mci"),
            ("libyan", "any"),
            ("afghanistan", "roshan"),
            ("latvia", "xomobile"),
            ("serbia", "mts"),
        ],
    )
    def test_operators(self, wire: Wire, country: str, operator: str) -> None:
        """[11] each documented country has its one operator, known without a request."""
        assert wire.provider.operators(country) == [Operator(operator, operator)]
        assert wire.actions == []

    def test_operators_of_a_country_that_is_not_documented(self, wire: Wire) -> None:
        """Nobody says which operators Laos has."""
        wire.ready().says("GetPrice", PRICES)
        assert wire.provider.operators("laos") == []

    def test_resend_is_nothing(self, wire: Wire) -> None:
        """The number goes on receiving: no request."""
        wire.provider.resend(wire.order)
        assert wire.actions == []

    @pytest.mark.parametrize("url", [URL, URL + "/"])
    def test_the_base_url(self, wire: Wire, url: str) -> None:
        """A slash at its end does not matter."""
        wire.says("GetBalance", BALANCE)
        wire.made(url=url).balance()
        assert wire.actions == ["GetBalance"]


class TestGzip:
    """What the server takes is found out with GetBalance, never with an order."""

    def test_gzip_is_kept_where_it_is_taken(self, wire: Wire) -> None:
        """The first GetBalance is gzip, and so is all that follows."""
        wire.says("GetBalance", BALANCE)
        wire.says("GetNumber", NUMBER)
        wire.says("GetSms", NO_SMS)
        wire.provider.messages(wire.provider.order("vi", "tajikistan", None))
        assert wire.gzipped == [True, True, True]
        assert wire.asked[1]["service"] == "vi"

    @pytest.mark.parametrize(
        ("body", "http"),
        [
            ("", 400),
            ("<html>Bad Request</html>", 400),
            (error(3), 400),
            (error(2), 400),
            ('{"title": "Bad Request"}', 400),
            ("", 415),
            ('{"title": "Unsupported Media Type", "status": 415}', 415),
            (error(3), 200),
        ],
    )
    def test_plain_where_gzip_is_refused(self, wire: Wire, body: str, http: int) -> None:
        """After 400, 415 or error 3 the same request goes plain, and plain it stays."""
        wire.says("GetBalance", body, http=http)
        wire.says("GetBalance", BALANCE, BALANCE)
        wire.says("GetNumber", NUMBER)
        assert wire.provider.balance().amount == Decimal("131.95")
        wire.provider.balance()
        wire.provider.order("vi", "tajikistan", None)
        assert wire.actions == ["GetBalance", "GetBalance", "GetBalance", "GetNumber"]
        assert wire.gzipped == [True, False, False, False]
        assert not wire.pauses

    def test_a_passing_failure_says_nothing_of_gzip(self, wire: Wire) -> None:
        """A 502 is asked again as it was."""
        wire.says("GetBalance", "", http=502)
        wire.says("GetBalance", BALANCE)
        wire.provider.balance()
        assert wire.gzipped == [True, True]

    @pytest.mark.parametrize("http", [500, 404, 403])
    def test_other_failures_are_told(self, wire: Wire, http: int) -> None:
        """What has nothing to do with gzip is not asked plain."""
        wire.says("GetBalance", *[""] * (3 if http == 500 else 1), http=http)
        with pytest.raises((ProviderUnavailable, AuthenticationError)):
            wire.provider.balance()
        assert all(wire.gzipped)

    def test_wrong_credentials_are_not_taken_for_gzip(self, wire: Wire) -> None:
        """Error 3 to both is about the credentials; the next call asks both again."""
        wire.says("GetBalance", *[error(3)] * 4)
        for _ in range(2):
            with pytest.raises(InvalidRequest) as caught:
                wire.provider.balance()
            assert str(caught.value) == (
                "otpvirt: said error 3: invalid request (GetBalance). Check service, country and operator, and "
                "OTPVIRT_CLIENT_ID and OTPVIRT_API_PASSWORD: the service has no error of its own for wrong credentials."
            )
        assert wire.gzipped == [True, False, True, False]

    @pytest.mark.parametrize("call", ["cancel", "finish", "messages"])
    def test_it_is_found_out_before_anything_else(self, wire: Wire, call: str) -> None:
        """A process that takes over an order asks GetBalance first; its error 3 is not the order's end."""
        wire.says("GetBalance", error(3), error(3))
        with pytest.raises(InvalidRequest, match="GetBalance"):
            getattr(wire.provider, call)(wire.order)
        assert wire.actions == ["GetBalance", "GetBalance"]

    @pytest.mark.parametrize("answer", [NUMBER, SMS])
    def test_answers_may_be_gzip(self, wire: Wire, answer: str) -> None:
        """A compressed answer is the same answer."""
        wire.ready()
        if answer is NUMBER:
            wire.says("GetNumber", gzip.compress(answer.encode()), encoding="gzip")
            assert wire.provider.order("vi", "tajikistan", None).id == ORDER_ID
        else:
            wire.says("GetSms", gzip.compress(answer.encode()), encoding="gzip")
            assert wire.provider.messages(wire.order).sms[0].id == MESSAGE_ID

    def test_threads_find_out_once(self, wire: Wire) -> None:
        """Ten threads that order at the same time ask GetBalance once."""
        wire.says("GetBalance", BALANCE)
        wire.says("GetNumber", *[NUMBER] * 10)
        threads = [threading.Thread(target=wire.provider.order, args=("vi", "tajikistan", None)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wire.actions == ["GetBalance"] + ["GetNumber"] * 10


ERRORS: dict[int, tuple[type[OtpError], str]] = {
    1: (NumberUnavailable, "said error 1: no numbers for "),
    2: (ProviderUnavailable, "said error 2: an internal error"),
    3: (InvalidRequest, "said error 3: invalid request ({})"),
    4: (SmsAlreadyReceived, "said error 4: an SMS has arrived"),
    9: (ProviderError, "said error 9 ("),
}

CALLS: dict[str, Callable[[Wire], object]] = {
    "GetNumbersCount": lambda wire: wire.provider.count("fb", "tajikistan", "indigo"),
    "GetNumber": lambda wire: wire.provider.order("vi", "tajikistan", "indigo"),
    "ConfirmActivation": lambda wire: wire.provider.finish(wire.order),
    "CancelActivation": lambda wire: wire.provider.cancel(wire.order),
    "GetSms": lambda wire: wire.provider.messages(wire.order),
    "GetBalance": lambda wire: wire.provider.balance(),
    "GetPrice": lambda wire: wire.provider.services(None),
}
ONCE = ("GetNumber", "ConfirmActivation", "CancelActivation", "GetSms")


class TestRefusals:
    """[10] What the service says no with."""

    @pytest.mark.parametrize("action", CALLS)
    @pytest.mark.parametrize("number", ERRORS)
    @pytest.mark.parametrize("http", [200, 400])
    def test_every_documented_error(self, wire: Wire, action: str, number: int, http: int) -> None:
        """Each error after each action is of its kind, under any HTTP status; 2 leaves an order uncertain."""
        if number == 3 and action in ("GetSms", "ConfirmActivation", "CancelActivation"):
            return  # the order is over: TestInbox and TestClosing
        kind, message = ERRORS[number]
        passing = number == 2 and http == 200 and action not in ONCE
        wire.ready().says(action, *[error(number)] * (3 if passing else 1), http=http)
        if (action, number) == ("GetNumber", 2):
            kind, message = (
                OrderUncertain,
                "the order was sent, but its response was lost: said error 2: an internal error",
            )
        with pytest.raises(OtpError) as caught:
            CALLS[action](wire)
        assert type(caught.value) is kind
        assert caught.value.message.startswith(message.format(action))
        assert caught.value.provider == "otpvirt"
        assert len(wire.actions) == (3 if passing else 1)

    def test_the_order_is_named(self, wire: Wire) -> None:
        """An error about an order says which, and keeps the provider's words."""
        wire.ready().says("CancelActivation", error(4))
        with pytest.raises(SmsAlreadyReceived) as caught:
            wire.provider.cancel(wire.order)
        assert str(caught.value) == (
            f"otpvirt, order {ORDER_ID}: said error 4: an SMS has arrived. Finish the order instead."
        )
        assert caught.value.words == "error 4"

    def test_an_unknown_error_shows_the_answer(self, wire: Wire) -> None:
        """What the document does not list is a plain ProviderError with the first words of what came."""
        wire.ready().says("GetNumber", '{"status": 4, "error": 7, "message": "account blocked"}')
        with pytest.raises(ProviderError) as caught:
            wire.provider.order("vi", "tajikistan", None)
        assert caught.value.message == ("""said error 7 ({"status": 4, "error": 7, "message": "account blocked"})""")

    def test_an_echoed_password_is_masked(self, wire: Wire) -> None:
        """An answer that quotes our request shows no credential."""
        echo = {"error": 7, "yours": {"clientId": CLIENT_ID, "apiPassword": PASSWORD}}
        wire.ready().says("GetNumber", json.dumps(echo))
        with pytest.raises(ProviderError) as caught:
            wire.provider.order("vi", "tajikistan", None)
        assert '"clientId": "***", "apiPassword": "***"' in caught.value.message

    @pytest.mark.parametrize("status", [2, 0, 4, None, "2", 7])
    def test_the_error_decides_not_the_status(self, wire: Wire, status: object) -> None:
        """Error 0 is a success whatever `status` says, and another one is none."""
        wire.ready().says("ConfirmActivation", json.dumps({"status": status, "error": 0}))
        wire.provider.finish(wire.order)
        wire.says("CancelActivation", json.dumps({"status": status, "error": 4}))
        with pytest.raises(SmsAlreadyReceived):
            wire.provider.cancel(wire.order)

    @pytest.mark.parametrize("body", ["{}", '{"status": 2}', '{"error": null}', '{"error": false}', '{"error": "0"}'])
    @pytest.mark.parametrize("action", ["GetNumber", "GetSms", "ConfirmActivation"])
    def test_no_error_number_is_no_answer(self, wire: Wire, action: str, body: str) -> None:
        """An object that does not say how it went says nothing; after an order that is uncertain."""
        wire.ready().says(action, body)
        kind: type[OtpError] = OrderUncertain if action == "GetNumber" else ProviderUnavailable
        with pytest.raises(kind, match="HTTP 200 with no error number"):
            CALLS[action](wire)
        assert len(wire.actions) == 1

    @pytest.mark.parametrize(
        ("action", "body", "why"),
        [
            ("GetNumbersCount", '{"error": 0}', "no count"),
            ("GetNumbersCount", '{"error": 0, "count": "many"}', "no count"),
            ("GetBalance", '{"error": 0, "currency": "USD"}', "no balance"),
            ("GetBalance", '{"error": 0, "balance": "NaN"}', "no balance"),
            ("GetPrice", '{"error": 0}', "no countryList"),
            ("GetPrice", '{"error": 0, "countryList": {}}', "no countryList"),
            ("GetPrice", '{"error": 0, "countryList": [{"country": "laos"}]}', "no countryList"),
            ("GetSms", '{"error": 0, "sms": "none"}', "no list of sms"),
            ("GetSms", '{"error": 0, "sms": ["Your code is 1234"]}', "no list of sms"),
        ],
    )
    def test_a_success_without_its_field(self, wire: Wire, action: str, body: str, why: str) -> None:
        """A success that lacks what it was asked for is no answer."""
        wire.ready().says(action, body)
        with pytest.raises(ProviderUnavailable) as caught:
            CALLS[action](wire)
        assert caught.value.message.startswith(f"unusable response (HTTP 200 with {why}: ")


class TestOrdering:
    """What is asked for, and what an order is made of."""

    @pytest.mark.parametrize(
        ("country", "operator", "detail"),
        [
            (None, None, {}),
            ("tajikistan", None, {"country": "tajikistan"}),
            (None, "indigo", {"provider": "indigo"}),
            ("", "", {}),
        ],
    )
    def test_what_is_left_out_is_not_sent(
        self, wire: Wire, country: str | None, operator: str | None, detail: dict[str, str]
    ) -> None:
        """No operator, no key; the same for the country."""
        wire.ready().says("GetNumber", NUMBER)
        order = wire.provider.order("vi", country, operator)
        assert wire.asked[-1] == {"service": "vi", "detail": detail}
        assert (order.country, order.operator) == (country or None, operator or None)

    @pytest.mark.parametrize("country", ["tajikistan", "Tajikistan", "TJ", "tj", "Tadschikistan", "Таджикистан"])
    def test_countries_by_id_name_code_and_language(self, wire: Wire, country: str) -> None:
        """A documented country is found by whatever people call it; by its id without a request."""
        wire.ready()
        looked_up = country.lower() != "tajikistan"
        if looked_up:
            wire.says("GetPrice", PRICES)
        wire.says("GetNumber", NUMBER)
        order = wire.provider.order("vi", country, None)
        assert wire.asked[-1]["detail"] == {"country": "tajikistan"}
        assert wire.actions == ["GetPrice"] * looked_up + ["GetNumber"]
        assert order.region == "TJ"

    @pytest.mark.parametrize(
        ("country", "sent"), [("Libya", "libyan"), ("LY", "libyan"), ("LA", "laos"), ("Laos", "laos")]
    )
    def test_odd_names(self, wire: Wire, country: str, sent: str) -> None:
        """Libya is `libyan` here; Laos is only in the price list."""
        wire.ready().says("GetPrice", PRICES)
        wire.says("GetNumber", NUMBER)
        wire.provider.order("wv", country, None)
        assert wire.asked[-1]["detail"] == {"country": sent}

    @pytest.mark.parametrize("country", ["narnia", "Narnia", "de"])
    def test_unlisted_countries_pass_through(self, wire: Wire, country: str) -> None:
        """The two lists disagree: what neither has is the service's to refuse."""
        wire.ready().says("GetPrice", PRICES)
        wire.says("GetNumber", error(1))
        with pytest.raises(NumberUnavailable):
            wire.provider.order("vi", country, None)
        assert wire.asked[-1]["detail"] == {"country": country}

    @pytest.mark.parametrize(
        ("service", "sent", "looked_up"), [("zz", "zz", False), ("VI", "vi", True), ("Zz", "Zz", True)]
    )
    def test_services(self, wire: Wire, service: str, sent: str, looked_up: bool) -> None:
        """A service is sent in the price list's spelling; what it does not list passes through."""
        wire.ready()
        if looked_up:
            wire.says("GetPrice", PRICES)
        wire.says("GetNumber", NUMBER)
        wire.provider.order(service, "tajikistan", None)
        assert wire.asked[-1]["service"] == sent

    @pytest.mark.parametrize("service", ["v", "v" * 37])
    def test_a_service_of_impossible_length(self, wire: Wire, service: str) -> None:
        """[2] 2 to 36 characters: anything else is refused without a request."""
        with pytest.raises(InvalidRequest) as caught:
            wire.provider.order(service, "tajikistan", None)
        assert str(caught.value) == (
            f"otpvirt: unknown service {service!r}. A service has 2 to 36 characters, such as 'wa'."
        )
        assert wire.actions == []

    @pytest.mark.parametrize("nothing", [None, "", " "])
    def test_a_service_must_be_said(self, wire: Wire, nothing: str | None) -> None:
        """Without a service nothing is sent, and the message lists every place to set it."""
        with pytest.raises(SettingsError, match=r"provider otpvirt needs a service .* or the ini value otp_service"):
            wire.provider.order(nothing, "tajikistan", None)
        assert wire.actions == []

    @pytest.mark.parametrize(
        ("written", "number"),
        [
            ("992112302159", "992112302159"),
            ('"992112302159"', "992112302159"),
            ("18446744073709551615", "18446744073709551615"),
        ],
    )
    def test_numbers(self, wire: Wire, written: str, number: str) -> None:
        """An unsigned 64-bit integer, or a text, digit by digit."""
        wire.ready().says("GetNumber", f'{{"activationId": "a", "ammount": 1, "number": {written}, "error": 0}}')
        assert wire.provider.order("vi", "tajikistan", None).number == number

    @pytest.mark.parametrize(
        ("written", "price"),
        [
            ("0.05", "0.05"),
            ('"0.05"', "0.05"),
            ("5", "5"),
            ("0", "0"),
            ("null", None),
            ('"free"', None),
            ("false", None),
        ],
    )
    def test_prices(self, wire: Wire, written: str, price: str | None) -> None:
        """The price is exact, with the account's currency; one that cannot be read is none, and the order stands."""
        wire.ready()
        wire.says("GetNumber", f'{{"activationId": "a", "ammount": {written}, "number": 992112302159, "error": 0}}')
        order = wire.provider.order("vi", "tajikistan", None)
        assert order.price == (None if price is None else Decimal(price))
        assert order.currency == (None if price is None else "USD")

    def test_a_balance_without_currency(self, wire: Wire) -> None:
        """Where the service does not tell its currency, prices have none, and orders go on."""
        wire.says("GetBalance", '{"balance": "5", "error": 0}')
        wire.says("GetNumber", NUMBER)
        order = wire.provider.order("vi", "tajikistan", None)
        assert (order.price, order.currency) == (Decimal("0.05"), None)

    @pytest.mark.parametrize(
        "given", ['"number": 992112302159', '"activationId": null, "number": 992112302159', '"activationId": false']
    )
    def test_no_activation_id_is_uncertain(self, wire: Wire, given: str) -> None:
        """A success without an id may have rented a number that nobody can name."""
        wire.ready().says("GetNumber", f'{{{given}, "error": 0}}')
        with pytest.raises(OrderUncertain, match="HTTP 200 with no activationId"):
            wire.provider.order("vi", "tajikistan", None)

    @pytest.mark.parametrize("number", ["null", '""', '"none"', "true"])
    def test_no_number_is_uncertain_and_names_the_order(self, wire: Wire, number: str) -> None:
        """An order without a number exists: the error says which one it is."""
        wire.ready().says("GetNumber", f'{{"activationId": "abc", "number": {number}, "error": 0}}')
        with pytest.raises(OrderUncertain, match="HTTP 200 with no number") as caught:
            wire.provider.order("vi", "tajikistan", None)
        assert caught.value.order_id == "abc"

    @pytest.mark.parametrize(
        "lost",
        [
            requests.ReadTimeout("read"),
            requests.ConnectionError("reset"),
            requests.exceptions.ChunkedEncodingError("cut"),
            "",
            "<html>Bad Gateway</html>",
            NUMBER[:60],
            "[]",
        ],
        ids=lambda lost: repr(lost)[:30],
    )
    def test_a_lost_answer_is_uncertain_after_one_request(self, wire: Wire, lost: str | Exception) -> None:
        """Whatever happens after sending, exactly one GetNumber leaves."""
        wire.ready().says("GetNumber", lost)
        with pytest.raises(OrderUncertain):
            wire.provider.order("vi", "tajikistan", None)
        assert (wire.actions, wire.pauses) == (["GetNumber"], [])

    @pytest.mark.parametrize(
        ("http", "kind"), [(401, AuthenticationError), (403, AuthenticationError), (429, ProviderUnavailable)]
    )
    @pytest.mark.parametrize("body", ["", '{"title": "no", "status": 401}'])
    def test_a_certain_no(self, wire: Wire, http: int, kind: type[OtpError], body: str) -> None:
        """401, 403 and 429 rented nothing, whatever their body."""
        wire.ready().says("GetNumber", body, http=http)
        with pytest.raises(kind):
            wire.provider.order("vi", "tajikistan", None)

    def test_a_balance_that_is_not_to_be_had_orders_nothing(self, wire: Wire) -> None:
        """Without the first GetBalance no order leaves."""
        wire.says("GetBalance", *[""] * 3, http=502)
        with pytest.raises(ProviderUnavailable):
            wire.provider.order("vi", "tajikistan", None)
        assert wire.actions == ["GetBalance"] * 3


class TestCount:
    """[1] The operator is required there."""

    @pytest.mark.parametrize(
        ("country", "operator", "sent"),
        [("iran", None, "mci"), ("iran", "irancell", "irancell"), ("laos", None, "any")],
    )
    def test_which_operator(self, wire: Wire, country: str, operator: str | None, sent: str) -> None:
        """Without one the country's documented one is asked for, and `any` where there is none."""
        wire.ready()
        if country == "laos":
            wire.says("GetPrice", PRICES)
        wire.says("GetNumbersCount", COUNT)
        wire.provider.count("fb", country, operator)
        assert wire.asked[-1] == {"service": "fb", "country": country, "provider": sent}

    def test_none(self, wire: Wire) -> None:
        """0 is an answer."""
        wire.ready().says("GetNumbersCount", '{"count": 0, "status": 2, "error": 0}')
        assert wire.provider.count("fb", "iran", None) == 0


def texts(heard: Messages) -> list[str]:
    return [message.text for message in heard.sms]


class TestInbox:
    """[5] GetSms."""

    def look(self, wire: Wire, answer: str) -> Messages:
        wire.says("GetSms", answer)
        return wire.provider.messages(wire.order)

    @pytest.mark.parametrize("nothing", ["[]", "null", None])
    def test_no_sms(self, wire: Wire, nothing: str | None) -> None:
        """An empty, null or missing list: the order waits."""
        listed = "" if nothing is None else f'"sms": {nothing}, '
        assert self.look(wire.ready(), f'{{{listed}"status": 0, "error": 0}}') == Messages(OrderState.WAITING, ())

    def test_messages_stay(self, wire: Wire) -> None:
        """What was seen once is kept, though the service should show only the last, and its id tells it from others."""
        wire.ready()
        rows: list[dict[str, object]] = [{"id": f"m{n}", "text": "code 1"} for n in range(3)]
        self.look(wire, sms(rows[0]))
        self.look(wire, sms(rows[1]))
        heard = self.look(wire, sms(rows[2], rows[0]))
        assert [message.id for message in heard.sms] == ["m0", "m1", "m2"]
        assert self.look(wire, NO_SMS) == heard

    def test_messages_without_ids(self, wire: Wire) -> None:
        """They are told apart by their words, and equal ones are counted; ids stay from look to look."""
        wire.ready()
        one: dict[str, object] = {"phoneFrom": "Viber", "text": "code 1"}
        first = self.look(wire, sms(one))
        again = self.look(wire, sms(one))
        both = self.look(wire, sms(one, one))
        assert [texts(heard) for heard in (first, again, both)] == [["code 1"], ["code 1"], ["code 1", "code 1"]]
        assert first.sms[0].id == again.sms[0].id == both.sms[0].id
        assert both.sms[0].id != both.sms[1].id

    def test_ids_tell_nothing(self, wire: Wire) -> None:
        """An id that we made up holds neither sender nor text: it is shown in logs and reports."""
        heard = self.look(wire.ready(), sms({"phoneFrom": "Viber", "text": "code 905526"}))
        assert heard.sms[0].id == f"{ORDER_ID}:1"
        assert "905526" not in repr(heard)

    @pytest.mark.parametrize("code", [..., None, "", 905526, "905526"])
    def test_the_services_own_code(self, wire: Wire, code: object) -> None:
        """Its code is text, a number, or none; another one in the text is not our business here."""
        row = {"id": "m", "text": "code 905526"} | ({} if code is ... else {"code": code})
        heard = self.look(wire.ready(), sms(row))
        assert heard.sms[0].code == ("905526" if code in (905526, "905526") else None)

    @pytest.mark.parametrize(
        ("text", "code", "found"),
        [
            ("vier acht zwei", "482", "482"),
            ("vier acht zwei", 482, "482"),
            ("Your code is 482 913", "G-482913", "482913"),
            ("Your code is 482913", "771204", "482913"),
        ],
    )
    def test_the_services_own_code_reaches_the_wait(self, wire: Wire, text: str, code: object, found: str) -> None:
        """It is handed out where we find none in the text; where both find one, ours is."""
        wire.ready().says("GetSms", sms({"id": "m", "text": text, "code": code}))
        assert OtpNumber(wire.provider, wire.order).wait_code(0) == found

    @pytest.mark.parametrize("sender", [..., None, ""])
    def test_no_sender(self, wire: Wire, sender: object) -> None:
        """A sender that is missing, null or empty is None."""
        row = {"id": "m", "text": "code 1"} | ({} if sender is ... else {"phoneFrom": sender})
        assert self.look(wire.ready(), sms(row)).sms[0].sender is None

    @pytest.mark.parametrize(
        ("text", "kept"), [(" code 1\n", " code 1\n"), (905526, "905526"), (None, ""), (["x"], "")]
    )
    def test_texts(self, wire: Wire, text: object, kept: str) -> None:
        """A text is kept as it is; one that is no text at all does not break the others."""
        assert texts(self.look(wire.ready(), sms({"id": "m", "text": text}))) == [kept]

    def test_error_3_is_the_end(self, wire: Wire) -> None:
        """There is no way to ask for an order's state: an invalid request about it means that it is over."""
        wire.ready()
        self.look(wire, SMS)
        heard = self.look(wire, error(3))
        assert (heard.state, len(heard.sms)) == (OrderState.ENDED, 1)

    def test_a_look_is_one_request(self, wire: Wire) -> None:
        """A failing look is left to the waiting loop."""
        wire.ready().says("GetSms", error(2))
        with pytest.raises(ProviderUnavailable):
            wire.provider.messages(wire.order)
        assert (wire.actions, wire.pauses) == (["GetSms"], [])

    def test_no_text_in_repr_or_log(self, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
        """Neither the message's repr nor any log at DEBUG shows what the SMS says."""
        with caplog.at_level(logging.DEBUG):
            heard = self.look(wire.ready(), SMS)
        assert "905526" not in repr(heard) + caplog.text


CLOSES = [("cancel", "CancelActivation"), ("finish", "ConfirmActivation")]


class TestClosing:
    """[3] and [4], once and again."""

    @pytest.mark.parametrize(("call", "action"), CLOSES)
    def test_error_3_on_a_repeated_close_is_closed(self, wire: Wire, call: str, action: str) -> None:
        """After a close whose answer was lost, an invalid request means that it had its effect."""
        wire.ready().says(action, requests.ConnectionError("reset"), error(3))
        with pytest.raises(ProviderUnavailable):
            getattr(wire.provider, call)(wire.order)
        getattr(wire.provider, call)(wire.order)
        assert (wire.actions, wire.pauses) == ([action] * 2, [])

    @pytest.mark.parametrize(("call", "action"), CLOSES)
    def test_error_3_on_the_first_close_of_an_order_that_is_over(self, wire: Wire, call: str, action: str) -> None:
        """Where GetSms calls it invalid as well, it was closed elsewhere: done."""
        wire.ready().says(action, error(3))
        wire.says("GetSms", error(3))
        getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "action"), CLOSES)
    @pytest.mark.parametrize("shown", [NO_SMS, SMS])
    def test_error_3_on_the_first_close_of_an_open_order(self, wire: Wire, call: str, action: str, shown: str) -> None:
        """Where GetSms still knows it, the refusal is told, and told again the next time."""
        wire.ready()
        for _ in range(2):
            wire.says(action, error(3))
            wire.says("GetSms", shown)
            with pytest.raises(InvalidRequest, match=action):
                getattr(wire.provider, call)(wire.order)

    def test_a_finish_after_a_refused_cancel(self, wire: Wire) -> None:
        """Error 4 is a certain no: an error 3 to the finish after it is not taken for a success unseen."""
        wire.ready().says("CancelActivation", error(4))
        with pytest.raises(SmsAlreadyReceived):
            wire.provider.cancel(wire.order)
        wire.says("ConfirmActivation", error(3))
        wire.says("GetSms", SMS)
        with pytest.raises(InvalidRequest):
            wire.provider.finish(wire.order)

    def test_a_lost_cancel_and_then_an_sms(self, wire: Wire) -> None:
        """A repeated cancel that hears of an SMS says so: the order is open and can be finished."""
        wire.ready().says("CancelActivation", requests.ReadTimeout("read"), error(4))
        with pytest.raises(ProviderUnavailable):
            wire.provider.cancel(wire.order)
        with pytest.raises(SmsAlreadyReceived):
            wire.provider.cancel(wire.order)
        wire.says("ConfirmActivation", CLOSED)
        wire.provider.finish(wire.order)

    @pytest.mark.parametrize(("call", "action"), CLOSES)
    def test_other_refusals_are_told(self, wire: Wire, call: str, action: str) -> None:
        """401 says nothing of the order."""
        wire.ready().says(action, "", http=401)
        with pytest.raises(AuthenticationError):
            getattr(wire.provider, call)(wire.order)

    def test_closing_twice(self, wire: Wire) -> None:
        """A second close of a closed order is done."""
        wire.ready().says("ConfirmActivation", CLOSED, error(3))
        wire.provider.finish(wire.order)
        wire.provider.finish(wire.order)


def test_no_secret_in_what_it_shows(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the provider's attributes nor a DEBUG log of a call show client id or password."""
    with caplog.at_level(logging.DEBUG):
        wire.ready()
    shown = repr(vars(wire.provider)) + caplog.text
    assert "invented" not in shown
    assert CLIENT_ID not in shown


def test_a_time_limit_holds_for_the_first_balance_too(wire: Wire) -> None:
    """Whatever a call needs before it is inside its limit."""
    with time_limit(0), pytest.raises(ProviderUnavailable, match="no time was left for the request"):
        wire.provider.messages(wire.order)
    assert wire.actions == []
