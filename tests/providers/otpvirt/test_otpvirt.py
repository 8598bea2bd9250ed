"""OTP-virt: each documented request, and whether it is gzipped."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from decimal import Decimal

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    ProviderUnavailable,
)
from pytest_otp.providers.base import Balance, Operator, Service
from pytest_otp.providers.deadline import time_limit
from tests.providers.otpvirt.wire import (
    BALANCE,
    CLIENT_ID,
    CLOSED,
    COUNT,
    MESSAGE_ID,
    NO_SMS,
    NUMBER,
    ORDER_ID,
    PRICES,
    SMS,
    TEXT,
    URL,
    Wire,
    error,
)


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
                "otpvirt: the provider responded with error 3: invalid request (GetBalance). Check the service, "
                "country and operator, and OTPVIRT_CLIENT_ID and OTPVIRT_API_PASSWORD: the provider reports wrong "
                "credentials with the same error."
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


def test_no_secret_in_what_it_shows(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the provider's attributes nor a DEBUG log of a call show client id or password."""
    with caplog.at_level(logging.DEBUG):
        wire.ready()
    shown = repr(vars(wire.provider)) + caplog.text
    assert "invented" not in shown
    assert CLIENT_ID not in shown


def test_a_time_limit_holds_for_the_first_balance_too(wire: Wire) -> None:
    """Whatever a call needs before it is inside its limit."""
    with time_limit(0), pytest.raises(ProviderUnavailable, match="no time was left to send the request"):
        wire.provider.messages(wire.order)
    assert wire.actions == []
