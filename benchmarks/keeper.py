"""What the keeper costs: an order and a poll through it beside those sent directly, and the ledger's part of an order.

The same server on loopback gets both, turn by turn. The keeper is started before. Limits are ratios to a direct order,
and for a poll the milliseconds that the keeper adds to the median.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from pytest_otp.keeper.guard import Guard, GuardOptions
from pytest_otp.offline.carrier import Carrier
from pytest_otp.orders.entries import Intent
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import Order, OrderState, Provider
from pytest_otp.providers.registry import create, credentials
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server

from .limits import check

ORDERS = 300
WARM_UP = 20
ALLOWED_KEEPER = 3.0
ALLOWED_LEDGER = 0.2
POLLS = 500
ALLOWED_POLL = 1.0
"""Milliseconds."""
COUNTRY = "6"  # an id, so that no catalogue is asked


def main() -> None:
    """Print medians in milliseconds, and ratios."""
    print(f"\nKeeper: median milliseconds of {ORDERS} orders and {POLLS} polls, alternating")
    with tempfile.TemporaryDirectory() as folder, Server(Sandbox(Carrier(seed=1), scenario="never")) as server:
        provider = create("otpcepat", credentials("otpcepat", environ(server.url), {}))
        guard = Guard(GuardOptions("a-run", Path(folder), "ledger"))
        kept = guard.guarded(provider)
        service = next(each.id for each in provider.services(COUNTRY))
        direct, through = _turns((provider.order, provider.cancel), (kept.order, kept.cancel), service)
        poll, kept_poll = _polls(provider, kept, kept.order(service, COUNTRY, None))
        guard.end()
        ledger = _ledger(Ledger(Path(folder) / "other-ledger"))
    _line("an order sent directly", direct)
    _line("an order through the keeper", through)
    _line("the ledger's share of an order", ledger)
    _line("a poll sent directly", poll)
    _line("a poll through the keeper", kept_poll)
    _ratio("through the keeper, ratio", through / direct, ALLOWED_KEEPER)
    _ratio("the ledger's share, ratio", ledger / direct, ALLOWED_LEDGER)
    _ratio("a poll, milliseconds more", (kept_poll - poll) * 1000, ALLOWED_POLL)


Way = tuple[Callable[..., Order], Callable[[Order], object]]
"""How to order and how to cancel."""


def _turns(direct: Way, through: Way, service: str) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(WARM_UP + ORDERS):
        for (order, cancel), into in zip((direct, through), times, strict=True):
            start = time.perf_counter()
            rented = order(service, COUNTRY, None)
            if turn >= WARM_UP:
                into.append(time.perf_counter() - start)
            cancel(rented)
    return statistics.median(times[0]), statistics.median(times[1])


def _polls(direct: Provider, kept: Provider, order: Order) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(WARM_UP + POLLS):
        for provider, into in zip((direct, kept), times, strict=True):
            start = time.perf_counter()
            provider.messages(order)
            if turn >= WARM_UP:
                into.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def _ledger(ledger: Ledger) -> float:
    """What one order writes from its request to its close."""
    intent = Intent("", "a-run", "owner", "keeper", "otpcepat", "account", "5", "6", None)
    answer: dict[str, Any] = {"service": "5", "country": "6", "operator": None, "price": Decimal(99), "currency": "IDR"}
    times = []
    for number in range(WARM_UP + ORDERS):
        order = Order(str(number), "6281200000000", ordered_at=datetime.now(timezone.utc), region="ID", **answer)
        key = uuid.uuid4().hex
        start = time.perf_counter()
        ledger.reserve(replace(intent, key=key))
        ledger.placed(key, order)
        ledger.changed(key, OrderState.CANCELLED.value, "by its test")
        if number >= WARM_UP:
            times.append(time.perf_counter() - start)
    ledger.close()
    return statistics.median(times)


def _line(what: str, seconds: float) -> None:
    print(f"  {what:<48} {seconds * 1000:>9.3f}")


def _ratio(what: str, ratio: float, allowed: float) -> None:
    print(f"  {what:<48} {ratio:>9.3f}   {check(f'keeper, {what}', ratio, allowed)}")
