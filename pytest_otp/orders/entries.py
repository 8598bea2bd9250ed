"""What a ledger records of each order, and the in-memory ledger of an offline run."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from ..clock import utc_now
from ..display import SafeRepr
from ..errors import BudgetExceeded
from ..providers.base import Order, OrderState
from ..providers.fields import price_of

ORDERING = "ordering"
"""The request is about to be sent, or has been sent but not answered yet."""
REFUSED = "refused"
"""The order certainly failed: nothing was rented."""
FORGOTTEN = "forgotten"
"""A person has marked it as resolved."""

OPEN = (OrderState.WAITING.value, OrderState.RECEIVED.value)
CLOSED = (OrderState.FINISHED.value, OrderState.CANCELLED.value, OrderState.ENDED.value)
UNCERTAIN = OrderState.UNCERTAIN.value

TWICE = "the provider responded with the ID of an order that it had placed before"
"""Why an order is uncertain although it has an ID: closing that ID closes the other order."""


@dataclass(frozen=True, slots=True, repr=False)
class Intent(SafeRepr):
    """An order that is about to be sent."""

    key: str
    """Unique over all runs."""
    run: str
    """The pytest run, shared by all its xdist workers."""
    owner: str
    """The liveness lock of the process whose test orders."""
    keeper: str
    """The liveness lock of the process that sends the request; empty if the owner does."""
    provider: str
    """The provider's name."""
    account: str
    """The account's digest; empty if no other process can act for the account."""
    service: str | None = None
    country: str | None = None
    operator: str | None = None
    price: Decimal | None = None
    """The list price, if a budget required looking it up."""
    currency: str | None = None
    """ISO 4217 code of `price`."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What was tried to close an order."""

    closes: int = 0
    """Finishes and cancels that were sent."""
    refusals: int = 0
    """Refusals that count as evidence that the order is over."""
    counted_at: datetime | None = None
    """When the first close was sent, or the last refusal counted; in UTC."""


UNTRIED = Closing()


@dataclass(frozen=True, slots=True, repr=False)
class LedgerEntry(SafeRepr):
    """One order in a ledger. Contains no secret and no SMS text."""

    id: int
    """The number that commands print and accept."""
    intent: Intent
    """What was requested; `price` and `currency` are the order's own once it is placed."""
    order_id: str | None
    """The provider's ID; None until the provider responds."""
    number: str | None
    """As the provider formats it."""
    region: str | None
    """ISO 3166 code of the order's country, if known."""
    state: str
    """An OrderState's value, or `ordering`, `refused`, `forgotten`."""
    reason: str
    """Why the order is in this state, or why the last close failed."""
    ordered_at: datetime
    """UTC."""
    changed_at: datetime
    """UTC."""
    waited: float = 0.0
    """Seconds that tests spent waiting for its messages."""
    codes: int = 0
    """Number of messages that tests received."""
    closes: int = 0
    """As in `Closing`, and so are the next two."""
    refusals: int = 0
    counted_at: datetime | None = None

    @property
    def closing(self) -> Closing:
        """What was tried to close the order."""
        return Closing(self.closes, self.refusals, self.counted_at)

    @property
    def is_open(self) -> bool:
        """Whether a number is rented or being ordered."""
        return self.state in (*OPEN, ORDERING)

    @property
    def order(self) -> Order:
        """The order as confirmed by the provider."""
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
        """As strings and numbers, for JSON and other processes."""
        flat = {**asdict(self.intent), **{name: value for name, value in asdict(self).items() if name != "intent"}}
        return {
            name: value if isinstance(value, (int, float, type(None))) else str(value) for name, value in flat.items()
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> LedgerEntry:
        """Restore an entry from the result of `plain`."""
        values = dict(plain)
        asked = {field.name: values.pop(field.name) for field in fields(Intent)}
        asked["price"] = price_of(asked["price"])
        for name in ("ordered_at", "changed_at", "counted_at"):
            values[name] = values[name] and datetime.fromisoformat(values[name])
        return cls(intent=Intent(**asked), **values)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may order and spend. None means no limit."""

    orders: int | None = None
    """Order requests."""
    spend: Decimal | None = None
    """In `currency`."""
    currency: str | None = None
    """ISO 4217 code of `spend`."""


NO_BUDGET = Budget()


class RunLedger(Protocol):
    """What a run needs from its ledger, which records each order before its request is sent."""

    def reserve(self, intent: Intent, budget: Budget = NO_BUDGET) -> None:
        """Record an order before it is sent. Raises BudgetExceeded, or SettingsError if writing fails."""
        ...

    def placed(self, key: str, order: Order, budget: Budget = NO_BUDGET) -> None:
        """Record the confirmed order. Then raises BudgetExceeded if its actual price exceeds the budget.

        Raises OrderUncertain, and records that, if another open order at the account, or one of this run, has its ID.
        """
        ...

    def refused(self, key: str, reason: str, *, sent: bool) -> None:
        """Record that nothing was rented. A request that was never sent does not count towards the budget."""
        ...

    def changed(self, key: str, state: str, reason: str = "") -> None:
        """Record a new state, or a new reason for the current one."""
        ...

    def tried(self, key: str, closing: Closing) -> None:
        """Record what was tried to close an order."""
        ...

    def waited(self, key: str, seconds: float, codes: int) -> None:
        """Add a test's wait and the number of messages it received."""
        ...

    def entries(self, run: str) -> Sequence[LedgerEntry]:
        """The orders of a run, oldest first."""
        ...


class InMemoryLedger:
    """The ledger of one process, for offline runs, whose orders cost nothing."""

    def __init__(self) -> None:
        self._entries: dict[str, LedgerEntry] = {}
        self._lock = threading.Lock()

    def reserve(self, intent: Intent, budget: Budget = NO_BUDGET) -> None:
        """Record an order. Offline orders are free, so the budget is ignored."""
        with self._lock:
            self._entries[intent.key] = LedgerEntry(
                len(self._entries) + 1, intent, None, None, None, ORDERING, "", utc_now(), utc_now()
            )

    def placed(self, key: str, order: Order, budget: Budget = NO_BUDGET) -> None:
        """Record the confirmed order."""
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
        """Record that nothing was rented."""
        self.changed(key, REFUSED, reason)

    def changed(self, key: str, state: str, reason: str = "") -> None:
        """Record a new state."""
        with self._lock:
            self._entries[key] = replace(self._entries[key], state=state, reason=reason, changed_at=utc_now())

    def tried(self, key: str, closing: Closing) -> None:
        """Record what was tried to close an order."""
        with self._lock:
            self._entries[key] = replace(self._entries[key], **asdict(closing))

    def waited(self, key: str, seconds: float, codes: int) -> None:
        """Add a test's wait."""
        with self._lock:
            entry = self._entries[key]
            self._entries[key] = replace(entry, waited=entry.waited + seconds, codes=entry.codes + codes)

    def entries(self, run: str) -> Sequence[LedgerEntry]:
        """All orders, since there is only one run."""
        with self._lock:
            return list(self._entries.values())


def check_price(intent: Intent, spent: Decimal, budget: Budget) -> None:
    """Raise BudgetExceeded unless the rest of the budget covers the order's price."""
    limit = f"--otp-max-spend {budget.spend} {budget.currency}"
    wanted = ", ".join(filter(None, (intent.service, intent.country))) or "this order"
    if intent.price is None or budget.spend is None:
        message = f"the price of {wanted} is unknown before ordering, so {limit} cannot be enforced"
        hint = "Nothing was ordered. Name a service and a country from the price list, or use --otp-max-orders instead."
    elif intent.currency != budget.currency:
        price = f"{intent.price} {intent.currency or '(currency unknown)'}"
        message = f"{wanted} costs {price}, but {limit} is in another currency"
        hint = f"Nothing was ordered. Set the limit in {intent.currency or 'the currency of the account'}."
    elif spent + intent.price > budget.spend:
        message = (
            f"{wanted} costs {intent.price} {intent.currency}, this run has spent {spent}, and the limit is {limit}"
        )
        hint = "Nothing was ordered. Raise --otp-max-spend (PYTEST_OTP_MAX_SPEND) if that is intended."
    else:
        return
    raise BudgetExceeded(message, provider=intent.provider, hint=hint)
