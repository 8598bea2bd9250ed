"""OTP-virt's push (item 6 of its document): the service POSTs each SMS to a URL of ours.

    POST /otpvirt/<token>  {"id": "0f9a…", "phoneFrom": "Viber", "phone": 992112302159, "text": "Your code is 905526",
                            "code": "905526", "clientId": "bd7b…", "activationId": "df50…"}
    200                    {"status": 2}

The document's sample has an `apiPassword`, which its table lacks, and lacks the `id`, which its table requires: both
are optional. These requests are refused, with `{"status": 4, "reason": …}`:

    400  a missing field, or one of the wrong type
    403  a clientId or apiPassword other than this run's
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..redact import Secret
from .push import PushedSms, PushEndpoint, PushRefused, is_same, json_object, optional_text, required_text

__tracebackhide__ = True

_SUCCESS, _ERROR = 2, 4
_LARGEST_ULONG = 2**64 - 1
_LONGEST_ID = 128


def parse(headers: Mapping[str, str], body: bytes, values: Mapping[str, str | Secret | None]) -> PushedSms:
    """The pushed SMS. Raises PushRefused."""
    content = json_object(headers, body)
    _check_account(content, values)
    message_id = (optional_text(content, "id") or "").strip()
    if len(message_id) > _LONGEST_ID:
        raise PushRefused(400, f"id is longer than {_LONGEST_ID} characters")
    return PushedSms(
        order_id=required_text(content, "activationId"),
        number=_phone(content.get("phone")),
        message_id=message_id,
        sender=(optional_text(content, "phoneFrom") or "").strip() or None,
        text=required_text(content, "text"),
        code=(optional_text(content, "code") or "").strip() or None,
    )


PUSH = PushEndpoint(
    path="/otpvirt/",
    variable="OTPVIRT_WEBHOOK_TOKEN",
    parse=parse,
    accepted={"status": _SUCCESS},
    refused={"status": _ERROR},
)
"""What `OtpvirtProvider` declares."""


def _check_account(content: Mapping[str, Any], values: Mapping[str, str | Secret | None]) -> None:
    # The client ID is a GUID, which may be written in either case; the password may be left out.
    client_id, password = required_text(content, "clientId"), optional_text(content, "apiPassword")
    matches = is_same(client_id.lower(), _lower(values["OTPVIRT_CLIENT_ID"]))
    if password is not None:
        matches &= is_same(password, values["OTPVIRT_API_PASSWORD"])
    if not matches:
        raise PushRefused(403, "clientId or apiPassword does not match this run's")


def _lower(value: str | Secret | None) -> str | None:
    return value.reveal().lower() if isinstance(value, Secret) else value


def _phone(value: object) -> str:
    """An unsigned integer of 64 bits; its digits as a text will do."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST_ULONG)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ULONG:
        raise PushRefused(400, "phone is missing or not a phone number")
    return str(value)
