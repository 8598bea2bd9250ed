"""Closing the orders that dead runs and their keepers left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..clock import utc_now
from ..providers.base import OrderState
from .closers import Closers, OnOutcome
from .entries import LedgerEntry
from .ledger import Ledger
from .recording import RecordingProvider

__tracebackhide__ = True

LIFETIME = 1200.0
"""Seconds after which a provider ends an order, unless its class defines `lifetime`."""
SWEEP_PATIENCE = 5.0
"""Seconds that a run's first order waits for the sweep."""
SHORTEST_ATTEMPT = 30.0
"""Seconds to keep trying to close an order, however old it is."""


def lifetime(provider: Any) -> float:
    """Seconds after which the provider ends an order."""
    return float(getattr(provider, "lifetime", LIFETIME))


def begin_sweep(
    ledger: Ledger,
    claimer: str,
    providers: Mapping[str, RecordingProvider],
    closers: Closers,
    *,
    longest: float | None = None,
    on_outcome: OnOutcome = lambda outcome, final: None,
) -> list[LedgerEntry]:
    """Claim the unattended orders of these accounts, start closing them, and return them.

    Each close is retried for the rest of the order's lifetime, or for `longest` seconds if that is less. Raises
    SettingsError if the ledger cannot be used.
    """
    claimed = ledger.claim(providers.keys(), claimer)
    for entry in claimed:
        provider = providers[entry.intent.account]
        # The order is another process's, so only the wall clock can give its age.
        age = (utc_now() - entry.ordered_at).total_seconds()
        patience = max(SHORTEST_ATTEMPT, lifetime(provider) - max(0.0, age))
        provider.track(entry.intent.key, entry.order, OrderState(entry.state))
        closers.close(
            provider,
            entry.order,
            look=True,
            timeout=patience if longest is None else min(patience, longest),
            on_outcome=on_outcome,
        )
    return claimed
