"""Twilio's Programmable Messaging: sending a message, and fetching it.

    POST /2010-04-01/Accounts/{AccountSid}/Messages.json        To, From or MessagingServiceSid, Body and/or MediaUrl
    GET  /2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json

Sources: the Message resource (https://www.twilio.com/docs/messaging/api/message-resource), the shape of errors
(https://www.twilio.com/docs/usage/twilios-response) and their numbers (https://www.twilio.com/docs/api/errors). What
the pages leave open is as the official Python SDK reads it (`twilio.rest.api.v2010.account.message`,
`twilio.base.version`).
"""

from __future__ import annotations

import re
import threading
import uuid
from collections import OrderedDict
from email.utils import format_datetime
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...clock import utc_now
from ...errors import OtpError
from ...phone import e164
from ..http import FORM, Fields, Unreadable, basic_credentials, first, json_response, read_form, read_text
from ..message import Backend, OutgoingSms, is_sender_name, parts

VERSION = "2010-04-01"
LONGEST = 1600
"""Characters of a Body (error 21617)."""
MOST_MEDIA = 10
"""MediaUrl in one message (error 21623)."""

_MOST_KEPT = 1000  # messages that can be fetched
_PATH = re.compile(rf"/{VERSION}/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
_ACCOUNT = re.compile(r"AC[0-9A-Za-z]{32}")
_USER = re.compile(r"(?:AC|SK)[0-9A-Za-z]{32}")  # an account, or an API key of one
_MESSAGING_SERVICE = re.compile(r"MG[0-9A-Za-z]{32}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_WHATSAPP = "whatsapp:"


class Twilio:
    """Twilio's API."""

    SERVICE: ClassVar[str] = "twilio"
    PATHS: ClassVar[tuple[str, ...]] = (
        f"POST /{VERSION}/Accounts/<AccountSid>/Messages.json",
        f"GET /{VERSION}/Accounts/<AccountSid>/Messages/<Sid>.json",
    )

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._resources: OrderedDict[tuple[str, str], dict[str, object]] = OrderedDict()
        self._lock = threading.Lock()

    def matches(self, request: Request) -> bool:
        """Whether the path is one of Twilio's."""
        return request.path.startswith(f"/{VERSION}/")

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return self._answer(request)
        except _Error as error:
            return error.response()
        except Unreadable as refusal:
            # No error number is documented for an unreadable request. The SDK then uses the status as the code.
            return json_response({"message": refusal.message, "status": refusal.status}, refusal.status)
        except OtpError as error:
            return _Error(500, 20500, f"An internal server error has occurred: {error.message}").response()

    def _answer(self, request: Request) -> Response:
        _authenticate(request)
        path = _PATH.fullmatch(request.path)
        if path is None or not _ACCOUNT.fullmatch(path["account"]):
            raise _not_found(request)
        if request.method != ("GET" if path["sid"] else "POST"):
            raise _Error(405, 20004, "Method not allowed")
        if path["sid"]:
            return self._fetch(request, path["account"], path["sid"])
        fields = read_form(read_text(request)) if request.mimetype == FORM else {}
        return self._create(path["account"], fields)

    def _create(self, account: str, fields: Fields) -> Response:
        to, sender, media = _recipient(fields), _sender(fields), fields.get("MediaUrl", [])
        body = _body(fields, media)
        # To a number without MMS, Twilio sends the media as links in the text; the offline network has no MMS.
        held = self._backend.send(OutgoingSms(to, "\n".join(filter(None, [body, *media])), sender))
        service = first(fields, "MessagingServiceSid").strip()
        address = _channel_prefix(first(fields, "To")) + to
        resource = _resource(account, address, service, sender, body, len(media))
        with self._lock:
            self._resources[account, str(resource["sid"])] = resource | _outcome(held)
            if len(self._resources) > _MOST_KEPT:
                self._resources.popitem(last=False)
        return json_response(resource, 201)

    def _fetch(self, request: Request, account: str, sid: str) -> Response:
        with self._lock:
            resource = self._resources.get((account, sid))
        if resource is None:
            raise _not_found(request)
        return json_response(resource)


class _Error(Exception):
    """An error response in Twilio's format."""

    def __init__(self, status: int, code: int, message: str, **more: str) -> None:
        super().__init__(message)
        self._status = status
        self._payload = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        } | more

    def response(self) -> Response:
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self._status == 401 else None
        return json_response(self._payload, self._status, headers)


def _not_found(request: Request) -> _Error:
    return _Error(404, 20404, f"The requested resource {request.path} was not found")


def _authenticate(request: Request) -> None:
    # Only the form is checked: any account ID of the right form is accepted, with any token.
    credentials = basic_credentials(request)
    problem = None
    if credentials is None:
        problem = "No credentials provided"
    elif not _USER.fullmatch(credentials[0]):
        problem = "invalid username"
    elif not credentials[1]:
        problem = "No password provided"
    if problem is not None:
        detail = "Your AccountSid or AuthToken was incorrect."
        raise _Error(401, 20003, f"Authentication Error - {problem}", detail=detail)


def _recipient(fields: Fields) -> str:
    written = first(fields, "To").strip()
    if not written:
        raise _Error(400, 21604, "A 'To' phone number is required.")
    number = e164(written.removeprefix(_WHATSAPP), "US")
    if number is None:
        raise _Error(400, 21211, f"Invalid 'To' Phone Number: {written}")
    return number


def _sender(fields: Fields) -> str | None:
    sender, service = first(fields, "From").strip(), first(fields, "MessagingServiceSid").strip()
    if service and not _MESSAGING_SERVICE.fullmatch(service):
        raise _Error(400, 21705, f"The Messaging Service Sid {service} is invalid.")
    if not sender:
        if not service:
            raise _Error(400, 21603, "A 'From' phone number is required.")
        return None
    number = e164(sender.removeprefix(_WHATSAPP), "US")
    if number is None and not _SHORT_CODE.fullmatch(sender) and not is_sender_name(sender, " +-_&"):
        message = f"The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID."
        raise _Error(400, 21212, message)
    if _channel_prefix(sender) != _channel_prefix(first(fields, "To")):
        raise _Error(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
    return sender


def _body(fields: Fields, media: list[str]) -> str:
    body = first(fields, "Body")
    if first(fields, "ContentSid"):
        # Content templates are stored at Twilio; none of them is known here.
        raise _Error(400, 21655, "The ContentSid is Invalid")
    if len(media) > MOST_MEDIA:
        raise _Error(400, 21623, "Number of media files exceeds allowed limit")
    if any(not re.fullmatch(r"https?://[^\s/]\S*", url) for url in media):
        raise _Error(400, 21620, "Invalid media URL(s)")
    if not body.strip() and not media:
        raise _Error(400, 21602, "Message body is required.")
    if len(body) > LONGEST:
        raise _Error(400, 21617, f"The concatenated message body exceeds the {LONGEST} character limit")
    return body


def _channel_prefix(address: str) -> str:
    return _WHATSAPP if address.strip().startswith(_WHATSAPP) else ""


def _resource(account: str, to: str, service: str, sender: str | None, body: str, media: int) -> dict[str, object]:
    sid = ("MM" if media else "SM") + uuid.uuid4().hex
    uri = f"/{VERSION}/Accounts/{account}/Messages/{sid}"
    now = format_datetime(utc_now().replace(microsecond=0))
    return {
        "account_sid": account,
        "api_version": VERSION,
        "body": body,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": service or None,
        "num_media": str(media),
        # A messaging service has not chosen its sender yet, so the number of segments is not known.
        "num_segments": "0" if service else str(parts(body)),
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": to,
        "uri": f"{uri}.json",
    }


def _outcome(held: bool) -> dict[str, object]:
    """The fields that differ when the message is fetched later."""
    sent = format_datetime(utc_now().replace(microsecond=0))
    if held:
        return {"status": "delivered", "date_sent": sent}
    failed: dict[str, object] = {"error_code": 30005, "error_message": "Unknown destination handset"}
    return {**failed, "status": "undelivered", "date_sent": sent}
