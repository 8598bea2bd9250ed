"""OTP-virt: from what a test asks for to an order, and counts of free numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from tests.providers.clients import ABSURD
from tests.providers.otpvirt.wire import (
    COUNT,
    NUMBER,
    PRICES,
    Wire,
    error,
)


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
            f"otpvirt: unknown service {service!r}. A service ID has 2 to 36 characters, such as 'wa'."
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
            *((written, None) for written in ABSURD),
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

    @pytest.mark.parametrize("written", [*ABSURD, "null", '"many"', '"NaN"', "[]"])
    def test_a_count_that_is_none(self, wire: Wire, written: str) -> None:
        """What cannot be a count is an unusable response, at once: int() of 1e9999999 would never end."""
        wire.ready().says("GetNumbersCount", f'{{"count": {written}, "status": 2, "error": 0}}')
        with pytest.raises(ProviderUnavailable, match="HTTP 200 with no count"):
            wire.provider.count("fb", "iran", None)

    def test_none(self, wire: Wire) -> None:
        """0 is an answer."""
        wire.ready().says("GetNumbersCount", '{"count": 0, "status": 2, "error": 0}')
        assert wire.provider.count("fb", "iran", None) == 0
