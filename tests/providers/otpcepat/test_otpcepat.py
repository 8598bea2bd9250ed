"""otpcepat: each documented action, the forms its values may have, and its user agent."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any

import pytest

from pytest_otp.errors import (
    InsufficientBalance,
    ProviderUnavailable,
    Unsupported,
)
from pytest_otp.providers.base import Balance, Country, Messages, Operator, OrderState, Service
from tests.providers.clients import ABSURD, KEY
from tests.providers.otpcepat.wire import (
    BALANCE,
    COUNTRIES,
    OPERATORS,
    ORDER_ID,
    ORDERED,
    SERVICES,
    SET,
    SPECIAL,
    STATUS,
    Wire,
    status,
)


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
        assert str(caught.value) == "otpcepat: the provider does not report how many numbers are available"


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

    @pytest.mark.parametrize("written", ["null", '""', '"free"', "false", "[]", '"NaN"', '"Infinity"', *ABSURD])
    def test_a_price_that_is_none(self, wire: Wire, written: str) -> None:
        """An order whose price cannot be read is an order all the same."""
        wire.says(f'{{"status": true, "data": {{"order_id": "a", "number": "62812", "price": {written}}}}}')
        order = wire.provider.order("1", "6", None)
        assert (order.price, order.currency) == (None, None)

    @pytest.mark.parametrize("written", ABSURD)
    def test_absurd_amounts(self, wire: Wire, written: str) -> None:
        """In the price list they are no prices; a balance may be below 0, and is none where it is absurd otherwise."""
        wire.says(
            f'{{"status": "true", "data": [{{"serviceID": 1, "serviceName": "Flip", "price": {written}}}]}}',
            f'{{"status": "true", "data": {{"saldo": {written}}}}}',
        )
        assert wire.provider.services("6") == [Service("1", "Flip", None, "IDR")]
        if written.strip('"') == "-5":
            assert wire.provider.balance().amount == -5
        else:
            with pytest.raises(ProviderUnavailable, match="HTTP 200 with no saldo"):
                wire.provider.balance()

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
