"""A pytest run to be killed: a real process in a session and a folder of its own, with an account at the provider."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import FrameType

from pytest_otp.orders.ledger import Ledger

from .protocols import Protocol, environment
from .provider import Provider

START = 60.0
"""Seconds that a run may take until its first order, on a machine that is busy."""
LINGER = 30.0
"""Seconds that a process may live on when the orders are closed, on a machine that is busy."""
ON_THE_WAY = 0.5
"""Seconds that an answer needs to be read and written down, on a machine that is busy."""
_MARKER = "CHAOS_ROUND"
_FOREIGN = ("PYTEST_", "API_KEY_", "OTPCEPAT_", "OTPVIRT_", "CHAOS_")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was found some time after a run was struck."""

    open: int
    """Orders that nobody closed."""
    left_over: int
    """Processes of the run that lived on when all was closed; they are killed by now."""
    unsettled: int = 0
    """Orders that are open in the run's own ledger, though nobody attends to them any more."""


class Run:
    """Starts at once. Names must be unique in this process."""

    def __init__(
        self,
        provider: Provider,
        name: str,
        folder: Path,
        *,
        keeper: bool,
        orders: int,
        ending: str = "return",
        hold: float = 60.0,
        workers: int = 0,
        protocol: Protocol = "otpcepat",
        fails: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        """`orders` numbers for each of `workers` xdist workers, held for `hold` seconds; 0 workers: without xdist.

        The provider `fails` on one call in five.
        """
        key = f"chaos-key-{name}-not-a-secret"
        self.account = provider.account(key, fails=fails)
        self._ledger = folder / "ledger.sqlite3" if keeper else None
        self._mark = f"{os.getpid()}-{name}"
        self._output = folder / "output"
        folder.mkdir(mode=0o700)
        (folder / "pytest.ini").write_text("[pytest]\n")
        xdist = ("-p", "xdist", "-n", str(workers)) if workers else ()
        plugins = ("-c", "pytest.ini", "-p", "no:cacheprovider", "-p", "pytest_otp.plugin", *xdist, *options)
        environ = {
            **{variable: value for variable, value in os.environ.items() if not variable.startswith(_FOREIGN)},
            _MARKER: self._mark,
            "CHAOS_ORDERS": str(orders),
            "CHAOS_PROCESSES": str(workers or 1),
            "CHAOS_HOLD": str(hold),
            "CHAOS_ENDING": ending,
            **environment(protocol, provider.url, key),
            "PYTEST_OTP_KEEPER": "on" if keeper else "off",
            "PYTEST_OTP_LEDGER": str(folder / "ledger.sqlite3"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "XDG_STATE_HOME": str(folder),
        }
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *plugins, str(Path(__file__).with_name("renting.py"))],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for_orders(self, count: int) -> None:
        """Wait until so many are placed; their answers may still be on their way. Raises RuntimeError if none come."""
        end = time.monotonic() + START
        while len(self.account.orders) < count:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(
                    f"expected {count} orders; the run printed:\n{self._output.read_text(errors='replace')}"
                )
            time.sleep(0.002)

    def wait_until_answered(self, count: int) -> None:
        """Wait until so many orders are placed, and the answers of all that were placed have arrived."""
        self.wait_for_orders(count)
        while any(order.answered == inf for order in self.account.orders):
            time.sleep(0.002)
        time.sleep(ON_THE_WAY)

    def keepers(self) -> list[int]:
        """The keeper processes of the run."""
        return [process for process in _alive(f"{_MARKER}={self._mark}\0") if _is_keeper(process)]

    def wait_until_gone(self, seconds: float) -> None:
        """Wait until the process that was started is dead, which `Popen.wait` notices later. Raises RuntimeError."""
        process = os.pidfd_open(self.process.pid)
        try:
            gone, _, _ = select.select([process], [], [], seconds)
        finally:
            os.close(process)
        if not gone:
            raise RuntimeError(
                f"the run did not end within {seconds:g} s; it printed:\n{self._output.read_text(errors='replace')}"
            )

    def aftermath(self, until: float) -> Aftermath:
        """Watch until every process of the run is gone and all is closed; orders may be closed until then, at most."""
        closed_since = inf
        while True:
            self.process.poll()  # else it would stay a zombie
            alive, now = _alive(f"{_MARKER}={self._mark}\0"), time.monotonic()
            closed_since = inf if self.account.open else min(closed_since, now)
            if not alive and closed_since < inf:
                break
            if now >= (until if closed_since == inf else max(until, closed_since + LINGER)):
                break
            time.sleep(0.1)
        still_open, left_over = len(self.account.open), len(alive) if closed_since < inf else 0
        self.finish_off()
        return Aftermath(still_open, left_over, self._unsettled())

    def _unsettled(self) -> int:
        if self._ledger is None:
            return 0
        with contextlib.closing(Ledger(self._ledger)) as ledger:
            return sum(entry.is_open for entry in ledger.entries())

    def finish_off(self) -> None:
        """Kill what is left of the run."""
        _kill(f"{_MARKER}={self._mark}\0")
        self.process.wait()


def finish_off_all() -> None:
    """Kill what is left of all runs."""
    _kill(f"{_MARKER}={os.getpid()}-")


def heed_signals() -> None:
    """Let signals end the processes that are started, also where this process ignores some (nohup)."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _alive(marker: str) -> list[int]:
    found = []
    for process in Path("/proc").iterdir():
        # Some are not ours, some end meanwhile; a zombie's is empty.
        with contextlib.suppress(OSError):
            if process.name.isdecimal() and marker.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def _is_keeper(process: int) -> bool:
    with contextlib.suppress(OSError):
        return b"pytest_otp_keeper" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def _kill(marker: str) -> None:
    while found := _alive(marker):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
