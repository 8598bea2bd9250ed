"""One keeper process and its pipes: starting it, writing to it, and reading from it."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

from ..clock import monotonic
from ..errors import OtpError
from ..orders.process_locks import call_in_forked_child
from ..providers.registry import BUILT_IN, is_offline, load
from ..redact import scrub
from .wire import KeeperMessage, decode, encode

__tracebackhide__ = True

WRITE_TIMEOUT = 5.0
"""Seconds to wait for room in the pipe: a suspended keeper must not block the tests."""

_NAME = "pytest_otp_keeper"
"""An option that Python ignores; it identifies the process in a process list."""
_MEASURES = ("COVERAGE_PROCESS_", "COV_CORE_")
"""Variables by which coverage.py and pytest-cov start in each Python process, and write a file at its end."""
_HOME = os.path.abspath(os.path.join(__file__, *[os.pardir] * 3))

# Minimal, so that it starts fast; everything else comes with its first line, including where our package is.
BOOTSTRAP = """
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
    state = {"message": f"the keeper process failed to start: {type(error).__name__}: {error}"}
    os.write(1, b"\\n" + json.dumps({"error": {"class": "OtpError", "state": state}}).encode())
    sys.exit(1)
main(incoming, hello)
"""


class KeeperNotResponding(OtpError):
    """The keeper process does not read from its pipe."""


class SideProcess:
    """A running keeper process, as seen by the test process."""

    def __init__(
        self,
        hello: KeeperMessage,
        *,
        on_message: Callable[[KeeperMessage], None],
        on_end: Callable[[SideProcess], None],
        write_timeout: float = WRITE_TIMEOUT,
        bootstrap: str = BOOTSTRAP,
    ) -> None:
        """Start it, and send `hello` with the keys `home` (where our package is) and `path` added.

        Both functions are called in the thread that reads its output. `bootstrap` is the code that it runs. Raises
        OSError if it cannot be started.
        """
        self.ready = False
        """Whether it has reported that it can work."""
        self.write_timeout = write_timeout
        """Seconds to wait for room in the pipe."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable or "python", "-I", "-X", _NAME, "-c", bootstrap],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
            **_detached(),
        )
        self.pid = self._process.pid
        assert self._process.stdin  # noqa: S101 - for the type checker
        self._input = self._process.stdin.fileno()
        if sys.platform != "win32":
            os.set_blocking(self._input, False)
        call_in_forked_child(self._leave)
        path = [os.path.abspath(folder) for folder in sys.path]
        with contextlib.suppress(OSError, KeeperNotResponding):  # it has died or was killed: the reader notices
            self.write(encode({"home": _HOME, "path": path, **hello}))
        threading.Thread(target=self._read, args=(on_message, on_end), name="pytest-otp keeper", daemon=True).start()

    @property
    def exit_status(self) -> int | None:
        """As of `subprocess.Popen.poll`; 0 if it has ended because its work was done."""
        return self._process.poll()

    def write(self, line: bytes) -> None:
        """Send one line. Raises OSError if it has died, and KeeperNotResponding if it does not read in time."""
        with self._lock:
            end = monotonic() + self.write_timeout
            rest = memoryview(line)
            while rest:
                try:
                    rest = rest[os.write(self._input, rest) :]
                except BlockingIOError:
                    if not self._has_room(end - monotonic()):
                        self._give_up(begun=len(rest) < len(line))

    def close(self) -> None:
        """Close its input, since the owner no longer needs it; it ends when its work is done."""
        with self._lock:
            self._close(self._process.stdin)

    def kill(self) -> None:
        """Kill it at once, as an out-of-memory killer does. Does nothing if it has ended."""
        self._process.kill()

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
            self.kill()  # half a line is in the pipe: it could not understand anything after it
        raise KeeperNotResponding("the keeper process is not responding (is it suspended?)")

    def _read(self, on_message: Callable[[KeeperMessage], None], on_end: Callable[[SideProcess], None]) -> None:
        output = self._process.stdout
        assert output  # noqa: S101 - as above
        # A second file of the same descriptor: `_leave` could not close a buffered one that this thread reads from.
        # An OSError: also if a test has closed all files that it did not know.
        with contextlib.suppress(OSError), output, os.fdopen(output.fileno(), "rb", closefd=False) as lines:
            for line in lines:
                try:
                    message = decode(line)
                except (ValueError, TypeError, KeyError):
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
    """Our environment without secrets, which other programs may be able to read in the process list.

    Also without what would measure the keeper: it may end after the data of the run was combined.
    """
    real = [load(name) for name in BUILT_IN if not is_offline(name)]
    secret = {variable.name for kind in real for variable in kind.variables if variable.secret}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in secret and scrub(value) == value and not name.startswith(_MEASURES)
    }


def _detached() -> dict[str, Any]:
    """Shield it from our signals and from closed terminals."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}
