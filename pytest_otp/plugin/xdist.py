"""Hooks that exist only with pytest-xdist."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from ..settings import Settings
from .ending import Section
from .gathered import Gathered, of_requests

if TYPE_CHECKING:
    from ..gateway.seen import GatewayRequest
    from .relay import Hub
    from .signals import GracefulShutdown


class SharedService(Protocol):
    """A server that the controller runs for all workers, which it reaches through the hub."""

    name: str
    """The key of `plain()` in each worker's `workerinput`. The key `otp_hub` holds how to join the hub."""

    def start(self, hub: Hub) -> None:
        """Start serving, before the first worker starts. Raises OtpError."""
        ...

    def plain(self) -> Mapping[str, Any]:
        """Return what each worker needs to know: plain data. A worker's reports mask what is in `relay.SECRET`."""
        ...

    def strays(self) -> Sequence[str]:
        """Return the numbers for which it received an SMS but which no worker knows."""
        ...

    def troubles(self) -> Sequence[GatewayRequest]:
        """Return the requests of applications that no test can have meant."""
        ...

    def stop(self) -> None:
        """Stop serving. Does nothing if it has stopped."""
        ...


def shared_services(settings: Settings, config: pytest.Config) -> list[SharedService]:
    """Return what the settings ask the controller to serve."""
    found: list[SharedService] = []
    if settings.has_carrier and settings.gateway and settings.gateway[1]:
        from .gateway_fixtures import SharedGateway  # noqa: PLC0415 - only for a gateway on a fixed port

        found.append(SharedGateway(settings, config))
    if settings.webhook:
        from .webhook_fixture import SharedWebhook, is_wanted  # noqa: PLC0415 - only for a run with a webhook

        found += [SharedWebhook(config, settings)] if is_wanted(settings) else []
    return found


class XdistHooks:
    """In the controller: gives each worker the settings, and reports the orders of all workers."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._gathered: Gathered | None = None
        self._section = Section()
        self._stop: GracefulShutdown | None = None
        self._services: list[SharedService] = []
        self._hub: Hub | None = None

    def join(self) -> None:
        """Take part in the run, and serve what all workers share. Raises pytest.UsageError."""
        self._config.pluginmanager.register(self, "otp-xdist")
        wanted = shared_services(self._settings, self._config)
        if wanted:
            self._serve(wanted)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Plain data, without secrets: each worker reads its own environment for those."""
        self._gathered = self._gathered or self._begin()
        self._gathered.unreported += 1
        node.workerinput["otp"] = self._settings.plain()
        node.workerinput["otp_run"] = self._gathered.run
        node.workerinput["otp_controller"] = os.getpid()  # a worker checks that it is the parent
        if self._hub:
            node.workerinput["otp_hub"] = self._hub.address
            node.workerinput.update({service.name: service.plain() for service in self._services})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Collect what a worker reports at its end."""
        output = getattr(node, "workeroutput", None)
        if output is not None and self._gathered:
            self._gathered.unreported -= 1
            self._gathered.reports += output.get("otp", ())
            self._section.failures += output.get("otp_failures", ())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Stop serving: the workers have ended."""
        stops = [service.stop for service in self._services] + ([self._hub.stop] if self._hub else [])
        for stop in stops:
            with self._section.survives("a port of the controller was not closed"):
                stop()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write one summary for all workers. The orders of workers that crashed are in the ledger."""
        if self._gathered:
            self._gathered.add_to(self._section, terminalreporter)
        self._section.add(self._of_strays)
        self._section.add(self._of_troubles)
        self._section.write(terminalreporter)

    def _of_strays(self) -> list[str]:
        numbers = self._gathered.strays() if self._gathered else []
        numbers += [number for service in self._services for number in service.strays()]
        if not numbers:
            return []
        from ..orders.summary import strays  # noqa: PLC0415 - only for a run with stray SMS

        return strays(numbers)

    def _of_troubles(self) -> list[str]:
        plain = self._gathered.troubles() if self._gathered else []
        own = [request for service in self._services for request in service.troubles()]
        return of_requests(plain, own)

    def pytest_unconfigure(self) -> None:
        """Restore the signal handlers, and stop what is running if the session never finished."""
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

    def _begin(self) -> Gathered:
        from .run import new_run  # noqa: PLC0415 - only where workers start

        if not self._settings.offline:
            from .signals import GracefulShutdown  # noqa: PLC0415

            self._stop = GracefulShutdown()
            self._stop.arm()
        return Gathered(self._config, self._settings, new_run())
