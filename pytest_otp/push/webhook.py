"""The webhook: where a provider POSTs each SMS. The provider's own `parse` reads the requests.

A refused request changes nothing:

    400  a malformed or truncated body, or one that `parse` refuses
    404  another path or token; no open order in this run has this ID and number
    405  not a POST
    413  more than 64 KiB, as sent or decompressed
    415  an encoding other than gzip, or a media type that `parse` refuses
    500  `parse` failed
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SettingsError
from ..providers.push import PushedSms, PushEndpoint, PushRefused, is_same
from ..redact import Secret, logger
from ..server.gunzip import TooLarge, gunzip
from .pushed import Outcome

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Request, Response

MAX_BODY = 64 * 1024
"""Bytes, as sent and decompressed."""
SHORTEST_TOKEN = 16

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},}}")


@dataclass(frozen=True, slots=True, repr=False)
class WebhookAddress:
    """Where the provider can push SMS to this run, as returned by the fixture `otp_webhook`.

    Its repr does not show the URL, whose path ends in a secret.
    """

    url: str | None
    """The URL that the provider must POST to, as seen from this machine: `http://127.0.0.1:8080/otpvirt/<token>`.

    None without `--otp-webhook`, or if the provider cannot push.
    """


class Webhook:
    """The webhook as a WSGI application.

    Args:
        endpoint: what the provider's class declares.
        token: the end of the path.
        values: those of the provider's variables, for `endpoint.parse`.
        take: called with each SMS for this account.
    """

    def __init__(
        self,
        endpoint: PushEndpoint,
        token: Secret,
        values: Mapping[str, str | Secret | None],
        take: Callable[[PushedSms], Outcome],
    ) -> None:
        self._endpoint = endpoint
        self._token = token
        self._values = values
        self._take = take

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        from werkzeug.wrappers import Request  # noqa: PLC0415 - start-up: only a run with a webhook needs it

        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        try:
            self._check_envelope(request)
            sms = self._parsed(request, _decoded(_body(request), _encoding(request)))
            if sms and self._take(sms) is Outcome.UNKNOWN:
                raise PushRefused(404, "no open order in this run has this ID and number")
        except PushRefused as refusal:
            return _response(refusal.status, {**self._endpoint.refused, "reason": refusal.reason})
        return _response(200, self._endpoint.accepted)

    def _check_envelope(self, request: Request) -> None:
        if not is_same(request.path, self._endpoint.path + self._token.reveal()):
            raise PushRefused(404, "not found")
        if request.method != "POST":
            raise PushRefused(405, f"{request.method} is not allowed; use POST")

    def _parsed(self, request: Request, body: bytes) -> PushedSms | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            return self._endpoint.parse(headers, body, self._values)
        except PushRefused:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in the provider's class; its message may quote the SMS
            kind = type(error).__name__
        logger.error("a pushed SMS was lost: the provider's parse() raised %s", kind)
        raise PushRefused(500, f"the provider's parse() raised {kind}")


def check_token(token: Secret, variable: str) -> None:
    """Raise SettingsError for a token that can be guessed, or that a URL's path cannot contain unescaped."""
    if not _TOKEN.fullmatch(token.reveal()):
        raise SettingsError(
            f"{variable}: invalid token: expected at least {SHORTEST_TOKEN} characters out of A-Z, a-z, 0-9, - and _",
            hint="Generate one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'",
        )


def _response(status: int, content: Mapping[str, object]) -> Response:
    from werkzeug.wrappers import Response  # noqa: PLC0415 - as above

    headers = {"Allow": "POST"} if status == 405 else None
    return Response(json.dumps(dict(content)), status, headers, content_type="application/json")


def _encoding(request: Request) -> str:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise PushRefused(415, "Content-Encoding must be gzip or identity")
    return encoding


def _body(request: Request) -> bytes:
    from werkzeug.exceptions import BadRequest, RequestEntityTooLarge  # noqa: PLC0415 - as above

    # werkzeug refuses a length above its limit, but silently truncates a body without one.
    request.max_content_length = MAX_BODY + 1
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise PushRefused(413, _TOO_LARGE) from None
    except (BadRequest, OSError):
        raise PushRefused(400, "the body is incomplete, or its chunks are malformed") from None
    if len(body) > MAX_BODY:
        raise PushRefused(413, _TOO_LARGE)
    return body


_TOO_LARGE = f"the body is larger than {MAX_BODY} bytes"


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return body
    try:
        return gunzip(body, MAX_BODY)
    except TooLarge:
        raise PushRefused(413, _TOO_LARGE) from None
    except ValueError as error:
        raise PushRefused(400, str(error)) from None
