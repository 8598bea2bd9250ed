"""What a service remembers between requests, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST_KEPT = 1000
"""Entries; the oldest are dropped first."""


class Kept(Generic[Key, Value]):
    """The last `MOST_KEPT` entries of a table, safe to use from several threads."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The entry, or None."""
        with self._lock:
            return self._entries.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Add an entry, or replace it; it is then the newest."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > MOST_KEPT:
                self._entries.popitem(last=False)

    def change(self, key: Key, change: Callable[[Value], Value]) -> Value | None:
        """Replace an entry, which keeps its place, by what `change` makes of it; None if it is no longer there."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry = self._entries[key] = change(entry)
            return entry

    def remove(self, key: Key) -> None:
        """Remove an entry if it is there."""
        with self._lock:
            self._entries.pop(key, None)

    def newest(self) -> list[Value]:
        """All entries, the newest first."""
        with self._lock:
            return list(reversed(self._entries.values()))
