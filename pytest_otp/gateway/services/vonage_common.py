"""What Vonage's APIs have in common: authentication, the form of errors, senders and numbers.

Sources: https://developer.vonage.com/en/getting-started/concepts/authentication and
https://developer.vonage.com/en/api-errors. What they leave open is as the official Python SDK does it
(`vonage_http_client`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping

from werkzeug.wrappers import Request, Response

from ...phone import e164
from ..http import authorization, basic_credentials, is_writable, json_response, read_form, read_object, read_text
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


def read_fields(request: Request, invalid: Callable[[str], Exception]) -> Mapping[str, str]:
    """The fields of a request to one of the older APIs, in its query or its body. Raises `Unreadable`.

    The body shows whether it is a form or JSON: the SDK declares a form as JSON once it has sent JSON to another API.

    Args:
        request: The request.
        invalid: Makes the error that is raised for a field that is no plain value, from its name.
    """
    text, fields = read_text(request), request.args.to_dict()
    if not text.lstrip().startswith("{"):
        return fields | {name: values[0] for name, values in read_form(text).items()}
    for name, value in read_object(text).items():
        if isinstance(value, (dict, list)) or (isinstance(value, str) and not is_writable(value)):
            raise invalid(name)
        if value is not None:
            fields[name] = str(value)
    return fields


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
