"""Twilio's Programmable Messaging: sending a message, and fetching it.

    POST /2010-04-01/Accounts/{AccountSid}/Messages.json        To, From or MessagingServiceSid, Body and/or MediaUrl
    GET  /2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json

Source: the Message resource (https://www.twilio.com/docs/messaging/api/message-resource). What the page leaves open is
as the official Python SDK reads it (`twilio.rest.api.v2010.account.message`).
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
from ...phone import e164
from ..http import Fields, first, json_response
from ..message import Backend, OutgoingSms, is_sender_name, parts
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

LONGEST = 1600
"""Characters of a Body (error 21617)."""
MOST_MEDIA = 10
"""MediaUrl in one message (error 21623)."""

_MOST_KEPT = 1000  # messages that can be fetched
_PATH = re.compile(rf"/{VERSION}/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
_MESSAGING_SERVICE = re.compile(r"MG[0-9A-Za-z]{32}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


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
        return answered(self._answer, request)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Twilio's form."""
        return refusal(status, message, code)

    def _answer(self, request: Request) -> Response:
        path = _PATH.fullmatch(request.path)
        if path is None or not ACCOUNT.fullmatch(path["account"]):
            raise not_found(request)
        if request.method != ("GET" if path["sid"] else "POST"):
            raise method_not_allowed()
        if path["sid"]:
            return self._fetch(request, path["account"], path["sid"])
        return self._create(path["account"], read_fields(request))

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
            raise not_found(request)
        return json_response(resource)


def _recipient(fields: Fields) -> str:
    written = first(fields, "To").strip()
    if not written:
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    number = e164(written.removeprefix(WHATSAPP), "US")
    if number is None:
        raise TwilioError(400, 21211, f"Invalid 'To' Phone Number: {written}")
    return number


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
    if _channel_prefix(sender) != _channel_prefix(first(fields, "To")):
        raise TwilioError(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
    return sender


def _body(fields: Fields, media: list[str]) -> str:
    body = first(fields, "Body")
    if first(fields, "ContentSid"):
        # Content templates are stored at Twilio; none of them is known here.
        raise TwilioError(400, 21655, "The ContentSid is Invalid")
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
