"""otpcepat: from what a test asks for to an order."""

from __future__ import annotations

import json

import pytest
import requests

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from tests.providers.otpcepat.wire import (
    COUNTRIES,
    INDONESIA,
    ORDERED,
    SERVICES,
    SPECIAL,
    Wire,
    refused,
)


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
            "otpcepat: unknown country 'Atlantis'. Available: Russia (0), Ukraine (1). Use a name or an ID."
        )

    def test_an_unknown_service_lists_what_there_is(self, wire: Wire) -> None:
        """So is a service, with a dozen of the list and the number of the rest."""
        rows = [{"serviceID": str(n), "serviceName": f"S{n}", "price": "9"} for n in range(1, 21)]
        wire.says(json.dumps({"status": "true", "data": rows}), SPECIAL)
        with pytest.raises(InvalidRequest) as caught:
            wire.provider.order("Nope", "6", None)
        listed = ", ".join(f"S{n} ({n})" for n in range(1, 13))
        assert str(caught.value) == (
            f"otpcepat: unknown service 'Nope'. Available: {listed} and 8 more. Use a name or an ID."
        )

    def test_a_misspelt_service_lists_what_is_like_it_first(self, wire: Wire) -> None:
        """What was meant is among the dozen that are shown, wherever it is in the service's list."""
        rows = [{"serviceID": str(n), "serviceName": f"S{n}", "price": "9"} for n in range(1, 21)]
        rows.append({"serviceID": "21", "serviceName": "Telegram", "price": "9"})
        wire.says(json.dumps({"status": "true", "data": rows}), SPECIAL)
        shown = r"'telegramm'\. Available: Telegram \(21\), S1 \(1\), .* and 9 more\."
        with pytest.raises(InvalidRequest, match=shown):
            wire.provider.order("telegramm", "6", None)

    def test_an_ambiguous_name_lists_the_candidates(self, wire: Wire) -> None:
        """Two services of one name: the id must be given."""
        rows = [{"serviceID": n, "serviceName": "Other", "price": "9"} for n in ("7", "8")]
        wire.says(json.dumps({"status": "true", "data": rows}))
        with pytest.raises(InvalidRequest) as caught:
            wire.provider.order("other", "6", None)
        assert str(caught.value) == (
            "otpcepat: ambiguous service 'other': could be Other (7), Other (8). Use the ID instead."
        )

    @pytest.mark.parametrize("missing", ["service", "country"])
    @pytest.mark.parametrize("nothing", [None, "", "  "])
    def test_what_must_be_said(self, wire: Wire, missing: str, nothing: str | None) -> None:
        """Without service or country nothing is sent, and the message lists every place to set it."""
        given: dict[str, str | None] = {"service": "7", "country": "6", missing: nothing}
        with pytest.raises(SettingsError) as caught:
            wire.provider.order(given["service"], given["country"], None)
        assert str(caught.value) == (
            f"provider otpcepat needs a {missing} to order a number. Set it with otp_number({missing}=...), "
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
