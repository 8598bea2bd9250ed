"""A provider whose orders the keeper places and closes; this process asks for messages itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import OrderUncertain, OtpError, ProviderUnavailable
from ..orders.recording import TrackingProvider
from ..providers.base import Order, OrderState, Provider
from ..providers.closing import finish_or_cancel
from ..providers.deadline import time_left
from .patience import Patience
from .pipes import KeeperNotResponding
from .wire import KeeperMessage, order_of

if TYPE_CHECKING:
    from .client import Keeper

__tracebackhide__ = True

ANSWER_TIMEOUT = 90.0
"""Seconds to wait for the answer to an order: longer than the keeper's HTTP client waits for one."""
USUAL = 1.0
"""Seconds that a successful close may take without counting towards the run's patience."""
_UNKNOWN: KeeperMessage = {"unknown": True}


class KeeperProvider(TrackingProvider):
    """Wraps a provider so that the keeper places and closes its orders."""

    def __init__(
        self,
        provider: Provider,
        keeper: Callable[[], tuple[Keeper, int]],
        patience: Patience,
        *,
        answer_timeout: float = ANSWER_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`keeper` returns this process's keeper, started at the first call, and the provider's number there.

        `answer_timeout` is the time in seconds to wait for the answer to an order.
        """
        super().__init__(provider)
        self._keeper = keeper
        self._patience = patience
        self._answer_timeout = answer_timeout
        self._clock = clock
        self._kept: dict[str, tuple[Keeper, str]] = {}

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """Like the provider's. Also raises BudgetExceeded, SettingsError (ledger), and OtpError (no keeper)."""
        keeper, number = self._keeper()
        key = uuid.uuid4().hex
        wanted = {"provider": number, "key": key, "service": service, "country": country, "operator": operator}
        request = keeper.ask({"op": "order", **wanted})
        try:
            answer = self._order_answer(request)
        except OtpError as error:
            error.provider = error.provider or self.name
            raise
        order = order_of(answer["order"])
        self._kept[order.id] = (keeper, key)
        return order

    def cancel(self, order: Order) -> None:
        """Like the provider's."""
        self._have("cancel", order, OrderState.CANCELLED)

    def finish(self, order: Order) -> None:
        """Like the provider's."""
        self._have("finish", order, OrderState.FINISHED)

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
        """Have the keeper close the order; return its state, or None if it will be closed later."""
        keeper, key = self._kept[order.id]
        if not keeper.usable:
            return self._close_here(order, received)
        start = self._clock()
        usual = 0.0
        request = keeper.ask({"op": "close", "key": key, "received": received})
        try:
            answer = _answer(request, min(timeout, self._patience.left))
            usual = USUAL if "state" in answer else 0.0
        except FutureTimeoutError:
            answer = {"later": "no answer yet"}
        except KeeperNotResponding:
            answer = _UNKNOWN
        finally:
            self._patience.spend(self._clock() - start - usual)
        if "unknown" in answer:
            return self._close_here(order, received)
        return None if "later" in answer else OrderState(answer["state"])

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """Have the keeper record a test's wait."""
        self._notify(order, op="wait", seconds=seconds, codes=codes)

    def _on_change(self, order: Order, state: OrderState) -> None:
        self._notify(order, op="state", state=state.value)

    def _notify(self, order: Order, **message: Any) -> None:
        keeper, key = self._kept[order.id]
        keeper.notify({**message, "key": key})

    def _order_answer(self, request: Future[KeeperMessage]) -> KeeperMessage:
        try:
            return _answer(request, self._answer_timeout)
        except FutureTimeoutError:
            cancelled = request.cancel()
        if cancelled:  # if the answer still comes, the client has the keeper close the order
            raise OrderUncertain("the keeper process did not respond in time")
        return _answer(request, self._answer_timeout)  # it has just come

    def _have(self, operation: str, order: Order, state: OrderState) -> None:
        keeper, key = self._kept[order.id]
        if not keeper.usable:
            self._do(operation, order, state)
            return
        limit = time_left()
        try:
            answer = _answer(
                keeper.ask({"op": operation, "key": key}), self._answer_timeout if limit is None else limit
            )
        except FutureTimeoutError:
            raise ProviderUnavailable(
                f"the keeper process did not {operation} the order in time", provider=self.name
            ) from None
        except KeeperNotResponding:
            answer = _UNKNOWN
        if "unknown" in answer:
            self._do(operation, order, state)
        self._states[order.id] = state

    def _close_here(self, order: Order, received: bool) -> OrderState:
        """Close it in this process, since no keeper responds or knows it: closing twice is better than not at all."""
        cancel = partial(self._do, "cancel", order, OrderState.CANCELLED)
        finish = partial(self._do, "finish", order, OrderState.FINISHED)
        finish_or_cancel(cancel, finish, received=received)
        return self._states[order.id]

    def _do(self, operation: str, order: Order, state: OrderState) -> None:
        getattr(self._provider, operation)(order)
        self._states[order.id] = state


def _answer(request: Future[KeeperMessage], timeout: float) -> KeeperMessage:
    error = request.exception(timeout)
    if error is not None:
        raise error.with_traceback(None)
    return request.result()
