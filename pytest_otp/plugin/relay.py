"""A private channel from xdist's controller to its workers: the controller asks, each worker that takes part answers.

A socket in a folder that only this user may enter, and a random key; both go with the run. Each line on it is a JSON
object. A worker says `{"key": …, "topics": […]}` and is told `{}`. The controller then asks `{"id": 1, "topic": …,
"args": […]}` and gets `{"id": 1, "answer": …}`, without an answer where the worker had none.
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
from ..server.server import log_failure

LIMIT = 5.0
"""Seconds that a question waits for answers, and a worker for the controller to let it in."""

_LONGEST_HELLO = 4096
_LONGEST_PATH = 100
"""Bytes; the systems allow 104 to 108 for a socket's."""
_MOST_UNSENT = 10_000
_BACKLOG = 128

_Box = queue.SimpleQueue[tuple["_Peer", dict[str, Any]]]
"""Who has answered, or ended, and what it said."""


class Hub:
    """The controller's end, from `start()` to `stop()`. Any thread may ask."""

    def __init__(self, *, limit: float = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._peers: set[_Peer] = set()
        self._open: dict[int, _Box] = {}
        self._ids = itertools.count(1)
        self._key = secrets.token_hex(16)
        self._listener: socket.socket | None = None
        self._folder = self._path = ""
        self._process = os.getpid()

    @property
    def address(self) -> dict[str, str]:
        """What a worker needs to take part: plain data for its `workerinput`. RuntimeError while stopped."""
        if self._listener is None:
            raise RuntimeError("the hub does not run")
        return {"path": self._path, "key": self._key}

    def start(self) -> None:
        """Let workers in. Raises OtpError where there can be no socket; does nothing twice."""
        with self._lock:
            if self._listener is None:
                self._listener = self._listen()
                accept = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
                accept.name = "pytest-otp relay"
                accept.start()

    def stop(self) -> None:
        """End all connections and take the socket away; who waits for an answer gets what has come. Does nothing twice.

        Nothing of it is left on the disk.
        """
        with self._lock:
            listener, self._listener = self._listener, None
            peers = list(self._peers)
        if listener is None:
            return
        if os.getpid() != self._process:  # a forked child: the workers are its parent's
            listener.close()
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as wake:
            wake.connect(self._path)  # closing it would not wake who accepts, on every system
        shutil.rmtree(self._folder, ignore_errors=True)
        for peer in peers:
            peer.cut()

    def ask(self, topic: str, *args: Any, until: Callable[[Any], bool] | None = None) -> list[Any]:
        """Ask all workers that take part in a topic, and wait for what they answer, up to the limit.

        A worker that ends, fails or takes too long gives no answer; one that took too long is asked on, but waited for
        only when it has answered again.

        Args:
            topic: which of the workers' handlers is called.
            args: what it is called with: plain data, as JSON has it.
            until: stop waiting for the others when an answer is such.
        """
        box: _Box = queue.SimpleQueue()
        with self._lock:
            number = next(self._ids)
            question = _encoded({"id": number, "topic": topic, "args": args})
            self._open[number] = box
            asked = [peer for peer in self._peers if topic in peer.topics]
            waiting = {peer for peer in asked if not peer.late}
            for peer in asked:
                peer.send(question)
        try:
            return _collected(box, waiting, until, time.monotonic() + self._limit)
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
        except (OSError, AttributeError) as error:  # AttributeError: a system without such sockets
            reason = str(error)
        raise OtpError(
            f"there can be no channel to xdist's workers: {reason}", hint="Run without xdist, or without what needs it."
        )

    def _accept(self, listener: socket.socket) -> None:
        with listener, contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                if self._listener is not listener:
                    connection.close()
                    return
                threading.Thread(target=self._serve, args=(connection,), name="pytest-otp relay", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as lines:
            connection.settimeout(self._limit)
            topics = self._admitted(lines.readline(_LONGEST_HELLO))
            if topics is None:
                return
            connection.settimeout(None)
            with self._lock:
                if self._listener is None:
                    return
                peer = _Peer(connection, topics)
                peer.send(_encoded({}))
                self._peers.add(peer)
            try:
                self._hear(peer, lines)
            finally:
                self._end(peer)

    def _admitted(self, hello: bytes) -> frozenset[str] | None:
        """What a worker wants to be asked; None for anybody else."""
        said = json.loads(hello)
        key = str(said.get("key")) if isinstance(said, dict) else ""
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            return None
        return frozenset(said["topics"])

    def _hear(self, peer: _Peer, lines: Iterable[bytes]) -> None:
        for line in lines:
            said = json.loads(line)
            peer.late = False
            with self._lock:
                box = self._open.get(said["id"])
            if box:
                box.put((peer, said))

    def _end(self, peer: _Peer) -> None:
        with self._lock:
            self._peers.discard(peer)
            boxes = list(self._open.values())
        peer.cut()
        for box in boxes:
            box.put((peer, {}))


class Branch:
    """A worker's end, from `start()` to `stop()`.

    Args:
        address: the hub's.
        handlers: what answers, by topic. Called one after the other in one thread, with plain data, they give plain
            data. What one raises is logged without the exception's own words, and is no answer.
    """

    def __init__(self, address: Mapping[str, str], handlers: Mapping[str, Callable[..., Any]]) -> None:
        self._address = address
        self._handlers = dict(handlers)
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take part: on return every question reaches the handlers. Raises OtpError without a controller."""
        connection: socket.socket | None = None
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(LIMIT)
            connection.connect(self._address["path"])
            connection.sendall(_encoded({"key": self._address["key"], "topics": sorted(self._handlers)}))
            lines = connection.makefile("rb")
            if not lines.readline():
                raise ConnectionError("it refused")
            connection.settimeout(None)
        except (OSError, AttributeError) as error:
            if connection:
                connection.close()
            reason = str(error)
        else:
            self._connection = connection
            self._thread = threading.Thread(target=self._work, args=(connection, lines), daemon=True)
            self._thread.name = "pytest-otp relay"
            self._thread.start()
            return
        raise OtpError(
            f"this xdist worker does not reach its controller: {reason}",
            hint="Workers on another machine cannot share the controller's gateway or webhook.",
        )

    def stop(self) -> None:
        """Take part no more. Does nothing twice."""
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(LIMIT)

    def _work(self, connection: socket.socket, lines: Any) -> None:
        with contextlib.suppress(OSError, ValueError), connection, lines:  # ValueError: half a line of one that ended
            for line in lines:
                connection.sendall(_encoded(self._answered(json.loads(line))))

    def _answered(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._handlers[question["topic"]](*question["args"])
        except Exception as error:  # noqa: BLE001 - the controller waits for an answer, whatever it was
            log_failure(error)
            return {"id": question["id"]}
        return {"id": question["id"], "answer": answer}


class _Peer:
    """A worker as the hub knows it. Whatever it does, who sends to it never waits."""

    def __init__(self, connection: socket.socket, topics: frozenset[str]) -> None:
        self.topics = topics
        self.late = False
        """Whether it has let a question wait for too long, and not answered since."""
        self._connection = connection
        self._unsent: queue.Queue[bytes | None] = queue.Queue(_MOST_UNSENT)
        threading.Thread(target=self._write, name="pytest-otp relay", daemon=True).start()

    def send(self, line: bytes) -> None:
        with contextlib.suppress(queue.Full):  # it has hung for thousands of questions
            self._unsent.put_nowait(line)

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(queue.Full):  # then the connection's end ends the thread too
            self._unsent.put_nowait(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (line := self._unsent.get()) is not None:
                self._connection.sendall(line)


def _collected(box: _Box, waiting: set[_Peer], until: Callable[[Any], bool] | None, end: float) -> list[Any]:
    answers: list[Any] = []
    while waiting:
        try:
            peer, said = box.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            for peer in waiting:
                peer.late = True
            break
        waiting.discard(peer)
        if "answer" in said:
            answers.append(said["answer"])
            if until and until(said["answer"]):
                break
    return answers


def _encoded(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"
