"""The plain SMS API: `POST /sms` with JSON `to`, `text` and `from`, for applications without an SDK.

    POST /sms  {"to": "+12015550123", "text": "Your code is 482913", "from": "Shop"}
    202        {"id": "7c0f…", "status": "accepted"}

`from` is optional. Errors are `{"error": …}`: 400 for an invalid body, 404, 405, 413 above 64 KiB, and 415 for anything
but JSON.

Failures that a test asks for also have a `code`, which is their kind.
"""

from __future__ import annotations

import json
import uuid
from typing import ClassVar

from werkzeug.wrappers import Request, Response

from ...errors import OtpError
from ...phone import e164
from ..failures import Documented
from ..http import JSON, Unreadable, is_writable, json_response, read_object, read_text
from ..message import Backend, OutgoingSms

PATH = "/sms"


class Plain:
    """The plain API."""

    SERVICE: ClassVar[str] = "plain"
    PATHS: ClassVar[tuple[str, ...]] = (f"POST {PATH}",)
    FAILURES: ClassVar[Documented] = {
        "unsubscribed": (400, "unsubscribed", "the recipient has unsubscribed"),
        "unreachable": (202, "unreachable", "the phone cannot be reached"),
        "blocked": (400, "blocked", "the message was blocked"),
        "rate_limited": (429, "rate_limited", "too many requests"),
        "server_error": (500, "server_error", "internal error"),
    }

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def matches(self, request: Request) -> bool:
        """Whether the path is `/sms`."""
        return request.path == PATH

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.method != "POST":
            error = f"{request.method} is not allowed; use POST"
            return json_response({"error": error}, 405, {"Allow": "POST"})
        try:
            self._backend.send(_message(request))
        except Unreadable as refusal:
            return json_response({"error": refusal.message}, refusal.status)
        except OtpError as error:
            return json_response({"error": error.message}, 400)
        return json_response({"id": str(uuid.uuid4()), "status": "accepted"}, 202)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error, with the code beside it if there is one."""
        return json_response({"error": message} | ({"code": code} if code else {}), status)


def _message(request: Request) -> OutgoingSms:
    if request.mimetype != JSON:
        raise Unreadable(f"Content-Type must be {JSON}; got {request.mimetype or 'none'}", 415)
    content = read_object(read_text(request))
    to = _text_field(content, "to")
    text = _text_field(content, "text")
    sender = None if content.get("from") is None else _text_field(content, "from")
    digits = to.strip().removeprefix("00")
    number = e164(digits if digits.startswith("+") else "+" + digits)
    if number is None:
        raise Unreadable(
            f'"to" must be a phone number in international form, such as +12015550123; got {json.dumps(to)}'
        )
    return OutgoingSms(number, text, sender)


def _text_field(content: dict[str, object], name: str) -> str:
    if name not in content:
        raise Unreadable(f'"{name}" is missing; got {", ".join(map(json.dumps, content)) or "an empty object"}')
    value = content[name]
    if not isinstance(value, str):
        raise Unreadable(f'"{name}" must be a string; got {_json_type(value)}')
    if not value.strip():
        raise Unreadable(f'"{name}" must not be empty')
    if not is_writable(value):
        raise Unreadable(f'"{name}" contains an unpaired surrogate')
    return value


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return names[type(value)]
