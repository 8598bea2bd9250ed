"""OTP-virt's push (item 6 of its document): the service POSTs each SMS to a URL of ours.

    POST /otpvirt/<token>  {"id": "0f9a…", "phoneFrom": "Viber", "phone": 992112302159, "text": "Your code is 905526",
                            "code": "905526", "clientId": "bd7b…", "activationId": "df50…"}
    200                    {"status": 2}

The document's sample has an `apiPassword`, which its table lacks, and lacks the `id`, which its table requires: both
may be left out. Refused are, with `{"status": 4, "reason": …}`:

    400  a missing field, or one of the wrong type
    403  a clientId or apiPassword other than this run's
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..redact import Secret
from .push import PushedSms, PushEndpoint, PushRefused, is_same, json_object, text_field

__tracebackhide__ = True

_SUCCESS, _ERROR = 2, 4
_LARGEST_ULONG = 2**64 - 1
_LONGEST_ID = 128


def parse(headers: Mapping[str, str], body: bytes, values: Mapping[str, str | Secret | None]) -> PushedSms:
    """The pushed SMS. Raises PushRefused."""
    content = json_object(headers, body)
    _check_account(content, values["OTPVIRT_CLIENT_ID"], values["OTPVIRT_API_PASSWORD"])
    message_id = (text_field(content, "id") or "").strip()
    if len(message_id) > _LONGEST_ID:
        raise PushRefused(400, f"id is longer than {_LONGEST_ID} characters")
    return PushedSms(
        order_id=_required(content, "activationId"),
        number=_phone(content.get("phone")),
        message_id=message_id,
        sender=(text_field(content, "phoneFrom") or "").strip() or None,
        text=_required(content, "text"),
        code=(text_field(content, "code") or "").strip() or None,
    )


PUSH = PushEndpoint(
    path="/otpvirt/",
    token="OTPVIRT_WEBHOOK_TOKEN",  # noqa: S106 - the variable's name
    parse=parse,
    accepted={"status": _SUCCESS},
    refused={"status": _ERROR},
)
"""What `OtpvirtProvider` declares."""


def _check_account(content: Mapping[str, Any], client_id: str | Secret | None, password: str | Secret | None) -> None:
    # The one is a GUID, which may be written in either case; the other may be left out.
    theirs, their_password = _required(content, "clientId").lower(), text_field(content, "apiPassword")
    matches = is_same(theirs, _revealed(client_id).lower())
    if their_password is not None:
        matches &= is_same(their_password, _revealed(password))
    if not matches:
        raise PushRefused(403, "clientId or apiPassword does not match this run's")


def _revealed(value: str | Secret | None) -> str:
    return value.reveal() if isinstance(value, Secret) else value or ""


def _phone(value: object) -> str:
    """An unsigned integer of 64 bits; its digits as a text will do."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST_ULONG)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ULONG:
        raise PushRefused(400, "phone is missing, or not a phone number")
    return str(value)


def _required(content: Mapping[str, Any], name: str) -> str:
    value = text_field(content, name)
    if not value:
        raise PushRefused(400, f"{name} is missing or empty")
    return value
