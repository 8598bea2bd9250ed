"""An SMS on its way from a service to the phone network: its sender, and in how many parts it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ..display import SafeRepr
from .callbacks import Callbacks
from .templates import Templates

Channel = Literal["sms", "whatsapp", "voice"]
"""How a message reaches its number; `voice` is a call in which the text is read out."""

# GSM 03.38 (3GPP TS 23.038, 6.2.1): the basic alphabet, and the characters that count as two.
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message that was accepted."""

    delivered: bool
    """Whether it reached its number."""
    code: str | None = None
    """The service's own code for why it did not; None if the number is not held."""
    reason: str | None = None
    """The service's words for it."""


def _ignore(outcome: Outcome) -> None:
    """What becomes of most messages is of no interest to their service."""


@dataclass(frozen=True, slots=True, repr=False)
class OutgoingSms(SafeRepr):
    """An SMS that an application sends through a service."""

    to: str
    """The number, in E.164 form."""
    text: str = field(repr=False)
    """Never blank."""
    sender: str | None
    """The sender's number or name, as the application gave it."""
    channel: Channel = "sms"
    report: Callable[[Outcome], None] = field(default=_ignore, repr=False, compare=False)
    """Called once when it is known what became of the message: before `send` returns, or later in another thread."""


Send = Callable[[OutgoingSms], bool]
"""Passes an SMS on; returns whether its number is held, or False if it is not to be delivered.

Raises `OtpError` if the number cannot receive it, and `SendingFailed` if a test asked for a failure.
"""


@dataclass(frozen=True, slots=True)
class Backend:
    """What a service has of the gateway."""

    send: Send
    templates: Templates = field(default_factory=Templates)
    """Content templates that tests declared."""
    callbacks: Callbacks = field(default_factory=Callbacks)
    """Makes requests to the application: receipts, and documents that it names. Defaults to this machine only."""


def is_sender_name(sender: str, special: str = "") -> bool:
    """Whether this is an alphanumeric sender ID: at most eleven ASCII characters with at least one letter.

    Args:
        sender: The sender, as the application gave it.
        special: Characters that the service allows in addition to letters and digits.
    """
    return re.fullmatch(rf"(?=.*[A-Za-z])[A-Za-z0-9{re.escape(special)}]{{1,11}}", sender) is not None


def parts(text: str, *, unicode: bool = False) -> int:
    """In how many SMS a text is sent: one holds 160 characters of the GSM alphabet, or 70 in UCS-2.

    In a longer text each holds 153 or 67. `unicode` forces UCS-2.
    """
    if not unicode and set(text) <= _GSM_BASIC | _GSM_EXTENDED:
        length, single, several = len(text) + sum(char in _GSM_EXTENDED for char in text), 160, 153
    else:
        length, single, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // several)
