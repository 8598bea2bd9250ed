"""How long a number can be rented: after that, an order has ended, whatever is known about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..clock import utc_now
from ..providers.registry import load
from .entries import UNCERTAIN, LedgerEntry

__tracebackhide__ = True

LIFETIME = 1200.0
"""Seconds after which a provider ends an order, unless its class defines `lifetime`."""


def lifetime(provider: Any) -> float:
    """Seconds after which the provider ends an order."""
    return float(getattr(provider, "lifetime", LIFETIME))


def age(ordered_at: datetime, now: datetime) -> float:
    """Seconds since an order was placed, never negative: by the wall clock, since its process may be another one."""
    return max(0.0, (now - ordered_at).total_seconds())


def is_expired(entry: LedgerEntry) -> bool:
    """Whether an uncertain order is older than its provider's longest rental, so that nothing is rented any more."""
    if entry.state != UNCERTAIN:
        return False
    try:
        longest = lifetime(load(entry.intent.provider))
    except Exception:  # noqa: BLE001 - its plugin is not installed, or fails to load, so nobody knows
        return False
    return age(entry.ordered_at, utc_now()) > longest
