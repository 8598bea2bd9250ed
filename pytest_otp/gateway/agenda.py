"""Jobs that the gateway does later, in order, in one thread."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

from ..clock import monotonic
from ..server.server import log_failure

Job = Callable[[], object]


class Agenda:
    """Jobs that are done one at a time, each when it is due and after those that were due before it.

    The thread starts with the first job. A job that raises is logged without the exception's message.

    Args:
        clock: Seconds. A clock that jumps is looked at again when the next job is added.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: list[tuple[float, int, Job]] = []
        self._count = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, job: Job, after: float = 0.0) -> None:
        """Do a job in `after` seconds; not at all if the agenda is closed before."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._jobs, (self._clock() + after, next(self._count), job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="pytest-otp gateway", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, patience: float = 1.0) -> None:
        """Drop the jobs that are left, and wait for the one that is being done, but for `patience` seconds at most."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join(patience)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs are done
                log_failure(error)

    def _next(self) -> Job | None:
        with self._changed:
            while not self._closed:
                wait = self._jobs[0][0] - self._clock() if self._jobs else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._jobs)[2]
                self._changed.wait(wait)
        return None
