"""Receipts of what became of a message, as an application gets them: in order, signed, for success and failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.callbacks import Call, Callbacks
from pytest_otp.gateway.failures import Failures
from pytest_otp.server.server import Server
from tests.gateway.application import Application, application
from tests.gateway.world import ACCOUNT, HELD, STRAY, Network, World

TOKEN = "an-invented-token"


@dataclass
class Stage:
    """A gateway, and an application that waits for receipts."""

    world: World
    failures: Failures
    app: Application
    calls: list[Call]
    now: list[float]

    def fail(self, error: object, seconds: float | None = None) -> None:
        self.failures.arm(None, None, error, 1, seconds)

    def sms(self, **fields: str) -> Any:
        """Send over Vonage's SMS API."""
        sent = {"api_key": "k", "api_secret": "s", "to": HELD[1:], "from": "Shop", "text": "482913 is your code"}
        return self.world.vonage_sms(sent | {"callback": f"{self.app.url}/dlr"} | fields).json

    def message(self, **content: object) -> Any:
        """Send over Vonage's Messages API."""
        sent = {"channel": "sms", "message_type": "text", "to": HELD[1:], "from": "Shop", "text": "482913 is your code"}
        return self.world.vonage_messages(sent | {"webhook_url": f"{self.app.url}/status"} | content).json

    def received(self) -> Any:
        """The next receipt that is JSON."""
        return json.loads(self.app.next().body)


@pytest.fixture
def stage() -> Iterator[Stage]:
    calls, now = list[Call](), [0.0]
    network = Network()
    failures = Failures(lambda number: number == HELD, lambda: gateway.documented)
    gateway = Gateway(network, callbacks=Callbacks(settle=0), failure_of=failures.take, clock=lambda: now[0])
    gateway.callbacks.on_call = calls.append
    with application() as app, Server(gateway) as server:
        yield Stage(World(server.url, network, gateway, []), failures, app, calls, now)
    gateway.close()


class TestTwilio:
    """`StatusCallback`, by the official SDK, whose own validator checks the signature."""

    @pytest.fixture
    def client(self, stage: Stage) -> Any:
        from twilio.rest import Client  # type: ignore[import-untyped]

        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = stage.world.url
        return client

    def send(self, stage: Stage, client: Any, to: str = HELD, **more: object) -> Any:
        return client.messages.create(
            to=to, from_="Shop", body="482913 is your code", status_callback=f"{stage.app.url}/status?order=5", **more
        )

    def receipts(self, stage: Stage, count: int) -> list[tuple[str, str | None]]:
        """The status and the error of the next receipts, each of which is signed."""
        from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

        found = []
        for _ in range(count):
            receipt = stage.app.next()
            signature = receipt.headers["X-Twilio-Signature"]
            assert RequestValidator(TOKEN).validate(receipt.url, receipt.form, signature)
            assert not RequestValidator("another").validate(receipt.url, receipt.form, signature)
            found.append((receipt.form["MessageStatus"], receipt.form.get("ErrorCode")))
        return found

    def test_success(self, stage: Stage, client: Any) -> None:
        """A message is queued, sent and delivered, and each receipt says whose it is."""
        sent = self.send(stage, client)
        first = stage.app.next()
        assert first.url == f"{stage.app.url}/status?order=5"
        assert first.form == {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "From": "Shop",
            "MessageSid": sent.sid,
            "MessageStatus": "queued",
            "SmsSid": sent.sid,
            "SmsStatus": "queued",
            "To": HELD,
        }
        assert self.receipts(stage, 2) == [("sent", None), ("delivered", None)]
        assert sent.fetch().status == "delivered"

    @pytest.mark.parametrize(
        ("error", "end"),
        [
            ("unreachable", [("sent", None), ("undelivered", "30003")]),
            ("blocked", [("sent", None), ("undelivered", "30004")]),
            (30007, [("sent", None), ("undelivered", "30007")]),
            ("undelivered", [("sent", None), ("undelivered", "30008")]),
            (30001, [("failed", "30001")]),
        ],
    )
    def test_failure(self, stage: Stage, client: Any, error: object, end: list[tuple[str, str | None]]) -> None:
        """A message that fails after it was accepted says so in its last receipt, and when it is fetched."""
        stage.fail(error)
        sent = self.send(stage, client)
        assert sent.status == "queued"
        assert self.receipts(stage, 1 + len(end)) == [("queued", None), *end]
        fetched = sent.fetch()
        assert (fetched.status, str(fetched.error_code)) == end[-1]
        assert fetched.error_message

    def test_a_number_of_nobody(self, stage: Stage, client: Any) -> None:
        """A number that no test holds is Twilio's unknown handset."""
        self.send(stage, client, to=STRAY)
        assert self.receipts(stage, 3)[-1] == ("undelivered", "30005")

    def test_late(self, stage: Stage, client: Any) -> None:
        """A late message is sent, and delivered when it arrives."""
        stage.fail("late", seconds=60)
        sent = self.send(stage, client)
        assert self.receipts(stage, 2) == [("queued", None), ("sent", None)]
        assert sent.fetch().status == "sent"
        stage.now[0] = 60.0
        stage.fail("late", seconds=0)  # the clock is looked at when something is added
        client.messages.create(to=HELD, from_="Shop", body="482913 is your code")
        assert self.receipts(stage, 1) == [("delivered", None)]
        assert sent.fetch().status == "delivered"

    def test_what_is_refused_has_no_receipt(self, stage: Stage, client: Any) -> None:
        """A message that Twilio does not accept has no receipts, and is in no list."""
        from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]

        stage.fail("unsubscribed")
        with pytest.raises(TwilioRestException, match="unsubscribed recipient") as caught:
            self.send(stage, client)
        assert caught.value.code == 21610
        sent = self.send(stage, client)
        assert stage.app.next().form["MessageSid"] == sent.sid
        assert [message.sid for message in client.messages.list()] == [sent.sid]

    def test_a_messaging_service(self, stage: Stage, client: Any) -> None:
        """The receipt names the messaging service that was used instead of a sender."""
        service = "MG" + "0" * 32
        url = f"{stage.app.url}/status"
        client.messages.create(to=HELD, messaging_service_sid=service, body="482913", status_callback=url)
        assert stage.app.next().form["MessagingServiceSid"] == service

    def test_a_url_that_is_none(self, stage: Stage, client: Any) -> None:
        """A StatusCallback that is not a URL is refused."""
        from twilio.base.exceptions import TwilioRestException

        with pytest.raises(TwilioRestException, match="is not a valid URL") as caught:
            client.messages.create(to=HELD, from_="Shop", body="482913", status_callback="status")
        assert caught.value.code == 21609

    def test_another_host(self, stage: Stage, client: Any) -> None:
        """Receipts to a host that is not allowed are blocked, which is recorded; the message is sent all the same."""
        client.messages.create(to=HELD, from_="Shop", body="482913", status_callback="https://shop.example.com/status")
        self.send(stage, client)
        stage.app.next()  # after those that were blocked
        blocked = [call for call in stage.calls if call.result == "blocked"]
        assert [call.url for call in blocked] == ["https://shop.example.com/status"] * 3


class TestVonageSms:
    """Delivery receipts of the SMS API."""

    def test_success(self, stage: Stage) -> None:
        """Each part of a message has a receipt, with the ID that the answer gave it."""
        answer = stage.sms(text="é" * 200, **{"client-ref": "order 5"})
        receipts = [stage.received() for _ in answer["messages"]]
        assert [receipt["messageId"] for receipt in receipts] == [part["message-id"] for part in answer["messages"]]
        assert len(receipts) == 2
        assert {
            name: receipts[0][name] for name in ("msisdn", "to", "status", "err-code", "client-ref", "api-key")
        } == {
            "msisdn": HELD[1:],
            "to": "Shop",
            "status": "delivered",
            "err-code": "0",
            "client-ref": "order 5",
            "api-key": "k",
        }

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            ("unsubscribed", "rejected", "9"),
            ("unreachable", "failed", "2"),
            ("blocked", "rejected", "6"),
            ("undelivered", "rejected", "1"),
            ("err-code 12", "rejected", "12"),
            (1180, "failed", "2"),
        ],
    )
    def test_failure(self, stage: Stage, error: object, status: str, code: str) -> None:
        """A message that fails after it was accepted has Vonage's number of the reason."""
        stage.fail(error)
        assert stage.sms()["messages"][0]["status"] == "0"
        receipt = stage.received()
        assert (receipt["status"], receipt["err-code"]) == (status, code)

    def test_without_a_url(self, stage: Stage) -> None:
        """A message that names no URL has no receipt; nor has a number of nobody a delivered one."""
        stage.sms(callback="")
        stage.sms(to=STRAY[1:])
        receipt = stage.received()
        assert (receipt["msisdn"], receipt["status"], receipt["err-code"]) == (STRAY[1:], "rejected", "1")


class TestVonageMessages:
    """Statuses of the Messages API."""

    def test_success(self, stage: Stage) -> None:
        """A message is submitted and delivered."""
        sent = stage.message(client_ref="order 5")
        receipts = [stage.received() for _ in range(2)]
        assert [receipt["status"] for receipt in receipts] == ["submitted", "delivered"]
        for receipt in receipts:
            assert {name: receipt[name] for name in ("message_uuid", "to", "from", "channel", "client_ref")} == {
                "message_uuid": sent["message_uuid"],
                "to": HELD[1:],
                "from": "Shop",
                "channel": "sms",
                "client_ref": "order 5",
            }

    @pytest.mark.parametrize(
        ("error", "title", "detail"),
        [
            ("unsubscribed", "1240", "Illegal Number"),
            ("unreachable", "1180", "Absent Subscriber Temporary"),
            ("blocked", "1210", "Anti-Spam Rejection"),
            ("undelivered", "1330", "Unknown"),
            (1260, "1260", "Destination unreachable"),
        ],
    )
    def test_failure(self, stage: Stage, error: object, title: str, detail: str) -> None:
        """A message that fails after it was accepted is rejected, with the number of the reason."""
        stage.fail(error)
        assert "message_uuid" in stage.message()
        assert stage.received()["status"] == "submitted"
        receipt = stage.received()
        assert receipt["status"] == "rejected"
        assert receipt["error"]["type"] == f"https://developer.vonage.com/api-errors/messages#{title}"
        assert (receipt["error"]["title"], receipt["error"]["detail"]) == (title, detail)

    def test_late(self, stage: Stage) -> None:
        """A late message is submitted, and delivered when it arrives."""
        stage.fail("late", seconds=60)
        stage.message()
        assert stage.received()["status"] == "submitted"
        stage.now[0] = 60.0
        stage.fail("late", seconds=0)
        stage.message(webhook_url=None)
        assert stage.received()["status"] == "delivered"


def test_receipts_of_an_api_key_are_signed_with_its_secret(stage: Stage) -> None:
    """The account's own token is not known to the gateway then."""
    from twilio.request_validator import RequestValidator

    from tests.gateway.world import FORM, basic

    fields = {"To": HELD, "From": "Shop", "Body": "482913", "StatusCallback": f"{stage.app.url}/status"}
    headers = {"Content-Type": FORM, "Authorization": basic("SK" + "0" * 32, "a-secret")}
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert stage.world.ask("POST", path, urlencode(fields), headers).status == 201
    receipt = stage.app.next()
    assert RequestValidator("a-secret").validate(receipt.url, receipt.form, receipt.headers["X-Twilio-Signature"])
