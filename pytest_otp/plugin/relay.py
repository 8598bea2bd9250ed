"""A private channel between xdist's controller and its workers: either asks, and the other answers.

It is a UNIX socket in a directory that only this user can enter, protected by a random key; both are removed at the
end of the run. Each line is a JSON object. A worker sends `{"key": …}` and receives `{}`. Then either end sends
`{"id": 1, "topic": …, "args": […]}` and receives `{"id": 1, "answers": […]}`, with one answer for each of the other
end's handlers of that topic.

This is the controller's end; the workers' is `relay_worker`.
"""

from __future__ import annotations

import contextlib
import hmac
import itertools
import json
import os
import queue
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import OtpError
from .relay_handlers import Handlers

LIMIT = 5.0
"""Seconds that a question waits for its answers, and that a worker waits to be admitted."""

SECRET = "secret"  # noqa: S105 - a key, not a secret
"""The key of a text, in what a worker is sent when it starts, that it must not report."""

_LONGEST_HELLO = 4096
_LONGEST_PATH = 100
"""Bytes; systems allow 104 to 108 for a socket's path."""
_BACKLOG = 128

_Answers = queue.SimpleQueue[tuple["_Peer", list[Any]]]
"""The peers that have answered or ended, and their answers."""


class Hub:
    """The controller's end, from `start()` to `stop()`. Questions may come from any thread.

    Args:
        limit: Seconds that a question waits for answers; may be changed at any time.
        max_unsent: How many questions are kept for a worker that does not read; the next ones are dropped.
    """

    def __init__(self, *, limit: float = LIMIT, max_unsent: int = 10_000) -> None:
        self.limit = limit
        self._max_unsent = max_unsent
        self._handlers = Handlers()
        self._lock = threading.Lock()
        self._peers: set[_Peer] = set()
        self._open: dict[int, _Answers] = {}
        self._ids = itertools.count(1)
        self._key = secrets.token_hex(16)
        self._listener: socket.socket | None = None
        self._folder = self._path = ""
        self._process = os.getpid()

    @property
    def address(self) -> dict[str, str]:
        """What a worker needs to connect, for its `workerinput`. Raises `RuntimeError` if the hub is not running."""
        if self._listener is None:
            raise RuntimeError("the hub is not running")
        return {"path": self._path, SECRET: self._key}

    def handle(self, topic: str, handler: Callable[..., Any]) -> None:
        """Answer the workers' questions of a topic from now on; see `Branch.ask`.

        Handlers are called with plain data, in a thread for each worker, and return plain data. They must not ask the
        workers in turn: the one that waits for the answer could not give one.
        """
        self._handlers.add(topic, handler)

    def start(self) -> None:
        """Start to admit workers; does nothing if the hub is running. Raises `OtpError` if it cannot listen."""
        with self._lock:
            if self._listener is None:
                self._listener = self._listen()
                start_thread(self._accept, self._listener)

    def stop(self) -> None:
        """Close all connections and remove the socket; does nothing if the hub is not running.

        Questions that wait for answers return those that have arrived.
        """
        with self._lock:
            listener, self._listener = self._listener, None
            peers = list(self._peers)
        if listener is None:
            return
        if os.getpid() != self._process:  # a forked child: the workers are connected to its parent
            listener.close()
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as wake:
            wake.connect(self._path)  # on some systems, closing the listener does not wake accept()
        shutil.rmtree(self._folder, ignore_errors=True)
        for peer in peers:
            peer.cut()

    def ask(self, topic: str, *args: Any, until: Callable[[Any], bool] | None = None) -> list[Any]:
        """Ask all workers, and return their answers within the limit.

        A worker that ends or takes too long gives no answer. One that took too long still gets the next questions, but
        they wait for its answers only after it has answered again.

        Args:
            topic: Which of the workers' handlers to call.
            args: What to call them with: plain data, as in JSON.
            until: Stop waiting when this is true of an answer.
        """
        box: _Answers = queue.SimpleQueue()
        with self._lock:
            number = next(self._ids)
            question = encoded({"id": number, "topic": topic, "args": args})
            self._open[number] = box
            waiting = {peer for peer in self._peers if not peer.late}
            for peer in self._peers:
                peer.send(question)
        try:
            return _collected(box, waiting, until, time.monotonic() + self.limit)
        finally:
            with self._lock:
                del self._open[number]

    def _listen(self) -> socket.socket:
        try:
            self._folder = tempfile.mkdtemp(prefix="pytest-otp-")  # for this user only
            if len(os.fsencode(self._folder)) > _LONGEST_PATH - len("/relay"):
                os.rmdir(self._folder)
                self._folder = tempfile.mkdtemp(prefix="pytest-otp-", dir="/tmp")
            self._path = os.path.join(self._folder, "relay")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self._path)
            listener.listen(_BACKLOG)
            return listener
        except (OSError, AttributeError) as error:  # AttributeError: a system without UNIX sockets
            reason = str(error)
        raise OtpError(
            f"cannot open a channel to the xdist workers: {reason}",
            hint="Run without xdist, or without a fixed gateway port and without a webhook.",
        )

    def _accept(self, listener: socket.socket) -> None:
        with listener, contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                if self._listener is not listener:
                    connection.close()
                    return
                start_thread(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as lines:
            connection.settimeout(self.limit)
            if not self._admits(lines.readline(_LONGEST_HELLO)):
                return
            connection.settimeout(None)
            with self._lock:
                if self._listener is None:
                    return
                peer = _Peer(connection, self._max_unsent)
                peer.send(encoded({}))
                self._peers.add(peer)
            try:
                self._receive(peer, lines)
            finally:
                self._end(peer)

    def _admits(self, hello: bytes) -> bool:
        said = json.loads(hello)
        key = str(said.get("key")) if isinstance(said, dict) else ""
        return hmac.compare_digest(key.encode(), self._key.encode())

    def _receive(self, peer: _Peer, lines: Iterable[bytes]) -> None:
        for line in lines:
            said = json.loads(line)
            if "topic" in said:
                answers = list(self._handlers.answers(said["topic"], said["args"]))
                peer.send(encoded({"id": said["id"], "answers": answers}))
                continue
            peer.late = False
            with self._lock:
                box = self._open.get(said["id"])
            if box:
                box.put((peer, said["answers"]))

    def _end(self, peer: _Peer) -> None:
        with self._lock:
            self._peers.discard(peer)
            boxes = list(self._open.values())
        peer.cut()
        for box in boxes:
            box.put((peer, []))


class _Peer:
    """A worker, as the hub sees it. Sending to it never blocks, whatever the worker does."""

    def __init__(self, connection: socket.socket, max_unsent: int) -> None:
        self.late = False
        """Whether it has let a question wait for too long, and has not answered since."""
        self._connection = connection
        self._unsent: queue.Queue[bytes | None] = queue.Queue(max_unsent)
        start_thread(self._write)

    def send(self, line: bytes) -> None:
        with contextlib.suppress(queue.Full):  # it has not read for thousands of questions
            self._unsent.put_nowait(line)

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(queue.Full):  # then the end of the connection ends the thread
            self._unsent.put_nowait(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (line := self._unsent.get()) is not None:
                self._connection.sendall(line)


def _collected(box: _Answers, waiting: set[_Peer], until: Callable[[Any], bool] | None, end: float) -> list[Any]:
    collected: list[Any] = []
    while waiting:
        try:
            peer, answers = box.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            for peer in waiting:
                peer.late = True
            break
        waiting.discard(peer)
        collected += answers
        if until and any(map(until, answers)):
            break
    return collected


def encoded(message: Mapping[str, Any]) -> bytes:
    """A line of the channel."""
    return json.dumps(message).encode() + b"\n"


def start_thread(target: Callable[..., None], *args: Any) -> threading.Thread:
    """Run a function in a thread that does not keep the process alive."""
    thread = threading.Thread(target=target, args=args, name="pytest-otp relay", daemon=True)
    thread.start()
    return thread
