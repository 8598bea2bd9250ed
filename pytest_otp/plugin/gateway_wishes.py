"""What tests ask of the gateway: failures and content templates, also of one that xdist's controller serves.

The failures stay in the worker whose test asked for them: only it knows which numbers are its own. The controller asks
all workers before it delivers a message. Templates are told to the controller at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..gateway.app import Gateway, documented_failures
from ..gateway.failures import Failure, Failures
from ..gateway.templates import Templates

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress
    from ..offline.carrier import Carrier
    from .relay import Hub
    from .relay_worker import Branch

FAILURE = "failure"
"""The topic of the controller's question what is to go wrong with a message."""
TEMPLATE = "template"
"""The topic on which a worker tells the controller of a template."""


class EndOfTest:
    """Ends the failures that a test asked for."""

    def __init__(self, failures: Failures) -> None:
        self._failures = failures

    @pytest.hookimpl
    def pytest_runtest_logfinish(self) -> None:
        """After the last teardown of a test."""
        self._failures.end()


@contextlib.contextmanager
def ended_with_tests(address: GatewayAddress, config: pytest.Config) -> Iterator[None]:
    """While this lasts, each test's failures end with it."""
    if address.failures is None:
        yield
        return
    plugin = EndOfTest(address.failures)
    config.pluginmanager.register(plugin)
    try:
        yield
    finally:
        config.pluginmanager.unregister(plugin)
        address.failures.end()


def failures_for(carrier: Carrier) -> Failures:
    """The failures of a process whose numbers are those of a carrier."""
    return Failures(carrier.knows, documented_failures)


@contextlib.contextmanager
def told_to_controller(address: GatewayAddress, carrier: Carrier, branch: Branch) -> Iterator[GatewayAddress]:
    """In a worker: the address of the controller's gateway, with which tests can ask for more."""
    failures = failures_for(carrier)
    handler = partial(_failure_of, failures, carrier)
    branch.handle(FAILURE, handler)
    try:
        yield replace(address, failures=failures, templates=Templates(partial(branch.ask, TEMPLATE)))
    finally:
        branch.forget(handler)


def gateway_of_workers(network: Any, hub: Hub) -> Gateway:
    """In the controller: a gateway that fails as the workers' tests asked for."""
    templates = Templates()
    hub.handle(TEMPLATE, templates.add)
    return Gateway(network, failure_of=partial(_ask_workers, hub), templates=templates)


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
