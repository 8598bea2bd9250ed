"""A provider that fails in every way, and mostly echoes the whole request, credentials included."""

from __future__ import annotations

import gzip
from urllib.parse import unquote_plus

from tests.servers import Asked, Reply, drop, raw, reply, reset, stall

CASES = (
    "html",
    "text",
    "refusal",
    "state",
    "order",
    "denied",
    "redirect",
    "headers",
    "nohttp",
    "cut",
    "reset",
    "drop",
    "stall",
)
"""Each is bad in its own way."""


class BadProvider:
    """Answers both providers' protocols.

    The first part of a path says how to fail; after `late-` the first GetBalance is fine. With `any` it is the case
    that was set by a request to `/case/NAME`.
    """

    def __init__(self) -> None:
        self._case = CASES[0]

    def __call__(self, asked: Asked) -> Reply:
        """Answer one request."""
        case, _, rest = asked.target.strip("/").partition("/")
        if case == "case":
            self._case = rest
            return reply({})
        case = self._case if case == "any" else case
        if case.startswith("late-"):
            if asked.target.endswith("/GetBalance"):
                return reply({"balance": 1, "currency": "USD", "error": 0})
            case = case.removeprefix("late-")
        return _answer(case, asked)


def _answer(case: str, asked: Asked) -> Reply:
    body = gzip.decompress(asked.body) if asked.headers.get("content-encoding") == "gzip" else asked.body
    plain = unquote_plus(asked.target) + body.decode()
    echo = f"{asked.target} {body.decode()} {plain}"
    data = {"order_id": plain, "number": plain}
    cases: dict[str, Reply] = {
        "html": reply(f"<html><title>Error</title><pre>{echo}</pre></html>", 500, kind="text/html"),
        "text": reply(echo, 200),
        "refusal": reply({"status": "false", "msg": echo, "error": 77, "echo": echo}),
        "state": reply({"status": "true", "data": {"status": echo, "sms": echo}, "error": 0, "sms": echo}),
        "order": reply({"status": True, "data": data, "activationId": plain, "number": 1, "error": 0}),
        "denied": reply(echo, 401),
        "redirect": reply(echo, 302, headers={"Location": asked.target, "X-Echo": asked.target}),
        "headers": raw(
            f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n {asked.target}\r\n"
            f"nonsense {asked.target}\r\nX: y\r\n\r\n{{}}".encode()
        ),
        "nohttp": raw(f"{asked.target}\r\n\r\n".encode()),
        "cut": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + echo.encode()),
        "reset": reset,
        "drop": drop,
        "stall": stall,
    }
    return cases[case]
