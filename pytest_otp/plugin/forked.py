"""Tests that pytest-forked runs in processes of their own, which end without the end of a session.

They are one run: with one budget, different numbers and codes, and one summary, which the process that they were forked
from writes. What it needs for that comes with the report of each test's teardown.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from .run_settings import settings_of

if TYPE_CHECKING:
    from .gathered import Gathered, Report
    from .run import RunHooks

__tracebackhide__ = True

_REPORT = "otp_forked"
_CRASHED = "???"
"""What pytest-forked reports as the phase of a test whose process died."""


class ForkedTests:
    """Registered only with pytest-forked, in the process that forks; a forked process has a copy."""

    def __init__(self, config: pytest.Config, seed: int) -> None:
        self._config = config
        self._seed = seed
        self._process = os.getpid()
        self._started = 0
        self._taken: list[str] = []
        self._before: Report = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Count the tests, one of which may be forked now; name the run before that."""
        if not self._started:
            from .run import name_run  # noqa: PLC0415 - start-up cost

            name_run(self._config)
        self._started += 1
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """In a forked process, before the first fixture: remember what its parent already has."""
        if self._is_forked:
            self._before = self._hooks.report()
            for carrier in self._hooks.carriers:
                self.diverge(carrier)

    def diverge(self, carrier: Any) -> None:
        """In a forked process: let a carrier hand out numbers, IDs and codes that no other test of the run gets."""
        if self._is_forked:
            carrier.exclude(self._taken)
            carrier.diverge(self._started)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """In a forked process, after its last teardown: report its orders, and leave what is open to the keeper."""
        report = yield
        if self._is_forked and call.when == "teardown":
            self._hooks.leave_orders()
            setattr(report, _REPORT, _since(self._before, self._hooks.report()))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """In the process that forked it: take what belongs to us out of a report."""
        taken = [value for name, value in report.user_properties if name == "otp_number"]
        self._taken += taken
        ours = vars(report).pop(_REPORT, None)
        if ours is not None:
            for carrier in self._hooks.carriers:
                carrier.exclude(taken)
            if ours["strays"] or ours["requests"] or "entries" in ours:
                self._gathered.reports.append(ours)
        elif report.when == _CRASHED:
            self._gathered.unreported += 1

    @property
    def _is_forked(self) -> bool:
        return os.getpid() != self._process

    @property
    def _gathered(self) -> Gathered:
        from .gathered import Gathered  # noqa: PLC0415 - start-up cost
        from .run import name_run  # noqa: PLC0415

        hooks = self._hooks
        if hooks.forked is None:
            hooks.forked = Gathered(self._config, settings_of(self._config, self._seed), name_run(self._config))
        return hooks.forked

    @property
    def _hooks(self) -> RunHooks:
        from .run import hooks_of  # noqa: PLC0415 - start-up cost

        return hooks_of(self._config)


def _since(before: Report, after: Report) -> Report:
    """What was added to a report: its lists, and the count of orders that were placed, only grow."""
    added = {name: value[len(before.get(name, ())) :] for name, value in after.items() if isinstance(value, list)}
    if "placed" in after:
        added["placed"] = after["placed"] - before.get("placed", 0)
    return {**after, **added}
