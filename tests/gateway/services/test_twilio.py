"""Twilio's API, by raw requests written from its documentation: what it answers, and each error's number and words."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest

from tests.gateway.world import ACCOUNT, HELD, REFUSED, STRAY, World, basic

GOOD = {"To": HELD, "From": "+15005550006", "Body": "Your code is 482913"}
SERVICE = "MG" + "0" * 32
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


def test_a_message_is_queued_and_handed_on(world: World) -> None:
    """The answer is 201 with each field of the documented resource."""
    answer = world.twilio(GOOD)
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    resource = answer.json
    sid, created = resource.pop("sid"), resource.pop("date_created")
    assert re.fullmatch(r"SM[0-9a-f]{32}", sid)
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", created)
    assert parsedate_to_datetime(created).tzinfo is not None
    assert resource == {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Your code is 482913",
        "date_sent": None,
        "date_updated": created,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15005550006",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "status": "queued",
        "subresource_uris": {"media": f"{MESSAGES}/{sid}/Media.json"},
        "to": HELD,
        "uri": f"{MESSAGES}/{sid}.json",
    }
    assert world.network.taken == [(HELD, "Your code is 482913", "+15005550006")]


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"From": "Shop & Co"}, (HELD, "Your code is 482913", "Shop & Co")),
        ({"From": "24724"}, (HELD, "Your code is 482913", "24724")),
        ({"To": "+1 (201) 555-0123"}, (HELD, "Your code is 482913", "+15005550006")),
        ({"To": "201-555-0123"}, (HELD, "Your code is 482913", "+15005550006")),
        ({"Body": "Grüße 🔑"}, (HELD, "Grüße 🔑", "+15005550006")),
        ({"Body": "x" * 1600}, (HELD, "x" * 1600, "+15005550006")),
        (
            {"To": f"whatsapp:{HELD}", "From": "whatsapp:+15005550006"},
            (HELD, "Your code is 482913", "whatsapp:+15005550006"),
        ),
        (
            {"MediaUrl": ["https://shop.test/a.png", "https://shop.test/b.png"]},
            (HELD, "Your code is 482913\nhttps://shop.test/a.png\nhttps://shop.test/b.png", "+15005550006"),
        ),
        (
            {"Body": "", "MediaUrl": "https://shop.test/a.png"},
            (HELD, "https://shop.test/a.png", "+15005550006"),
        ),
    ],
)
def test_what_else_is_taken(world: World, fields: dict[str, object], taken: tuple[str, str, str]) -> None:
    """Senders of each kind, other writings of the number, any characters, WhatsApp's addresses and media."""
    answer = world.twilio(GOOD | fields)
    assert answer.status == 201
    assert world.network.taken == [taken]
    urls = fields.get("MediaUrl", [])
    media = [urls] if isinstance(urls, str) else urls
    assert isinstance(media, list)
    assert answer.json["num_media"] == str(len(media))
    assert answer.json["to"] == (f"whatsapp:{HELD}" if "whatsapp:" in str(fields) else HELD)
    assert answer.json["sid"][:2] == ("MM" if media else "SM")


def test_a_messaging_service_stands_for_the_sender(world: World) -> None:
    """The message is accepted, and nobody knows its sender or its segments yet."""
    resource = world.twilio({"To": HELD, "MessagingServiceSid": SERVICE, "Body": "hi"}).json
    assert (resource["status"], resource["messaging_service_sid"]) == ("accepted", SERVICE)
    assert (resource["from"], resource["num_segments"]) == (None, "0")
    assert world.network.taken == [(HELD, "hi", None)]


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"To": ""}, 21604, "A 'To' phone number is required."),
        ({"To": None}, 21604, "A 'To' phone number is required."),
        ({"To": "the boss"}, 21211, "Invalid 'To' Phone Number: the boss"),
        ({"To": "+1201"}, 21211, "Invalid 'To' Phone Number: +1201"),
        ({"To": "+999123456789"}, 21211, "Invalid 'To' Phone Number: +999123456789"),
        ({"To": "442079460958"}, 21211, "Invalid 'To' Phone Number: 442079460958"),
        ({"From": None}, 21603, "A 'From' phone number is required."),
        (
            {"From": "Shop!"},
            21212,
            "The 'From' number Shop! is not a valid phone number, shortcode, or alphanumeric sender ID.",
        ),
        ({"From": None, "MessagingServiceSid": "MG1"}, 21705, "The Messaging Service Sid MG1 is invalid."),
        (
            {"To": f"whatsapp:{HELD}"},
            21910,
            "Invalid From and To pair. From and To should be of the same channel",
        ),
        ({"Body": None}, 21602, "Message body is required."),
        ({"Body": " \n"}, 21602, "Message body is required."),
        ({"Body": "x" * 1601}, 21617, "The concatenated message body exceeds the 1600 character limit"),
        ({"MediaUrl": ["https://shop.test/a.png"] * 11}, 21623, "Number of media files exceeds allowed limit"),
        ({"MediaUrl": "file:///etc/passwd"}, 21620, "Invalid media URL(s)"),
        (
            {"ContentSid": "HX" + "0" * 32},
            21655,
            (
                "The ContentSid is Invalid: declare the text of a template that is stored at Twilio with "
                "otp_gateway.add_template()"
            ),
        ),
    ],
)
def test_a_refusal_has_twilios_number_and_words(
    world: World, fields: dict[str, object], code: int, message: str
) -> None:
    """Each is 400, names its page, and delivers nothing."""
    answer = world.twilio({name: value for name, value in (GOOD | fields).items() if value is not None})
    assert answer.status == 400
    assert answer.json == {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }
    assert world.network.taken == []


@pytest.mark.parametrize(
    ("authorization", "problem"),
    [
        (None, "No credentials provided"),
        ("Bearer token", "No credentials provided"),
        ("Basic !!!", "No credentials provided"),
        ("Basic QUM\xa0", "No credentials provided"),
        (basic("shop", "token"), "invalid username"),
        (basic("AC123", "token"), "invalid username"),
        (basic(ACCOUNT + "0", "token"), "invalid username"),
        (basic(ACCOUNT, ""), "No password provided"),
    ],
)
def test_credentials_must_have_the_right_form(world: World, authorization: str | None, problem: str) -> None:
    """Any account or key of the right form is accepted; everything else is 401 with 20003."""
    answer = world.twilio(GOOD, Authorization=authorization)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Twilio API"'
    assert answer.json == {
        "code": 20003,
        "detail": "Your AccountSid or AuthToken was incorrect.",
        "message": f"Authentication Error - {problem}",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    assert world.network.taken == []


def test_an_api_key_is_as_good_as_the_account(world: World) -> None:
    """The user may be a key (SK…), while the path has the account."""
    assert world.twilio(GOOD, Authorization=basic("SK" + "0" * 32, "secret")).status == 201


@pytest.mark.parametrize(
    ("to", "outcome"),
    [
        (HELD, ("delivered", None, None)),
        (STRAY, ("undelivered", 30005, "Unknown destination handset")),
    ],
)
def test_a_message_can_be_fetched(world: World, to: str, outcome: tuple[str, int | None, str | None]) -> None:
    """Sending answers `queued` in both cases; fetching shows whether anybody held the number."""
    sent = world.twilio(GOOD | {"To": to}).json
    fetched = world.ask("GET", sent["uri"], headers={"Authorization": basic(ACCOUNT, "token")})
    assert fetched.status == 200
    resource = fetched.json
    assert sent["status"] == "queued"
    assert (resource["status"], resource["error_code"], resource["error_message"]) == outcome
    assert resource["date_sent"] is not None
    changed = {"status", "error_code", "error_message", "date_sent"}
    assert {name: value for name, value in resource.items() if name not in changed} == {
        name: value for name, value in sent.items() if name not in changed
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{MESSAGES}/SM{'0' * 32}.json"),
        ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Queues.json"),
        ("POST", "/2010-04-01/Accounts/AC1/Messages.json"),
        ("POST", MESSAGES),
    ],
)
def test_what_is_not_there_is_404(world: World, method: str, path: str) -> None:
    """An unknown message, another resource, an impossible account and another format are not found, with 20404."""
    answer = world.ask(method, path, headers={"Authorization": basic(ACCOUNT, "token")})
    assert answer.status == 404
    assert (answer.json["code"], answer.json["message"]) == (20404, f"The requested resource {path} was not found")


def test_another_accounts_message_is_not_there(world: World) -> None:
    """A message belongs to the account that sent it."""
    sent = world.twilio(GOOD).json
    path = sent["uri"].replace(ACCOUNT, "AC" + "1" * 32)
    assert world.ask("GET", path, headers={"Authorization": basic(ACCOUNT, "token")}).json["code"] == 20404


@pytest.mark.parametrize(("method", "path"), [("DELETE", f"{MESSAGES}.json"), ("PUT", f"{MESSAGES}/SM1.json")])
def test_another_method_is_405(world: World, method: str, path: str) -> None:
    """A method that a resource does not have is refused, and the number says so."""
    answer = world.ask(method, path, headers={"Authorization": basic(ACCOUNT, "token")})
    assert (answer.status, answer.json["code"], answer.json["message"]) == (405, 20004, "Method not allowed")


def test_json_is_no_form(world: World) -> None:
    """Fields in JSON are not seen, as with Twilio."""
    answer = world.twilio(GOOD, **{"Content-Type": "application/json"})
    assert (answer.status, answer.json["code"]) == (400, 21604)


def test_a_network_that_fails_is_their_internal_error(world: World) -> None:
    """An SMS that the network refuses is a 500 with the network's message."""
    answer = world.twilio(GOOD | {"Body": REFUSED})
    message = "An internal server error has occurred: the network does not take this"
    assert (answer.status, answer.json["code"], answer.json["message"]) == (500, 20500, message)
