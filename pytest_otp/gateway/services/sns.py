"""Amazon SNS: publishing to a phone number, over the query protocol.

    POST /  Action=Publish & PhoneNumber & Message, MessageAttributes.entry.N.Name / .Value.StringValue

Also `SetSMSAttributes` and `CheckIfPhoneNumberIsOptedOut`, which applications call before they send; both do nothing.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, CommonErrors.html in the same place,
https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html, and the service's model that every SDK is made from
(`botocore/data/sns/2010-03-31/service-2.json`): names, codes, statuses, the namespace. Texts of errors that no page has
are the service's own where they are known.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from ...errors import OtpError
from ...phone import e164
from ..failures import Documented
from ..http import FORM, Fields, Unreadable, first, read_form, read_text
from ..message import Backend, OutgoingSms, is_sender_name

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
LONGEST = 1600
"""Characters of one Publish to a phone number."""

_SIGNATURE = re.compile(r"AWS4-[A-Z0-9-]+\s+(.*)")
_SIGNATURE_PARTS = ("Credential", "Signature", "SignedHeaders")
_ATTRIBUTE = re.compile(r"MessageAttributes\.entry\.([0-9]{1,3})\.Name")
_SENDER_ID = "AWS.SNS.SMS.SenderID"
_ORIGINATION_NUMBER = "AWS.MM.SMS.OriginationNumber"
_CODES = {403: "AccessDenied", 404: "NotFound", 429: "Throttling", 503: "ServiceUnavailable"}


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
        self._actions: dict[str, Callable[[Fields], str]] = {
            "Publish": self._publish,
            "SetSMSAttributes": lambda fields: "",
            "CheckIfPhoneNumberIsOptedOut": _is_opted_out,
        }

    def matches(self, request: Request) -> bool:
        """Whether this is a POST to the root, which no other service has."""
        return request.path == "/" and request.method == "POST"

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            _authenticate(request)
            fields = _fields(request)
            action = first(fields, "Action")
            if not action:
                message = "The request is missing an action or a required parameter."
                raise _Error(400, "MissingAction", message)
            if action not in self._actions:
                version = first(fields, "Version") or "NO_VERSION_SPECIFIED"
                raise _Error(400, "InvalidAction", f"Could not find operation {action} for version {version}")
            return _result(action, self._actions[action](fields))
        except _Error as error:
            return error.response()
        except Unreadable as refusal:
            return _Error(refusal.status, "MalformedQueryString", refusal.message).response()
        except OtpError as error:
            return _Error(500, "InternalError", error.message, fault="Receiver").response()

    def _publish(self, fields: Fields) -> str:
        for target in ("TopicArn", "TargetArn"):
            if first(fields, target):
                raise _Error(404, "NotFound", f"{target.removesuffix('Arn')} does not exist")
        written = first(fields, "PhoneNumber")
        if not written:
            raise _invalid("TopicArn or TargetArn Reason: no value for required parameter")
        number = _number(written)
        if "Message" not in fields:
            message = "1 validation error detected: Value null at 'message' failed to satisfy constraint: "
            raise _Error(400, "ValidationError", message + "Member must not be null")
        text = first(fields, "Message")
        if not text.strip():
            raise _invalid("Empty message")
        if len(text) > LONGEST:
            raise _invalid("Message too long")
        self._backend.send(OutgoingSms(number, text, _sender(_attributes(fields))))
        return f"<MessageId>{uuid.uuid4()}</MessageId>"

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in the form of AWS's query protocol; without a code, the one common to all AWS services."""
        fault = "Sender" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
        return _Error(status, code or _CODES.get(status, "InternalFailure"), message, fault=fault).response()


class _Error(Exception):
    def __init__(self, status: int, code: str, message: str, *, fault: str = "Sender") -> None:
        super().__init__(message)
        self._status, self._code, self._message, self._fault = status, code, message, fault

    def response(self) -> Response:
        error = f"<Type>{self._fault}</Type><Code>{self._code}</Code><Message>{_escape(self._message)}</Message>"
        content = f"<Error>{error}</Error><RequestId>{uuid.uuid4()}</RequestId>"
        return _xml("ErrorResponse", content, self._status)


def _invalid(what: str) -> _Error:
    return _Error(400, "InvalidParameter", f"Invalid parameter: {what}")


def _result(action: str, content: str) -> Response:
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    return _xml(f"{action}Response", f"<{action}Result>{content}</{action}Result>{metadata}", 200)


def _xml(root: str, content: str, status: int) -> Response:
    return Response(f'<{root} xmlns="{NAMESPACE}">{content}</{root}>', status, content_type="text/xml")


def _escape(text: str) -> str:
    # XML allows most control characters in no form, not even escaped.
    return escape(re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))


def _authenticate(request: Request) -> None:
    # Only the form of a version 4 signature is checked: any key is accepted.
    given = request.headers.get("Authorization", "")
    if not given:
        raise _Error(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    match = _SIGNATURE.fullmatch(given.strip())
    if match is None:
        raise _Error(400, "IncompleteSignature", "Authorization header is not AWS Signature Version 4.")
    parts = dict(re.findall(r"(\w+)=([^,\s]+)", match[1]))
    missing = [f"Authorization header requires '{name}' parameter." for name in _SIGNATURE_PARTS if name not in parts]
    if missing:
        raise _Error(400, "IncompleteSignature", " ".join(missing))
    scope = parts["Credential"].split("/")
    if len(scope) < 5 or scope[-1] != "aws4_request":
        raise _Error(400, "IncompleteSignature", f"Credential must have at least 5 elements: {parts['Credential']}")
    if scope[-2] != "sns":
        raise _Error(403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sns'.")


def _fields(request: Request) -> Fields:
    body = read_form(read_text(request)) if request.mimetype == FORM else {}
    return {**dict(request.args.lists()), **body}


def _number(written: str) -> str:
    number = e164(written) if written.startswith("+") else None
    if number is None:
        raise _invalid(f"PhoneNumber Reason: {written} is not valid to publish to")
    return number


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
                raise _Error(400, "ParameterValueInvalid", message)
            attributes[first(fields, field)] = first(fields, f"{value}.StringValue")
    return attributes


def _sender(attributes: dict[str, str]) -> str | None:
    number = attributes.get(_ORIGINATION_NUMBER)
    if number is not None and not re.fullmatch(r"\+?[0-9]{5,14}", number):
        raise _invalid(f"{_ORIGINATION_NUMBER} Reason: {number} is not a valid origination number")
    name = attributes.get(_SENDER_ID)
    if name is not None and not is_sender_name(name, "-"):
        raise _invalid(f"{_SENDER_ID} Reason: {name} is not a valid sender ID")
    return name or number


def _is_opted_out(fields: Fields) -> str:
    _number(first(fields, "phoneNumber"))
    return "<isOptedOut>false</isOptedOut>"
