"""A worker's end of the channel to xdist's controller; see `relay`.

A worker connects when it starts, not when a test first needs it: sockets may be blocked by then (pytest-socket).
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from ..errors import OtpError
from ..redact import Secret
from ..server.server import log_failure
from .relay import LIMIT, SECRET, encoded, start_thread

_BRANCH: pytest.StashKey[Branch] = pytest.StashKey()


def join(config: pytest.Config) -> None:
    """In a worker, before any test: connect to the controller, if it serves something for all workers."""
    given: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    for shared in given.values():
        if isinstance(shared, Mapping) and shared.get(SECRET):
            Secret(shared[SECRET])  # masked from now on: a report may show `workerinput`
    branch = config.stash[_BRANCH] = Branch(given["otp_hub"])
    with contextlib.suppress(OtpError):  # raised by branch_of, if a test needs the connection
        branch.start()
    config.add_cleanup(branch.stop)


def branch_of(config: pytest.Config) -> Branch:
    """This worker's connection. Raises `OtpError` if it cannot connect."""
    branch = config.stash[_BRANCH]
    branch.start()
    return branch


class Branch:
    """A worker's end, from `start()` to `stop()`.

    Args:
        address: The hub's.
    """

    def __init__(self, address: Mapping[str, str]) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._handlers: list[tuple[str, Callable[..., Any]]] = []
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def handle(self, topic: str, handler: Callable[..., Any]) -> None:
        """Answer the questions of a topic from now on.

        Handlers are called one at a time in a thread, with plain data, and return plain data. If one raises, that is
        logged without the exception's message, and it gives no answer.
        """
        with self._lock:
            self._handlers.append((topic, handler))

    def forget(self, handler: Callable[..., Any]) -> None:
        """Stop calling a handler."""
        with self._lock:
            self._handlers = [each for each in self._handlers if each[1] is not handler]

    def start(self) -> None:
        """Connect; does nothing if connected. Raises `OtpError` if the controller cannot be reached."""
        if self._connection:
            return
        connection: socket.socket | None = None
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(LIMIT)
            connection.connect(self._address["path"])
            connection.sendall(encoded({"key": self._address[SECRET]}))
            lines = connection.makefile("rb")
            if not lines.readline():
                raise ConnectionError("access denied")
            connection.settimeout(None)
        except (OSError, AttributeError) as error:
            if connection:
                connection.close()
            reason = str(error)
        else:
            self._connection = connection
            self._thread = start_thread(self._work, connection, lines)
            return
        raise OtpError(
            f"this xdist worker cannot connect to its controller: {reason}",
            hint="Workers on another machine cannot share the controller's gateway or webhook.",
        )

    def stop(self) -> None:
        """Disconnect; does nothing if not connected."""
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(LIMIT)

    def _work(self, connection: socket.socket, lines: Any) -> None:
        # ValueError: an incomplete line, of a controller that has ended.
        with contextlib.suppress(OSError, ValueError), connection, lines:
            for line in lines:
                question = json.loads(line)
                answers = list(self._answers(question["topic"], question["args"]))
                connection.sendall(encoded({"id": question["id"], "answers": answers}))

    def _answers(self, topic: str, args: list[Any]) -> Iterable[Any]:
        with self._lock:
            handlers = [handler for name, handler in self._handlers if name == topic]
        for handler in handlers:
            try:
                yield handler(*args)
            except Exception as error:  # noqa: BLE001 - whatever it is, the controller waits for a response
                log_failure(error)
