"""What came for one order, and what of it was handed out: each message once."""

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
        self._asked_after = -1

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """All that came."""
        return self._messages

    @property
    def left(self) -> list[SmsMessage]:
        """Those that were not handed out."""
        with self._lock:
            return [message for message in self._messages if message.id not in self._handed_out]

    def take_in(self, seen: Iterable[SmsMessage]) -> None:
        """Keep what is new of the messages that the provider shows."""
        with self._lock:
            known = {message.id for message in self._messages}
            self._messages += tuple(message for message in seen if message.id not in known)

    def hand_out(self, pick: Callable[[SmsMessage], T | None]) -> T | None:
        """What `pick` takes from the oldest message that it does not pass over; None where it takes none."""
        with self._lock:
            for message in self.left:
                found = pick(message)
                if found is not None:
                    self._handed_out.add(message.id)
                    return found
        return None

    def wants_another(self) -> bool:
        """Whether messages came, and no other was asked for since the last of them."""
        return bool(self._messages) and self._asked_after != len(self._messages)

    def asked_for_another(self) -> None:
        """Another message was asked for."""
        self._asked_after = len(self._messages)
