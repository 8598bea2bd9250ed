"""Twilio's Calls: what is read out in a call arrives as a message of its own kind.

    POST /2010-04-01/Accounts/{AccountSid}/Calls.json        To, From, and Twiml or Url; Method, StatusCallback, …
    GET  /2010-04-01/Accounts/{AccountSid}/Calls.json        To, From, Status
    GET  /2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json
    POST /2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json  Status: canceled or completed

Sources: the Call resource (https://www.twilio.com/docs/voice/api/call-resource), its requests to the application
(https://www.twilio.com/docs/voice/twiml#request-parameters), the errors (https://www.twilio.com/docs/api/errors), and
the official Python SDK (`twilio.rest.api.v2010.account.call`).

A document that the application serves is fetched after the answer, as the application may not serve it before.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import ClassVar
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from ...clock import utc_now
from ...phone import e164
from ...server.server import log_failure
from ..callbacks import CallFailed
from ..failures import Documented
from ..http import Fields, basic_credentials, first, json_response
from ..message import Backend, OutgoingSms
from .kept import Kept
from .twilio_common import (
    ACCOUNT,
    VERSION,
    TwilioError,
    answered,
    method_not_allowed,
    not_found,
    read_fields,
    refusal,
    signature,
)
from .twiml import Method, NoDocument, listen, needs_more

LONGEST = 4000
"""Characters of Twiml."""
THREAD = "pytest-otp call"
"""The name of the thread that fetches a call's documents."""

_PATH = re.compile(rf"/{VERSION}/Accounts/(?P<account>[^/]+)/Calls(?:/(?P<sid>[^/]+))?\.json")
_URL = re.compile(r"https?://[^\s/]\S*")
_OVER = ("completed", "no-answer", "failed", "canceled")


class TwilioCalls:
    """Twilio's Calls."""

    SERVICE: ClassVar[str] = "twilio"
    PATHS: ClassVar[tuple[str, ...]] = (
        f"POST /{VERSION}/Accounts/<AccountSid>/Calls.json",
        f"GET /{VERSION}/Accounts/<AccountSid>/Calls/<Sid>.json",
    )
    FAILURES: ClassVar[Documented] = {
        "unreachable": (400, "21214", "'To' phone number cannot be reached"),
        "blocked": (403, "21216", "Account not allowed to call the 'To' phone number"),
        "rate_limited": (429, "20429", "Too Many Requests"),
        "server_error": (500, "20500", "An internal server error has occurred"),
    }

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._calls: Kept[tuple[str, str], _Call] = Kept()

    def matches(self, request: Request) -> bool:
        """Whether the path is one of the Calls'."""
        return _PATH.fullmatch(request.path) is not None

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
        if path["sid"] is None:
            if request.method == "GET":
                return json_response(self._page(path["account"], request.args))
            if request.method != "POST":
                raise method_not_allowed()
            return self._create(request, path["account"])
        call = self._calls.get((path["account"], path["sid"]))
        if call is None:
            raise not_found(request)
        if request.method == "POST":
            call.end(first(read_fields(request), "Status"))
        elif request.method != "GET":
            raise method_not_allowed()
        return json_response(call.resource())

    def _create(self, request: Request, account: str) -> Response:
        fields = read_fields(request)
        token = (basic_credentials(request) or ("", ""))[1]
        call = _Call(self._backend, account, token, fields)
        shown = call.resource()
        document = first(fields, "Twiml").encode()
        if document and not needs_more(document):
            call.perform(document)
            self._calls.put((account, call.sid), call)
        else:
            self._calls.put((account, call.sid), call)
            threading.Thread(target=call.perform_alone, args=(document,), name=THREAD, daemon=True).start()
        return json_response(shown, 201)

    def _page(self, account: str, query: Mapping[str, str]) -> dict[str, object]:
        shown = [call.resource() for call in self._calls.newest() if call.account == account]
        for name, key in (("To", "to"), ("From", "from"), ("Status", "status")):
            if query.get(name):
                shown = [call for call in shown if call[key] == query[name]]
        uri = f"/{VERSION}/Accounts/{account}/Calls.json"
        return {
            "calls": shown,
            "end": max(len(shown) - 1, 0),
            "first_page_uri": f"{uri}?Page=0",
            "next_page_uri": None,
            "page": 0,
            "page_size": max(len(shown), 50),
            "previous_page_uri": None,
            "start": 0,
            "uri": uri,
        }


class _Call:
    """One call: what was asked for, and what became of it. Raises `TwilioError` if it cannot be made."""

    def __init__(self, backend: Backend, account: str, token: str, fields: Fields) -> None:
        self.sid = "CA" + uuid.uuid4().hex
        self.account = account
        self._backend = backend
        self._token = token
        self._to, self._from = _numbers(fields)
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
        # What is signed is the whole URL and the form.
        if method == "GET":
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
