"""A connection as the two streams that an HTTP handler reads from and writes to."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .pool import Connection

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Incoming(io.RawIOBase):
    """What the client sends, as long as it is in time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        """Whether one can read from it: always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Receive something; None if nothing has arrived and nothing is waited for."""
        try:
            return self._connection.receive_into(memoryview(buffer))
        except BlockingIOError:
            return None


class Outgoing(io.BufferedIOBase):
    """What the client receives. Writing sends everything at once, or raises `TimeoutError` after `seconds`."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds

    def writable(self) -> bool:
        """Whether one can write to it: always."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Send everything."""
        content = bytes(data)
        self._connection.send(content, self._seconds)
        return len(content)
