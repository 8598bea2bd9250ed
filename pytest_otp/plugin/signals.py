"""Graceful shutdown: while orders are open, SIGTERM and SIGHUP end the run as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class GracefulShutdown:
    """Signal handlers that are installed from `arm` to the end of the outermost `with` block.

    Signals that are ignored, as under nohup, or that have another handler are left alone.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._depth = 0

    def __enter__(self) -> GracefulShutdown:
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.disarm()

    def arm(self) -> None:
        """Handle the signals that have no handler yet. Does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                self._taken.add(number)  # first, since the signal may come at once
                signal.signal(number, _interrupt)

    def disarm(self) -> None:
        """Restore the default handlers, except where ours was replaced in the meantime."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in tuple(self._taken):
            if signal.getsignal(number) is _interrupt:
                signal.signal(number, signal.SIG_DFL)
            self._taken.discard(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"the run was stopped by {signal.Signals(number).name}")
