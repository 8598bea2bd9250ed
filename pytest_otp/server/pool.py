"""The open connections of all ports of this process together: how many there may be, and which make room for others.

Threads and file descriptors are shared with the tests, so strangers must not use them up. At the cap, a new connection
replaces one whose client never sent a request, else one whose client has been idle for long. If each must stay, new
connections wait in the queue of the listening socket; none is refused.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from enum import Enum, auto

from ..clock import monotonic

MOST_CONNECTIONS = 256
SHORTEST_SILENCE = 0.01
"""Seconds that a client has to begin its request, however many others there are."""
SHORTEST_PAUSE = 1.0
"""Seconds that a client may pause in the head of its first request: longer than a busy machine takes to read one."""
LONGEST_IDLE = 5.0
"""Seconds after which a client that has sent a request, and is now waited for, makes room for others."""


def most_connections() -> int:
    """The smaller of `MOST_CONNECTIONS` and a quarter of the file descriptors that this process may have."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, files // 4))


class Stage(Enum):
    """How far the client of a connection has come."""

    SILENT = auto()
    """It has sent nothing yet."""
    BEGUN = auto()
    """It has sent something, but no whole head of a request."""
    ASKED = auto()
    """It has sent a request."""
    LEAVING = auto()
    """The connection was chosen to make room, and is about to be closed."""


class Connection:
    """One open connection: reads and writes in time, and notes since when its client is waited for.

    Attributes:
        socket: The client's socket. Starting TLS replaces it.
        address: The client's address.
        waiting_since: When the client began to be waited for; None while a request is being answered.
    """

    def __init__(self, sock: socket.socket, address: object, pool: Pool) -> None:
        self.socket = sock
        self.address = address
        self.waiting_since: float | None = None
        self._pool = pool
        self._deadline = 0.0
        self._at_once = False

    def reached(self, stage: Stage) -> None:
        """Note how far the client has come, and that it is not waited for."""
        self.waiting_since = None
        self._pool.move(self, stage)

    def expect(self, seconds: float) -> None:
        """From now on, reading raises `TimeoutError` after that many seconds in all."""
        self._deadline = self._pool.clock() + seconds

    @property
    def time_left(self) -> float:
        """Seconds that the client has left to send what is expected; negative if it is late."""
        return self._deadline - self._pool.clock()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for the client, at most until what it is to send must be there. Raises `TimeoutError` if it is late."""
        left = self.time_left
        if left <= 0 and not self._at_once:
            raise TimeoutError("the client is too slow")
        self.socket.settimeout(0 if self._at_once else left)
        self.waited()
        try:
            yield
        finally:
            self.waiting_since = None

    def waited(self) -> None:
        """Note that the client is waited for from now on."""
        self.waiting_since = self._pool.clock()

    def waits(self, now: float, seconds: float) -> bool:
        """Whether the client has been waited for longer than that."""
        since = self.waiting_since
        return since is not None and now - since > seconds

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Read only what has already arrived."""
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def peek(self) -> bytes:
        """The next byte, which stays to be read; empty at the end."""
        with self.waiting():
            return self.socket.recv(1, socket.MSG_PEEK)

    def receive_into(self, buffer: bytearray | memoryview) -> int:
        """Receive something; 0 at the end."""
        with self.waiting():
            return self.socket.recv_into(buffer)

    def send(self, data: bytes, seconds: float) -> None:
        """Send everything within that many seconds."""
        self.socket.settimeout(seconds)
        self.waited()
        try:
            self.socket.sendall(data)
        finally:
            self.waiting_since = None

    def cut(self) -> None:
        """Make whoever reads from the connection or writes to it notice its end."""
        # Not the connection's own shutdown: on a TLS connection that would make another thread write plain text.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def closed(self) -> None:
        """Note that the connection is closed: it counts no more."""
        self._pool.remove(self)


class Pool:
    """The connections of several ports, with one cap for all of them. Safe to use from several threads.

    Args:
        limit: How many there may be. It is asked for each new connection.
        clock: Seconds, for what is late and what is idle.
    """

    def __init__(self, limit: Callable[[], int] = most_connections, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.limit = limit
        self.forget()

    def forget(self) -> None:
        """Start anew: in a forked child, the connections are its parent's."""
        self._lock = threading.Lock()
        self._stages: dict[Stage, dict[Connection, None]] = {stage: {} for stage in Stage}
        self._waiting: dict[Callable[[], None], None] = {}

    def admit(self, accept: Callable[[], tuple[socket.socket, object]]) -> Connection | None:
        """Accept a connection unless there are as many as there may be. Raises what `accept` raises."""
        with self._lock:
            if self._count() >= self.limit():
                return None
            connection = Connection(*accept(), self)
            connection.waited()
            self._stages[Stage.SILENT][connection] = None
            return connection

    def notify(self, wake: Callable[[], None]) -> None:
        """Call `wake` once, when a connection has been closed."""
        with self._lock:
            self._waiting[wake] = None

    def displace(self) -> Connection | None:
        """Choose the connection to close for a new one; None if each must stay, or if one is still leaving."""
        with self._lock:
            victim = None if self._stages[Stage.LEAVING] else self._dispensable()
            if victim is not None:
                self._move(victim, Stage.LEAVING)
            return victim

    def move(self, connection: Connection, stage: Stage) -> None:
        """Note how far a client has come. A connection that was to leave stays if there is a request to answer."""
        with self._lock:
            if stage is Stage.ASKED or connection not in self._stages[Stage.LEAVING]:
                self._move(connection, stage)

    def remove(self, connection: Connection) -> None:
        """Note that a connection has been closed."""
        with self._lock:
            for stage in self._stages.values():
                stage.pop(connection, None)
            waiting, self._waiting = self._waiting, {}
        for wake in waiting:
            wake()

    def _count(self) -> int:
        return sum(map(len, self._stages.values()))

    def _move(self, connection: Connection, to: Stage) -> None:
        for stage in self._stages.values():
            stage.pop(connection, None)
        self._stages[to][connection] = None

    def _dispensable(self) -> Connection | None:
        """One without a request, a silent one before others, else one that is idle; the longest waited for."""
        now = self.clock()
        oldest = next(iter(self._stages[Stage.SILENT]), None)
        if oldest is not None and oldest.waits(now, SHORTEST_SILENCE):
            return oldest
        for stage, seconds in ((Stage.BEGUN, SHORTEST_PAUSE), (Stage.ASKED, LONGEST_IDLE)):
            late = [connection for connection in self._stages[stage] if connection.waits(now, seconds)]
            if late:
                return min(late, key=lambda connection: connection.waiting_since or now)
        return None


POOL = Pool()
"""Of this process."""
os.register_at_fork(after_in_child=POOL.forget)
