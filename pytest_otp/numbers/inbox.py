"""The messages of one order, and which of them have been handed out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from ..providers.base import SmsMessage

__tracebackhide__ = True

T = TypeVar("T")


class Inbox:
    """The messages of one order, oldest first. Thread-safe: two waits never get the same message."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._messages: tuple[SmsMessage, ...] = ()
        self._handed_out: set[str] = set()
        self._requested_after = -1

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """Every message so far."""
        return self._messages

    @property
    def unread(self) -> list[SmsMessage]:
        """Those that have not been handed out."""
        with self._lock:
            return [message for message in self._messages if message.id not in self._handed_out]

    def add(self, shown: Iterable[SmsMessage]) -> None:
        """Add the messages that are new among those that the provider shows."""
        with self._lock:
            known = {message.id for message in self._messages}
            self._messages += tuple(message for message in shown if message.id not in known)

    def hand_out(self, pick: Callable[[SmsMessage], T | None]) -> T | None:
        """What `pick` takes from the oldest unread message that it accepts, or None."""
        with self._lock:
            for message in self.unread:
                found = pick(message)
                if found is not None:
                    self._handed_out.add(message.id)
                    return found
        return None

    def wants_another(self) -> bool:
        """Whether messages arrived, and no other was requested since the last of them."""
        return bool(self._messages) and self._requested_after != len(self._messages)

    def another_requested(self) -> None:
        """Another message was requested."""
        self._requested_after = len(self._messages)
