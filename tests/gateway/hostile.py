"""What no SDK sends, for tests and benchmarks: bodies that no service accepts, and bytes that are not HTTP."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from urllib.parse import quote

from pytest_otp.gateway.http import MAX_BODY
from tests.gateway.world import ACCOUNT, FORM, HELD, SIGNED, basic

JSON = "application/json"
TEXT = "Your code is 482913"

# A valid message for each service: path, headers, and the body around a text.
SERVICES: dict[str, tuple[str, dict[str, str], Callable[[str], str]]] = {
    "plain": ("/sms", {"Content-Type": JSON}, lambda text: json.dumps({"to": HELD, "text": text})),
    "twilio": (
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        {"Content-Type": FORM, "Authorization": basic(ACCOUNT, "token")},
        lambda text: f"To={quote(HELD)}&From=Shop&Body={quote(text)}",
    ),
    "vonage": (
        "/sms/json",
        {"Content-Type": FORM},
        lambda text: f"api_key=k&api_secret=s&to={HELD[1:]}&from=Shop&text={quote(text)}",
    ),
    "messages": (
        "/v1/messages",
        {"Content-Type": JSON, "Authorization": basic("key", "secret")},
        lambda text: json.dumps(
            {"channel": "sms", "message_type": "text", "to": HELD[1:], "from": "Shop", "text": text}
        ),
    ),
    "sns": (
        "/",
        {"Content-Type": FORM, "Authorization": SIGNED},
        lambda text: f"Action=Publish&PhoneNumber={quote(HELD)}&Message={quote(text)}",
    ),
    "telnyx": (
        "/v2/messages",
        {"Content-Type": JSON, "Authorization": "Bearer key"},
        lambda text: json.dumps({"to": HELD, "from": "Shop", "text": text}),
    ),
    "africastalking": (
        "/version1/messaging",
        {"Content-Type": FORM, "apiKey": "key"},
        lambda text: f"username=user&to={quote(HELD)}&message={quote(text)}",
    ),
    "infobip": (
        "/sms/3/messages",
        {"Content-Type": JSON, "Authorization": "App key"},
        lambda text: json.dumps({"messages": [{"destinations": [{"to": HELD}], "content": {"text": text}}]}),
    ),
}

# The other services that are described: what they do with a body is that of the three above.
DESCRIBED: dict[str, tuple[str, dict[str, str], Callable[[str], str]]] = {
    "plivo": (
        "/v1/Account/MA1/Message/",
        {"Content-Type": JSON, "Authorization": basic("MA1", "token")},
        lambda text: json.dumps({"src": "Shop", "dst": HELD[1:], "text": text}),
    ),
    "messagebird": (
        "/messages",
        {"Content-Type": JSON, "Authorization": "AccessKey key"},
        lambda text: json.dumps({"originator": "Shop", "recipients": HELD, "body": text}),
    ),
    "bird": (
        "/workspaces/w1/channels/c1/messages",
        {"Content-Type": JSON, "Authorization": "AccessKey key"},
        lambda text: json.dumps(
            {"receiver": {"contacts": [{"identifierValue": HELD}]}, "body": {"text": {"text": text}}}
        ),
    ),
    "sinch": (
        "/xms/v1/plan1/batches",
        {"Content-Type": JSON, "Authorization": "Bearer token"},
        lambda text: json.dumps({"from": "Shop", "to": [HELD], "body": text}),
    ),
}
ALL_SERVICES = SERVICES | DESCRIBED


def head(service: str, *more: str) -> bytes:
    path, headers, _ = SERVICES[service]
    lines = [f"POST {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items()), *more]
    return "\r\n".join([*lines, "", ""]).encode()


BOMB = gzip.compress(b"x" * 20_000_000)


def bodies(service: str) -> dict[str, tuple[bytes, dict[str, str], set[int]]]:
    """Bodies that no service accepts: bytes, additional headers, and the possible statuses of the response."""
    body = SERVICES[service][2](TEXT).encode()
    ok_but_refused = {400, 422} | ({200} if service == "vonage" else set())
    return {
        "empty": (b"", {}, ok_but_refused),
        "too large": (SERVICES[service][2]("x" * MAX_BODY).encode(), {}, {413}),
        "gzip": (gzip.compress(body), {"Content-Encoding": "gzip"}, {415}),
        "gzip bomb": (BOMB, {"Content-Encoding": "gzip"}, {415}),
        "an encoding that nobody has": (body, {"Content-Encoding": "identity, br"}, {415}),
        "not UTF-8": (body.replace(b"482913", b"\xff\xfe"), {}, {400}),
        "deeply nested": (b'{"to":' + b"[" * 20_000, {}, ok_but_refused),
        "many fields": (b"&".join(b"a%d=1" % number for number in range(5000)), {}, ok_but_refused),
        "huge number": (b'{"to": ' + b"9" * 20_000 + b"}", {}, ok_but_refused),
        "markup": (
            b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
            {},
            ok_but_refused,
        ),
        "nulls": (b"\x00" * 1000, {}, ok_but_refused),
    }


CHUNKED = "Transfer-Encoding: chunked"
WIRE = {
    "no request at all": b"\x00\x01\x02\xff\r\n\r\n",
    "a TLS hello": bytes.fromhex("160301000100"),
    "no end of the head": b"POST /sms HTTP/1.1\r\nHost: x\r\n",
    "an endless header": b"POST /sms HTTP/1.1\r\nX: " + b"x" * 100_000,
    "many headers": b"POST /sms HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    "an HTTP that does not exist": b"POST /sms HTTP/9.9\r\nHost: x\r\n\r\n",
    "a path that is none": b"POST ?%zz%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    "a host that is none": b"POST /sms HTTP/1.1\r\nHost: [::1%/\\\xff]:x\r\n\r\n",
    "chunks that are none": head("sns", CHUNKED) + b"zz\r\nAction\r\n0\r\n\r\n",
    "a chunk cut off": head("sns", CHUNKED) + b"ff\r\nAction",
    "a negative chunk": head("sns", CHUNKED) + b"-5\r\nActio\r\n0\r\n\r\n",
    "a negative length": head("twilio", "Content-Length: -1") + b"To=1",
    "a length that is none": head("twilio", "Content-Length: much") + b"To=1",
    "a body cut off": head("plain", "Content-Length: 99") + b'{"to":',
    "a length of terabytes": head("vonage", "Content-Length: 9999999999999") + b"to=1",
}
