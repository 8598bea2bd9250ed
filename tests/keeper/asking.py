"""Requests to a keeper, as a test process sends them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from pytest_otp.clock import monotonic
from pytest_otp.errors import (
    OtpError,
)
from pytest_otp.keeper.client import Keeper
from pytest_otp.keeper.wire import KeeperMessage
from pytest_otp.orders.entries import LedgerEntry
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import Order
from tests.keeper.loopback import Cepat
from tests.orders.processes import LONG

NOTHING_ORDERED = "Nothing was ordered. Use --otp-keeper off (PYTEST_OTP_KEEPER) to order without it."
UNAVAILABLE = "the keeper process, which closes orders even if the run is killed, is not available"


def ordering(keeper: Keeper, cepat: Cepat, key: str, **changes: Any) -> Future[KeeperMessage]:
    """Ask for an order."""
    number = keeper.use("otpcepat", {**cepat.values, **changes}, ())
    about = {"provider": number, "key": key, "service": "1", "country": "6", "operator": None}
    return keeper.ask({"op": "order", **about, "until": monotonic() + LONG})


def order(keeper: Keeper, cepat: Cepat, key: str, **changes: Any) -> Order:
    """Ask for an order, and get it."""
    placed: Order = ordering(keeper, cepat, key, **changes).result(LONG)["result"]
    return placed


def closing(keeper: Keeper, key: str) -> Future[KeeperMessage]:
    """Ask for a close."""
    return keeper.ask({"op": "close", "key": key, "received": False})


def failure(answer: Future[KeeperMessage]) -> OtpError:
    """What came instead of an answer."""
    error = answer.exception(LONG)
    assert isinstance(error, OtpError)
    return error


def entry(ledger: Ledger, key: str) -> LedgerEntry:
    return next(entry for entry in ledger.entries() if entry.intent.key == key)
