"""Amazon SNS's API, by raw requests written from its documentation: what it answers, each error's code and words."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.gateway.world import HELD, REFUSED, SIGNED, World

NAMESPACE = "{http://sns.amazonaws.com/doc/2010-03-31/}"
GOOD = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": HELD, "Message": "Your code is 482913"}
NO_MESSAGE = (
    "1 validation error detected: Value null at 'message' failed to satisfy constraint: Member must not be null"
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def tree(raw: bytes) -> dict[str, str | None]:
    """Each leaf's path of local names and text; the namespace is checked on the way."""
    found: dict[str, str | None] = {}

    def visit(element: ElementTree.Element, path: str) -> None:
        assert element.tag.startswith(NAMESPACE)
        path += "/" + element.tag.removeprefix(NAMESPACE)
        if len(element) == 0:
            found[path] = element.text
        for child in element:
            visit(child, path)

    visit(ElementTree.fromstring(raw), "")
    return found


def attributes(**values: str) -> dict[str, str]:
    """Message attributes as the query protocol numbers them."""
    fields: dict[str, str] = {}
    for number, (name, value) in enumerate(values.items(), start=1):
        entry = f"MessageAttributes.entry.{number}"
        fields |= {
            f"{entry}.Name": name.replace("_", "."),
            f"{entry}.Value.DataType": "String",
            f"{entry}.Value.StringValue": value,
        }
    return fields


def test_a_message_is_published_and_handed_on(world: World) -> None:
    """The answer is XML in SNS's namespace with a message's and a request's id."""
    answer = world.sns(GOOD)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml")
    found = tree(answer.raw)
    assert found.keys() == {
        "/PublishResponse/PublishResult/MessageId",
        "/PublishResponse/ResponseMetadata/RequestId",
    }
    assert all(UUID.fullmatch(str(text)) for text in found.values())
    assert world.network.taken == [(HELD, "Your code is 482913", None)]


@pytest.mark.parametrize(
    ("values", "sender"),
    [
        ({"AWS_SNS_SMS_SenderID": "Shop"}, "Shop"),
        ({"AWS_MM_SMS_OriginationNumber": "+15005550006"}, "+15005550006"),
        ({"AWS_MM_SMS_OriginationNumber": "+15005550006", "AWS_SNS_SMS_SenderID": "Shop"}, "Shop"),
        ({"AWS_SNS_SMS_SMSType": "Transactional"}, None),
    ],
)
def test_the_sender_is_an_attribute(world: World, values: dict[str, str], sender: str | None) -> None:
    """The sender ID, else the origination number, else nobody."""
    assert world.sns(GOOD | attributes(**values)).status == 200
    assert world.network.taken == [(HELD, "Your code is 482913", sender)]


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        ({"Action": ""}, 400, "MissingAction", "The request is missing an action or a required parameter."),
        (
            {"Action": "AddPermission"},
            400,
            "InvalidAction",
            "Could not find operation AddPermission for version 2010-03-31",
        ),
        (
            {"PhoneNumber": ""},
            400,
            "InvalidParameter",
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
        ),
        (
            {"PhoneNumber": "<boss>"},
            400,
            "InvalidParameter",
            "Invalid parameter: PhoneNumber Reason: <boss> is not valid to publish to",
        ),
        (
            {"PhoneNumber": HELD[1:]},
            400,
            "InvalidParameter",
            "Invalid parameter: PhoneNumber Reason: 12015550123 is not valid to publish to",
        ),
        ({"TopicArn": "arn:aws:sns:us-east-1:123456789012:news"}, 404, "NotFound", "Topic does not exist"),
        (
            {"TargetArn": "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/1"},
            404,
            "NotFound",
            "Target does not exist",
        ),
        (
            {"Message": None},
            400,
            "ValidationError",
            NO_MESSAGE,
        ),
        ({"Message": ""}, 400, "InvalidParameter", "Invalid parameter: Empty message"),
        ({"Message": "x" * 1601}, 400, "InvalidParameter", "Invalid parameter: Message too long"),
        (
            attributes(AWS_SNS_SMS_SenderID="A name that is too long"),
            400,
            "InvalidParameter",
            "Invalid parameter: AWS.SNS.SMS.SenderID Reason: A name that is too long is not a valid sender ID",
        ),
        (
            attributes(AWS_MM_SMS_OriginationNumber="shop"),
            400,
            "InvalidParameter",
            "Invalid parameter: AWS.MM.SMS.OriginationNumber Reason: shop is not a valid origination number",
        ),
        (
            {"MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SenderID"},
            400,
            "ParameterValueInvalid",
            "The message attribute 'AWS.SNS.SMS.SenderID' must contain non-empty message attribute type.",
        ),
    ],
)
def test_a_refusal_has_amazons_code_and_words(
    world: World, changes: dict[str, str | None], status: int, code: str, message: str
) -> None:
    """Each is an ErrorResponse whose fault is the sender's, and delivers nothing."""
    answer = world.sns({name: value for name, value in (GOOD | changes).items() if value is not None})
    assert answer.status == status
    found = tree(answer.raw)
    assert UUID.fullmatch(str(found.pop("/ErrorResponse/RequestId")))
    assert found == {
        "/ErrorResponse/Error/Type": "Sender",
        "/ErrorResponse/Error/Code": code,
        "/ErrorResponse/Error/Message": message,
    }
    assert world.network.taken == []


@pytest.mark.parametrize(
    ("authorization", "status", "code", "message"),
    [
        (None, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        (
            "Basic a2V5OnNlY3JldA==",
            400,
            "IncompleteSignature",
            "Authorization header is not AWS Signature Version 4.",
        ),
        (
            SIGNED.partition(", Signature=")[0],
            400,
            "IncompleteSignature",
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            SIGNED.replace("/sns/aws4_request", ""),
            400,
            "IncompleteSignature",
            "Credential must have at least 5 elements: AKIDEXAMPLE/20261101/us-east-1",
        ),
        (
            SIGNED.replace("/sns/", "/sqs/"),
            403,
            "SignatureDoesNotMatch",
            "Credential should be scoped to correct service: 'sns'.",
        ),
    ],
)
def test_a_request_must_be_signed(
    world: World, authorization: str | None, status: int, code: str, message: str
) -> None:
    """A signature of version 4 is required; any key is accepted."""
    answer = world.sns(GOOD, Authorization=authorization)
    found = tree(answer.raw)
    assert answer.status == status
    assert (found["/ErrorResponse/Error/Code"], found["/ErrorResponse/Error/Message"]) == (code, message)
    assert world.network.taken == []


def test_a_network_that_fails_is_their_internal_error(world: World) -> None:
    """An SMS that the network refuses is a 500 whose fault is the receiver's."""
    found = tree(world.sns(GOOD | {"Message": REFUSED}).raw)
    assert found["/ErrorResponse/Error/Type"] == "Receiver"
    assert found["/ErrorResponse/Error/Code"] == "InternalError"
    assert found["/ErrorResponse/Error/Message"] == "the network does not take this"


@pytest.mark.parametrize("number", ["+1\x00", "+1\x1b[2J", "+1\ufffe", "]]>&"])
def test_an_answer_is_always_xml(world: World, number: str) -> None:
    """Characters that XML does not allow are replaced in errors."""
    found = tree(world.sns(GOOD | {"PhoneNumber": number}).raw)
    assert found["/ErrorResponse/Error/Code"] == "InvalidParameter"


def test_the_actions_before_a_message(world: World) -> None:
    """Setting attributes and asking for an opt-out succeed, and send nothing."""
    settings = {"attributes.entry.1.key": "DefaultSMSType", "attributes.entry.1.value": "Transactional"}
    done = tree(world.sns({"Action": "SetSMSAttributes"} | settings).raw)
    assert "/SetSMSAttributesResponse/SetSMSAttributesResult" in done
    asked = tree(world.sns({"Action": "CheckIfPhoneNumberIsOptedOut", "phoneNumber": HELD}).raw)
    assert asked["/CheckIfPhoneNumberIsOptedOutResponse/CheckIfPhoneNumberIsOptedOutResult/isOptedOut"] == "false"
    refused = tree(world.sns({"Action": "CheckIfPhoneNumberIsOptedOut", "phoneNumber": "1"}).raw)
    assert refused["/ErrorResponse/Error/Code"] == "InvalidParameter"
    assert world.network.taken == []


def test_the_query_string_has_fields_too(world: World) -> None:
    """The protocol's fields may be in the address."""
    answer = world.ask(
        "POST", "/?Action=Publish&PhoneNumber=%2B12015550123&Message=hi", headers={"Authorization": SIGNED}
    )
    assert answer.status == 200
    assert world.network.taken == [(HELD, "hi", None)]
