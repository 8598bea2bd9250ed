"""The sandbox over real sockets, with raw requests written from the two providers' documents.

What the documents print is asserted as printed: spellings, mixed types, every error. The clock is the tests' own.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import phonenumbers
import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox import app as sandbox
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.sandbox.catalogue import OTPCEPAT_COUNTRIES, OTPVIRT_COUNTRIES
from pytest_otp.sandbox.otpcepat import STALE_SECONDS
from pytest_otp.server.server import Server
from tests.scripted import Time as Clock

KEY = "sandbox-key-not-a-secret"
CLIENT = {"clientId": "5a4db0c5-1111-4222-8333-444444444444", "apiPassword": "sandbox-password"}
UNKNOWN_GUID = "0f9aa28a-125e-4f61-ac48-3d3a48b404a5"

Answer = dict[str, Any]


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
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
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

    def cepat(self, **query: str) -> Answer:
        answer: Answer = json.loads(self.get(**query))
        return answer

    def cepat_order(self, country_id: str = "6", service_id: str = "3", operator_id: str = "random") -> Answer:
        answer = self.cepat(action="get_order", country_id=country_id, service_id=service_id, operator_id=operator_id)
        assert answer["status"] is True
        data: Answer = answer["data"]
        return data

    def cepat_status(self, order: Answer) -> Answer:
        answer = self.cepat(action="get_status", order_id=order["order_id"])
        assert answer["status"] == "true"
        data: Answer = answer["data"]
        return data

    def cepat_set(self, order: Answer, status: str) -> Answer:
        return self.cepat(action="set_status", order_id=order["order_id"], status=status)

    def virt(self, action: str, **fields: object) -> Answer:
        """A POST to OTP-virt as its document has it, with the right credentials unless told otherwise."""
        status, body, headers = self.ask("POST", f"/native/{action}", json.dumps({**CLIENT, **fields}).encode())
        assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
        answer: Answer = json.loads(body)
        return answer

    def virt_order(self, **detail: str) -> Answer:
        answer = self.virt("GetNumber", service="vi", detail=detail or {"country": "tajikistan", "provider": "indigo"})
        assert answer["error"] == 0
        return answer

    def virt_for(self, order: Answer, action: str) -> Answer:
        return self.virt(action, activationId=order["activationId"])

    def deliver(self, order: Answer, text: str, sender: str | None = None) -> None:
        self.carrier.deliver(f"+{order['number']}", text, sender=sender)

    def later(self, seconds: float) -> None:
        self.clock.now += seconds


Start = Callable[..., World]


@pytest.fixture
def start() -> Iterator[Start]:
    """A function that starts a sandbox under a scenario; all of them are stopped at the end."""
    servers: list[Server] = []

    def started(scenario: str = "manual", *, sms_after: float | None = None, seed: int = 7) -> World:
        clock = Clock()
        carrier = Carrier(seed=seed, clock=clock)
        app = Sandbox(carrier, scenario=scenario, sms_after=sms_after)
        server = Server(app)
        server.start()
        servers.append(server)
        return World(server.url, carrier, app, clock)

    yield started
    for server in servers:
        server.stop()


@pytest.fixture
def world(start: Start) -> World:
    """A sandbox where messages come from the test."""
    return start()


# otpcepat


def test_cepat_balance_is_as_printed(world: World) -> None:
    """Status and amount are strings."""
    expected = b'{"status":"true","data":{"email":"sandbox@example.test","saldo":"9999999999"}}'
    assert world.get(action="getBalance") == expected


def test_cepat_countries(world: World) -> None:
    """The document's countries and the renamed Indonesia are among a list of real size; ids and names are strings."""
    answer = world.cepat(action="getCountries")
    assert (answer["status"], answer["countryID"]) == ("true", None)
    assert answer["data"][:2] == [
        {"countryID": "0", "countryName": "Russia"},
        {"countryID": "1", "countryName": "Ukraine"},
    ]
    assert {"countryID": "6", "countryName": "Wakanda (Indo)"} in answer["data"]
    assert len(answer["data"]) >= 20
    assert "Indonesia" not in str(answer)


def test_cepat_operators(world: World) -> None:
    """`random` comes first, then the country's own, as bare names."""
    answer = world.cepat(action="getOperators", country_id="6")
    assert (answer["status"], answer["countryID"]) == ("true", "6")
    assert answer["data"][0] == "random"
    assert "telkomsel" in answer["data"]
    assert "telkomsel" not in world.cepat(action="getOperators", country_id="0")["data"]


def test_cepat_services(world: World) -> None:
    """The document's services have its ids and prices; prices are strings, some with decimals; a slash is escaped."""
    raw = world.get(action="getServices", country_id="6")
    assert raw.startswith(
        b'{"status":"true","countryID":"6","data":[{"serviceID":"1","serviceName":"Flip","price":"99"},'
        b'{"serviceID":"2","serviceName":"Gmail\\/Youtube","price":"99"}'
    )
    prices = [entry["price"] for entry in json.loads(raw)["data"]]
    assert all(isinstance(price, str) for price in prices)
    assert any("." in price for price in prices)
    assert len(prices) >= 15


def test_cepat_services_differ_by_country(world: World) -> None:
    """A local service is not listed elsewhere, and the same service has another price there."""
    lists = [world.cepat(action="getServices", country_id=country)["data"] for country in ("6", "187")]
    home, abroad = ({entry["serviceName"]: entry["price"] for entry in entries} for entries in lists)
    assert "Flip" in home
    assert "Flip" not in abroad
    assert home["Telegram"] != abroad["Telegram"]


def test_cepat_special_services(world: World) -> None:
    """They need no country, and can be ordered like the others."""
    answer = world.cepat(action="getSpecialServices")
    assert answer.keys() == {"status", "data"}
    assert answer["status"] == "true"
    special = answer["data"][0]
    assert special.keys() == {"serviceID", "serviceName", "price"}
    assert str(world.cepat_order(service_id=special["serviceID"])["price"]) == special["price"]


def test_cepat_order_is_as_printed(world: World) -> None:
    """Status is a boolean here, the price a number, the number digits without a plus."""
    raw = world.get(action="get_order", operator_id="telkomsel", service_id="2", country_id="6")
    assert re.fullmatch(
        rb'\{"status":true,"data":\{"order_id":"[0-9a-f]{32}","number":"62\d+","price":99,"status":"Waiting SMS"\}\}',
        raw,
    )


def test_cepat_price_may_have_decimals(world: World) -> None:
    """Both ways of writing a price are met: text in the list, a number in the order."""
    yahoo = next(
        entry for entry in world.cepat(action="getServices", country_id="6")["data"] if entry["serviceName"] == "Yahoo"
    )
    assert yahoo["price"] == "412.5"
    assert world.cepat_order(service_id=yahoo["serviceID"])["price"] == 412.5


@pytest.mark.parametrize("country_id", OTPCEPAT_COUNTRIES)
def test_cepat_rents_out_every_country_that_it_lists(world: World, country_id: str) -> None:
    """Each country's number is valid, and of that country."""
    order = world.cepat_order(country_id=country_id)
    number = phonenumbers.parse("+" + order["number"])
    assert phonenumbers.is_valid_number_for_region(number, OTPCEPAT_COUNTRIES[country_id].region)


@pytest.mark.parametrize(
    ("query", "msg"),
    [
        ({"api_key": "another", "action": "getBalance"}, "You don't have Access!"),
        ({"api_key": "", "action": "getBalance"}, "You don't have Access!"),
        ({"api_key": "another", "action": "nonsense"}, "You don't have Access!"),
        ({"action": "nonsense"}, "BAD ACTION"),
        ({"action": "getbalance"}, "BAD ACTION"),
        ({"action": ""}, "BAD ACTION"),
        ({}, "BAD ACTION"),
        ({"action": "getOperators"}, "WRONG COUNTRY ID"),
        ({"action": "getOperators", "country_id": "9999"}, "WRONG COUNTRY ID"),
        ({"action": "getServices", "country_id": ""}, "WRONG COUNTRY ID"),
        ({"action": "getServices", "country_id": "Russia"}, "WRONG COUNTRY ID"),
        ({"action": "get_order", "operator_id": "random", "service_id": "3"}, "WRONG COUNTRY ID"),
        ({"action": "get_order", "operator_id": "random", "service_id": "3", "country_id": "x"}, "WRONG COUNTRY ID"),
        ({"action": "get_order", "service_id": "3", "country_id": "6"}, "INVALID OPERATOR"),
        ({"action": "get_order", "operator_id": "a b/c", "service_id": "3", "country_id": "6"}, "INVALID OPERATOR"),
        ({"action": "get_order", "operator_id": "mts", "service_id": "3", "country_id": "6"}, "WRONG OPERATOR ID"),
        ({"action": "get_order", "operator_id": "random", "country_id": "6"}, "INVALID SERVICE ID"),
        (
            {"action": "get_order", "operator_id": "random", "service_id": "Flip", "country_id": "6"},
            "INVALID SERVICE ID",
        ),
        ({"action": "get_order", "operator_id": "random", "service_id": "999", "country_id": "6"}, "WRONG SERVICE ID"),
        ({"action": "get_order", "operator_id": "random", "service_id": "1", "country_id": "0"}, "WRONG SERVICE ID"),
        ({"action": "get_status"}, "INVALID ORDER ID"),
        ({"action": "get_status", "order_id": "12"}, "INVALID ORDER ID"),
        ({"action": "get_status", "order_id": "0" * 32}, "WRONG ORDER ID"),
        ({"action": "set_status", "status": "2"}, "INVALID ORDER ID"),
        ({"action": "set_status", "order_id": "0" * 32, "status": "2"}, "WRONG ORDER ID"),
    ],
)
def test_cepat_refuses_in_the_documents_words(world: World, query: dict[str, str], msg: str) -> None:
    """Every documented error comes for its reason; the key is looked at first, then the action. Status is a string."""
    assert world.get(**query) == json.dumps({"status": "false", "msg": msg}, separators=(",", ":")).encode()
    assert world.app.desk.rentals == ()


@pytest.mark.parametrize(
    ("status", "msg"),
    [("", "INVALID STATUS"), ("done", "INVALID STATUS"), ("-2", "INVALID STATUS"), ("1", "WRONG STATUS")],
)
def test_cepat_refuses_a_status_that_is_none(world: World, status: str, msg: str) -> None:
    """What is no number is invalid, a number without a meaning is wrong; the order goes on."""
    order = world.cepat_order()
    assert world.cepat_set(order, status) == {"status": "false", "msg": msg}
    assert world.cepat_status(order)["status"] == "Waiting SMS"


def test_cepat_order_from_the_first_look_to_done(world: World) -> None:
    """Waiting SMS, then `Recieved` (so) with the text, then Done; the answers are spelt as printed."""
    order = world.cepat_order(service_id="7")
    waiting = world.cepat_status(order)
    assert waiting == {
        "order_id": order["order_id"],
        "number": order["number"],
        "serviceName": "Yahoo",
        "status": "Waiting SMS",
    }
    world.deliver(order, "Your Yahoo code is 482913 / ünïcode")
    assert world.cepat_status(order) == waiting | {"status": "Recieved", "sms": "Your Yahoo code is 482913 / ünïcode"}
    assert world.cepat_set(order, "4") == {"status": True, "msg": "success"}
    assert world.cepat_status(order)["status"] == "Done"
    assert world.carrier.lines == ()


def test_cepat_writes_nothing_yet_in_three_ways(world: World) -> None:
    """`sms` is missing, null and empty in turn, all of which clients meet."""
    order = world.cepat_order()
    looks = [world.cepat_status(order) for _ in range(4)]
    assert ["sms" in look for look in looks] == [False, True, True, False]
    assert [look.get("sms") for look in looks] == [None, None, "", None]


def test_cepat_cancel(world: World) -> None:
    """An order without an SMS can be cancelled; its word is `Cancel`, and the number is given back."""
    order = world.cepat_order()
    assert world.cepat_set(order, "2") == {"status": True, "msg": "success"}
    assert world.cepat_status(order)["status"] == "Cancel"
    assert world.carrier.lines == ()


def test_cepat_shows_the_old_text_for_a_while_after_a_resend(world: World) -> None:
    """After status 3 it waits again with the old text, then without; the next SMS is `Recieved`, equal text or not."""
    order = world.cepat_order()
    world.deliver(order, "code 111111")
    assert world.cepat_set(order, "3") == {"status": True, "msg": "success"}
    stale = world.cepat_status(order)
    assert (stale["status"], stale["sms"]) == ("Waiting SMS", "code 111111")
    world.later(STALE_SECONDS - 0.1)
    assert world.cepat_status(order)["sms"] == "code 111111"
    world.later(0.2)
    empty = world.cepat_status(order)
    assert (empty["status"], empty.get("sms")) == ("Waiting SMS", None)
    world.deliver(order, "code 111111")
    again = world.cepat_status(order)
    assert (again["status"], again["sms"]) == ("Recieved", "code 111111")
    world.cepat_set(order, "3")
    assert world.cepat_status(order)["sms"] == "code 111111"


def test_cepat_shows_the_newest_of_several(world: World) -> None:
    """There is room for one text: a second SMS takes the first one's place."""
    order = world.cepat_order()
    world.deliver(order, "first 111111")
    world.deliver(order, "second 222222")
    assert world.cepat_status(order)["sms"] == "second 222222"


@pytest.mark.parametrize("status", ["2", "3", "4"])
@pytest.mark.parametrize("closed_by", ["2", "4"])
def test_cepat_does_not_change_a_closed_order(world: World, closed_by: str, status: str) -> None:
    """Whatever is asked of it afterwards, it stays as it was closed."""
    order = world.cepat_order()
    if closed_by == "4":
        world.deliver(order, "code 111111")
    assert world.cepat_set(order, closed_by)["status"] is True
    word = world.cepat_status(order)["status"]
    assert world.cepat_set(order, status) == {"status": "false", "msg": "WRONG STATUS"}
    assert world.cepat_status(order)["status"] == word


def test_cepat_does_not_cancel_after_an_sms(world: World) -> None:
    """A cancel that comes too late is refused; the order can be finished."""
    order = world.cepat_order()
    world.deliver(order, "code 111111")
    assert world.cepat_set(order, "2") == {"status": "false", "msg": "WRONG STATUS"}
    assert world.cepat_set(order, "4")["status"] is True


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_cepat_is_get_only(world: World, method: str) -> None:
    """Everything is GET; another method is refused before the key is looked at."""
    status, body, headers = world.ask(method, f"/api/handler_api.php?api_key={KEY}&action=getBalance")
    assert (status, headers["Allow"]) == (405, "GET")
    assert json.loads(body) == {"error": f"{method} is not allowed, only GET"}


# OTP-virt


def test_virt_numbers_count(world: World) -> None:
    """Country and operator are flat here; the answer is 2 with a count."""
    answer = world.virt("GetNumbersCount", service="fb", country="tajikistan", provider="indigo")
    assert answer == {"count": 36261, "status": 2, "error": 0}


@pytest.mark.parametrize(
    "fields",
    [
        {"service": "xx", "country": "tajikistan", "provider": "indigo"},
        {"service": "fb", "country": "atlantis", "provider": "any"},
        {"service": "fb", "country": "tajikistan", "provider": "mci"},
        {"service": "fb", "country": "laos", "provider": "any"},
    ],
)
def test_virt_counts_nothing_where_it_has_nothing(world: World, fields: dict[str, str]) -> None:
    """What is not there counts 0, which is no error; ordering it is error 1."""
    assert world.virt("GetNumbersCount", **fields) == {"count": 0, "status": 2, "error": 0}
    detail = {"country": fields["country"], "provider": fields["provider"]}
    assert world.virt("GetNumber", service=fields["service"], detail=detail) == {"status": 4, "error": 1}


def test_virt_order_is_as_printed(world: World) -> None:
    """`ammount` (so) is a number in the client's currency, the number an integer without a plus."""
    answer = world.virt("GetNumber", service="vi", detail={"country": "tajikistan", "provider": "indigo"})
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.pop("activationId"))
    number = answer.pop("number")
    assert type(number) is int
    assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+{number}"), "TJ")
    assert answer == {"ammount": 0.05, "status": 2, "error": 0}


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"country": "tajikistan"},
        {"provider": "indigo"},
        {"Country": "tajikistan", "Provider": "indigo"},
        {"country": "tajikistan", "provider": "any"},
    ],
)
def test_virt_order_details_may_be_left_out(world: World, detail: dict[str, str]) -> None:
    """Both keys are optional, and spelt with and without capitals in the document."""
    answer = world.virt("GetNumber", service="wx", detail=detail)
    assert (answer["status"], answer["error"]) == (2, 0)
    assert str(answer["number"]).startswith("992")


@pytest.mark.parametrize("country", OTPVIRT_COUNTRIES)
def test_virt_rents_out_every_country(world: World, country: str) -> None:
    """Each country of the document's list or of the price list has valid numbers of its own."""
    place = OTPVIRT_COUNTRIES[country]
    service = next(iter(place.prices)) if place.prices else "fb"
    answer = world.virt("GetNumber", service=service, detail={"country": country})
    assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+{answer['number']}"), place.region)


def test_virt_price_list_and_country_list_disagree(world: World) -> None:
    """The document's own prices are there; of the six countries in its list three are not, and Laos only is here."""
    answer = world.virt("GetPrice")
    assert (answer["currency"], answer["status"], answer["error"]) == ("USD", 0, 0)
    listed = {entry["country"]: entry["services"] for entry in answer["countryList"]}
    assert listed["laos"] == {"wv": 1.23}
    assert (listed["tajikistan"]["wa"], listed["tajikistan"]["wx"], len(listed["tajikistan"])) == (0.32, 0.03, 12)
    assert {"iran", "libyan", "serbia"}.isdisjoint(listed)
    for country, operator in [("iran", "mci"), ("libyan", "any"), ("serbia", "mts")]:
        assert world.virt_order(country=country, provider=operator)["ammount"] == 0.11


def test_virt_balance(world: World) -> None:
    """The amount is a number, and the only place that tells the currency beside the price list."""
    assert world.virt("GetBalance") == {"currency": "USD", "balance": 131.95, "status": 2, "error": 0}


def test_virt_sms(world: World) -> None:
    """All messages are listed, oldest first, with every field; success is status 0 here, with and without messages."""
    order = world.virt_order()
    assert world.virt_for(order, "GetSms") == {"sms": [], "status": 0, "error": 0}
    world.deliver(order, "<#> Your Viber code: 905526\n\nhttps://unv.viber.com/a/905526", "Viber")
    world.deliver(order, "hello")
    answer = world.virt_for(order, "GetSms")
    ids = [message.pop("id") for message in answer["sms"]]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", message_id) for message_id in ids)
    assert answer == {
        "sms": [
            {
                "phoneFrom": "Viber",
                "phone": order["number"],
                "text": "<#> Your Viber code: 905526\n\nhttps://unv.viber.com/a/905526",
                "code": "905526",
            },
            {"phoneFrom": "", "phone": order["number"], "text": "hello", "code": ""},
        ],
        "status": 0,
        "error": 0,
    }
    assert [message["id"] for message in world.virt_for(order, "GetSms")["sms"]] == ids


def test_virt_confirm(world: World) -> None:
    """After an SMS the lease can be ended; after that the order is gone, for every request."""
    order = world.virt_order()
    world.deliver(order, "code 111111")
    assert world.virt_for(order, "ConfirmActivation") == {"status": 2, "error": 0}
    for action in ("ConfirmActivation", "CancelActivation", "GetSms"):
        assert world.virt_for(order, action) == {"status": 4, "error": 3}
    assert world.carrier.lines == ()


def test_virt_cancel(world: World) -> None:
    """Without an SMS it can be cancelled; after that the order is gone, for every request."""
    order = world.virt_order()
    assert world.virt_for(order, "CancelActivation") == {"status": 2, "error": 0}
    for action in ("ConfirmActivation", "CancelActivation", "GetSms"):
        assert world.virt_for(order, action) == {"status": 4, "error": 3}
    assert world.carrier.lines == ()


def test_virt_does_not_cancel_after_an_sms(world: World) -> None:
    """Error 4: an SMS has been received; the order goes on and can be finished."""
    order = world.virt_order()
    world.deliver(order, "code 111111")
    assert world.virt_for(order, "CancelActivation") == {"status": 4, "error": 4}
    assert len(world.virt_for(order, "GetSms")["sms"]) == 1
    assert world.virt_for(order, "ConfirmActivation") == {"status": 2, "error": 0}


def test_virt_guid_may_be_in_capitals(world: World) -> None:
    """A Guid is the same in both cases."""
    order = world.virt_order()
    assert world.virt("GetSms", activationId=order["activationId"].upper())["error"] == 0


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("GetBalance", {"apiPassword": "another-password"}),
        ("GetBalance", {"apiPassword": None}),
        ("GetBalance", {"apiPassword": 12345678}),
        ("GetBalance", {"clientId": UNKNOWN_GUID}),
        ("GetBalance", {"clientId": "me"}),
        ("GetBalance", {"clientId": 1}),
        ("GetPrice", {"apiPassword": "another-password"}),
        ("GetNumbersCount", {"country": "tajikistan", "provider": "indigo"}),
        ("GetNumbersCount", {"service": "fb", "provider": "indigo"}),
        ("GetNumbersCount", {"service": "fb", "country": "tajikistan"}),
        ("GetNumbersCount", {"service": "f", "country": "tajikistan", "provider": "indigo"}),
        ("GetNumbersCount", {"service": "f" * 37, "country": "tajikistan", "provider": "indigo"}),
        ("GetNumbersCount", {"service": 12, "country": "tajikistan", "provider": "indigo"}),
        ("GetNumber", {"service": "vi"}),
        ("GetNumber", {"service": "vi", "detail": "tajikistan"}),
        ("GetNumber", {"service": "vi", "detail": {"country": 992}}),
        ("GetNumber", {"detail": {"country": "tajikistan"}}),
        ("GetNumber", {"service": "vi", "detail": {}, "apiPassword": "another-password"}),
        ("GetSms", {}),
        ("GetSms", {"activationId": "12"}),
        ("GetSms", {"activationId": UNKNOWN_GUID}),
        ("ConfirmActivation", {"activationId": UNKNOWN_GUID}),
        ("CancelActivation", {"activationId": UNKNOWN_GUID}),
        ("CancelActivation", {}),
    ],
)
def test_virt_bad_request_is_error_3(world: World, action: str, fields: dict[str, object]) -> None:
    """Missing fields, wrong types, limits of length, wrong credentials and unknown orders: status 4, error 3."""
    assert world.virt(action, **fields) == {"status": 4, "error": 3}
    assert world.app.desk.rentals == ()


def test_virt_failure_of_the_sandbox_itself_is_error_2(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw is the document's internal error; the log says where it happened."""

    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.app.desk, "order", fail)
    assert world.virt("GetNumber", service="vi", detail={}) == {"status": 4, "error": 2}
    assert "a request failed with ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"{", {}),
        (b"[]", {}),
        (b"\xff", {}),
        (b"[" * 20_000, {}),
        (b"x" * 70_000, {}),
        (gzip.compress(json.dumps(CLIENT).encode(), mtime=0), {}),
        (json.dumps(CLIENT).encode(), {"Content-Encoding": "gzip"}),
        (gzip.compress(json.dumps(CLIENT).encode(), mtime=0)[:-9], {"Content-Encoding": "gzip"}),
        (gzip.compress(b" " * 10_000_000, mtime=0), {"Content-Encoding": "gzip"}),
        (json.dumps(CLIENT).encode(), {"Content-Encoding": "br"}),
    ],
)
def test_virt_what_cannot_be_read_is_error_3(world: World, body: bytes, headers: dict[str, str]) -> None:
    """No JSON, too much of it, or a packing that is not what its header says: the document has one error for all."""
    status, answer, _ = world.ask("POST", "/native/GetBalance", body, headers)
    assert (status, json.loads(answer)) == (200, {"status": 4, "error": 3})


@pytest.mark.parametrize(
    ("accepts", "packed"), [("gzip", True), ("gzip, br", True), ("identity", False), ("gzip;q=0", False), (None, False)]
)
def test_virt_speaks_gzip_where_the_client_does(world: World, accepts: str | None, packed: bool) -> None:
    """A packed request is read, and the answer is packed where the client accepts it."""
    headers = {"Content-Encoding": "gzip"} | ({} if accepts is None else {"Accept-Encoding": accepts})
    connection = http.client.HTTPConnection(urlsplit(world.url).netloc, timeout=10)
    body = gzip.compress(json.dumps(CLIENT).encode())
    connection.putrequest("POST", "/native/GetBalance", skip_accept_encoding=True)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    assert (answer.headers["Content-Encoding"] == "gzip") is packed
    assert json.loads(gzip.decompress(raw) if packed else raw)["balance"] == 131.95


def test_virt_is_post_only(world: World) -> None:
    """Everything is POST; GET is refused."""
    status, body, headers = world.ask("GET", "/native/GetBalance")
    assert (status, headers["Allow"]) == (405, "POST")
    assert json.loads(body) == {"error": "GET is not allowed, only POST"}


# Both


@pytest.mark.parametrize(
    "path", ["/other", "/native", "/native/", "/native/getbalance", "/native/Push", "/api/other.php"]
)
def test_another_path_is_404(world: World, path: str) -> None:
    """What is not served is not there; the answer lists what is."""
    status, body, _ = world.ask("POST", path, b"{}")
    assert status == 404
    assert json.loads(body) == {
        "error": "nothing is here",
        "served": [
            "GET /",
            "GET /api/handler_api.php",
            "POST /native/<Action>",
            "POST /sms",
            "POST /2010-04-01/Accounts/<AccountSid>/Messages.json",
            "GET /2010-04-01/Accounts/<AccountSid>/Messages/<Sid>.json",
            "POST /sms/json",
            "POST /v1/messages",
            "POST / Action=Publish",
        ],
    }


def test_the_gateway_stands_beside_them(world: World) -> None:
    """What an application sends to /sms shows at either provider, by the number."""
    orders = [world.cepat_order(), world.virt_order()]
    for order in orders:
        body = json.dumps({"to": f"+{order['number']}", "text": "Your code is 482913", "from": "Shop"}).encode()
        status, _, _ = world.ask("POST", "/sms", body, {"Content-Type": "application/json"})
        assert status == 202
    assert world.cepat_status(orders[0])["sms"] == "Your code is 482913"
    assert world.virt_for(orders[1], "GetSms")["sms"][0]["phoneFrom"] == "Shop"


def test_the_services_gateways_stand_beside_them(world: World) -> None:
    """An application's Twilio SDK reaches the number of an order as well."""
    order = world.virt_order()
    form = urlencode({"To": f"+{order['number']}", "From": "Shop", "Body": "Your code is 482913"}).encode()
    authorization = base64.b64encode(f"AC{'0' * 32}:token".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {authorization}"}
    status, _, _ = world.ask("POST", f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", form, headers)
    assert status == 201
    assert [sms["text"] for sms in world.virt_for(order, "GetSms")["sms"]] == ["Your code is 482913"]


def test_an_order_belongs_to_its_provider(world: World) -> None:
    """Neither provider knows the other one's orders, though one carrier serves both."""
    at_cepat, at_virt = world.cepat_order(), world.virt_order()
    as_guid = re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", at_cepat["order_id"])
    assert world.virt("GetSms", activationId=as_guid) == {"status": 4, "error": 3}
    answer = world.cepat(action="get_status", order_id=at_virt["activationId"].replace("-", ""))
    assert answer == {"status": "false", "msg": "WRONG ORDER ID"}


def test_the_environment_points_clients_at_it() -> None:
    """Every variable that a client of either provider reads, and the gateway's."""
    assert sandbox.environ("http://127.0.0.1:8025") == {
        "OTPCEPAT_BASE_URL": "http://127.0.0.1:8025/api/handler_api.php",
        "API_KEY_OTPCEPAT": KEY,
        "OTPVIRT_BASE_URL": "http://127.0.0.1:8025/native",
        "OTPVIRT_CLIENT_ID": CLIENT["clientId"],
        "OTPVIRT_API_PASSWORD": CLIENT["apiPassword"],
        "PYTEST_OTP_GATEWAY_URL": "http://127.0.0.1:8025",
    }


def test_who_watches_learns_of_orders_and_strays() -> None:
    """An order is told with its provider and the id that its client sees, a message to nobody with its number."""
    told: list[tuple[str, ...]] = []
    app = Sandbox(
        Carrier(seed=7),
        scenario="manual",
        on_order=lambda provider, order_id, rental: told.append((provider, order_id, rental.line.e164)),
        on_stray=lambda number: told.append(("stray", number)),
    )
    with Server(app) as server:
        world = World(server.url, Carrier(seed=1), app, Clock())
        cepat, virt = world.cepat_order(), world.virt_order()
        body = b'{"to": "+442079460958", "text": "x"}'
        world.ask("POST", "/sms", body, {"Content-Type": "application/json"})
    assert told == [
        ("otpcepat", cepat["order_id"], f"+{cepat['number']}"),
        ("otpvirt", virt["activationId"], f"+{virt['number']}"),
        ("stray", "+442079460958"),
    ]


# Scenarios


def test_an_unknown_scenario_is_a_settings_error() -> None:
    """It is said before anything is served, with what is allowed."""
    with pytest.raises(SettingsError, match="cancel-refused"):
        Sandbox(Carrier(seed=1), scenario="nonsense")


def test_auto_sends_a_code_after_the_order_and_after_a_resend(start: Start) -> None:
    """Under `auto` a code comes by itself, also over the wire, after the seconds that were asked for."""
    world = start("auto", sms_after=2.0)
    cepat, virt = world.cepat_order(service_id="3"), world.virt_order()
    assert world.cepat_status(cepat)["status"] == "Waiting SMS"
    assert world.virt_for(virt, "GetSms")["sms"] == []
    world.later(2.01)
    first = world.cepat_status(cepat)
    assert first["status"] == "Recieved"
    assert re.search(r"Telegram.*\b\d{6}\b", first["sms"])
    message = world.virt_for(virt, "GetSms")["sms"][0]
    assert message["code"] in message["text"]
    assert "Viber" in message["text"]
    world.cepat_set(cepat, "3")
    assert world.cepat_status(cepat)["status"] == "Waiting SMS"
    world.later(2.01)
    second = world.cepat_status(cepat)
    assert second["status"] == "Recieved"
    assert second["sms"] != first["sms"]


def test_the_same_seed_gives_the_same_answers(start: Start) -> None:
    """Numbers, ids and codes follow from the seed."""
    orders = [world.cepat_order() for world in (start("auto", seed=5), start("auto", seed=5), start("auto", seed=6))]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def test_no_numbers(start: Start) -> None:
    """OTP-virt says error 1 and counts 0; otpcepat has no such error, and says that it does not have the service."""
    world = start("no-numbers")
    assert world.virt("GetNumber", service="vi", detail={}) == {"status": 4, "error": 1}
    assert world.virt("GetNumbersCount", service="vi", country="tajikistan", provider="any")["count"] == 0
    answer = world.cepat(action="get_order", country_id="6", service_id="3", operator_id="random")
    assert answer == {"status": "false", "msg": "WRONG SERVICE ID"}


def test_no_balance(start: Start) -> None:
    """The one says NO BALANCE; OTP-virt has no such error and says 3, a bad request. Both accounts are empty."""
    world = start("no-balance")
    answer = world.cepat(action="get_order", country_id="6", service_id="3", operator_id="random")
    assert answer == {"status": "false", "msg": "NO BALANCE"}
    assert world.cepat(action="getBalance")["data"]["saldo"] == "0"
    assert world.virt("GetNumber", service="vi", detail={}) == {"status": 4, "error": 3}
    assert world.virt("GetBalance")["balance"] == 0


def test_cancelled(start: Start) -> None:
    """The provider ends the order: `Cancel` at otpcepat, and an order that OTP-virt no longer knows."""
    world = start("cancelled")
    cepat, virt = world.cepat_order(), world.virt_order()
    assert world.cepat_status(cepat)["status"] == "Waiting SMS"
    assert world.virt_for(virt, "GetSms")["error"] == 0
    world.later(0.5)
    assert world.cepat_status(cepat)["status"] == "Cancel"
    assert world.virt_for(virt, "GetSms") == {"status": 4, "error": 3}


def test_cancel_refused(start: Start) -> None:
    """An SMS comes as the order is cancelled: a refusal in each provider's words, then finishing works."""
    world = start("cancel-refused")
    cepat, virt = world.cepat_order(), world.virt_order()
    assert world.cepat_set(cepat, "2") == {"status": "false", "msg": "WRONG STATUS"}
    assert world.cepat_status(cepat)["status"] == "Recieved"
    assert world.cepat_set(cepat, "4")["status"] is True
    assert world.virt_for(virt, "CancelActivation") == {"status": 4, "error": 4}
    assert world.virt_for(virt, "ConfirmActivation") == {"status": 2, "error": 0}


def trouble_of(ask: Callable[[], tuple[int, bytes, http.client.HTTPMessage]]) -> str:
    """What one request met: `reset`, `502`, `429` or `200`; the forms of the first three are asserted on the way."""
    try:
        status, body, headers = ask()
    except ConnectionResetError:
        return "reset"
    if status in (502, 429):
        assert headers["Content-Type"].startswith("text/html")
        assert body.startswith(b"<html>")
        assert (headers["Retry-After"] == "1") is (status == 429)
    return str(status)


def requests_of(world: World) -> dict[str, Callable[[], tuple[int, bytes, http.client.HTTPMessage]]]:
    cepat = f"/api/handler_api.php?api_key={KEY}&action="
    order = json.dumps({**CLIENT, "service": "vi", "detail": {}}).encode()
    return {
        "cepat": lambda: world.ask("GET", cepat + "getBalance"),
        "cepat order": lambda: world.ask("GET", cepat + "get_order&country_id=6&service_id=3&operator_id=random"),
        "virt": lambda: world.ask("POST", "/native/GetBalance", json.dumps(CLIENT).encode()),
        "virt order": lambda: world.ask("POST", "/native/GetNumber", order),
    }


@pytest.mark.parametrize("request_name", ["cepat", "cepat order", "virt", "virt order"])
def test_down_answers_nothing(start: Start, request_name: str) -> None:
    """Under `down` no request is answered, an order neither; the application's gateway goes on."""
    world = start("down")
    met = {trouble_of(requests_of(world)[request_name]) for _ in range(20)}
    assert met <= {"502", "reset", "429"}
    assert met
    assert world.app.desk.rentals == ()
    status, _, _ = world.ask(
        "POST", "/sms", b'{"to": "+12015550123", "text": "x"}', {"Content-Type": "application/json"}
    )
    assert status == 202


@pytest.mark.parametrize("provider", ["cepat", "virt"])
def test_flaky_is_real_trouble_now_and_then(start: Start, provider: str) -> None:
    """Under `flaky` requests meet 502, resets and 429 between good answers; an order request never does."""
    world = start("flaky")
    asks = requests_of(world)
    assert {trouble_of(asks[f"{provider} order"]) for _ in range(20)} == {"200"}
    assert {trouble_of(asks[provider]) for _ in range(100)} == {"200", "502", "reset", "429"}
