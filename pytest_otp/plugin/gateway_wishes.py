"""What tests ask of the gateway: failures and content templates, also of one that xdist's controller serves.

The failures stay in the worker whose test asked for them: only it knows which numbers are its own. The controller asks
all workers before it delivers a message. Templates are told to the controller at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..gateway.app import Gateway
from ..gateway.failures import Documented, Failure, Failures
from ..gateway.templates import Templates

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..gateway.app import SmsNetwork
    from ..gateway.record import Record
    from ..offline.carrier import Carrier
    from .relay import Hub
    from .relay_worker import Branch

FAILURE = "failure"
"""The topic of the controller's question what is to go wrong with a message."""
TEMPLATE = "template"
"""The topic on which a worker tells the controller of a template."""
DOCUMENTED = "documented"
"""The topic on which a worker asks the controller what its services document of failures."""
ALLOW = "allow-hosts"
"""The topic on which a worker tells the controller of hosts that are allowed, to which receipts may then go."""


class EndOfTest:
    """Ends the failures that a test asked for."""

    def __init__(self, failures: Failures) -> None:
        self._failures = failures

    @pytest.hookimpl
    def pytest_runtest_logfinish(self) -> None:
        """After the last teardown of a test."""
        self._failures.end()


@contextlib.contextmanager
def failures_of_tests(
    carrier: Carrier, documented: Callable[[], Mapping[str, Documented]], config: pytest.Config
) -> Iterator[Failures]:
    """What the tests of a process ask to go wrong, whose numbers are those of a carrier."""
    failures = Failures(carrier.knows, documented)
    plugin = EndOfTest(failures)
    config.pluginmanager.register(plugin)
    try:
        yield failures
    finally:
        config.pluginmanager.unregister(plugin)
        failures.end()


def with_wishes(address: GatewayAddress, failures: Failures, templates: Templates) -> GatewayAddress:
    """The address of a gateway of which tests can ask these."""
    return replace(address, on_fail=failures.arm, on_template=templates.add)


@contextlib.contextmanager
def told_to_controller(
    address: GatewayAddress, carrier: Carrier, branch: Branch, config: pytest.Config
) -> Iterator[GatewayAddress]:
    """In a worker: the address of the controller's gateway, of which tests can ask something."""
    with failures_of_tests(carrier, partial(_ask_controller, branch), config) as failures:
        handler = partial(_failure_of, failures, carrier)
        branch.handle(FAILURE, handler)
        try:
            wishing = with_wishes(address, failures, Templates(partial(branch.ask, TEMPLATE)))
            yield replace(wishing, on_allow=partial(branch.ask, ALLOW))
        finally:
            branch.forget(handler)


def gateway_of_workers(network: SmsNetwork, hub: Hub, record: Record) -> Gateway:
    """In the controller: a gateway that fails as the workers' tests ask for."""
    return Gateway(network, record=record, failure_of=partial(_ask_workers, hub))


def hear_workers(hub: Hub, gateway: Gateway, address: GatewayAddress) -> None:
    """In the controller: do what the workers' tests ask of the gateway, and tell what they can ask for."""
    hub.handle(TEMPLATE, gateway.templates.add)
    hub.handle(ALLOW, partial(_allow, address))
    hub.handle(DOCUMENTED, lambda: gateway.documented)


def _allow(address: GatewayAddress, names: Iterable[str]) -> None:
    """Allow hosts that a worker has checked."""
    for name in names:
        address.allow_hosts(name, real_sms="*" not in name)


def _failure_of(failures: Failures, carrier: Carrier, service: str, to: str) -> dict[str, Any] | None:
    """In a worker: what is to go wrong with a message; None if this worker has nothing to say about its number."""
    failure = failures.take(service, to)
    if failure is None and not carrier.knows(to):
        return None
    return {"failure": None if failure is None else failure.to_plain()}


def _ask_workers(hub: Hub, service: str, to: str) -> Failure | None:
    answers = hub.ask(FAILURE, service, to, until=bool)
    found = next((answer["failure"] for answer in answers if answer and answer["failure"]), None)
    return None if found is None else Failure(**found)


def _ask_controller(branch: Branch) -> Mapping[str, Documented]:
    (documented,) = branch.ask(DOCUMENTED)
    return {
        service: {error: (status, code, message) for error, (status, code, message) in failures.items()}
        for service, failures in documented.items()
    }
