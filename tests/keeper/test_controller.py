"""The process whose run an xdist worker belongs to is killed: nothing more is ordered, and all is closed at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.errors import OtpError
from pytest_otp.keeper.client import Keeper
from pytest_otp.keeper.controller import Controller
from pytest_otp.orders.entries import NO_BUDGET
from pytest_otp.orders.ledger import Ledger
from tests.keeper.asking import failure, order, ordering
from tests.keeper.loopback import Cepat, pid_of, runs
from tests.orders.processes import LONG, until

DIED = "the xdist controller has died, so its workers order nothing more"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, for as long as it is let."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def keeper(ledger_path: Path, process: subprocess.Popen[bytes]) -> Iterator[Keeper]:
    """The keeper of a worker of that process."""
    keeper = Keeper(ledger_path, "a-run", NO_BUDGET, controller=process.pid)
    yield keeper
    keeper.end()
    until(lambda: not runs(pid_of(keeper)))


def test_a_process_that_has_ended(process: subprocess.Popen[bytes]) -> None:
    """Its end is seen before anybody has asked for its exit status, and by those who wait for it."""
    controller = Controller(process.pid)
    controller.check()
    assert not controller.has_died
    process.kill()
    controller.wait()
    assert controller.has_died
    with pytest.raises(OtpError, match=DIED):
        controller.check()


def test_where_the_system_does_not_announce_it(
    process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On other systems than Linux the process is looked for now and then."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    controller = Controller(process.pid, poll_interval=0.001)
    assert not controller.has_died
    process.kill()
    process.wait(LONG)
    controller.wait()
    assert controller.has_died


def test_a_process_that_had_ended_before(process: subprocess.Popen[bytes]) -> None:
    """There is nothing to wait for."""
    process.kill()
    process.wait(LONG)
    controller = Controller(process.pid)
    controller.wait()
    assert controller.has_died


def test_it_is_killed(keeper: Keeper, process: subprocess.Popen[bytes], cepat: Cepat, ledger: Ledger) -> None:
    """The keeper closes what is open though its owner lives, refuses the next order, and gets no successor."""
    order(keeper, cepat, "a")
    side = keeper.side
    process.kill()
    until(lambda: not cepat.open)
    assert failure(ordering(keeper, cepat, "b")).message == DIED
    until(lambda: not runs(pid_of(keeper)))
    assert keeper.side is side
    assert failure(ordering(keeper, cepat, "c")).message == DIED
    assert cepat.asked("get_order") == 1
    assert [entry.reason for entry in ledger.entries()] == ["by its keeper, after its run"]


def test_it_is_killed_while_an_order_is_on_its_way(
    keeper: Keeper, process: subprocess.Popen[bytes], cepat: Cepat
) -> None:
    """The answer is waited for, and the order closed."""
    cepat.answering.clear()
    answer = ordering(keeper, cepat, "a")
    until(lambda: cepat.status)
    process.kill()
    until(lambda: not keeper.usable)
    cepat.answering.set()
    until(lambda: not cepat.open)
    assert answer.exception(LONG) is None


def test_an_order_right_after_its_end(process: subprocess.Popen[bytes], ledger_path: Path, cepat: Cepat) -> None:
    """A keeper that is started too late orders nothing at all."""
    process.kill()
    keeper = Keeper(ledger_path, "a-run", NO_BUDGET, controller=process.pid)
    assert failure(ordering(keeper, cepat, "a")).message == DIED
    assert cepat.log == []
    keeper.end()


def test_it_ends_after_its_worker(keeper: Keeper, process: subprocess.Popen[bytes], cepat: Cepat) -> None:
    """As a run ends that is not killed: the keeper is told by its owner, and works until all is closed."""
    order(keeper, cepat, "a")
    refuse = [True]
    cepat.refuse = lambda order: refuse[0]
    keeper.end()
    until(lambda: cepat.asked("set_status"))
    process.kill()
    process.wait(LONG)
    assert runs(pid_of(keeper))
    refuse[0] = False
    until(lambda: not cepat.open)
