"""What the plugin does once per run that uses a number fixture: the guard, and the summary at the end."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..display import LINE, shown
from ..keeper.guard import Guard, GuardOptions
from ..orders.entries import Budget, LedgerEntry
from ..orders.summary import orders, strays, summary, swept
from ..settings import Settings
from .signals import GracefulShutdown

if TYPE_CHECKING:
    from ..offline.carrier import Carrier

__tracebackhide__ = True

QUIET_WAIT = 0.3
"""Seconds to wait for orders to close before a line says so."""
POLL_INTERVAL = 0.05
RUN: pytest.StashKey[str] = pytest.StashKey()
STOP: pytest.StashKey[GracefulShutdown] = pytest.StashKey()
_HOOKS: pytest.StashKey[RunHooks] = pytest.StashKey()


def guard_of(config: pytest.Config, settings: Settings) -> Guard:
    """The guard of this process, created when a test first uses a number fixture."""
    hooks = _hooks_of(config)
    if hooks.guard is None:
        worker = getattr(config, "workerinput", {})
        run = worker.get("otp_run") or config.stash.get(RUN, None) or new_run()
        hooks.guard = Guard(guard_options(settings, run, config.rootpath))
        config.stash[STOP] = GracefulShutdown()
    return hooks.guard


def guard_options(settings: Settings, run: str, root: Path) -> GuardOptions:
    """What a guard needs to know about these settings."""
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
    """List in the summary the SMS that a carrier got for numbers no test held; False if it is already being watched."""
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
    """The end of the run, in a process whose tests placed orders or used a carrier."""

    def __init__(self, config: pytest.Config) -> None:
        self.guard: Guard | None = None
        self.carriers: list[Carrier] = []
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """After the last teardown: leave open orders to the keeper. A worker reports to the controller."""
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
        """Write the summary; with xdist, the controller does it."""
        guard = self.guard
        if guard is None:
            write_summary(terminalreporter, "", [], set(), 0.0, self._strays())
            return
        ledgers = {guard.ledger_path} if guard.ledger_path else set()
        write_summary(
            terminalreporter, guard.run, guard.offline_entries(), ledgers, guard.patience.left, self._strays()
        )

    def pytest_unconfigure(self) -> None:
        """A session that never finished."""
        if self.guard:
            self.guard.end()
            self._config.stash[STOP].disarm()

    def _strays(self) -> list[str]:
        return [stray.to for carrier in self.carriers for stray in carrier.strays]


def write_summary(
    reporter: Any,
    run: str,
    offline: Sequence[LedgerEntry],
    ledgers: set[Path],
    patience: float,
    stray: Sequence[str],
) -> None:
    """Write the summary, after up to `patience` seconds for closes in progress. `stray`: the numbers of stray SMS."""
    lines = summary(offline, lambda entry: False)
    for path in sorted(ledgers):
        lines += _lines_from(path, run, patience, reporter)
    lines += strays(stray)
    if lines:
        reporter.section("one-time codes by SMS", "-")
        for line in lines:
            reporter.line(shown(line, LINE))


def _lines_from(path: Path, run: str, patience: float, reporter: Any) -> list[str]:
    from ..errors import OtpError  # noqa: PLC0415
    from ..orders.ledger import Ledger  # noqa: PLC0415 - imports sqlite3

    try:
        if not path.exists():
            return [f"the ledger {path} is missing, so the state of this run's orders is unknown"]
        with contextlib.closing(Ledger(path, patience=max(1.0, patience))) as ledger:
            entries = _settled(ledger, run, patience, reporter)
            return swept(ledger.swept(run)) + summary(entries, ledger.is_attended)
    except (OtpError, OSError) as error:  # the report of the tests is worth more than this one
        return [f"no summary: {error}"]


def _settled(ledger: Any, run: str, patience: float, reporter: Any) -> list[LedgerEntry]:
    """The run's orders, once no keeper is closing any, or after `patience` seconds."""
    start = time.monotonic()
    announced = False
    while True:
        entries: list[LedgerEntry] = ledger.entries(run)
        pending = sum(entry.is_open and ledger.is_attended(entry) for entry in entries)
        waited = time.monotonic() - start
        if not pending or waited >= patience:
            return entries
        if waited > QUIET_WAIT and not announced:
            reporter.line(f"otp: waiting up to {patience:.0f} s for {orders(pending)} to close")
            announced = True
        try:
            time.sleep(POLL_INTERVAL)
        except KeyboardInterrupt:  # stop waiting: open orders are listed, and their keeper carries on
            return entries


def running_item(session: pytest.Session) -> pytest.Item | None:
    """The test that is running; fixtures with a wider scope belong to none, but also order while one runs."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    return next((item for item in session.items if item.nodeid == name), None)
