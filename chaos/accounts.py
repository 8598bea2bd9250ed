"""The orders of one account at the local provider: when each was placed, answered and closed."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

FAST = 0.01
"""Seconds that a fast answer takes at most."""
SLOW = (0.2, 1.0)
SMS_CHANCE = 1 / 3
"""How many orders get an SMS, within a second: they cannot be cancelled any more, only finished."""
BLOCK = 5
"""Of so many calls about one order, one fails in an account that fails now and then."""


@dataclass(slots=True, eq=False)
class Rented:
    """One order. All times are of the monotonic clock, and infinite until it happens."""

    id: str
    number: str
    by: int
    """Id of the process that asked for it."""
    placed: float
    sms: float
    answered: float = inf
    """When the answer to the order request was sent."""
    closed: float = inf
    finished: bool = False

    @property
    def has_sms(self) -> bool:
        """Whether its SMS has come."""
        return self.sms <= time.monotonic()


class Account:
    """What one set of credentials may see."""

    def __init__(self, rng: random.Random, slow_chance: float, *, fails: bool = False) -> None:
        """`fails`: whether it reports a fault on one call in five."""
        self.suspended_until = 0.0
        """Until then every call is refused, on the monotonic clock."""
        self.on_close: Callable[[], object] = lambda: None
        """Called when an order has been closed, before that is answered."""
        self._fails = fails
        self._rng = rng
        self._slow_chance = slow_chance
        self._orders: dict[str, Rented] = {}
        self._calls: Counter[str] = Counter()
        self._unlucky: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def orders(self) -> list[Rented]:
        """Every order, oldest first."""
        with self._lock:
            return list(self._orders.values())

    @property
    def open(self) -> list[Rented]:
        """What nobody has closed so far."""
        return [order for order in self.orders if order.closed == inf]

    @property
    def is_suspended(self) -> bool:
        """Whether calls are refused now."""
        return time.monotonic() < self.suspended_until

    def has_fault(self, subject: str = "") -> bool:
        """Whether this call, about an order or about none, is to fail; at most two in a row about one order do."""
        if not self._fails:
            return False
        with self._lock:
            nth = self._calls[subject] % BLOCK
            self._calls[subject] += 1
            if nth == 0:
                self._unlucky[subject] = self._rng.randrange(BLOCK)
            return nth == self._unlucky[subject]

    def tosses_heads(self) -> bool:
        """One of two things, by the account's own chance."""
        with self._lock:
            return self._rng.random() < 0.5

    def place(self, by: int) -> Rented:
        """Place an order. It is answered after `pause`."""
        with self._lock:
            now = time.monotonic()
            sms = now + self._rng.random() if self._rng.random() < SMS_CHANCE else inf
            order_id = f"{self._rng.getrandbits(128):032x}"
            order_id = "-".join((order_id[:8], order_id[8:12], order_id[12:16], order_id[16:20], order_id[20:]))
            order = Rented(order_id, f"62812{len(self._orders):08d}", by, now, sms)
            self._orders[order.id] = order
        return order

    def find(self, order_id: str) -> Rented | None:
        """The order with this id."""
        with self._lock:
            return self._orders.get(order_id)

    def close(self, order: Rented, *, finish: bool) -> bool:
        """Close an open order, unless it is to be cancelled and has an SMS; return whether that was done."""
        with self._lock:
            if order.closed < inf or (not finish and order.has_sms):
                return False
            order.closed, order.finished = time.monotonic(), finish
        self.on_close()
        return True

    def pause(self, *, may_be_slow: bool) -> None:
        """Wait until an answer is to be sent."""
        with self._lock:
            slow = may_be_slow and self._rng.random() < self._slow_chance
            seconds = self._rng.uniform(*(SLOW if slow else (0.0, FAST)))
        time.sleep(seconds)
