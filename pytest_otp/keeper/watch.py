"""Finding out that a keeper process is frozen: it neither works nor ends, as after SIGSTOP."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from enum import Enum

from ..clock import monotonic
from .asked import Awaited
from .pipes import KeeperNotResponding, SideProcess

LOOK = 1.0
"""Seconds from one look to the next, while an answer is awaited."""
ASK_AFTER = 2.0
"""Seconds of silence after which the keeper is asked whether it is there, which it answers at once, however busy."""
LIMIT = 6.0
"""Seconds that this answer may take: with the above, a frozen keeper is found out within ten."""
STARTING = 30.0
"""Seconds that it may take if the keeper is yet to say that it is ready."""
GAP = 2.0
"""Seconds by which a look comes late only if this process itself did not run: then it is too early to judge."""


class Verdict(Enum):
    """What a look leads to."""

    WAIT = "wait"
    ASK = "ask"
    FROZEN = "frozen"


class Silence:
    """How long a keeper has said nothing, in time in which this process ran."""

    def __init__(
        self,
        *,
        look: float = LOOK,
        ask_after: float = ASK_AFTER,
        limit: float = LIMIT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.look = look
        """Seconds to wait before the next look."""
        self.longest = ask_after + limit + 3 * look
        """Seconds in which a look finds out a keeper that is frozen."""
        self._ask_after = ask_after
        self._limit = limit
        self._clock = clock
        self._looked = clock()
        self.heard()

    def heard(self) -> None:
        """It has said something, or another keeper is in its place."""
        self._silent = 0.0
        self._asked = False

    def judge(self, *, ready: bool) -> Verdict:
        """Look once. `ready` is whether the keeper has said that it is."""
        now = self._clock()
        passed, self._looked = now - self._looked, now
        if passed > self.look + GAP:
            self.heard()
            return Verdict.WAIT
        self._silent += passed
        if not self._asked and self._silent >= self._ask_after:
            self._silent, self._asked = 0.0, True
            return Verdict.ASK
        frozen = self._asked and self._silent >= (self._limit if ready else max(self._limit, STARTING))
        return Verdict.FROZEN if frozen else Verdict.WAIT


class Watch:
    """Kills the side process if it is frozen, so that it is replaced."""

    def __init__(
        self,
        changed: threading.Condition,
        awaited: Awaited,
        silence: Silence,
        side: Callable[[], SideProcess | None],
        ping: Callable[[], object],
        give_up: Callable[[str], object],
    ) -> None:
        """`changed` guards everything, and is notified when something is awaited.

        `side` returns the current side process, `ping` asks it whether it is there, and `give_up` is called with the
        reason if it lives on after it was killed.
        """
        self._changed = changed
        self._awaited = awaited
        self._silence = silence
        self._side = side
        self._ping = ping
        self._give_up = give_up
        self._killed: SideProcess | None = None
        self._over = False

    def start(self) -> None:
        """Watch from now on, as long as answers are awaited."""
        threading.Thread(target=self._run, name="pytest-otp keeper watch", daemon=True).start()

    def end(self) -> None:
        """Stop when the last answer has come."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._look():
            time.sleep(self._silence.look)

    def _look(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._awaited or self._over)
            side = self._side()
            if side is None or not self._awaited:
                return not self._over
            verdict = self._silence.judge(ready=side.ready)
            if verdict is Verdict.ASK:
                with contextlib.suppress(KeeperNotResponding):
                    self._ping()
            elif verdict is Verdict.FROZEN and not self._awaited.has_order:
                self._replace(side)
            return True

    def _replace(self, side: SideProcess) -> None:
        self._silence.heard()
        if self._killed is side:
            self._give_up("it is frozen, and cannot be killed")
            return
        self._killed = side
        with contextlib.suppress(OSError):  # then it lives on
            side.kill()
