"""otpcepat's wire: requests and answers as its own document prints them, every action, field, error and oddity.

The samples are the document's, typos of print mended where a sample is no JSON (they are named where that is so).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import responses

from pytest_otp.errors import (
    AuthenticationError,
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderEnded,
    OrderNotFound,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
    Unsupported,
)
from pytest_otp.providers.base import Balance, Country, Messages, Operator, Order, OrderState, Service
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
    return json.dumps({"status": "false", "msg": msg})


def status(word: str, sms: object = ..., **extra: object) -> str:
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


@pytest.fixture
def wire() -> Iterator[Wire]:
    # FIFO: what was added first is answered first, once each; what is left over fails the test.
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield Wire(mock)


class TestSamples:
    """Each action's request and success as printed."""

    def test_get_balance(self, wire: Wire) -> None:
        """getBalance: saldo is the amount in rupiah, email the account, which no repr shows."""
        wire.says(BALANCE)
        balance = wire.provider.balance()
        assert balance == Balance(Decimal(9999999999), "IDR", "youremail@host.com")
        assert "youremail" not in repr(balance)
        assert wire.asked == [{"action": "getBalance"}]

    def test_get_countries(self, wire: Wire) -> None:
        """getCountries: countryID and countryName."""
        wire.says(COUNTRIES)
        assert wire.provider.countries() == [Country("0", "Russia"), Country("1", "Ukraine")]
        assert wire.asked == [{"action": "getCountries"}]

    def test_get_operators(self, wire: Wire) -> None:
        """getOperators: names, which are ids as well."""
        wire.says(OPERATORS)
        assert wire.provider.operators("6") == [Operator("random", "random"), Operator("operatorName", "operatorName")]
        assert wire.asked == [{"action": "getOperators", "country_id": "6"}]

    def test_get_services(self, wire: Wire) -> None:
        """getServices: serviceID, serviceName and the price in rupiah."""
        wire.says(SERVICES)
        assert wire.provider.services("6") == [
            Service("1", "Flip", Decimal(99), "IDR"),
            Service("2", "Gmail/Youtube", Decimal(99), "IDR"),
        ]
        assert wire.asked == [{"action": "getServices", "country_id": "6"}]

    def test_get_special_services(self, wire: Wire) -> None:
        """getSpecialServices: the services of no country."""
        wire.says(SPECIAL)
        assert [service.name for service in wire.provider.services(None)] == ["Flip", "Gmail/Youtube"]
        assert wire.asked == [{"action": "getSpecialServices"}]

    def test_get_order(self, wire: Wire) -> None:
        """get_order: operator, service and country in; order_id, number and price out."""
        wire.says(ORDERED)
        order = wire.provider.order("7", "6", "operatorName")
        assert wire.asked == [
            {"action": "get_order", "operator_id": "operatorName", "service_id": "7", "country_id": "6"}
        ]
        assert (order.id, order.number, order.price, order.currency) == (ORDER_ID, "x" * 14, Decimal(99), "IDR")
        assert (order.service, order.country, order.operator, order.region) == ("7", "6", "operatorName", None)
        assert order.ordered_at.utcoffset() is not None

    def test_get_status(self, wire: Wire) -> None:
        """get_status: the state's word and the one text."""
        wire.says(STATUS)
        heard = wire.provider.messages(wire.order)
        assert wire.asked == [{"action": "get_status", "order_id": ORDER_ID}]
        assert heard.state == "waiting"
        assert [(sms.text, sms.sender, sms.code) for sms in heard.sms] == [("text_sms", None, None)]

    @pytest.mark.parametrize(("call", "number"), [("cancel", "2"), ("finish", "4")])
    def test_set_status(self, wire: Wire, call: str, number: str) -> None:
        """set_status: 2 cancels, 4 finishes."""
        wire.says(SET)
        getattr(wire.provider, call)(wire.order)
        assert wire.asked == [{"action": "set_status", "order_id": ORDER_ID, "status": number}]

    def test_set_status_3(self, wire: Wire) -> None:
        """set_status 3 asks for another SMS, after a look at what is there."""
        wire.says(STATUS, SET)
        wire.provider.resend(wire.order)
        assert wire.asked == [
            {"action": "get_status", "order_id": ORDER_ID},
            {"action": "set_status", "order_id": ORDER_ID, "status": "3"},
        ]

    def test_count_is_not_offered(self, wire: Wire) -> None:
        """There is no action that counts free numbers."""
        with pytest.raises(Unsupported) as caught:
            wire.provider.count("7", "6", None)
        assert str(caught.value) == "otpcepat: does not report how many numbers are available"


ERRORS = {
    "You don't have Access!": AuthenticationError,
    "BAD ACTION": InvalidRequest,
    "NO BALANCE": InsufficientBalance,
    "INVALID OPERATOR": InvalidRequest,
    "WRONG OPERATOR ID": InvalidRequest,
    "INVALID SERVICE ID": InvalidRequest,
    "WRONG SERVICE ID": InvalidRequest,
    "WRONG COUNTRY ID": InvalidRequest,
    "INVALID ORDER ID": OrderNotFound,
    "WRONG ORDER ID": OrderNotFound,
    "WRONG STATUS": InvalidRequest,
    "INVALID STATUS": InvalidRequest,
}

CALLS: dict[str, Callable[[Wire], object]] = {
    "getBalance": lambda wire: wire.provider.balance(),
    "getCountries": lambda wire: wire.provider.countries(),
    "getOperators": lambda wire: wire.provider.operators("6"),
    "getServices": lambda wire: wire.provider.services("6"),
    "getSpecialServices": lambda wire: wire.provider.services(None),
    "get_order": lambda wire: wire.provider.order("7", "6", None),
    "get_status": lambda wire: wire.provider.messages(wire.order),
}
OF_AN_ORDER = ("get_status",)


class TestRefusals:
    """What the service says no with."""

    @pytest.mark.parametrize("action", CALLS)
    @pytest.mark.parametrize("msg", ERRORS)
    def test_every_documented_error(self, wire: Wire, action: str, msg: str) -> None:
        """Each error after each action is of its kind, carries the provider's own words, and is not asked again."""
        wire.says(refused(msg))
        with pytest.raises(ProviderError) as caught:
            CALLS[action](wire)
        error = caught.value
        assert type(error) is ERRORS[msg]
        assert (error.words, error.message, error.provider) == (msg, f"said {msg!r}", "otpcepat")
        assert error.order_id == (ORDER_ID if action in OF_AN_ORDER else None)

    @pytest.mark.parametrize("http", [400, 401, 402, 403, 404, 409, 422])
    def test_an_error_counts_whatever_its_http_status(self, wire: Wire, http: int) -> None:
        """The object decides: NO BALANCE under 404 is an empty balance."""
        wire.says(refused("NO BALANCE"), http=http)
        with pytest.raises(InsufficientBalance):
            wire.provider.order("7", "6", None)

    @pytest.mark.parametrize("msg", ["no balance", " NO  BALANCE ", "No Balance"])
    def test_case_and_spaces_do_not_matter(self, wire: Wire, msg: str) -> None:
        """An error is known however it is written."""
        wire.says(refused(msg))
        with pytest.raises(InsufficientBalance):
            wire.provider.balance()

    def test_a_typographic_apostrophe(self, wire: Wire) -> None:
        """You don\u2019t is You don't."""
        wire.says(refused("You don\u2019t have Access!"))
        with pytest.raises(AuthenticationError):
            wire.provider.balance()

    @pytest.mark.parametrize("msg", ["SOMETHING NEW", "BANNED"])
    def test_an_unknown_error_keeps_its_words(self, wire: Wire, msg: str) -> None:
        """What the document does not list is a plain ProviderError that says it; an order is not in doubt by it."""
        wire.says(refused(msg))
        with pytest.raises(ProviderError) as caught:
            wire.provider.order("7", "6", None)
        assert type(caught.value) is ProviderError
        assert str(caught.value) == f"otpcepat: said {msg!r}"

    @pytest.mark.parametrize("msg", ["NO NUMBERS", "No numbers available"])
    def test_no_numbers_is_understood(self, wire: Wire, msg: str) -> None:
        """The document has no word for it; the one that everybody uses is understood."""
        wire.says(refused(msg))
        with pytest.raises(NumberUnavailable, match=msg):
            wire.provider.order("7", "6", None)

    def test_an_echoed_key_is_masked(self, wire: Wire) -> None:
        """An error that quotes our key shows it neither in its text nor in its words."""
        wire.says(refused(f"key {KEY} is blocked"))
        with pytest.raises(ProviderError) as caught:
            wire.provider.balance()
        assert caught.value.words == "key *** is blocked"

    def test_an_echoed_short_key_is_masked(self, wire: Wire) -> None:
        """So it is where the key is so short that answers are not searched for it."""
        Secret("k3y4")
        wire.says(refused("key k3y4 is blocked"))
        with pytest.raises(ProviderError) as caught:
            wire.provider.balance()
        assert (caught.value.words, caught.value.message) == ("key *** is blocked", "said 'key *** is blocked'")

    def test_an_echoed_key_is_masked_in_the_whole_text(self, wire: Wire) -> None:
        """The same with context and hint around it."""
        wire.says(refused(f"key {KEY} is blocked"))
        with pytest.raises(ProviderError) as caught:
            wire.provider.balance()
        assert "invented" not in str(caught.value)

    @pytest.mark.parametrize(
        "body",
        [
            "{}",
            '{"status": "true"}',
            '{"status": "true", "data": null}',
            '{"status": "true", "data": "nothing"}',
            '{"status": "false"}',
            '{"status": "false", "msg": null}',
            '{"status": "maybe", "msg": "BAD ACTION"}',
            '{"msg": "BAD ACTION"}',
        ],
    )
    @pytest.mark.parametrize("action", CALLS)
    def test_an_object_without_sense(self, wire: Wire, action: str, body: str) -> None:
        """An object of another shape is ProviderUnavailable with its first words, and after an order OrderUncertain."""
        tries = 1 if action in ("get_order", "get_status") else None
        wire.says(body)
        if tries is None and "true" not in body:
            wire.says(body, body)
        kind: type[OtpError] = OrderUncertain if action == "get_order" else ProviderUnavailable
        with pytest.raises(kind) as caught:
            CALLS[action](wire)
        assert "unusable response (HTTP 200 with n" in caught.value.message
        assert repr(body)[1:-1] in caught.value.message


class TestForms:
    """One meaning, many writings."""

    @pytest.mark.parametrize("success", ["true", True, "TRUE", "True"])
    def test_status(self, wire: Wire, success: object) -> None:
        """Success is a text or a boolean."""
        wire.says(json.dumps({"status": success, "data": {"saldo": 5}}))
        assert wire.provider.balance().amount == 5

    @pytest.mark.parametrize("failure", ["false", False, "FALSE"])
    def test_status_of_a_refusal(self, wire: Wire, failure: object) -> None:
        """So is failure."""
        wire.says(json.dumps({"status": failure, "msg": "NO BALANCE"}))
        with pytest.raises(InsufficientBalance):
            wire.provider.balance()

    @pytest.mark.parametrize(
        ("written", "amount"),
        [('"99"', "99"), ("99", "99"), ('"99.50"', "99.50"), ("99.5", "99.5"), ("0", "0"), ('" 12 "', "12")],
    )
    def test_amounts(self, wire: Wire, written: str, amount: str) -> None:
        """A price or balance is a text, a whole number or one with a fraction, and exact."""
        wire.says(
            f'{{"status": "true", "data": {{"saldo": {written}}}}}',
            f'{{"status": "true", "data": [{{"serviceID": 1, "serviceName": "Flip", "price": {written}}}]}}',
            f'{{"status": true, "data": {{"order_id": "a", "number": "62812", "price": {written}}}}}',
        )
        assert wire.provider.balance().amount == Decimal(amount)
        assert wire.provider.services("6") == [Service("1", "Flip", Decimal(amount), "IDR")]
        assert wire.provider.order("1", "6", None).price == Decimal(amount)

    @pytest.mark.parametrize("written", ["null", '""', '"free"', "false", "[]", '"NaN"', '"Infinity"'])
    def test_a_price_that_is_none(self, wire: Wire, written: str) -> None:
        """An order whose price cannot be read is an order all the same."""
        wire.says(f'{{"status": true, "data": {{"order_id": "a", "number": "62812", "price": {written}}}}}')
        order = wire.provider.order("1", "6", None)
        assert (order.price, order.currency) == (None, None)

    def test_ids_may_be_numbers(self, wire: Wire) -> None:
        """Ids and numbers are texts here, however the service writes them; leading zeros stay."""
        wire.says(
            '{"status": true, "data": {"order_id": 12345678901234567, "number": 6281234567890, "price": "99"}}',
            '{"status": true, "data": {"order_id": "0012", "number": "0812 3456", "price": "99"}}',
        )
        orders = [wire.provider.order("1", "6", None) for _ in range(2)]
        assert [order.id for order in orders] == ["12345678901234567", "0012"]
        assert [order.number for order in orders] == ["6281234567890", "0812 3456"]

    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("Waiting SMS", "waiting"),
            ("WAITING SMS", "waiting"),
            ("waiting  sms", "waiting"),
            ("Recieved", "received"),
            ("Received", "received"),
            ("RECIEVED", "received"),
            ("Cancel", "ended"),
            ("Cancelled", "ended"),
            ("Canceled", "ended"),
            ("Done", "ended"),
            ("done", "ended"),
        ],
    )
    def test_state_words(self, wire: Wire, word: str, state: str) -> None:
        """Each documented state, and its near spellings."""
        wire.says(status(word))
        assert wire.provider.messages(wire.order) == Messages(OrderState(state), ())

    @pytest.mark.parametrize("word", ["Paused", "", None, 3])
    def test_an_unknown_state_is_no_answer(self, wire: Wire, word: Any) -> None:
        """A state that nobody knows may pass; it is told."""
        wire.says(status(word))
        with pytest.raises(ProviderUnavailable, match=r"HTTP 200 with (the order status '(Paused|3)'|no order status)"):
            wire.provider.messages(wire.order)

    def test_an_echoed_key_in_a_state_is_masked(self, wire: Wire) -> None:
        """The service's own word is not quoted with our key in it."""
        wire.says(status(f"for {KEY}"))
        with pytest.raises(ProviderUnavailable) as caught:
            wire.provider.messages(wire.order)
        assert "the order status 'for ***'" in caught.value.message
        assert "invented" not in str(caught.value)

    @pytest.mark.parametrize("nothing", [..., None, "", " ", False, []])
    def test_no_sms(self, wire: Wire, nothing: object) -> None:
        """Missing, null, empty, or what PHP makes of nothing: no SMS came."""
        wire.says(status("Waiting SMS", nothing))
        assert wire.provider.messages(wire.order).sms == ()


class TestOrdering:
    """What is asked for, and what an order is made of."""

    def test_no_operator_is_random(self, wire: Wire) -> None:
        """Left to the service, the operator is `random`, and the order has none."""
        wire.says(ORDERED)
        order = wire.provider.order("7", "6", None)
        assert wire.asked[0]["operator_id"] == "random"
        assert order.operator is None

    def test_digits_need_no_look_up(self, wire: Wire) -> None:
        """Ids go as they are, in one request."""
        wire.says(ORDERED)
        wire.provider.order(" 7 ", "6", None)
        assert len(wire.asked) == 1

    @pytest.mark.parametrize("country", ["Russia", "RUSSIA ", "ru", "Russland", "Россия", "0"])
    def test_countries_by_id_name_code_and_language(self, wire: Wire, country: str) -> None:
        """A country is found by whatever people call it, and its region is known then."""
        if country != "0":
            wire.says(COUNTRIES)
        wire.says(ORDERED)
        order = wire.provider.order("7", country, None)
        assert wire.asked[-1]["country_id"] == "0"
        assert order.region == (None if country == "0" else "RU")

    @pytest.mark.parametrize(
        ("listed", "country"),
        [
            *(
                (listed, name)
                for listed in ("Wakanda (Indo)", "WAKANDA (INDO) ")
                for name in ("wakanda indo", "WAKANDA (Indo)")
            ),
            *((listed, name) for listed in ("Wakanda (Indo)", "WAKANDA (INDO) ", "Indonesia") for name in INDONESIA),
        ],
    )
    def test_wakanda_is_indonesia(self, wire: Wire, country: str, listed: str) -> None:
        """The service's own name for Indonesia is understood in both directions."""
        rows = [{"countryID": "0", "countryName": "Russia"}, {"countryID": "6", "countryName": listed}]
        wire.says(json.dumps({"status": "true", "data": rows}), ORDERED)
        order = wire.provider.order("7", country, None)
        assert wire.asked[-1]["country_id"] == "6"
        assert order.region == "ID"

    @pytest.mark.parametrize("service", ["Gmail/Youtube", "gmail youtube", "GMAIL/YOUTUBE"])
    def test_services_by_name(self, wire: Wire, service: str) -> None:
        """A service is found by its name in the country's list."""
        wire.says(SERVICES, ORDERED)
        wire.provider.order(service, "6", None)
        assert wire.asked[-1]["service_id"] == "2"

    def test_special_services_by_name(self, wire: Wire) -> None:
        """What the country's list lacks is looked for among the special ones."""
        special = '{"status":"true","data":[{"serviceID":"901","serviceName":"Fresh","price":"99"}]}'
        wire.says(SERVICES, special, ORDERED)
        wire.provider.order("fresh", "6", None)
        assert [asked["action"] for asked in wire.asked] == ["getServices", "getSpecialServices", "get_order"]
        assert wire.asked[-1]["service_id"] == "901"

    def test_catalogues_are_fetched_once(self, wire: Wire) -> None:
        """The second order of the session looks nothing up again."""
        wire.says(COUNTRIES, SERVICES, ORDERED, ORDERED)
        for _ in range(2):
            wire.provider.order("Flip", "Ukraine", None)
        assert [asked["action"] for asked in wire.asked] == ["getCountries", "getServices", "get_order", "get_order"]

    def test_a_failed_look_up_orders_nothing(self, wire: Wire) -> None:
        """Without a catalogue no order leaves, and the next try fetches it anew."""
        wire.says("<html>", "<html>", "<html>", COUNTRIES, ORDERED)
        with pytest.raises(ProviderUnavailable):
            wire.provider.order("7", "Russia", None)
        wire.provider.order("7", "Russia", None)
        assert [asked["action"] for asked in wire.asked] == ["getCountries"] * 4 + ["get_order"]

    def test_an_unknown_country_lists_what_there_is(self, wire: Wire) -> None:
        """A country that the service has not is refused before an order, with all that it has."""
        wire.says(COUNTRIES)
        with pytest.raises(InvalidRequest) as caught:
            wire.provider.order("7", "Atlantis", None)
        assert str(caught.value) == (
            "otpcepat: unknown country 'Atlantis'. Available: Russia (0), Ukraine (1). Use a name or an id."
        )

    def test_an_unknown_service_lists_what_there_is(self, wire: Wire) -> None:
        """So is a service, with a dozen of the list and the number of the rest."""
        rows = [{"serviceID": str(n), "serviceName": f"S{n}", "price": "9"} for n in range(1, 21)]
        wire.says(json.dumps({"status": "true", "data": rows}), SPECIAL)
        with pytest.raises(InvalidRequest) as caught:
            wire.provider.order("Nope", "6", None)
        listed = ", ".join(f"S{n} ({n})" for n in range(1, 13))
        assert str(caught.value) == (
            f"otpcepat: unknown service 'Nope'. Available: {listed} and 8 more. Use a name or an id."
        )

    def test_an_ambiguous_name_lists_the_candidates(self, wire: Wire) -> None:
        """Two services of one name: the id must be given."""
        rows = [{"serviceID": n, "serviceName": "Other", "price": "9"} for n in ("7", "8")]
        wire.says(json.dumps({"status": "true", "data": rows}))
        with pytest.raises(InvalidRequest) as caught:
            wire.provider.order("other", "6", None)
        assert str(caught.value) == (
            "otpcepat: ambiguous service 'other': could be Other (7), Other (8). Use the id instead."
        )

    @pytest.mark.parametrize("missing", ["service", "country"])
    @pytest.mark.parametrize("nothing", [None, "", "  "])
    def test_what_must_be_said(self, wire: Wire, missing: str, nothing: str | None) -> None:
        """Without service or country nothing is sent, and the message lists every place to set it."""
        given: dict[str, str | None] = {"service": "7", "country": "6", missing: nothing}
        with pytest.raises(SettingsError) as caught:
            wire.provider.order(given["service"], given["country"], None)
        assert str(caught.value) == (
            f"provider otpcepat needs a {missing} to order a number. Set otp_number({missing}=...), "
            f"@pytest.mark.otp({missing}=...), --otp-{missing}, PYTEST_OTP_{missing.upper()} or the ini value "
            f"otp_{missing}."
        )

    @pytest.mark.parametrize(
        "data", [{}, {"number": "62812"}, {"order_id": "", "number": "62812"}, {"order_id": False, "number": "62812"}]
    )
    def test_no_order_id_is_uncertain(self, wire: Wire, data: dict[str, object]) -> None:
        """A success without an order id may have rented a number that nobody can name."""
        wire.says(json.dumps({"status": "true", "data": data}))
        with pytest.raises(OrderUncertain, match="HTTP 200 with no order_id"):
            wire.provider.order("7", "6", None)

    @pytest.mark.parametrize("number", [None, "", False])
    def test_no_number_is_uncertain_and_names_the_order(self, wire: Wire, number: object) -> None:
        """An order without a number is of no use, but it exists: the error says which one it is."""
        wire.says(json.dumps({"status": "true", "data": {"order_id": "abc", "number": number}}))
        with pytest.raises(OrderUncertain, match="HTTP 200 with no number") as caught:
            wire.provider.order("7", "6", None)
        assert caught.value.order_id == "abc"

    @pytest.mark.parametrize(
        "lost",
        [
            requests.ReadTimeout("read"),
            requests.ConnectionError("reset"),
            requests.exceptions.ChunkedEncodingError("cut"),
            "",
            "<html>Bad Gateway</html>",
            ORDERED[:40],
            "[]",
        ],
        ids=str,
    )
    def test_a_lost_answer_is_uncertain_after_one_request(self, wire: Wire, lost: str | Exception) -> None:
        """Whatever happens after sending, exactly one get_order leaves."""
        wire.says(lost)
        with pytest.raises(OrderUncertain):
            wire.provider.order("7", "6", None)
        assert len(wire.asked) == 1
        assert not wire.pauses

    @pytest.mark.parametrize("http", [500, 502, 503, 504, 520])
    def test_a_server_error_is_uncertain_even_with_words(self, wire: Wire, http: int) -> None:
        """Under 5xx not even a documented refusal is a certain no."""
        wire.says(refused("NO BALANCE"), http=http)
        with pytest.raises(OrderUncertain):
            wire.provider.order("7", "6", None)

    @pytest.mark.parametrize(
        ("http", "kind"), [(401, AuthenticationError), (403, AuthenticationError), (429, ProviderUnavailable)]
    )
    def test_a_certain_no(self, wire: Wire, http: int, kind: type[OtpError]) -> None:
        """401, 403 and 429 rented nothing."""
        wire.says("no", http=http)
        with pytest.raises(kind):
            wire.provider.order("7", "6", None)


class TestUserAgent:
    """The header that the edge in front of the service looks at."""

    def test_ours_unless_set(self, wire: Wire) -> None:
        """The user agent is a setting, for every call."""
        wire.says(BALANCE, BALANCE)
        wire.provider.balance()
        assert wire.headers["User-Agent"] == "Mozilla/5.0 (compatible; pytest-otp)"
        wire.made(OTPCEPAT_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64)").balance()
        assert wire.headers["User-Agent"] == "Mozilla/5.0 (X11; Linux x86_64)"

    def test_the_edges_refusal(self, wire: Wire) -> None:
        """403 `error code: 1010` is told as the edge's, with the variable that helps; nothing was ordered."""
        wire.says("error code: 1010", http=403)
        with pytest.raises(ProviderUnavailable, match=r"the service's edge .* OTPCEPAT_USER_AGENT"):
            wire.provider.order("7", "6", None)


def texts(heard: Messages) -> list[str]:
    return [sms.text for sms in heard.sms]


class TestInbox:
    """One text is shown at a time; what is new is told from text and state."""

    def look(self, wire: Wire, word: str, sms: object = ...) -> Messages:
        wire.says(status(word, sms))
        return wire.provider.messages(wire.order)

    def resend(self, wire: Wire, word: str = "Recieved", sms: object = "code 1") -> None:
        wire.says(status(word, sms), SET)
        wire.provider.resend(wire.order)

    def test_the_same_text_is_one_message(self, wire: Wire) -> None:
        """A text that goes on showing is not new, and its id stays."""
        first = self.look(wire, "Recieved", "code 1")
        assert self.look(wire, "Recieved", "code 1").sms[0].id == first.sms[0].id
        assert texts(self.look(wire, "Recieved", "code 1")) == ["code 1"]

    def test_a_changed_text_is_a_new_message(self, wire: Wire) -> None:
        """Also without a resend: the service may show a second SMS in the first one's place."""
        self.look(wire, "Recieved", "code 1")
        heard = self.look(wire, "Recieved", "code 2")
        assert texts(heard) == ["code 1", "code 2"]
        assert len({sms.id for sms in heard.sms}) == 2

    def test_an_old_text_after_a_resend_is_stale(self, wire: Wire) -> None:
        """While the order waits again, the old text is what it was."""
        self.look(wire, "Recieved", "code 1")
        self.resend(wire)
        assert texts(self.look(wire, "Waiting SMS", "code 1")) == ["code 1"]
        assert texts(self.look(wire, "Waiting SMS")) == ["code 1"]

    def test_the_same_text_received_after_a_resend_is_new(self, wire: Wire) -> None:
        """The state decides: under Recieved an equal text is a second SMS, once."""
        self.look(wire, "Recieved", "code 1")
        self.resend(wire)
        self.look(wire, "Waiting SMS", "code 1")
        assert texts(self.look(wire, "Recieved", "code 1")) == ["code 1", "code 1"]
        assert texts(self.look(wire, "Recieved", "code 1")) == ["code 1", "code 1"]

    def test_another_text_after_a_resend_is_new(self, wire: Wire) -> None:
        """A changed text counts under either state, and the equal one after it does not."""
        self.look(wire, "Recieved", "code 1")
        self.resend(wire)
        assert texts(self.look(wire, "Waiting SMS", "code 2")) == ["code 1", "code 2"]
        assert texts(self.look(wire, "Recieved", "code 2")) == ["code 1", "code 2"]

    def test_an_old_code_that_comes_back_is_new(self, wire: Wire) -> None:
        """First one, then another, then the first again: three messages."""
        for text in ("code 1", "code 2", "code 1"):
            heard = self.look(wire, "Recieved", text)
        assert texts(heard) == ["code 1", "code 2", "code 1"]

    def test_a_resend_takes_in_what_nobody_looked_at(self, wire: Wire) -> None:
        """An SMS that came just before the resend is known as an old one afterwards."""
        self.resend(wire, sms="code 1")
        assert texts(self.look(wire, "Waiting SMS", "code 1")) == ["code 1"]

    def test_the_last_text_of_a_closed_order_counts(self, wire: Wire) -> None:
        """What shows when the order is over already came."""
        heard = self.look(wire, "Done", "code 1")
        assert (heard.state, texts(heard)) == (OrderState.ENDED, ["code 1"])

    def test_orders_do_not_mix(self, wire: Wire) -> None:
        """Two orders with the same text have a message each, with ids of their own."""
        other = Order("other", "1", None, None, None, None, None, ordered_at=wire.order.ordered_at)
        first = self.look(wire, "Recieved", "code 1")
        wire.says(status("Recieved", "code 1"))
        second = wire.provider.messages(other)
        assert first.sms[0].id != second.sms[0].id

    def test_a_look_is_one_request(self, wire: Wire) -> None:
        """A failing look is left to the waiting loop."""
        wire.says("<html>")
        with pytest.raises(ProviderUnavailable):
            wire.provider.messages(wire.order)
        assert not wire.pauses

    def test_no_text_in_repr_or_log(self, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
        """Neither the message's repr nor any log at DEBUG shows what the SMS says."""
        with caplog.at_level(logging.DEBUG):
            heard = self.look(wire, "Recieved", "code 905526")
        assert "905526" not in repr(heard) + caplog.text


class TestResend:
    """set_status 3."""

    @pytest.mark.parametrize("word", ["Done", "Cancel"])
    def test_a_closed_order_has_ended(self, wire: Wire, word: str) -> None:
        """Nothing more is sent for an order that is over."""
        wire.says(status(word))
        with pytest.raises(OrderEnded) as caught:
            wire.provider.resend(wire.order)
        assert (
            str(caught.value)
            == f"otpcepat, order {ORDER_ID}: the order is already cancelled or done. Order another number."
        )

    def test_a_refusal_of_an_order_that_waits_is_none(self, wire: Wire) -> None:
        """Where an earlier resend's answer was lost the service refuses, and waits all the same."""
        wire.says(status("Recieved", "code 1"), refused("WRONG STATUS"), status("Waiting SMS", "code 1"))
        wire.provider.resend(wire.order)
        wire.says(status("Recieved", "code 1"))
        assert len(wire.provider.messages(wire.order).sms) == 2

    def test_a_refusal_of_another_order_is_one(self, wire: Wire) -> None:
        """Where the order does not wait, the refusal is told."""
        wire.says(status("Recieved", "code 1"), refused("INVALID STATUS"), status("Recieved", "code 1"))
        with pytest.raises(InvalidRequest, match="INVALID STATUS"):
            wire.provider.resend(wire.order)

    def test_a_lost_answer_is_told(self, wire: Wire) -> None:
        """Whether it was accepted is for the caller to find out by asking again."""
        wire.says(status("Recieved", "code 1"), requests.ConnectionError("reset"))
        with pytest.raises(ProviderUnavailable):
            wire.provider.resend(wire.order)

    def test_after_a_close_by_another_thread(self, wire: Wire) -> None:
        """An order that is cancelled between the look and the answer is no KeyError."""

        def cancelled_meanwhile(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            wire.provider._inboxes.clear()
            return 200, {}, SET

        wire.says(status("Waiting SMS"))
        wire.mock.add_callback(responses.GET, URL, callback=cancelled_meanwhile)
        wire.provider.resend(wire.order)


CLOSES = [("cancel", "2"), ("finish", "4")]


class TestClosing:
    """set_status 2 and 4, and what a refusal of them means."""

    @pytest.mark.parametrize(("call", "_number"), CLOSES)
    @pytest.mark.parametrize("msg", ["WRONG STATUS", "INVALID STATUS", "WRONG ORDER ID", "ALREADY CLOSED"])
    @pytest.mark.parametrize("word", ["Cancel", "Done"])
    def test_a_closed_order_is_closed(self, wire: Wire, call: str, _number: str, msg: str, word: str) -> None:
        """On any refusal the state is read: Cancel or Done is what was wanted."""
        wire.says(refused(msg), status(word, "code 1"))
        getattr(wire.provider, call)(wire.order)
        assert [asked["action"] for asked in wire.asked] == ["set_status", "get_status"]

    def test_a_cancel_that_came_too_late(self, wire: Wire) -> None:
        """A refused cancel of an order that received an SMS says so, with the service's words."""
        wire.says(refused("WRONG STATUS"), status("Recieved", "code 1"))
        with pytest.raises(SmsAlreadyReceived) as caught:
            wire.provider.cancel(wire.order)
        assert str(caught.value) == (
            f"otpcepat, order {ORDER_ID}: refused to cancel: an SMS has arrived (WRONG STATUS). "
            "Finish the order instead."
        )
        assert caught.value.words == "WRONG STATUS"

    @pytest.mark.parametrize(
        ("call", "word"), [("cancel", "Waiting SMS"), ("finish", "Waiting SMS"), ("finish", "Recieved")]
    )
    def test_an_open_order_is_not_closed(self, wire: Wire, call: str, word: str) -> None:
        """A refusal of an order that is still open is the refusal."""
        wire.says(refused("WRONG STATUS"), status(word))
        with pytest.raises(InvalidRequest, match="WRONG STATUS"):
            getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "_number"), CLOSES)
    def test_an_order_of_nobody_is_told(self, wire: Wire, call: str, _number: str) -> None:
        """Where the state cannot be had either, the order is not taken for closed."""
        wire.says(refused("WRONG ORDER ID"), refused("WRONG ORDER ID"))
        with pytest.raises(OrderNotFound):
            getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "_number"), CLOSES)
    def test_wrong_credentials_are_told(self, wire: Wire, call: str, _number: str) -> None:
        """A refusal of the key says nothing of the order."""
        wire.says(refused("You don't have Access!"))
        with pytest.raises(AuthenticationError):
            getattr(wire.provider, call)(wire.order)

    @pytest.mark.parametrize(("call", "number"), CLOSES)
    def test_a_lost_answer_is_told_and_closing_again_is_safe(self, wire: Wire, call: str, number: str) -> None:
        """The second try finds the order closed and is content."""
        wire.says(requests.ConnectionError("reset"))
        with pytest.raises(ProviderUnavailable):
            getattr(wire.provider, call)(wire.order)
        wire.says(refused("WRONG STATUS"), status("Cancel"))
        getattr(wire.provider, call)(wire.order)
        assert [asked.get("status") for asked in wire.asked] == [number, number, None]
        assert not wire.pauses


def test_no_secret_in_what_it_shows(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the provider's attributes nor a DEBUG log of a call show the key."""
    with caplog.at_level(logging.DEBUG):
        wire.says(BALANCE)
        wire.provider.balance()
    assert "invented" not in repr(vars(wire.provider)) + caplog.text


def test_the_key_is_encoded(wire: Wire) -> None:
    """Characters that mean something in a URL reach the service as they are."""
    wire.says(BALANCE)
    wire.provider.balance()
    url = wire.mock.calls[0].request.url or ""
    assert "api_key=kq7%2FZw%2B4%3Dp%26Lx9-invented-key-tR2&action=getBalance" in url
