"""Vonage's Verify API (v2): a code that is sent by a workflow of channels, and its check.

    POST   /v2/verify                     JSON: brand, workflow [{channel, to, from}]; locale, code_length, code, …; 202
    POST   /v2/verify/{id}                {"code": …}; 200
    POST   /v2/verify/{id}/next_workflow  200
    DELETE /v2/verify/{id}                204

Sources: https://developer.vonage.com/en/api/verify.v2, its errors (https://developer.vonage.com/en/api-errors/verify-v2
and the test data of the official PHP SDK), its templates (https://developer.vonage.com/en/verify/templates), and the
official Python SDK (`vonage_verify`).

The next step of a workflow is taken when the application asks for it, not when `channel_timeout` is over; the code is
valid for all these time-outs together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...clock import monotonic
from ...errors import OtpError
from ..failures import Documented
from ..http import Unreadable, is_writable, json_response, read_object, read_text
from ..message import Backend
from ..seen import Channel
from .verify_codes import new_code
from .verify_wording import language_at, language_of
from .vonage_common import is_authorized, is_sender, problem, recipient, refusal, unauthorized
from .vonage_verifying import Step, VerifyRequest, VerifyRequests

PATH = "/v2/verify"
BRAND_LENGTH = 16
"""Characters of a brand."""

_PATH = re.compile(rf"{PATH}(?:/(?P<id>[^/]+)(?P<next>/next_workflow)?)?")
_CHANNELS: Mapping[str, Channel | None] = {
    "sms": "sms",
    "voice": "voice",
    "whatsapp": "whatsapp",
    "silent_auth": None,
    "email": None,
}
_LOCALE = re.compile(r"[a-z]{2,3}-[a-z]{2,4}")
_CODE = re.compile(r"[A-Za-z0-9]{4,10}")
_CLIENT_REF = re.compile(r"[A-Za-z0-9]{1,16}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class VonageVerify:
    """Vonage's Verify API.

    Args:
        backend: The gateway.
        clock: Seconds that only grow; codes expire by it.
    """

    SERVICE: ClassVar[str] = "vonage"
    PATHS: ClassVar[tuple[str, ...]] = (
        f"POST {PATH}",
        f"POST {PATH}/<id>",
        f"POST {PATH}/<id>/next_workflow",
        f"DELETE {PATH}/<id>",
    )
    FAILURES: ClassVar[Documented] = {
        "blocked": (403, "#forbidden", "Your account does not have permission to perform this action."),
        "rate_limited": (429, "#throttled", "Please wait, then retry your request"),
        "server_error": (500, "#internal-error", "An error has occurred on the Vonage platform"),
    }

    def __init__(self, backend: Backend, *, clock: Callable[[], float] = monotonic) -> None:
        self._requests = VerifyRequests(backend, clock)

    def matches(self, request: Request) -> bool:
        """Whether the path is one of this API's."""
        return request.path == PATH or request.path.startswith(f"{PATH}/")

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        path = _PATH.fullmatch(request.path)
        if path is None:
            return problem(404, "#not-found", "Not Found", "The requested resource was not found")
        if not is_authorized(request):
            return unauthorized()
        try:
            return self._answer(request, path)
        except _Invalid as error:
            return error.response()
        except Unreadable as unreadable:
            return problem(unreadable.status, "#invalid-json", "Invalid JSON", unreadable.message)
        except OtpError as error:
            return problem(500, "#internal-error", "Internal Error", f"There was an error: {error.message}")

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Vonage's form."""
        return refusal(status, message, code)

    def _answer(self, request: Request, path: re.Match[str]) -> Response:
        allowed = ("POST", "DELETE") if path["id"] and not path["next"] else ("POST",)
        if request.method not in allowed:
            detail = f"{request.method} is not allowed; use {' or '.join(allowed)}"
            return problem(405, "#method-not-allowed", "Method not allowed", detail, {"Allow": ", ".join(allowed)})
        if path["id"] is None:
            return self._start(read_object(read_text(request)))
        found = self._requests.pending(path["id"])
        if found is None:
            return _not_found(path["id"])
        if path["next"]:
            return self._next(found)
        if request.method == "DELETE":
            self._requests.end(found, "cancelled")
            return Response(status=204)
        return self._check(found, read_object(read_text(request)))

    def _start(self, content: Mapping[str, object]) -> Response:
        made = _request(content, self._requests.clock())
        present = self._requests.start(made)
        if present is not None:
            detail = "Concurrent verifications to the same number are not allowed."
            return problem(409, "/verify#conflict", "Conflict", detail, request_id=present.request_id)
        answer = {"request_id": made.request_id}
        if _is_silent(content):
            answer["check_url"] = f"https://api.nexmo.com{PATH}/{made.request_id}/silent-auth/redirect"
        return json_response(answer, 202)

    def _check(self, found: VerifyRequest, content: Mapping[str, object]) -> Response:
        code = content.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise _Invalid("code", "Code must be 4 to 10 letters or digits")
        if found.steps[found.taken - 1].channel is None:
            detail = "The current Verify workflow step does not support a code."
            return problem(409, "#conflict", "Conflict", detail)
        outcome = self._requests.check(found, code)
        if outcome == "over":
            return _not_found(found.request_id)
        if outcome == "right":
            return json_response({"request_id": found.request_id, "status": "completed"})
        if outcome == "wrong":
            detail = "The code you provided does not match the expected value."
            return problem(400, "/verify#invalid-code", "Invalid Code", detail)
        detail = "An incorrect code has been provided too many times. Workflow terminated."
        return problem(410, "/verify#expired", "Invalid Code", detail)

    def _next(self, found: VerifyRequest) -> Response:
        if not self._requests.take_step(found):
            return problem(409, "/verify#conflict", "Conflict", "There are no more events left to trigger.")
        return Response(status=200)


class _Invalid(Exception):
    """Status 422: a parameter is invalid."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self._name, self._reason = name, reason

    def response(self) -> Response:
        detail = "The value of one or more parameters is invalid"
        invalid = [{"name": self._name, "reason": self._reason}]
        return problem(422, "#invalid-params", "Invalid params", detail, invalid_parameters=invalid)


def _not_found(request_id: str) -> Response:
    detail = f"Request '{request_id}' was not found or it has been verified already."
    return problem(404, "#not-found", "Not Found", detail)


def _request(content: Mapping[str, object], now: float) -> VerifyRequest:
    brand = _text(content, "brand")
    if not brand:
        raise _Invalid("brand", "Brand is required")
    if len(brand) > BRAND_LENGTH:
        raise _Invalid("brand", f"Brand must be at most {BRAND_LENGTH} characters")
    steps = _steps(content.get("workflow"))
    locale, code, reference = (_text(content, name) for name in ("locale", "code", "client_ref"))
    if locale and not _LOCALE.fullmatch(locale.lower()):
        raise _Invalid("locale", "Locale must be a language and a country, such as en-us")
    if code and not _CODE.fullmatch(code):
        raise _Invalid("code", "Code must be 4 to 10 letters or digits")
    if reference and not _CLIENT_REF.fullmatch(reference):
        raise _Invalid("client_ref", "Client ref must be 1 to 16 letters or digits")
    length = _integer(content, "code_length", 4, range(4, 11))
    seconds = _integer(content, "channel_timeout", 300, range(15, 901)) * len(steps)
    language = language_of(locale) if locale else language_at(steps[0].to)
    return VerifyRequest(brand, language, code or new_code(length), steps, seconds, now)


def _steps(workflow: object) -> list[Step]:
    if not isinstance(workflow, list) or not workflow:
        raise _Invalid("workflow", "Workflow is required")
    steps = [_step(position, written) for position, written in enumerate(workflow)]
    if workflow[0]["channel"] == "email":
        # Nobody here could read it.
        raise _Invalid("channel", "a workflow cannot begin with email here; begin with sms, voice or whatsapp")
    return steps


def _step(position: int, written: object) -> Step:
    step = written if isinstance(written, dict) else {}
    channel, to, sender = (_text(step, name) for name in ("channel", "to", "from"))
    if channel not in _CHANNELS:
        raise _Invalid("channel", "Channel must be one of silent_auth, whatsapp, sms, voice, email")
    if channel == "silent_auth" and position > 0:
        raise _Invalid("workflow", "silent_auth must be the first channel")
    if channel == "email":
        if not _EMAIL.fullmatch(to):
            raise _Invalid("to", "`to` must be an email address")
        return Step(to, None)
    number = recipient(to)
    if number is None:
        raise _Invalid("to", "`to` must be a phone number in E.164 format")
    if channel == "whatsapp" and not sender:
        raise _Invalid("from", "`from` is required for whatsapp")
    if sender and not is_sender(sender):
        raise _Invalid("from", "`from` must be a phone number or 3 to 11 letters and digits")
    return Step(number, _CHANNELS[channel], sender or None)


def _is_silent(content: Mapping[str, object]) -> bool:
    workflow = content["workflow"]
    return isinstance(workflow, list) and workflow[0]["channel"] == "silent_auth"


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not is_writable(value):
        raise _Invalid(name, f"`{name}` must be a string")
    return value.strip()


def _integer(content: Mapping[str, object], name: str, default: int, allowed: range) -> int:
    value = content.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise _Invalid(name, f"`{name}` must be an integer from {allowed[0]} to {allowed[-1]}")
    return value
