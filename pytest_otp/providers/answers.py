"""The responses of providers: a JSON object, or an error that says what was received instead.

An error quotes the start of an unusable response, without secrets or SMS texts.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import requests
import urllib3.exceptions

from ..display import shown
from ..errors import AuthenticationError, OrderUncertain, OtpError, ProviderError, ProviderUnavailable
from ..redact import scrub
from .base import Repeat

__tracebackhide__ = True

_LONGEST_REASON = 120
_QUOTING = (
    http.client.BadStatusLine,
    http.client.UnknownProtocol,
    urllib3.exceptions.InvalidChunkLength,
    UnicodeError,
)
"""Errors whose messages quote what was received, which may be an SMS."""
_EDGE_BLOCK = "error code: 1010"
_PRIVATE_FIELDS = re.compile(r'("(?:sms|text|code|email)"\s*:\s*).*', re.DOTALL)

_LONGEST_INTEGER = 64
"""Digits."""

_E = TypeVar("_E", bound=OtpError)


@dataclass(frozen=True, slots=True)
class JsonResponse:
    """A JSON object that the provider sent, whether a success or a refusal."""

    provider: str
    """The provider's name."""
    status: int
    """The HTTP status: 2xx, or 4xx with a JSON object."""
    data: Mapping[str, Any] = field(repr=False)
    """The object; numbers with a fraction are Decimal."""
    excerpt: str
    """The start of the body, without secrets or SMS texts."""
    repeat: Repeat
    """Which failures of the request were retried."""

    def unexpected(self, why: str) -> ProviderError | OrderUncertain:
        """Return the error to raise if the object is not as documented; `why` completes "HTTP 200 with …"."""
        return judged(_refusal(self.provider, self.status, self.excerpt, scrub(why)[:120]), self.repeat)

    def failed(self, words: str) -> ProviderError | OrderUncertain:
        """Return the error to raise if the provider reports an internal failure; `words` is its message."""
        failure = ProviderUnavailable(
            f"the provider responded with {words}", http_status=self.status, provider=self.provider, words=words
        )
        return judged(failure, self.repeat)


def read(provider: str, status: int, retry_after: str, text: str, repeat: Repeat) -> JsonResponse:
    """Return the JSON object in a response; `retry_after` is the header's value.

    Raises ProviderUnavailable or AuthenticationError if there is none.
    """
    excerpt = _excerpt(text)
    data = _parsed(text)
    usable = status < 300 or (400 <= status < 500 and status != 429)
    if isinstance(data, dict) and usable:
        return JsonResponse(provider, status, data, excerpt, repeat)
    failure = _refusal(provider, status, excerpt, _what_it_is(text, data))
    if isinstance(failure, ProviderUnavailable):
        failure.retry_after = _seconds(retry_after.strip())
    raise failure


def described(error: Exception, provider: str, timeouts: tuple[float, float]) -> ProviderUnavailable:
    """Return the error for a failed request; `sent` is False if it certainly did not reach the provider."""
    causes = list(_causes(error))
    unsent = isinstance(error, requests.ConnectTimeout) or any(
        isinstance(cause, (urllib3.exceptions.NewConnectionError, ssl.SSLCertVerificationError)) for cause in causes
    )
    if isinstance(error, requests.ConnectTimeout):
        what = f"could not connect within {timeouts[0]:g} s"
    elif isinstance(error, (requests.Timeout, urllib3.exceptions.ReadTimeoutError)):
        what = f"no response within {timeouts[1]:g} s"
    else:
        what = f"{'could not connect' if unsent else 'the connection failed'} ({_reason(causes[-1])})"
    return ProviderUnavailable(what, provider=provider, sent=not unsent)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps; requests and urllib3 keep it in arguments and `reason`, not in `__cause__`."""
    following: BaseException | None = error
    while following is not None:
        yield following
        wrapped = [getattr(following, "reason", None), getattr(following, "original_error", None), *following.args]
        following = next((item for item in wrapped if isinstance(item, BaseException)), None)


def _reason(error: BaseException) -> str:
    if isinstance(error, _QUOTING) and not isinstance(error, OSError):
        return type(error).__name__
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error).rpartition(">: ")[2]
    return f"{type(error).__name__}: {shown(scrub(text), _LONGEST_REASON)}"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _decimal(text: str) -> Decimal:
    """Not a number if its exponent is out of range: one odd field must not make an answer unusable."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _integer(text: str) -> int | Decimal:
    """A Decimal if it is too long for an int: Python refuses to convert thousands of digits."""
    return int(text) if len(text) <= _LONGEST_INTEGER else _decimal(text)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a JSON number")


def _what_it_is(text: str, data: Any) -> str:
    if not text.strip():
        return "an empty body"
    if data is not None:
        return "JSON" if isinstance(data, dict) else "JSON that is not an object"
    return "HTML" if text.lstrip()[:1] == "<" else "invalid JSON"


def _excerpt(text: str) -> str:
    # Scrubbed before it is cut: half a key would not be recognized.
    start = scrub(text[:16384])[:2048]
    words = re.sub(r"<[^<>]*>", " ", _PRIVATE_FIELDS.sub(r"\1…", start))
    return " ".join(words.split())[:120]


def _refusal(provider: str, status: int, excerpt: str, what: str) -> ProviderUnavailable | AuthenticationError:
    said = f"HTTP {status} with {what}" + (f": {excerpt!r}" if excerpt else "")
    if status == 403 and _EDGE_BLOCK in excerpt:
        return ProviderUnavailable(
            f"the service's edge network (such as Cloudflare) blocked the request ({said})",
            http_status=status,
            provider=provider,
            hint="Set a browser's user agent (for otpcepat: OTPCEPAT_USER_AGENT), or ask the service for access.",
        )
    if status == 401 or (status == 403 and what != "HTML"):
        return AuthenticationError(f"the credentials were rejected ({said})", provider=provider)
    return ProviderUnavailable(f"unusable response ({said})", http_status=status, provider=provider)


def judged(failure: _E, repeat: Repeat) -> _E | OrderUncertain:
    """Return the failure itself, or OrderUncertain if an order may have been placed."""
    certain = not isinstance(failure, ProviderUnavailable) or not failure.sent or failure.http_status in (401, 403, 429)
    if repeat is not Repeat.UNSENT or certain:
        return failure
    return OrderUncertain(
        f"the order was sent, but its outcome is unknown: {failure.message}", provider=failure.provider
    )


def _seconds(value: str) -> float | None:
    if value.isdecimal():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, (when - datetime.now(when.tzinfo or timezone.utc)).total_seconds())
