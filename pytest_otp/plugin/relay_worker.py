"""A worker's end of the channel to xdist's controller; see `relay`.

A worker connects when it starts, not when a test first needs it: sockets may be blocked by then (pytest-socket).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ..errors import OtpError
from ..redact import Secret
from .relay import LIMIT, SECRET, encoded, start_thread
from .relay_handlers import Handlers

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
        self._handlers = Handlers()
        self._writing = threading.Lock()
        self._ids = itertools.count(1)
        self._open: dict[int, queue.SimpleQueue[list[Any] | None]] = {}
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def handle(self, topic: str, handler: Callable[..., Any]) -> None:
        """Answer the controller's questions of a topic from now on.

        Handlers are called one at a time in a thread, with plain data, and return plain data. If one raises, that is
        logged without the exception's message, and it gives no answer.
        """
        self._handlers.add(topic, handler)

    def forget(self, handler: Callable[..., Any]) -> None:
        """Stop calling a handler."""
        self._handlers.forget(handler)

    def ask(self, topic: str, *args: Any, limit: float = LIMIT) -> list[Any]:
        """Ask the controller; returns the answer of each of its handlers of this topic. Not to be called by a handler.

        Args:
            topic: Which of the hub's handlers to call.
            args: What to call them with: plain data, as in JSON.
            limit: Seconds to wait.

        Raises:
            OtpError: If the controller cannot be reached, or does not answer in time.
        """
        self.start()
        number, box = next(self._ids), queue.SimpleQueue[list[Any] | None]()
        self._open[number] = box
        answers: list[Any] | None = None
        try:
            with contextlib.suppress(OSError, queue.Empty):
                self._send({"id": number, "topic": topic, "args": args})
                answers = box.get(timeout=limit)
        finally:
            self._open.pop(number, None)
        if answers is None:
            raise OtpError("this xdist worker got no answer from its controller")
        return answers

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
                said = json.loads(line)
                if "topic" in said:
                    answers = list(self._handlers.answers(said["topic"], said["args"]))
                    self._send({"id": said["id"], "answers": answers})
                elif said["id"] in self._open:
                    self._open[said["id"]].put(said["answers"])
        for box in list(self._open.values()):
            box.put(None)

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._connection is None:
            raise ConnectionError("not connected")
        with self._writing:  # the thread that answers and those that ask
            self._connection.sendall(encoded(message))
