"""Amazon SNS: publishing to a phone number or to a topic, over the query protocol.

    POST /  Action=Publish & PhoneNumber & Message, MessageAttributes.entry.N.Name / .Value.StringValue
    POST /  Action=Publish & TopicArn & Message, MessageStructure

Also what applications call before they send: topics and subscriptions (in `sns_topics`), `SetSMSAttributes` and
`GetSMSAttributes`, and `CheckIfPhoneNumberIsOptedOut`, which answers that no number is.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, CommonErrors.html in the same place,
https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html, and the service's model that every SDK is made from
(`botocore/data/sns/2010-03-31/service-2.json`): names, codes, statuses, the namespace. Texts of errors that no page has
are the service's own where they are known.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...errors import OtpError
from ...phone import e164
from ..failures import Documented
from ..http import FORM, Fields, Unreadable, first, read_form, read_text
from ..message import Backend, OutgoingSms, is_sender_name
from .aws_common import UnsignedRequest, signed_region
from .sns_topics import Topics
from .sns_xml import SnsError, entries, invalid, no_value, result

LONGEST = 1600
"""Characters of one SMS."""

_ATTRIBUTE = re.compile(r"MessageAttributes\.entry\.([0-9]{1,3})\.Name")
_SENDER_ID = "AWS.SNS.SMS.SenderID"
_ORIGINATION_NUMBER = "AWS.MM.SMS.OriginationNumber"
_CODES = {403: "AccessDenied", 404: "NotFound", 429: "Throttling", 503: "ServiceUnavailable"}
_UNSIGNED = {"IncompleteSignature": 400}
"""The status of each error about a signature; of the others it is 403."""
_SMS_ATTRIBUTE = re.compile(r"attributes\.entry\.([0-9]{1,3})\.key")
_SMS_ATTRIBUTE_NAME = re.compile(r"attributes\.member\.[0-9]{1,3}")


class Sns:
    """Amazon SNS's API."""

    SERVICE: ClassVar[str] = "sns"
    PATHS: ClassVar[tuple[str, ...]] = ("POST / Action=Publish",)
    # Publish accepts what cannot be delivered: the reasons are those in the delivery logs (CloudWatch).
    FAILURES: ClassVar[Documented] = {
        "unsubscribed": (200, "", "Phone number is opted out"),
        "unreachable": (200, "", "Phone is currently unreachable/unavailable"),
        "blocked": (200, "", "Blocked as spam by phone carrier"),
        "rate_limited": (400, "Throttling", "Rate exceeded"),
        "server_error": (500, "InternalError", "An internal service error occurred"),
    }

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._topics = Topics()
        self._sms_attributes: dict[str, str] = {}
        self._lock = threading.Lock()
        self._actions: dict[str, Callable[[Fields, str], str | None]] = {
            "Publish": self._publish,
            "SetSMSAttributes": self._set_sms_attributes,
            "GetSMSAttributes": self._get_sms_attributes,
            "CheckIfPhoneNumberIsOptedOut": _is_opted_out,
            **self._topics.actions,
        }

    def matches(self, request: Request) -> bool:
        """Whether this is a POST to the root, as AWS's other protocols have it too, but with a header."""
        return request.path == "/" and request.method == "POST" and "X-Amz-Target" not in request.headers

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            region = signed_region(request, "sns")
            fields = _fields(request)
            action = first(fields, "Action")
            if not action:
                message = "The request is missing an action or a required parameter."
                raise SnsError(400, "MissingAction", message)
            if action not in self._actions:
                version = first(fields, "Version") or "NO_VERSION_SPECIFIED"
                raise SnsError(400, "InvalidAction", f"Could not find operation {action} for version {version}")
            return result(action, self._actions[action](fields, region))
        except SnsError as error:
            return error.response()
        except UnsignedRequest as error:
            return SnsError(_UNSIGNED.get(error.code, 403), error.code, error.message).response()
        except Unreadable as refusal:
            return SnsError(refusal.status, "MalformedQueryString", refusal.message).response()
        except OtpError as error:
            return SnsError(500, "InternalError", error.message, fault="Receiver").response()

    def _publish(self, fields: Fields, region: str) -> str:
        topic_arn = first(fields, "TopicArn")
        target = first(fields, "TargetArn")
        if not topic_arn and target:  # it may be a topic's too
            if ":endpoint/" in target:
                raise SnsError(404, "NotFound", "Target does not exist")
            topic_arn = target
        if topic_arn:
            self._publish_to_topic(topic_arn, fields)
        else:
            written = first(fields, "PhoneNumber")
            if not written:
                raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
            number, text = _number(written), _text(fields)
            if len(text) > LONGEST:
                raise invalid("Message too long")
            self._backend.send(OutgoingSms(number, text, _sender(_attributes(fields))))
        return f"<MessageId>{uuid.uuid4()}</MessageId>"

    def _publish_to_topic(self, topic_arn: str, fields: Fields) -> None:
        """Deliver to each number that subscribed. What one number does not get, the others still do."""
        topic, numbers = self._topics.numbers(topic_arn)
        text = topic.worded(_text(fields))
        sender = _sender(_attributes(fields))
        if len(text) <= LONGEST:
            for number in numbers:
                with contextlib.suppress(OtpError):
                    self._backend.send(OutgoingSms(number, text, sender))

    def _set_sms_attributes(self, fields: Fields, region: str) -> str:
        found = [match[1] for match in map(_SMS_ATTRIBUTE.fullmatch, fields) if match]
        with self._lock:
            for number in found:
                name = first(fields, f"attributes.entry.{number}.key")
                self._sms_attributes[name] = first(fields, f"attributes.entry.{number}.value")
        return ""

    def _get_sms_attributes(self, fields: Fields, region: str) -> str:
        names = {first(fields, name) for name in fields if _SMS_ATTRIBUTE_NAME.fullmatch(name)}
        with self._lock:
            found = [(name, value) for name, value in self._sms_attributes.items() if not names or name in names]
        return entries("attributes", found)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in the form of AWS's query protocol; without a code, the one common to all AWS services."""
        fault = "Sender" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
        return SnsError(status, code or _CODES.get(status, "InternalFailure"), message, fault=fault).response()


def _fields(request: Request) -> Fields:
    body = read_form(read_text(request)) if request.mimetype == FORM else {}
    return {**dict(request.args.lists()), **body}


def _number(written: str) -> str:
    number = e164(written) if written.startswith("+") else None
    if number is None:
        raise invalid(f"PhoneNumber Reason: {written} is not valid to publish to")
    return number


def _text(fields: Fields) -> str:
    if "Message" not in fields:
        raise no_value("message")
    text = first(fields, "Message")
    if first(fields, "MessageStructure") == "json":
        text = _text_for_sms(text)
    if not text.strip():
        raise invalid("Empty message")
    return text


def _text_for_sms(written: str) -> str:
    """The text for SMS in a message that has one for each protocol."""
    try:
        texts = json.loads(written)
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(texts.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    text = texts.get("sms")
    return text if isinstance(text, str) else str(texts["default"])


def _attributes(fields: Fields) -> dict[str, str]:
    attributes = {}
    for field in fields:
        match = _ATTRIBUTE.fullmatch(field)
        if match is not None:
            value = f"MessageAttributes.entry.{match[1]}.Value"
            if not first(fields, f"{value}.DataType"):
                message = (
                    f"The message attribute '{first(fields, field)}' must contain non-empty message attribute type."
                )
                raise SnsError(400, "ParameterValueInvalid", message)
            attributes[first(fields, field)] = first(fields, f"{value}.StringValue")
    return attributes


def _sender(attributes: dict[str, str]) -> str | None:
    number = attributes.get(_ORIGINATION_NUMBER)
    if number is not None and not re.fullmatch(r"\+?[0-9]{5,14}", number):
        raise invalid(f"{_ORIGINATION_NUMBER} Reason: {number} is not a valid origination number")
    name = attributes.get(_SENDER_ID)
    if name is not None and not is_sender_name(name, "-"):
        raise invalid(f"{_SENDER_ID} Reason: {name} is not a valid sender ID")
    return name or number


def _is_opted_out(fields: Fields, region: str) -> str:
    _number(first(fields, "phoneNumber"))
    return "<isOptedOut>false</isOptedOut>"
