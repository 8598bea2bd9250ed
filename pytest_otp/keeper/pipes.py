"""One side process and its pipes: how it is started, written to, and read from."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from ..errors import OtpError
from ..orders.process_locks import call_in_forked_child
from ..providers.registry import BUILT_IN, load
from ..redact import scrub
from .wire import Message, decode, encode

__tracebackhide__ = True

WRITE_TIMEOUT = 5.0
"""Seconds that it may take to make room in its pipe: one that was stopped must not stop us."""

_NAME = "pytest_otp_keeper"
"""An option that Python ignores: in a list of processes it tells what this one is."""
_HOME = os.path.abspath(os.path.join(__file__, *[os.pardir] * 3))

# Bare, so that it is there at once; what it needs comes with its first line, also where our package is.
_BOOTSTRAP = """
import json, os, signal, sys
for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # meant for the owner
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
incoming = os.fdopen(os.dup(0), "rb")
hello = json.loads(incoming.readline() or "null") or sys.exit()
sys.path += [folder for folder in hello["path"] if folder not in sys.path]
try:
    sys.path.insert(0, hello["home"])  # another installation of our package may be on the path
    import pytest_otp
    del sys.path[0]
    from pytest_otp.keeper.process import main
except Exception as error:
    state = {"message": f"the keeper cannot start: {type(error).__name__}: {error}"}
    os.write(1, b"\\n" + json.dumps({"error": {"class": "OtpError", "state": state}}).encode())
    sys.exit(1)
main(incoming, hello)
"""


class Stuck(OtpError):
    """The keeper takes nothing in."""


class Side:
    """A side process that runs."""

    def __init__(
        self, hello: Message, *, on_message: Callable[[Message], None], on_end: Callable[[Side], None]
    ) -> None:
        """Start it. Both functions are called in a thread that reads what it says. Raises OSError."""
        self.ready = False
        """Whether it has said that it can work."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable or "python", "-I", "-X", _NAME, "-c", _BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
            **_of_its_own(),
        )
        assert self._process.stdin  # noqa: S101 - for the type checker
        self._input = self._process.stdin.fileno()
        if sys.platform != "win32":
            os.set_blocking(self._input, False)
        call_in_forked_child(self._leave)
        with contextlib.suppress(OSError, Stuck):  # it has died, or was killed: that is noticed where we read
            self.write(encode({**hello, "home": _HOME, "path": [os.path.abspath(folder) for folder in sys.path]}))
        threading.Thread(target=self._read, args=(on_message, on_end), name="pytest-otp keeper", daemon=True).start()

    @property
    def dead(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def done(self) -> bool:
        """Whether it has ended by itself, its work being done."""
        return self._process.poll() == 0

    def write(self, line: bytes) -> None:
        """Send it one line. Raises OSError where it has died, and Stuck where it takes nothing in."""
        with self._lock:
            end = time.monotonic() + WRITE_TIMEOUT
            rest = memoryview(line)
            while rest:
                try:
                    rest = rest[os.write(self._input, rest) :]
                except BlockingIOError:
                    if not self._has_room(end - time.monotonic()):
                        self._give_up(begun=len(rest) < len(line))

    def close(self) -> None:
        """Say that the owner needs it no more; it goes on until its work is done."""
        with self._lock:
            self._close(self._process.stdin)

    def _close(self, *pipes: IO[bytes] | None) -> None:
        self._input = -1  # the number may soon be another file's
        for pipe in filter(None, pipes):
            with contextlib.suppress(OSError):
                pipe.close()

    def _has_room(self, timeout: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._input, selectors.EVENT_WRITE)
            return timeout > 0 and bool(selector.select(timeout))

    def _give_up(self, *, begun: bool) -> None:
        if begun:
            self._process.kill()  # half a line: nothing that we say could be understood any more
        raise Stuck("the keeper, which guards orders against a killed run, takes nothing in", hint="Was it stopped?")

    def _read(self, on_message: Callable[[Message], None], on_end: Callable[[Side], None]) -> None:
        output = self._process.stdout
        assert output  # noqa: S101 - as above
        # A second file of the same descriptor: `_leave` could not close a buffered one that this thread reads from.
        # An OSError: also where a test has closed all files that it did not know.
        with contextlib.suppress(OSError), output, os.fdopen(output.fileno(), "rb", closefd=False) as lines:
            for line in lines:
                try:
                    message = decode(line)
                except (ValueError, TypeError):
                    continue  # half a line of one that died, or something that Python's start-up printed
                self.ready = self.ready or "ready" in message
                on_message(message)
        self.close()
        self._process.wait()
        on_end(self)

    def _leave(self) -> None:
        """In a forked child: close both ends, which would hide the parent's death from the keeper."""
        self._close(self._process.stdin, self._process.stdout)


def _environment() -> dict[str, str]:
    """Ours without secrets: whoever may list our processes could read them there."""
    secret = {variable.name for name in BUILT_IN for variable in load(name).variables if variable.secret}
    return {name: value for name, value in os.environ.items() if name not in secret and scrub(value) == value}


def _of_its_own() -> dict[str, Any]:
    """What keeps signals and closed terminals of ours away from it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}
