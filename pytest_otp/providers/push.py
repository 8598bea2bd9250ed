"""How a provider pushes SMS to a run: what its class declares, and how the webhook handles a request.

A provider class that supports it declares a `push`:

    class SimboxProvider:
        push: ClassVar[PushEndpoint] = PushEndpoint(path="/simbox/", variable="SIMBOX_WEBHOOK_TOKEN", parse=parse_push)
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

from ..redact import Secret

__tracebackhide__ = True


@dataclass(frozen=True, slots=True, repr=False)
class PushedSms:
    """One SMS that a provider pushed. Its repr shows none of it: reports are public."""

    order_id: str
    """The provider's ID for the order, compared case-insensitively."""
    number: str
    """The number that received the SMS, with country code; it must be that of the order."""
    message_id: str
    """The provider's ID for the message; empty if it gives none: the message is then fetched by polling."""
    sender: str | None
    """The sender's number or name; None if the provider does not give it."""
    text: str
    """The whole text."""
    code: str | None
    """The code that the provider itself found in the text; None if it does not give one."""

    def plain(self) -> dict[str, Any]:
        """Return plain data for another process: `PushedSms(**plain)`."""
        return asdict(self)


class PushRefused(Exception):
    """Raised by `PushEndpoint.parse` for a request that is not accepted; the webhook responds with both arguments.

    Args:
        status: the HTTP status, 400 to 499: 403 for another account, 415 for a wrong media type, 400 for the rest.
        reason: a few words for the provider's delivery log, without secrets or SMS texts.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


Parse = Callable[[Mapping[str, str], bytes, Mapping[str, "str | Secret | None"]], "PushedSms | None"]


@dataclass(frozen=True, slots=True)
class PushEndpoint:
    """Where a provider POSTs each SMS, and how to parse its requests. Declared as `push` on the provider's class.

    The webhook itself checks the path, the method, the size of the body and its gzip encoding, and drops duplicate
    messages; `parse` does the rest.
    """

    path: str
    """The part of the URL's path before the token, with a slash at both ends: `/simbox/`."""
    variable: str
    """The name of the variable that contains the token; it must be a secret one of the class's `variables`.

    If it is not set, each run generates a random token.
    """
    parse: Parse
    """Called as `parse(headers, body, values)`, from any thread.

    `headers` are the request's headers, with lower-case names; `body` is the decompressed body; `values` are the values
    of the class's `variables`. Returns the SMS, or None for an authentic request without one, such as a delivery test.
    Raises `PushRefused`; any other exception is logged and answered with 500.
    """
    accepted: Mapping[str, Any] = field(default_factory=lambda: {"ok": True})
    """The JSON object that the provider expects in response to an accepted SMS."""
    refused: Mapping[str, Any] = field(default_factory=lambda: {"ok": False})
    """The JSON object that it expects in response to a refused SMS; a `reason` is added."""

    def __post_init__(self) -> None:
        """Raise ValueError for a path that cannot stand before a token."""
        if not (self.path.startswith("/") and self.path.endswith("/") and len(self.path) > 1):
            raise ValueError(f"path must start and end with a slash, as in '/simbox/'; got {self.path!r}")


def json_object(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the JSON object in a pushed body.

    Raises PushRefused for another media type, and for a body that is not a JSON object in UTF-8.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise PushRefused(415, "Content-Type must be application/json")
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # deeply nested brackets end in the latter
        raise PushRefused(400, "the body is not valid JSON in UTF-8") from None
    if not isinstance(content, dict):
        raise PushRefused(400, "the body is not a JSON object")
    return content


def required_text(content: Mapping[str, Any], name: str) -> str:
    """Return a field of the object. Raises PushRefused if it is missing, empty, or not a string."""
    value = optional_text(content, name)
    if not value:
        raise PushRefused(400, f"{name} is missing or empty")
    return value


def optional_text(content: Mapping[str, Any], name: str) -> str | None:
    """Return a field of the object; None if it is missing or null. Raises PushRefused if it is not a string."""
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise PushRefused(400, f"{name} is not a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PushRefused(400, f"{name} contains an unpaired surrogate") from None
    return value


def is_same(theirs: str, ours: str | Secret | None) -> bool:
    """Compare with a secret, in a time that reveals nothing about it. Nothing is the same as None."""
    if ours is None:
        return False
    ours = ours.reveal() if isinstance(ours, Secret) else ours
    return hmac.compare_digest(theirs.encode(errors="surrogatepass"), ours.encode(errors="surrogatepass"))


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)  # NaN and Infinity are Python's, not JSON's
