"""File locks that show processes whether another one is alive.

A process ID would not do: IDs are reused, and mean nothing across PID namespaces (two containers that share a
directory). The lock of an open file works across both, and the operating system releases it however its holder ends.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from ..clock import monotonic

STALE_AFTER = 86_400.0
"""Seconds after which the lock file of a dead process is removed."""
_NAME_LENGTH = 32


if sys.platform == "win32":  # pragma: no cover - written for it, not tested there
    import msvcrt

    def try_lock(file: int, *, shared: bool) -> bool:
        """Lock an open file without waiting; return whether that succeeded."""
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(file: int, *, shared: bool) -> bool:
        """Lock an open file without waiting; return whether that succeeded."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def locks_of(path: Path) -> Path:
    """The directory beside a shared file that contains the liveness locks of its users."""
    return path.with_name(path.name + ".locks")


def make_private(directory: Path) -> None:
    """Create a directory and its missing parents, accessible to their owner only. Raises OSError."""
    if not directory.exists():
        make_private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def call_in_forked_child(method: Callable[[], None]) -> None:
    """Call a bound method in each child that this process forks, as long as its object exists."""
    reference = weakref.WeakMethod(method)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: (alive := reference()) and alive())


class LivenessLock:
    """A lock that this process, and none of its children, holds until it ends or calls `release`."""

    def __init__(self, directory: Path, *, lock: Callable[..., bool] = try_lock) -> None:
        """Take a new lock in the directory, which is created if it is missing. Raises OSError."""
        self.name = uuid.uuid4().hex
        make_private(directory)
        self._path = directory / self.name
        self._file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        while not lock(self._file, shared=False):  # another process is just checking it
            time.sleep(0.001)
        call_in_forked_child(self._leave)

    def release(self) -> None:
        """Release the lock. Does nothing the second time."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._leave()

    def _leave(self) -> None:
        """Close our copy of the open file: a child's copy would keep the lock after its parent's death."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_alive(directory: Path, name: str) -> bool:
    """Whether the process that holds this lock is alive; False for the empty name."""
    if not name:
        return False
    try:
        file = os.open(directory / name, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(file, shared=True)
    finally:
        os.close(file)


def tidy(directory: Path) -> None:
    """Remove the lock files of processes that died more than a day ago."""
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            # The files of `one_at_a_time` stay: whoever waits for a removed one would not be alone inside.
            is_liveness_lock = len(path.name) == _NAME_LENGTH
            if (
                is_liveness_lock
                and time.time() - path.stat().st_mtime > STALE_AFTER
                and not is_alive(directory, path.name)
            ):
                path.unlink()


@contextlib.contextmanager
def one_at_a_time(path: Path, patience: float) -> Iterator[None]:
    """Let one process at a time into the block. Raises TimeoutError after `patience` seconds."""
    make_private(path.parent)
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        end = monotonic() + patience
        while not try_lock(file, shared=False):
            if monotonic() >= end:
                raise TimeoutError(f"another process holds {path}")
            time.sleep(0.005)
        yield
    finally:
        os.close(file)
