"""What `pytest-otp sandbox` prints while it serves: a line for each order, SMS, close and refused request."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..display import LINE, NAME, SMS, quoted, shown

if TYPE_CHECKING:
    from ..gateway.seen import GatewayRequest
    from ..offline.carrier import Delivery
    from ..offline.desk import Rental

_POLL_SECONDS = 0.1
"""Seconds between polls of the open orders."""
_EXPECTED = ("delivered", "astray", "answered")
"""Outcomes of requests that need no line, or have another."""
_CLOSED_STATES = ("finished", "cancelled", "ended")


@dataclass(frozen=True, slots=True)
class Ordered:
    """A provider's number was ordered."""

    provider: str
    order_id: str
    rental: Rental


@dataclass(frozen=True, slots=True)
class UnheldSms:
    """An SMS went to a number that nobody holds."""

    number: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An application asked the gateway for something."""

    request: GatewayRequest


Event = Ordered | UnheldSms | Asked | None
"""What happened; None: the end."""


class Journal:
    """Prints what happens. It polls the open orders, so that it also sees SMS that arrive later."""

    def __init__(self, messages: Callable[[Rental], Sequence[Delivery]], *, show_sms: bool) -> None:
        self._messages = messages
        self._show_sms = show_sms
        self._open: list[tuple[Ordered, set[str]]] = []
        """Each order, and the IDs of the messages that have been printed."""

    def follow(self, events: queue.SimpleQueue[Event]) -> None:
        """Print until the end event."""
        while True:
            try:
                event = events.get(timeout=_POLL_SECONDS if self._open else None)
            except queue.Empty:
                self.poll()
                continue
            if event is None:
                self.poll()
                return
            self.note(event)
            self.poll()

    def note(self, event: Ordered | UnheldSms | Asked) -> None:
        """Print an order, an SMS to a number that is not held, or a request that was not answered as hoped."""
        if isinstance(event, Asked):
            if event.request.outcome not in _EXPECTED:
                _request_line(event.request)
            return
        if isinstance(event, UnheldSms):
            _line("gateway", "SMS", event.number, "not held by any order")
            return
        _order_line(event, "order", shown(event.rental.service or "", NAME))
        self._open.append((event, set()))

    def poll(self) -> None:
        """Print the messages and closes since the last poll."""
        still_open = []
        for order, printed in self._open:
            state = str(order.rental.state)
            for message in self._messages(order.rental):
                if message.id not in printed:
                    printed.add(message.id)
                    _order_line(order, "SMS", self._described(message))
            if state in _CLOSED_STATES:
                _order_line(order, state)
            else:
                still_open.append((order, printed))
        self._open = still_open

    def _described(self, message: Delivery) -> str:
        parts = [f"from {shown(message.sender, NAME)}"] if message.sender else []
        return " ".join([*parts, quoted(message.text, SMS)] if self._show_sms else parts)


def _order_line(order: Ordered, what: str, *rest: str) -> None:
    _line(order.provider, what, order.rental.line.e164, order.order_id, *rest)


def _request_line(request: GatewayRequest) -> None:
    from ..gateway.report import what  # noqa: PLC0415 - start-up cost: only if one is printed

    _line("gateway", request.outcome, ", ".join(request.numbers), what(request), str(request.status or ""))


def _line(provider: str, what: str, number: str, *rest: str) -> None:
    columns = [time.strftime("%H:%M:%S"), f"{provider:<9}", f"{what:<9}", f"{number:<16}", *filter(None, rest)]
    print(shown("  ".join(columns), LINE), flush=True)
