"""A few threads for calls that block, without any that would hold up the end of the process."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

__tracebackhide__ = True


class Workers:
    """Runs calls in at most so many daemon threads, in the order in which they came. Thread-safe."""

    def __init__(self, most: int, name: str) -> None:
        """Start no thread yet. `name` is that of the threads."""
        self._most = most
        self._name = name
        self._reset()

    def run(self, call: Callable[[], object]) -> None:
        """Run `call` as soon as a thread is free. It must not raise."""
        if self._pid != os.getpid():  # in a forked child there are no threads, and nothing releases the lock
            self._reset()
        with self._changed:
            self._waiting.append(call)
            if self._idle:
                self._idle -= 1  # one that is woken now is idle no more, even if it has yet to run
                self._changed.notify()
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until all calls have ended; return whether they have."""
        with self._changed:
            return self._done.wait_for(lambda: not (self._waiting or self._running), timeout)

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._waiting: deque[Callable[[], object]] = deque()
        self._threads = self._idle = self._running = 0
        lock = threading.Lock()
        self._changed, self._done = threading.Condition(lock), threading.Condition(lock)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._idle += 1
                    self._changed.wait()
                call = self._waiting.popleft()
                self._running += 1
            try:
                call()
            finally:
                del call
                with self._changed:
                    self._running -= 1
                    self._done.notify_all()
