"""The official SDKs as they are, pointed at the gateway in the ways that they have for it, over plain HTTP.

With certificates, and in applications that know nothing of the gateway, they are tested with its proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
import pytest
import requests.adapters
import twilio.base.exceptions  # type: ignore[import-untyped]
import twilio.http.async_http_client  # type: ignore[import-untyped]
import twilio.http.http_client  # type: ignore[import-untyped]
import twilio.rest  # type: ignore[import-untyped]
import vonage  # type: ignore[import-untyped]
import vonage_http_client.errors  # type: ignore[import-untyped]
import vonage_messages  # type: ignore[import-untyped]
import vonage_sms  # type: ignore[import-untyped]

from pytest_otp.codes import extract_code
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier, Line
from pytest_otp.server.server import Server
from tests.gateway.world import ACCOUNT, STRAY

TEXT = "Your code is 482913 é <b>€</b> & 🔑"


class Stage:
    """A gateway before a carrier with one line."""

    def __init__(self, url: str, carrier: Carrier, line: Line) -> None:
        self.url = url
        self.carrier = carrier
        self.line = line

    @property
    def received(self) -> list[tuple[str | None, str]]:
        return [(message.sender, message.text) for message in self.line.messages()]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    carrier = Carrier(seed=1)
    with Server(Gateway(carrier)) as server:
        yield Stage(server.url, carrier, carrier.allocate("US"))


class TestTwilio:
    """The package `twilio`."""

    class Elsewhere(twilio.http.http_client.TwilioHttpClient):  # type: ignore[misc]
        """The extension point that Twilio documents for it: a client that goes to another host."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(method, self.url + urlsplit(url).path, *args, **kwargs)

    @pytest.fixture
    def client(self, stage: Stage) -> twilio.rest.Client:
        client = twilio.rest.Client(ACCOUNT, "token")
        client.api.base_url = stage.url
        return client

    def test_send_and_fetch(self, stage: Stage, client: twilio.rest.Client) -> None:
        """Every attribute that the SDK parses is there, dates and numbers as their types."""
        sent = client.messages.create(to=stage.line.e164, from_="+15005550006", body=TEXT)
        assert (sent.status, sent.direction, sent.body) == ("queued", "outbound-api", TEXT)
        assert (sent.num_segments, sent.num_media, sent.error_code) == ("1", "0", None)
        assert sent.date_created is not None
        assert abs((datetime.now(timezone.utc) - sent.date_created).total_seconds()) < 60
        assert stage.received == [("+15005550006", TEXT)]
        fetched = client.messages(str(sent.sid)).fetch()
        assert (fetched.sid, fetched.status, fetched.body) == (sent.sid, "delivered", TEXT)
        assert sent.fetch().date_sent is not None

    def test_a_number_of_nobody(self, stage: Stage, client: twilio.rest.Client) -> None:
        """Sending succeeds; the fetched message failed with an integer for its error."""
        sent = client.messages.create(to=STRAY, from_="Shop", body=TEXT)
        assert sent.status == "queued"
        assert (sent.fetch().status, sent.fetch().error_code) == ("undelivered", 30005)
        assert [stray.to for stray in stage.carrier.strays] == [STRAY]

    def test_a_messaging_service_and_media(self, stage: Stage, client: twilio.rest.Client) -> None:
        """Repeated fields arrive as the SDK encodes them."""
        urls = ["https://shop.test/a.png", "https://shop.test/b.png"]
        client.messages.create(to=stage.line.e164, messaging_service_sid="MG" + "0" * 32, body="hi", media_url=urls)
        assert stage.received == [(None, "\n".join(["hi", *urls]))]

    def test_another_host_by_the_http_client(self, stage: Stage) -> None:
        """Also with an edge and a region, whose host name is another."""
        http_client = self.Elsewhere(stage.url)
        client = twilio.rest.Client(ACCOUNT, "token", region="ie1", edge="dublin", http_client=http_client)
        client.messages.create(to=stage.line.e164, from_="Shop", body=TEXT)
        assert stage.received == [("Shop", TEXT)]

    @pytest.mark.filterwarnings("ignore:.*deprecated and will be removed in:DeprecationWarning")  # aiohttp, to twilio
    def test_async(self, stage: Stage) -> None:
        """The SDK's asynchronous client sends as well."""

        async def send() -> Any:
            async with twilio.http.async_http_client.AsyncTwilioHttpClient() as http_client:
                client = twilio.rest.Client(ACCOUNT, "token", http_client=http_client)
                client.api.base_url = stage.url
                message = await client.messages.create_async(to=stage.line.e164, from_="Shop", body=TEXT)
                return message.status

        assert asyncio.run(send()) == "queued"
        assert stage.received == [("Shop", TEXT)]

    @pytest.mark.filterwarnings("ignore:.*deprecated and will be removed in:DeprecationWarning")  # aiohttp, to twilio
    def test_async_verification(self, stage: Stage) -> None:
        """The asynchronous client starts a verification, and its code is approved."""

        async def verify() -> Any:
            async with twilio.http.async_http_client.AsyncTwilioHttpClient() as http_client:
                client = twilio.rest.Client(ACCOUNT, "token", http_client=http_client)
                client.verify.base_url = stage.url
                service = client.verify.v2.services("VA" + "1" * 32)
                await service.verifications.create_async(to=stage.line.e164, channel="sms")
                code = extract_code(stage.line.messages()[0].text)
                check = await service.verification_checks.create_async(to=stage.line.e164, code=code)
                return check.status

        assert asyncio.run(verify()) == "approved"

    @pytest.mark.parametrize(
        ("changes", "status", "code", "words"),
        [
            ({"to": "+1201"}, 400, 21211, "Unable to create record: Invalid 'To' Phone Number: +1201"),
            ({"body": None}, 400, 21602, "Unable to create record: Message body is required."),
        ],
    )
    def test_errors(
        self, client: twilio.rest.Client, changes: dict[str, str], status: int, code: int, words: str
    ) -> None:
        """The SDK raises its own exception, with Twilio's number and words."""
        arguments: dict[str, Any] = {"to": STRAY, "from_": "Shop", "body": TEXT} | changes
        with pytest.raises(twilio.base.exceptions.TwilioRestException) as caught:
            client.messages.create(**{name: value for name, value in arguments.items() if value is not None})
        assert (caught.value.status, caught.value.code) == (status, code)
        assert words in str(caught.value)

    def test_an_unknown_message(self, client: twilio.rest.Client) -> None:
        """Fetching it is Twilio's 20404."""
        with pytest.raises(twilio.base.exceptions.TwilioRestException, match="was not found") as caught:
            client.messages("SM" + "0" * 32).fetch()
        assert (caught.value.status, caught.value.code) == (404, 20404)

    def test_bad_credentials(self, stage: Stage) -> None:
        """Invalid credentials are refused with Twilio's 20003."""
        client = twilio.rest.Client("shop", "token")
        client.api.base_url = stage.url
        with pytest.raises(twilio.base.exceptions.TwilioRestException) as caught:
            client.messages.create(to=stage.line.e164, from_="Shop", body=TEXT)
        assert (caught.value.status, caught.value.code) == (401, 20003)
        assert stage.received == []


class TestVonage:
    """The package `vonage`. It always writes https; the tests' own adapter takes that back."""

    class Plain(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            assert request.url is not None
            request.url = request.url.replace("https://", "http://", 1)
            return super().send(request, *args, **kwargs)

    @pytest.fixture
    def options(self, stage: Stage) -> vonage.HttpClientOptions:
        host = urlsplit(stage.url).netloc
        return vonage.HttpClientOptions(rest_host=host, api_host=host)

    @pytest.fixture
    def client(self, options: vonage.HttpClientOptions) -> vonage.Vonage:
        client = vonage.Vonage(vonage.Auth(api_key="abcd1234", api_secret="not-a-secret"), options)
        client.http_client._session.mount("https://", self.Plain())
        return client

    def test_sms(self, stage: Stage, client: vonage.Vonage) -> None:
        """The answer passes the SDK's model, also for a text of several parts."""
        message = vonage_sms.SmsMessage(to=stage.line.e164[1:], from_="Shop", text=TEXT * 4, type="unicode")
        answer = client.sms.send(message)
        assert answer.message_count == "3"
        assert [part.status for part in answer.messages] == ["0"] * 3
        assert all(part.message_id for part in answer.messages)
        assert stage.received == [("Shop", TEXT * 4)]

    def test_signed_sms(self, stage: Stage, options: vonage.HttpClientOptions) -> None:
        """A signature stands for the secret."""
        auth = vonage.Auth(api_key="abcd1234", signature_secret="not-a-secret", signature_method="sha256")
        client = vonage.Vonage(auth, options)
        client.http_client._session.mount("https://", self.Plain())
        client.sms.send(vonage_sms.SmsMessage(to=stage.line.e164[1:], from_="Shop", text=TEXT))
        assert stage.received == [("Shop", TEXT)]

    def test_messages(self, stage: Stage, client: vonage.Vonage) -> None:
        """The Messages API, and after it the SMS API by the same client, whose form then calls itself JSON."""
        sent = client.messages.send(vonage_messages.Sms(to=stage.line.e164[1:], from_="Shop", text=TEXT))
        assert len(sent.message_uuid) == 36
        client.sms.send(vonage_sms.SmsMessage(to=stage.line.e164[1:], from_="Shop", text="second"))
        assert stage.received == [("Shop", TEXT), ("Shop", "second")]

    def test_errors(self, client: vonage.Vonage) -> None:
        """The SDK raises its own exceptions, with Vonage's numbers."""
        with pytest.raises(vonage_sms.SmsError, match="error code 3: Invalid to param"):
            client.sms.send(vonage_sms.SmsMessage(to="the boss", from_="Shop", text=TEXT))
        with pytest.raises(vonage_http_client.errors.HttpRequestError, match="Invalid sender") as caught:
            client.messages.send(vonage_messages.Sms(to=STRAY[1:], from_="!", text=TEXT))
        assert caught.value.response.status_code == 422


class TestSns:
    """The package `boto3`."""

    @pytest.fixture(params=["endpoint_url", "AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL"])
    def client(self, stage: Stage, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Pointed at the gateway in each way; the session of its own reads no files of this machine."""
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, "/dev/null")
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        session = boto3.session.Session("not-a-key", "not-a-secret", region_name="us-east-1")
        if request.param == "endpoint_url":
            return session.client("sns", endpoint_url=stage.url)
        monkeypatch.setenv(request.param, stage.url)
        return session.client("sns")

    def test_publish(self, stage: Stage, client: Any) -> None:
        """The message's id is parsed, and the sender ID arrives as the SDK encodes attributes."""
        sender = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Shop"}}
        answer = client.publish(PhoneNumber=stage.line.e164, Message=TEXT, MessageAttributes=sender)
        assert len(answer["MessageId"]) == 36
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert len(answer["ResponseMetadata"]["RequestId"]) == 36
        assert stage.received == [("Shop", TEXT)]

    def test_errors(self, client: Any) -> None:
        """The SDK raises the exceptions of the service's model."""
        with pytest.raises(
            client.exceptions.InvalidParameterException, match="12 is not valid to publish to"
        ) as caught:
            client.publish(PhoneNumber="12", Message=TEXT)
        assert caught.value.response["Error"]["Type"] == "Sender"
        with pytest.raises(client.exceptions.NotFoundException, match="Topic does not exist"):
            client.publish(TopicArn="arn:aws:sns:us-east-1:123456789012:news", Message=TEXT)

    def test_what_comes_before(self, stage: Stage, client: Any) -> None:
        """Attributes are set and opt-outs asked for as applications do before they send."""
        client.set_sms_attributes(attributes={"DefaultSMSType": "Transactional"})
        assert client.check_if_phone_number_is_opted_out(phoneNumber=stage.line.e164)["isOptedOut"] is False
