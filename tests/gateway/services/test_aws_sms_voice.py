"""AWS End User Messaging, by its SDK and by raw requests: what is delivered, and each exception's type and reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_otp.gateway.services.aws_sms_voice import spoken
from tests.gateway.world import HELD, REFUSED, World

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/eu-west-1/sms-voice/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, Signature=0123456789abcdef"
)
TEXT = {"DestinationPhoneNumber": HELD, "MessageBody": "Your code is 482913"}
CALL = TEXT | {"OriginationIdentity": "+12065550100"}


@pytest.fixture(scope="module")
def session() -> Any:
    import boto3  # type: ignore[import-untyped]

    return boto3.Session("invented", "invented", region_name="eu-west-1")


@pytest.fixture
def client(world: World, session: Any) -> Iterator[Any]:
    """The official SDK."""
    made = session.client("pinpoint-sms-voice-v2", endpoint_url=world.url)
    yield made
    made.close()


def ask(world: World, action: str, fields: object, **headers: str | None) -> tuple[int, dict[str, Any]]:
    sent = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"PinpointSMSVoiceV2.{action}",
        "Authorization": SIGNED,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = world.ask("POST", "/", fields if isinstance(fields, (bytes, str)) else json.dumps(fields), sent)
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert answer.headers["x-amzn-RequestId"]
    return answer.status, answer.json


@pytest.mark.parametrize(
    ("identity", "sender"),
    [
        (None, None),
        ("+12065550100", "+12065550100"),
        ("Shop", "Shop"),
        ("arn:aws:sms-voice:eu-west-1:123456789012:sender-id/Shop/GB", "Shop"),
        ("arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-" + "0" * 32, "+12065550100"),
        ("pool-0123456789abcdef", None),
    ],
)
def test_the_sdk_sends_an_sms(world: World, client: Any, identity: str | None, sender: str | None) -> None:
    """The text arrives, from the number or name in the origination identity, if there is one in it."""
    fields = TEXT if identity is None else TEXT | {"OriginationIdentity": identity}
    assert len(client.send_text_message(**fields, MessageType="TRANSACTIONAL", TimeToLive=60)["MessageId"]) == 36
    assert world.network.taken == [(HELD, "Your code is 482913", sender)]
    (sent,) = world.gateway.log
    assert (sent.service, sent.channel) == ("aws_sms_voice", "sms")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Your code is 482913"),
        ({"MessageBodyTextType": "TEXT", "MessageBody": "1 < 2"}, "1 < 2"),
        (
            {
                "MessageBodyTextType": "SSML",
                "MessageBody": "<speak>Your code is <say-as>482913</say-as><break/> &amp; bye</speak>",
            },
            "Your code is 482913 & bye",
        ),
    ],
)
def test_the_sdk_makes_a_call(world: World, client: Any, changes: dict[str, str], text: str) -> None:
    """What is read out arrives as a message of its own kind, without markup."""
    assert client.send_voice_message(**(CALL | changes))["MessageId"]
    assert world.network.taken == [(HELD, text, "+12065550100")]
    assert [sent.channel for sent in world.gateway.log] == ["voice"]


def test_a_dry_run_sends_nothing(world: World, client: Any) -> None:
    """It is answered as if it had been sent."""
    assert client.send_text_message(**TEXT, DryRun=True)["MessageId"]
    assert world.network.taken == []


def test_what_applications_ask_before_they_send(client: Any) -> None:
    """The account is in production and has one number for both kinds, and nobody has opted out."""
    (number,) = client.describe_phone_numbers()["PhoneNumbers"]
    assert (number["PhoneNumber"], number["NumberCapabilities"]) == ("+12065550100", ["SMS", "VOICE"])
    assert client.describe_phone_numbers(PhoneNumberIds=[number["PhoneNumberArn"]])["PhoneNumbers"] == [number]
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Phone number phone-1 was not found"):
        client.describe_phone_numbers(PhoneNumberIds=["phone-1"])
    assert client.describe_account_attributes()["AccountAttributes"] == [
        {"Name": "ACCOUNT_TIER", "Value": "PRODUCTION"}
    ]
    assert client.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"] == []
    assert client.describe_sender_ids()["SenderIds"] == []
    assert client.describe_pools()["Pools"] == []


def test_the_sdk_raises_the_services_exceptions(world: World, client: Any) -> None:
    """A refusal is the exception of the model, with its reason and fields; a fault of the network is the service's."""
    with pytest.raises(client.exceptions.ValidationException) as caught:
        client.send_text_message(DestinationPhoneNumber="+1201", MessageBody="no")
    assert caught.value.response["Reason"] == "INVALID_PARAMETER"
    assert caught.value.response["Fields"] == [
        {"Name": "DestinationPhoneNumber", "Message": "+1201 is not a valid phone number"}
    ]
    status, refused = ask(world, "SendTextMessage", TEXT | {"MessageBody": REFUSED})
    assert (status, refused["__type"]) == (500, "InternalServerException")
    assert refused["Message"] == "the network does not take this"


NULL = "Member must not be null"
LENGTH = "Member must have length less than or equal to"
PATTERN = "Member must satisfy regular expression pattern:"
ENUM = "Member must satisfy enum value set:"


@pytest.mark.parametrize(
    ("action", "changes", "member", "constraint"),
    [
        ("SendTextMessage", {"DestinationPhoneNumber": None}, "Value 'null' at 'destinationPhoneNumber'", NULL),
        (
            "SendTextMessage",
            {"DestinationPhoneNumber": "shop"},
            "Value 'shop' at 'destinationPhoneNumber'",
            rf"{PATTERN} \+?[1-9][0-9]{{1,18}}",
        ),
        ("SendTextMessage", {"MessageBody": None}, "Value 'null' at 'messageBody'", NULL),
        ("SendTextMessage", {"MessageBody": " "}, "Value at 'messageBody'", rf"{PATTERN} (?!\s*$)[\s\S]+"),
        ("SendTextMessage", {"MessageBody": "x" * 1601}, "Value at 'messageBody'", f"{LENGTH} 1600"),
        ("SendVoiceMessage", {"MessageBody": "x" * 3001}, "Value at 'messageBody'", f"{LENGTH} 3000"),
        (
            "SendTextMessage",
            {"MessageType": "URGENT"},
            "Value 'URGENT' at 'messageType'",
            f"{ENUM} [TRANSACTIONAL, PROMOTIONAL]",
        ),
        (
            "SendTextMessage",
            {"OriginationIdentity": "a b"},
            "Value 'a b' at 'originationIdentity'",
            rf"{PATTERN} [A-Za-z0-9_:/\+-]+",
        ),
        ("SendVoiceMessage", {"OriginationIdentity": None}, "Value 'null' at 'originationIdentity'", NULL),
        ("SendTextMessage", {"TimeToLive": 4}, "Value at 'timeToLive'", "Member must have value between 5 and 259200"),
    ],
)
def test_the_constraints_of_the_model(
    world: World, action: str, changes: dict[str, object], member: str, constraint: str
) -> None:
    """Each is a ValidationException that names the member, and delivers nothing."""
    status, refused = ask(world, action, CALL | changes)
    assert (status, refused["__type"], refused["Reason"]) == (400, "ValidationException", "FIELD_VALIDATION_FAILED")
    assert refused["Message"] == f"1 validation error detected: {member} failed to satisfy constraint: {constraint}"
    assert world.network.taken == []


@pytest.mark.parametrize(
    ("text", "message"),
    [("no markup", "it is not SSML"), ("<speak><break/></speak>", "it says nothing")],
)
def test_a_call_says_something(world: World, text: str, message: str) -> None:
    """SSML that is none, or without words, is refused."""
    status, refused = ask(world, "SendVoiceMessage", CALL | {"MessageBodyTextType": "SSML", "MessageBody": text})
    assert (status, refused["Reason"]) == (400, "INVALID_REQUEST")
    assert refused["Message"] == f"Invalid parameter: MessageBody: {message}"


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        (TEXT, {"Authorization": None}, 400, "MissingAuthenticationTokenException"),
        (TEXT, {"Authorization": "Bearer x"}, 400, "IncompleteSignatureException"),
        (TEXT, {"Authorization": SIGNED.replace("/sms-voice/", "/sns/")}, 400, "InvalidSignatureException"),
        (TEXT, {"X_Amz_Target": "PinpointSMSVoiceV2.SendFax"}, 404, "UnknownOperationException"),
        ("{", {}, 400, "SerializationException"),
        (TEXT | {"MessageBody": 482913}, {}, 400, "SerializationException"),
        (TEXT | {"MessageBody": "x" * 70_000}, {}, 413, "SerializationException"),
    ],
)
def test_requests_that_aws_would_not_read(
    world: World, body: object, headers: dict[str, str | None], status: int, kind: str
) -> None:
    """Signatures, operations and bodies that are wrong in form get the exception that AWS services share."""
    answered, refused = ask(world, "SendTextMessage", body, **headers)
    assert (answered, refused["__type"]) == (status, kind)
    assert world.network.taken == []


def test_other_aws_services_are_not_served(world: World) -> None:
    """A request of the JSON protocol for another service is neither taken for this one nor for SNS."""
    signed = SIGNED.replace("/sms-voice/", "/dynamodb/")
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Authorization": signed}
    assert world.ask("POST", "/", "{}", headers).status == 404


def test_markup_is_not_read_out() -> None:
    """Tags separate words, and entities are characters."""
    assert spoken("<speak>a<p>b &lt; c</p>\n</speak>") == "a b < c"
