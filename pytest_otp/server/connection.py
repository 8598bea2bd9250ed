"""One connection of the server: plain or TLS, by its first byte; its requests are the application's or the proxy's."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .proxy import Asked, Proxy, asked_of_proxy, not_let_through, passed_on, refusal, tunnel

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.serving import WSGIRequestHandler

    from .authority import Authority

IDLE_SECONDS = 30.0
HANDSHAKE_SECONDS = 10.0
TLS_HANDSHAKE = b"\x16"
"""The first byte of each TLS connection (RFC 8446, 5.1); no HTTP method begins with it."""

_DRAIN_SECONDS = 1.0
_DRAIN_READS = 64


class Connections:
    """What is open, and which of it is being answered."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._answering: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._ending = False

    def opened(self, connection: socket.socket) -> None:
        """A connection to cut at the end; at once where the end has come."""
        with self._changed:
            self._open.add(connection)
            if self._ending:
                _cut(connection)

    def closed(self, connection: socket.socket) -> None:
        """A connection that no longer needs to be cut."""
        with self._changed:
            self._open.discard(connection)

    @contextlib.contextmanager
    def answering(self, connection: socket.socket) -> Iterator[None]:
        """While it lasts, the end leaves the connection some time."""
        with self._changed:
            self._answering.add(connection)
        try:
            yield
        finally:
            with self._changed:
                self._answering.discard(connection)
                self._changed.notify_all()

    def end(self, grace: float) -> None:
        """Cut what asks nothing, and after so many seconds at most the rest."""
        with self._changed:
            self._ending = True
            for connection in self._open - self._answering:
                _cut(connection)
            self._changed.wait_for(lambda: not self._answering, grace)
            for connection in self._open:
                _cut(connection)


def handler_for(connections: Connections, authority: Authority | None, proxy: Proxy | None) -> type[WSGIRequestHandler]:
    """The class that werkzeug makes one of for each connection."""
    from werkzeug.serving import WSGIRequestHandler  # noqa: PLC0415 - only who serves pays for it

    class Handler(WSGIRequestHandler):
        timeout = IDLE_SECONDS  # a client that falls silent does not hold its thread for ever
        protocol_version = "HTTP/1.1"
        secure = False
        tunnelled = False

        def setup(self) -> None:
            super().setup()
            connections.opened(self.connection)

        def handle(self) -> None:
            # A handshake that fails and a tunnel that breaks end like any connection: without a word.
            # So does a request line without sense, which werkzeug takes apart before the application can refuse it.
            with contextlib.suppress(OSError, ValueError):
                self.meet(self.connection.getsockname()[0].partition("%")[0])
                super().handle()

        def meet(self, name: str) -> None:
            """Speak TLS under a name if the client does."""
            if authority is None or self.connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
                return
            try:
                context = authority.context(name)
            except (ValueError, RuntimeError) as error:
                raise ConnectionAbortedError("no certificate for this name") from error
            plain, self.connection = (
                self.connection,
                context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False),
            )
            self.secure = True
            connections.opened(self.connection)
            connections.closed(plain)
            self.connection.settimeout(HANDSHAKE_SECONDS)  # for the whole of it, not for each byte
            self.connection.do_handshake()
            self.connection.settimeout(self.timeout)
            self.rfile.close()
            self.rfile = self.connection.makefile("rb", self.rbufsize)
            self.wfile = self.connection.makefile("wb", 0)

        def make_environ(self) -> WSGIEnvironment:
            environ = super().make_environ()
            if self.secure:
                environ["wsgi.url_scheme"] = "https"
            return environ

        def run_wsgi(self) -> None:
            try:
                asked = None if proxy is None else asked_of_proxy(self.command, self.path)
            except ValueError:
                self.refuse(refusal(400, "Bad Request", "the request names no host and port"))
                return
            if asked is not None and proxy is not None and (asked.connect or not proxy.serves(asked.host)):
                self.be_proxy(asked, proxy)
                return
            with connections.answering(self.connection):
                super().run_wsgi()

        def be_proxy(self, asked: Asked, proxy: Proxy) -> None:
            if self.secure or self.tunnelled:
                self.refuse(refusal(400, "Bad Request", "this proxy is asked in plain http, and once"))
            elif proxy.serves(asked.host):
                self.enter(asked)
            elif proxy.lets(asked.host, self.client_address[0]):
                self.pass_on(asked, proxy)
            else:
                self.refuse(not_let_through(asked.host))

        def enter(self, asked: Asked) -> None:
            """Be that host for the rest of the connection."""
            if self.ahead():
                self.refuse(refusal(400, "Bad Request", "something came before the tunnel was open"))
                return
            self.tunnelled = True
            self.close_connection = False  # `Connection: close` of a CONNECT speaks of the proxy
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.meet(asked.host)

        def pass_on(self, asked: Asked, proxy: Proxy) -> None:
            """Carry bytes between the client and the host to the end."""
            self.close_connection = True
            try:
                onward, authorization = proxy.connect(asked)
            except (OSError, UnicodeError, ValueError) as error:
                reason = str(error) or type(error).__name__
                self.refuse(refusal(502, "Bad Gateway", f"{asked.where} cannot be reached: {reason}"))
                return
            with onward:
                connections.opened(onward)
                try:
                    if asked.connect:
                        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    else:
                        head = passed_on(asked, self.requestline, self.headers.items(), authorization)
                        onward.sendall(head)
                    onward.sendall(self.ahead())
                    tunnel(self.connection, onward)
                finally:
                    connections.closed(onward)

        def ahead(self) -> bytes:
            """What the client has sent beyond the request's head already."""
            self.connection.settimeout(0)
            try:
                return self.rfile.peek()  # type: ignore[attr-defined, no-any-return]
            finally:
                self.connection.settimeout(self.timeout)

        def refuse(self, answer: bytes) -> None:
            self.close_connection = True
            self.wfile.write(answer)
            # To close with something unread would be a reset, and the client might never see the answer.
            socket.socket.shutdown(self.connection, socket.SHUT_WR)
            self.connection.settimeout(_DRAIN_SECONDS)
            for _ in range(_DRAIN_READS):
                if not self.connection.recv(64 * 1024):
                    break

        def finish(self) -> None:
            connections.closed(self.connection)
            super().finish()
            if self.secure:  # the server itself knows the plain socket only, which holds nothing any more
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self.connection, socket.SHUT_WR)
                self.connection.close()

        def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
            self.close_connection = True

        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the parent's name
            """Write nothing: a request line holds keys."""

    return Handler


def _cut(connection: socket.socket) -> None:
    # Not the connection's own shutdown: that of a TLS connection would make another thread's writing a plain one.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
