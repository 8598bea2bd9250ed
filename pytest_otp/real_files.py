"""The real file system, also while a test has replaced it with pyfakefs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def real_files() -> Iterator[None]:
    """Pause pyfakefs inside: a process cannot be started, and what it is to read cannot be written, while it is active.

    The pause holds for all threads, so it should be short.
    """
    patcher: Any = getattr(sys.modules.get("pyfakefs.fake_filesystem_unittest"), "Patcher", None)
    active: Any = getattr(patcher, "PATCHER", None)
    if getattr(active, "fs", None) is None or getattr(active, "_paused", False):
        yield
        return
    active.pause()
    try:
        yield
    finally:
        active.resume()
