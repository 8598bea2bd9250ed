"""Twilio Verify v2: services, verifications by SMS, call and WhatsApp, and the checks of their codes.

    POST /v2/Services/{VA…}/Verifications             To, Channel; Locale, CustomCode, CustomFriendlyName, AppHash
    GET  /v2/Services/{VA…}/Verifications/{VE… or To}
    POST /v2/Services/{VA…}/Verifications/{VE… or To} Status: canceled or approved
    POST /v2/Services/{VA…}/VerificationCheck         Code, and To or VerificationSid
    and /v2/Services, see `twilio_verify_services`

Sources: the resources Verification, VerificationCheck and Service (https://www.twilio.com/docs/verify/api), time-outs
and limits (https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts), the errors
(https://www.twilio.com/docs/api/errors/60200 and the following), the languages
(https://www.twilio.com/docs/verify/supported-languages), and the official Python SDK (`twilio.rest.verify.v2`).

A code is valid for 10 minutes. Sending again within them sends the same code, by whatever channel.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...clock import monotonic, utc_now
from ...phone import e164
from ..failures import Documented
from ..http import Fields, first, json_response
from ..message import Backend, Channel, OutgoingSms
from .kept import Kept
from .twilio_common import (
    TwilioError,
    account_of,
    answered,
    iso_time,
    method_not_allowed,
    not_found,
    read_fields,
    refusal,
)
from .twilio_verify_services import NAME_LENGTH, VerifyService, VerifyServices, invalid
from .verify_codes import CUSTOM, new_code
from .verify_wording import LANGUAGES, language_at, language_of, text_in

LIFETIME = 600
"""Seconds that a code is valid."""
MOST_SENDS = 5
"""Sends of one verification (error 60203)."""
MOST_CHECKS = 5
"""Wrong codes in one verification (error 60202)."""

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "auto": "sms", "call": "voice", "whatsapp": "whatsapp"}
_PATH = re.compile(r"/v2/Services/(?P<service>[^/]+)/(?P<kind>Verifications|VerificationCheck)(?:/(?P<key>[^/]+))?")
_LOCALES = frozenset(
    {"af", "bn", "et", "gu", "kn", "lt", "mr", "te", "tl", *LANGUAGES}  # those without a text: English
)
_NOT_SHARED = " Don't share this code with anyone; our employees will never ask for the code."


@dataclass(slots=True)
class _Verification:
    service: str
    account: str
    to: str
    channel: str
    code: str = field(repr=False)
    expires: float
    sid: str = field(default_factory=lambda: "VE" + uuid.uuid4().hex)
    status: str = "pending"
    wrong_codes: int = 0
    attempts: list[dict[str, str]] = field(default_factory=list)
    amount: str | None = None
    payee: str | None = None
    created: datetime = field(default_factory=utc_now)
    updated: datetime = field(default_factory=utc_now)


class TwilioVerify:
    """Twilio Verify.

    Args:
        backend: The gateway.
        clock: Seconds that only grow; codes expire by it.
    """

    SERVICE: ClassVar[str] = "twilio"
    PATHS: ClassVar[tuple[str, ...]] = (
        "POST /v2/Services/<ServiceSid>/Verifications",
        "GET /v2/Services/<ServiceSid>/Verifications/<Sid>",
        "POST /v2/Services/<ServiceSid>/VerificationCheck",
    )
    FAILURES: ClassVar[Documented] = {
        "unsubscribed": (400, "21610", "Attempt to send to unsubscribed recipient"),
        "blocked": (403, "60410", "Verification delivery attempt blocked"),
        "rate_limited": (429, "20429", "Too Many Requests"),
        "server_error": (500, "20500", "An internal server error has occurred"),
    }

    def __init__(self, backend: Backend, *, clock: Callable[[], float] = monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._services = VerifyServices()
        self._by_sid: Kept[str, _Verification] = Kept()
        self._latest: Kept[tuple[str, str], _Verification] = Kept()
        self._lock = threading.Lock()

    def matches(self, request: Request) -> bool:
        """Whether the path is one of Verify's."""
        return request.path == "/v2/Services" or request.path.startswith("/v2/Services/")

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        return answered(self._answer, request)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in Twilio's form."""
        return refusal(status, message, code)

    def _answer(self, request: Request) -> Response:
        path = _PATH.fullmatch(request.path)
        if path is None:
            return self._services.answer(request)
        service = self._services.get(path["service"], account_of(request))
        is_check = path["kind"] == "VerificationCheck"
        if service is None or (is_check and path["key"]):
            raise not_found(request)
        if path["key"]:
            return self._one(request, service, path["key"])
        if request.method != "POST":
            raise method_not_allowed()
        fields = read_fields(request)
        return self._check(request, service, fields) if is_check else self._create(service, fields)

    def _create(self, service: VerifyService, fields: Fields) -> Response:
        to, channel, language = _number(fields), _channel(fields), _language(fields)
        code, name = _custom_code(service, fields), _name(service, fields)
        amount, payee = _payment(service, fields)
        service.check_line(to, channel)
        with self._lock:
            verification = self._renewed(service, to, channel)
            verification.code = code or verification.code
            verification.amount, verification.payee = amount, payee
            attempt = {"time": iso_time(utc_now()), "channel": channel, "attempt_sid": "VL" + uuid.uuid4().hex}
            verification.attempts.append(attempt)
            shown = _resource(verification, service)
            text = text_in(
                language or language_at(to), "twilio", name=name, code=verification.code, minutes=LIFETIME // 60
            )
        text = _with_options(text, service, fields) if channel == "sms" else text
        try:
            self._backend.send(OutgoingSms(to, text, None, _CHANNELS[channel]))
        except Exception:
            self._take_back(verification, attempt)
            raise
        return json_response(shown, 201)

    def _take_back(self, verification: _Verification, attempt: dict[str, str]) -> None:
        """Undo an attempt that was refused."""
        with self._lock:
            verification.attempts.remove(attempt)
            if not verification.attempts:
                verification.status = "failed"

    def _renewed(self, service: VerifyService, to: str, channel: str) -> _Verification:
        """The verification that is under way for a number, or a new one."""
        present = self._latest.get((service.sid, to))
        if present is not None and self._is_open(present):
            if len(present.attempts) >= MOST_SENDS or present.status == "max_attempts_reached":
                raise TwilioError(429, 60203, "Max send attempts reached")
            present.channel, present.updated = channel, utc_now()
            return present
        expires = self._clock() + LIFETIME
        verification = _Verification(service.sid, service.account, to, channel, new_code(service.code_length), expires)
        self._by_sid.put(verification.sid, verification)
        self._latest.put((service.sid, to), verification)
        return verification

    def _is_open(self, verification: _Verification) -> bool:
        return verification.status in ("pending", "max_attempts_reached") and self._clock() < verification.expires

    def _one(self, request: Request, service: VerifyService, key: str) -> Response:
        with self._lock:
            verification = self._found(service, key)
            # Twilio forgets a verification that was approved or has expired, and keeps one that was cancelled.
            if verification is None or not (self._is_open(verification) or verification.status == "canceled"):
                raise not_found(request)
            if request.method == "POST":
                status = first(read_fields(request), "Status")
                if status not in ("canceled", "approved"):
                    raise invalid("Status")
                if not self._is_open(verification):
                    raise not_found(request)
                verification.status, verification.updated = status, utc_now()
            elif request.method != "GET":
                raise method_not_allowed()
            return json_response(_resource(verification, service))

    def _check(self, request: Request, service: VerifyService, fields: Fields) -> Response:
        code, key = first(fields, "Code"), first(fields, "VerificationSid") or first(fields, "To")
        if not CUSTOM.fullmatch(code):
            raise invalid("Code")
        if not key:
            raise invalid("To")
        with self._lock:
            verification = self._found(service, key)
            if verification is None or not self._is_open(verification):
                raise not_found(request)
            if verification.wrong_codes >= MOST_CHECKS:
                raise TwilioError(429, 60202, "Max check attempts reached")
            if code == verification.code:
                verification.status = "approved"
            else:
                verification.wrong_codes += 1
            verification.updated = utc_now()
            shown = _check_resource(verification)
            if verification.wrong_codes >= MOST_CHECKS:
                verification.status = "max_attempts_reached"
        return json_response(shown)

    def _found(self, service: VerifyService, key: str) -> _Verification | None:
        if key.startswith("VE"):
            verification = self._by_sid.get(key)
            return verification if verification is not None and verification.service == service.sid else None
        return self._latest.get((service.sid, e164(key) or key))


def _number(fields: Fields) -> str:
    written = first(fields, "To").strip()
    number = e164(written) if written.startswith("+") else None
    if number is None:
        raise TwilioError(400, 60200, f"Invalid parameter `To`: {written}" if written else "Invalid parameter: To")
    return number


def _channel(fields: Fields) -> str:
    channel = first(fields, "Channel").lower()
    if channel == "email":
        raise TwilioError(400, 60217, "A Mailer must be associated with the service")
    if channel not in _CHANNELS:
        raise invalid("Channel")
    return "sms" if channel == "auto" else channel


def _language(fields: Fields) -> str | None:
    """The language that is asked for; None leaves it to the number."""
    locale = first(fields, "Locale")
    if not locale:
        return None
    if re.split("[-_]", locale.lower())[0] not in _LOCALES:
        raise invalid("Locale")
    return language_of(locale)


def _custom_code(service: VerifyService, fields: Fields) -> str | None:
    code = first(fields, "CustomCode")
    if not code:
        return None
    if not service.settings["custom_code_enabled"]:
        raise TwilioError(403, 60204, "Service does not support this feature")
    if not CUSTOM.fullmatch(code):
        raise invalid("CustomCode")
    return code


def _name(service: VerifyService, fields: Fields) -> str:
    name = first(fields, "CustomFriendlyName")
    if len(name) > NAME_LENGTH:
        raise invalid("CustomFriendlyName")
    return name or service.friendly_name


def _payment(service: VerifyService, fields: Fields) -> tuple[str | None, str | None]:
    amount, payee = first(fields, "Amount") or None, first(fields, "Payee") or None
    if service.settings["psd2_enabled"] and not (amount and payee):
        raise TwilioError(400, 60206, "'Amount' & 'Payee' params are required")
    return amount, payee


def _with_options(text: str, service: VerifyService, fields: Fields) -> str:
    if service.settings["do_not_share_warning_enabled"]:
        text += "." + _NOT_SHARED
    app_hash = first(fields, "AppHash")
    return f"<#> {text}\n{app_hash}" if app_hash else text


def _check_resource(verification: _Verification) -> dict[str, object]:
    return {
        "sid": verification.sid,
        "service_sid": verification.service,
        "account_sid": verification.account,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == "approved",
        "amount": verification.amount,
        "payee": verification.payee,
        "sna_attempts_error_codes": None,
        "date_created": iso_time(verification.created),
        "date_updated": iso_time(verification.updated),
    }


def _resource(verification: _Verification, service: VerifyService) -> dict[str, object]:
    shown = _check_resource(verification)
    del shown["sna_attempts_error_codes"]
    return shown | {
        "lookup": service.lookup(verification.to),
        "send_code_attempts": list(verification.attempts),
        "sna": None,
        "url": f"https://verify.twilio.com/v2/Services/{service.sid}/Verifications/{verification.sid}",
    }
