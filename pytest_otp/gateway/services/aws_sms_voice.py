"""AWS End User Messaging (the SDKs' `pinpoint-sms-voice-v2`): SMS and calls, over AWS's JSON 1.0 protocol.

    POST /  X-Amz-Target: PinpointSMSVoiceV2.SendTextMessage   {"DestinationPhoneNumber": …, "MessageBody": …}
    POST /  X-Amz-Target: PinpointSMSVoiceV2.SendVoiceMessage  {"DestinationPhoneNumber": …, "OriginationIdentity": …}

Also what applications call before they send: the account has one phone number, no sender IDs and no pools, and is out
of the sandbox of AWS.

Sources: the service's model that every SDK is made from (`botocore/data/pinpoint-sms-voice-v2/2022-03-31/`): names,
limits, patterns, exceptions and their reasons; https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/.
AWS publishes no texts of its errors: those of the model's constraints are in the form that AWS services share, the
others are ours.
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...errors import OtpError
from ...phone import e164
from ..http import Unreadable, read_object, read_text
from ..message import Backend, OutgoingSms, is_sender_name
from .aws_common import UnsignedRequest, arn, signed_for, signed_region

_NAME = "sms-voice"
"""What requests are signed for."""
_TARGET = "PinpointSMSVoiceV2."
_CONTENT_TYPE = "application/x-amz-json-1.0"

LONGEST_TEXT = 1600
LONGEST_SPEECH: Mapping[str, int] = {"TEXT": 3000, "SSML": 6000}
"""Characters of a call's text, by its type."""

_PHONE_NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}")
_IDENTITY = re.compile(r"[A-Za-z0-9_:/\+-]{1,256}")
_SENDER_ID_ARN = re.compile(r"arn:[^/]*:sender-id/([^/]+)/[A-Z]{2}")
_SSML = re.compile(r"\s*<speak\b.*</speak>\s*", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_SECONDS = range(5, 259201)
"""What TimeToLive may be."""

_OWN_NUMBER = "+12065550100"
_OWN_NUMBER_ID = "phone-" + "0" * 32
_CODES = {403: "AccessDeniedException", 404: "ResourceNotFoundException", 429: "ThrottlingException"}

Fields = Mapping[str, object]


class AwsSmsVoice:
    """The API of AWS End User Messaging, version 2."""

    SERVICE: ClassVar[str] = "aws_sms_voice"
    PATHS: ClassVar[tuple[str, ...]] = ("POST / X-Amz-Target: PinpointSMSVoiceV2.*",)
    FAILURES: ClassVar[Mapping[str, tuple[int, str, str]]] = {
        "unsubscribed": (400, "ConflictException", "Conflict Occurred - Destination phone number opted out"),
        "unreachable": (200, "TEXT_UNREACHABLE", "Phone is currently unreachable/unavailable"),
        "blocked": (200, "TEXT_BLOCKED", "Blocked as spam by phone carrier"),
        "rate_limited": (400, "ThrottlingException", "Rate exceeded"),
        "server_error": (500, "InternalServerException", "An internal server error occurred"),
    }

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._actions: dict[str, Callable[[Fields, str], Mapping[str, object]]] = {
            "SendTextMessage": self._send_text,
            "SendVoiceMessage": self._send_voice,
            "DescribeAccountAttributes": lambda fields, region: {
                "AccountAttributes": [{"Name": "ACCOUNT_TIER", "Value": "PRODUCTION"}]
            },
            "DescribeOptedOutNumbers": _opted_out_numbers,
            "DescribePhoneNumbers": _phone_numbers,
            "DescribePools": lambda fields, region: {"Pools": []},
            "DescribeSenderIds": lambda fields, region: {"SenderIds": []},
        }

    def matches(self, request: Request) -> bool:
        """Whether this is a request of the JSON protocol for this service."""
        is_rpc = request.path == "/" and request.method == "POST" and "X-Amz-Target" in request.headers
        return is_rpc and (request.headers["X-Amz-Target"].startswith(_TARGET) or signed_for(request) == _NAME)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            region = signed_region(request, _NAME)
            action = self._actions.get(request.headers.get("X-Amz-Target", "").removeprefix(_TARGET))
            if action is None or request.path != "/" or request.method != "POST":
                raise _Error("UnknownOperationException", "The requested operation is not served", status=404)
            return _json(action(read_object(read_text(request)), region), 200)
        except _Error as error:
            return error.response()
        except UnsignedRequest as error:
            code = {"SignatureDoesNotMatch": "InvalidSignature"}.get(error.code, error.code)
            return _Error(f"{code}Exception", error.message).response()
        except Unreadable as refusal:
            return _Error("SerializationException", refusal.message, status=refusal.status).response()
        except OtpError as error:
            return _Error("InternalServerException", error.message, status=500).response()

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An exception in the form of AWS's JSON protocol; without a code, the one for the status."""
        fallback = "ValidationException" if status < 500 else "InternalServerException"
        return _Error(code or _CODES.get(status, fallback), message, status=status).response()

    def _send_text(self, fields: Fields, region: str) -> Mapping[str, object]:
        number = _number(fields)
        sender = _sender(_identity(fields, required=False))
        text = _body(fields, LONGEST_TEXT)
        _one_of(fields, "MessageType", ("TRANSACTIONAL", "PROMOTIONAL"))
        return self._sent(fields, OutgoingSms(number, text, sender))

    def _send_voice(self, fields: Fields, region: str) -> Mapping[str, object]:
        number = _number(fields)
        sender = _sender(_identity(fields, required=True))
        kind = _one_of(fields, "MessageBodyTextType", tuple(LONGEST_SPEECH)) or "TEXT"
        text = _body(fields, LONGEST_SPEECH[kind])
        if kind == "SSML":
            if not _SSML.fullmatch(text):
                raise _invalid("INVALID_REQUEST", "MessageBody", "it is not SSML")
            text = spoken(text)
            if not text:
                raise _invalid("INVALID_REQUEST", "MessageBody", "it says nothing")
        return self._sent(fields, OutgoingSms(number, text, sender, channel="voice"))

    def _sent(self, fields: Fields, message: OutgoingSms) -> Mapping[str, object]:
        seconds = fields.get("TimeToLive")
        if seconds is not None and (isinstance(seconds, bool) or seconds not in _SECONDS):
            raise _constraint("TimeToLive", "Member must have value between 5 and 259200")
        if fields.get("DryRun") is not True:
            self._backend.send(message)
        return {"MessageId": str(uuid.uuid4())}


def spoken(ssml: str) -> str:
    """What a voice reads out of SSML: its text without the markup."""
    return " ".join(html.unescape(_TAG.sub(" ", ssml)).split())


class _Error(Exception):
    def __init__(self, kind: str, message: str, *, status: int = 400, **members: object) -> None:
        super().__init__(message)
        self._content = {"__type": kind, "Message": message, "message": message, **members}
        self._status = status

    def response(self) -> Response:
        return _json(self._content, self._status)


def _invalid(reason: str, name: str, message: str) -> _Error:
    field = {"Name": name, "Message": message}
    return _Error("ValidationException", f"Invalid parameter: {name}: {message}", Reason=reason, Fields=[field])


def _constraint(name: str, constraint: str, value: str | None = None) -> _Error:
    member = name[0].lower() + name[1:]
    shown = "Value" if value is None else f"Value '{value}'"
    message = f"1 validation error detected: {shown} at '{member}' failed to satisfy constraint: {constraint}"
    field = {"Name": name, "Message": constraint}
    return _Error("ValidationException", message, Reason="FIELD_VALIDATION_FAILED", Fields=[field])


def _json(content: Mapping[str, object], status: int) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(json.dumps(content), status, headers, content_type=_CONTENT_TYPE)


def _string(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise _Error("SerializationException", f"{name} must be a string")
    return value


def _required(fields: Fields, name: str) -> str:
    value = _string(fields, name)
    if value is None:
        raise _constraint(name, "Member must not be null", "null")
    return value


def _number(fields: Fields) -> str:
    written = _required(fields, "DestinationPhoneNumber")
    if not _PHONE_NUMBER.fullmatch(written):
        constraint = rf"Member must satisfy regular expression pattern: {_PHONE_NUMBER.pattern}"
        raise _constraint("DestinationPhoneNumber", constraint, written)
    number = e164("+" + written.removeprefix("+"))
    if number is None:
        raise _invalid("INVALID_PARAMETER", "DestinationPhoneNumber", f"{written} is not a valid phone number")
    return number


def _body(fields: Fields, longest: int) -> str:
    text = _required(fields, "MessageBody")
    if not text.strip():
        raise _constraint("MessageBody", r"Member must satisfy regular expression pattern: (?!\s*$)[\s\S]+")
    if len(text) > longest:
        raise _constraint("MessageBody", f"Member must have length less than or equal to {longest}")
    return text


def _identity(fields: Fields, *, required: bool) -> str | None:
    identity = _required(fields, "OriginationIdentity") if required else _string(fields, "OriginationIdentity")
    if identity is not None and not _IDENTITY.fullmatch(identity):
        constraint = "Member must satisfy regular expression pattern: [A-Za-z0-9_:/\\+-]+"
        raise _constraint("OriginationIdentity", constraint, identity)
    return identity


def _sender(identity: str | None) -> str | None:
    """The number or name that the phone shows, where the identity says it; those of pools and the like do not."""
    if identity is None:
        return None
    named = _SENDER_ID_ARN.fullmatch(identity)
    if named:
        return named[1]
    if identity == _OWN_NUMBER_ID or identity.endswith(f":phone-number/{_OWN_NUMBER_ID}"):
        return _OWN_NUMBER
    shown = _PHONE_NUMBER.fullmatch(identity) or is_sender_name(identity, "_-")
    return identity if shown else None


def _one_of(fields: Fields, name: str, values: tuple[str, ...]) -> str | None:
    value = _string(fields, name)
    if value is not None and value not in values:
        raise _constraint(name, f"Member must satisfy enum value set: [{', '.join(values)}]", value)
    return value


def _phone_numbers(fields: Fields, region: str) -> Mapping[str, object]:
    number_arn = arn(_NAME, region, f"phone-number/{_OWN_NUMBER_ID}")
    wanted = fields.get("PhoneNumberIds")
    for identity in wanted if isinstance(wanted, list) else ():
        if identity not in (_OWN_NUMBER_ID, number_arn):
            raise _Error(
                "ResourceNotFoundException",
                f"Phone number {identity} was not found",
                ResourceType="phone-number",
                ResourceId=str(identity),
            )
    number = {
        "PhoneNumberArn": number_arn,
        "PhoneNumberId": _OWN_NUMBER_ID,
        "PhoneNumber": _OWN_NUMBER,
        "Status": "ACTIVE",
        "IsoCountryCode": "US",
        "MessageType": "TRANSACTIONAL",
        "NumberCapabilities": ["SMS", "VOICE"],
        "NumberType": "LONG_CODE",
        "MonthlyLeasingPrice": "0.00",
        "TwoWayEnabled": False,
        "SelfManagedOptOutsEnabled": False,
        "OptOutListName": "Default",
        "DeletionProtectionEnabled": False,
        "CreatedTimestamp": 1648684800,
    }
    return {"PhoneNumbers": [number]}


def _opted_out_numbers(fields: Fields, region: str) -> Mapping[str, object]:
    name = _required(fields, "OptOutListName").rpartition("/")[2]
    listed = {"OptOutListArn": arn(_NAME, region, f"opt-out-list/{name}"), "OptOutListName": name}
    return {**listed, "OptedOutNumbers": []}
