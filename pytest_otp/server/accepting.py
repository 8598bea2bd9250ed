"""A server between start and stop: it accepts connections, and has each answered when its client sends something."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import threading
from typing import TYPE_CHECKING, cast

from .pool import Connection, Pool

if TYPE_CHECKING:
    from .handler import HttpServer

_BATCH = 32
"""Connections that are accepted before looking for requests on those that are there."""
_RETRY_SECONDS = 0.005
"""After which it is looked again whether a connection may be closed to make room."""
_DEFER_SECONDS = 1
_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Running:
    """Accepts a server's connections in a thread. A silent connection costs no thread."""

    def __init__(self, server: HttpServer, pool: Pool) -> None:
        self._server = server
        self._listener = server.socket
        self._listener.setblocking(False)
        self._pool = pool
        self._silent: dict[socket.socket, Connection] = {}
        self._paused = False
        self._defers = False
        self._stopping = False
        name = self._listener.getsockname()
        self.address: tuple[str, int] = (name[0], name[1])
        self._process = os.getpid()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="pytest-otp-server", daemon=True)
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Stop accepting, then close all connections: those that are being answered after `grace` seconds at most."""
        self._stopping = True
        if os.getpid() != self._process:  # a forked child: the server belongs to its parent and keeps running
            self._server.server_close()
            self._wake.close()
            self._woken.close()
            return
        self._rouse()
        self._thread.join()
        with contextlib.suppress(OSError):
            # A forked child may hold the listener too: closing it alone would leave the port in use.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._server.connections.end(grace)
        self._wake.close()
        self._woken.close()

    def _rouse(self) -> None:
        with contextlib.suppress(OSError):  # it is already awake, or stopped
            self._wake.send(b"!")

    def _run(self) -> None:
        # Not serve_forever(), which checks for a stop only at intervals, so that stopping would wait for the next one.
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping:
                ready = self._hear(selector, self._patience())
                self._leave_late(selector)
                if self._woken in ready:
                    self._woken.recv(4096)
                self._defer_silent()
                if self._paused or self._listener in ready:
                    self._accept_some(selector)
            for connection in list(self._silent.values()):
                self._leave(selector, connection)

    def _patience(self) -> float | None:
        """Seconds until something must be done though nothing arrives."""
        oldest = next(iter(self._silent.values()), None)
        seconds = [max(oldest.time_left, 0.0)] if oldest else []
        return min([*seconds, _RETRY_SECONDS]) if self._paused else min(seconds, default=None)

    def _hear(self, selector: selectors.BaseSelector, seconds: float | None) -> set[object]:
        """Hand over the connections whose clients have sent something; everything that is ready."""
        ready: set[object] = {key.fileobj for key, _ in selector.select(seconds)}
        for sock in ready & self._silent.keys():
            self._hand_over(selector, self._silent[cast("socket.socket", sock)])
        return ready

    def _hand_over(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        try:
            has_gone = not connection.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            has_gone = True
        if has_gone:
            self._leave(selector, connection)
            return
        self._forget(selector, connection)
        try:
            self._server.serve(connection)
        except RuntimeError:  # no thread can be had
            _close(connection)

    def _leave_late(self, selector: selectors.BaseSelector) -> None:
        for connection in list(self._silent.values()):
            if connection.time_left > 0:
                return  # the others came later
            self._leave(selector, connection)

    def _defer_silent(self) -> None:
        """While many clients are silent, have the system keep others until they send something, or for a second.

        So neither strangers nor a thousand clients that connect before the first of them sends use up the connections.
        """
        many = max(2, self._pool.limit() // 8)
        wanted = len(self._silent) >= (many // 2 if self._defers else many)
        if wanted != self._defers:
            self._defers = wanted
            with contextlib.suppress(OSError, AttributeError):  # not on every system
                self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _DEFER_SECONDS * wanted)

    def _accept_some(self, selector: selectors.BaseSelector) -> None:
        if self._paused:
            self._paused = False
            selector.register(self._listener, selectors.EVENT_READ)
        for _ in range(_BATCH):
            try:
                connection = self._pool.admit(self._listener.accept)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _SHORTAGES:
                    continue  # the client has gone
                connection = None
            if connection is not None:
                connection.expect(self._server.head_timeout)
                self._silent[connection.socket] = connection
                selector.register(connection.socket, selectors.EVENT_READ)
                continue
            # Who has just sent something is no stranger.
            if self._listener not in self._hear(selector, 0):
                return  # nobody needs room
            if not self._make_room(selector):
                self._pause(selector)
                return

    def _pause(self, selector: selectors.BaseSelector) -> None:
        self._pool.notify(self._rouse)
        self._paused = True
        selector.unregister(self._listener)

    def _make_room(self, selector: selectors.BaseSelector) -> bool:
        """Close a connection that may be; whether it is already gone."""
        victim = self._pool.displace()
        if victim is None:
            return False
        if victim.socket in self._silent:
            self._leave(selector, victim)
            return True
        victim.cut()  # another thread closes it
        return False

    def _leave(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        self._forget(selector, connection)
        _close(connection)

    def _forget(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        # Before the socket is closed: the selector would go on to report one that a forked child holds too.
        selector.unregister(connection.socket)
        del self._silent[connection.socket]


def _close(connection: Connection) -> None:
    connection.cut()  # a forked child may hold the socket too
    connection.socket.close()
    connection.closed()
