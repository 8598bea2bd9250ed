"""What is fuzzed: for each parser a function that takes bytes, and fails where the parser breaks its promise.

A parser's promise is the same everywhere: a result of the right kind, or the error that is documented. An input has
lines for what stands beside a body (a path, a header), and then the body.
"""

from __future__ import annotations

import contextlib
import gzip
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.test import Client, EnvironBuilder

from pytest_otp.codes import candidates, extract_code
from pytest_otp.codes.listing import listed
from pytest_otp.env_file import read_env_file
from pytest_otp.errors import OtpError, SettingsError
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier
from pytest_otp.options import OPTIONS
from pytest_otp.phone import e164, read, region_of
from pytest_otp.providers.answers import JsonResponse, judged
from pytest_otp.providers.answers import read as read_answer
from pytest_otp.providers.base import Order, Repeat, SmsMessage
from pytest_otp.providers.otpcepat import OtpcepatProvider
from pytest_otp.providers.otpvirt import OtpvirtProvider
from pytest_otp.providers.otpvirt_push import PUSH
from pytest_otp.providers.push import PushedSms, PushRefused
from pytest_otp.push.pushed import Outcome
from pytest_otp.push.webhook import Webhook
from pytest_otp.redact import Secret
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.server.gunzip import gunzip
from pytest_otp.server.proxy import proxy_request
from pytest_otp.settings import Settings, resolve

from .seeds import ACCOUNT, SEEDS, TOKEN

STATUSES = (200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503)
LARGEST = 64 * 1024
AT = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)


class Target(NamedTuple):
    """Something to fuzz."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    """Inputs to begin with: what the services document, and what was found."""


def answer(data: bytes) -> None:
    """Any HTTP response of a provider is a JSON object or an error of ours."""
    status, retry_after, body = _parts(data, 2)
    with contextlib.suppress(OtpError):
        found = read_answer("fuzz", _chosen(status), retry_after, body.decode("utf-8-sig", "replace"), Repeat.ALWAYS)
        assert isinstance(found, JsonResponse)


class _Answering:
    """A client that gives one response to everything."""

    def __init__(self, data: bytes) -> None:
        status, body = _parts(data, 1)
        self._status, self._text = _chosen(status), body.decode("utf-8-sig", "replace")

    def get(self, url: str, params: object, *, repeat: Repeat = Repeat.ALWAYS, check: Any = None, **_: object) -> Any:
        """The response."""
        try:
            found = read_answer("fuzz", self._status, "", self._text, repeat)
            if check:
                check(found)
        except OtpError as error:
            raise judged(error, repeat) from None
        return found

    post = get


def otpcepat(data: bytes) -> None:
    """Any response of otpcepat becomes what a call is to return, or an error of ours."""
    values = {"API_KEY_OTPCEPAT": Secret("an-invented-key"), "OTPCEPAT_BASE_URL": "https://otpcepat.test"}
    _all_calls(OtpcepatProvider(values, _Answering(data)), "6", "3")  # type: ignore[arg-type]  # all that it uses


def otpvirt(data: bytes) -> None:
    """Any response of OTP-virt becomes what a call is to return, or an error of ours."""
    values = {**ACCOUNT, "OTPVIRT_BASE_URL": "https://otpvirt.test"}
    _all_calls(OtpvirtProvider(values, _Answering(data)), "tajikistan", "vi")  # type: ignore[arg-type]  # as above


def _all_calls(provider: Any, country: str, service: str) -> None:
    order = Order("8f14e45f", "6281234567890", service, country, None, None, None, AT)
    with contextlib.suppress(OtpError):
        found: Order = provider.order(service, country, None)
        assert found.id
        assert found.number
        assert found.price is None or isinstance(found.price, Decimal)
        read(found.number, found.region)
        order = found
    with contextlib.suppress(OtpError):
        for message in provider.messages(order).sms:
            assert isinstance(message, SmsMessage)
            assert isinstance(message.text, str)
    for call in (
        lambda: provider.resend(order),
        lambda: provider.cancel(order),
        lambda: provider.finish(order),
        lambda: isinstance(provider.balance().amount, Decimal),
        lambda: [item.id + item.name for item in provider.countries()],
        lambda: [item.id + item.name for item in provider.operators(country)],
        lambda: [item.id + item.name for item in provider.services(country)],
        lambda: provider.count(service, country, None),
    ):
        with contextlib.suppress(OtpError):
            call()


def push(data: bytes) -> None:
    """Any body that is pushed is an SMS, or refused."""
    with contextlib.suppress(PushRefused):
        assert isinstance(PUSH.parse({"content-type": "application/json"}, data, ACCOUNT), PushedSms)


def webhook(data: bytes) -> None:
    """Any request to the webhook is answered without a failure."""
    kind, encoding, body = _parts(data, 2)
    app = Webhook(PUSH, Secret(TOKEN), ACCOUNT, lambda sms: Outcome.ACCEPTED)
    headers = {"Content-Type": kind, "Content-Encoding": encoding}
    status = Client(app).post(PUSH.path + TOKEN, data=body, headers=headers).status_code
    assert status in (200, 400, 403, 413, 415), status


def gateway(data: bytes) -> None:
    """Any request to the SMS services is answered without a failure, and delivers no text that cannot be written."""
    network = _Network()
    _requested(Gateway(network), data)
    for to, text in network.taken:
        assert to[0] == "+"
        assert to[1:].isdigit()
        text.encode()


def sandbox(data: bytes) -> None:
    """Any request to the sandbox is answered without a failure."""
    _requested(Sandbox(Carrier(seed=1), scenario="manual"), data)


class _Network:
    """Takes every SMS."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Note it."""
        self.taken.append((to, text))
        return False


def _requested(app: Any, data: bytes) -> None:
    line, kind, authorization, body = _parts(data, 3)
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    headers = {"Content-Type": kind, "Authorization": authorization}
    builder = EnvironBuilder(
        "/" + path.lstrip("/"), query_string=query, method=method, data=body, headers=Headers(headers)
    )
    status = Client(app).open(builder).status_code
    assert status < 500, status


def setting(data: bytes) -> None:
    """Any value of any setting is taken, or refused with one line."""
    name, value = _parts(data, 1)
    option = OPTIONS[sum(name.encode()) % len(OPTIONS)]
    text = value.decode("utf-8", "surrogateescape")
    for environ, env_file in (({option.variable: text}, {}), ({}, {option.variable: text})):
        try:
            assert isinstance(resolve(lambda option: None, lambda option: None, environ, env_file), Settings)
        except SettingsError as error:
            _expect(option.variable in str(error), "the error names the variable")


_FOLDER = tempfile.TemporaryDirectory(prefix="fuzz-")


def env_file(data: bytes) -> None:
    """Any bytes in a .env file are read, or refused with the file's name."""
    path = Path(_FOLDER.name) / ".env"
    path.write_bytes(data)
    try:
        found = read_env_file(None, path.parent)
    except SettingsError as error:
        _expect(str(error).startswith(str(path)), "the error names the file")
    else:
        assert all(isinstance(text, str) for item in found.items() for text in item)


def code(data: bytes) -> None:
    """Any text has a code or none; each candidate stands where it says."""
    text = data.decode("utf-8", "surrogateescape")
    for candidate in candidates(text):
        start, end = candidate.span
        assert 0 <= start < end <= len(text)
        assert candidate.code
    for found in (extract_code(text), extract_code(text, length=(4, 8)), extract_code(text, alphabet="0123456789")):
        assert found is None or found


def phone(data: bytes) -> None:
    """Any text has a reading as a number, and any name may be that of a region."""
    region, number = _parts(data, 1)
    text = number.decode("utf-8", "surrogateescape")
    found = read(text, region if len(region) == 2 else None)
    assert found.e164[0] == "+"
    assert found.digits == "" or found.digits.isdigit()
    strict = e164(text, region if len(region) == 2 else None)
    assert strict is None or strict[1:].isdigit()
    region_of(text)


def proxy(data: bytes) -> None:
    """Any request line is a proxy's with a host and port, or none, or refused."""
    command, _, target = data.decode("latin-1").partition(" ")
    with contextlib.suppress(ValueError):
        found = proxy_request(command, target)
        assert found is None or (found.host and 0 < found.port < 65536)


def compressed(data: bytes) -> None:
    """Any bytes are gzip, or refused; what is in them is never larger than allowed."""
    with contextlib.suppress(ValueError):
        assert len(gunzip(data, LARGEST)) <= LARGEST
    assert gunzip(gzip.compress(data, mtime=0), max(len(data), 1)) == data


def languages(data: bytes) -> None:
    """Any word list is read, or refused with its line."""
    with contextlib.suppress(SettingsError):
        listed(data.decode("utf-8", "replace"), "fuzz.ini")


def _expect(truth: bool, promise: str) -> None:
    assert truth, promise


def _parts(data: bytes, lines: int) -> Any:
    """The first lines as text without control characters, and the rest."""
    parts = data.split(b"\n", lines)
    parts += [b""] * (lines + 1 - len(parts))
    heads = ["".join(filter(str.isprintable, part.decode("latin-1"))) for part in parts[:lines]]
    return [*heads, parts[lines]]


def _chosen(status: str) -> int:
    return STATUSES[int(status[:4]) % len(STATUSES)] if status[:4].isascii() and status[:4].isdigit() else 200


_CHECKS = (
    *(answer, otpcepat, otpvirt, push, webhook, gateway, sandbox),
    *(setting, env_file, code, phone, proxy, compressed, languages),
)
TARGETS = {check.__name__: Target(check, tuple(SEEDS[check.__name__])) for check in _CHECKS}
