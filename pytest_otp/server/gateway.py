"""The plain SMS gateway: `POST /sms` with JSON `to`, `text` and `from`, for an application under test to send through.

    POST /sms  {"to": "+12015550123", "text": "Your code is 482913", "from": "Shop"}
    202        {"id": "7c0f…", "status": "accepted"}

`from` may be left out. A number that nobody holds is accepted too, as a real service would do. What is refused gets
`{"error": …}`: 400 for a bad body, 404, 405, 413 above 64 KiB, 415 for anything but JSON.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from ..errors import OtpError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Request, Response

PATH = "/sms"
MAX_BODY = 64 * 1024
"""Bytes; a larger request is refused with 413."""

_PROXY_EXCEPTIONS = ("127.0.0.1", "localhost")


class SmsNetwork(Protocol):
    """Where a gateway hands its messages to: the carrier, or something that hands them on to one."""

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Take one message; False where nobody holds the number. May raise OtpError for what it cannot take."""
        ...


class Gateway:
    """The gateway as a WSGI application.

    Args:
        network: who takes the messages.
        on_stray: called with each number that a message was sent to and that nobody holds.
    """

    def __init__(self, network: SmsNetwork, *, on_stray: Callable[[str], None] | None = None) -> None:
        self._network = network
        self._on_stray = on_stray

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        from werkzeug.wrappers import Request  # noqa: PLC0415 - with a real provider this module serves nothing

        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Answer one request; for applications that have the gateway beside other things."""
        try:
            _check_envelope(request)
            message = _read_message(_read_json(request))
            held = self._network.submit(message.to, message.text, sender=message.sender)
        except _BadRequest as refusal:
            return json_response({"error": refusal.message}, refusal.status, refusal.headers)
        except OtpError as error:
            return json_response({"error": error.message}, 400)
        if not held and self._on_stray is not None:
            self._on_stray(message.to)
        return json_response({"id": str(uuid.uuid4()), "status": "accepted"}, 202)


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """What the fixture `otp_gateway` hands out."""

    url: str | None
    """`http://127.0.0.1:PORT` without a path; None with a real provider, where the application uses its own service."""

    def environ(self) -> dict[str, str]:
        """Variables for the application under test; empty with a real provider.

        `PYTEST_OTP_GATEWAY_URL` is the url. `NO_PROXY` and `no_proxy` keep what this process has in either of them, and
        name the gateway's host too: a proxy in the environment would swallow the messages.
        """
        if self.url is None:
            return {}
        no_proxy = _extended_no_proxy(urlsplit(self.url).hostname)
        return {"PYTEST_OTP_GATEWAY_URL": self.url, "NO_PROXY": no_proxy, "no_proxy": no_proxy}


def json_response(payload: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer as a WSGI response."""
    from werkzeug.wrappers import Response  # noqa: PLC0415 - see Gateway

    return Response(json.dumps(payload) + "\n", status, headers, mimetype="application/json")


def read_body(request: Request, limit: int) -> bytes:
    """The whole body; werkzeug's RequestEntityTooLarge above so many bytes, its BadRequest where it ends early."""
    from werkzeug.exceptions import RequestEntityTooLarge  # noqa: PLC0415 - see Gateway

    # werkzeug refuses a length above its limit, but a body without a length it just cuts off there.
    request.max_content_length = limit + 1
    body = request.get_data()
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def _extended_no_proxy(host: str | None) -> str:
    # Both spellings get both contents: where a program finds the one, it does not look for the other.
    present = [os.environ.get("no_proxy", ""), os.environ.get("NO_PROXY", "")]
    if "*" in present:
        return "*"  # no proxy at all; with anything beside it, it would be a name
    hosts = [entry.strip() for value in present for entry in value.split(",")]
    hosts += [*_PROXY_EXCEPTIONS, host or ""]
    return ",".join(dict.fromkeys(filter(None, hosts)))


@dataclass(frozen=True, slots=True)
class _Message:
    to: str
    text: str
    sender: str | None


class _BadRequest(Exception):
    def __init__(self, message: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = headers


def _check_envelope(request: Request) -> None:
    if request.path != PATH:
        raise _BadRequest(f"nothing is here; messages go to POST {PATH}", 404)
    if request.method != "POST":
        raise _BadRequest(f"{request.method} is not allowed; messages go to POST {PATH}", 405, {"Allow": "POST"})
    if request.mimetype != "application/json":
        raise _BadRequest(f"Content-Type must be application/json, not {request.mimetype or 'missing'}", 415)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _BadRequest("Content-Encoding is not supported; send the JSON as it is", 415)


def _read_json(request: Request) -> dict[str, object]:
    from werkzeug.exceptions import BadRequest, RequestEntityTooLarge  # noqa: PLC0415 - see Gateway

    try:
        body = read_body(request, MAX_BODY)
    except RequestEntityTooLarge:
        raise _BadRequest(f"the body is larger than {MAX_BODY} bytes", 413) from None
    except BadRequest:
        raise _BadRequest("the body ended early") from None
    try:
        # RecursionError is what deeply nested brackets end in.
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise _BadRequest("the body is not JSON") from None
    if not isinstance(content, dict):
        raise _BadRequest('the body must be a JSON object with "to", "text" and maybe "from"')
    return content


def _read_message(content: dict[str, object]) -> _Message:
    to = _text_field(content, "to")
    text = _text_field(content, "text")
    sender = None if content.get("from") is None else _text_field(content, "from")
    return _Message(_e164(to), text, sender)


def _text_field(content: dict[str, object], name: str) -> str:
    if name not in content:
        sent = ", ".join(map(json.dumps, content)) or "no field at all"
        raise _BadRequest(f'"{name}" is missing; the body has {sent}')
    value = content[name]
    if not isinstance(value, str):
        raise _BadRequest(f'"{name}" must be text, not {_json_type(value)}')
    if not value.strip():
        raise _BadRequest(f'"{name}" is empty')
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _BadRequest(f'"{name}" holds half of a surrogate pair, which is no character') from None
    return value


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return names[type(value)]


def _e164(written: str) -> str:
    import phonenumbers  # noqa: PLC0415 - only a message that came needs it

    digits = written.strip().removeprefix("00")
    try:
        number = phonenumbers.parse(digits if digits.startswith("+") else "+" + digits)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise _BadRequest(f'"to" is no phone number in international form like +12015550123: {json.dumps(written)}')
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
