"""What the tests of the keeper share: a small otpcepat that remembers its orders, and a look at other processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pytest_otp.keeper.client import Keeper
from pytest_otp.redact import Secret
from tests.orders.processes import LONG, ROOT, until
from tests.servers import Asked, Hang, Reply, WireServer, reply

PACKAGE = ROOT / "pytest_otp"
KEY = "an-invented-key-for-keepers"


class Cepat:
    """Places an order before it answers, and closes it when requested."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}
        """Of each order, by its id."""
        self.log: list[str] = []
        """Each request, as `get_order` or `set_status 1 2`."""
        self.refuse: Callable[[str], bool] = lambda order: False
        """Whether a close is refused for now."""
        self.answering = threading.Event()
        """Cleared, orders are placed and not answered."""
        self.answering.set()
        self._server = WireServer(by=self._reply)

    def __enter__(self) -> Cepat:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def values(self) -> dict[str, str | Secret | None]:
        """What a provider of this account is built from."""
        return {"API_KEY_OTPCEPAT": Secret(KEY), "OTPCEPAT_BASE_URL": self.url, "OTPCEPAT_USER_AGENT": None}

    @property
    def open(self) -> list[str]:
        return [order for order, status in self.status.items() if status not in ("Cancel", "Done")]

    def receive(self, order: str) -> None:
        """An SMS comes."""
        self.status[order] = "Recieved"

    def asked(self, action: str) -> int:
        return sum(line.split()[0] == action for line in self.log)

    def _reply(self, asked: Asked) -> Reply:
        query = dict(parse_qsl(urlsplit(asked.target).query))
        if query["api_key"] != KEY:
            return _refused("You don't have Access!")
        action, order = query["action"], query.get("order_id", "")
        self.log.append(" ".join(filter(None, (action, order, query.get("status")))))
        if action == "get_order":
            return self._place()
        if order not in self.status:
            return _refused("WRONG ORDER ID")
        if action == "get_status":
            text = "Your code is 482913" if self.status[order] == "Recieved" else None
            return _done({"order_id": order, "status": self.status[order], "sms": text})
        wanted = {"2": "Cancel", "4": "Done"}[query["status"]]
        came = self.status[order] == "Recieved"
        if order not in self.open or came is not (wanted == "Done") or self.refuse(order):
            return _refused("WRONG STATUS")
        self.status[order] = wanted
        return reply({"status": True, "msg": "success"})

    def _place(self) -> Reply:
        order = str(len(self.status) + 1)
        self.status[order] = "Waiting SMS"
        answer = _done({"order_id": order, "number": f"62812{order:>08}", "price": 99, "status": "Waiting SMS"})
        if self.answering.is_set():
            return answer

        def late(asked: Asked, hang: Hang) -> None:
            while hang.wait(0.005) and not self.answering.is_set():
                pass
            hang.connection.sendall(answer)

        return late


def _done(data: dict[str, object]) -> bytes:
    return reply({"status": True, "data": data})


def _refused(words: str) -> bytes:
    return reply({"status": "false", "msg": words})


def pid_of(keeper: Keeper) -> int:
    """The side process's id."""
    assert keeper.side
    return keeper.side.pid


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return _state(Path(f"/proc/{pid}")) not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop(pid: int) -> None:
    """Stop a process, with all its threads: until then it may still read."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: all(map(_stands, Path(f"/proc/{pid}/task").iterdir())))


def _stands(thread: Path) -> bool:
    try:
        return _state(thread) == "T"
    except (FileNotFoundError, ProcessLookupError):  # it has ended since it was listed
        return True


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def killed(keeper: Keeper) -> None:
    """Kill the side process when it is ready, and wait until another has taken over, or none does."""
    side = keeper.side
    until(lambda: side and side.ready)
    os.kill(pid_of(keeper), signal.SIGKILL)
    until(lambda: keeper.side is not side or not keeper.usable)


class Owner:
    """A process of `owner.py`."""

    def __init__(self, cepat: Cepat, folder: Path, *steps: str, python: tuple[str, ...] = ()) -> None:
        given = {"url": cepat.url, "ledger": str(folder / "ledger.sqlite3"), "steps": steps}
        self.started: set[int] = set()
        self.process = subprocess.Popen(
            [sys.executable, *python, "-m", "tests.keeper.owner", json.dumps(given)],
            cwd=ROOT,
            env={**os.environ, "API_KEY_OTPCEPAT": KEY},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def said(self) -> dict[str, Any]:
        """What its next step came to."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.ended()
        said: dict[str, Any] = json.loads(line)
        self.started |= {said[name] for name in ("child", "keeper") if name in said}
        return said

    def go_on(self) -> None:
        """Let it go on after `wait`."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """Kill it, and nothing else."""
        self.process.kill()
        self.process.wait(LONG)

    def ended(self) -> tuple[int, str]:
        """Wait for its end: exit status and standard error."""
        _, error = self.process.communicate(timeout=LONG)
        return self.process.returncode, error


@contextmanager
def owner(cepat: Cepat, folder: Path, *steps: str, python: tuple[str, ...] = ()) -> Iterator[Owner]:
    """A process that takes these steps; it and what it started is ended at last."""
    process = Owner(cepat, folder, *steps, python=python)
    with process.process:
        try:
            yield process
        finally:
            process.process.kill()
            for pid in filter(runs, process.started):
                os.kill(pid, signal.SIGKILL)
