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
from ..failures import Documented, SendingFailed
from ..http import Unreadable, basic_credentials, json_response
from ..message import Backend
from .vonage_common import read_fields
from .vonage_verify_legacy_fields import BRAND_LENGTH, Failed, request_of, required
from .vonage_verifying import VerifyRequest, VerifyRequests

MOST_SEARCHED = 10
"""request_ids of one search."""
NOT_CANCELLED = 30.0
"""Seconds after its start in which a request cannot be cancelled."""

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
            fields = read_fields(request, lambda name: Failed(3, f"Invalid value for param: {name}"))
            _check_credentials(request, fields)
            if request.path == "/verify/search/json":
                return json_response(self._search(request, fields))
            operation = self._operations.get(request.path)
            if operation is None:
                return json_response({"status": "3", "error_text": "Invalid path"}, 404)
            return json_response(operation(fields))
        except Failed as error:
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
        brand = required(fields, "brand")
        if len(brand) > BRAND_LENGTH:
            raise Failed(3, "Invalid value for param: brand. Parameter is too long.")
        return self._started(fields, brand)

    def _start_payment(self, fields: Mapping[str, str]) -> dict[str, object]:
        payee, amount = required(fields, "payee"), required(fields, "amount")
        if len(payee) > BRAND_LENGTH:
            raise Failed(3, "Invalid value for param: payee. Parameter is too long.")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", amount):
            raise Failed(3, "Invalid value for param: amount")
        return self._started(fields, payee)

    def _started(self, fields: Mapping[str, str], brand: str) -> dict[str, object]:
        made = request_of(fields, brand, self._requests.clock())
        present = self._requests.start(made)
        if present is not None:
            text = "Concurrent verifications to the same number are not allowed"
            raise Failed(10, text, request_id=present.request_id)
        return {"request_id": made.request_id, "status": "0"}

    def _check(self, fields: Mapping[str, str]) -> dict[str, object]:
        request_id, code = required(fields, "request_id"), required(fields, "code")
        if not re.fullmatch(r"[A-Za-z0-9]+", code):
            raise Failed(16, "The code contains invalid characters", request_id=request_id)
        found = self._requests.pending(request_id)
        if found is None:
            raise _unknown(request_id)
        outcome = self._requests.check(found, code)
        if outcome == "over":
            raise _unknown(request_id)
        if outcome == "wrong":
            raise Failed(16, "The code provided does not match the expected value", request_id=request_id)
        if outcome == "too many":
            raise Failed(17, "A wrong code was provided too many times. Workflow terminated", request_id=request_id)
        event = uuid.uuid4().hex
        return {"request_id": request_id, "status": "0", "event_id": event, **_PRICE}

    def _control(self, fields: Mapping[str, str]) -> dict[str, object]:
        request_id, command = required(fields, "request_id"), required(fields, "cmd")
        if command not in ("cancel", "trigger_next_event"):
            raise Failed(3, "Invalid value for param: cmd")
        found = self._requests.pending(request_id)
        if found is None:
            raise Failed(6, f"The requestId '{request_id}' does not exist or its no longer active.")
        if command == "cancel":
            self._cancel(found)
        elif not self._requests.take_step(found):
            raise Failed(19, f"No more events are left to execute for the request ['{request_id}']")
        return {"status": "0", "command": command}

    def _cancel(self, found: VerifyRequest) -> None:
        which = f"Verification request ['{found.request_id}'] can't be cancelled"
        if self._requests.clock() < found.started + NOT_CANCELLED:
            raise Failed(19, f"{which} within the first 30 seconds.")
        if found.taken > _MOST_EVENTS_TO_CANCEL:
            raise Failed(19, f"{which} now. Too many attempts to re-deliver have already been made.")
        self._requests.end(found, "cancelled")

    def _search(self, request: Request, fields: Mapping[str, str]) -> dict[str, object]:
        several = request.args.getlist("request_ids")
        if len(several) > MOST_SEARCHED:
            raise Failed(18, "Too many request_ids provided")
        asked = several or [required(fields, "request_id")]
        found = [one for one in map(self._requests.get, asked) if one is not None]
        if not found:
            raise Failed(101, "No response found")
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


def _unknown(request_id: str) -> Failed:
    text = (
        "The Vonage platform was unable to process this message for the following reason: "
        f"Request '{request_id}' was not found or it has been verified already."
    )
    return Failed(6, text, request_id=request_id)


def _check_credentials(request: Request, fields: Mapping[str, str]) -> None:
    # Only the form is checked: any key is accepted, with any secret.
    if "Authorization" in request.headers:
        if not all(basic_credentials(request) or ("", "")):
            raise Failed(4, "Bad Credentials")
        return
    for name in ("api_key", "api_secret"):
        if not fields.get(name):
            raise Failed(2, f"Missing {name}")


def _time(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")
