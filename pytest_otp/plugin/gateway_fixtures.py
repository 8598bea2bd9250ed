"""The fixtures otp_carrier and otp_gateway, and the gateway that xdist's controller serves for all workers.

Not in `plugin/__init__.py`, since pytest examines each name there at every start.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import InvalidRequest, SettingsError
from ..loopback import LOOPBACK
from .number_fixtures import lane
from .run import watch_strays

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..gateway.app import Gateway
    from ..offline.carrier import Carrier
    from ..settings import Settings
    from .forked import ForkedTests
    from .relay import Hub

__tracebackhide__ = True

TOPIC = "sms"
_ADDRESS: pytest.StashKey[GatewayAddress] = pytest.StashKey()
_SETTING = "--otp-gateway (PYTEST_OTP_GATEWAY)"


def carrier(settings: Settings, config: pytest.Config) -> Iterator[Carrier]:
    """The offline phone network; a gateway on a fixed port delivers to it while it exists."""
    if not settings.has_carrier:
        raise SettingsError(
            f"otp_carrier is not available with the provider {settings.provider}",
            hint="Run offline, or let the application send the SMS.",
        )
    from ..offline.carrier import Carrier  # noqa: PLC0415 - not with another provider

    own, of = lane(config)
    made = Carrier(seed=settings.fake_seed, lane=own, lanes=of)
    forked: ForkedTests | None = config.pluginmanager.get_plugin("otp-forked")
    if forked:
        forked.diverge(made)
    try:
        with _reached(made, settings, config):
            yield made
    except SettingsError as error:
        raise error.with_traceback(None) from None  # the frames of contextlib cannot be hidden


def gateway(settings: Settings, request: pytest.FixtureRequest) -> Iterator[GatewayAddress]:
    """The gateway's address; starts the gateway if it is not running."""
    from ..gateway.address import GatewayAddress  # noqa: PLC0415 - start-up cost: most offline tests use no gateway

    if not settings.has_carrier:
        yield GatewayAddress(None)
        return
    from .gateway_wishes import ended_with_tests  # noqa: PLC0415 - as above

    config, to = request.config, request.getfixturevalue("otp_carrier")
    try:
        with _reached(to, settings, config), contextlib.ExitStack() as stack:
            address = config.stash.get(_ADDRESS, None) or stack.enter_context(_served(to, settings.gateway))
            stack.enter_context(ended_with_tests(address, config))
            yield address
    except SettingsError as error:
        raise error.with_traceback(None) from None  # the frames of contextlib cannot be hidden


@contextlib.contextmanager
def _reached(carrier: Carrier, settings: Settings, config: pytest.Config) -> Iterator[None]:
    """While this lasts, a gateway on a fixed port delivers to the carrier.

    Does nothing the second time for a carrier: if `otp_carrier` is overridden, only `otp_gateway` calls this.
    """
    worker = getattr(config, "workerinput", {})
    if not watch_strays(config, carrier) or not (settings.gateway and settings.gateway[1]):
        yield
    elif SharedGateway.name in worker:
        from ..gateway.address import GatewayAddress  # noqa: PLC0415 - as in `gateway`
        from .gateway_wishes import told_to_controller  # noqa: PLC0415 - as in `gateway`
        from .relay_worker import branch_of  # noqa: PLC0415 - only where the controller serves the gateway

        branch, handler = branch_of(config), partial(deliver, carrier)
        branch.handle(TOPIC, handler)
        shared = GatewayAddress.from_plain(worker[SharedGateway.name])
        try:
            with told_to_controller(shared, carrier, branch) as address, _known(address, config):
                yield
        finally:
            branch.forget(handler)
    else:
        with _served(carrier, settings.gateway) as address, _known(address, config):
            yield


@contextlib.contextmanager
def _known(address: GatewayAddress, config: pytest.Config) -> Iterator[None]:
    config.stash[_ADDRESS] = address
    try:
        yield
    finally:
        del config.stash[_ADDRESS]


@contextlib.contextmanager
def _served(carrier: Carrier, where: tuple[str, int] | None) -> Iterator[GatewayAddress]:
    """Serve a gateway that delivers to a carrier, by default on a free loopback port."""
    from ..gateway.app import Gateway  # noqa: PLC0415 - as in `gateway`
    from ..gateway.templates import Templates  # noqa: PLC0415
    from .gateway_wishes import failures_for  # noqa: PLC0415

    failures, templates = failures_for(carrier), Templates()
    made = Gateway(carrier, failure_of=failures.take, templates=templates)
    with _listening(made, where) as address:
        yield replace(address, failures=failures, templates=templates)


@contextlib.contextmanager
def _listening(made: Gateway, where: tuple[str, int] | None) -> Iterator[GatewayAddress]:
    from ..gateway.address import serving  # noqa: PLC0415 - as in `gateway`

    host, port = where or (LOOPBACK, 0)
    serves = serving(made, host=host, port=port, setting=_SETTING, callbacks=made.callbacks)
    with contextlib.closing(made), serves as address:
        yield address


class SharedGateway:
    """The gateway in xdist's controller: one port for all workers, each of which has numbers of its own."""

    name = "otp_gateway"

    def __init__(self, where: tuple[str, int]) -> None:
        self._where = where
        self._running = contextlib.ExitStack()
        self._workers: Workers | None = None
        self._address: GatewayAddress | None = None

    def start(self, hub: Hub) -> None:
        """Start serving. Raises `SettingsError` if it cannot listen on the port."""
        from .gateway_wishes import gateway_of_workers  # noqa: PLC0415 - as in `gateway`

        self._workers = Workers(hub)
        made = gateway_of_workers(self._workers, hub)
        self._address = self._running.enter_context(_listening(made, self._where))

    def plain(self) -> dict[str, str]:
        """The address and the paths of the certificates."""
        return self._address.to_plain() if self._address else {}

    def strays(self) -> list[str]:
        """The number of each SMS whose number no worker knows."""
        return self._workers.strays if self._workers else []

    def stop(self) -> None:
        """Stop serving."""
        self._running.close()


class Workers:
    """All workers' carriers as one network."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._strays: list[str] = []
        self._lock = threading.Lock()

    @property
    def strays(self) -> list[str]:
        """The number of each SMS whose number no worker knows, oldest first."""
        with self._lock:
            return list(self._strays)

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Pass an SMS to the worker that knows the number; like `Carrier.submit`."""
        answers = self._hub.ask(TOPIC, to, text, sender, until=_is_known)
        answer: dict[str, Any] | None = next(filter(_is_known, answers), None)
        if answer is None:
            with self._lock:
                self._strays.append(to)
            return False
        if "refused" in answer:
            raise InvalidRequest(answer["refused"])
        return bool(answer["held"])


def _is_known(answer: Any) -> bool:
    return answer is not None


def deliver(carrier: Carrier, to: str, text: str, sender: str | None) -> dict[str, Any] | None:
    """In a worker: deliver an SMS from the controller; None if this worker's carrier does not know the number."""
    if not carrier.knows(to):
        return None
    try:
        return {"held": carrier.submit(to, text, sender=sender)}
    except InvalidRequest as error:
        return {"refused": error.message}
