"""Verification of phone numbers: codes that expire, lock after wrong tries, and can be sent again."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from .sms import SmsSender

CODE_DIGITS = 6
CODE_LIFETIME_SECONDS = 10 * 60
WRONG_TRIES = 3
CODES_PER_NUMBER = 5
LOCK_SECONDS = 15 * 60


class Outcome(Enum):
    """The result of checking a code."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"


class TooManyCodesError(Exception):
    """The number is locked, or has received too many codes."""


@dataclass
class _Attempt:
    """The state of one phone number that is being verified."""

    touched_at: float
    code: str | None = None
    sent_at: float = 0.0
    codes_sent: int = 0
    wrong_tries: int = 0


class Verification:
    """Verifies phone numbers.

    Wrong tries count per number, not per browser or code: a new session or a new code gives no new tries. A number is
    forgotten `LOCK_SECONDS` after its last code or wrong try, or once it is verified.
    """

    def __init__(self, send_sms: SmsSender, clock: Callable[[], float] = time.monotonic) -> None:
        self._send_sms = send_sms
        self._clock = clock
        self._attempts: dict[str, _Attempt] = {}
        self._lock = threading.Lock()

    def send_code(self, number: str) -> None:
        """Send a new code; earlier ones become invalid. Raises TooManyCodesError or SmsNotSentError."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        with self._lock:
            attempt = self._attempt(number)
            if attempt.wrong_tries >= WRONG_TRIES or attempt.codes_sent >= CODES_PER_NUMBER:
                raise TooManyCodesError
            attempt.code = code
            attempt.sent_at = attempt.touched_at = self._clock()
            attempt.codes_sent += 1
        minutes = CODE_LIFETIME_SECONDS // 60
        self._send_sms(number, f"{code} is your Harbour code. It is valid for {minutes} minutes. Do not share it.")

    def check(self, number: str, typed: str) -> Outcome:
        """Compare the typed code with the last one sent. A code works once."""
        with self._lock:
            attempt = self._attempt(number)
            if attempt.wrong_tries >= WRONG_TRIES:
                return Outcome.LOCKED
            if attempt.code is None or self._clock() - attempt.sent_at > CODE_LIFETIME_SECONDS:
                return Outcome.EXPIRED
            if hmac.compare_digest(typed.encode(), attempt.code.encode()):
                del self._attempts[number]
                return Outcome.RIGHT
            attempt.wrong_tries += 1
            attempt.touched_at = self._clock()
            return Outcome.LOCKED if attempt.wrong_tries >= WRONG_TRIES else Outcome.WRONG

    def tries_left(self, number: str) -> int:
        """How many more wrong codes are allowed for this number."""
        with self._lock:
            return WRONG_TRIES - self._attempt(number).wrong_tries

    def _attempt(self, number: str) -> _Attempt:
        now = self._clock()
        for stale in [key for key, attempt in self._attempts.items() if now - attempt.touched_at > LOCK_SECONDS]:
            del self._attempts[stale]
        return self._attempts.setdefault(number, _Attempt(touched_at=now))
