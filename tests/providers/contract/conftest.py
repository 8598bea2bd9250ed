"""Every provider on the same offline phone network, each over its own face."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_otp.errors import InvalidRequest, ProviderUnavailable
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import RentalDesk
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.offline.scenarios import scenario
from pytest_otp.providers.base import Messages, Order, OrderState, Provider
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.registry import credentials, load
from pytest_otp.sandbox import app as sandbox
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.server.server import Server
from tests.scripted import Time as Clock


@dataclass(frozen=True)
class World:
    """One provider, and the phone network behind it."""

    provider: Provider
    carrier: Carrier
    clock: Clock
    service: str
    country: str
    region: str

    def order(self) -> Order:
        return self.provider.order(self.service, self.country, None)

    def deliver(self, order: Order, text: str) -> None:
        self.carrier.deliver("+" + order.number, text, sender="Acme")

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds


ORDERS = {"fake": ("Acme", "TJ", "TJ"), "otpcepat": ("3", "143", "TJ"), "otpvirt": ("vi", "tajikistan", "TJ")}
"""Service, country and its region, in each provider's own ids."""

Start = Callable[..., World]


class Troubled:
    """Stands before a provider: a call may be refused, or its request or its response lost."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._troubles: dict[str, list[str]] = {}
        self.calls: list[str] = []
        """The calls so far, of those that can be in trouble."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        if name not in ("messages", "cancel", "finish", "balance"):
            return found

        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            trouble = self._troubles[name].pop(0) if self._troubles.get(name) else ""
            if trouble == "refused":
                raise InvalidRequest("the provider responded with error 3", provider=self._provider.name)
            if trouble == "over":
                return Messages(OrderState.ENDED, ())
            if trouble == "request lost":
                raise ProviderUnavailable("the connection was reset", provider=self._provider.name)
            result = found(*arguments)
            if trouble == "response lost":
                raise ProviderUnavailable("the connection was reset", provider=self._provider.name)
            return result

        return call

    def script(self, call: str, *troubles: str) -> None:
        """What happens to the next calls."""
        self._troubles.setdefault(call, []).extend(troubles)

    def recover(self, call: str) -> None:
        """Nothing happens to it any more."""
        self._troubles.pop(call)


@pytest.fixture(params=ORDERS)
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Builds the provider under a scenario: `manual` unless told otherwise."""
    name: str = request.param
    with contextlib.ExitStack() as stack:

        def build(course: str = "manual") -> World:
            clock = Clock()
            carrier = Carrier(seed=7, clock=clock)
            provider: Any
            if name == "fake":
                provider = FakeProvider(RentalDesk(carrier, scenario=scenario(course)))
            else:
                server = stack.enter_context(Server(Sandbox(carrier, scenario=course)))
                http = HttpClient(name, sleep=lambda seconds: None)
                stack.callback(http.close)
                kind: Any = load(name)
                provider = kind(credentials(name, sandbox.environ(server.url), {}), http)
            return World(provider, carrier, clock, *ORDERS[name])

        yield build


@pytest.fixture
def world(start: Start) -> World:
    """The provider with nothing going wrong."""
    return start()
