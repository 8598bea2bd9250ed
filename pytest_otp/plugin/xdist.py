"""Hooks that exist only with pytest-xdist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from ..settings import Settings

if TYPE_CHECKING:
    from .relay import Hub
    from .signals import GracefulShutdown


class SharedService(Protocol):
    """What the controller serves for all workers; it reaches them through the hub."""

    name: str
    """A worker finds what it is told under this name in its `workerinput`, and how to join the hub under `otp_hub`."""

    def start(self, hub: Hub) -> None:
        """Serve, before the first worker starts. Raises OtpError."""
        ...

    def plain(self) -> Mapping[str, Any]:
        """What each worker is told: plain data, no secret."""
        ...

    def strays(self) -> Sequence[str]:
        """The numbers that it took an SMS for and that no worker knows."""
        ...

    def stop(self) -> None:
        """Serve no more. Does nothing twice."""
        ...


def shared_services(settings: Settings, config: pytest.Config) -> list[SharedService]:
    """What the settings ask the controller to serve."""
    found: list[SharedService] = []
    if settings.offline and settings.gateway and settings.gateway[1]:
        from .gateway_fixtures import SharedGateway  # noqa: PLC0415 - only for a gateway on a fixed port

        found.append(SharedGateway(settings.gateway))
    if settings.webhook:
        from .webhook_fixture import SharedWebhook, is_wanted  # noqa: PLC0415 - only for a run with a webhook

        found += [SharedWebhook(config, settings)] if is_wanted(settings) else []
    return found


class XdistHooks:
    """In the controller: tells each worker the settings, and people what became of all workers' orders."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self._settings = settings
        self._root = root
        self._run = ""
        self._told: list[dict[str, Any]] = []
        self._silent = 0
        self._stop: GracefulShutdown | None = None
        self._services: list[SharedService] = []
        self._hub: Hub | None = None

    def join(self, config: pytest.Config) -> None:
        """Take part in the run."""
        config.pluginmanager.register(self, "otp-xdist")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Serve what is for all workers. xdist starts them last of all here."""
        wanted = (
            shared_services(self._settings, session.config)
            if session.config.pluginmanager.hasplugin("dsession")
            else []
        )
        if wanted:
            self._serve(wanted)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Plain data, without secrets: each worker reads its own environment for those."""
        if not self._run:
            self._begin()
        self._silent += 1
        node.workerinput["otp"] = self._settings.plain()
        node.workerinput["otp_run"] = self._run
        if self._hub:
            node.workerinput["otp_hub"] = self._hub.address
            node.workerinput.update({service.name: service.plain() for service in self._services})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a worker told at its end."""
        output = getattr(node, "workeroutput", None)
        if output is not None:
            self._silent -= 1
            self._told += [output["otp"]] if "otp" in output else []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """The workers have ended: what still comes in is for nobody."""
        for service in self._services:
            service.stop()
        if self._hub:
            self._hub.stop()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One summary for all workers; those that ended without a word have their orders in the ledger."""
        look = self._silent and not self._settings.offline
        strays = [number for service in self._services for number in service.strays()]
        if not (self._told or look or strays):
            return
        from ..orders.entries import LedgerEntry  # noqa: PLC0415
        from ..orders.location import ledger_path  # noqa: PLC0415
        from .run import tell  # noqa: PLC0415 - only for a run that ordered

        ledgers = {Path(told["ledger"]) for told in self._told if told.get("ledger")}
        if look and not ledgers and (path := ledger_path(self._settings.ledger, self._root)).exists():
            ledgers = {path}
        offline = [LedgerEntry.from_plain(entry) for told in self._told for entry in told.get("entries", ())]
        patience = min(
            (told["patience"] for told in self._told if "patience" in told), default=self._settings.close_timeout
        )
        strays = [number for told in self._told for number in told["strays"]] + strays
        tell(terminalreporter, self._run, offline, ledgers, patience, strays)

    def pytest_unconfigure(self) -> None:
        """Put the signal handlers back, and end what a session left that never finished."""
        self.pytest_sessionfinish()
        if self._stop:
            self._stop.disarm()

    def _serve(self, wanted: list[SharedService]) -> None:
        from ..errors import OtpError  # noqa: PLC0415 - only where the controller serves
        from .relay import Hub  # noqa: PLC0415

        self._hub = Hub()
        try:
            self._hub.start()
            for service in wanted:
                service.start(self._hub)
                self._services.append(service)
        except OtpError as error:
            reason = str(error)
        else:
            return
        raise pytest.UsageError(reason)

    def _begin(self) -> None:
        from .run import new_run  # noqa: PLC0415 - only where workers start

        self._run = new_run()
        if not self._settings.offline:
            from .signals import GracefulShutdown  # noqa: PLC0415

            self._stop = GracefulShutdown()
            self._stop.arm()
