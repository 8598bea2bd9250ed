"""Hooks that exist only with pytest-xdist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .settings import Settings

if TYPE_CHECKING:
    from .stopping import OrderlyStop


class XdistHooks:
    """In the controller: tells each worker the settings, and people what became of all workers' orders."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self._settings = settings
        self._root = root
        self._run = ""
        self._told: list[dict[str, Any]] = []
        self._silent = 0
        self._stop: OrderlyStop | None = None

    def join(self, config: pytest.Config) -> None:
        """Take part in the run. Raises SettingsError for what workers cannot share."""
        if self._settings.gateway and self._settings.gateway[1] and config.getoption("dist", "no") != "no":
            from .errors import SettingsError  # noqa: PLC0415 - a good run needs no errors

            raise SettingsError(
                "--otp-gateway (PYTEST_OTP_GATEWAY): xdist workers cannot share one port",
                hint="Leave it out, or give port 0: each worker then takes a free port.",
            )
        config.pluginmanager.register(self, "otp-xdist")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Plain data, without secrets: each worker reads its own environment for those."""
        if not self._run:
            self._begin()
        self._silent += 1
        node.workerinput["otp"] = self._settings.plain()
        node.workerinput["otp_run"] = self._run

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a worker told at its end."""
        output = getattr(node, "workeroutput", None)
        if output is not None:
            self._silent -= 1
            self._told += [output["otp"]] if "otp" in output else []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One summary for all workers; those that ended without a word have their orders in the ledger."""
        look = self._silent and not self._settings.offline
        if not (self._told or look):
            return
        from ._run import tell  # noqa: PLC0415 - only for a run that ordered
        from .books import Entry  # noqa: PLC0415
        from .places import ledger_path  # noqa: PLC0415

        ledgers = {Path(told["ledger"]) for told in self._told if told["ledger"]}
        if look and not ledgers and (path := ledger_path(self._settings, self._root)).exists():
            ledgers = {path}
        offline = [Entry.from_plain(entry) for told in self._told for entry in told["entries"]]
        patience = min((told["patience"] for told in self._told), default=self._settings.close_timeout)
        tell(terminalreporter, self._run, offline, ledgers, patience)

    def pytest_unconfigure(self) -> None:
        """Put the signal handlers back."""
        if self._stop:
            self._stop.disarm()

    def _begin(self) -> None:
        from ._run import new_run  # noqa: PLC0415 - only where workers start

        self._run = new_run()
        if not self._settings.offline:
            from .stopping import OrderlyStop  # noqa: PLC0415

            self._stop = OrderlyStop()
            self._stop.arm()
