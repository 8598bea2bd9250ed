"""The side process: sends the orders of its owner, writes the ledger, and closes what is open when its owner has gone.

It reads from its standard input and writes to its standard output, which only the owner holds. However the owner dies,
the input ends. No signal that is meant for the owner ends the keeper: it ends by itself when nothing is left to do.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..errors import OtpError
from ..orders.closers import Closers, Told
from ..orders.entries import CLOSED, OPEN, Budget
from ..orders.ledger import Ledger
from ..orders.process_locks import Alive
from ..orders.recording import Bookkeeping, Recorded
from ..orders.sweep import SWEEP_PATIENCE, begin_sweep, lifetime
from ..providers.base import Order, OrderState, identifying
from ..providers.registry import create
from .wire import Message, decode, encode, plain_error, values_of

WATCH_INTERVAL = 1.0
"""Seconds between two looks whether the owner is still our parent: a child of its may hold the pipe open."""
LAST_ANSWERS = 600.0
"""Seconds that answers may still take when the owner has gone: longer than our HTTP client waits for an order and,
again and again, for the lists in which its names are looked up."""

Answer = Callable[..., None]


class _Held:
    """One order, and whether its close is under way."""

    def __init__(self, order: Order, provider: Recorded) -> None:
        self.order = order
        self.provider = provider
        self.closing = False


class Process:
    """The keeper's state, apart from its pipes."""

    def __init__(self, hello: Message, send: Callable[[Message], None]) -> None:
        """`send` writes one message to the owner, from any thread. Raises SettingsError."""
        self._send = send
        self._ledger = Ledger(Path(hello["ledger"]))
        self._alive = Alive(self._ledger.locks)
        orders, spend, currency = hello["budget"]
        budget = Budget(orders, None if spend is None else Decimal(spend), currency)
        self._bookkeeping = Bookkeeping(
            self._ledger, hello["run"], owner=hello["owner"], keeper=self._alive.name, budget=budget
        )
        self._providers: list[Recorded | Exception] = []
        self._accounts: dict[str, Recorded] = {}
        self._held: dict[str, _Held] = {}
        self._closers, self._sweepers = Closers(), Closers()
        self._threads: list[threading.Thread] = []
        self._lock = threading.RLock()
        self._swept = self._owner_gone = False
        for recipe in hello["providers"]:
            self._use(recipe)
        self._take_over(hello["run"], hello["owner"], hello["held"])

    def handle(self, message: Message) -> None:
        """Do what the owner asks; what takes time goes on in a thread."""
        operation, answer = message["op"], partial(self._answer, message.get("id"))
        arguments = (getattr(self, f"_{operation}"), message, answer)
        if operation not in ("order", "use") and message["key"] not in self._held:
            answer(unknown=True)  # one of a predecessor's that the ledger does not tell of
            return
        if operation not in ("order", "cancel", "finish"):
            self._guarded(*arguments)
            return
        thread = threading.Thread(target=self._guarded, args=arguments, name=f"pytest-otp {operation}", daemon=True)
        with self._lock:
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """The owner has gone: take in the answers that are on their way, close everything, and end."""
        providers = [provider for provider in self._providers if isinstance(provider, Recorded)]
        with self._lock:
            self._owner_gone = True
            for provider in providers:
                provider.reason = "by its keeper, after its run"
            for key in list(self._held):
                self._begin_close(key)
            threads = tuple(self._threads)  # what comes later sends no order any more
        last = time.monotonic() + LAST_ANSWERS
        for thread in threads:
            thread.join(max(0.0, last - time.monotonic()))
        longest = LAST_ANSWERS + max(map(lifetime, providers), default=0.0)
        self._closers.join(longest)
        self._sweepers.join(longest)
        self._alive.end()

    def _answer(self, number: int | None, **content: object) -> None:
        if number is not None:
            self._send({"id": number, **content})

    def _guarded(self, operation: Callable[[Message, Answer], None], message: Message, answer: Answer) -> None:
        try:
            operation(message, answer)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the owner must hear of it
            answer(error=plain_error(error))

    def _use(self, recipe: Message, answer: Answer = lambda: None) -> None:
        """Build a provider, and begin to close what dead runs left open at the same account.

        Orders name a provider by its place: one that cannot be built keeps it, and says why when it is ordered from.
        """
        try:
            values = values_of(recipe["values"])
            plain = create(recipe["name"], values, allow_http=frozenset(recipe["allow_http"]))
            account = self._ledger.account(recipe["name"], identifying(plain, values))
        except Exception as error:  # noqa: BLE001 - a plugin's class may raise anything
            self._providers.append(error.with_traceback(None))
            return
        signed = replace(self._bookkeeping, account=account)
        provider = Recorded(plain, lambda: signed, abandon=self._abandon)
        self._providers.append(provider)
        self._accounts[account] = provider
        sweeper = Recorded(plain, lambda: signed, reason="by a sweep")
        begin_sweep(self._ledger, self._alive.name, {account: sweeper}, self._sweepers)

    def _take_over(self, run: str, owner: str, wanted: Collection[str]) -> None:
        """Care for the orders of a predecessor that has died; `wanted` are those that the owner knows of."""
        orphans = self._ledger.adopt(owner, self._alive.name)
        closed = [entry for entry in self._ledger.entries(run) if entry.state in CLOSED] if wanted else []
        for entry in orphans + [entry for entry in closed if entry.intent.key in wanted]:
            key, provider = entry.intent.key, self._accounts.get(entry.intent.account)
            if provider is None:  # it could not be built this time: a sweep will close the order
                continue
            provider.knows(key, entry.order, OrderState(entry.state))
            self._held[key] = _Held(entry.order, provider)
            if key not in wanted:  # the owner never got its answer: no test uses it
                self._begin_close(key)

    def _order(self, message: Message, answer: Answer) -> None:
        if not self._swept:
            self._sweepers.join(SWEEP_PATIENCE)
            self._swept = True
        provider = self._providers[message["provider"]]
        if isinstance(provider, Exception):
            raise provider
        if self._owner_gone:
            raise OtpError("the run has ended")
        order = provider.order(message["service"], message["country"], message["operator"], key=message["key"])
        with self._lock:
            self._held[message["key"]] = _Held(order, provider)
            if self._owner_gone:
                self._begin_close(message["key"])
        answer(order=order)

    def _cancel(self, message: Message, answer: Answer) -> None:
        held = self._held[message["key"]]
        held.provider.cancel(held.order)
        answer()

    def _finish(self, message: Message, answer: Answer) -> None:
        held = self._held[message["key"]]
        held.provider.finish(held.order)
        answer()

    def _close(self, message: Message, answer: Answer) -> None:
        """Answers with the order's state, or with why it is closed later; the answer may come from a thread."""
        answered = False

        def told(outcome: OrderState | OtpError, final: bool) -> None:
            nonlocal answered
            if answered:
                return
            answered = True
            if isinstance(outcome, OrderState):
                answer(state=outcome.value)
            else:
                answer(**{"error" if final else "later": plain_error(outcome)})

        held = self._held[message["key"]]
        if message["received"]:
            held.provider.heard(held.order, OrderState.RECEIVED)
        self._begin_close(message["key"], look=False, told=told)

    def _heard(self, message: Message, answer: Answer) -> None:
        held = self._held[message["key"]]
        held.provider.heard(held.order, OrderState(message["state"]))

    def _waited(self, message: Message, answer: Answer) -> None:
        held = self._held[message["key"]]
        held.provider.count_wait(held.order, message["seconds"], message["codes"])

    def _abandon(self, key: str, order: Order, provider: Recorded) -> None:
        with self._lock:
            self._held[key] = _Held(order, provider)
            self._begin_close(key)

    def _begin_close(self, key: str, *, look: bool = True, told: Told = lambda outcome, final: None) -> None:
        held = self._held[key]

        def ended(outcome: OrderState | OtpError, final: bool) -> None:
            if final:
                held.closing = False
            told(outcome, final)

        with self._lock:
            state = held.provider.state(held.order)
            if held.closing or state.value not in OPEN:
                told(OtpError("its close is under way") if held.closing else state, False)
                return
            held.closing = True
        self._closers.close(held.provider, held.order, look=look, timeout=lifetime(held.provider), told=ended)


def main(incoming: BinaryIO, hello: Message) -> None:
    """Serve the owner until it has gone and nothing is left to do; `hello` was the first line of `incoming`."""
    outgoing = _own_output()
    lock = threading.Lock()

    def send(message: Message) -> None:
        with lock, contextlib.suppress(OSError):  # the owner has gone: nobody needs the answer
            outgoing.write(encode(message))
            outgoing.flush()

    try:
        process = Process(hello, send)
    except Exception as error:  # noqa: BLE001 - the owner must hear of it
        send({"error": plain_error(error)})
        return
    send({"ready": True})
    gone = threading.Event()

    def serve() -> None:
        try:
            for line in incoming:
                process.handle(decode(line))
        finally:
            gone.set()

    threading.Thread(target=serve, name="pytest-otp keeper", daemon=True).start()
    while not gone.wait(WATCH_INTERVAL) and os.getppid() == hello["pid"]:
        pass
    process.end()


def _own_output() -> BinaryIO:
    """Standard output, in whose place nothing is left: what a provider prints must not be taken for an answer."""
    outgoing = os.fdopen(os.dup(1), "wb")
    outgoing.write(b"\n")  # ends what Python's start-up may have printed
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return outgoing
