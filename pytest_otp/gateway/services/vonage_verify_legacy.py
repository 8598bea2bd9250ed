"""Vonage's legacy Verify API (v1), always answered with 200; the result is in `status`.

    POST /verify/json          number, brand; country, code_length, lg, pin_code, pin_expiry, sender_id, workflow_id
    POST /verify/psd2/json     number, payee, amount; otherwise the same
    POST /verify/check/json    request_id, code
    POST /verify/control/json  request_id, cmd: cancel or trigger_next_event
    GET  /verify/search/json   request_id, or up to ten request_ids

Sources: https://developer.vonage.com/en/api/verify with its statuses, its workflows
(https://developer.vonage.com/en/verify/verify-v1/guides/workflows-and-events), timings and templates, the support pages
on its statuses, and the official Python SDK (`vonage_verify_legacy`).

The next event of a workflow comes when the application asks for it, not after `next_event_wait`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...clock import monotonic
from ...errors import OtpError
from ...phone import e164
from ..failures import Documented, SendingFailed
from ..http import Unreadable, basic_credentials, json_response
from ..message import Backend, Channel
from .verify_codes import new_code
from .verify_wording import language_at, language_of
from .vonage_common import is_number, read_fields, recipient
from .vonage_verifying import Step, VerifyRequest, VerifyRequests

BRAND_LENGTH = 18
"""Characters of a brand."""
SENDER_LENGTH = 11
"""Characters of a sender_id."""
MOST_SEARCHED = 10
"""request_ids of one search."""
NOT_CANCELLED = 30.0
"""Seconds after its start in which a request cannot be cancelled."""

_SMS: Channel = "sms"
_TTS: Channel = "voice"
_WORKFLOWS: Mapping[str, tuple[Channel, ...]] = {
    "1": (_SMS, _TTS, _TTS),
    "2": (_SMS, _SMS, _TTS),
    "3": (_TTS, _TTS),
    "4": (_SMS, _SMS),
    "5": (_SMS, _TTS),
    "6": (_SMS,),
    "7": (_TTS,),
}
_MOST_EVENTS_TO_CANCEL = 2
_STATUSES = {"pending": "IN PROGRESS", "completed": "SUCCESS", "failed": "FAILED", "cancelled": "CANCELLED"}


class VonageVerifyLegacy:
    """Vonage's legacy Verify API.

    Args:
        backend: The gateway.
        clock: Seconds that only grow; codes expire by it.
    """

    SERVICE: ClassVar[str] = "vonage"
    PATHS: ClassVar[tuple[str, ...]] = (
        "POST /verify/json",
        "POST /verify/psd2/json",
        "POST /verify/check/json",
        "POST /verify/control/json",
        "GET /verify/search/json",
    )
    FAILURES: ClassVar[Documented] = {
        "blocked": (403, "7", "The number you are trying to verify is blacklisted for verification"),
        "rate_limited": (429, "1", "Throttled"),
        "server_error": (500, "5", "Internal Error"),
    }

    def __init__(self, backend: Backend, *, clock: Callable[[], float] = monotonic) -> None:
        self._requests = VerifyRequests(backend, clock)
        self._operations: dict[str, Callable[[Mapping[str, str]], dict[str, object]]] = {
            "/verify/json": self._start,
            "/verify/psd2/json": self._start_payment,
            "/verify/check/json": self._check,
            "/verify/control/json": self._control,
        }

    def matches(self, request: Request) -> bool:
        """Whether the path is one of this API's."""
        return request.path in self._operations or request.path == "/verify/search/json"

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            fields = read_fields(request, lambda name: _Failed(3, f"Invalid value for param: {name}"))
            _check_credentials(request, fields)
            if request.path == "/verify/search/json":
                return json_response(self._search(request, fields))
            operation = self._operations.get(request.path)
            if operation is None:
                return json_response({"status": "3", "error_text": "Invalid path"}, 404)
            return json_response(operation(fields))
        except _Failed as error:
            return json_response(error.payload)
        except Unreadable as unreadable:
            return self.refusal(unreadable.status, unreadable.message)
        except SendingFailed as failed:
            if not failed.status:
                raise
            return self.refusal(200, failed.message, failed.code or "5")
        except OtpError as error:
            return self.refusal(200, f"Internal Error: {error.message}", "5")

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in the form of this API."""
        return json_response({"status": code or "3", "error_text": message}, status)

    def _start(self, fields: Mapping[str, str]) -> dict[str, object]:
        brand = _required(fields, "brand")
        if len(brand) > BRAND_LENGTH:
            raise _Failed(3, "Invalid value for param: brand. Parameter is too long.")
        return self._started(fields, brand)

    def _start_payment(self, fields: Mapping[str, str]) -> dict[str, object]:
        payee, amount = _required(fields, "payee"), _required(fields, "amount")
        if len(payee) > BRAND_LENGTH:
            raise _Failed(3, "Invalid value for param: payee. Parameter is too long.")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", amount):
            raise _Failed(3, "Invalid value for param: amount")
        return self._started(fields, payee)

    def _started(self, fields: Mapping[str, str], brand: str) -> dict[str, object]:
        made = _request(fields, brand, self._requests.clock())
        present = self._requests.start(made)
        if present is not None:
            text = "Concurrent verifications to the same number are not allowed"
            raise _Failed(10, text, request_id=present.request_id)
        return {"request_id": made.request_id, "status": "0"}

    def _check(self, fields: Mapping[str, str]) -> dict[str, object]:
        request_id, code = _required(fields, "request_id"), _required(fields, "code")
        if not re.fullmatch(r"[A-Za-z0-9]+", code):
            raise _Failed(16, "The code contains invalid characters", request_id=request_id)
        found = self._requests.pending(request_id)
        if found is None:
            raise _unknown(request_id)
        outcome = self._requests.check(found, code)
        if outcome == "wrong":
            raise _Failed(16, "The code provided does not match the expected value", request_id=request_id)
        if outcome == "too many":
            raise _Failed(17, "A wrong code was provided too many times. Workflow terminated", request_id=request_id)
        event = uuid.uuid4().hex
        return {"request_id": request_id, "status": "0", "event_id": event, **_PRICE}

    def _control(self, fields: Mapping[str, str]) -> dict[str, object]:
        request_id, command = _required(fields, "request_id"), _required(fields, "cmd")
        if command not in ("cancel", "trigger_next_event"):
            raise _Failed(3, "Invalid value for param: cmd")
        found = self._requests.pending(request_id)
        if found is None:
            raise _Failed(6, f"The requestId '{request_id}' does not exist or its no longer active.")
        if command == "cancel":
            self._cancel(found)
        elif not self._requests.take_step(found):
            raise _Failed(19, f"No more events are left to execute for the request ['{request_id}']")
        return {"status": "0", "command": command}

    def _cancel(self, found: VerifyRequest) -> None:
        which = f"Verification request ['{found.request_id}'] can't be cancelled"
        if self._requests.clock() < found.started + NOT_CANCELLED:
            raise _Failed(19, f"{which} within the first 30 seconds.")
        if found.taken > _MOST_EVENTS_TO_CANCEL:
            raise _Failed(19, f"{which} now. Too many attempts to re-deliver have already been made.")
        self._requests.end(found, "cancelled")

    def _search(self, request: Request, fields: Mapping[str, str]) -> dict[str, object]:
        several = request.args.getlist("request_ids")
        if len(several) > MOST_SEARCHED:
            raise _Failed(18, "Too many request_ids provided")
        asked = several or [_required(fields, "request_id")]
        found = [one for one in map(self._requests.get, asked) if one is not None]
        if not found:
            raise _Failed(101, "No response found")
        shown = [self._shown(one, fields.get("api_key", "")) for one in found]
        return {"verification_requests": shown} if several else shown[0]

    def _shown(self, found: VerifyRequest, account: str) -> dict[str, object]:
        expired = found.status == "pending" and self._requests.is_expired(found)
        return {
            "request_id": found.request_id,
            "account_id": account,
            "number": found.number[1:],
            "sender_id": found.steps[0].sender or "verify",
            "date_submitted": _time(found.events[0][0]),
            "date_finalized": _time(found.finished),
            "checks": [
                {"date_received": _time(at), "code": code, "status": "VALID" if right else "INVALID", "ip_address": ""}
                for at, code, right in found.checks
            ],
            "first_event_date": _time(found.events[0][0]),
            "last_event_date": _time(found.events[-1][0]),
            "status": "EXPIRED" if expired else _STATUSES[found.status],
            "events": [
                {"type": kind, "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{found.request_id}{number}"))}
                for number, (_, kind) in enumerate(found.events)
            ],
            **_PRICE,
        }


_PRICE = {"price": "0.00000000", "currency": "EUR", "estimated_price_messages_sent": "0.00000000"}


class _Failed(Exception):
    """An answer with a status that is not zero."""

    def __init__(self, status: int, text: str, **more: str) -> None:
        super().__init__(text)
        self.payload = {**more, "status": str(status), "error_text": text}


def _unknown(request_id: str) -> _Failed:
    text = (
        "The Vonage platform was unable to process this message for the following reason: "
        f"Request '{request_id}' was not found or it has been verified already."
    )
    return _Failed(6, text, request_id=request_id)


def _check_credentials(request: Request, fields: Mapping[str, str]) -> None:
    # Only the form is checked: any key is accepted, with any secret.
    if "Authorization" in request.headers:
        if not all(basic_credentials(request) or ("", "")):
            raise _Failed(4, "Bad Credentials")
        return
    for name in ("api_key", "api_secret"):
        if not fields.get(name):
            raise _Failed(2, f"Missing {name}")


def _required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "").strip()
    if not value:
        raise _Failed(2, f"Your request is incomplete and missing the mandatory parameter: {name}")
    return value


def _request(fields: Mapping[str, str], brand: str, now: float) -> VerifyRequest:
    number = _number(_required(fields, "number"), fields.get("country", ""))
    length = _one_of(fields, "code_length", "4", ("4", "6"), ". The allowed values are 4 and 6.")
    workflow = _WORKFLOWS[_one_of(fields, "workflow_id", "1", tuple(_WORKFLOWS))]
    wait = _seconds(fields, "next_event_wait", 300, range(60, 901))
    expiry = _seconds(fields, "pin_expiry", 300, range(60, 3601))
    if "next_event_wait" in fields and "pin_expiry" in fields and expiry % wait:
        expiry = wait
    code, sender, language = fields.get("pin_code", ""), fields.get("sender_id"), fields.get("lg", "")
    if code and not re.fullmatch(r"[A-Za-z0-9]{4,10}", code):
        raise _Failed(3, "Invalid value for param: pin_code")
    if sender and len(sender) > SENDER_LENGTH:
        raise _Failed(3, "Invalid value for param: sender_id. Parameter is too long.")
    if language and not re.fullmatch(r"[a-z]{2,3}-[a-z]{2}", language.lower()):
        raise _Failed(3, "Invalid value for param: lg")
    spoken = language_of(language) if language else language_at(number)
    steps = [Step(number, channel, sender or None) for channel in workflow]
    request_id = uuid.uuid4().hex
    return VerifyRequest(brand, spoken, code or new_code(int(length)), steps, expiry, now, request_id)


def _number(written: str, country: str) -> str:
    national = e164(written, country.upper()) if country else None
    number = national or (recipient(written) if is_number(written) else None)
    if number is None:
        raise _Failed(3, "Invalid value for param: number")
    return number


def _one_of(fields: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...], more: str = "") -> str:
    value = fields.get(name) or default
    if value not in allowed:
        raise _Failed(3, f"Invalid value for param: {name}{more}")
    return value


def _seconds(fields: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    value = fields.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,4}", value) or int(value) not in allowed:
        raise _Failed(3, f"Invalid value for param: {name}")
    return int(value)


def _time(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")
