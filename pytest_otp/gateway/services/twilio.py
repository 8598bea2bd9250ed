"""Twilio's Programmable Messaging: sending, fetching, listing, redacting and deleting messages, and content templates.

    POST   /2010-04-01/Accounts/{AccountSid}/Messages.json        To, From or MessagingServiceSid, and Body, MediaUrl,
                                                                  or ContentSid with ContentVariables
    GET    /2010-04-01/Accounts/{AccountSid}/Messages.json        To, From, DateSent, DateSent<, DateSent>, PageSize
    GET    /2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json
    POST   /2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json  an empty Body
    DELETE /2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json
    /v1/Content                                                   see `twilio_content`

Sources: the Message resource (https://www.twilio.com/docs/messaging/api/message-resource), test credentials
(https://www.twilio.com/docs/iam/test-credentials), and errors (https://www.twilio.com/docs/api/errors). What the pages
leave open is as the official Python SDK reads it (`twilio.rest.api.v2010.account.message`).
"""

from __future__ import annotations

import json
import re
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...phone import e164
from ..failures import Documented
from ..http import Fields, basic_credentials, first, json_response
from ..message import Backend, Channel, OutgoingSms, is_sender_name
from ..templates import rendered
from .twilio_common import (
    ACCOUNT,
    VERSION,
    WHATSAPP,
    TwilioError,
    answered,
    method_not_allowed,
    not_found,
    read_fields,
    refusal,
)
from .twilio_content import PATH as CONTENT_PATH
from .twilio_content import TwilioContent
from .twilio_messages import Messages, Progress, resource

LONGEST = 1600
"""Characters of a Body (error 21617)."""
MOST_MEDIA = 10
"""MediaUrl in one message (error 21623)."""

_PATH = re.compile(rf"/{VERSION}/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
_MESSAGING_SERVICE = re.compile(r"MG[0-9A-Za-z]{32}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")

_ERRORS: Documented = {
    "unsubscribed": (400, "21610", "Attempt to send to unsubscribed recipient"),
    "unreachable": (201, "30003", "Unreachable destination handset"),
    "blocked": (201, "30004", "Message blocked"),
    "rate_limited": (429, "20429", "Too Many Requests"),
    "server_error": (500, "20500", "An internal server error has occurred"),
    "undelivered": (201, "30008", "Unknown error"),
    "20003": (401, "20003", "Authenticate"),
    "20503": (503, "20503", "The service is unavailable. Please try again"),
    "21211": (400, "21211", "Invalid 'To' Phone Number"),
    "21212": (400, "21212", "Invalid From Number (caller ID)"),
    "21408": (
        400,
        "21408",
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    ),
    "21606": (400, "21606", "The 'From' phone number provided is not a valid, message-capable Twilio phone number"),
    "21611": (400, "21611", "This 'From' number has exceeded the maximum number of queued messages"),
    "21612": (400, "21612", "The 'To' phone number is not currently reachable using the 'From' phone number"),
    "21614": (400, "21614", "'To' number is not a valid mobile number"),
    "30001": (201, "30001", "Queue overflow"),
    "30002": (201, "30002", "Account suspended"),
    "30005": (201, "30005", "Unknown destination handset"),
    "30006": (201, "30006", "Landline or unreachable carrier"),
    "30007": (201, "30007", "Message filtered"),
    "30034": (201, "30034", "Message from an Unregistered Number"),
}

# Real accounts have these numbers with their test credentials only. No other use of them is valid, so they always hold.
_MAGIC_TO = {
    "+15005550001": "21211",
    "+15005550002": "21612",
    "+15005550003": "21408",
    "+15005550004": "unsubscribed",
    "+15005550009": "21614",
}
_MAGIC_FROM = {"+15005550001": "21212", "+15005550007": "21606", "+15005550008": "21611"}


class Twilio:
    """Twilio's Messages and its content templates."""

    SERVICE: ClassVar[str] = "twilio"
    PATHS: ClassVar[tuple[str, ...]] = (
        f"POST /{VERSION}/Accounts/<AccountSid>/Messages.json",
        f"GET /{VERSION}/Accounts/<AccountSid>/Messages.json",
        f"GET /{VERSION}/Accounts/<AccountSid>/Messages/<Sid>.json",
        f"POST {CONTENT_PATH}",
    )
    FAILURES: ClassVar[Documented] = _ERRORS

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._messages = Messages()
        self._content = TwilioContent()

    def matches(self, request: Request) -> bool:
        """Whether the path is one of Twilio's."""
        return request.path.startswith(f"/{VERSION}/") or self._content.matches(request)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        return answered(self._answer, request)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Twilio's form."""
        return refusal(status, message, code)

    def _answer(self, request: Request) -> Response:
        if self._content.matches(request):
            return self._content.answer(request)
        path = _PATH.fullmatch(request.path)
        if path is None or not ACCOUNT.fullmatch(path["account"]):
            raise not_found(request)
        account, sid = path["account"], path["sid"]
        if sid:
            return self._answer_for_one(request, account, sid)
        if request.method == "GET":
            return json_response(self._messages.page(account, request.args))
        if request.method != "POST":
            raise method_not_allowed()
        token = (basic_credentials(request) or ("", ""))[1]
        return json_response(self._create(account, read_fields(request), token), 201)

    def _answer_for_one(self, request: Request, account: str, sid: str) -> Response:
        if request.method not in ("GET", "POST", "DELETE"):
            raise method_not_allowed()
        found = self._messages.get(account, sid)
        if found is None:
            raise not_found(request)
        if request.method == "GET":
            return json_response(found)
        if request.method == "DELETE":
            self._messages.delete(account, sid)
            return Response(status=204)
        if first(read_fields(request), "Body"):
            raise TwilioError(400, 20001, "A message cannot be changed: its Body can only be made empty.")
        return json_response(self._messages.change(account, sid, body=""))

    def _create(self, account: str, fields: Fields, token: str) -> dict[str, object]:
        to, sender, media = _recipient(fields), _sender(fields), fields.get("MediaUrl", [])
        body = _body(fields, media, self._template(fields))
        callback = first(fields, "StatusCallback").strip()
        if callback and not re.fullmatch(r"https?://[^\s/]\S*", callback):
            raise TwilioError(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
        service = first(fields, "MessagingServiceSid").strip()
        address = _channel_prefix(first(fields, "To")) + to
        made = resource(account, address, service, sender, body, len(media))
        progress = Progress(self._messages, made, self._backend.callbacks, callback, token)
        # To a number without MMS, Twilio sends the media as links in the text; the offline network has no MMS.
        text = "\n".join(filter(None, [body, *media]))
        channel: Channel = "whatsapp" if address.startswith(WHATSAPP) else "sms"
        self._backend.send(OutgoingSms(to, text, sender, channel, progress.report))
        progress.accepted()
        return made

    def _template(self, fields: Fields) -> str | None:
        """The text of the content template that a message names, or None if it names none."""
        sid = first(fields, "ContentSid").strip()
        if not sid:
            return None
        template = self._content.template(sid)
        if template is None and (declared := self._backend.templates.get(sid)) is not None:
            template = declared, {}
        if template is None:
            hint = "declare the text of a template that is stored at Twilio with otp_gateway.add_template()"
            raise TwilioError(400, 21655, f"The ContentSid is Invalid: {hint}")
        body, defaults = template
        return rendered(body, defaults | _variables(fields))


def _variables(fields: Fields) -> dict[str, str]:
    written = first(fields, "ContentVariables").strip()
    try:
        variables = json.loads(written) if written else {}
    except (ValueError, RecursionError):
        variables = None
    if not isinstance(variables, dict):
        raise TwilioError(400, 21656, "The ContentVariables Parameter is invalid")
    return {name: str(value) for name, value in variables.items()}


def _recipient(fields: Fields) -> str:
    written = first(fields, "To").strip()
    if not written:
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    number = e164(written.removeprefix(WHATSAPP), "US")
    if number is None:
        raise TwilioError(400, 21211, f"Invalid 'To' Phone Number: {written}")
    _check_magic(number, _MAGIC_TO)
    return number


def _check_magic(number: str | None, magic: dict[str, str]) -> None:
    if number in magic:
        status, code, message = _ERRORS[magic[number]]
        raise TwilioError(status, int(code), message)


def _sender(fields: Fields) -> str | None:
    sender, service = first(fields, "From").strip(), first(fields, "MessagingServiceSid").strip()
    if service and not _MESSAGING_SERVICE.fullmatch(service):
        raise TwilioError(400, 21705, f"The Messaging Service Sid {service} is invalid.")
    if not sender:
        if not service:
            raise TwilioError(400, 21603, "A 'From' phone number is required.")
        return None
    number = e164(sender.removeprefix(WHATSAPP), "US")
    if number is None and not _SHORT_CODE.fullmatch(sender) and not is_sender_name(sender, " +-_&"):
        message = f"The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID."
        raise TwilioError(400, 21212, message)
    _check_magic(number, _MAGIC_FROM)
    if _channel_prefix(sender) != _channel_prefix(first(fields, "To")):
        raise TwilioError(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
    return sender


def _body(fields: Fields, media: list[str], template: str | None) -> str:
    body = first(fields, "Body") if template is None else template
    if len(media) > MOST_MEDIA:
        raise TwilioError(400, 21623, "Number of media files exceeds allowed limit")
    if any(not re.fullmatch(r"https?://[^\s/]\S*", url) for url in media):
        raise TwilioError(400, 21620, "Invalid media URL(s)")
    if not body.strip() and not media:
        raise TwilioError(400, 21602, "Message body is required.")
    if len(body) > LONGEST:
        raise TwilioError(400, 21617, f"The concatenated message body exceeds the {LONGEST} character limit")
    return body


def _channel_prefix(address: str) -> str:
    return WHATSAPP if address.strip().startswith(WHATSAPP) else ""
