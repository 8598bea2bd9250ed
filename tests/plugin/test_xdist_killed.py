"""xdist's controller is killed: its workers go on with their tests for seconds, and order nothing more."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.orders.entries import OPEN
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.plugin.runs import PATIENCE, Wire

ORDER = ("--otp-service", "Telegram", "--otp-country", "Indonesia")
GOES_ON = """
import pathlib, signal, time
import pytest

def wait_for(name):
    while not pathlib.Path(name).exists():
        time.sleep(0.01)

def test_it(otp_number):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which execnet sends after some seconds
    otp_number()
    pathlib.Path("ordered").touch()
    wait_for("killed")
    with pytest.raises(Exception) as caught:
        otp_number()
    pathlib.Path("refused").write_text(str(caught.value))
    wait_for("over")
"""


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """The sandbox as otpcepat."""
    sandbox = Sandbox(Carrier(seed=1), scenario="manual")
    with Server(sandbox) as server:
        variables = {name: value for name, value in environ(server.url).items() if name != "PYTEST_OTP_GATEWAY_URL"}
        wire = Wire(tmp_path, {"PYTEST_OTP_PROVIDER": "otpcepat", **variables})
        wire.rented = lambda: [rental.id for rental in sandbox.desk.rentals if rental.state in OPEN]
        yield wire


def appears(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"no {path.name}"
        time.sleep(0.01)


@pytest.mark.parametrize("keeper", ["on", "off"])
def test_its_workers_order_nothing_more(wire: Wire, keeper: str) -> None:
    """The next order is refused with the reason; a keeper closes what is open while the worker's test goes on."""
    wire.test(GOES_ON)
    process = wire.start("-p", "xdist", "-n1", "--otp-keeper", keeper, *ORDER)
    appears(wire.folder / "ordered")
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    (wire.folder / "killed").touch()
    appears(wire.folder / "refused")
    assert "the xdist controller has died, so its workers order nothing more" in (wire.folder / "refused").read_text()
    if keeper == "on":
        assert [entry.reason for entry in wire.settled()] == ["by its keeper, after its run"]
        assert wire.rented() == []
    (wire.folder / "over").touch()
    assert len(wire.settled()) == 1
    process.communicate(timeout=PATIENCE)
