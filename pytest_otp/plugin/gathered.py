"""What several processes report about their orders at the end of a run, and the one summary of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..settings import Settings
from .ending import Section, of_ledger

if TYPE_CHECKING:
    from ..gateway.seen import GatewayRequest

__tracebackhide__ = True

Report = dict[str, Any]
"""What `RunHooks.report` returns in one of them: plain data."""


class Gathered:
    """The reports of xdist workers, or of the forked processes of tests."""

    def __init__(self, config: pytest.Config, settings: Settings, run: str) -> None:
        self.run = run
        """The name of the run, which all of them share."""
        self.reports: list[Report] = []
        self.unreported = 0
        """How many processes have not reported. The orders of those that crashed are in the ledger."""
        self._config = config
        self._settings = settings

    def strays(self) -> list[str]:
        """The number of each SMS that no test's number received."""
        return [number for report in self.reports for number in report["strays"]]

    def troubles(self) -> list[dict[str, Any]]:
        """The requests to gateways that no test can have meant, as plain data."""
        return [request for report in self.reports for request in report.get("requests", ())]

    def add_to(self, section: Section, reporter: Any) -> None:
        """Add the lines about all orders."""
        section.add(self._of_offline_orders)
        with section.survives("no summary"):
            for path in sorted(self._ledgers()):
                section.add(partial(of_ledger, path, self.run, self._placed, self._patience, reporter))

    def _of_offline_orders(self) -> list[str]:
        entries = [entry for report in self.reports for entry in report.get("entries", ())]
        if not entries:
            return []
        from ..orders.entries import LedgerEntry  # noqa: PLC0415 - only for a run that ordered
        from ..orders.summary import summary  # noqa: PLC0415

        return summary([LedgerEntry.from_plain(entry) for entry in entries], lambda entry: False)

    def _ledgers(self) -> set[Path]:
        """Those that the reports name; the configured one if a process has ended without a word."""
        named = {Path(report["ledger"]) for report in self.reports if report.get("ledger")}
        if named or self._settings.offline or not self.unreported:
            return named
        from ..orders.location import ledger_path  # noqa: PLC0415 - only after a crash

        path = ledger_path(self._settings.ledger, self._config.rootpath)
        return {path} if path.exists() else set()

    @property
    def _placed(self) -> int:
        return sum(report.get("placed", 0) for report in self.reports)

    @property
    def _patience(self) -> float:
        left = (report["patience"] for report in self.reports if "patience" in report)
        return min(left, default=self._settings.close_timeout)


def of_requests(plain: Sequence[Mapping[str, Any]], own: Sequence[GatewayRequest] = ()) -> list[str]:
    """The lines about requests that no test can have meant: those of other processes, as plain data, and our own."""
    if not plain and not own:
        return []
    from ..gateway.report import summed  # noqa: PLC0415 - only for a run whose application asked for too much
    from ..gateway.seen import GatewayRequest  # noqa: PLC0415

    return summed([*own, *map(GatewayRequest.from_plain, plain)])
