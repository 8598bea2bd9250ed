"""One call of Twilio's Calls: what was asked for, what is heard, and what the application is told of it."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from ...clock import utc_now
from ...phone import e164
from ...server.server import log_failure
from ..callbacks import CallFailed
from ..http import Fields, first
from ..message import Backend, OutgoingSms
from .twilio_common import VERSION, TwilioError, signature
from .twiml import Method, NoDocument, listen

LONGEST = 4000
"""Characters of Twiml."""

_URL = re.compile(r"https?://[^\s/]\S*")
_OVER = ("completed", "no-answer", "failed", "canceled")


class PhoneCall:
    """One call: what was asked for, and what became of it.

    Args:
        backend: The gateway.
        account: The AccountSid.
        token: The auth token, which signs the requests to the application.
        fields: The fields of the request for the call.

    Raises:
        TwilioError: If the call cannot be made.
    """

    def __init__(self, backend: Backend, account: str, token: str, fields: Fields) -> None:
        self.sid = "CA" + uuid.uuid4().hex
        self.account = account
        self._backend = backend
        self._token = token
        self._to, self._from = _numbers(fields)
        self._method: Method
        self._url, self._method = _source(fields)
        self._callback = _callback(fields)
        self._events = [event.lower() for event in fields.get("StatusCallbackEvent", ["completed"])]
        self._receipts = 0
        self._status = "queued"
        self._created = self._updated = utc_now()

    def perform_alone(self, document: bytes) -> None:
        """`perform`, in a thread that nobody waits for."""
        try:
            self.perform(document)
        except Exception as error:  # noqa: BLE001 - the call has failed, whatever it is
            self._become("failed")
            log_failure(error)

    def perform(self, document: bytes) -> None:
        """Make the call. Raises `OtpError` if its text cannot be delivered."""
        for status in ("initiated", "ringing", "in-progress"):
            self._report(status)
        text = listen(document or _redirect(self._url, self._method), self._url or None, self._fetch)
        if self._status in _OVER:  # the application has ended it
            return
        is_answered = not text or self._backend.send(OutgoingSms(self._to, text, self._from, "voice"))
        self._become("completed" if is_answered else "no-answer")

    def end(self, status: str) -> None:
        """End the call as the application asks. Raises `TwilioError`."""
        if self._status in _OVER:
            raise TwilioError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if status not in ("canceled", "completed"):
            raise TwilioError(400, 20001, f"Status is not valid: {status}")
        self._become(status)

    def resource(self) -> dict[str, object]:
        """The call as Twilio shows it."""
        uri = f"/{VERSION}/Accounts/{self.account}/Calls/{self.sid}"
        is_over = self._status in _OVER
        return {
            "account_sid": self.account,
            "answered_by": None,
            "api_version": VERSION,
            "caller_name": None,
            "date_created": _written(self._created),
            "date_updated": _written(self._updated),
            "direction": "outbound-api",
            "duration": "0" if is_over else None,
            "end_time": _written(self._updated) if is_over else None,
            "forwarded_from": None,
            "from": self._from,
            "from_formatted": self._from,
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": _written(self._created) if is_over else None,
            "status": self._status,
            "subresource_uris": {
                name: f"{uri}/{path}.json" for name, path in (("recordings", "Recordings"), ("events", "Events"))
            },
            "to": self._to,
            "to_formatted": self._to,
            "trunk_sid": None,
            "uri": f"{uri}.json",
        }

    def _fetch(self, url: str, method: Method, more: dict[str, str]) -> bytes:
        fields = {**self._fields("in-progress"), **more}
        # What is signed is the whole URL, without what is not sent, and the form.
        if method == "GET":
            url = url.partition("#")[0]
            url, fields = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}", {}
        headers = {"X-Twilio-Signature": signature(url, fields, self._token), "User-Agent": "TwilioProxy/1.1"}
        try:
            return self._backend.callbacks.fetch(url, method, fields or None, headers)
        except CallFailed as error:
            raise NoDocument(error.reason) from None

    def _become(self, status: str) -> None:
        if self._status not in _OVER:
            self._status, self._updated = status, utc_now()
            self._report(status)

    def _report(self, status: str) -> None:
        event = {"in-progress": "answered"}.get(status, "completed" if status in _OVER else status)
        if not self._callback or event not in self._events:
            return
        fields = self._fields(status) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._receipts),
            "Timestamp": _written(utc_now()),
            **({"CallDuration": "0", "Duration": "0"} if event == "completed" else {}),
        }
        self._receipts += 1
        headers = {"X-Twilio-Signature": signature(self._callback, fields, self._token)}
        self._backend.callbacks.post(self._callback, fields=fields, headers=headers)

    def _fields(self, status: str) -> dict[str, str]:
        return {
            "AccountSid": self.account,
            "ApiVersion": VERSION,
            "CallSid": self.sid,
            "CallStatus": status,
            "Called": self._to,
            "Caller": self._from,
            "Direction": "outbound-api",
            "From": self._from,
            "To": self._to,
        }


def _numbers(fields: Fields) -> tuple[str, str]:
    to, sender = first(fields, "To").strip(), first(fields, "From").strip()
    if not to:
        raise TwilioError(400, 21201, "No 'To' number specified")
    if not sender:
        raise TwilioError(400, 21213, "'From' phone number is required")
    number, caller = e164(to, "US"), e164(sender, "US")
    if number is None:
        raise TwilioError(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if caller is None:
        raise TwilioError(400, 21212, f"Invalid 'From' Phone Number: {sender}")
    return number, caller


def _source(fields: Fields) -> tuple[str, Method]:
    url, document = first(fields, "Url").strip(), first(fields, "Twiml")
    if document:
        if len(document) > LONGEST:
            raise TwilioError(400, 20001, f"Twiml is longer than {LONGEST} characters")
        return "", "POST"
    if not url:
        raise TwilioError(400, 21205, "Url parameter is required")
    if not _URL.fullmatch(url):
        raise TwilioError(400, 21205, f"Url is not a valid URL: {url}")
    return url, _method(fields)


def _method(fields: Fields) -> Method:
    method = first(fields, "Method").upper() or "POST"
    if method not in ("GET", "POST"):
        raise TwilioError(400, 20001, f"Method is not valid: {method}")
    return "GET" if method == "GET" else "POST"


def _callback(fields: Fields) -> str:
    url = first(fields, "StatusCallback").strip()
    if url and not _URL.fullmatch(url):
        raise TwilioError(400, 21609, f"The 'StatusCallback' URL {url} is not a valid URL.")
    return url


def _redirect(url: str, method: Method) -> bytes:
    """A document that leads to another one, so that both are fetched in one place."""
    return f'<Response><Redirect method="{method}">{escape(url)}</Redirect></Response>'.encode()


def _written(at: datetime) -> str:
    return format_datetime(at.replace(microsecond=0))
