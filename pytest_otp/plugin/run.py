"""What the plugin does once for a run that uses a number fixture: the guard, and the summary at the end."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..keeper.guard import Guard, GuardOptions
from ..orders.entries import Budget, LedgerEntry
from ..orders.summary import orders, strays, summary, swept
from ..settings import Settings
from .signals import GracefulShutdown

if TYPE_CHECKING:
    from ..offline.carrier import Carrier

__tracebackhide__ = True

UNTOLD = 0.3
"""Seconds that closing may go on at the end before a line says that it does."""
LOOK_INTERVAL = 0.05
RUN: pytest.StashKey[str] = pytest.StashKey()
STOP: pytest.StashKey[GracefulShutdown] = pytest.StashKey()
_HOOKS: pytest.StashKey[RunHooks] = pytest.StashKey()


def guard_of(config: pytest.Config, settings: Settings) -> Guard:
    """The guard of this process, made when a test first asks for a number."""
    hooks = _hooks_of(config)
    if hooks.guard is None:
        worker = getattr(config, "workerinput", {})
        run = worker.get("otp_run") or config.stash.get(RUN, None) or new_run()
        hooks.guard = Guard(guard_options(settings, run, config.rootpath))
        config.stash[STOP] = GracefulShutdown()
    return hooks.guard


def guard_options(settings: Settings, run: str, root: Path) -> GuardOptions:
    """What a guard needs to know of these settings."""
    from decimal import Decimal  # noqa: PLC0415 - only for a run that orders

    amount, currency = settings.max_spend or (None, None)
    budget = Budget(settings.max_orders, None if amount is None else Decimal(amount), currency)
    return GuardOptions(
        run,
        root,
        ledger=settings.ledger,
        keeper=settings.keeper != "off",
        close_timeout=settings.close_timeout,
        budget=budget,
    )


def watch_strays(config: pytest.Config, carrier: Carrier) -> bool:
    """Tell at the end what a carrier got for numbers that no test held; False where that will be done already."""
    carriers = _hooks_of(config).carriers
    known = any(each is carrier for each in carriers)
    if not known:
        carriers.append(carrier)
    return not known


def new_run() -> str:
    """A name for a run."""
    return uuid.uuid4().hex


def _hooks_of(config: pytest.Config) -> RunHooks:
    if _HOOKS not in config.stash:
        config.stash[_HOOKS] = RunHooks(config)
        config.pluginmanager.register(config.stash[_HOOKS], "otp-run")
    return config.stash[_HOOKS]


class RunHooks:
    """The end of the run, in the process whose tests ordered or had a carrier."""

    def __init__(self, config: pytest.Config) -> None:
        self.guard: Guard | None = None
        self.carriers: list[Carrier] = []
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """After the last teardown: what is open is the keeper's. A worker tells the controller, in plain data."""
        if self.guard:
            self.guard.end()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["otp"] = {"strays": self._strays()}
            if self.guard:
                path = self.guard.ledger_path
                output["otp"] |= {
                    "entries": [entry.plain() for entry in self.guard.offline_entries()],
                    "ledger": str(path) if path else None,
                    "patience": self.guard.patience.left,
                }

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Without xdist this process tells it itself."""
        guard = self.guard
        if guard is None:
            tell(terminalreporter, "", [], set(), 0.0, self._strays())
            return
        ledgers = {guard.ledger_path} if guard.ledger_path else set()
        tell(terminalreporter, guard.run, guard.offline_entries(), ledgers, guard.patience.left, self._strays())

    def pytest_unconfigure(self) -> None:
        """A session that never finished."""
        if self.guard:
            self.guard.end()
            self._config.stash[STOP].disarm()

    def _strays(self) -> list[str]:
        return [stray.to for carrier in self.carriers for stray in carrier.strays]


def tell(
    reporter: Any,
    run: str,
    offline: Sequence[LedgerEntry],
    ledgers: set[Path],
    patience: float,
    stray: Sequence[str],
) -> None:
    """Write the summary; wait so long for what is just being closed. `stray` is where SMS went that nobody took."""
    lines = summary(offline, lambda entry: False)
    for path in sorted(ledgers):
        lines += _told_by(path, run, patience, reporter)
    lines += strays(stray)
    if lines:
        reporter.section("one-time codes by SMS", "-")
        for line in lines:
            reporter.line(line)


def _told_by(path: Path, run: str, patience: float, reporter: Any) -> list[str]:
    from ..errors import OtpError  # noqa: PLC0415
    from ..orders.ledger import Ledger  # noqa: PLC0415 - imports sqlite3

    try:
        if not path.exists():
            return [f"the ledger {path} is gone: nobody knows what became of this run's orders but their keeper"]
        with contextlib.closing(Ledger(path, patience=max(1.0, patience))) as ledger:
            entries = _settled(ledger, run, patience, reporter)
            return swept(ledger.swept(run)) + summary(entries, ledger.is_attended)
    except (OtpError, OSError) as error:  # the report of the tests is worth more than this one
        return [f"no summary: {error}"]


def _settled(ledger: Any, run: str, patience: float, reporter: Any) -> list[LedgerEntry]:
    """The run's orders, when no keeper is closing one any more, or so many seconds later."""
    start = time.monotonic()
    told = False
    while True:
        entries: list[LedgerEntry] = ledger.entries(run)
        pending = sum(entry.is_open and ledger.is_attended(entry) for entry in entries)
        waited = time.monotonic() - start
        if not pending or waited >= patience:
            return entries
        if waited > UNTOLD and not told:
            reporter.line(f"otp: waiting up to {patience:.0f} s for {orders(pending)} not closed yet")
            told = True
        try:
            time.sleep(LOOK_INTERVAL)
        except KeyboardInterrupt:  # enough of waiting: what is open is told, and its keeper goes on
            return entries


def running_item(session: pytest.Session) -> pytest.Item | None:
    """The test that is running; wider fixtures belong to none, and yet order while one runs."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    return next((item for item in session.items if item.nodeid == name), None)
