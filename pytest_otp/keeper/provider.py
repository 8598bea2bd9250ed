"""A real provider, spoken to by the keeper: this process sends it nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, ClassVar

from ..clock import monotonic
from ..errors import OrderUncertain, OtpError, ProviderUnavailable
from ..providers.base import Balance, Country, Messages, Operator, Order, OrderState, Provider, Service, Variable
from ..providers.deadline import time_left
from ..providers.looking import log_refusal
from .patience import Patience
from .pipes import KeeperNotResponding
from .wire import KeeperMessage, error_of

if TYPE_CHECKING:
    from .asked import Request
    from .client import Keeper

__tracebackhide__ = True

ANSWER_TIMEOUT = 90.0
"""Seconds to wait for an answer, if the caller sets no limit: longer than the keeper's HTTP client waits for one."""
USUAL = 1.0
"""Seconds that a successful close may take without counting towards the run's patience."""
ON_THE_WAY = 0.05
"""Seconds before the caller's deadline at which the keeper's ends, so that its answer arrives in time."""


class KeeperProvider:
    """Has the keeper do what a provider does. Knows that provider's class, but creates no object of it."""

    variables: ClassVar[tuple[Variable, ...]] = ()
    """None: no test needs them, and whoever builds such an object has the provider's class."""

    def __init__(
        self,
        kind: type[Provider],
        keeper: Callable[[], tuple[Keeper, int]],
        patience: Patience,
        *,
        answer_timeout: float = ANSWER_TIMEOUT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`kind` is the provider's class, of which only attributes are read.

        `keeper` returns this process's keeper, started at the first call, and the provider's number there.
        `answer_timeout` is the time in seconds to wait for an answer. `clock` times closes, for `patience`.
        """
        self.name = kind.name
        self._kind = kind
        self._keeper = keeper
        self._patience = patience
        self._answer_timeout = answer_timeout
        self._clock = clock
        self._kept: dict[str, tuple[Keeper, KeeperMessage]] = {}

    def __getattr__(self, name: str) -> Any:
        """What the class says of itself, such as `lifetime`; its methods cannot be called from this process."""
        value = getattr(self._kind, name)
        if hasattr(value, "__get__"):
            raise AttributeError(
                f"{self._kind.__name__}.{name} cannot be used here: the object exists in the keeper process, which "
                "offers the methods of the Provider protocol only"
            )
        return value

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """Like the provider's. Also raises BudgetExceeded, SettingsError (ledger), and OtpError (no keeper)."""
        keeper, number = self._keeper()
        about = {"provider": number, "key": uuid.uuid4().hex}
        wanted = {"service": service, "country": country, "operator": operator}
        request = keeper.ask({"op": "order", **about, **wanted, "until": monotonic() + self._answer_timeout})
        try:
            order: Order = self._order_answer(request)["result"]
        except OtpError as error:
            error.provider = error.provider or self.name
            raise
        self._kept[order.id] = (keeper, about)
        return order

    def messages(self, order: Order) -> Messages:
        """Like the provider's."""
        found: Messages = self._did("messages", order)
        return found

    def ask_messages(self, order: Order, seconds: float, *, another: bool) -> Future[Messages]:
        """See SupportsAsking."""
        messages: Future[Messages] = Future()

        def answered(answer: Future[KeeperMessage]) -> None:
            error = answer.exception()
            if error is not None:
                messages.set_exception(_unsent(error) if isinstance(error, KeeperNotResponding) else error)
                return
            found = answer.result()
            if "refused" in found:
                log_refusal(order, error_of(found["refused"]))
            messages.set_result(found["result"])

        self._ask("messages", order, seconds, another=another).add_done_callback(answered)
        return messages

    def resend(self, order: Order) -> None:
        """Like the provider's."""
        self._did("resend", order)

    def cancel(self, order: Order) -> OrderState:
        """Like the provider's, but always returns the state."""
        return OrderState(self._did("cancel", order))

    def finish(self, order: Order) -> OrderState:
        """Like the provider's, but always returns the state."""
        return OrderState(self._did("finish", order))

    def balance(self) -> Balance:
        """Like the provider's."""
        found: Balance = self._call("balance")
        return found

    def countries(self) -> list[Country]:
        """Like the provider's."""
        found: list[Country] = self._call("countries")
        return found

    def operators(self, country: str) -> list[Operator]:
        """Like the provider's."""
        found: list[Operator] = self._call("operators", country)
        return found

    def services(self, country: str | None) -> list[Service]:
        """Like the provider's."""
        found: list[Service] = self._call("services", country)
        return found

    def count(self, service: str, country: str, operator: str | None) -> int:
        """Like the provider's."""
        found: int = self._call("count", service, country, operator)
        return found

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
        """Have the keeper close the order; return its state, or None if it will be closed later.

        Raises KeeperUnavailable if no keeper can be had any more: the order stays in the ledger.
        """
        start = self._clock()
        usual = 0.0
        try:
            request = self._ask("close", order, timeout, received=received)
            answer = _answer(request, min(timeout, self._patience.left))
            usual = USUAL if "state" in answer else 0.0
        except (FutureTimeoutError, KeeperNotResponding):  # it closes the order at its end, or its successor does
            return None
        finally:
            self._patience.spend(self._clock() - start - usual)
        return None if "later" in answer else OrderState(answer["state"])

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """Have the keeper record a test's wait."""
        self._notify(order, op="wait", seconds=seconds, codes=codes)

    def set_state(self, order: Order, state: OrderState) -> None:
        """Have the keeper record a state that it did not hear itself."""
        self._notify(order, op="state", state=state.value)

    def _about(self, order: Order) -> tuple[Keeper, KeeperMessage]:
        """The keeper to ask about an order, and how the order is known there."""
        keeper, about = self._kept.get(order.id, (None, {"key": uuid.uuid4().hex}))
        if keeper is not None and not keeper.is_inherited:
            return keeper, about
        # Placed elsewhere, or before this process was forked: it is not this process's to close at its end.
        keeper, number = self._keeper()
        return keeper, {**about, "provider": number, "order": order}

    def _ask(self, operation: str, order: Order, seconds: float, **more: Any) -> Future[KeeperMessage]:
        keeper, about = self._about(order)
        return keeper.ask({"op": operation, **about, "until": _until(seconds), **more})

    def _did(self, operation: str, order: Order) -> Any:
        seconds = self._seconds()
        return self._result(operation, self._ask(operation, order, seconds), seconds)

    def _call(self, method: str, *arguments: str | None) -> Any:
        seconds = self._seconds()
        keeper, number = self._keeper()
        call = {"provider": number, "method": method, "arguments": arguments, "until": _until(seconds)}
        return self._result(method, keeper.ask({"op": "call", **call}), seconds)

    def _result(self, operation: str, request: Future[KeeperMessage], seconds: float) -> Any:
        try:
            return _answer(request, seconds).get("result")
        except FutureTimeoutError:
            raise ProviderUnavailable(
                f"the keeper process did not respond in time ({operation})", provider=self.name
            ) from None
        except KeeperNotResponding as error:
            raise _unsent(error) from None

    def _seconds(self) -> float:
        limit = time_left()
        return self._answer_timeout if limit is None else limit

    def _notify(self, order: Order, **message: Any) -> None:
        keeper, about = self._kept.get(order.id, (None, {}))
        if keeper is not None:
            keeper.notify({**message, **about})

    def _order_answer(self, request: Request) -> KeeperMessage:
        try:
            return _answer(request, self._answer_timeout)
        except FutureTimeoutError:
            cancelled = request.cancel()
        if cancelled and not request.sent:
            raise ProviderUnavailable("the keeper process did not respond, and nothing was ordered", sent=False)
        if cancelled:  # if the answer still comes, the client has the keeper close the order
            raise OrderUncertain("the keeper process did not respond in time")
        return _answer(request, self._answer_timeout)  # it has just come


def _answer(request: Future[KeeperMessage], timeout: float) -> KeeperMessage:
    error = request.exception(timeout)
    if error is not None:
        raise error.with_traceback(None)
    return request.result()


def _until(seconds: float) -> float:
    """When the keeper's time is over; all processes of a machine share the clock."""
    return monotonic() + max(seconds / 2, seconds - ON_THE_WAY)


def _unsent(error: OtpError) -> ProviderUnavailable:
    return ProviderUnavailable(error.message, sent=False)
