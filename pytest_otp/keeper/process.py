"""The side process: serves its owner over two pipes until the owner has gone and everything is closed.

It reads from its standard input and writes to its standard output, and only the owner holds the other ends. However
the owner dies, the input ends. The keeper ignores signals meant for the owner and ends when its work is done.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import BinaryIO

from .controller import Controller, orphaned
from .server import KeeperServer
from .wire import KeeperMessage, decode, encode, plain_error

WATCH_INTERVAL = 1.0
"""Seconds between checks whether the owner is still our parent: one of its children may hold the pipe open."""


def main(incoming: BinaryIO, hello: KeeperMessage) -> None:
    """Serve the owner until it has gone and everything is closed; `hello` was the first line of `incoming`."""
    hello = decode(encode(hello))  # it was read before our types could be imported
    outgoing = _own_output()
    lock = threading.Lock()

    def send(message: KeeperMessage) -> None:
        with lock, contextlib.suppress(OSError):  # the owner has gone and needs no answer
            outgoing.write(encode(message))
            outgoing.flush()

    controller = Controller(hello["controller"]) if hello.get("controller") else None
    try:
        if controller:
            controller.check()
        server = KeeperServer(hello, send, check=controller.check if controller else lambda: None)
    except Exception as error:  # noqa: BLE001 - whatever it is, the owner must learn of it
        send({"error": plain_error(error)})
        return
    send({"ready": True})
    gone = threading.Event()

    def serve() -> None:
        try:
            for line in incoming:
                server.handle(decode(line))
        finally:
            gone.set()

    def mourn(controller: Controller) -> None:
        controller.wait()
        send({"error": plain_error(orphaned())})  # so that the owner starts no successor
        gone.set()

    threading.Thread(target=serve, name="pytest-otp keeper", daemon=True).start()
    if controller:
        threading.Thread(target=mourn, args=(controller,), name="pytest-otp controller", daemon=True).start()
    while not gone.wait(WATCH_INTERVAL) and os.getppid() == hello["pid"]:
        pass
    server.end()


def _own_output() -> BinaryIO:
    """Our standard output, replaced by the null device: a provider's output must not be mistaken for an answer."""
    outgoing = os.fdopen(os.dup(1), "wb")
    outgoing.write(b"\n")  # ends what Python's start-up may have printed
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return outgoing
