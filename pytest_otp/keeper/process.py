"""The side process: serves its owner over two pipes until the owner has gone and everything is closed.

It reads from its standard input and writes to its standard output, and only the owner holds the other ends. However
the owner dies, the input ends. The keeper ignores signals meant for the owner and ends when its work is done.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import BinaryIO

from ..errors import OtpError
from .controller import Controller, orphaned
from .server import KeeperServer
from .wire import KeeperMessage, decode, encode, plain_error

Send = Callable[[KeeperMessage], None]

WATCH_INTERVAL = 1.0
"""Seconds between checks whether the owner is still our parent: one of its children may hold the pipe open."""


def main(incoming: BinaryIO, hello: KeeperMessage) -> None:
    """Serve the owner until it has gone and everything is closed; `hello` was the first line of `incoming`."""
    hello = decode(encode(hello))  # it was read before our types could be imported
    send = _sender(_own_output())
    controller = Controller(hello["controller"]) if hello.get("controller") else None

    def check() -> None:
        if controller:
            controller.check()
        if os.getppid() != hello["pid"]:  # which may be news, if this process was frozen
            raise OtpError("the run has ended")

    try:
        server = KeeperServer(hello, send, check=check)
    except Exception as error:  # noqa: BLE001 - whatever it is, the owner must learn of it
        send({"error": plain_error(error)})
        return
    send({"ready": True})
    gone = threading.Event()

    def mourn(controller: Controller) -> None:
        controller.wait()
        send({"error": plain_error(orphaned())})  # so that the owner starts no successor
        gone.set()

    _serve(incoming, server, send, gone)
    if controller:
        _in_thread(mourn, controller)
    while not gone.wait(WATCH_INTERVAL) and os.getppid() == hello["pid"]:
        pass
    server.end()


def _serve(incoming: BinaryIO, server: KeeperServer, send: Send, gone: threading.Event) -> None:
    """Do what the owner requests, until it has gone. Whatever that waits for, tell it that this process works."""
    requests: queue.SimpleQueue[KeeperMessage | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            for line in incoming:
                message = decode(line)
                if message["op"] == "ping":
                    send({"id": message.get("id")})
                else:
                    requests.put(message)
        finally:
            requests.put(None)

    def work() -> None:
        try:
            while (message := requests.get()) is not None:
                server.handle(message)
        finally:
            gone.set()

    _in_thread(read)
    _in_thread(work)


def _in_thread(target: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, name=f"pytest-otp {target.__name__}", daemon=True).start()


def _sender(outgoing: BinaryIO) -> Send:
    """Return a function that writes one message, from any thread."""
    lock = threading.Lock()

    def send(message: KeeperMessage) -> None:
        with lock, contextlib.suppress(OSError):  # the owner has gone and needs no answer
            outgoing.write(encode(message))
            outgoing.flush()

    return send


def _own_output() -> BinaryIO:
    """Our standard output, replaced by the null device: a provider's output must not be mistaken for an answer."""
    outgoing = os.fdopen(os.dup(1), "wb")
    outgoing.write(b"\n")  # ends what Python's start-up may have printed
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return outgoing
