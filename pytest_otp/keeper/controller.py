"""The process whose run an xdist worker belongs to. When it is killed, its workers go on for a while, for nobody."""

from __future__ import annotations

import os
import select
import sys
import time

from ..errors import OtpError

POLL_INTERVAL = 1.0
"""Seconds between two looks, on systems that do not announce the end of a process."""


class Controller:
    """A process of this machine, known by its id while it lived."""

    def __init__(self, pid: int, *, poll_interval: float = POLL_INTERVAL) -> None:
        """`poll_interval` is used on systems that do not announce the end of a process."""
        self._pid = pid
        self._poll_interval = poll_interval
        self._file = _announcer(pid)

    @property
    def has_died(self) -> bool:
        """Whether it has ended."""
        if self._file is None:
            return not _is_there(self._pid)
        return self._ended_within(0)

    def check(self) -> None:
        """Raise OtpError if it has ended."""
        if self.has_died:
            raise orphaned()

    def wait(self) -> None:
        """Wait until it has ended."""
        if self._file is not None:
            self._ended_within(None)
        while not self.has_died:
            time.sleep(self._poll_interval)

    def _ended_within(self, milliseconds: int | None) -> bool:
        waiting = select.poll()
        waiting.register(self._file or 0, select.POLLIN)
        return bool(waiting.poll(milliseconds))


def orphaned() -> OtpError:
    """Return the error for an order after its end."""
    return OtpError("the xdist controller has died, so its workers order nothing more")


def _announcer(pid: int) -> int | None:
    """An open file that becomes readable when the process ends, also if somebody else gets its id later."""
    try:
        return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except OSError:  # it has ended, or the system has none
        return None


def _is_there(pid: int) -> bool:
    if sys.platform == "win32":  # there, asking with a signal would kill it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
