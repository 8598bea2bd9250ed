"""The fixtures otp_carrier and otp_gateway, and the gateway that xdist's controller serves for all workers.

Not in `plugin/__init__.py`, since pytest examines each name there at every start.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import InvalidRequest, SettingsError
from ..loopback import LOOPBACK
from .number_fixtures import lane
from .run import hooks_of, watch_strays

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..gateway.app import Gateway
    from ..gateway.record import Record
    from ..gateway.seen import GatewayRequest
    from ..offline.carrier import Carrier, Witness
    from ..server.kept_authority import KeptFolder
    from ..settings import Settings
    from .forked import ForkedTests
    from .relay import Hub
    from .relay_worker import Branch

__tracebackhide__ = True

TOPIC = "sms"
_ADDRESS: pytest.StashKey[GatewayAddress] = pytest.StashKey()
_SETTING = "--otp-gateway (PYTEST_OTP_GATEWAY)"
_CA_SETTING = "--otp-gateway-ca (PYTEST_OTP_GATEWAY_CA)"


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
    config, to = request.config, request.getfixturevalue("otp_carrier")
    try:
        with _reached(to, settings, config):
            if _ADDRESS in config.stash:
                yield config.stash[_ADDRESS]
            else:
                with _served(to, settings, config) as address:
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
        from .gateway_seen import KNOWN, SharedRecord  # noqa: PLC0415 - only where the controller serves the gateway
        from .gateway_services import add_to_shared, described_services  # noqa: PLC0415
        from .gateway_wishes import told_to_controller  # noqa: PLC0415
        from .relay_worker import branch_of  # noqa: PLC0415

        branch, handler = branch_of(config), partial(deliver, carrier)
        shared = SharedRecord(branch, carrier)
        plain = GatewayAddress.from_plain(worker[SharedGateway.name], shared, add=partial(add_to_shared, branch))
        for description in described_services(settings, config.rootpath):
            plain.add_service(description)  # it is there, and is what environ() has to know
        with (
            _answering(branch, TOPIC, handler),
            _answering(branch, KNOWN, shared.known),
            _witnessed(carrier, shared.witness),
            told_to_controller(plain, carrier, branch, config) as address,
            _known(address, config),
        ):
            yield
    else:
        with _served(carrier, settings, config) as address, _known(address, config):
            yield


@contextlib.contextmanager
def _answering(branch: Branch, topic: str, handler: Callable[..., Any]) -> Iterator[None]:
    branch.handle(topic, handler)
    try:
        yield
    finally:
        branch.forget(handler)


@contextlib.contextmanager
def _witnessed(carrier: Carrier, witness: Witness) -> Iterator[None]:
    """Meanwhile, the carrier knows whom to ask why no SMS came."""
    carrier.witnesses.append(witness)
    try:
        yield
    finally:
        carrier.witnesses.remove(witness)


@contextlib.contextmanager
def _known(address: GatewayAddress, config: pytest.Config) -> Iterator[None]:
    config.stash[_ADDRESS] = address
    try:
        yield
    finally:
        del config.stash[_ADDRESS]


def _kept_folder(settings: Settings, config: pytest.Config) -> KeptFolder | None:
    """Where the gateway's authority is kept, if it is."""
    if settings.gateway_ca is None:
        return None
    from ..server.kept_authority import KeptFolder  # noqa: PLC0415 - start-up cost: only for a run that keeps one

    return KeptFolder(config.rootpath / Path(settings.gateway_ca).expanduser(), config.rootpath, _CA_SETTING)


@contextlib.contextmanager
def _served(carrier: Carrier, settings: Settings, config: pytest.Config) -> Iterator[GatewayAddress]:
    """Serve the gateway of one carrier."""
    from ..gateway.app import Gateway  # noqa: PLC0415 - as in `gateway`
    from .gateway_seen import witness_of  # noqa: PLC0415
    from .gateway_wishes import failures_of_tests, with_wishes  # noqa: PLC0415

    record = _record(settings)
    hooks_of(config).records.append(record)
    with (
        _witnessed(carrier, witness_of(record, carrier)),
        failures_of_tests(carrier, lambda: made.documented, config) as failures,
    ):
        made = Gateway(carrier, record=record, failure_of=failures.take)
        with _serving(made, settings, config) as address:
            yield with_wishes(address, failures, made.templates)


def _record(settings: Settings) -> Record:
    from ..gateway.record import Record  # noqa: PLC0415 - as in `gateway`

    return Record(show_sms=settings.show_sms)


def _serving(made: Gateway, settings: Settings, config: pytest.Config) -> AbstractContextManager[GatewayAddress]:
    """Serve a gateway, by default on a free loopback port, with the services that the run describes."""
    host, port = settings.gateway or (LOOPBACK, 0)
    from ..gateway.address import serving  # noqa: PLC0415 - as in `gateway`
    from .gateway_services import described_services  # noqa: PLC0415

    for description in described_services(settings, config.rootpath):
        made.add_service(description)
    ca = _kept_folder(settings, config)
    return serving(made, host=host, port=port, setting=_SETTING, gateway=made, ca=ca)


class SharedGateway:
    """The gateway in xdist's controller: one port for all workers, each of which has numbers of its own."""

    name = "otp_gateway"

    def __init__(self, settings: Settings, config: pytest.Config) -> None:
        self._settings = settings
        self._config = config
        self._record = _record(settings)
        self._running = contextlib.ExitStack()
        self._workers: Workers | None = None
        self._address: GatewayAddress | None = None

    def start(self, hub: Hub) -> None:
        """Start serving. Raises `SettingsError` if it cannot listen on the port."""
        from .gateway_seen import share  # noqa: PLC0415 - as in `gateway`
        from .gateway_services import take_services  # noqa: PLC0415
        from .gateway_wishes import gateway_of_workers, hear_workers  # noqa: PLC0415

        share(self._record, hub)
        self._workers = Workers(hub)
        made = gateway_of_workers(self._workers, hub, self._record)
        self._address = self._running.enter_context(_serving(made, self._settings, self._config))
        take_services(hub, self._address)
        hear_workers(hub, made, self._address)

    def plain(self) -> dict[str, str]:
        """The address and the paths of the certificates."""
        return self._address.to_plain() if self._address else {}

    def strays(self) -> list[str]:
        """The number of each SMS whose number no worker knows."""
        return self._workers.strays if self._workers else []

    def troubles(self) -> list[GatewayRequest]:
        """The requests that no test can have meant."""
        return list(self._record.troubles())

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
