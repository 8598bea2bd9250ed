"""Our section at the end of the report.

What we do at the end of a run may fail, for want of memory or files: the report of the tests and the exit status of the
run must not suffer from it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock import monotonic
from ..display import LINE, shown
from ..errors import OtpError, SettingsError
from ..redact import scrub

if TYPE_CHECKING:
    from ..orders.entries import LedgerEntry

TITLE = "one-time codes by SMS"
QUIET_WAIT = 0.3
"""Seconds to wait for orders to close before a line says so."""
POLL_INTERVAL = 0.05
_LONGEST = 300
"""Characters of an error's text in its line."""


class Section:
    """Collects the lines of a process's section, and what failed on the way."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        """A line for each failure."""
        self._lines: list[str] = []

    @contextlib.contextmanager
    def survives(self, what: str) -> Iterator[None]:
        """Turn an exception into the line "`what`: reason". Ctrl-C ends our part of the report only."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - see the module
            self.failures.append(f"{what}: {reason(error)}")

    def add(self, lines: Callable[[], Sequence[str]]) -> None:
        """Add these lines, or one that says why there are none."""
        with self.survives("no summary"):
            self._lines += lines()

    def write(self, reporter: Any) -> None:
        """Write the section, if there is anything to say."""
        lines = self._lines + self.failures
        with contextlib.suppress(Exception):
            if lines:
                reporter.section(TITLE, "-")
            for line in lines:
                reporter.line(shown(line, LINE))


def of_ledger(path: Path, run: str, placed: int, patience: float, reporter: Any) -> list[str]:
    """The lines about a run's orders in a ledger, after up to `patience` seconds for closes in progress.

    `placed` says how many orders its tests got, all of which were in the ledger then.
    """
    from ..orders.ledger import Ledger  # noqa: PLC0415 - imports sqlite3
    from ..orders.summary import summary, swept  # noqa: PLC0415

    if not path.exists():
        return [f"the ledger {path} is missing, so the state of this run's orders is unknown"]
    try:
        with contextlib.closing(Ledger(path, patience=max(1.0, patience))) as ledger:
            entries = _settled(ledger, run, patience, reporter)
            lines = swept(ledger.swept(run)) + summary(entries, ledger.is_attended)
    except SettingsError as error:
        if not placed:
            raise
        return [f"{_lost(path, placed)}: {reason(error)}"]
    return lines if len(entries) >= placed else [*lines, f"{_lost(path, placed)}: it has {len(entries)} of them"]


def _lost(path: Path, placed: int) -> str:
    from ..orders.summary import orders  # noqa: PLC0415

    return (
        f"the ledger {path} was damaged or replaced during the run, so check your account at the provider for open "
        f"orders; this run placed {orders(placed)}"
    )


def _settled(ledger: Any, run: str, patience: float, reporter: Any) -> list[LedgerEntry]:
    """The run's orders, once no keeper is closing any, or after `patience` seconds."""
    from ..orders.summary import orders  # noqa: PLC0415

    start = monotonic()
    announced = False
    while True:
        entries: list[LedgerEntry] = ledger.entries(run)
        pending = sum(entry.is_open and ledger.is_attended(entry) for entry in entries)
        waited = monotonic() - start
        if not pending or waited >= patience:
            return entries
        if waited > QUIET_WAIT and not announced:
            reporter.line(f"otp: waiting up to {patience:.0f} s for {orders(pending)} to close")
            announced = True
        try:
            time.sleep(POLL_INTERVAL)
        except KeyboardInterrupt:  # stop waiting: open orders are listed, and their keeper carries on
            return entries


def reason(error: BaseException) -> str:
    """Say in one line what failed."""
    name = type(error).__name__
    try:
        text = shown(" ".join(scrub(str(error)).split()), _LONGEST)
    except Exception:  # noqa: BLE001 - memory is exhausted, or the exception has no text
        text = ""
    if not text:
        return name
    return text if isinstance(error, OtpError) else f"{name}: {text}"
