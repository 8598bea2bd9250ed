"""Reading the body of a response within limits: of its size, its encodings, and the time that it takes."""

from __future__ import annotations

import http.client
import importlib.util
from functools import cache

import requests
import urllib3

from ..clock import monotonic
from .deadline import time_left

__tracebackhide__ = True

LARGEST_BODY = 4 * 1024 * 1024
_CHUNK = 16 * 1024
_ENCODINGS = ("gzip", "x-gzip", "deflate")
"""Encodings of a response that grow to a thousand times their size at most."""


@cache
def accepted_encodings() -> str:
    """Return what a request says in Accept-Encoding: `br` only if it can be decoded a bounded part at a time."""
    version = tuple(int(part) for part in urllib3.__version__.split(".")[:2])  # type: ignore[attr-defined]  # it is public
    return "gzip, br" if version >= (2, 6) and importlib.util.find_spec("brotli") else "gzip"


def body_of(response: requests.Response, patience: float) -> bytes:
    """Read the whole body, within that many seconds however slowly it arrives."""
    _check_encoding(response)
    response.raw.enforce_content_length = True  # urllib3 before 2 takes a body that was cut off for a whole one
    end = monotonic() + min(patience, time_left() or patience)
    body = bytearray()
    # `iter_content` would wait for whole chunks; urllib3 before 2.1, and a library that stands in the way, can do no
    # better either.
    plain = isinstance(getattr(response.raw, "_fp", None), http.client.HTTPResponse)
    read = getattr(response.raw, "read1", response.raw.read) if plain else response.raw.read
    while chunk := read(_CHUNK, decode_content=True):
        body += chunk
        left = end - monotonic()
        if len(body) > LARGEST_BODY:
            raise requests.exceptions.ContentDecodingError(f"a body larger than {LARGEST_BODY} bytes")
        if left <= 0:
            raise requests.ReadTimeout("the response arrived too slowly")
        _hurry(response, left)
    return bytes(body)


def _check_encoding(response: requests.Response) -> None:
    """Refuse what could grow without limit: encodings one upon another, and those that we did not ask for."""
    given = response.headers.get("Content-Encoding", "")
    encodings = [name for name in (part.strip().lower() for part in given.split(",")) if name not in ("", "identity")]
    known = (*_ENCODINGS, "br") if "br" in accepted_encodings() else _ENCODINGS
    if len(encodings) > 1 or not set(encodings) <= set(known):
        raise requests.exceptions.ContentDecodingError(f"Content-Encoding {given[:60]!r} is not accepted")
    if encodings == ["x-gzip"]:  # urllib3 before 2 does not know that it is gzip
        response.raw.headers["Content-Encoding"] = "gzip"


def _hurry(response: requests.Response, seconds: float) -> None:
    """Wait no longer for the next piece; a connection that closes after the response has no socket left."""
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    if sock is not None:
        sock.settimeout(seconds)
