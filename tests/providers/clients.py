"""What the tests of the HTTP client share: a client, bad responses, and a search for what an object keeps."""

from __future__ import annotations

import gzip
import types
from collections.abc import Iterator

import pytest

from pytest_otp.errors import (
    OtpError,
)
from pytest_otp.providers.answers import JsonResponse
from pytest_otp.providers.base import Repeat
from pytest_otp.providers.bodies import LARGEST_BODY
from pytest_otp.providers.http import HttpClient, Timeouts
from pytest_otp.redact import Secret
from tests.servers import (
    Reply,
    WireServer,
    drop,
    raw,
    reply,
    reset,
)

KEY = "kq7/Zw+4=p&Lx9-invented-key-tR2"
OK = reply({"fine": True})
ABSURD = ["-5", '"-5"', "1e9999999", '"1e9999999"', "0e9999999", "1e99999999999999999999", '"1e-9999999"', "9" * 5000]
"""Numbers in JSON that are no price and no count."""
PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>"


class Client:
    """A client whose pauses are recorded instead of slept."""

    def __init__(self, **timeouts: float) -> None:
        self.pauses: list[float] = []
        self.http = HttpClient("acme", timeouts=Timeouts(**timeouts), sleep=self.pauses.append)

    def get(self, url: str, repeat: Repeat = Repeat.ALWAYS, **params: str | Secret) -> JsonResponse:
        """A GET."""
        return self.http.get(url, params, repeat=repeat)


def failure(client: Client, url: str, repeat: Repeat = Repeat.ALWAYS) -> OtpError:
    """How a GET fails."""
    with pytest.raises(OtpError) as caught:
        client.get(url, repeat, api_key=Secret(KEY))
    return caught.value


NO_ANSWERS: dict[str, tuple[Reply, int | None, str]] = {
    "html": (reply(PAGE), 200, r"^unusable response \(HTTP 200 with HTML: '502 Bad Gateway 502'\)$"),
    "empty": (reply(""), 200, r"^unusable response \(HTTP 200 with an empty body\)$"),
    "blank": (reply(" \n"), 200, r"^unusable response \(HTTP 200 with an empty body\)$"),
    "cut json": (
        reply('{"status":"tr'),
        200,
        r"""^unusable response \(HTTP 200 with invalid JSON: '\{"status":"tr'\)$""",
    ),
    "a list": (reply("[1]"), 200, r"^unusable response \(HTTP 200 with JSON that is not an object: '\[1\]'\)$"),
    "null": (reply("null"), 200, r"^unusable response \(HTTP 200 with invalid JSON: 'null'\)$"),
    "a text": (reply('"ok"'), 200, r"""JSON that is not an object: '"ok"'"""),
    "NaN": (reply('{"price": NaN}'), 200, r"with invalid JSON"),
    "deep": (reply("[" * 100_000), 200, r"with invalid JSON"),
    "not utf-8": (reply(b"\xff\xfe\x00"), 200, r"with invalid JSON"),
    "500": (reply(PAGE, 500), 500, r"HTTP 500 with HTML"),
    "502": (reply(PAGE, 502), 502, r"^unusable response \(HTTP 502 with HTML: '502 Bad Gateway 502'\)$"),
    "503 in json": (reply({"error": 2}, 503), 503, r"""^unusable response \(HTTP 503 with JSON: '\{"error": 2\}'\)$"""),
    "404": (reply("not found", 404), 404, r"^unusable response \(HTTP 404 with invalid JSON: 'not found'\)$"),
    "408": (reply("", 408), 408, r"HTTP 408 with an empty body"),
    "429": (reply("slow down", 429), 429, r"^unusable response \(HTTP 429 with invalid JSON: 'slow down'\)$"),
    "429 in json": (reply({"msg": "slow down"}, 429), 429, r"HTTP 429 with JSON"),
    "403 html": (reply("<h1>Forbidden</h1>", 403), 403, r"^unusable response \(HTTP 403 with HTML: 'Forbidden'\)$"),
    "204": (reply("", 204), 204, r"^unusable response \(HTTP 204 with an empty body\)$"),
    "reset": (reset, None, r"^the connection failed \(ConnectionResetError: Connection reset by peer\)$"),
    "drop": (
        drop,
        None,
        r"^the connection failed \(RemoteDisconnected: Remote end closed connection without response\)$",
    ),
    "no http": (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), None, r"^the connection failed \(BadStatusLine\)$"),
    "cut headers": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), 200, r"HTTP 200 with an empty body"),
    "cut body": (
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"n": 1}'),
        None,
        r"^the connection failed \(IncompleteRead: .*8 bytes read, 92 more expected",
    ),
    "cut chunks": (
        raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"n": 1}\r\n5\r\n{'),
        None,
        r"^the connection failed \(IncompleteRead: ",
    ),
    "no chunks": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        None,
        r"^the connection failed \(",
    ),
    "no gzip": (
        reply(b'{"n": 1}', headers={"Content-Encoding": "gzip"}),
        None,
        r"^the connection failed \(.*[gG]zip|incorrect header check",
    ),
    "cut gzip": (
        reply(gzip.compress(b'{"n": 1}' * 100)[:30], headers={"Content-Encoding": "gzip"}),
        200,
        r"with (invalid JSON|an empty body)",
    ),
    "two encodings": (
        reply(gzip.compress(gzip.compress(b'{"n": 1}')), headers={"Content-Encoding": "gzip, gzip"}),
        None,
        r"^the connection failed \(ContentDecodingError: Content-Encoding 'gzip, gzip' is not accepted\)$",
    ),
    "two headers": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: deflate\r\nContent-Length: 0\r\n\r\n"),
        None,
        r"Content-Encoding 'gzip, deflate' is not accepted",
    ),
    "an encoding that grows without limit": (
        reply(b'{"n": 1}', headers={"Content-Encoding": "zstd"}),
        None,
        r"Content-Encoding 'zstd' is not accepted",
    ),
    "oversized": (
        reply(b" " * (LARGEST_BODY + 1)),
        None,
        r"^the connection failed \(ContentDecodingError: a body larger than 4194304 bytes\)$",
    ),
    "gzip bomb": (
        reply(gzip.compress(b" " * (LARGEST_BODY + 1)), headers={"Content-Encoding": "gzip"}),
        None,
        r"a body larger than 4194304 bytes",
    ),
}
"""Each response that is none: the bytes, its HTTP status, and the message."""


def held(start: object) -> Iterator[object]:
    """Everything that can be reached from an object: attributes, items, and an exception's chain, frames and locals."""
    seen: set[int] = set()
    waiting: list[object] = [start]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (Secret, type, types.ModuleType, types.FunctionType, WireServer)):
            continue
        seen.add(id(thing))
        yield thing
        if isinstance(thing, BaseException):
            waiting += [thing.__cause__, thing.__context__, thing.__traceback__, thing.args]
        if isinstance(thing, types.TracebackType):
            waiting += [thing.tb_next]
            if "/tests/" not in thing.tb_frame.f_code.co_filename:
                waiting += thing.tb_frame.f_locals.values()
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            waiting += thing
        else:
            waiting += getattr(thing, "__dict__", {}).values()
            names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(thing, name, None) for name in names if name != "_reveal"]


def leaks(start: object) -> list[str]:
    """What of it shows the key, or a part of it."""
    parts = [KEY, KEY[:12], KEY[-12:], "invented-key"]
    return [repr(thing)[:200] for thing in held(start) if any(part in repr(thing) for part in parts)]
