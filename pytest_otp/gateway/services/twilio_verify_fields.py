"""What an application asks of a Twilio verification, and the text that is sent for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...phone import e164
from ..http import Fields, first
from ..seen import Channel
from .twilio_common import TwilioError
from .twilio_verify_services import NAME_LENGTH, VerifyService, invalid
from .verify_codes import CUSTOM
from .verify_wording import LANGUAGES, language_at, language_of, text_in

CHANNELS: Mapping[str, Channel] = {"sms": "sms", "auto": "sms", "call": "voice", "whatsapp": "whatsapp"}
"""Twilio's channels, and how their messages arrive."""

_LOCALES = frozenset(
    {"af", "bn", "et", "gu", "kn", "lt", "mr", "te", "tl", *LANGUAGES}  # those without a text: English
)
_NOT_SHARED = ". Don't share this code with anyone; our employees will never ask for the code."


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of a request for a verification."""

    to: str
    """The number, in E.164 form."""
    channel: str
    name: str
    """The application's, for the text."""
    language: str
    code: str | None = field(repr=False)
    """The application's own, or None."""
    amount: str | None
    payee: str | None
    app_hash: str

    @classmethod
    def of(cls, fields: Fields, service: VerifyService) -> Asked:
        """Read the fields. Raises `TwilioError` if one is invalid, or the service does not allow it."""
        to, channel, language, code = (
            _number(fields),
            _channel(fields),
            _language(fields),
            _custom_code(service, fields),
        )
        name, (amount, payee) = _name(service, fields), _payment(service, fields)
        service.check_line(to, channel)
        return cls(to, channel, name, language or language_at(to), code, amount, payee, first(fields, "AppHash"))

    def text(self, service: VerifyService, code: str, minutes: int) -> str:
        """What is sent: only an SMS has a warning or the hash of an app."""
        text = text_in(self.language, "twilio", name=self.name, code=code, minutes=minutes)
        if self.channel != "sms":
            return text
        if service.settings["do_not_share_warning_enabled"]:
            text += _NOT_SHARED
        return f"<#> {text}\n{self.app_hash}" if self.app_hash else text


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
    if channel not in CHANNELS:
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
