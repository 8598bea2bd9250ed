"""A small threaded HTTP server on loopback for our own WSGI applications.

One port speaks http and, with an authority, https; with a proxy it is one too. It keeps no request log, since paths and
bodies hold keys and SMS texts. Importing this costs stdlib only.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import socket
import struct
import threading
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from ..errors import SettingsError
from ..loopback import LOOPBACK
from .connection import Connections, handler_for

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

    from .authority import Authority
    from .proxy import Proxy


_GRACE_SECONDS = 0.5
_BACKLOG = 128
_logger = logging.getLogger(__name__)


class Server:
    """Serves a WSGI application in threads, from `start()` (or `with`) to `stop()`.

    Args:
        app: the application; what it raises is answered as 500, and logged without the exception's own words.
        host: an address or a name of this machine; loopback unless somebody asks for more.
        port: 0 takes a free one.
        setting: what the user set host and port with, for the message of an address that cannot be had.
        authority: who issues its certificates; without one it speaks no TLS. Close it after the server's stop.
        proxy: decides what to do where it is asked as a proxy; without one such requests are like any other.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        setting: str = "--port",
        authority: Authority | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._app = app
        self._authority = authority
        self._proxy = proxy
        self._host = host
        self._port = port
        self._setting = setting
        self._running: _Running | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """`http://host:port` without a path, as a client on this machine reaches it; RuntimeError while stopped."""
        if self._running is None:
            raise RuntimeError("the server does not run")
        address = self._running.address
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(address[0], address[0])  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}"

    def start(self) -> None:
        """Listen. Raises SettingsError where the address is taken or is none of this machine; does nothing twice."""
        with self._lock:
            if self._running is None:
                listener = _listen(self._host, self._port, self._setting)
                with contextlib.closing(listener):
                    connections = Connections()
                    handler = handler_for(connections, self._authority, self._proxy)
                    self._running = _Running(self._app, self._host, listener, connections, handler)

    def stop(self) -> None:
        """Stop at once: on return the port is free again and no connection is open. Does nothing twice.

        A request that is being answered has half a second to come to its end; whoever has asked nothing is cut.
        """
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def reset_connection(environ: WSGIEnvironment) -> NoReturn:
    """Called by an application instead of answering: the client sees a connection reset, without a byte of answer."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        # To linger for zero seconds turns the close into a reset. The handler's file still holds the socket, so it
        # closes when the handler ends, which the exception makes it do.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    raise ConnectionResetError("reset on purpose")


def log_failure(error: Exception) -> None:
    """Log a failure of our own while answering: its type and place, since its words may hold a key or an SMS."""
    place = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("a request failed with %s\n%s", type(error).__qualname__, place)


class _Running:
    """What exists between start and stop."""

    def __init__(
        self,
        app: WSGIApplication,
        host: str,
        listener: socket.socket,
        connections: Connections,
        handler: type[WSGIRequestHandler],
    ) -> None:
        from werkzeug.serving import make_server  # noqa: PLC0415 - only who serves pays for it

        self._connections = connections
        self._stopping = False
        self._server: BaseWSGIServer = make_server(
            host,
            listener.getsockname()[1],
            _guarded(app),
            threaded=True,
            request_handler=handler,
            fd=listener.fileno(),
        )
        # handle_request() must not wait for a connection that went away after it was announced.
        self._server.timeout = 0
        name = self._server.socket.getsockname()
        self.address: tuple[str, int] = (name[0], name[1])
        self._process = os.getpid()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="pytest-otp-server", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        # A loop of our own: serve_forever() looks for its end only every so often, and stopping would wait for that.
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._server in ready and not self._stopping:
                    self._server.handle_request()

    def stop(self) -> None:
        self._stopping = True
        if os.getpid() != self._process:  # a forked child: the server is its parent's, which goes on
            self._server.server_close()
            self._wake.close()
            self._woken.close()
            return
        self._wake.send(b"!")
        self._thread.join()
        with contextlib.suppress(OSError):
            # A forked child may hold the listener too: closing it alone would leave the port taken.
            self._server.socket.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._wake.close()
        self._woken.close()
        self._connections.end(_GRACE_SECONDS)


def _guarded(app: WSGIApplication) -> WSGIApplication:
    """The application, with a failure of its own answered as 500 and logged by type and place only."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the client gets an answer
            log_failure(error)
        start_response("500 Internal Server Error", [("Content-Type", "text/plain"), ("Content-Length", "22")])
        return [b"Internal Server Error\n"]

    return guarded


def _listen(host: str, port: int, setting: str) -> socket.socket:
    if not 0 <= port <= 65535:
        raise SettingsError(f"{setting}: {port} is no port; it is 0 (a free one) to 65535")
    # As werkzeug tells the families apart, since it reads the socket under that family.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        address = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = _reason(error)
    raise SettingsError(f"{setting}: cannot listen on {where}: {reason}")


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "no such host"
    if error.errno == errno.EADDRINUSE:
        return "another program uses this port; name another one, or 0 for a free one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine does not have that address"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "not permitted; name a port above 1023, or 0 for a free one"
    return error.strerror or str(error)
