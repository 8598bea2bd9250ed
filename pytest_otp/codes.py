"""SMS text → one-time code. Pure: no I/O.

The rules, strongest first: WebOTP's last line (`@host #code`); what follows or precedes a word that announces a code; a
lone number in a text that has no other. What stands in a link, an amount, a date, a time or a phone number is none.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_TEXT = 4096
"""Characters that are looked at: more than the longest SMS has."""

_WEB_OTP = re.compile(r"(?m)^@\S+ #(\S+)\s*\Z")

_ANNOUNCED = re.compile(
    r"\b(?:code|otp|pin|passcode|password|token|tan|código|codigo|clave|codice|kode|kod|koodi|kodi|mã|"
    r"passwort|bestätigungscode|sicherheitscode|verification)\b|код|пароль|验证码|驗證碼|認証コード|인증번호|رمز|كود|קוד|कोड|รหัส",
    re.IGNORECASE,
)

_NO_CODE = re.compile(
    r"https?://\S+|www\.\S+"
    r"|[$€£¥₹₽]\s?\d[\d.,]{0,20}|(?<![\d.,])\d[\d.,]{0,20}\s?(?:[$€£¥₹₽%]|(?:usd|eur|gbp|inr|rub|idr|rp|rs)\b)"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{1,4}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"
    r"|\+\d[\d\s()-]{6,20}\d|\b1?[-\s]?\(?\d{3}\)?[-\s]\d{3}[-\s]\d{4}\b"
    r"|\b\d{1,6}\s?(?:min|mins|minutes?|sec|seconds?|hours?|hrs?|days?|menit|minuten|minutos|minut\w*|мин\w*)\b|\d+\s?分钟"
    r"|[*xX•]{2,30}\d{1,20}",
    re.IGNORECASE,
)

_CANDIDATE = re.compile(
    r"(?<![\w.,*#/@-])(?:[A-Z]{1,2}-)?"
    r"(\d{3}[ -]\d{3}|\d{4}[ -]\d{4}|\d{4,8}|(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,8})"
    r"(?![\w/@-]|[.,]\d)"
)


def extract_code(text: str) -> str | None:
    """The one-time code in an SMS, without separators and in ASCII digits; None where there is none."""
    plain = _plain(text[:LONGEST_TEXT])
    declared = _WEB_OTP.search(plain)
    if declared:
        return _joined(declared[1])
    readable = _NO_CODE.sub(lambda match: " " * len(match[0]), plain)
    candidates = list(_CANDIDATE.finditer(readable))
    announced = [word.span() for word in _ANNOUNCED.finditer(readable)]
    if candidates and announced:
        return _joined(min(candidates, key=lambda found: _distance(found, announced))[1])
    return _joined(candidates[0][1]) if len(candidates) == 1 and candidates[0][1].isdecimal() else None


def _distance(candidate: re.Match[str], words: list[tuple[int, int]]) -> float:
    """How far from an announcing word; a code stands behind its word more often than before it."""
    before = [2.0 * (start - candidate.end()) for start, _ in words if start >= candidate.end()]
    behind = [float(candidate.start() - end) for _, end in words if end <= candidate.start()]
    return min(before + behind, default=float("inf"))


def _plain(text: str) -> str:
    """ASCII digits for those of any script, and without the invisible marks that steer right-to-left text."""
    kept = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in kept)


def _joined(code: str) -> str:
    return code if code.isalpha() else re.sub(r"[ -]", "", code)
