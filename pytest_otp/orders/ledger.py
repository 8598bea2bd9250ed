"""The ledger: every order of every run on this machine, in one file that all processes share.

It contains no secret and no SMS text; an account is identified by a digest that is salted for this ledger.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from ..clock import utc_now
from ..errors import BudgetExceeded, OrderUncertain, OtpError
from ..providers.base import Order, OrderState
from ..redact import Secret, scrub
from .database import PATIENCE
from .entries import (
    CLOSED,
    FORGOTTEN,
    NO_BUDGET,
    OPEN,
    ORDERING,
    REFUSED,
    TWICE,
    UNCERTAIN,
    Budget,
    Closing,
    Intent,
    LedgerEntry,
    check_price,
)
from .process_locks import LivenessLock
from .store import UPGRADES, SqliteStore

__tracebackhide__ = True

RETENTION = timedelta(days=90)
"""How long closed orders are kept."""

_DONE = (*CLOSED, REFUSED, FORGOTTEN)
_UNCLOSED = (ORDERING, *OPEN)
_FREE = (OrderState.CANCELLED.value, REFUSED)


class Ledger:
    """A ledger that outlives its process. Thread-safe, and safe for many processes at once.

    Every method raises SettingsError if the file cannot be used.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE, upgrades: Sequence[str] = UPGRADES) -> None:
        """Open the file; create it if it is missing, and upgrade an older one.

        `patience` is the time in seconds to wait for another process that is writing.
        """
        self.path = path
        self._store = SqliteStore(path, patience=patience, upgrades=upgrades)
        self.locks = self._store.locks
        try:
            self._store.delete_older(utc_now() - RETENTION, _DONE)
        except BaseException:
            self._store.close()
            raise

    def liveness_lock(self) -> LivenessLock:
        """Take a new lock that shows other processes that this one is alive."""
        return self._store.liveness_lock()

    def is_alive(self, lock: str) -> bool:
        """Whether the process that holds this liveness lock is alive."""
        return self._store.is_alive(lock)

    def is_attended(self, entry: LedgerEntry) -> bool:
        """Whether a living process is responsible for the order."""
        return self.is_alive(entry.intent.owner) or self.is_alive(entry.intent.keeper)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def account(self, provider: str, values: Mapping[str, str | Secret | None]) -> str:
        """A digest that identifies an account by the values that do (`identifying`), without revealing them."""
        known = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
        return hmac.digest(self._store.salt(), json.dumps([provider, known], sort_keys=True).encode(), "sha256").hex()

    def reserve(self, intent: Intent, budget: Budget = NO_BUDGET) -> None:
        """Record an order before it is sent. Raises BudgetExceeded if it would exceed the run's budget."""
        with self._store.transaction():
            self._check(intent, budget)
            self._store.insert(
                replace(
                    intent,
                    service=_clean(intent.service),
                    country=_clean(intent.country),
                    operator=_clean(intent.operator),
                ),
                ORDERING,
            )
        self._store.expect(intent.key)

    def placed(self, key: str, order: Order, budget: Budget = NO_BUDGET) -> None:
        """Record the confirmed order. Then raises BudgetExceeded if its actual price exceeds the budget.

        Raises OrderUncertain, and records that, if another open order at the account, or one of this run, has its ID.
        """
        price = {} if order.price is None else {"price": str(order.price), "currency": order.currency}
        with self._store.transaction():
            self._store.update(
                key,
                **price,  # else the listed one stays
                order_id=str(order.id),
                number=str(order.number),
                region=order.region,
                service=_clean(order.service),
                country=_clean(order.country),
                operator=_clean(order.operator),
                ordered_at=_utc(order.ordered_at).isoformat(),
                state=OrderState.WAITING.value,
                reason="",
            )
            entry = self._store.by_key(key)
            is_known = bool(entry.intent.account) and self._store.has_twin(entry, _UNCLOSED)
            if is_known:
                self._store.update(key, state=UNCERTAIN, reason=TWICE)
            spent = Decimal(0) if budget.spend is None else self._spent(entry.intent.run) - (entry.intent.price or 0)
        if is_known:
            raise OrderUncertain(TWICE, provider=entry.intent.provider, order_id=entry.order_id)
        if budget.spend is not None:
            check_price(entry.intent, spent, budget)

    def refused(self, key: str, reason: str, *, sent: bool) -> None:
        """Record that nothing was rented. A request that was never sent does not count towards the budget."""
        self._store.update(key, state=REFUSED, reason=scrub(reason), counts=int(sent))

    def changed(self, key: str, state: str, reason: str = "") -> None:
        """Record a new state, or a new reason for the current one."""
        self._store.update(key, state=state, reason=scrub(reason))

    def tried(self, key: str, closing: Closing) -> None:
        """Record what was tried to close an order."""
        counted_at = None if closing.counted_at is None else closing.counted_at.isoformat()
        self._store.update(key, closes=closing.closes, refusals=closing.refusals, counted_at=counted_at)

    def waited(self, key: str, seconds: float, codes: int) -> None:
        """Add a test's wait and the number of messages it received."""
        self._store.add_wait(key, seconds, codes)

    def entries(self, run: str | None = None) -> list[LedgerEntry]:
        """The orders of a run, or all orders, oldest first."""
        return self._store.all() if run is None else self._store.of_run(run)

    def unclosed(self) -> list[LedgerEntry]:
        """The orders that are open or being ordered."""
        return self._store.in_states(_UNCLOSED)

    def swept(self, run: str) -> list[LedgerEntry]:
        """The orders of earlier runs that the processes of this run took over."""
        return self._store.taken_over_by(run)

    def claim(self, accounts: Collection[str], keeper: str, owner: str = "") -> list[LedgerEntry]:
        """Take over the unattended open orders of these accounts, and return them.

        An order goes to the first process that claims it, for as long as that process lives; then to whoever succeeds
        it as the keeper of `owner`. An order that was being placed when its processes died becomes uncertain, whatever
        its account.
        """
        with self._store.transaction():
            unattended = [entry for entry in self.unclosed() if not self.is_attended(entry)]
            lost = [entry for entry in unattended if entry.state == ORDERING]
            claimed = [entry for entry in unattended if entry.state != ORDERING and entry.intent.account in accounts]
            for entry in lost:
                self.changed(entry.intent.key, UNCERTAIN, "its process died before the provider responded")
            for entry in claimed:
                self._store.update(entry.intent.key, keeper=keeper, owner=owner)
        return claimed

    def adopt(self, owner: str, keeper: str) -> list[LedgerEntry]:
        """Take over the open orders of a living process whose keeper has died, and return them.

        Those that were being placed become uncertain.
        """
        with self._store.transaction():
            orphans = [
                entry
                for entry in self.unclosed()
                if entry.intent.owner == owner and not self.is_alive(entry.intent.keeper)
            ]
            for entry in orphans:
                if entry.state == ORDERING:
                    self.changed(entry.intent.key, UNCERTAIN, "its keeper died before the provider responded")
                else:
                    self._store.update(entry.intent.key, keeper=keeper)
        return [entry for entry in orphans if entry.state != ORDERING]

    def forget(self, number: int, *, force: bool = False) -> LedgerEntry:
        """Mark an order as resolved, and return it as it was. An order that can still be closed requires `force`.

        Raises OtpError if there is no such order, if it is closed, or if a living process is responsible for it.
        """
        with self._store.transaction():
            entry = self._store.by_id(number)
            if entry is None:
                raise OtpError(f"the ledger has no order {number}", hint="List the orders with: pytest-otp orders")
            if entry.state in _DONE:
                raise OtpError(f"order {number} is {entry.state}, so there is nothing to forget")
            if entry.state != UNCERTAIN and self.is_attended(entry):
                raise OtpError(f"order {number} belongs to an active run", hint="That run will close it.")
            if entry.state in OPEN and not force:
                raise OtpError(
                    f"order {number} is open: its number is still rented, and a sweep can close the order",
                    hint="Close it with pytest-otp sweep, or use --force if you have closed it at the provider.",
                )
            self.changed(entry.intent.key, FORGOTTEN, f"was {entry.state}")
        return entry

    def _check(self, intent: Intent, budget: Budget) -> None:
        if budget.orders is not None:
            sent = self._store.sent_requests(intent.run)
            if sent >= budget.orders:
                requests = "1 order request" if sent == 1 else f"{sent} order requests"
                raise BudgetExceeded(
                    f"this run has sent {requests}, as many as --otp-max-orders allows",
                    provider=intent.provider,
                    hint="Nothing was ordered. Raise --otp-max-orders (PYTEST_OTP_MAX_ORDERS) if that is intended.",
                )
        if budget.spend is not None:
            check_price(intent, self._spent(intent.run), budget)

    def _spent(self, run: str) -> Decimal:
        return sum(self._store.prices(run, without=_FREE), Decimal(0))


def _clean(requested: str | None) -> str | None:
    """Scrubbed, since a test may pass a key by mistake."""
    return None if requested is None else scrub(requested)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
