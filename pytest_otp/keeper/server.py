"""The keeper as its owner sees it: it speaks to providers, writes the ledger, and closes what is open at the end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from ..clock import monotonic
from ..errors import OtpError, ProviderUnavailable
from ..orders.closers import Closers, OnOutcome
from ..orders.entries import CLOSED, OPEN, Budget
from ..orders.ledger import Ledger
from ..orders.recording import RecordingProvider, RunContext
from ..orders.rental import lifetime
from ..orders.sweep import SWEEP_PATIENCE, begin_sweep
from ..providers.base import Order, OrderState, Provider, identifying
from ..providers.deadline import sent_by
from ..providers.registry import create
from ..providers.workers import Workers
from .calls import ABOUT_ORDERS, call, limited
from .wire import KeeperMessage, plain_error

LAST_ANSWERS = 600.0
"""Seconds that responses may still take when the owner has gone: longer than our HTTP client waits for an order and,
repeatedly, for the lists in which names are looked up."""

Reply = Callable[..., None]
"""Sends the answer to one request; does nothing for a notification."""

LOOKS = 64
"""How many orders' messages are asked for at the same time; further requests wait their turn."""
REQUESTS = 64
"""How many other requests are sent at the same time: those that wait for SMS must not hold them up."""
_IN_THREAD = ("order", "call", *ABOUT_ORDERS)
"""Operations that wait for the provider."""


class _HeldOrder:
    """An order, and whether it is being closed."""

    def __init__(self, order: Order, provider: RecordingProvider) -> None:
        self.order = order
        self.provider = provider
        self.closing = False


class KeeperServer:
    """Does what the owner requests. Independent of the pipes."""

    def __init__(
        self,
        hello: KeeperMessage,
        send: Callable[[KeeperMessage], None],
        *,
        create: Callable[..., Provider] = create,
        check: Callable[[], None] = lambda: None,
        closers: Callable[[], Closers] = Closers,
        sweep_patience: float = SWEEP_PATIENCE,
    ) -> None:
        """`send` writes one message to the owner, from any thread. Raises SettingsError if the ledger is unusable.

        `check` raises OtpError if nothing may be ordered any more. `sweep_patience` is the time in seconds that the
        first order waits for the sweep.
        """
        self._send = send
        self._create = create
        self._sweep_patience = sweep_patience
        self.ledger = Ledger(Path(hello["ledger"]))
        self.liveness = self.ledger.liveness_lock()
        orders, spend, currency = hello["budget"]
        budget = Budget(orders, None if spend is None else Decimal(spend), currency)
        self._context = RunContext(
            self.ledger, hello["run"], owner=hello["owner"], keeper=self.liveness.name, budget=budget, check=check
        )
        self._providers: list[RecordingProvider | Exception] = []
        self._accounts: dict[str, RecordingProvider] = {}
        self._held: dict[str, _HeldOrder] = {}
        self._guests: dict[str, _HeldOrder] = {}
        self._closers, self._sweepers = closers(), closers()
        self._looks, self._requests = Workers(LOOKS, "pytest-otp look"), Workers(REQUESTS, "pytest-otp request")
        self._lock = threading.RLock()
        self._swept = False
        self.ending = False
        """Whether the owner has gone."""
        self._operations: dict[str, Callable[[KeeperMessage, Reply], None]] = {
            "use": self._use,
            "order": self._order,
            "call": self._call,
            **dict.fromkeys(ABOUT_ORDERS, self._call_about_order),
            "close": self._close,
            "state": self._set_state,
            "wait": self._count_wait,
        }
        for recipe in hello["providers"]:
            self._use(recipe, lambda: None)
        self._take_over(hello["run"], hello["owner"], hello["held"])

    def handle(self, message: KeeperMessage) -> None:
        """Do what the owner requests; what waits for the provider runs in a thread."""
        operation, reply = message["op"], partial(self._reply, message.get("id"))
        run = partial(self._run, self._operations[operation], message, reply)
        if operation not in _IN_THREAD:
            run()
        else:
            (self._looks if operation == "messages" else self._requests).run(run)

    def end(self) -> None:
        """After the owner has gone: wait for the responses to requests already sent, close everything, and end."""
        providers = [provider for provider in self._providers if isinstance(provider, RecordingProvider)]
        with self._lock:
            self.ending = True
            for provider in providers:
                provider.reason = "by its keeper, after its run"
            for held in self._held.values():
                self._begin_close(held)
        self._requests.join(LAST_ANSWERS)  # later ones send no order any more
        longest = LAST_ANSWERS + max(map(lifetime, providers), default=0.0)
        self._closers.join(longest)
        self._sweepers.join(longest)
        self.liveness.release()

    def _reply(self, number: int | None, **content: object) -> None:
        if number is not None:
            self._send({"id": number, **content})

    def _run(self, operation: Callable[[KeeperMessage, Reply], None], message: KeeperMessage, reply: Reply) -> None:
        try:
            with limited(message):
                operation(message, reply)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the owner is waiting for an answer
            reply(error=plain_error(error))

    def _use(self, recipe: KeeperMessage, reply: Reply) -> None:
        """Create a provider, and start closing what dead runs left open at its account.

        Orders refer to providers by position: one that cannot be created keeps its position and raises its error when
        ordered from.
        """
        try:
            values = recipe["values"]
            plain = self._create(recipe["name"], values, allow_http=frozenset(recipe["allow_http"]))
            account = self.ledger.account(recipe["name"], identifying(plain, values))
        except Exception as error:  # noqa: BLE001 - a plugin's class may raise anything
            self._providers.append(error.with_traceback(None))
            return
        context = replace(self._context, account=account)
        provider = RecordingProvider(plain, lambda: context, abandon=self._abandon)
        self._providers.append(provider)
        self._accounts[account] = provider
        sweeper = RecordingProvider(plain, lambda: context, reason="by a sweep")
        swept = {account: sweeper}
        begin_sweep(self.ledger, self.liveness.name, swept, self._sweepers, owner=context.owner)

    def _take_over(self, run: str, owner: str, wanted: Mapping[str, KeeperMessage]) -> None:
        """Take over the orders of a predecessor that has died; `wanted` are those that the owner knows."""
        orphans = self.ledger.adopt(owner, self.liveness.name)
        recorded = {entry.intent.key: entry for entry in self.ledger.entries(run)} if wanted else {}
        closed = [entry for key, entry in recorded.items() if key in wanted and entry.state in CLOSED]
        for entry in orphans + closed:
            key, provider = entry.intent.key, self._accounts.get(entry.intent.account)
            if provider is None:  # it could not be created this time: a sweep will close the order
                continue
            provider.track(key, entry.order, OrderState(entry.state), entry.closing)
            held = self._held[key] = _HeldOrder(entry.order, provider)
            if key not in wanted:  # the owner never received its answer: no test uses it
                self._begin_close(held)
        for key in wanted.keys() - recorded.keys():  # the ledger was removed
            with contextlib.suppress(Exception):
                self._held[key] = self._tracked(key, wanted[key])

    def _provider(self, message: KeeperMessage) -> RecordingProvider:
        provider = self._providers[message["provider"]]
        if isinstance(provider, Exception):
            raise provider
        return provider

    def _order_of(self, message: KeeperMessage) -> _HeldOrder:
        """The order that a message is about, whoever placed it."""
        key = message["key"]
        with self._lock:
            held = self._held.get(key) or self._guests.get(key)
            if held is None:
                held = self._guests[key] = self._tracked(key, message)
        return held

    def _tracked(self, key: str, message: KeeperMessage) -> _HeldOrder:
        if "order" not in message:
            raise OtpError("the keeper process does not know the order")
        provider = self._provider(message)
        provider.track(key, message["order"])
        return _HeldOrder(message["order"], provider)

    def _order(self, message: KeeperMessage, reply: Reply) -> None:
        if not self._swept:
            self._sweepers.join(self._sweep_patience)
            self._swept = True
        provider = self._provider(message)
        self._context.check()
        if self.ending:
            raise OtpError("the run has ended")
        if monotonic() >= message["until"]:  # suspended, or too busy: nobody waits for the order any more
            raise ProviderUnavailable("the order was requested too long ago, and was not sent", sent=False)
        wanted = message["service"], message["country"], message["operator"]
        with sent_by(message["until"]):
            order = provider.order(*wanted, key=message["key"])
        with self._lock:
            held = self._held[message["key"]] = _HeldOrder(order, provider)
            if self.ending:
                self._begin_close(held)
        reply(result=order)

    def _call(self, message: KeeperMessage, reply: Reply) -> None:
        reply(**call(self._provider(message), message))

    def _call_about_order(self, message: KeeperMessage, reply: Reply) -> None:
        held = self._order_of(message)
        reply(**ABOUT_ORDERS[message["op"]](held.provider, held.order, message))

    def _close(self, message: KeeperMessage, reply: Reply) -> None:
        """Reply with the order's state, or with why it is closed later. The reply may come from another thread."""
        replied = False

        def report(outcome: OrderState | OtpError, final: bool) -> None:
            nonlocal replied
            if replied:
                return
            replied = True
            if isinstance(outcome, OrderState):
                reply(state=outcome.value)
            else:
                reply(**{"error" if final else "later": plain_error(outcome)})

        held = self._order_of(message)
        if message["received"]:
            held.provider.set_state(held.order, OrderState.RECEIVED)
        self._begin_close(held, look=False, on_outcome=report)

    def _set_state(self, message: KeeperMessage, reply: Reply) -> None:
        held = self._order_of(message)
        if message["state"] in OPEN:  # that it ended is for a close to find out
            held.provider.set_state(held.order, OrderState(message["state"]))

    def _count_wait(self, message: KeeperMessage, reply: Reply) -> None:
        held = self._order_of(message)
        held.provider.count_wait(held.order, message["seconds"], message["codes"])

    def _abandon(self, key: str, order: Order, provider: RecordingProvider) -> None:
        with self._lock:
            held = self._held[key] = _HeldOrder(order, provider)
            self._begin_close(held)

    def _begin_close(
        self, held: _HeldOrder, *, look: bool = True, on_outcome: OnOutcome = lambda outcome, final: None
    ) -> None:
        def ended(outcome: OrderState | OtpError, final: bool) -> None:
            if final:
                held.closing = False
            on_outcome(outcome, final)

        with self._lock:
            state = held.provider.state(held.order)
            if held.closing or state.value not in OPEN:
                on_outcome(OtpError("the order is already being closed") if held.closing else state, False)
                return
            held.closing = True
        self._closers.close(held.provider, held.order, look=look, timeout=lifetime(held.provider), on_outcome=ended)
