"""What either end of the relay calls when it is asked something."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..server.server import log_failure


class Handlers:
    """The handlers of each topic. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: list[tuple[str, Callable[..., Any]]] = []

    def add(self, topic: str, handler: Callable[..., Any]) -> None:
        """Call a handler for a topic from now on."""
        with self._lock:
            self._known.append((topic, handler))

    def forget(self, handler: Callable[..., Any]) -> None:
        """Stop calling a handler."""
        with self._lock:
            self._known = [each for each in self._known if each[1] is not handler]

    def answers(self, topic: str, args: Iterable[Any]) -> Iterator[Any]:
        """What each handler of a topic returns. If one raises, that is logged without the exception's message."""
        with self._lock:
            handlers = [handler for name, handler in self._known if name == topic]
        for handler in handlers:
            try:
                yield handler(*args)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other end waits for a response
                log_failure(error)
