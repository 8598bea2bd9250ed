"""What an application asks of Vonage's legacy Verify API, and the form in which a request fails.

Sources: those of `vonage_verify_legacy`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from ...phone import e164
from ..seen import Channel
from .verify_codes import new_code
from .verify_wording import language_at, language_of
from .vonage_common import is_number, recipient
from .vonage_verifying import Step, VerifyRequest

BRAND_LENGTH = 18
"""Characters of a brand."""
SENDER_LENGTH = 11
"""Characters of a sender_id."""

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


class Failed(Exception):
    """An answer with a status that is not zero.

    Attributes:
        payload: The content of the answer.
    """

    def __init__(self, status: int, text: str, **more: str) -> None:
        super().__init__(text)
        self.payload = {**more, "status": str(status), "error_text": text}


def required(fields: Mapping[str, str], name: str) -> str:
    """A field's value. Raises `Failed` if it is missing."""
    value = fields.get(name, "").strip()
    if not value:
        raise Failed(2, f"Your request is incomplete and missing the mandatory parameter: {name}")
    return value


def request_of(fields: Mapping[str, str], brand: str, now: float) -> VerifyRequest:
    """The request that is asked for, started `now`. Raises `Failed` if a field is invalid."""
    number = _number(required(fields, "number"), fields.get("country", ""))
    length = _one_of(fields, "code_length", "4", ("4", "6"), ". The allowed values are 4 and 6.")
    workflow = _WORKFLOWS[_one_of(fields, "workflow_id", "1", tuple(_WORKFLOWS))]
    wait = _seconds(fields, "next_event_wait", 300, range(60, 901))
    expiry = _seconds(fields, "pin_expiry", 300, range(60, 3601))
    if "next_event_wait" in fields and "pin_expiry" in fields and expiry % wait:
        expiry = wait
    code, sender, language = fields.get("pin_code", ""), fields.get("sender_id"), fields.get("lg", "")
    if code and not re.fullmatch(r"[A-Za-z0-9]{4,10}", code):
        raise Failed(3, "Invalid value for param: pin_code")
    if sender and len(sender) > SENDER_LENGTH:
        raise Failed(3, "Invalid value for param: sender_id. Parameter is too long.")
    if language and not re.fullmatch(r"[a-z]{2,3}-[a-z]{2}", language.lower()):
        raise Failed(3, "Invalid value for param: lg")
    spoken = language_of(language) if language else language_at(number)
    steps = [Step(number, channel, sender or None) for channel in workflow]
    request_id = uuid.uuid4().hex
    return VerifyRequest(brand, spoken, code or new_code(int(length)), steps, expiry, now, request_id)


def _number(written: str, country: str) -> str:
    national = e164(written, country.upper()) if country else None
    number = national or (recipient(written) if is_number(written) else None)
    if number is None:
        raise Failed(3, "Invalid value for param: number")
    return number


def _one_of(fields: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...], more: str = "") -> str:
    value = fields.get(name) or default
    if value not in allowed:
        raise Failed(3, f"Invalid value for param: {name}{more}")
    return value


def _seconds(fields: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    value = fields.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,4}", value) or int(value) not in allowed:
        raise Failed(3, f"Invalid value for param: {name}")
    return int(value)
