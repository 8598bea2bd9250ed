"""What is written down of each order, and the book of an offline run, which is kept in memory.

The book of a real run is the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from ..clock import utc_now
from ..errors import BudgetExceeded
from ..providers.base import Order, OrderState

ORDERING = "ordering"
"""The request is about to leave, or has left: its answer is not here yet."""
REFUSED = "refused"
"""Nothing was rented, for certain."""
FORGOTTEN = "forgotten"
"""A person has said that it needs no more care."""

OPEN = (OrderState.WAITING.value, OrderState.RECEIVED.value)
CLOSED = (OrderState.FINISHED.value, OrderState.CANCELLED.value, OrderState.ENDED.value)
UNCERTAIN = OrderState.UNCERTAIN.value


@dataclass(frozen=True, slots=True)
class Intent:
    """An order that is about to be sent."""

    key: str
    """Unique over all runs."""
    run: str
    """The pytest run; all its xdist workers share it."""
    owner: str
    """The sign of life of the process whose test asks."""
    keeper: str
    """The sign of life of the process that sends it; empty where the owner does."""
    provider: str
    """The provider's name."""
    account: str
    """The account's digest; empty where no other process can act for it."""
    service: str | None = None
    country: str | None = None
    operator: str | None = None
    price: Decimal | None = None
    """What it will cost, where that had to be asked."""
    currency: str | None = None
    """ISO 4217 code of `price`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a book. It holds no secret and no text of an SMS."""

    id: int
    """What people call it by."""
    intent: Intent
    """What was asked for; `price` and `currency` are the order's own as soon as it is placed."""
    order_id: str | None
    """The provider's id; None as long as there is no answer."""
    number: str | None
    """As the provider wrote it."""
    region: str | None
    """ISO 3166 code of the order's country, where it is known."""
    state: str
    """An OrderState's word, or `ordering`, `refused`, `forgotten`."""
    reason: str
    """Why the state is what it is, or what the last close that failed said."""
    ordered_at: datetime
    """UTC."""
    changed_at: datetime
    """UTC."""
    waited: float = 0.0
    """Seconds that tests waited for its messages."""
    codes: int = 0
    """Messages that were handed out."""

    @property
    def is_open(self) -> bool:
        """Whether a number is rented, or its request is on its way."""
        return self.state in (*OPEN, ORDERING)

    @property
    def order(self) -> Order:
        """The order as the provider confirmed it."""
        asked = self.intent
        return Order(
            self.order_id or "",
            self.number or "",
            asked.service,
            asked.country,
            asked.operator,
            asked.price,
            asked.currency,
            self.ordered_at,
            self.region,
        )

    def plain(self) -> dict[str, object]:
        """As texts and numbers, for JSON and for other processes."""
        flat = {**asdict(self.intent), **{name: value for name, value in asdict(self).items() if name != "intent"}}
        return {
            name: value if isinstance(value, (int, float, type(None))) else str(value) for name, value in flat.items()
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Entry:
        """What `plain` gave."""
        values = dict(plain)
        asked = {field.name: values.pop(field.name) for field in fields(Intent)}
        asked["price"] = None if asked["price"] is None else Decimal(asked["price"])
        for name in ("ordered_at", "changed_at"):
            values[name] = datetime.fromisoformat(values[name])
        return cls(intent=Intent(**asked), **values)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may order and spend; None: without bounds."""

    orders: int | None = None
    """Order requests."""
    spend: Decimal | None = None
    """In `currency`."""
    currency: str | None = None
    """ISO 4217 code of `spend`."""


NO_BUDGET = Budget()


class Book(Protocol):
    """Where each order is written down, from before its request leaves."""

    def reserve(self, intent: Intent, budget: Budget = NO_BUDGET) -> None:
        """Write an order down before it is sent. Raises BudgetExceeded, and SettingsError where writing fails."""
        ...

    def placed(self, key: str, order: Order, budget: Budget = NO_BUDGET) -> None:
        """The order was confirmed. Raises BudgetExceeded, after it was written down, where its price is too high."""
        ...

    def refused(self, key: str, reason: str, *, sent: bool) -> None:
        """Nothing was rented; what was not even sent does not count for the budget."""
        ...

    def changed(self, key: str, state: str, reason: str = "") -> None:
        """The order's state is another one, or stays for another reason."""
        ...

    def waited(self, key: str, seconds: float, codes: int) -> None:
        """A test waited, and got so many messages."""
        ...

    def entries(self, run: str) -> Sequence[Entry]:
        """The orders of a run, the oldest first."""
        ...


class MemoryBook:
    """The book of one process: for offline runs, which nothing needs to outlive."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def reserve(self, intent: Intent, budget: Budget = NO_BUDGET) -> None:
        """No budget counts what costs nothing."""
        with self._lock:
            self._entries[intent.key] = Entry(
                len(self._entries) + 1, intent, None, None, None, ORDERING, "", utc_now(), utc_now()
            )

    def placed(self, key: str, order: Order, budget: Budget = NO_BUDGET) -> None:
        """The order was confirmed."""
        with self._lock:
            entry = self._entries[key]
            self._entries[key] = replace(
                entry,
                intent=replace(entry.intent, price=order.price, currency=order.currency),
                order_id=order.id,
                number=order.number,
                region=order.region,
                state=OrderState.WAITING.value,
            )

    def refused(self, key: str, reason: str, *, sent: bool) -> None:
        """Nothing was rented."""
        self.changed(key, REFUSED, reason)

    def changed(self, key: str, state: str, reason: str = "") -> None:
        """The order's state is another one."""
        with self._lock:
            self._entries[key] = replace(self._entries[key], state=state, reason=reason, changed_at=utc_now())

    def waited(self, key: str, seconds: float, codes: int) -> None:
        """A test waited, and got so many messages."""
        with self._lock:
            entry = self._entries[key]
            self._entries[key] = replace(entry, waited=entry.waited + seconds, codes=entry.codes + codes)

    def entries(self, run: str) -> Sequence[Entry]:
        """All of them: there is one run only."""
        with self._lock:
            return list(self._entries.values())


def check_price(intent: Intent, spent: Decimal, budget: Budget) -> None:
    """Raise BudgetExceeded unless an order of this price fits into what is left."""
    allowed = f"--otp-max-spend {budget.spend} {budget.currency}"
    wanted = ", ".join(filter(None, (intent.service, intent.country))) or "it"
    if intent.price is None or budget.spend is None:
        said = f"nobody knows before the order what {wanted} will cost, and {allowed} is to hold"
        hint = "Nothing was ordered. Name a service and a country of the price list, or limit --otp-max-orders instead."
    elif intent.currency != budget.currency:
        costs = f"{intent.price} {intent.currency or '(currency unknown)'}"
        said = f"{wanted} costs {costs}, and {allowed} is in another currency"
        hint = f"Nothing was ordered. Give the limit in {intent.currency or 'the currency of the account'}."
    elif spent + intent.price > budget.spend:
        said = f"{wanted} costs {intent.price} {intent.currency}, this run has spent {spent}, and {allowed} is to hold"
        hint = "Nothing was ordered. Raise --otp-max-spend (PYTEST_OTP_MAX_SPEND) where that is meant."
    else:
        return
    raise BudgetExceeded(said, provider=intent.provider, hint=hint)
