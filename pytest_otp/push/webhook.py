"""OTP-virt's push (item 6 of its document): the service POSTs each SMS to a URL of ours.

    POST /otpvirt/<token>  {"id": "0f9a…", "phoneFrom": "Viber", "phone": 992112302159, "text": "Your code is 905526",
                            "code": "905526", "clientId": "bd7b…", "activationId": "df50…"}
    200                    {"status": 2}

The document's sample has an `apiPassword`, which its table lacks, and lacks the `id`, which its table requires: both
may be left out. Whatever is refused changes nothing:

    400  no JSON object in UTF-8, a field that is missing or of the wrong type, a broken or cut body
    403  clientId or apiPassword is not ours
    404  another path or token; no open order of this run has this activationId and phone
    405  no POST
    413  more than 64 KiB, as sent or unpacked
    415  no JSON by its Content-Type, or packed otherwise than by gzip
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ..errors import SettingsError
from ..redact import Secret
from ..server.gunzip import TooLarge, gunzip
from .pushed import Outcome, Push

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Request, Response

PATH = "/otpvirt/"
"""What stands before the token."""
MAX_BODY = 64 * 1024
"""Bytes, as sent and unpacked."""
SHORTEST_TOKEN = 16
TOKEN_VARIABLE = "OTPVIRT_WEBHOOK_TOKEN"  # noqa: S105 - its name

_SUCCESS, _ERROR = 2, 4
_LARGEST_ULONG = 2**64 - 1
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},}}")
_LONGEST_ID = 128


@dataclass(frozen=True, slots=True, repr=False)
class WebhookAddress:
    """What the fixture `otp_webhook` hands out. Its repr does not show the url, which is a secret."""

    url: str | None
    """Where the service's POST goes, as this machine reaches it; None where the run has no webhook."""


class Webhook:
    """The webhook as a WSGI application.

    Args:
        token: the end of its path.
        client_id: the account's.
        api_password: the account's.
        take: what is done with an authentic push.
    """

    def __init__(self, token: Secret, client_id: Secret, api_password: Secret, take: Callable[[Push], Outcome]) -> None:
        self._token = token
        self._client_id = client_id
        self._api_password = api_password
        self._take = take

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        from werkzeug.wrappers import Request  # noqa: PLC0415 - only who serves pays for it

        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            self._check_envelope(request)
            content = _json_object(_unpacked(_body(request), _encoding(request)))
            self._check_account(content)
            if self._take(_push(content)) is Outcome.UNKNOWN:
                _refuse(404, "no open order of this run has this activationId and phone")
        except _Refused as refusal:
            return _response(refusal.status, {"status": _ERROR, "reason": refusal.reason})
        return _response(200, {"status": _SUCCESS})

    def _check_envelope(self, request: Request) -> None:
        if not _same(request.path, PATH + self._token.reveal()):
            _refuse(404, "nothing is here")
        if request.method != "POST":
            _refuse(405, f"{request.method} is not allowed, only POST")
        if request.mimetype != "application/json":
            _refuse(415, "Content-Type must be application/json")

    def _check_account(self, content: dict[str, object]) -> None:
        # The one is a GUID, which may be written in either case; the other may be left out.
        theirs, password = _text(content, "clientId").lower(), _text_or_none(content, "apiPassword")
        is_ours = _same(theirs, self._client_id.reveal().lower())
        if password is not None:
            is_ours &= _same(password, self._api_password.reveal())
        if not is_ours:
            _refuse(403, "clientId or apiPassword is not this run's")


def check_token(token: Secret) -> None:
    """Raise SettingsError for a token that can be guessed, or that a URL's path cannot hold as it is."""
    if not _TOKEN.fullmatch(token.reveal()):
        raise SettingsError(
            f"{TOKEN_VARIABLE} is no token: it needs {SHORTEST_TOKEN} characters or more of A-Z, a-z, 0-9, - and _",
            hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'",
        )


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def _refuse(status: int, reason: str) -> NoReturn:
    raise _Refused(status, reason)


def _response(status: int, content: dict[str, object]) -> Response:
    from werkzeug.wrappers import Response  # noqa: PLC0415 - as above

    headers = {"Allow": "POST"} if status == 405 else None
    return Response(json.dumps(content), status, headers, content_type="application/json")


def _same(theirs: str, ours: str) -> bool:
    """In a time that tells nothing of ours."""
    return hmac.compare_digest(theirs.encode(errors="surrogatepass"), ours.encode(errors="surrogatepass"))


def _encoding(request: Request) -> str:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        _refuse(415, "Content-Encoding must be gzip, or none")
    return encoding


def _body(request: Request) -> bytes:
    from werkzeug.exceptions import BadRequest, RequestEntityTooLarge  # noqa: PLC0415 - as above

    # werkzeug refuses a length above its limit, but a body without a length it just cuts off there.
    request.max_content_length = MAX_BODY + 1
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        _refuse(413, _TOO_LARGE)
    except (BadRequest, OSError):
        _refuse(400, "the body is cut off, or its chunks are broken")
    if len(body) > MAX_BODY:
        _refuse(413, _TOO_LARGE)
    return body


_TOO_LARGE = f"the body is larger than {MAX_BODY} bytes"


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return body
    try:
        return gunzip(body, MAX_BODY)
    except TooLarge:
        _refuse(413, _TOO_LARGE)
    except ValueError as error:
        _refuse(400, str(error))


def _json_object(body: bytes) -> dict[str, object]:
    try:
        # RecursionError is what deeply nested brackets end in.
        content = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _refuse(400, "the body is no JSON in UTF-8")
    if not isinstance(content, dict):
        _refuse(400, "the body is no JSON object")
    return content


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)  # NaN and Infinity are Python's, not JSON's


def _push(content: dict[str, object]) -> Push:
    message_id = (_text_or_none(content, "id") or "").strip()
    if len(message_id) > _LONGEST_ID:
        _refuse(400, f"id is longer than {_LONGEST_ID} characters")
    return Push(
        order_id=_text(content, "activationId"),
        number=_phone(content.get("phone")),
        message_id=message_id,
        sender=(_text_or_none(content, "phoneFrom") or "").strip() or None,
        text=_text(content, "text"),
        code=(_text_or_none(content, "code") or "").strip() or None,
    )


def _phone(value: object) -> str:
    """An unsigned integer of 64 bits; its digits as a text will do."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST_ULONG)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ULONG:
        _refuse(400, "phone is no phone number, or missing")
    return str(value)


def _text(content: dict[str, object], name: str) -> str:
    value = _text_or_none(content, name)
    if not value:
        _refuse(400, f"{name} is missing or empty")
    return value


def _text_or_none(content: dict[str, object], name: str) -> str | None:
    """The field; None where it is left out or null."""
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        _refuse(400, f"{name} is no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse(400, f"{name} holds half of a surrogate pair, which is no character")
    return value
