"""SMS that a provider pushes: which orders wait for them, and a provider that hands them out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from typing import Any, ClassVar

from ..clock import utc_now
from ..providers.base import (
    Messages,
    Order,
    OrderState,
    Provider,
    SmsMessage,
    SupportsAsking,
    SupportsStates,
    Variable,
)
from ..providers.deadline import begun, time_limit
from ..providers.looking import log_refusal, look
from ..providers.push import PushedSms

__tracebackhide__ = True

_FORWARDED = ("hand_on", "count_wait")
"""What a provider may have besides the protocol."""

NET = 5.0
"""Seconds between polls if SMS are pushed: polling is only a fallback for lost pushes."""


class Outcome(str, Enum):
    """What became of a pushed SMS. Each member equals its value, which can be sent to another process."""

    ACCEPTED = "accepted"
    """It belongs to an open order, and woke those waiting for it."""
    REPEATED = "repeated"
    """It had already been accepted; nothing changed."""
    UNKNOWN = "unknown"
    """No open order has this ID and number; nothing changed."""


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
            box = self._boxes.setdefault(_key(order.id), _Box(order))
            box.listeners[ticket] = notify

        def close() -> None:
            with self._lock:
                box.listeners.pop(ticket, None)

        return close

    def take(self, sms: PushedSms) -> Outcome:
        """Accept an SMS for an open order. Without a message ID it only wakes those waiting, who then poll."""
        with self._lock:
            box = self._boxes.get(_key(sms.order_id))
            if box is None or not box.has_number(sms.number):
                return Outcome.UNKNOWN
            key = _key(sms.message_id)
            if key in box.pushed:  # even if the order has since been closed: the provider did not get our response
                return Outcome.REPEATED
            if not box.listeners:
                return Outcome.UNKNOWN
            wake = list(box.listeners.values())
            if key:
                box.pushed.add(key)
                box.fresh |= box.keeps(key, _message(sms))
            answers = [(shown, box.shown()) for shown in box.looks] if box.fresh else []
            if answers:
                box.looks = []
        for shown, found in answers:
            shown.set_result(found)
        for notify in wake:
            notify(0.0)
        return Outcome.ACCEPTED

    def look(self, order: Order, ask: Callable[[], Future[Messages]]) -> Future[Messages]:
        """Return what was pushed since the last call, at once, or else what `ask` asks for; with all earlier messages.

        A push does not wait for an answer, which may take long and is kept for the next call.
        """
        shown: Future[Messages] = Future()
        with self._lock:
            box = self._boxes.get(_key(order.id))
            if box is not None and box.fresh:
                shown.set_result(box.shown())
                return shown
            if box is not None:
                box.looks.append(shown)
        if box is None:
            return ask()
        try:
            asked = ask()
        except BaseException:
            with self._lock:
                box.looks.remove(shown)
            raise
        asked.add_done_callback(lambda answer: self._answered(box, shown, answer))
        return shown

    def _answered(self, box: _Box, shown: Future[Messages], answer: Future[Messages]) -> None:
        error = answer.exception()
        with self._lock:
            for message in () if error else answer.result().sms:
                box.keeps(_key(message.id), message)
            if shown not in box.looks:  # a push was faster
                return
            box.looks.remove(shown)
            found = None if error else box.shown(answer.result().state)
        if found is None:
            shown.set_exception(error)
        else:
            shown.set_result(found)


class Pushed:
    """Behaves like the provider behind it, and hands out pushed messages at once.

    Attributes:
        wrapped: the provider behind it.
        net: seconds between polls while nothing is pushed.
    """

    variables: ClassVar[tuple[Variable, ...]] = ()
    net: ClassVar[float] = NET

    def __init__(self, provider: Provider, pushes: Pushes) -> None:
        self.wrapped = provider
        self.name = provider.name
        self._pushes = pushes
        self._told: dict[str, OrderState] = {}
        for name in _FORWARDED:  # here, since from Python 3.12 on a protocol does not see what __getattr__ forwards
            if hasattr(provider, name):
                setattr(self, name, getattr(provider, name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        """See SupportsPush."""
        return self._pushes.open(order, notify)

    def messages(self, order: Order) -> Messages:
        """Like the provider's; makes no request if something was pushed since the last call."""
        return self._heard(order, self._look(order, another=False).result())

    def ask_messages(self, order: Order, seconds: float, *, another: bool) -> Future[Messages]:
        """See SupportsAsking."""
        provider = self.wrapped
        if isinstance(provider, SupportsAsking):
            asked = self._pushes.look(order, lambda: provider.ask_messages(order, seconds, another=another))
        else:
            with time_limit(seconds):
                asked = self._look(order, another=another)
        asked.add_done_callback(lambda answer: answer.exception() or self._heard(order, answer.result()))
        return asked

    def _look(self, order: Order, *, another: bool) -> Future[Messages]:
        def poll() -> Messages:
            found, refusal = look(self.wrapped, order, another=another)
            log_refusal(order, refusal)
            return found

        return self._pushes.look(order, lambda: begun(poll, "pytest-otp look"))

    def _heard(self, order: Order, found: Messages) -> Messages:
        if isinstance(self.wrapped, SupportsStates) and self._told.get(order.id) is not found.state:
            self._told[order.id] = found.state
            self.wrapped.set_state(order, found.state)
        return found


class _Box:
    """What arrived for one order. Used under the lock of its Pushes."""

    def __init__(self, order: Order) -> None:
        self.listeners: dict[object, Callable[[float], None]] = {}
        """Who is notified; empty once the order is closed."""
        self.looks: list[Future[Messages]] = []
        """Those that no answer and no push has ended yet."""
        self.pushed: set[str] = set()
        self.fresh = False
        """Whether something was pushed that `look` has not returned."""
        self._region = order.region
        self._number = self._normal(order.number)
        self._messages: dict[str, SmsMessage] = {}

    def has_number(self, written: str) -> bool:
        """Whether it is the order's number, however it is written."""
        return self._normal(written) == self._number

    def keeps(self, key: str, message: SmsMessage) -> bool:
        """Keep a message; whether it is new."""
        return self._messages.setdefault(key, message) is message

    def shown(self, state: OrderState = OrderState.WAITING) -> Messages:
        self.fresh = False
        received = self._messages and state is OrderState.WAITING
        return Messages(OrderState.RECEIVED if received else state, tuple(self._messages.values()))

    def _normal(self, written: str) -> str:
        from ..phone import read  # noqa: PLC0415 - start-up: 35 ms that only a run with pushes needs

        return read(written, self._region).e164


def _message(sms: PushedSms) -> SmsMessage:
    return SmsMessage(sms.message_id, sms.sender, sms.text, utc_now(), sms.code)


def _key(guid: str) -> str:
    """The same for both spellings of a GUID."""
    return guid.lower()
