"""One order, from placing to closing: its state, and every way to close it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypedDict

from ..clock import monotonic
from ..display import shown
from ..errors import OrderEnded, OrderNotClosed, OtpError, ProviderError, ProviderUnavailable, SmsAlreadyReceived
from ..providers.base import Order, OrderState, Provider, SupportsHandingOn, SupportsPush
from ..providers.closing import finish_or_cancel, persist

__tracebackhide__ = True

_CLOSED = (OrderState.FINISHED, OrderState.CANCELLED, OrderState.ENDED)


class Context(TypedDict):
    """The context that every error about an order has."""

    provider: str
    order_id: str
    number: str


class OpenOrder:
    """An order that has been placed, until it is closed. Thread-safe: it is closed once.

    Attributes:
        provider: where it was placed.
        order: as the provider confirmed it.
        context: provider, order ID and number, for errors.
    """

    def __init__(
        self,
        provider: Provider,
        order: Order,
        number: str,
        *,
        notify: Callable[[float], None] = lambda seconds: None,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`notify(seconds)` is called when a pushed message will arrive in that many seconds, and after the close."""
        self.provider = provider
        self.order = order
        self.context: Context = {"provider": provider.name, "order_id": order.id, "number": number}
        self._notify = notify
        self._clock = clock
        self._sleep = sleep
        self._state = OrderState.WAITING
        self._received = False
        self._given_back = False
        self._changing = threading.Lock()
        self._closing = threading.Lock()
        self._unsubscribe: Callable[[], None] = lambda: None
        if isinstance(provider, SupportsPush):
            self._unsubscribe = provider.subscribe(order, notify)

    @property
    def state(self) -> OrderState:
        """The last known state of the order."""
        return self._state

    @property
    def is_closed(self) -> bool:
        """Whether it was finished, cancelled, or ended by the provider."""
        return self._state in _CLOSED

    def reported(self, state: OrderState, *, received: bool) -> None:
        """The provider reported a state; `received` says whether any SMS has arrived. A closed order stays closed.

        That the provider reports the end of an order ends its waits, but does not prove it: it is closed all the same.
        """
        with self._changing:
            self._received = self._received or received
            if not self.is_closed:
                self._state = OrderState.RECEIVED if received and state not in _CLOSED else state

    def ended(self) -> OrderEnded:
        """The error for a wait on a closed order."""
        by = "was cancelled or finished at the provider" if self._state is OrderState.ENDED else f"is {self._state}"
        return OrderEnded(f"the order {by}; no more SMS will arrive", **self.context)

    def cancel(self, timeout: float) -> None:
        """Cancel it, for which no SMS has arrived, retrying for `timeout` seconds while the provider is unavailable.

        Raises `SmsAlreadyReceived` or another `ProviderError` if the provider refuses, else `OrderNotClosed`.
        """
        self._persist(self._cancel, timeout, passing=ProviderUnavailable)

    def finish(self, timeout: float) -> None:
        """Finish it, for which an SMS has arrived. Retries and raises like `cancel`."""
        self._persist(self._finish, timeout, passing=ProviderUnavailable)

    def close(self, timeout: float) -> None:
        """Finish or cancel it, retrying refusals too, or hand it over to the keeper. Raises `OrderNotClosed`."""
        attempt: Callable[[], None] = self._finish_or_cancel
        if isinstance(self.provider, SupportsHandingOn):
            attempt = partial(self._hand_on, self.provider, timeout)
        self._persist(attempt, timeout, passing=ProviderError)

    def _persist(self, attempt: Callable[[], None], timeout: float, *, passing: type[ProviderError]) -> None:
        """Run `attempt` until it succeeds; an error that is not `passing` ends it, and is raised if it is a refusal."""
        start = self._clock()
        with self._closing:
            failure = persist(attempt, timeout=timeout, passing=passing, clock=self._clock, sleep=self._sleep)
        if failure is None:
            return
        if isinstance(failure, ProviderError) and not isinstance(failure, passing):
            raise failure
        raise not_closed(failure, self.context, self._clock() - start) from failure

    def _hand_on(self, keeper: SupportsHandingOn, timeout: float) -> None:
        """Let the keeper, which outlives this process, close it now or later."""
        if not self._given_back:
            state = keeper.hand_on(self.order, received=self._received, timeout=timeout)
            if state is not None:
                self._closed(state)

    def _finish_or_cancel(self) -> None:
        finish_or_cancel(self._cancel, self._finish, received=self._received)

    def _cancel(self) -> None:
        try:
            self._give_back(self.provider.cancel, OrderState.CANCELLED)
        except SmsAlreadyReceived:
            self.reported(OrderState.RECEIVED, received=True)
            raise

    def _finish(self) -> None:
        self._give_back(self.provider.finish, OrderState.FINISHED)

    def _give_back(self, request: Callable[[Order], OrderState | None], state: OrderState) -> None:
        if not self._given_back:
            self._closed(request(self.order) or state)

    def _closed(self, state: OrderState) -> None:
        with self._changing:
            self._state, self._given_back = state, True
        self._unsubscribe()
        self._notify(0.0)


def not_closed(failure: Exception, context: Context, elapsed: float | None = None) -> OrderNotClosed:
    """The error for an order that could not be closed, because of `failure`."""
    reason = failure.message if isinstance(failure, OtpError) else f"{type(failure).__name__}: {shown(str(failure))}"
    hint = failure.hint if isinstance(failure, OtpError) and not isinstance(failure, ProviderError) else ""
    return OrderNotClosed(
        f"the order could not be closed, and its number may still be rented: {reason}",
        **context,
        elapsed=elapsed,
        hint=hint,
    )
