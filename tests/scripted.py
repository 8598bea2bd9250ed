"""A provider that follows a script, and virtual time: no network, no real waiting.

Tests of fixtures copy this file into their inner runs, so it imports nothing but the package.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from pytest_otp.errors import SmsAlreadyReceived
from pytest_otp.providers.base import (
    Balance,
    Country,
    Messages,
    Operator,
    Order,
    OrderState,
    Service,
    SmsMessage,
    Variable,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)


class Time:
    """The tests' clock: it moves only when a test sets `now` or something sleeps on it, and things happen meanwhile.

    Call it, or pass its `clock`, where seconds that only ever grow are expected.
    """

    def __init__(self, start: float = 1000.0) -> None:
        self.start = self.now = start
        self._due: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.now

    @property
    def elapsed(self) -> float:
        return self.now - self.start

    def clock(self) -> float:
        return self.now

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something so many seconds after the start."""
        self._due.append((self.start + seconds, action))
        self._due.sort(key=lambda event: event[0])

    def sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            due, action = self._due.pop(0)
            self.now = max(self.now, due)
            action()
        self.now = max(self.now, end)

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        """Sleep on a condition, in place of `threading.Condition.wait`: what happens next ends the sleep."""
        next_due = min((due for due, _ in self._due), default=math.inf)
        self.sleep(min(seconds, max(0.0, next_due - self.now)))


class ScriptedProvider:
    """Keeps its orders in memory, records every call, and fails where the script says so."""

    name = "scripted"
    variables: ClassVar[tuple[Variable, ...]] = (Variable("KEY", "the account's key", secret=True),)

    def __init__(self, log: Path | None = None) -> None:
        self.events: list[str] = []
        self.inboxes: defaultdict[str, list[SmsMessage]] = defaultdict(list)
        self.ended: set[str] = set()
        self._log = log
        self._script: defaultdict[str, list[BaseException | Callable[[], object] | None]] = defaultdict(list)
        self._always: dict[str, Exception] = {}
        self._lock = threading.Lock()
        self._orders = 0

    def script(self, operation: str, *steps: BaseException | Callable[[], object] | None) -> None:
        """What the next calls of an operation do first, one step each: raise, call, or nothing."""
        self._script[operation] += steps

    def always(self, call: str, error: Exception) -> None:
        """Each such call fails: `cancel` of any order, or `cancel order-2` of one."""
        self._always[call] = error

    def recover(self) -> None:
        """No call fails any more because of `always`."""
        self._always.clear()

    def receive(self, *texts: str, order: str = "order-1", sender: str | None = None, code: str | None = None) -> None:
        """An SMS comes for each text."""
        for text in texts:
            self.inboxes[order].append(SmsMessage(f"sms-{len(self.inboxes[order]) + 1}", sender, text, NOW, code))

    def calls(self, operation: str) -> int:
        """How many calls of an operation there were."""
        return sum(event.split()[0] == operation for event in self.events)

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        with self._lock:
            self._orders += 1
            number = self._orders
        order_id = f"order-{number}"
        self._called("order", order_id)
        return Order(order_id, str(12015550099 + number), service, country, operator, Decimal("1.5"), "USD", NOW, "US")

    def messages(self, order: Order) -> Messages:
        self._called("messages", order.id)
        sms = tuple(self.inboxes[order.id])
        if order.id in self.ended:
            return Messages(OrderState.ENDED, sms)
        return Messages(OrderState.RECEIVED if sms else OrderState.WAITING, sms)

    def resend(self, order: Order) -> None:
        self._called("resend", order.id)

    def cancel(self, order: Order) -> None:
        self._called("cancel", order.id)
        if self.inboxes[order.id]:
            raise SmsAlreadyReceived("an SMS has come", provider=self.name, order_id=order.id)

    def finish(self, order: Order) -> None:
        self._called("finish", order.id)

    def balance(self) -> Balance:
        error = self._always.get("balance")
        if error is not None:
            raise error
        return Balance(Decimal(1), "USD")

    def countries(self) -> list[Country]:
        return []

    def operators(self, country: str) -> list[Operator]:
        return []

    def services(self, country: str | None) -> list[Service]:
        return []

    def count(self, service: str, country: str, operator: str | None) -> int:
        return 1

    def note(self, event: str) -> None:
        """Record something that happened between the calls."""
        with self._lock:
            self.events.append(event)
            if self._log:
                with self._log.open("a") as log:
                    log.write(event + "\n")

    def _called(self, operation: str, order_id: str) -> None:
        call = f"{operation} {order_id}"
        self.note(call)
        with self._lock:
            step = self._script[operation].pop(0) if self._script[operation] else None
        error = self._always.get(call) or self._always.get(operation)
        if error is not None:
            raise error
        if isinstance(step, BaseException):
            raise step
        if step is not None:
            step()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.now = 0.0
        self.jobs = 0

    def time(self) -> float:
        return self.now

    def run_in_executor(  # type: ignore[override]  # the base class says it with type variables of Python 3.11
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        self.jobs += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: object) -> None:
        self.jobs -= 1


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self._loop.jobs:
            return super().select(timeout)
        events = super().select(0)
        if not events:
            self._loop.now += timeout
        return events
