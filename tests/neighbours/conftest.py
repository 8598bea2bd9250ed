"""Runs of pytest in the environment of the neighbours: offline, and with a provider over the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.orders.entries import OPEN
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.neighbours.beside import PYTHON, Beside


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="the short form, which CI runs: tests marked as short")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the short form."""
    if config.getoption("--short"):
        others = [item for item in items if not item.get_closest_marker("short")]
        items[:] = [item for item in items if item.get_closest_marker("short")]
        config.hook.pytest_deselected(items=others)


def pytest_sessionstart() -> None:
    """Say what to do where the packages are missing."""
    if not PYTHON.exists():
        pytest.exit("The packages of this suite are not installed; run: make neighbours", returncode=4)


@pytest.fixture
def offline(tmp_path: Path) -> Beside:
    """Runs that set nothing but that SMS arrive by themselves."""
    return Beside(tmp_path, {"PYTEST_OTP_FAKE": "auto"})


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Beside]:
    """Runs with a provider on a socket, at which nothing is open afterwards."""
    sandbox = Sandbox(Carrier(seed=1), scenario="auto")
    with Server(sandbox) as server:
        variables = {name: value for name, value in environ(server.url).items() if name != "PYTEST_OTP_GATEWAY_URL"}
        order = {"PYTEST_OTP_SERVICE": "Telegram", "PYTEST_OTP_COUNTRY": "Indonesia"}
        runs = Beside(tmp_path, {"PYTEST_OTP_PROVIDER": "otpcepat", **order, **variables})
        runs.rented = lambda: [rental.id for rental in sandbox.desk.rentals if rental.state in OPEN]
        runs.ordered = lambda: len(sandbox.desk.rentals)
        yield runs
        if (tmp_path / "state").exists():
            runs.settled()
        assert runs.rented() == []


@pytest.fixture(params=["offline", "real"])
def beside(request: pytest.FixtureRequest) -> Beside:
    """Each kind of run in turn."""
    runs: Beside = request.getfixturevalue(request.param)
    return runs
