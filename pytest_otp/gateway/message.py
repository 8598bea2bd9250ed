"""A message on its way from a face to the phone network: its number's writings, and how many parts it is sent in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

# GSM 03.38 (3GPP TS 23.038, 6.2.1): the basic alphabet, and what costs two characters.
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS as a face understood it."""

    to: str
    """E.164."""
    text: str = field(repr=False)
    """Not blank."""
    sender: str | None
    """The sender's number or name as it was sent."""


Send = Callable[[Message], bool]
"""Hands a message on, and tells whether somebody holds its number. May raise OtpError."""


def is_sender_name(sender: str, special: str = "") -> bool:
    """Whether it is an alphanumeric sender ID: eleven characters at most, one of them a letter, all of them ASCII.

    Args:
        sender: what an application sent.
        special: the characters beside letters and digits that a service allows.
    """
    return re.fullmatch(rf"(?=.*[A-Za-z])[A-Za-z0-9{re.escape(special)}]{{1,11}}", sender) is not None


def parts(text: str, *, unicode: bool = False) -> int:
    """How many SMS a text is sent in: 160 characters of the GSM alphabet fit in one, or 70 of UCS-2.

    In more than one, each has room for 153 or 67. `unicode` takes UCS-2 also where GSM would do.
    """
    if not unicode and set(text) <= _GSM_BASIC | _GSM_EXTENDED:
        length, single, several = len(text) + sum(char in _GSM_EXTENDED for char in text), 160, 153
    else:
        length, single, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // several)
