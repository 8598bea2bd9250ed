"""OTP-virt's API in the sandbox: what its document prints is asserted as printed, oddities and errors included."""

from __future__ import annotations

import gzip
import http.client
import json
import re
from urllib.parse import urlsplit

import phonenumbers
import pytest

from pytest_otp.sandbox.catalogue import OTPVIRT_COUNTRIES
from tests.sandbox.world import CLIENT, UNKNOWN_GUID, World


def test_numbers_count(world: World) -> None:
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
def test_counts_nothing_where_it_has_nothing(world: World, fields: dict[str, str]) -> None:
    """An unavailable service counts 0 without an error; ordering it is error 1."""
    assert world.virt("GetNumbersCount", **fields) == {"count": 0, "status": 2, "error": 0}
    detail = {"country": fields["country"], "provider": fields["provider"]}
    assert world.virt("GetNumber", service=fields["service"], detail=detail) == {"status": 4, "error": 1}


def test_order_is_as_printed(world: World) -> None:
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
def test_order_details_may_be_left_out(world: World, detail: dict[str, str]) -> None:
    """Both keys are optional, and spelt with and without capitals in the document."""
    answer = world.virt("GetNumber", service="wx", detail=detail)
    assert (answer["status"], answer["error"]) == (2, 0)
    assert str(answer["number"]).startswith("992")


@pytest.mark.parametrize("country", OTPVIRT_COUNTRIES)
def test_rents_out_every_country(world: World, country: str) -> None:
    """Each country of the document's list or of the price list has valid numbers of its own."""
    place = OTPVIRT_COUNTRIES[country]
    service = next(iter(place.prices)) if place.prices else "fb"
    answer = world.virt("GetNumber", service=service, detail={"country": country})
    assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+{answer['number']}"), place.region)


def test_price_list_and_country_list_disagree(world: World) -> None:
    """The document's own prices are there; of the six countries in its list three are not, and Laos only is here."""
    answer = world.virt("GetPrice")
    assert (answer["currency"], answer["status"], answer["error"]) == ("USD", 0, 0)
    listed = {entry["country"]: entry["services"] for entry in answer["countryList"]}
    assert listed["laos"] == {"wv": 1.23}
    assert (listed["tajikistan"]["wa"], listed["tajikistan"]["wx"], len(listed["tajikistan"])) == (0.32, 0.03, 12)
    assert {"iran", "libyan", "serbia"}.isdisjoint(listed)
    for country, operator in [("iran", "mci"), ("libyan", "any"), ("serbia", "mts")]:
        assert world.virt_order(country=country, provider=operator)["ammount"] == 0.11


def test_balance(world: World) -> None:
    """The amount is a number; only this answer and the price list name the currency."""
    assert world.virt("GetBalance") == {"currency": "USD", "balance": 131.95, "status": 2, "error": 0}


def test_sms(world: World) -> None:
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


def test_confirm(world: World) -> None:
    """After an SMS the lease can be ended; after that the order is gone, for every request."""
    order = world.virt_order()
    world.deliver(order, "code 111111")
    assert world.virt_for(order, "ConfirmActivation") == {"status": 2, "error": 0}
    for action in ("ConfirmActivation", "CancelActivation", "GetSms"):
        assert world.virt_for(order, action) == {"status": 4, "error": 3}
    assert world.carrier.lines == ()


def test_cancel(world: World) -> None:
    """Without an SMS it can be cancelled; after that the order is unknown to every request."""
    order = world.virt_order()
    assert world.virt_for(order, "CancelActivation") == {"status": 2, "error": 0}
    for action in ("ConfirmActivation", "CancelActivation", "GetSms"):
        assert world.virt_for(order, action) == {"status": 4, "error": 3}
    assert world.carrier.lines == ()


def test_does_not_cancel_after_an_sms(world: World) -> None:
    """Error 4: an SMS has been received; the order stays open and can be finished."""
    order = world.virt_order()
    world.deliver(order, "code 111111")
    assert world.virt_for(order, "CancelActivation") == {"status": 4, "error": 4}
    assert len(world.virt_for(order, "GetSms")["sms"]) == 1
    assert world.virt_for(order, "ConfirmActivation") == {"status": 2, "error": 0}


def test_guid_may_be_in_capitals(world: World) -> None:
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
def test_bad_request_is_error_3(world: World, action: str, fields: dict[str, object]) -> None:
    """Missing fields, wrong types, limits of length, wrong credentials and unknown orders: status 4, error 3."""
    assert world.virt(action, **fields) == {"status": 4, "error": 3}
    assert world.app.desk.rentals == ()


def test_failure_of_the_sandbox_itself_is_error_2(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error is the document's internal error; the log says where it happened."""

    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.app.desk, "order", fail)
    assert world.virt("GetNumber", service="vi", detail={}) == {"status": 4, "error": 2}
    assert "request failed: ZeroDivisionError" in caplog.text


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
def test_what_cannot_be_read_is_error_3(world: World, body: bytes, headers: dict[str, str]) -> None:
    """Invalid JSON, too large a body, or a wrong Content-Encoding: the document has one error for all."""
    status, answer, _ = world.ask("POST", "/native/GetBalance", body, headers)
    assert (status, json.loads(answer)) == (200, {"status": 4, "error": 3})


@pytest.mark.parametrize(
    ("accepts", "packed"), [("gzip", True), ("gzip, br", True), ("identity", False), ("gzip;q=0", False), (None, False)]
)
def test_speaks_gzip_where_the_client_does(world: World, accepts: str | None, packed: bool) -> None:
    """A packed request is read, and the answer is packed where the client accepts it."""
    headers = {"Content-Encoding": "gzip"} | ({} if accepts is None else {"Accept-Encoding": accepts})
    connection = http.client.HTTPConnection(urlsplit(world.url).netloc, timeout=30)
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


def test_is_post_only(world: World) -> None:
    """Everything is POST; GET is refused."""
    status, body, headers = world.ask("GET", "/native/GetBalance")
    assert (status, headers["Allow"]) == (405, "POST")
    assert json.loads(body) == {"error": "GET is not allowed; use POST"}
