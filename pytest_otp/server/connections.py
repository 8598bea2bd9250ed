"""The open connections of a server, so that stopping it can close them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Connections:
    """Tracks which connections are open, and which of them are answering a request."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._answering: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._ending = False

    def opened(self, connection: socket.socket) -> None:
        """Track a connection; it is closed at once if the server is stopping."""
        with self._changed:
            self._open.add(connection)
            if self._ending:
                _cut(connection)

    def closed(self, connection: socket.socket) -> None:
        """Stop tracking a connection."""
        with self._changed:
            self._open.discard(connection)

    @contextlib.contextmanager
    def answering(self, connection: socket.socket) -> Iterator[None]:
        """Mark a connection as answering a request: `end` gives it time to finish."""
        with self._changed:
            self._answering.add(connection)
        try:
            yield
        finally:
            with self._changed:
                self._answering.discard(connection)
                self._changed.notify_all()

    def end(self, grace: float) -> None:
        """Close idle connections at once, and the others when they have answered or after `grace` seconds."""
        with self._changed:
            self._ending = True
            for connection in self._open - self._answering:
                _cut(connection)
            self._changed.wait_for(lambda: not self._answering, grace)
            for connection in self._open:
                _cut(connection)


def _cut(connection: socket.socket) -> None:
    # Not the connection's own shutdown: on a TLS connection that would make another thread write plain text.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
