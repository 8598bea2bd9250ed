"""What a gateway keeps of the requests it saw: what became of each, whose number it was about, and no text."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.callbacks import Call
from pytest_otp.gateway.record import MOST_KEPT, Record
from pytest_otp.gateway.seen import GatewayRequest, SentMessage
from pytest_otp.server.server import Server
from tests.gateway.world import ACCOUNT, FORM, HELD, STRAY, Network, World, basic

CALLS = "/2010-04-01/Accounts/" + ACCOUNT + "/Faxes.json"
JSON = {"Content-Type": "application/json"}


def last(world: World) -> GatewayRequest:
    return world.gateway.record.requests()[-1]


def plain(world: World, to: str, text: str = "Your code is 482913") -> int:
    return world.ask("POST", "/sms?key=secret", json.dumps({"to": to, "text": text}), JSON).status


@pytest.mark.parametrize(("to", "outcome"), [(HELD, "delivered"), (STRAY, "astray")])
def test_a_message(world: World, to: str, outcome: str) -> None:
    """A request that sent an SMS is kept with its number, and without its text or query."""
    assert plain(world, to) == 202
    request = last(world)
    assert (request.method, request.path, request.host) == ("POST", "/sms", "127.0.0.1")
    assert (request.service, request.status, request.outcome, request.numbers) == ("plain", 202, outcome, (to,))
    assert (request.text, request.by_gateway) == (None, False)
    assert "482913" not in repr(request) + str(request.plain())
    assert "secret" not in repr(request) + str(request.plain())


def test_a_refusal_of_the_service(world: World) -> None:
    """A request that the service refuses is kept with the number that it names, in E.164 form."""
    world.twilio({"To": "+1 (201) 555-0123", "From": "Shop"})
    request = last(world)
    assert (request.status, request.outcome, request.numbers) == (400, "refused", (HELD,))


def test_an_answer_without_an_sms(world: World) -> None:
    """A request that sends nothing and succeeds is kept as answered."""
    world.sns({"Action": "CheckIfPhoneNumberIsOptedOut", "phoneNumber": HELD})
    assert (last(world).status, last(world).outcome, last(world).numbers) == (200, "answered", (HELD,))


def test_a_path_that_is_not_served(world: World) -> None:
    """At a served service and at the gateway's own address, an unknown path is not served."""
    world.ask("POST", CALLS, f"To=%2B{HELD[1:]}", {"Content-Type": FORM, "Authorization": basic(ACCOUNT, "token")})
    assert (last(world).status, last(world).outcome, last(world).numbers) == (404, "not served", (HELD,))
    assert world.ask("GET", "/nothing").status == 404
    assert (last(world).service, last(world).outcome) == (None, "not served")


def test_a_host_that_is_not_served(world: World) -> None:
    """A request to a known SMS service that is not served is blocked, and names its number."""
    body = json.dumps({"to": HELD, "text": "Your code is 482913"})
    assert world.ask("POST", "/v2/unknown", body, JSON | {"Host": "api.46elks.com"}).status == 403
    request = last(world)
    assert (request.host, request.path, request.outcome) == ("api.46elks.com", "/v2/unknown", "blocked")
    assert request.numbers == (HELD,)


def test_what_the_gateway_requested_itself(world: World) -> None:
    """A receipt or document that the gateway asked for is kept as its own request, without the query."""
    world.gateway.callbacks.on_call(Call("POST", "http://shop.example/receipt?token=secret", "blocked"))
    request = last(world)
    assert (request.method, request.host, request.path, request.status) == ("POST", "shop.example", "/receipt", 0)
    assert (request.outcome, request.by_gateway) == ("blocked", True)


def test_a_url_that_is_none(world: World) -> None:
    """A receipt whose URL cannot be parsed is recorded too."""
    world.gateway.callbacks.on_call(Call("POST", "http://[shop", "blocked"))
    request = last(world)
    assert (request.method, request.host, request.path, request.outcome) == ("POST", "", "", "blocked")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"recipient": {"contacts": [{"number": "12015550123"}]}}', "application/json"),
        ('{"to": [{"phoneNumber": "+12015550123"}, 7, null]}', "application/json"),
        ('{"destinations": [{"to": "0012015550123"}], "from": "+442079460958"}', "application/vnd.api+json"),
        ("To=whatsapp%3A%2B12015550123&From=%2B442079460958", FORM),
    ],
)
def test_whose_number_it_is(world: World, body: str, kind: str) -> None:
    """Whatever a service calls the recipient, its number is read; the sender's is not."""
    world.ask("POST", "/", body, {"Host": "api.46elks.com", "Content-Type": kind})
    assert last(world).numbers == (HELD,)


def test_a_number_in_the_path_or_query(world: World) -> None:
    """A number that the path or the query names is read too."""
    for target in (f"/v1/numbers/{HELD}/lookup", f"/send?to=%2B{HELD[1:]}"):
        world.ask("GET", target, headers={"Host": "api.46elks.com"})
        assert last(world).numbers == (HELD,)


@pytest.mark.parametrize(
    "body", ["{", "[" * 10_000, '{"to": "tomorrow"}', '{"to": "1"}', '{"text": "+12015550123"}', "\xff", "null", ""]
)
def test_a_body_without_a_number(world: World, body: str) -> None:
    """What cannot be read names no number, and the request is answered."""
    assert world.ask("POST", "/", body, {"Host": "api.46elks.com"}).status == 403
    assert last(world).numbers == ()


def test_long_and_unprintable(world: World) -> None:
    """A hostile request takes little room, and its repr is one printable line."""
    assert world.ask("GET", "/%1b[2J" + "x" * 5000, headers={"Host": "\x1b.signalwire.com"}).status in (403, 404)
    request = world.gateway.record.requests()[-1]
    assert len(request.path) <= 300
    assert world.ask("x" * 5000, "/", headers={"Host": "api.46elks.com"}).status == 403
    assert len(last(world).method) <= 20
    assert repr(request).isprintable()


def test_the_text_is_kept_on_request() -> None:
    """With `--otp-show-sms` a request has the text of its SMS; its repr hides it all the same."""
    gateway = Gateway(Network(), record=Record(show_sms=True))
    with Server(gateway) as server:
        plain(World(server.url, Network(), gateway, []), HELD)
    (request,) = gateway.record.requests()
    assert request.text == "Your code is 482913"
    assert "482913" not in repr(request)


@pytest.fixture
def clocked() -> tuple[Record, list[float]]:
    """A record, and the time on its clock."""
    now = [0.0]
    return Record(clock=lambda: now[0]), now


def test_since(clocked: tuple[Record, list[float]]) -> None:
    """A test can ask for what came after its order."""
    record, now = clocked
    for second in range(4):
        now[0] = float(second)
        record.add("GET", f"{second}.example", "/", 403, "blocked")
    assert [request.host for request in record.since(2.0)] == ["2.example", "3.example"]


def test_the_record_is_bounded(clocked: tuple[Record, list[float]]) -> None:
    """Of more requests than it keeps, the oldest are dropped; the first troubles of the run stay."""
    record, _ = clocked
    for number in range(MOST_KEPT + 5):
        record.add("GET", f"{number}.example", "/", 403, "blocked")
    assert [request.host for request in record.requests()][:1] == ["5.example"]
    assert len(record.requests()) == MOST_KEPT
    assert record.troubles()[0].host == "0.example"
    assert len(record.troubles()) < MOST_KEPT


def test_a_request_is_there_as_soon_as_its_sms(world: World) -> None:
    """Whoever was woken by the SMS finds the request and the message, though it is not answered yet."""
    found: list[tuple[int, int]] = []
    looking = threading.Event()
    gateway = world.gateway

    class Waking(Network):
        def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
            threads.submit(look)
            assert looking.wait(30)
            return True

    def look() -> None:
        looking.set()
        found.append((len(gateway.record.requests()), len(gateway.record.sent_to(HELD))))

    with ThreadPoolExecutor(1) as threads:
        gateway = Gateway(Waking())
        with Server(gateway) as server:
            plain(World(server.url, Network(), gateway, []), HELD)
    assert found == [(1, 1)]


def test_messages_to_a_number(world: World) -> None:
    """The messages to one number, oldest first."""
    for text, to in (("one", HELD), ("two", STRAY), ("three", HELD)):
        plain(world, to, text)
    assert [message.text for message in world.gateway.record.sent_to(HELD)] == ["one", "three"]


def test_plain_data(world: World) -> None:
    """Requests and messages survive the way to another process as JSON."""
    plain(world, HELD)

    def travelled(item: Any) -> Any:
        return type(item).from_plain(json.loads(json.dumps(item.plain())))

    (request,), (message,) = world.gateway.record.requests(), world.gateway.record.messages()
    assert isinstance(request, GatewayRequest)
    assert isinstance(message, SentMessage)
    assert (travelled(request), travelled(message)) == (request, message)


def test_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Each request is a line of the logger `pytest_otp.gateway` at INFO, without the text of the SMS."""
    with caplog.at_level(logging.INFO, "pytest_otp.gateway"):
        plain(world, HELD)
        plain(world, STRAY)
        world.ask("POST", "/v1/%1b", "{}", {"Host": "api.46elks.com"})
    assert [record.getMessage() for record in caplog.records if record.name == "pytest_otp.gateway"] == [
        f"POST /sms: 202, SMS to {HELD}",
        f"POST /sms: 202, SMS to {STRAY}, which no test holds",
        "POST api.46elks.com/v1/\\x1b: 403, blocked",
    ]
