"""Orders in a ledger, for tests of what is done with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

from pytest_otp.orders.entries import Intent, LedgerEntry, RunLedger
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import Order

PLAIN = Intent("key-1", "run-1", "", "", "scripted", "account-1", "wa", "6", None)
"""What a process asked for that is dead: nobody holds the empty liveness lock."""


def an_intent(key: str = "key-1", **changes: object) -> Intent:
    return replace(PLAIN, key=key, **changes)  # type: ignore[arg-type]  # a test gives what the field takes


def an_order(order_id: str = "order-1", price: str | None = "1.5", currency: str | None = "USD") -> Order:
    return Order(
        order_id,
        "12015550100",
        "wa",
        "6",
        None,
        None if price is None else Decimal(price),
        currency,
        datetime.now(timezone.utc),
        "US",
    )


def write(ledger: RunLedger, key: str = "key-1", state: str = "waiting", reason: str = "", **changes: object) -> None:
    """Write an order down, in a state. Its id at the provider is `order-1` for `key-1`."""
    ledger.reserve(an_intent(key, **changes))
    if state == "ordering":
        return
    if state == "refused":
        ledger.refused(key, reason, sent=True)
        return
    if state != "uncertain":
        price, currency = changes.get("price", Decimal("1.5")), changes.get("currency", "USD")
        order = an_order(key.replace("key", "order"), str(price), str(currency))
        ledger.placed(key, order)
    if state != "waiting":
        ledger.changed(key, state, reason)


def the_only(ledger: Ledger) -> LedgerEntry:
    (entry,) = ledger.entries()
    return entry


def states(ledger: Ledger) -> dict[str, str]:
    return {entry.intent.key: entry.state for entry in ledger.entries()}
