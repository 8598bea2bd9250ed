"""Failures on demand: what can be asked for, for whom it holds, and what an application then sees."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.failures import ArmedFailure, Failure, Failures
from pytest_otp.server.server import Server
from tests.gateway.application import PATIENCE
from tests.gateway.world import HELD, STRAY, Network, Response, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Announcing(Network):
    """Announces each message that it takes."""

    arrived: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        held = super().submit(to, text, sender=sender)
        self.arrived.put(text)
        return held

    def next(self) -> str:
        return self.arrived.get(timeout=PATIENCE)


@dataclass
class Failing:
    """A gateway of which failures can be asked."""

    world: World
    failures: Failures
    network: Announcing
    clock: Clock

    def fail(
        self,
        error: object,
        *,
        number: object = None,
        service: str | None = None,
        times: object = 1,
        seconds: object = None,
    ) -> ArmedFailure:
        return self.failures.arm(number, service, error, times, seconds)

    def plain(self, text: str = "482913 is your code", to: str = HELD) -> Response:
        body = json.dumps({"to": to, "text": text})
        return self.world.ask("POST", "/sms", body, {"Content-Type": "application/json"})

    def twilio(self, text: str = "482913 is your code") -> Response:
        return self.world.twilio({"To": HELD, "From": "Shop", "Body": text})

    def vonage_sms(self) -> Response:
        return self.world.vonage_sms(
            {"api_key": "k", "api_secret": "s", "to": HELD[1:], "from": "Shop", "text": "482913 is your code"}
        )

    def vonage_messages(self) -> Response:
        return self.world.vonage_messages(
            {"channel": "sms", "message_type": "text", "to": HELD[1:], "from": "Shop", "text": "482913 is your code"}
        )

    def sns(self) -> Response:
        return self.world.sns({"Action": "Publish", "PhoneNumber": HELD, "Message": "482913 is your code"})

    @property
    def texts(self) -> list[str]:
        return [text for _, text, _ in self.network.taken]


@pytest.fixture
def failing() -> Iterator[Failing]:
    network, clock = Announcing(), Clock()
    failures = Failures(lambda number: number == HELD, lambda: gateway.documented)
    gateway = Gateway(network, failure_of=failures.take, clock=clock)
    with Server(gateway) as server:
        yield Failing(World(server.url, network, gateway, []), failures, network, clock)
    gateway.close()


SENDERS: dict[str, Callable[[Failing], Response]] = {
    "plain": Failing.plain,
    "twilio": Failing.twilio,
    "vonage sms": Failing.vonage_sms,
    "vonage messages": Failing.vonage_messages,
    "sns": Failing.sns,
}


@pytest.mark.parametrize(
    ("sender", "error", "status", "words"),
    [
        ("plain", "unsubscribed", 400, b'"code": "unsubscribed"'),
        ("plain", "blocked", 400, b"the message was blocked"),
        ("plain", "rate_limited", 429, b"too many requests"),
        ("plain", "server_error", 500, b"internal error"),
        ("twilio", "unsubscribed", 400, b'"code": 21610'),
        ("twilio", 21610, 400, b"Attempt to send to unsubscribed recipient"),
        ("twilio", "21408", 400, b"Permission to send an SMS has not been enabled"),
        ("twilio", 20503, 503, b'"code": 20503'),
        ("twilio", "rate_limited", 429, b'"code": 20429'),
        ("twilio", "server_error", 500, b'"code": 20500'),
        ("vonage sms", "rate_limited", 200, b'"status": "1"'),
        ("vonage sms", "server_error", 200, b'"status": "5"'),
        ("vonage sms", 7, 200, b'"error-text": "Number barred"'),
        ("vonage sms", 1050, 200, b'"status": "7"'),
        ("vonage messages", "rate_limited", 429, b"/messages#1000"),
        ("vonage messages", "server_error", 500, b"/messages#1030"),
        ("vonage messages", 1050, 422, b'"title": "Number barred"'),
        ("vonage messages", 7, 422, b"/messages#1050"),
        ("sns", "rate_limited", 400, b"<Code>Throttling</Code><Message>Rate exceeded</Message>"),
        ("sns", "server_error", 500, b"<Code>InternalError</Code>"),
    ],
)
def test_the_service_says_no(failing: Failing, sender: str, error: object, status: int, words: bytes) -> None:
    """The application gets the error that the service documents; the next message is sent as usual."""
    armed = failing.fail(error)
    answer = SENDERS[sender](failing)
    assert answer.status == status
    assert words in answer.raw
    assert (failing.texts, failing.world.gateway.log, armed.used) == ([], (), 1)
    SENDERS[sender](failing)
    assert failing.texts == ["482913 is your code"]


@pytest.mark.parametrize(
    ("sender", "error", "status"),
    [
        ("plain", "undelivered", 202),
        ("plain", "unreachable", 202),
        ("twilio", 30007, 201),
        ("twilio", "undelivered", 201),
        ("vonage sms", "unsubscribed", 200),
        ("vonage messages", "blocked", 202),
        ("sns", "unsubscribed", 200),
    ],
)
def test_accepted_and_never_delivered(failing: Failing, sender: str, error: object, status: int) -> None:
    """The service accepts the message, and nothing arrives; the log says why."""
    failing.fail(error)
    assert SENDERS[sender](failing).status == status
    assert failing.texts == []
    assert [sms.failure for sms in failing.world.gateway.log] == [str(error)]


def test_retry_after(failing: Failing) -> None:
    """A rate limit says after how many seconds to try again; one by default."""
    failing.fail("rate_limited")
    failing.fail("rate_limited", seconds=2.5)
    failing.fail("20429")
    assert [failing.twilio().headers["Retry-After"] for _ in range(3)] == ["1", "2.5", "1"]


def test_late(failing: Failing) -> None:
    """A late message arrives when its seconds have passed."""
    failing.fail("late", seconds=60)
    assert failing.plain("late").status == 202
    failing.clock.now = 60.0
    failing.fail("late", seconds=0)
    failing.plain("wakes the clock")
    assert [failing.network.next() for _ in range(2)] == ["late", "wakes the clock"]


def test_a_late_message_ends_with_the_gateway(failing: Failing) -> None:
    """What is not yet due when the gateway stops is dropped, and its thread ends."""
    others = set(threading.enumerate())
    failing.fail("late")
    failing.plain("late")
    failing.world.gateway.close()
    assert failing.texts == []
    assert not [each for each in set(threading.enumerate()) - others if each.name == "pytest-otp gateway"]


def test_twice(failing: Failing) -> None:
    """The message arrives twice, and the application sees one."""
    failing.fail("twice")
    failing.plain()
    assert failing.texts == ["482913 is your code"] * 2


def test_out_of_order(failing: Failing) -> None:
    """The message arrives after the next one to the same number; one to another number does not release it."""
    failing.fail("out_of_order")
    failing.plain("first")
    failing.plain("elsewhere", to=STRAY)
    failing.plain("second")
    assert failing.texts == ["elsewhere", "second", "first"]


def connected(failing: Failing) -> socket.socket:
    """An application that has sent its request."""
    body = json.dumps({"to": HELD, "text": "482913 is your code"})
    where = urlsplit(failing.world.url)
    connection = socket.create_connection((where.hostname or "", where.port or 0), PATIENCE)
    head = f"POST /sms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall((head + body).encode())
    return connection


def test_time_out_ends_after_its_seconds(failing: Failing) -> None:
    """Nothing is answered; at last the connection is reset."""
    failing.fail("time_out", seconds=0.05)
    with connected(failing) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert failing.texts == []


@contextlib.contextmanager
def timing_out(stop_timeout: float) -> Iterator[tuple[socket.socket, threading.Event]]:
    """A client whose request is not answered, and the event of the end of that; then the server stops."""
    failures = Failures(lambda number: True, lambda: gateway.documented)
    used, ended = threading.Event(), threading.Event()

    def take(service: str, to: str) -> Failure | None:
        used.set()
        return failures.take(service, to)

    gateway = Gateway(Network(), failure_of=take)
    failures.arm(None, None, "time_out", 1, None)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return gateway(environ, start_response)
        finally:
            ended.set()

    with Server(app, stop_timeout=stop_timeout) as server:
        connection = connected(Failing(World(server.url, Network(), gateway, []), failures, Announcing(), Clock()))
        assert used.wait(PATIENCE)
        yield connection, ended


def test_time_out_ends_with_the_client() -> None:
    """Nothing is answered, and when the client gives up, the gateway stops waiting."""
    with timing_out(PATIENCE) as (connection, ended):
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.close()
        assert ended.wait(PATIENCE)


def test_time_out_ends_with_the_server() -> None:
    """When the gateway stops, a client that still waits is disconnected."""
    with timing_out(0.01) as (connection, ended):
        pass
    assert ended.wait(PATIENCE)
    with connection, contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_how_often(failing: Failing) -> None:
    """A failure holds for as many messages as were asked for, and None for each; several are used in their order."""
    twice = failing.fail("server_error", times=2)
    always = failing.fail("unsubscribed", times=None)
    assert [failing.plain().status for _ in range(5)] == [500, 500, 400, 400, 400]
    assert (twice.used, always.used) == (2, 3)
    assert repr(twice) == "ArmedFailure('server_error', used=2)"
    always.end()
    assert failing.plain().status == 202


def test_a_block_ends_it(failing: Failing) -> None:
    """As a context manager, a failure ends with its block; all end when a test does."""
    with failing.fail("server_error", times=None) as armed:
        assert failing.plain().status == 500
    assert failing.plain().status == 202
    assert armed.used == 1
    failing.fail("server_error")
    failing.failures.end()
    assert failing.plain().status == 202


def test_for_whom_it_holds(failing: Failing) -> None:
    """Without a number it holds for this process's numbers, with one for that, and with a service for that alone."""
    armed = failing.fail("server_error")
    assert failing.plain(to=STRAY).status == 202
    armed.end()
    failing.fail("server_error", number="+44 20 7946 0958")
    assert [failing.plain().status, failing.plain(to=STRAY).status] == [202, 500]
    failing.fail("server_error", service="twilio")
    assert [failing.plain().status, failing.twilio().status] == [202, 500]
    failing.fail(21610)
    assert [failing.plain().status, failing.sns().status, failing.twilio().status] == [202, 200, 400]


@dataclass
class Number:
    e164: str = HELD


def test_a_number_may_be_an_otp_number(failing: Failing) -> None:
    """What has `.e164` is a number."""
    failing.fail("server_error", number=Number())
    assert failing.plain().status == 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"error": "unsubscribd"},
            (
                r"unknown error 'unsubscribd': expected unsubscribed, unreachable, blocked, rate_limited, "
                r"server_error, undelivered, late, twice, out_of_order, time_out; "
                r"or .*; twilio's 20003, .*; vonage's 1, 4, 5, 6, 7, 8, 9, 1000, .*, err-code 14"
            ),
        ),
        ({"error": 12345}, "unknown error 12345: expected unsubscribed, .*"),
        ({"error": True}, "unknown error True: expected .*"),
        ({"error": None}, "unknown error None: expected .*"),
        ({"error": ""}, "unknown error '': expected .*"),
        (
            {"error": 21610, "service": "sns"},
            "unknown error 21610: expected unsubscribed, .*; or sns's Throttling, InternalError",
        ),
        ({"error": "blocked", "service": "twillio"}, "unknown service 'twillio': expected one of africastalking, .*"),
        ({"error": "blocked", "service": ["twilio"]}, r"unknown service \['twilio'\]: expected one of .*"),
        ({"error": "blocked", "times": 0}, "times must be at least 1, or None for all messages; got 0"),
        ({"error": "blocked", "times": True}, "times must be at least 1, or None for all messages; got True"),
        ({"error": "blocked", "times": 1.5}, "times must be at least 1, or None for all messages; got 1.5"),
        ({"error": "blocked", "seconds": 1}, "blocked takes no seconds: only late, rate_limited, time_out do"),
        ({"error": "late", "seconds": -1}, "seconds must be between 0 and 3600; got -1"),
        ({"error": "late", "seconds": "5"}, "seconds must be between 0 and 3600; got '5'"),
        ({"error": "late", "seconds": float("nan")}, "seconds must be between 0 and 3600; got nan"),
        (
            {"error": "late", "number": "12"},
            "number must be a phone number with its country code, or an object with .e164; got '12'",
        ),
        (
            {"error": "late", "number": 12015550123},
            "number must be a phone number with its country code, or an object with .e164; got 12015550123",
        ),
    ],
)
def test_what_cannot_be_asked_for(failing: Failing, arguments: dict[str, Any], message: str) -> None:
    """A wrong argument is a SettingsError that quotes it and says what is allowed."""
    with pytest.raises(SettingsError, match=f"^{message}$"):
        failing.fail(**arguments)
