"""Inputs to begin with: the services' documented messages, and words that parsers trip over."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from pytest_otp.redact import Secret
from tests.gateway.hostile import SERVICES
from tests.push.pushing import CLIENT_ID, ORDER_ID, PASSWORD, SAMPLE, TABLE

TOKEN = "an-invented-token-for-fuzzing"
ACCOUNT: Mapping[str, str | Secret | None] = {
    "OTPVIRT_CLIENT_ID": Secret(CLIENT_ID),
    "OTPVIRT_API_PASSWORD": Secret(PASSWORD),
}

WORDS = (
    *(
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'""',
        b"[",
        b"{",
        b'"',
        b"\\",
        b",",
        b":",
        b"\n",
        b"\r\n",
        b"=",
        b"&",
        b"%",
        b"?",
    ),
    *(
        b"-1",
        b"0",
        b"1e999",
        b"-0.0",
        b"1e9999999",
        b"NaN",
        b"Infinity",
        b"9" * 40,
        b"0x10",
        "٣".encode(),
        "²".encode(),
    ),
    *(
        b"\x00",
        b"\xff",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x1b[2J",
        "\u202e".encode(),
        "\u2028".encode(),
        b"\xed\xa0\x80",
    ),
    *(
        b"\\ud800",
        b"\\u0000",
        b"%ff",
        b"%00",
        b"${HOME}",
        b"../",
        b"@",
        b"[::1]",
        b"chunked",
        b"gzip, gzip",
        b"code",
        b"OTP",
    ),
)
"""What the fuzzer puts into inputs, besides single bytes."""


def _json(*objects: object) -> list[bytes]:
    return [json.dumps(each).encode() for each in objects]


_OTPCEPAT = _json(
    {"status": "true", "data": {"order_id": "8f14e45f", "number": "6281234567890", "price": "1500"}},
    {"status": "true", "data": {"order_id": "8f14e45f", "status": "Waiting SMS", "sms": None}},
    {"status": True, "data": {"order_id": 1, "status": "Recieved", "sms": "Your code is 482913"}},
    {"status": "true", "data": {"balance": "99.5", "email": "a@b.test"}},
    {"status": "true", "data": [{"country_id": "6", "country_name": "Wakanda (Indo)"}]},
    {"status": "true", "data": [{"operator_id": "random", "operator_name": "Random", "price": 99, "tersedia": "7"}]},
    {"status": "true", "data": [{"service_id": "3", "service_name": "Telegram", "price": 1.5}]},
    {"status": "false", "msg": "NO BALANCE"},
)
_OTPVIRT = _json(
    {"status": 2, "error": 0, "ammount": 131.95, "currency": "RUB"},
    {"status": 2, "error": 0, "activationId": ORDER_ID, "number": 992112302159, "ammount": 4.5},
    {
        "status": 0,
        "error": 0,
        "sms": [{"id": "1", "phoneFrom": "Viber", "text": "905526", "code": "905526", "date": ""}],
    },
    {"status": 0, "error": 0, "countryList": [{"country": "iran", "provider": "mci", "service": "vi", "price": 1}]},
    {"status": 2, "error": 0, "count": "7", "operators": [{"name": "indigo", "count": 7}]},
    {"status": 4, "error": 4},
)
_GATEWAY = [
    b"\n".join(
        [
            b"POST " + path.encode(),
            headers["Content-Type"].encode(),
            headers.get("Authorization", "").encode(),
            body("Your code is 482913").encode(),
        ]
    )
    for path, headers, body in SERVICES.values()
]
_ORDER = "/api/handler_api.php?" + urlencode(
    {
        "api_key": "sandbox-key-not-a-secret",
        "action": "get_order",
        "country_id": "6",
        "service_id": "3",
        "operator_id": "random",
    }
)
_CLIENT = {"clientId": "5a4db0c5-1111-4222-8333-444444444444", "apiPassword": "sandbox-password"}

SEEDS: Mapping[str, Sequence[bytes]] = {
    "answer": [b"0\n5\n" + body for body in (*_OTPCEPAT[:2], b"<html><title>502</title></html>")],
    "otpcepat": [b"0\n" + body for body in _OTPCEPAT],
    "otpvirt": [b"0\n" + body for body in _OTPVIRT],
    "push": _json(TABLE, SAMPLE),
    "webhook": [
        b"application/json\nidentity\n" + _json(TABLE)[0],
        b"application/json\ngzip\n" + gzip.compress(_json(SAMPLE)[0], mtime=0),
    ],
    "gateway": [*_GATEWAY, b"GET /2010-04-01/Accounts/AC/Messages/SM1.json\n\n\n"],
    "sandbox": [
        b"GET " + _ORDER.encode() + b"\n\n\n",
        b"POST /native/GetNumber\napplication/json\n\n" + _json({**_CLIENT, "service": "vi", "detail": {}})[0],
        b"POST /native/GetSms\napplication/json\n\n" + _json({**_CLIENT, "activationId": ORDER_ID})[0],
        b"POST /page/sms\napplication/json\n\n" + _json({"to": "+12015550123", "text": "x"})[0],
        b"GET /page/log?run=1&revision=0\n\n\n",
    ],
    "setting": [b"timeout\n30", b"max_spend\n15 IDR", b"gateway\n127.0.0.1:0", b"code_length\n4-8", b"country\nID"],
    "env_file": [
        b"# keys\nexport API_KEY_OTPCEPAT='a b'\r\nPYTEST_OTP_TIMEOUT=30 # short\n",
        "PYTEST_OTP_COUNTRY=ID\r\n".encode("utf-16"),
        b"SHOP=Caf\xe9\nPYTEST_OTP_FAKE=auto\n",
    ],
    "code": [
        b"Your code is 482913. Do not share it.",
        "G-482913 ist dein Bestätigungscode. 12:30".encode(),
        "验证码482913。5分钟内有效".encode(),
        b"@shop.example #482913",
    ],
    "phone": [b"US\n+1 (201) 555-0123", b"ID\n081234567890", b"XX\n00992112302159", b"DE\nDeutschland"],
    "proxy": [b"CONNECT api.twilio.com:443", b"GET http://a.test:80/x?y", b"POST /sms", b"CONNECT [::1]:443"],
    "compressed": [gzip.compress(b"x" * 100, mtime=0), gzip.compress(b"", mtime=0) * 2],
    "languages": [b"[de]\ncode = Code, Kode\n", b"code = pin\n"],
}
