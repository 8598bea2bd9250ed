"""How long closing may hold up a run."""

from __future__ import annotations

import threading


class Patience:
    """How long closes that do not succeed at once may hold up a run, all of them together. Thread-safe."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds."""
        return self._left

    def spend(self, seconds: float) -> None:
        """So long was waited in vain."""
        with self._lock:
            self._left = max(0.0, self._left - max(0.0, seconds))
