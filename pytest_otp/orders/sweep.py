"""Closing the orders that dead runs and their keepers left open."""

from __future__ import annotations

from collections.abc import Mapping

from ..clock import utc_now
from ..providers.base import OrderState
from .closers import Closers, OnOutcome
from .entries import LedgerEntry
from .ledger import Ledger
from .recording import RecordingProvider
from .rental import age, lifetime

__tracebackhide__ = True

SWEEP_PATIENCE = 5.0
"""Seconds that a run's first order waits for the sweep."""
SHORTEST_ATTEMPT = 30.0
"""Seconds to keep trying to close an order, however old it is."""


def begin_sweep(
    ledger: Ledger,
    claimer: str,
    providers: Mapping[str, RecordingProvider],
    closers: Closers,
    *,
    owner: str = "",
    longest: float | None = None,
    on_outcome: OnOutcome = lambda outcome, final: None,
) -> list[LedgerEntry]:
    """Claim the unattended orders of these accounts, start closing them, and return them.

    Each close is retried for the rest of the order's lifetime, or for `longest` seconds if that is less. Raises
    SettingsError if the ledger cannot be used.
    """
    claimed = ledger.claim(providers.keys(), claimer, owner)
    for entry in claimed:
        provider = providers[entry.intent.account]
        patience = max(SHORTEST_ATTEMPT, lifetime(provider) - age(entry.ordered_at, utc_now()))
        provider.track(entry.intent.key, entry.order, OrderState(entry.state), entry.closing)
        closers.close(
            provider,
            entry.order,
            look=True,
            timeout=patience if longest is None else min(patience, longest),
            on_outcome=on_outcome,
        )
    return claimed
