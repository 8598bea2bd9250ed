"""What the services have in common: reading a request body within limits, and writing JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from urllib.parse import parse_qs, urlsplit

from werkzeug.datastructures import Authorization
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from ..loopback import ip_address, is_loopback

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

MAX_BODY = 64 * 1024
"""Bytes; a larger request body is answered with 413."""

_MOST_FIELDS = 200

Fields = Mapping[str, list[str]]
"""A form: the values of each name, in order."""


class Unreadable(Exception):
    """Raised if the body of a request cannot be read.

    Attributes:
        message: What is wrong, for the client.
        status: The HTTP status for it.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def json_response(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(json.dumps(payload) + "\n", status, headers, mimetype=JSON)


def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises werkzeug's `RequestEntityTooLarge` above `limit` bytes, `BadRequest` if incomplete."""
    if request.content_length is None and "Transfer-Encoding" not in request.headers:
        return b""  # no request without either has a body; werkzeug 2.3 would wait for one
    # werkzeug refuses a declared length above its limit, but silently truncates a body without one.
    request.max_content_length = limit + 1
    body = request.get_data()
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def read_text(request: Request) -> str:
    """The body of a request to a service, as text. Raises `Unreadable`.

    None of the services documents compressed requests, and none of their SDKs sends any.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreadable("Content-Encoding is not supported; send the body uncompressed", 415)
    try:
        return read_body(request, MAX_BODY).decode()
    except RequestEntityTooLarge:
        raise Unreadable(f"the body is larger than {MAX_BODY} bytes", 413) from None
    except BadRequest:
        raise Unreadable("the body is incomplete") from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None


def read_form(text: str) -> Fields:
    """The fields of a urlencoded body. Raises `Unreadable`."""
    try:
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except ValueError:
        raise Unreadable(f"the body has more than {_MOST_FIELDS} fields") from None


def read_object(text: str) -> dict[str, object]:
    """The JSON object in a body. Raises `Unreadable`."""
    try:
        # Deeply nested brackets raise RecursionError.
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None
    if not isinstance(content, dict):
        raise Unreadable("the body is not a JSON object")
    return content


def is_writable(text: str) -> bool:
    """Whether a text can be encoded; False if it contains an unpaired surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def first(fields: Fields, name: str) -> str:
    """A field's first value, or "" if it is missing."""
    return fields.get(name, [""])[0]


def authorization(request: Request) -> Authorization | None:
    """The Authorization header; None if missing or malformed."""
    try:
        return request.authorization
    except ValueError:  # werkzeug fails on credentials that are not ASCII
        return None


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """User and password of Basic authentication; None if missing or malformed."""
    given = authorization(request)
    if given is None or given.type != "basic" or not (given.username or given.password):
        return None
    return given.username or "", given.password or ""


def host_name(request: Request) -> str:
    """The host name or IP address that a request was sent to, in lower case, without its port."""
    try:
        return (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_local(name: str, names: Collection[str] = ()) -> bool:
    """Whether no website can have this name: an IP address, a name that always means this machine, one of `names`."""
    return is_loopback(name) or ip_address(name) is not None or name in names


def is_from_another_site(request: Request, names: Collection[str] = ()) -> bool:
    """Whether a browser sent a request on behalf of another website. SDKs and applications send no origin.

    Also true if the request uses a host name, other than `names`, that any website could point at this machine (DNS
    rebinding).
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None and site is None:
        return False
    foreign = origin not in (None, request.host_url.rstrip("/")) or site in ("cross-site", "same-site")
    return foreign or not is_local(host_name(request), names)
