"""A provider whose orders the keeper places and closes; this process asks for messages itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import OrderUncertain, OtpError, ProviderUnavailable
from ..orders.recording import Watched
from ..providers.base import Order, OrderState, Provider
from ..providers.closing import finish_or_cancel
from ..providers.deadline import time_left
from .patience import Patience
from .pipes import Stuck
from .wire import Message, order_of

if TYPE_CHECKING:
    from .client import Keeper

__tracebackhide__ = True

ANSWER_TIMEOUT = 90.0
"""Seconds to wait for the answer to an order: longer than the keeper's HTTP client waits for one."""
USUAL = 1.0
"""Seconds that a close which succeeds may take without using up the run's patience."""
_UNKNOWN: Message = {"unknown": True}


class KeptProvider(Watched):
    """Does as the provider behind it, but for ordering and closing."""

    def __init__(self, provider: Provider, keeper: Callable[[], tuple[Keeper, int]], patience: Patience) -> None:
        """`keeper` gives this process's keeper, started at the first call, and the provider's number there."""
        super().__init__(provider)
        self._keeper = keeper
        self._patience = patience
        self._kept: dict[str, tuple[Keeper, str]] = {}

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """As the provider's; raises also BudgetExceeded, SettingsError (the ledger) and OtpError (no keeper)."""
        keeper, number = self._keeper()
        key = uuid.uuid4().hex
        asked = {"provider": number, "key": key, "service": service, "country": country, "operator": operator}
        question = keeper.ask({"op": "order", **asked})
        try:
            answer = self._order_answer(question)
        except OtpError as error:
            error.provider = error.provider or self.name
            raise
        order = order_of(answer["order"])
        self._kept[order.id] = (keeper, key)
        return order

    def cancel(self, order: Order) -> None:
        """As the provider's."""
        self._have("cancel", order, OrderState.CANCELLED)

    def finish(self, order: Order) -> None:
        """As the provider's."""
        self._have("finish", order, OrderState.FINISHED)

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
        """Have the keeper close it: the state it got, None where that happens later."""
        keeper, key = self._kept[order.id]
        if not keeper.usable:
            return self._close_here(order, received)
        start = time.monotonic()
        usual = 0.0
        question = keeper.ask({"op": "close", "key": key, "received": received})
        try:
            answer = _answer(question, min(timeout, self._patience.left))
            usual = USUAL if "state" in answer else 0.0
        except NotYet:
            answer = {"later": "no answer so far"}
        except Stuck:
            answer = _UNKNOWN
        finally:
            self._patience.spend(time.monotonic() - start - usual)
        if "unknown" in answer:
            return self._close_here(order, received)
        return None if "later" in answer else OrderState(answer["state"])

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """Tell the keeper, which writes it down."""
        self._tell(order, op="waited", seconds=seconds, codes=codes)

    def _note(self, order: Order, state: OrderState) -> None:
        self._tell(order, op="heard", state=state.value)

    def _tell(self, order: Order, **message: Any) -> None:
        keeper, key = self._kept[order.id]
        keeper.tell({**message, "key": key})

    def _order_answer(self, question: Future[Message]) -> Message:
        try:
            return _answer(question, ANSWER_TIMEOUT)
        except NotYet:
            given_up = question.cancel()
        if given_up:  # its answer may still come: the keeper is told to close the order then
            raise OrderUncertain("the keeper did not answer in time")
        return _answer(question, ANSWER_TIMEOUT)  # it has just come

    def _have(self, operation: str, order: Order, state: OrderState) -> None:
        keeper, key = self._kept[order.id]
        if not keeper.usable:
            self._do(operation, order, state)
            return
        limit = time_left()
        try:
            answer = _answer(keeper.ask({"op": operation, "key": key}), ANSWER_TIMEOUT if limit is None else limit)
        except NotYet:
            raise ProviderUnavailable(f"the keeper did not {operation} the order in time", provider=self.name) from None
        except Stuck:
            answer = _UNKNOWN
        if "unknown" in answer:
            self._do(operation, order, state)
        self._states[order.id] = state

    def _close_here(self, order: Order, received: bool) -> OrderState:
        """There is no keeper that takes it in, or knows of it: better closed twice than not at all."""
        cancel = partial(self._do, "cancel", order, OrderState.CANCELLED)
        finish = partial(self._do, "finish", order, OrderState.FINISHED)
        finish_or_cancel(cancel, finish, received=received)
        return self._states[order.id]

    def _do(self, operation: str, order: Order, state: OrderState) -> None:
        getattr(self._provider, operation)(order)
        self._states[order.id] = state


def _answer(question: Future[Message], timeout: float) -> Message:
    error = question.exception(timeout)
    if error is not None:
        raise error.with_traceback(None)
    return question.result()
