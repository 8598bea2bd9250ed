"""A provider that records each order, from before its request is sent until it is closed."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from ..clock import utc_now
from ..errors import AuthenticationError, BudgetExceeded, OrderUncertain, OtpError, SettingsError, Unsupported
from ..providers.base import Messages, Order, OrderState, Provider, Variable
from ..providers.catalogue import find
from ..redact import logger
from .entries import CLOSED, NO_BUDGET, TWICE, UNCERTAIN, UNTRIED, Budget, Closing, Intent, RunLedger
from .evidence import refuses, sent, weigh
from .rental import age, lifetime

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
    check: Callable[[], None] = lambda: None
    """Raises OtpError if the run has ended, so that nothing more may be ordered."""


class RecordingProvider:
    """Wraps a provider: places and closes its orders in this process, and records them in a ledger."""

    variables: ClassVar[tuple[Variable, ...]] = ()

    def __init__(
        self,
        provider: Provider,
        context: Callable[[], RunContext],
        *,
        reason: str = "by its test",
        abandon: Callable[[str, Order, RecordingProvider], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`context` is called for each order: a run that orders nothing needs no ledger, a forked child its own.

        `reason` is recorded with each close. `abandon` closes an order that was placed but must not be used; by default
        it is cancelled once. `clock` is the time of day: what was tried for a close may have been by another process.
        """
        self.name = provider.name
        self.reason = reason
        self._provider = provider
        self._context = context
        self._abandon = abandon
        self._clock = clock
        self._keys: dict[str, str] = {}
        self._states: dict[str, OrderState] = {}
        self._tried: dict[str, Closing] = {}
        subscribe = getattr(provider, "subscribe", None)
        if subscribe is not None:
            self.subscribe = subscribe

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

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
        by.check()
        by.ledger.reserve(intent, by.budget)
        order = self._place(intent)
        try:
            by.ledger.placed(key, order, by.budget)
        except OrderUncertain:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin may return anything, and the number is rented
            too_late = error
        else:
            self.track(key, order)
            return order
        self.track(key, order)
        if self._abandon:
            self._abandon(key, order, self)
        else:
            with contextlib.suppress(Exception):  # the ledger records why it is still open
                self.cancel(order)
        if isinstance(too_late, BudgetExceeded):
            too_late.hint = too_late.hint.replace("Nothing was ordered.", "The order was closed again.")
        raise too_late

    def track(self, key: str, order: Order, state: OrderState = OrderState.WAITING, tried: Closing = UNTRIED) -> None:
        """Take responsibility for an order that is already in the ledger; `tried` is what was tried to close it."""
        self._keys[order.id] = key
        self._states[order.id] = state
        self._tried[order.id] = tried

    def messages(self, order: Order) -> Messages:
        """Like the provider's. Its word that the order has ended closes nothing: see `evidence`."""
        found = self._provider.messages(order)
        if found.sms:
            self.set_state(order, OrderState.RECEIVED)
        elif found.state is not OrderState.ENDED:
            self.set_state(order, found.state)
        return found

    def state(self, order: Order) -> OrderState:
        """The last known state."""
        return self._states.get(order.id, OrderState.WAITING)

    def set_state(self, order: Order, state: OrderState) -> None:
        """Record the state; an order that is closed stays closed."""
        before = self.state(order)
        if before is not state and before.value not in CLOSED:  # an answer may arrive after the close
            self._states[order.id] = state
            with _logged():
                self._ledger.changed(self._keys[order.id], state.value, self._reasons.get(state, ""))

    def cancel(self, order: Order) -> OrderState:
        """Like the provider's; records and returns the outcome, which needs evidence."""
        return self._close("cancel", order, OrderState.CANCELLED)

    def finish(self, order: Order) -> OrderState:
        """Like the provider's; records and returns the outcome, which needs evidence."""
        return self._close("finish", order, OrderState.FINISHED)

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """Record a test's wait for this order's messages."""
        with _logged():
            self._ledger.waited(self._keys[order.id], seconds, codes)

    def give_up(self, order: Order) -> None:
        """After its last refused close: past the provider's longest rental, nothing more can be found out."""
        if age(order.ordered_at, self._clock()) > lifetime(self):
            self.set_state(order, OrderState.UNCERTAIN)

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
            if order.id in self._keys:
                raise OrderUncertain(TWICE, provider=self.name, order_id=order.id)
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

    def _close(self, operation: str, order: Order, wanted: OrderState) -> OrderState:
        if self.state(order).value in CLOSED:
            return self.state(order)
        before = self._tried.get(order.id, UNTRIED)
        self._record_tried(order, sent(before, self._clock()))  # first, since this process may die meanwhile
        try:
            said: OrderState | None = getattr(self._provider, operation)(order)
        except Exception as error:
            if not self._is_over(order, before, error):
                self.record_reason(order, f"{operation}: {getattr(error, 'message', error)}")
                raise
            said = OrderState.ENDED
        if said is not None and not before.closes:
            said = OrderState.ENDED  # it was over before our first close
        self.set_state(order, said or wanted)
        return self.state(order)

    def _is_over(self, order: Order, before: Closing, error: Exception) -> bool:
        """Whether a close that failed proves that the order is over."""
        if isinstance(error, AuthenticationError) or not getattr(error, "sent", True):
            self._record_tried(order, before)  # it had no effect
            return False
        if not refuses(error):
            return False
        after, is_over = weigh(self, order, before, error, self._clock())
        self._record_tried(order, after)
        return is_over

    def _record_tried(self, order: Order, tried: Closing) -> None:
        self._tried[order.id] = tried
        with _logged():
            self._ledger.tried(self._keys[order.id], tried)

    @property
    def _reasons(self) -> dict[OrderState, str]:
        return {
            OrderState.CANCELLED: self.reason,
            OrderState.FINISHED: self.reason,
            OrderState.ENDED: "by the provider, or elsewhere",
            OrderState.UNCERTAIN: "the provider refuses every close, and its longest rental is over",
        }


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
