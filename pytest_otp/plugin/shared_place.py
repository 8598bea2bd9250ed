"""Where the xdist workers of a run meet over something that one of them has started; see `shared`.

It is a directory of the run. A state file says how far the start is; whoever reads or writes it holds a lock for that
moment. Whether a worker is alive is told by a lock that the operating system releases: the worker that started
something holds one, and so does each worker that uses it. So a worker that crashes leaves nothing to be tidied up.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..orders.process_locks import LivenessLock, is_alive, make_private, one_at_a_time

_LOCKED_FOR = 60.0
"""Seconds that reading or writing a small file may take on a busy machine."""


class Place:
    """Where the workers meet for one name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.starter = ""
        self._state = folder / "state"
        self._users = folder / "users"
        self._starters = folder / "starters"
        self._alive: LivenessLock | None = None
        make_private(self._users)

    def locked(self) -> AbstractContextManager[None]:
        """For the moment in which the state is read or written."""
        return one_at_a_time(self.folder / "lock", _LOCKED_FOR)

    def read(self) -> dict[str, Any]:
        """The state; to be called while it is locked."""
        try:
            state: dict[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"stage": "stopped"}
        return state

    def write(self, **state: Any) -> None:
        """Replace the state; to be called while it is locked."""
        new = self._state.with_name("state.new")
        new.write_text(json.dumps(state), encoding="utf-8")
        new.replace(self._state)

    def change(self, **state: Any) -> None:
        """Replace the state."""
        with self.locked():
            self.write(**state)

    def settled(self, state: dict[str, Any]) -> bool:
        """Whether waiting would change nothing."""
        return state["stage"] not in ("starting", "stopping") or not self.is_starter_alive(state)

    def is_starter_alive(self, state: dict[str, Any]) -> bool:
        """Whether the process that started it is alive."""
        return is_alive(self._starters, state["alive"])

    def become_starter(self) -> str:
        """Show others that this process is alive, until `retire`; return what they look for."""
        self._alive = LivenessLock(self._starters)
        self.starter = self._alive.name
        return self.starter

    def retire(self) -> None:
        """Release what `become_starter` took."""
        if self._alive:
            self._alive.release()

    def use(self) -> LivenessLock:
        """Keep others from stopping it until the lock is released."""
        return LivenessLock(self._users)

    def is_used(self) -> bool:
        """Whether a living process uses it."""
        return any(is_alive(self._users, path.name) for path in self._users.iterdir())
