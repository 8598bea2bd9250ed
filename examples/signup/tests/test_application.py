"""Expiry, limits and the ways to send an SMS, including failures: too slow for a browser test."""

from __future__ import annotations

import http.server
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from pytest_otp import GatewayAddress, Numbers
from signup_app import create_app
from signup_app.app import e164
from signup_app.sms import Gateway, SmsNotSentError, Twilio, print_to_log, sender_for
from signup_app.verification import (
    CODE_LIFETIME_SECONDS,
    CODES_PER_NUMBER,
    LOCK_SECONDS,
    WRONG_TRIES,
    Outcome,
    TooManyCodesError,
    Verification,
)

NUMBER = "+447700900123"
OTHER = "+12015550123"
"""A number that phonenumbers has always known to be valid."""
ACCOUNT = "AC" + "0" * 32


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Outbox:
    """A sender that keeps what it was given."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def __call__(self, to: str, text: str) -> None:
        self.codes.append(text.split()[0])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def verification(outbox: Outbox, clock: Clock) -> Verification:
    return Verification(outbox, clock)


@pytest.fixture
def client(outbox: Outbox) -> Iterator[FlaskClient]:
    with create_app(outbox).test_client() as client:
        yield client


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize(
    ("late", "outcome"), [(0, Outcome.RIGHT), (1, Outcome.EXPIRED)], ids=["in its last second", "a second later"]
)
def test_a_code_expires(verification: Verification, outbox: Outbox, clock: Clock, late: int, outcome: Outcome) -> None:
    """A code is valid up to its last second, and not after it."""
    verification.send_code(NUMBER)
    clock.now = CODE_LIFETIME_SECONDS + late
    assert verification.check(NUMBER, outbox.codes[-1]) is outcome


def test_a_code_works_once(verification: Verification, outbox: Outbox) -> None:
    """A code that was used once cannot be used again."""
    verification.send_code(NUMBER)
    assert verification.check(NUMBER, outbox.codes[-1]) is Outcome.RIGHT
    assert verification.check(NUMBER, outbox.codes[-1]) is Outcome.EXPIRED


def test_a_new_code_gives_no_new_tries(verification: Verification, outbox: Outbox) -> None:
    """Wrong tries add up over all codes of a number, so nobody gets more guesses by asking for more codes."""
    for _ in range(WRONG_TRIES):
        verification.send_code(NUMBER)
        last = verification.check(NUMBER, other_than(outbox.codes[-1]))
    assert last is Outcome.LOCKED
    with pytest.raises(TooManyCodesError):
        verification.send_code(NUMBER)


def test_a_lock_ends(verification: Verification, outbox: Outbox, clock: Clock) -> None:
    """After 15 minutes a locked number can be verified again."""
    verification.send_code(NUMBER)
    for _ in range(WRONG_TRIES):
        verification.check(NUMBER, other_than(outbox.codes[-1]))
    clock.now = LOCK_SECONDS + 1
    verification.send_code(NUMBER)
    assert verification.check(NUMBER, outbox.codes[-1]) is Outcome.RIGHT


def test_codes_per_number_are_limited(verification: Verification, outbox: Outbox) -> None:
    """Nobody can be flooded with SMS through this application."""
    for _ in range(CODES_PER_NUMBER):
        verification.send_code(NUMBER)
    with pytest.raises(TooManyCodesError):
        verification.send_code(NUMBER)
    assert len(outbox.codes) == CODES_PER_NUMBER


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+44 7700 900123", NUMBER),
        ("+44 (7700) 900-123", NUMBER),
        ("07700 900123", None),
        ("", None),
        ("+44 call me", None),
        ("+1234567890123456", None),
    ],
)
def test_phone_numbers(typed: str, number: str | None) -> None:
    """A number is accepted as people write it, but only with its country code."""
    assert e164(typed) == number


def test_a_bad_number_is_reported(client: FlaskClient) -> None:
    """The phone page comes back with the problem and with what was typed."""
    response = client.post("/", data={"phone": "07700 900123"})
    assert response.status_code == 422
    assert "with its country code" in response.text
    assert 'value="07700 900123"' in response.text


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/code"), ("post", "/code"), ("post", "/resend"), ("get", "/welcome")]
)
def test_nothing_without_a_number(client: FlaskClient, method: str, path: str) -> None:
    """Each later page leads back to the first one."""
    response = client.open(path, method=method)
    assert response.headers["Location"] == "/"


def test_spaces_in_a_code_do_not_matter(client: FlaskClient, outbox: Outbox) -> None:
    """A code is read from its digits, whatever else is in the boxes."""
    client.post("/", data={"phone": OTHER})
    digits = [f" {digit}" for digit in outbox.codes[-1]]
    assert client.post("/code", data={"digit": digits}).headers["Location"] == "/welcome"


def test_an_unsent_sms_is_reported() -> None:
    """If the service is down, the page says so instead of asking for a code that never arrives."""

    def down(to: str, text: str) -> None:
        raise SmsNotSentError("the service is down")

    response = create_app(down).test_client().post("/", data={"phone": OTHER})
    assert response.status_code == 502
    assert "could not send the SMS" in response.text


def test_the_gateway_gets_to_text_and_from() -> None:
    """SMS_URL's gateway gets one JSON object with the three fields."""
    received: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        Gateway(f"http://127.0.0.1:{server.server_port}/sms")(NUMBER, "123456 is your code")
        thread.join(5)
    assert received == [{"to": NUMBER, "text": "123456 is your code", "from": "Harbour"}]


def test_a_gateway_that_is_not_there() -> None:
    """A refused connection is an SmsNotSentError that names the gateway."""
    with pytest.raises(SmsNotSentError, match=r"http://127\.0\.0\.1:9/sms did not accept the SMS"):
        Gateway("http://127.0.0.1:9/sms")(NUMBER, "123456 is your code")


def test_without_a_service_the_sms_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A developer without any service reads the code in the log, with the reason."""
    assert sender_for({}) is print_to_log
    with caplog.at_level(logging.WARNING):
        print_to_log(NUMBER, "123456 is your code")
    assert caplog.messages == [
        f"No SMS service is set, so this SMS is only printed here. To {NUMBER}: 123456 is your code"
    ]


@pytest.fixture
def offline(otp_gateway: GatewayAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's own environment, for an application that runs in it."""
    if otp_gateway.url is None:
        pytest.skip("with a real provider there is no gateway, and this account does not exist")
    for name, value in otp_gateway.environ().items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("offline")
def test_twilio_takes_the_sms(otp_number: Numbers) -> None:
    """Twilio's SDK sends to api.twilio.com, and the message arrives with the sender that was set."""
    number = otp_number()
    environment = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "an-invented-token", "TWILIO_FROM": "Harbour"}
    sender_for(environment)(number.e164, "123456 is your Harbour code")
    assert number.wait_code() == "123456"
    assert number.messages[-1].sender == "Harbour"


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("account", "to", "reason"),
    [("nobody", NUMBER, "HTTP 401 error"), (ACCOUNT, "+1201", r"HTTP 400 error.*Invalid 'To' Phone Number")],
    ids=["no such account", "no such number"],
)
def test_what_twilio_refuses(account: str, to: str, reason: str) -> None:
    """Twilio's own error is an SmsNotSentError that repeats its words."""
    with pytest.raises(SmsNotSentError, match=f"(?s)Twilio did not accept the SMS: .*{reason}"):
        Twilio(account, "an-invented-token", "Harbour")(to, "123456 is your code")


def test_twilio_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that fails is an SmsNotSentError too."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(SmsNotSentError, match="Twilio did not accept the SMS"):
        Twilio(ACCOUNT, "an-invented-token", "Harbour")(NUMBER, "123456 is your code")


def test_sms_url_wins_over_twilio() -> None:
    """Whoever sets SMS_URL to try something out does not send over a real account."""
    assert isinstance(sender_for({"SMS_URL": "http://127.0.0.1:9/sms", "TWILIO_ACCOUNT_SID": ACCOUNT}), Gateway)
