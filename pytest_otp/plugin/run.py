"""What the plugin does once per run that uses a number fixture: the guard, and the summary at the end."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..keeper.guard import Guard, GuardOptions
from ..orders.entries import Budget
from ..orders.summary import strays, summary
from ..settings import Settings
from .ending import Section, of_ledger
from .gathered import Gathered, Report, of_requests
from .signals import GracefulShutdown

if TYPE_CHECKING:
    from ..gateway.record import Record
    from ..gateway.seen import GatewayRequest
    from ..offline.carrier import Carrier

__tracebackhide__ = True

RUN: pytest.StashKey[str] = pytest.StashKey()
STOP: pytest.StashKey[GracefulShutdown] = pytest.StashKey()
_CONTROLLER: pytest.StashKey[int | None] = pytest.StashKey()
_HOOKS: pytest.StashKey[RunHooks] = pytest.StashKey()


def guard_of(config: pytest.Config, settings: Settings) -> Guard:
    """The guard of this process, created when a test first uses a number fixture."""
    hooks = hooks_of(config)
    if hooks.guard is None:
        options = guard_options(settings, name_run(config), config.rootpath)
        hooks.guard = Guard(replace(options, controller=controller_of(config)))
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


def controller_of(config: pytest.Config) -> int | None:
    """The process that started this xdist worker; None for other processes, and if it is on another machine.

    To be called before a test can fork: the parent's ID tells.
    """
    if _CONTROLLER not in config.stash:
        named = getattr(config, "workerinput", {}).get("otp_controller")
        config.stash[_CONTROLLER] = named if named == os.getppid() else None
    return config.stash[_CONTROLLER]


def watch_strays(config: pytest.Config, carrier: Carrier) -> bool:
    """List in the summary the SMS that a carrier got for numbers no test held; False if it is already being watched."""
    carriers = hooks_of(config).carriers
    known = any(each is carrier for each in carriers)
    if not known:
        carriers.append(carrier)
    return not known


def new_run() -> str:
    """A name for a run."""
    return uuid.uuid4().hex


def name_run(config: pytest.Config) -> str:
    """The name of this run, which an xdist worker gets from its controller, and a forked process from its parent."""
    name: str = getattr(config, "workerinput", {}).get("otp_run") or config.stash.setdefault(RUN, new_run())
    return name


def hooks_of(config: pytest.Config) -> RunHooks:
    """Return this process's hooks; registers them the first time."""
    if _HOOKS not in config.stash:
        config.stash[_HOOKS] = RunHooks(config)
        config.pluginmanager.register(config.stash[_HOOKS], "otp-run")
    return config.stash[_HOOKS]


class RunHooks:
    """The end of the run, in a process whose tests placed orders or used a carrier."""

    def __init__(self, config: pytest.Config) -> None:
        self.guard: Guard | None = None
        self.carriers: list[Carrier] = []
        self.records: list[Record] = []
        """What each gateway of this process has seen."""
        self.forked: Gathered | None = None
        """The reports of processes that tests were forked into."""
        self._config = config
        self._section = Section()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """After the last teardown: leave open orders to the keeper. A worker reports to the controller."""
        self.leave_orders()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            with self._section.survives("no summary of an xdist worker"):
                output["otp"] = [self.report(), *(self.forked.reports if self.forked else [])]
            output["otp_failures"] = self._section.failures

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the summary; with xdist, the controller does it."""
        section = self._section
        if self.forked:
            with section.survives("no summary"):
                self.forked.reports.insert(0, self.report())
            self.forked.add_to(section, terminalreporter)
            section.add(lambda: strays(self.forked.strays() if self.forked else []))
            section.add(lambda: of_requests(self.forked.troubles() if self.forked else []))
        else:
            self._add_own(section, terminalreporter)
        section.write(terminalreporter)

    def pytest_unconfigure(self) -> None:
        """A session that never finished."""
        self.leave_orders()
        if self.guard:
            self._config.stash[STOP].disarm()

    def leave_orders(self) -> None:
        """Leave what is open to the keeper. Does nothing the second time."""
        with self._section.survives("open orders were not handed over (close them with: pytest-otp sweep)"):
            if self.guard:
                self.guard.end()

    def report(self) -> Report:
        """What another process needs for the summary: plain data."""
        report: Report = {"strays": self._strays(), "requests": [request.plain() for request in self._troubles()]}
        if self.guard:
            path = self.guard.ledger_path
            report |= {
                "entries": [entry.plain() for entry in self.guard.offline_entries()],
                "ledger": str(path) if path else None,
                "placed": self.guard.placed,
                "patience": self.guard.patience.left,
            }
        return report

    def _add_own(self, section: Section, reporter: pytest.TerminalReporter) -> None:
        guard = self.guard
        if guard:
            section.add(lambda: summary(guard.offline_entries(), lambda entry: False))
            path = guard.ledger_path
            if path:
                section.add(lambda: of_ledger(path, guard.run, guard.placed, guard.patience.left, reporter))
        section.add(lambda: strays(self._strays()))
        section.add(lambda: of_requests((), self._troubles()))

    def _strays(self) -> list[str]:
        return [stray.to for carrier in self.carriers for stray in carrier.strays]

    def _troubles(self) -> list[GatewayRequest]:
        return [request for record in self.records for request in record.troubles()]


def running_item(session: pytest.Session) -> pytest.Item | None:
    """The test that is running; fixtures with a wider scope belong to none, but also order while one runs."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    return next((item for item in session.items if item.nodeid == name), None)
