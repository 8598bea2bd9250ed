"""An order is closed by the ID that the provider gave it, whatever that is, and recorded with it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_otp.errors import OrderUncertain, ProviderUnavailable, SettingsError
from pytest_otp.keeper.wire import decode, encode
from pytest_otp.orders.closers import Closers
from pytest_otp.orders.entries import TWICE
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.recording import RecordingProvider, RunContext
from pytest_otp.orders.sweep import begin_sweep
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.registry import credentials, load
from tests.orders.written import the_only
from tests.scripted import ScriptedProvider
from tests.servers import Asked, Reply, WireServer, reply

IDS = {
    "a lone surrogate": "fbe7\ud800c3",
    "a low surrogate": "\udfff",
    "spaces around": " fbe7 ",
    "line breaks": "fbe7\r\nSet-Cookie: x",
    "a zero": "fbe7\0c3",
    "escapes": "\x1b[31mfbe7\x1b[0m",
    "bidi": "\u202efbe7",
    "a query": "fbe7&status=4&order_id=x#y",
    "another script": "номер-π",
    "quotes": "fbe7'\"; DROP TABLE orders; --",
    "a very long one": "f" * 100_000,
}
OTPCEPAT = {"API_KEY_OTPCEPAT": "an-invented-key-of-otpcepat"}
OTPVIRT = {
    "OTPVIRT_CLIENT_ID": "8c0d2f4e-51b7-4e9a-a3c6-0b1d2e3f4a5b",
    "OTPVIRT_API_PASSWORD": "an-invented-password",
}
NUMBER = "62812\ud8003456789"


class Wire:
    """Both providers' services, which give every order the same ID."""

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id
        self.closed: list[str] = []
        """The IDs of the orders that were closed, as they were sent."""

    def answer(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            return reply(self._otpvirt(asked.target.rpartition("/")[2], asked))
        query = dict(parse_qsl(urlsplit(asked.target).query, keep_blank_values=True, errors="surrogatepass"))
        return reply(self._otpcepat(query))

    def _otpvirt(self, action: str, asked: Asked) -> dict[str, Any]:
        if action == "GetBalance":
            return {"currency": "USD", "balance": 1, "status": 2, "error": 0}
        if action == "GetNumber":
            return {"activationId": self.order_id, "ammount": 0.05, "number": NUMBER, "status": 2, "error": 0}
        if action == "CancelActivation":
            self.closed.append(json.loads(gzip.decompress(asked.body))["activationId"])
        return {"sms": [], "countryList": [], "status": 2, "error": 0}

    def _otpcepat(self, query: dict[str, str]) -> dict[str, Any]:
        if query["action"] == "get_order":
            data = {"order_id": self.order_id, "number": NUMBER, "price": 99, "status": "Waiting SMS"}
            return {"status": True, "data": data}
        if query["action"] == "set_status":
            self.closed.append(query["order_id"])
        return {"status": True, "msg": "success", "data": {"status": "Waiting SMS"}}


Start = Callable[[str], tuple[Wire, RecordingProvider]]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger")
    yield opened
    opened.close()


@pytest.fixture(params=["otpcepat", "otpvirt"])
def start(request: pytest.FixtureRequest, ledger: Ledger) -> Iterator[Start]:
    """A provider whose service gives that ID, with its orders in the ledger."""
    name: str = request.param
    opened: list[WireServer] = []

    def started(order_id: str) -> tuple[Wire, RecordingProvider]:
        wire = Wire(order_id)
        server = WireServer(by=wire.answer)
        opened.append(server)
        server.__enter__()
        given = {**OTPCEPAT, **OTPVIRT, "OTPCEPAT_BASE_URL": server.url, "OTPVIRT_BASE_URL": server.url}
        kind: Any = load(name)
        provider = kind(credentials(name, given, {}), HttpClient(name, sleep=lambda seconds: None))
        return wire, RecordingProvider(provider, lambda: RunContext(ledger, "run-1", "account-1"))

    yield started
    for server in opened:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("order_id", IDS.values(), ids=IDS)
def test_a_hostile_id(start: Start, ledger: Ledger, order_id: str) -> None:
    """The ledger has it as it is, and so has the request that closes the order."""
    wire, recorded = start(order_id)
    order = recorded.order("12", "143", None)
    entry = the_only(ledger)
    assert (entry.order_id, entry.number, entry.state) == (order_id, NUMBER, "waiting")
    recorded.cancel(order)
    assert wire.closed == [order_id]
    assert the_only(ledger).state == "cancelled"


@pytest.mark.parametrize("order_id", ["fbe7\ud800c3", " fbe7 "])
def test_a_hostile_id_after_a_kill(start: Start, ledger: Ledger, order_id: str) -> None:
    """A sweep reads it from the ledger, and closes the order by it; a keeper gets it over its pipe."""
    wire, recorded = start(order_id)
    order = recorded.order("12", "143", None)
    assert decode(encode({"order": order})) == {"order": order}
    alive = ledger.liveness_lock()
    closers = Closers()
    begin_sweep(ledger, alive.name, {"account-1": recorded}, closers)
    assert closers.join(60.0)
    assert wire.closed == [order_id]
    assert the_only(ledger).state == "cancelled"
    alive.release()


def test_the_same_id_twice(start: Start, ledger: Ledger) -> None:
    """A second order with the ID of an open one may be a second number, which that ID does not close: uncertain."""
    wire, recorded = start("fbe7")
    order = recorded.order("12", "143", None)
    with pytest.raises(OrderUncertain, match=TWICE) as caught:
        recorded.order("12", "143", None)
    assert caught.value.order_id == "fbe7"
    recorded.cancel(order)
    assert [(entry.state, entry.reason) for entry in ledger.entries()] == [
        ("cancelled", "by its test"),
        ("uncertain", f"order fbe7: {TWICE}"),
    ]
    assert wire.closed == ["fbe7"]


def test_the_same_id_in_two_processes(ledger: Ledger) -> None:
    """A proxy may answer two workers of a run with one order: the second is uncertain, and the first is closed."""

    def worker() -> RecordingProvider:
        return RecordingProvider(ScriptedProvider(), lambda: RunContext(ledger, "run-1", "account-1"))

    first, second = worker(), worker()
    order = first.order("wa", "6", None)
    with pytest.raises(OrderUncertain, match=TWICE):
        second.order("wa", "6", None)
    first.cancel(order)
    with pytest.raises(OrderUncertain, match=TWICE):
        worker().order("wa", "6", None)
    assert [entry.state for entry in ledger.entries()] == ["cancelled", "uncertain", "uncertain"]


def test_the_same_id_at_two_accounts(ledger: Ledger) -> None:
    """IDs belong to an account: another one's order with the same ID is another order."""
    for account in ("account-1", "account-2"):
        by = RunContext(ledger, "run-1", account)
        RecordingProvider(ScriptedProvider(), lambda by=by: by).order("wa", "6", None)  # type: ignore[misc]
    assert [entry.state for entry in ledger.entries()] == ["waiting", "waiting"]


def test_the_same_id_in_a_later_run(ledger: Ledger) -> None:
    """A provider that starts anew, such as the sandbox with a seed, may give an ID again once its order is closed."""
    for run in ("run-1", "run-2"):
        by = RunContext(ledger, run, "account-1")
        recorded = RecordingProvider(ScriptedProvider(), lambda by=by: by)  # type: ignore[misc]
        recorded.cancel(recorded.order("wa", "6", None))
    assert [entry.state for entry in ledger.entries()] == ["cancelled", "cancelled"]


MALFORMED = [
    "http://127.0.0.1 :8000/",
    "http://127.0.0.1:8000/a path",
    "http://127.0.0.1:8000/a\tb",
    "http://127.0.0.1:8000/a\u00a0b",
    "http://127.0.0.1:8000/\u202e",
    "http://127.0.0.1:8000\\api",
    "http://127.0.0.1:8000/#api",
    "https://a..b/",
    "https://.example/",
    f"https://{'a' * 64}.example/",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_base_url(url: str) -> None:
    """It is a setting that is wrong, found before any order; no number may be rented because of it."""
    for name, given in (("otpcepat", OTPCEPAT), ("otpvirt", OTPVIRT)):
        with pytest.raises(SettingsError, match=r"is not (an http:// or https://|a valid) URL"):
            credentials(name, {**given, f"{name.upper()}_BASE_URL": url}, {})


def test_a_malformed_base_url_of_an_order(ledger: Ledger) -> None:
    """A provider that was built without the check is refused when it orders: nothing was sent, and that is certain."""
    kind: Any = load("otpcepat")
    values = {**credentials("otpcepat", OTPCEPAT, {}), "OTPCEPAT_BASE_URL": "http://127.0.0.1 :8000/"}
    recorded = RecordingProvider(kind(values, HttpClient("otpcepat")), lambda: RunContext(ledger, "run-1"))
    with pytest.raises(SettingsError, match="is not a valid URL"):
        recorded.order("12", "143", None)
    assert the_only(ledger).state == "refused"


def test_a_header_that_cannot_be_sent(ledger: Ledger) -> None:
    """What fails before anything is sent is a refusal, and not an order that may exist."""
    kind: Any = load("otpcepat")
    values = {**credentials("otpcepat", OTPCEPAT, {}), "OTPCEPAT_USER_AGENT": "two\nlines"}
    recorded = RecordingProvider(kind(values, HttpClient("otpcepat")), lambda: RunContext(ledger, "run-1"))
    with pytest.raises(ProviderUnavailable, match="the request cannot be sent"):
        recorded.order("12", "143", None)
    assert the_only(ledger).state == "refused"
