"""What the sandbox's page shows: the last orders and messages, and which of them are new since the page's last poll."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ..clock import utc_now
from ..display import ID, NAME, shown

if TYPE_CHECKING:
    from ..gateway.app import SmsNetwork
    from ..offline.carrier import Delivery
    from ..offline.desk import Rental

MOST_SHOWN = 500
"""How many orders, and how many messages, are kept; the oldest are dropped first."""

LONGEST_TEXT = 10_000
"""How many characters of a text are kept."""
_LONGEST_SHOWN = 10 * LONGEST_TEXT
"""The same with an escape in place of each unprintable character."""

Shown = dict[str, object]
"""Plain data, as JSON has it."""


@dataclass(slots=True)
class _Order:
    provider: str
    order_id: str
    rental: Rental
    state: str = ""
    over: bool = False
    seen: set[str] = field(default_factory=set)
    revision: int = 0

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.order_id}"

    def shown(self) -> Shown:
        return {
            "key": self.key,
            "provider": self.provider,
            "id": self.order_id,
            "number": self.rental.line.e164,
            "service": shown(self.rental.service or "", NAME),
            "state": self.state,
            "messages": len(self.seen),
            "at": self.rental.ordered_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class _Message:
    revision: int
    shown: Shown = field(repr=False)


class PageLog:
    """Keeps orders and messages within limits; safe to use from several threads.

    The orders are examined when a page polls, so that nothing is spent while no page is open. Messages to numbers that
    nobody holds are noted by `submit`, which stands in front of the network.

    Args:
        network: Where messages are delivered.
        on_stray: Called with the number of each SMS whose number is not held.
    """

    def __init__(self, network: SmsNetwork, *, on_stray: Callable[[str], None] | None = None) -> None:
        self._network = network
        self._on_stray = on_stray
        self._run = secrets.token_hex(8)
        self._revision = 0
        self._orders: deque[_Order] = deque()
        self._messages: deque[_Message] = deque(maxlen=MOST_SHOWN)
        self._lock = threading.Lock()

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Pass a message on; False if the number is not held. May raise `OtpError`, as the network does."""
        if self._network.submit(to, text, sender=sender):
            return True
        with self._lock:
            self._note(to, sender, text, utc_now(), None)
        if self._on_stray is not None:
            self._on_stray(to)
        return False

    def ordered(self, provider: str, order_id: str, rental: Rental) -> None:
        """Show an order from now on."""
        with self._lock:
            if len(self._orders) >= MOST_SHOWN:
                self._examine([self._orders.popleft()])
            self._orders.append(_Order(provider, order_id, rental))

    def since(self, run: str, revision: int) -> Shown:
        """What has changed since the response with this `run` and `revision`; everything if `run` is another one."""
        with self._lock:
            self._examine(self._orders)
            after = revision if run == self._run else 0
            return {
                "run": self._run,
                "revision": self._revision,
                "orders": [order.shown() for order in self._orders if order.revision > after],
                "messages": [message.shown for message in self._messages if message.revision > after],
            }

    def _examine(self, orders: deque[_Order] | list[_Order]) -> None:
        found: list[tuple[Delivery, _Order]] = []
        for order in orders:
            if order.over:
                continue
            # In this order: a line that is no longer held receives nothing more, and its order's state is final.
            order.over = not order.rental.line.held
            state = str(order.rental.state)
            new = [sms for sms in order.rental.messages() if sms.id not in order.seen]
            if new or state != order.state:
                order.seen.update(sms.id for sms in new)
                order.state, order.revision = state, self._next()
                found += [(sms, order) for sms in new]
        for sms, order in sorted(found, key=lambda pair: pair[0].received_at):
            self._note(order.rental.line.e164, sms.sender, sms.text, sms.received_at, order)

    def _note(self, to: str, sender: str | None, text: str, at: datetime, order: _Order | None) -> None:
        row: Shown = {
            "to": shown(to, ID),
            "from": shown(sender or "", NAME),
            "text": shown(text[:LONGEST_TEXT], _LONGEST_SHOWN, lines=True),
            "left_out": max(0, len(text) - LONGEST_TEXT),
            "held": order is not None,
            "at": at.isoformat(),
        }
        self._messages.append(_Message(self._next(), row))

    def _next(self) -> int:
        self._revision += 1
        return self._revision
