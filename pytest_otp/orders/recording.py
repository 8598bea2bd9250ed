"""A provider whose every order is written down, from before its request leaves until it is closed."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from ..errors import BudgetExceeded, OrderUncertain, OtpError, SettingsError, Unsupported
from ..providers.base import Messages, Order, OrderState, Provider, Variable
from ..providers.catalogue import find
from .entries import CLOSED, NO_BUDGET, UNCERTAIN, Book, Budget, Intent

__tracebackhide__ = True

_logger = logging.getLogger("pytest_otp")


@dataclass(frozen=True, slots=True)
class Bookkeeping:
    """Where orders are written down, for whom, and what they may cost."""

    book: Book
    run: str
    """The pytest run; all its xdist workers share it."""
    account: str = ""
    """The provider account's digest; empty where no other process can act for it."""
    owner: str = ""
    """The sign of life of the process whose tests order."""
    keeper: str = ""
    """The sign of life of the process that sends the requests; empty where the owner does."""
    budget: Budget = NO_BUDGET


class Watched:
    """Does as the provider behind it, and notices each change of an order's state."""

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
        """As the provider's."""
        heard = self._provider.messages(order)
        received = heard.sms and heard.state is OrderState.WAITING
        self._is(order, OrderState.RECEIVED if received else heard.state)
        return heard

    def _is(self, order: Order, state: OrderState) -> None:
        before = self._states.get(order.id, OrderState.WAITING)
        if before is not state and before.value not in CLOSED:  # an answer may come late, when the order is closed
            self._states[order.id] = state
            self._note(order, state)

    def _note(self, order: Order, state: OrderState) -> None:
        raise NotImplementedError


class Recorded(Watched):
    """A provider with a book. Its orders are placed and closed by this process."""

    def __init__(
        self,
        provider: Provider,
        bookkeeping: Callable[[], Bookkeeping],
        *,
        reason: str = "by its test",
        abandon: Callable[[str, Order, Recorded], None] | None = None,
    ) -> None:
        """`bookkeeping` is asked at each order: a run that orders nothing needs no book, a forked child one of its own.

        `reason` is written beside each close. `abandon` closes an order that was placed and must not be used; by
        default it is cancelled once.
        """
        super().__init__(provider)
        self.reason = reason
        self._bookkeeping = bookkeeping
        self._abandon = abandon
        self._keys: dict[str, str] = {}

    def order(self, service: str | None, country: str | None, operator: str | None, *, key: str | None = None) -> Order:
        """As the provider's, written down before the request leaves and before the order is returned.

        Raises BudgetExceeded and SettingsError (the book cannot be written) as well; nothing is ordered then, or, where
        only the answer tells a price that is too high, it is closed again.
        """
        key = key or uuid.uuid4().hex
        by = self._bookkeeping()
        intent = Intent(key, by.run, by.owner, by.keeper, self.name, by.account, service, country, operator)
        if by.budget.spend is not None:
            price, currency = listed_price(self._provider, service, country)
            intent = replace(intent, price=price, currency=currency)
        by.book.reserve(intent, by.budget)
        order = self._place(intent)
        self.knows(key, order)
        try:
            by.book.placed(key, order, by.budget)
        except Exception as error:  # noqa: BLE001 - a plugin's order may be filled with anything, and is rented
            too_late = error
        else:
            return order
        if self._abandon:
            self._abandon(key, order, self)
        else:
            with contextlib.suppress(Exception):  # why it is still open stands in the book
                self.cancel(order)
        if isinstance(too_late, BudgetExceeded):
            too_late.hint = too_late.hint.replace("Nothing was ordered.", "It is closed again.")
        raise too_late

    def knows(self, key: str, order: Order, state: OrderState = OrderState.WAITING) -> None:
        """Answer for an order that is in the book already."""
        self._keys[order.id] = key
        self._states[order.id] = state

    def heard(self, order: Order, state: OrderState) -> None:
        """Somebody else has heard of the order's state."""
        self._is(order, state)

    def state(self, order: Order) -> OrderState:
        """The last that was heard of it."""
        return self._states.get(order.id, OrderState.WAITING)

    def cancel(self, order: Order) -> None:
        """As the provider's; the outcome is written down."""
        self._close(self._provider.cancel, order, OrderState.CANCELLED)

    def finish(self, order: Order) -> None:
        """As the provider's; the outcome is written down."""
        self._close(self._provider.finish, order, OrderState.FINISHED)

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """A test waited for this order's messages so long, and got so many."""
        with _told():
            self._book.waited(self._keys[order.id], seconds, codes)

    def is_gone(self, order: Order) -> None:
        """The provider does not know the order, or not any more: there is nothing to close."""
        self._is(order, OrderState.ENDED)

    def explain(self, order: Order, reason: str) -> None:
        """Write down why an order is still open."""
        with _told():
            self._book.changed(self._keys[order.id], self.state(order).value, reason)

    @property
    def _book(self) -> Book:
        return self._bookkeeping().book

    def _place(self, intent: Intent) -> Order:
        try:
            order = self._provider.order(intent.service, intent.country, intent.operator)
            if not isinstance(order, Order):
                raise OrderUncertain(
                    f"order() returned {type(order).__name__} where an Order is needed", provider=self.name
                )
        except OrderUncertain as error:
            with _told():
                self._book.changed(intent.key, UNCERTAIN, _with_id(error))
            raise
        except OtpError as error:
            with _told():
                sent = getattr(error, "sent", True) and not isinstance(error, SettingsError)
                self._book.refused(intent.key, error.message, sent=sent)
            raise
        except BaseException as error:
            with _told():
                self._book.changed(intent.key, UNCERTAIN, f"{type(error).__name__}: {error}")
            raise
        return order

    def _close(self, operation: Callable[[Order], None], order: Order, closed: OrderState) -> None:
        try:
            operation(order)
        except Exception as error:
            self.explain(order, f"{operation.__name__}: {getattr(error, 'message', error)}")
            raise
        self._is(order, closed)

    def _note(self, order: Order, state: OrderState) -> None:
        closed = state in (OrderState.CANCELLED, OrderState.FINISHED)
        reason = self.reason if closed else "by the provider, or elsewhere" if state is OrderState.ENDED else ""
        with _told():
            self._book.changed(self._keys[order.id], state.value, reason)


def listed_price(provider: Provider, service: str | None, country: str | None) -> tuple[Decimal | None, str | None]:
    """What the price list says; (None, None) where it says nothing. Raises ProviderError."""
    if service is None or country is None:
        return None, None
    try:
        services = provider.services(country)
    except Unsupported:
        return None, None
    wanted = find(service, services, kind="service", provider=provider.name)
    return next(((each.price, each.currency) for each in services if each.id == wanted), (None, None))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A book that fails after the order was placed is no reason to fail what was asked for: it is said in the log."""
    try:
        yield
    except OtpError as error:
        _logger.error("%s", error)


def _with_id(error: OrderUncertain) -> str:
    return f"order {error.order_id}: {error.message}" if error.order_id else error.message
