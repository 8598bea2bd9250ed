"""A provider that records each order, from before its request is sent until it is closed."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from ..errors import BudgetExceeded, OrderUncertain, OtpError, SettingsError, Unsupported
from ..providers.base import Messages, Order, OrderState, Provider, Variable
from ..providers.catalogue import find
from ..redact import logger
from .entries import CLOSED, NO_BUDGET, UNCERTAIN, Budget, Intent, RunLedger

__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a process records its orders, on whose behalf, and what they may cost."""

    ledger: RunLedger
    run: str
    """The pytest run, shared by all its xdist workers."""
    account: str = ""
    """The account's digest; empty if no other process can act for the account."""
    owner: str = ""
    """The liveness lock of the process whose tests order."""
    keeper: str = ""
    """The liveness lock of the process that sends the requests; empty if the owner does."""
    budget: Budget = NO_BUDGET


class TrackingProvider:
    """Wraps a provider and tracks the state of its orders."""

    variables: ClassVar[tuple[Variable, ...]] = ()

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name
        self._states: dict[str, OrderState] = {}
        subscribe = getattr(provider, "subscribe", None)
        if subscribe is not None:
            self.subscribe = subscribe

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def messages(self, order: Order) -> Messages:
        """Like the provider's."""
        found = self._provider.messages(order)
        received = found.sms and found.state is OrderState.WAITING
        self.set_state(order, OrderState.RECEIVED if received else found.state)
        return found

    def state(self, order: Order) -> OrderState:
        """The last known state."""
        return self._states.get(order.id, OrderState.WAITING)

    def set_state(self, order: Order, state: OrderState) -> None:
        """Update the state; an order that is closed stays closed."""
        before = self.state(order)
        if before is not state and before.value not in CLOSED:  # an answer may arrive after the close
            self._states[order.id] = state
            self._on_change(order, state)

    def _on_change(self, order: Order, state: OrderState) -> None:
        """Called after each change. Subclasses record it."""


class RecordingProvider(TrackingProvider):
    """Places and closes orders in this process, and records them in a ledger."""

    def __init__(
        self,
        provider: Provider,
        context: Callable[[], RunContext],
        *,
        reason: str = "by its test",
        abandon: Callable[[str, Order, RecordingProvider], None] | None = None,
    ) -> None:
        """`context` is called for each order: a run that orders nothing needs no ledger, a forked child its own.

        `reason` is recorded with each close. `abandon` closes an order that was placed but must not be used; by default
        it is cancelled once.
        """
        super().__init__(provider)
        self.reason = reason
        self._context = context
        self._abandon = abandon
        self._keys: dict[str, str] = {}

    def order(self, service: str | None, country: str | None, operator: str | None, *, key: str | None = None) -> Order:
        """Like the provider's; recorded before the request is sent and again before the order is returned.

        Also raises BudgetExceeded, and SettingsError if the ledger cannot be written. Nothing is ordered then; an order
        whose actual price turns out to be too high is closed again.
        """
        key = key or uuid.uuid4().hex
        by = self._context()
        intent = Intent(key, by.run, by.owner, by.keeper, self.name, by.account, service, country, operator)
        if by.budget.spend is not None:
            price, currency = listed_price(self._provider, service, country)
            intent = replace(intent, price=price, currency=currency)
        by.ledger.reserve(intent, by.budget)
        order = self._place(intent)
        self.track(key, order)
        try:
            by.ledger.placed(key, order, by.budget)
        except Exception as error:  # noqa: BLE001 - a plugin may return anything, and the number is rented
            too_late = error
        else:
            return order
        if self._abandon:
            self._abandon(key, order, self)
        else:
            with contextlib.suppress(Exception):  # the ledger records why it is still open
                self.cancel(order)
        if isinstance(too_late, BudgetExceeded):
            too_late.hint = too_late.hint.replace("Nothing was ordered.", "The order was closed again.")
        raise too_late

    def track(self, key: str, order: Order, state: OrderState = OrderState.WAITING) -> None:
        """Take responsibility for an order that is already in the ledger."""
        self._keys[order.id] = key
        self._states[order.id] = state

    def cancel(self, order: Order) -> None:
        """Like the provider's; records the outcome."""
        self._close(self._provider.cancel, order, OrderState.CANCELLED)

    def finish(self, order: Order) -> None:
        """Like the provider's; records the outcome."""
        self._close(self._provider.finish, order, OrderState.FINISHED)

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """Record a test's wait for this order's messages."""
        with _logged():
            self._ledger.waited(self._keys[order.id], seconds, codes)

    def mark_ended(self, order: Order) -> None:
        """Record that the provider does not know the order, or no longer does, so there is nothing to close."""
        self.set_state(order, OrderState.ENDED)

    def record_reason(self, order: Order, reason: str) -> None:
        """Record why an order is still open."""
        with _logged():
            self._ledger.changed(self._keys[order.id], self.state(order).value, reason)

    @property
    def _ledger(self) -> RunLedger:
        return self._context().ledger

    def _place(self, intent: Intent) -> Order:
        try:
            order = self._provider.order(intent.service, intent.country, intent.operator)
            if not isinstance(order, Order):
                raise OrderUncertain(f"order() must return an Order; got {type(order).__name__}", provider=self.name)
        except OrderUncertain as error:
            with _logged():
                self._ledger.changed(intent.key, UNCERTAIN, _with_id(error))
            raise
        except OtpError as error:
            with _logged():
                sent = getattr(error, "sent", True) and not isinstance(error, SettingsError)
                self._ledger.refused(intent.key, error.message, sent=sent)
            raise
        except BaseException as error:
            with _logged():
                self._ledger.changed(intent.key, UNCERTAIN, f"{type(error).__name__}: {error}")
            raise
        return order

    def _close(self, operation: Callable[[Order], None], order: Order, closed: OrderState) -> None:
        try:
            operation(order)
        except Exception as error:
            self.record_reason(order, f"{operation.__name__}: {getattr(error, 'message', error)}")
            raise
        self.set_state(order, closed)

    def _on_change(self, order: Order, state: OrderState) -> None:
        closed = state in (OrderState.CANCELLED, OrderState.FINISHED)
        reason = self.reason if closed else "by the provider, or elsewhere" if state is OrderState.ENDED else ""
        with _logged():
            self._ledger.changed(self._keys[order.id], state.value, reason)


def listed_price(provider: Provider, service: str | None, country: str | None) -> tuple[Decimal | None, str | None]:
    """The price and currency in the price list; (None, None) if it has none. Raises ProviderError."""
    if service is None or country is None:
        return None, None
    try:
        services = provider.services(country)
    except Unsupported:
        return None, None
    wanted = find(service, services, kind="service", provider=provider.name)
    return next(((each.price, each.currency) for each in services if each.id == wanted), (None, None))


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    """Log a failure of the ledger: once the order is placed, it must not fail the operation itself."""
    try:
        yield
    except OtpError as error:
        logger.error("%s", error)


def _with_id(error: OrderUncertain) -> str:
    return f"order {error.order_id}: {error.message}" if error.order_id else error.message
