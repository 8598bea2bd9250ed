"""Every provider on the same offline phone network, each over its own face."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import RentalDesk
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.offline.scenarios import scenario
from pytest_otp.providers.base import Order, Provider
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
