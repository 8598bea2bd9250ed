"""Sandboxes whose clock is the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.server.server import Server
from tests.sandbox.world import Start, World
from tests.scripted import Time as Clock


@pytest.fixture
def start() -> Iterator[Start]:
    """A function that starts a sandbox under a scenario; all of them are stopped at the end."""
    servers: list[Server] = []

    def started(scenario: str = "manual", *, sms_after: float | None = None, seed: int = 7) -> World:
        clock = Clock()
        carrier = Carrier(seed=seed, clock=clock)
        app = Sandbox(carrier, scenario=scenario, sms_after=sms_after)
        server = Server(app)
        server.start()
        servers.append(server)
        return World(server.url, carrier, app, clock)

    yield started
    for server in servers:
        server.stop()


@pytest.fixture
def world(start: Start) -> World:
    """A sandbox where messages come from the test."""
    return start()
