"""SMS that a service sends us by itself: which orders wait for them, and a provider that hands them out."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, ClassVar

from ..clock import utc_now
from ..providers.base import Messages, Order, OrderState, Provider, SmsMessage, Variable
from ..providers.deadline import begun

__tracebackhide__ = True

NET = 5.0
"""Seconds from one look to the next where SMS are pushed: looking only catches what the push lost."""


class Outcome(str, Enum):
    """What became of a push. Each member equals its word, so that another process can be told it."""

    ACCEPTED = "accepted"
    """It is for an open order, whose waits were woken."""
    REPEATED = "repeated"
    """It came before: nothing changed."""
    UNKNOWN = "unknown"
    """No open order has this id and number: nothing changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Push:
    """One pushed SMS. Its repr shows none of it: reports are public."""

    order_id: str
    number: str
    """Digits with the country code."""
    message_id: str
    """Empty where the service gave none."""
    sender: str | None
    text: str
    code: str | None

    def plain(self) -> dict[str, Any]:
        """As plain data, for another process: `Push(**plain)`."""
        return asdict(self)


class Pushes:
    """The open orders of this process, and what was pushed to each. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[str, _Box] = {}

    def open(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        """Call `notify(0.0)` for each push to this order, from any thread.

        Returns:
            A function that closes the order for pushes.
        """
        ticket = object()
        with self._lock:
            box = self._boxes.setdefault(_key(order.id), _Box(_digits(order.number)))
            box.told[ticket] = notify

        def close() -> None:
            with self._lock:
                box.told.pop(ticket, None)

        return close

    def take(self, push: Push) -> Outcome:
        """Take one in. Without a message id it only wakes who waits: a look then shows what came."""
        with self._lock:
            box = self._boxes.get(_key(push.order_id))
            if box is None or box.number != _digits(push.number):
                return Outcome.UNKNOWN
            key = _key(push.message_id)
            if key in box.pushed:  # also of an order that was closed meanwhile: the service did not get our answer
                return Outcome.REPEATED
            if not box.told:
                return Outcome.UNKNOWN
            told: list[Callable[[float], None]] = list(box.told.values())
            if key:
                box.pushed.add(key)
                box.fresh |= box.keeps(key, _message(push))
                told += box.looking if box.fresh else []
        for notify in told:
            notify(0.0)
        return Outcome.ACCEPTED

    def look(self, order: Order, ask: Callable[[], Messages]) -> Messages:
        """What was pushed since the last look, at once, or else what `ask` gives; with all that came before.

        A push ends the asking, which goes on in a thread that is left behind: its answer may take long.
        """
        with self._lock:
            box = self._boxes.get(_key(order.id))
            if box is None:
                return ask()
            if box.fresh:
                return box.shown()
            events: queue.SimpleQueue[object] = queue.SimpleQueue()
            box.looking.append(events.put)
        try:
            asked = begun(ask, "pytest-otp look")
            asked.add_done_callback(events.put)
            events.get()
            with self._lock:
                if box.fresh:
                    return box.shown()
            heard = asked.result()
        finally:
            with self._lock:
                box.looking.remove(events.put)
        with self._lock:
            for message in heard.sms:
                box.keeps(_key(message.id), message)
            return box.shown(heard.state)


class Pushed:
    """Does as the provider behind it, and hands out at once what its service pushed.

    Attributes:
        wrapped: the provider behind it.
        net: seconds between looks where nothing is pushed.
    """

    variables: ClassVar[tuple[Variable, ...]] = ()
    net: ClassVar[float] = NET

    def __init__(self, provider: Provider, pushes: Pushes) -> None:
        self.wrapped = provider
        self.name = provider.name
        self._pushes = pushes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        """As SupportsPush says."""
        return self._pushes.open(order, notify)

    def messages(self, order: Order) -> Messages:
        """As the provider's; without a request where something was pushed since the last look."""
        return self._pushes.look(order, lambda: self.wrapped.messages(order))


class _Box:
    """What came for one order. Used under the lock of its Pushes."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.told: dict[object, Callable[[float], None]] = {}
        """Who is notified; empty when the order is closed."""
        self.looking: list[Callable[[object], None]] = []
        """Who asks the provider just now."""
        self.pushed: set[str] = set()
        self.fresh = False
        """Whether something was pushed that no look has shown."""
        self._messages: dict[str, SmsMessage] = {}

    def keeps(self, key: str, message: SmsMessage) -> bool:
        """Keep a message; whether it is new."""
        return self._messages.setdefault(key, message) is message

    def shown(self, state: OrderState = OrderState.WAITING) -> Messages:
        self.fresh = False
        received = self._messages and state is OrderState.WAITING
        return Messages(OrderState.RECEIVED if received else state, tuple(self._messages.values()))


def _message(push: Push) -> SmsMessage:
    return SmsMessage(push.message_id, push.sender, push.text, utc_now(), push.code)


def _key(guid: str) -> str:
    """The same for both spellings of a GUID."""
    return guid.lower()


def _digits(number: str) -> str:
    return "".join(char for char in number if char in "0123456789").lstrip("0")
