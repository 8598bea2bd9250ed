"""Whether a process lives, told by a file lock that dies with it.

A process id would not do: ids are used again, and mean nothing across PID namespaces (two containers that share a
folder). The lock of an open file holds across both, and is let go by the operating system however its holder ends.
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

STALE_AFTER = 86_400.0
"""Seconds after which the lock file of a dead process is removed."""
_NAME_LENGTH = 32


if sys.platform == "win32":  # pragma: no cover - written for it, not tested there
    import msvcrt

    def _try_lock(file: int, *, shared: bool) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def locks_of(path: Path) -> Path:
    """The folder beside a shared file with the signs of life of the processes that use it."""
    return path.with_name(path.name + ".locks")


def make_private(folder: Path) -> None:
    """Make the folder, and those above it that are missing, for their owner only. Raises OSError."""
    if not folder.exists():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def call_in_forked_child(method: Callable[[], None]) -> None:
    """Call a bound method in each child that this process forks, as long as its object lives."""
    reference = weakref.WeakMethod(method)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: (alive := reference()) and alive())


class Alive:
    """A sign of life: a lock that this process, and no child of it, holds until it ends or calls `end`."""

    def __init__(self, folder: Path) -> None:
        """Take a new lock in the folder, which is made where it is missing. Raises OSError."""
        self.name = uuid.uuid4().hex
        make_private(folder)
        self._path = folder / self.name
        self._file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        while not _try_lock(self._file, shared=False):  # somebody is just looking
            time.sleep(0.001)
        call_in_forked_child(self._leave)

    def end(self) -> None:
        """Let the lock go; doing it twice is doing it once."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._leave()

    def _leave(self) -> None:
        """Close our copy of the open file: a child's would keep the lock after its parent's death."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process that holds this sign of life still lives; the empty name is nobody."""
    if not name:
        return False
    try:
        file = os.open(folder / name, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(file, shared=True)
    finally:
        os.close(file)


def tidy(folder: Path) -> None:
    """Remove what processes left that died a day ago or earlier."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            # A file at which processes take turns stays: who waits at a removed one would not be alone inside.
            is_sign = len(path.name) == _NAME_LENGTH
            if is_sign and time.time() - path.stat().st_mtime > STALE_AFTER and not is_alive(folder, path.name):
                path.unlink()


@contextlib.contextmanager
def one_at_a_time(path: Path, patience: float) -> Iterator[None]:
    """Of all processes that come here with this path, one is inside. Raises TimeoutError after so many seconds."""
    make_private(path.parent)
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        end = time.monotonic() + patience
        while not _try_lock(file, shared=False):
            if time.monotonic() >= end:
                raise TimeoutError(f"another process holds {path}")
            time.sleep(0.005)
        yield
    finally:
        os.close(file)
