"""How the server handles one connection: plain or TLS, for the application or as a proxy.

Importing this imports werkzeug, so `server` does so only when it starts.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from .connections import Connections
from .pool import Connection, Stage
from .proxy import Proxy, ProxyRequest, error_response, forwarded_head, host_blocked, proxy_request, tunnel
from .streams import Incoming, Outgoing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from .authority import Authority

TLS_HANDSHAKE = b"\x16"
"""The first byte of each TLS connection (RFC 8446, 5.1); no HTTP method starts with it."""

_TUNNEL_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
_DRAIN_SECONDS = 2.0
"""How long the rest of a request is read after its response: closing with unread data would be a reset."""
_DRAIN_READS = 64


class HttpServer(ThreadedWSGIServer):
    """A listening socket, and what its handlers share: one handler, in a thread of its own, for each connection."""

    def __init__(
        self,
        app: WSGIApplication,
        host: str,
        listener: socket.socket,
        *,
        authority: Authority | None,
        proxy: Proxy | None,
        head_timeout: float,
        body_timeout: float,
    ) -> None:
        super().__init__(host, listener.getsockname()[1], app, handler=Handler, fd=listener.fileno())
        self.connections = Connections()
        self.authority = authority
        self.proxy = proxy
        self.head_timeout = head_timeout
        self.body_timeout = body_timeout

    def serve(self, connection: Connection) -> None:
        """Answer all requests of a connection in a thread. Raises `RuntimeError` if none can be had."""
        connection.reached(Stage.BEGUN)
        threading.Thread(target=self._serve, args=(connection,), name="pytest-otp-request", daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        plain = connection.socket
        try:
            Handler(connection, self)
        except Exception:  # noqa: BLE001 - as in socketserver, which prints it
            self.handle_error(plain, connection.address)  # type: ignore[arg-type]  # it is only printed
        finally:
            self.shutdown_request(plain)
            connection.closed()


class Handler(WSGIRequestHandler):
    """One connection and its requests."""

    server: HttpServer  # pyright: ignore[reportIncompatibleVariableOverride] - only this server builds it
    protocol_version = "HTTP/1.1"
    secure = False
    tunnelled = False

    def __init__(self, client: Connection, server: HttpServer) -> None:
        self.client = client
        super().__init__(client.socket, client.address, server)

    def setup(self) -> None:
        """Open the streams, which end when the client takes too long."""
        self.connection = self.client.socket
        self.open_streams()
        self.server.connections.opened(self.connection)

    def open_streams(self) -> None:
        """Read and write through the connection as it is now: plain or TLS."""
        self.rfile = io.BufferedReader(Incoming(self.client))
        self.wfile = Outgoing(self.client, self.server.body_timeout)

    def handle(self) -> None:
        """Answer all requests of the connection."""
        # A failed handshake and a broken tunnel end like any connection: without a log record.
        # So does a malformed request line, which werkzeug parses before the application could refuse it.
        with contextlib.suppress(OSError, ValueError):
            self.start_tls(self.connection.getsockname()[0].partition("%")[0])
            super().handle()

    def start_tls(self, name: str) -> None:
        """Start TLS under a host name if the client does."""
        authority = self.server.authority
        if authority is None or self.client.peek() != TLS_HANDSHAKE:
            return
        try:
            context = authority.context(name)
        except (ValueError, RuntimeError) as error:
            raise ConnectionAbortedError("no certificate for this name") from error
        plain, self.connection = (
            self.connection,
            context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False),
        )
        self.client.socket = self.connection
        self.secure = True
        self.server.connections.opened(self.connection)
        self.server.connections.closed(plain)
        with self.client.waiting():  # for the whole handshake, not for each byte
            self.connection.do_handshake()
        self.open_streams()

    def make_environ(self) -> WSGIEnvironment:
        """The request's WSGI environment, with the right scheme."""
        environ = super().make_environ()
        if self.secure:
            environ["wsgi.url_scheme"] = "https"
        return environ

    def run_wsgi(self) -> None:
        """Answer one request: by the application, or as a proxy."""
        self.client.reached(Stage.ASKED)
        self.client.expect(self.server.body_timeout)
        proxy = self.server.proxy
        try:
            request = None if proxy is None else proxy_request(self.command, self.path)
        except ValueError:
            self.refuse(error_response(400, "Bad Request", "the request has no valid host and port"))
            return
        if request is not None and proxy is not None and (request.connect or not proxy.serves(request.host)):
            self.answer_as_proxy(request, proxy)
            return
        with self.server.connections.answering(self.connection):
            super().run_wsgi()

    def end_headers(self) -> None:
        """Send the head of the response. What the client still sends is read, but not for long."""
        self.client.expect(_DRAIN_SECONDS)
        super().end_headers()

    def answer_as_proxy(self, request: ProxyRequest, proxy: Proxy) -> None:
        """Open a tunnel, forward the request, or refuse it."""
        if self.secure or self.tunnelled:
            self.refuse(error_response(400, "Bad Request", "proxy requests are not accepted over TLS or in a tunnel"))
        elif proxy.serves(request.host):
            self.become(request.host)
        elif proxy.allows(request.host, self.client_address[0]):
            self.forward(request, proxy)
        else:
            proxy.note(self.command, request, self.path, 403)
            self.refuse(host_blocked(request.host))

    def become(self, host: str) -> None:
        """Answer for this host for the rest of the connection."""
        if self.received_ahead():
            self.refuse(error_response(400, "Bad Request", "data was received before the tunnel was open"))
            return
        self.tunnelled = True
        self.close_connection = False  # the `Connection: close` of a CONNECT is about the proxy
        self.wfile.write(_TUNNEL_OPEN)
        self.client.expect(self.server.head_timeout)
        self.start_tls(host)

    def forward(self, request: ProxyRequest, proxy: Proxy) -> None:
        """Connect to the host and carry bytes both ways until the end."""
        self.close_connection = True
        try:
            upstream, authorization = proxy.connect(request)
        except (OSError, UnicodeError, ValueError) as error:
            proxy.note(self.command, request, self.path, 502)
            reason = str(error) or type(error).__name__
            self.refuse(error_response(502, "Bad Gateway", f"cannot connect to {request.where}: {reason}"))
            return
        with upstream:
            proxy.note(self.command, request, self.path, 0)
            self.server.connections.opened(upstream)
            try:
                if request.connect:
                    self.wfile.write(_TUNNEL_OPEN)
                else:
                    upstream.sendall(forwarded_head(self.requestline, self.headers.items(), authorization))
                upstream.sendall(self.received_ahead())
                tunnel(self.connection, upstream, idle_timeout=proxy.idle_timeout, moved=self.client.waited)
            finally:
                self.server.connections.closed(upstream)

    def received_ahead(self) -> bytes:
        """What the client has already sent beyond the request's head."""
        with self.client.at_once():
            return self.rfile.peek()  # type: ignore[attr-defined, no-any-return]

    def refuse(self, response: bytes) -> None:
        """Send a complete response and end the connection."""
        self.close_connection = True
        self.wfile.write(response)
        # Closing with unread data would be a reset, and the client might never see the response.
        socket.socket.shutdown(self.connection, socket.SHUT_WR)
        self.client.expect(_DRAIN_SECONDS)
        for _ in range(_DRAIN_READS):
            if not self.client.receive_into(bytearray(64 * 1024)):
                break

    def finish(self) -> None:
        """End the connection."""
        self.server.connections.closed(self.connection)
        super().finish()
        if self.secure:  # the server itself knows only the plain socket, which is detached
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.connection, socket.SHUT_WR)
            self.connection.close()

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Called by werkzeug when the client has gone."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Log nothing: a request line contains keys."""
