"""What Vonage's APIs have in common: authentication, the form of errors, senders and numbers.

Sources: https://developer.vonage.com/en/getting-started/concepts/authentication and
https://developer.vonage.com/en/api-errors. What they leave open is as the official Python SDK does it
(`vonage_http_client`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from ...phone import e164
from ..http import authorization, basic_credentials, json_response
from ..message import is_sender_name

ERRORS = "https://developer.vonage.com/api-errors"
"""The `type` of each error begins with it."""

_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


def is_authorized(request: Request) -> bool:
    """Whether the form of the credentials is right: any JWT, or any key with a secret by Basic authentication."""
    given = authorization(request)
    if given is not None and given.type == "bearer":
        return _JWT.fullmatch(given.token or "") is not None
    return all(basic_credentials(request) or ("", ""))


def is_number(written: str) -> bool:
    """Whether this has the form of a phone number with its country code."""
    return _NUMBER.fullmatch(written) is not None


def recipient(written: str) -> str | None:
    """A number in E.164 form, or None if it is not a valid phone number."""
    return e164("+" + written.removeprefix("+")) if is_number(written) else None


def is_sender(sender: str) -> bool:
    """Whether this may be a message's sender: a number or a name. Spaces are ignored."""
    return bool(re.fullmatch(r"\+?[0-9]{1,15}", sender)) or is_sender_name(sender.replace(" ", ""), "-_.&+'")


def problem(
    status: int, kind: str, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """An error in the form of RFC 7807. `kind` is what follows `ERRORS` in its type."""
    payload = {"type": ERRORS + kind, "title": title, "detail": detail, "instance": uuid.uuid4().hex} | more
    response = json_response(payload, status, headers)
    response.mimetype = "application/problem+json"
    return response


def unauthorized() -> Response:
    """The answer to a request without credentials."""
    return problem(401, "#unauthorized", "Unauthorized", "You did not provide correct credentials.")


def refusal(status: int, message: str, code: str | None = None) -> Response:
    """An error in the form of RFC 7807; `code` is what follows `ERRORS` in its type."""
    return problem(status, code or "", "Error", message)
