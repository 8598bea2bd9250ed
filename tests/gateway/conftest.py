"""A gateway for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_otp.gateway.app import Gateway
from pytest_otp.server.server import Server
from tests.gateway.world import Network, World


@pytest.fixture
def world() -> Iterator[World]:
    """It runs on a port of its own."""
    network, strays = Network(), list[str]()
    gateway = Gateway(network, on_stray=strays.append)
    with Server(gateway) as server:
        yield World(server.url, network, gateway, strays)
