"""otpcepat's API in the sandbox: what its document prints is asserted as printed, oddities and errors included."""

from __future__ import annotations

import json
import re

import phonenumbers
import pytest

from pytest_otp.sandbox.catalogue import OTPCEPAT_COUNTRIES
from pytest_otp.sandbox.otpcepat import STALE_SECONDS
from tests.sandbox.world import KEY, World


def test_balance_is_as_printed(world: World) -> None:
    """Status and amount are strings."""
    expected = b'{"status":"true","data":{"email":"sandbox@example.test","saldo":"9999999999"}}'
    assert world.get(action="getBalance") == expected


def test_countries(world: World) -> None:
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


def test_operators(world: World) -> None:
    """`random` comes first, then the country's own, as bare names."""
    answer = world.cepat(action="getOperators", country_id="6")
    assert (answer["status"], answer["countryID"]) == ("true", "6")
    assert answer["data"][0] == "random"
    assert "telkomsel" in answer["data"]
    assert "telkomsel" not in world.cepat(action="getOperators", country_id="0")["data"]


def test_services(world: World) -> None:
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


def test_services_differ_by_country(world: World) -> None:
    """A local service is not listed elsewhere, and the same service has another price there."""
    lists = [world.cepat(action="getServices", country_id=country)["data"] for country in ("6", "187")]
    home, abroad = ({entry["serviceName"]: entry["price"] for entry in entries} for entries in lists)
    assert "Flip" in home
    assert "Flip" not in abroad
    assert home["Telegram"] != abroad["Telegram"]


def test_special_services(world: World) -> None:
    """They need no country, and can be ordered like the others."""
    answer = world.cepat(action="getSpecialServices")
    assert answer.keys() == {"status", "data"}
    assert answer["status"] == "true"
    special = answer["data"][0]
    assert special.keys() == {"serviceID", "serviceName", "price"}
    assert str(world.cepat_order(service_id=special["serviceID"])["price"]) == special["price"]


def test_order_is_as_printed(world: World) -> None:
    """Status is a boolean here, the price a number, the number digits without a plus."""
    raw = world.get(action="get_order", operator_id="telkomsel", service_id="2", country_id="6")
    assert re.fullmatch(
        rb'\{"status":true,"data":\{"order_id":"[0-9a-f]{32}","number":"62\d+","price":99,"status":"Waiting SMS"\}\}',
        raw,
    )


def test_price_may_have_decimals(world: World) -> None:
    """Both ways of writing a price are met: text in the list, a number in the order."""
    yahoo = next(
        entry for entry in world.cepat(action="getServices", country_id="6")["data"] if entry["serviceName"] == "Yahoo"
    )
    assert yahoo["price"] == "412.5"
    assert world.cepat_order(service_id=yahoo["serviceID"])["price"] == 412.5


@pytest.mark.parametrize("country_id", OTPCEPAT_COUNTRIES)
def test_rents_out_every_country_that_it_lists(world: World, country_id: str) -> None:
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
def test_refuses_in_the_documents_words(world: World, query: dict[str, str], msg: str) -> None:
    """Every documented error comes for its reason; the key is looked at first, then the action. Status is a string."""
    assert world.get(**query) == json.dumps({"status": "false", "msg": msg}, separators=(",", ":")).encode()
    assert world.app.desk.rentals == ()


@pytest.mark.parametrize(
    ("status", "msg"),
    [("", "INVALID STATUS"), ("done", "INVALID STATUS"), ("-2", "INVALID STATUS"), ("1", "WRONG STATUS")],
)
def test_refuses_a_status_that_is_none(world: World, status: str, msg: str) -> None:
    """A status that is not a number is INVALID, an unknown number WRONG; the order stays open."""
    order = world.cepat_order()
    assert world.cepat_set(order, status) == {"status": "false", "msg": msg}
    assert world.cepat_status(order)["status"] == "Waiting SMS"


def test_order_from_the_first_look_to_done(world: World) -> None:
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


def test_writes_nothing_yet_in_three_ways(world: World) -> None:
    """`sms` is missing, null and empty in turn, all of which clients meet."""
    order = world.cepat_order()
    looks = [world.cepat_status(order) for _ in range(4)]
    assert ["sms" in look for look in looks] == [False, True, True, False]
    assert [look.get("sms") for look in looks] == [None, None, "", None]


def test_cancel(world: World) -> None:
    """An order without an SMS can be cancelled; its word is `Cancel`, and the number is given back."""
    order = world.cepat_order()
    assert world.cepat_set(order, "2") == {"status": True, "msg": "success"}
    assert world.cepat_status(order)["status"] == "Cancel"
    assert world.carrier.lines == ()


def test_shows_the_old_text_for_a_while_after_a_resend(world: World) -> None:
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


def test_shows_the_newest_of_several(world: World) -> None:
    """There is room for one text: a second SMS takes the first one's place."""
    order = world.cepat_order()
    world.deliver(order, "first 111111")
    world.deliver(order, "second 222222")
    assert world.cepat_status(order)["sms"] == "second 222222"


@pytest.mark.parametrize("status", ["2", "3", "4"])
@pytest.mark.parametrize("closed_by", ["2", "4"])
def test_does_not_change_a_closed_order(world: World, closed_by: str, status: str) -> None:
    """A closed order does not change its state any more."""
    order = world.cepat_order()
    if closed_by == "4":
        world.deliver(order, "code 111111")
    assert world.cepat_set(order, closed_by)["status"] is True
    word = world.cepat_status(order)["status"]
    assert world.cepat_set(order, status) == {"status": "false", "msg": "WRONG STATUS"}
    assert world.cepat_status(order)["status"] == word


def test_does_not_cancel_after_an_sms(world: World) -> None:
    """A cancel that comes too late is refused; the order can be finished."""
    order = world.cepat_order()
    world.deliver(order, "code 111111")
    assert world.cepat_set(order, "2") == {"status": "false", "msg": "WRONG STATUS"}
    assert world.cepat_set(order, "4")["status"] is True


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_is_get_only(world: World, method: str) -> None:
    """Everything is GET; another method is refused before the key is looked at."""
    status, body, headers = world.ask(method, f"/api/handler_api.php?api_key={KEY}&action=getBalance")
    assert (status, headers["Allow"]) == (405, "GET")
    assert json.loads(body) == {"error": f"{method} is not allowed; use GET"}
