"""Twilio Verify's services: the settings that verifications are made with.

    POST   /v2/Services          FriendlyName; CodeLength, CustomCodeEnabled, LookupEnabled, …
    GET    /v2/Services
    GET    /v2/Services/{VA…}
    POST   /v2/Services/{VA…}
    DELETE /v2/Services/{VA…}

A service that was made in Twilio's console, whose sid an application has in its settings, exists here at once. It has
the settings of a new service, but accepts an application's own codes, since that may have been switched on there.

Source: the Service resource (https://www.twilio.com/docs/verify/api/service).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from werkzeug.wrappers import Request, Response

from ...clock import utc_now
from ..http import Fields, first, json_response
from .kept import Kept
from .lines import carrier, line_type
from .twilio_common import TwilioError, account_of, iso_time, method_not_allowed, not_found, page, read_fields

NAME_LENGTH = 30
"""Characters of a FriendlyName."""
URL = "https://verify.twilio.com/v2/Services"

_SID = re.compile(r"VA[0-9A-Za-z]{32}")
_PATH = re.compile(r"/v2/Services(?:/(?P<sid>[^/]+))?")
_MOST_DIGITS = 4  # of a FriendlyName; more could be taken for a code
_DEFAULT_NAME = "app"
_SWITCHES = {
    "LookupEnabled": "lookup_enabled",
    "Psd2Enabled": "psd2_enabled",
    "SkipSmsToLandlines": "skip_sms_to_landlines",
    "DtmfInputRequired": "dtmf_input_required",
    "DoNotShareWarningEnabled": "do_not_share_warning_enabled",
    "CustomCodeEnabled": "custom_code_enabled",
    "VerifyEventSubscriptionEnabled": "verify_event_subscription_enabled",
}
_LINKS = {
    "verifications": "Verifications",
    "verification_checks": "VerificationCheck",
    "rate_limits": "RateLimits",
    "messaging_configurations": "MessagingConfigurations",
    "entities": "Entities",
    "webhooks": "Webhooks",
    "access_tokens": "AccessTokens",
}


def invalid(name: str) -> TwilioError:
    """The error for a bad parameter."""
    return TwilioError(400, 60200, f"Invalid parameter: {name}")


@dataclass(slots=True)
class VerifyService:
    """A service of Verify."""

    account: str
    friendly_name: str
    sid: str = field(default_factory=lambda: "VA" + uuid.uuid4().hex)
    code_length: int = 6
    settings: dict[str, bool] = field(
        default_factory=lambda: dict.fromkeys(_SWITCHES.values(), False) | {"dtmf_input_required": True}
    )
    texts: dict[str, str] = field(default_factory=dict)
    created: datetime = field(default_factory=utc_now)
    updated: datetime = field(default_factory=utc_now)

    def change(self, fields: Fields) -> None:
        """Take over the settings of a request. Raises `TwilioError` if one is invalid; then none is changed."""
        name, length = first(fields, "FriendlyName"), first(fields, "CodeLength")
        if len(name) > NAME_LENGTH or sum(char.isdigit() for char in name) > _MOST_DIGITS:
            raise invalid("FriendlyName")
        if length and length not in map(str, range(4, 11)):
            raise invalid("CodeLength")
        switched = {name: first(fields, name).lower() for name in _SWITCHES if name in fields}
        for switch, value in switched.items():
            if value not in ("true", "false"):
                raise invalid(switch)
        self.friendly_name = name or self.friendly_name
        self.code_length = int(length) if length else self.code_length
        self.settings |= {_SWITCHES[switch]: value == "true" for switch, value in switched.items()}
        self.texts |= {
            key: first(fields, name)
            for name, key in (("TtsName", "tts_name"), ("DefaultTemplateSid", "default_template_sid"))
            if name in fields
        }
        self.updated = utc_now()

    def check_line(self, number: str, channel: str) -> None:
        """Raise `TwilioError` if this service sends no SMS to landlines, and the number is one."""
        if channel == "sms" and self.settings["skip_sms_to_landlines"] and line_type(number) == "landline":
            raise TwilioError(403, 60205, "SMS is not supported by landline phone number")

    def lookup(self, number: str) -> dict[str, object]:
        """What a verification says about its number's line."""
        return {"carrier": carrier(number) if self.settings["lookup_enabled"] else None}

    def resource(self) -> dict[str, object]:
        """The service as Twilio shows it."""
        url = f"{URL}/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account,
            "friendly_name": self.friendly_name,
            "code_length": self.code_length,
            **self.settings,
            "tts_name": self.texts.get("tts_name"),
            "default_template_sid": self.texts.get("default_template_sid"),
            "push": {"apn_credential_sid": None, "fcm_credential_sid": None, "include_date": False},
            "totp": {"issuer": self.friendly_name, "time_step": 30, "code_length": 6, "skew": 1},
            "whatsapp": {"msg_service_sid": None, "from": None},
            "passkeys": None,
            "date_created": iso_time(self.created),
            "date_updated": iso_time(self.updated),
            "url": url,
            "links": {name: f"{url}/{path}" for name, path in _LINKS.items()},
        }


class VerifyServices:
    """The services, created here or known to the application beforehand."""

    def __init__(self) -> None:
        self._services: Kept[str, VerifyService] = Kept()
        self._deleted: Kept[str, bool] = Kept()

    def get(self, sid: str, account: str) -> VerifyService | None:
        """The service with this sid; None if it was deleted, or the sid is malformed."""
        service = self._services.get(sid)
        if service is None and _SID.fullmatch(sid) and not self._deleted.get(sid):
            service = VerifyService(account, _DEFAULT_NAME, sid)
            service.settings["custom_code_enabled"] = True
            self._services.put(sid, service)
        return service

    def answer(self, request: Request) -> Response:
        """Answer one authenticated request to the services themselves. Raises `TwilioError`."""
        path = _PATH.fullmatch(request.path)
        if path is None:
            raise not_found(request)
        return self._one(request, path["sid"]) if path["sid"] else self._all(request)

    def _all(self, request: Request) -> Response:
        account = account_of(request)
        if request.method == "GET":
            mine = [service.resource() for service in self._services.newest() if service.account == account]
            return json_response(page(URL, "services", mine))
        if request.method != "POST":
            raise method_not_allowed()
        fields = read_fields(request)
        if not first(fields, "FriendlyName").strip():
            raise invalid("FriendlyName")
        service = VerifyService(account, "")
        service.change(fields)
        self._services.put(service.sid, service)
        return json_response(service.resource(), 201)

    def _one(self, request: Request, sid: str) -> Response:
        service = self.get(sid, account_of(request))
        if service is None:
            raise not_found(request)
        if request.method == "DELETE":
            self._deleted.put(sid, True)
            self._services.remove(sid)
            return Response(status=204)
        if request.method == "POST":
            service.change(read_fields(request))
        elif request.method != "GET":
            raise method_not_allowed()
        return json_response(service.resource())
