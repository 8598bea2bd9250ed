"""A small threaded HTTP server on loopback for our own WSGI applications.

One port serves http and, with an authority, https; with a proxy it also works as an HTTP proxy. Requests are not
logged, since paths and bodies contain keys and SMS texts. Importing this module imports the standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import struct
import threading
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from ..errors import SettingsError
from ..loopback import LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .accepting import Running
    from .authority import Authority
    from .handler import HttpServer
    from .pool import Pool
    from .proxy import Proxy

__tracebackhide__ = True

_BACKLOG = 1024
"""Connections that wait while there are as many as there may be."""
_logger = logging.getLogger(__name__)


class Server:
    """Serves a WSGI application in threads, from `start()` (or `with`) to `stop()`.

    Args:
        app: The application. An exception in it is answered with 500, and logged without the exception's message.
        host: An address or a name of this machine. Defaults to loopback.
        port: 0 picks a free port.
        setting: The option that sets host and port; named in errors.
        authority: Issues certificates; without one there is no https. Close it after stopping the server.
        proxy: Handles proxy requests; without one, they are requests like any other.
        head_timeout: Seconds in which a client must have sent the whole head of a request, TLS handshake included.
        body_timeout: Seconds in which it must then have sent the body, and in which it must have read a response.
        stop_timeout: Seconds that `stop` gives to requests that are being answered.
        pool: Limits the number of connections, together with other servers of the same pool. Defaults to that of this
            process.
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
        head_timeout: float = 10.0,
        body_timeout: float = 30.0,
        stop_timeout: float = 0.5,
        pool: Pool | None = None,
    ) -> None:
        self._app = app
        self._authority = authority
        self._proxy = proxy
        self._head_timeout = head_timeout
        self._body_timeout = body_timeout
        self._stop_timeout = stop_timeout
        self._host = host
        self._port = port
        self._setting = setting
        self._pool = pool
        self._running: Running | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """`http://host:port` for clients on this machine. Raises `RuntimeError` if the server is not running."""
        if self._running is None:
            raise RuntimeError("the server is not running")
        address = self._running.address
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(address[0], address[0])  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}"

    def start(self) -> None:
        """Start listening; does nothing if the server is running.

        Raises `SettingsError` if the address is in use or does not belong to this machine.
        """
        with self._lock:
            if self._running is None:
                from .accepting import Running  # noqa: PLC0415 - as below
                from .pool import POOL  # noqa: PLC0415 - as below

                with contextlib.closing(_listen(self._host, self._port, self._setting)) as listener:
                    self._running = Running(self._http_server(listener), POOL if self._pool is None else self._pool)

    def stop(self) -> None:
        """Stop: on return the port is free and no connection is open. Does nothing if the server is not running.

        Idle connections are closed at once; requests that are being answered have `stop_timeout` seconds to finish.
        """
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop(self._stop_timeout)

    def _http_server(self, listener: socket.socket) -> HttpServer:
        from .handler import HttpServer  # noqa: PLC0415 - imports werkzeug, for runs that serve something

        return HttpServer(
            _guarded(self._app),
            self._host,
            listener,
            authority=self._authority,
            proxy=self._proxy,
            head_timeout=self._head_timeout,
            body_timeout=self._body_timeout,
        )

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def reset_connection(environ: WSGIEnvironment) -> NoReturn:
    """Reset the client's connection instead of answering; for applications that simulate failures.

    Raises `ConnectionResetError`, always.
    """
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        # Lingering for zero seconds turns the close into a reset. The handler's file still holds the socket, so it
        # is closed when the handler ends, which the exception causes.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    raise ConnectionResetError("reset on purpose")


def log_failure(error: Exception) -> None:
    """Log an unexpected error in a request: its type and traceback, but not its message, which may contain an SMS."""
    place = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("request failed: %s\n%s", type(error).__qualname__, place)


def _guarded(app: WSGIApplication) -> WSGIApplication:
    """Wrap the application: an exception is answered with 500, and logged without its message."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a response
            log_failure(error)
        start_response("500 Internal Server Error", [("Content-Type", "text/plain"), ("Content-Length", "22")])
        return [b"Internal Server Error\n"]

    return guarded


def _listen(host: str, port: int, setting: str) -> socket.socket:
    if not 0 <= port <= 65535:
        raise SettingsError(f"{setting}: invalid port {port}: expected 0 (any free port) to 65535")
    # The same rule as werkzeug's, which opens the socket as one of that family.
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
        return "unknown host"
    if error.errno == errno.EADDRINUSE:
        return "the port is already in use; choose another one, or 0 for any free port"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine does not have that address"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission denied; choose a port above 1023, or 0 for any free port"
    return error.strerror or str(error)
