"""How long closing may delay a run."""

from __future__ import annotations

import threading


class Patience:
    """How long all closes that do not succeed at once may delay a run in total. Thread-safe."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._left

    def spend(self, seconds: float) -> None:
        """Record time that was spent waiting in vain."""
        with self._lock:
            self._left = max(0.0, self._left - max(0.0, seconds))
