"""Closing what dead runs and their keepers left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..clock import utc_now
from ..providers.base import OrderState
from .closers import Closers, Told
from .entries import Entry
from .ledger import Ledger
from .recording import Recorded

__tracebackhide__ = True

LIFETIME = 1200.0
"""Seconds that an order lives where its provider's class does not say (`lifetime`)."""
SWEEP_PATIENCE = 5.0
"""Seconds that a run's first order waits for what dead runs left open."""
LEAST = 30.0
"""Seconds that an order is tried to be closed, however old it is."""


def lifetime(provider: Any) -> float:
    """Seconds after which a provider ends an order by itself."""
    return float(getattr(provider, "lifetime", LIFETIME))


def begin_sweep(
    ledger: Ledger,
    claimer: str,
    providers: Mapping[str, Recorded],
    closers: Closers,
    *,
    longest: float | None = None,
    told: Told = lambda outcome, final: None,
) -> list[Entry]:
    """Claim what nobody cares for, at the accounts that `providers` has, and begin to close it; what was claimed.

    Each is tried for what is left of its lifetime, for `longest` seconds at most. Raises SettingsError.
    """
    claimed = ledger.claim(providers.keys(), claimer)
    for entry in claimed:
        provider = providers[entry.intent.account]
        # Of an order of another process there is nothing but the time of day to tell its age.
        age = (utc_now() - entry.ordered_at).total_seconds()
        patience = max(LEAST, lifetime(provider) - max(0.0, age))
        provider.knows(entry.intent.key, entry.order, OrderState(entry.state))
        closers.close(
            provider,
            entry.order,
            look=True,
            timeout=patience if longest is None else min(patience, longest),
            told=told,
        )
    return claimed
