"""The test process's end of the pipes when the keeper dies, is suspended, or answers too late."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from pytest_otp.errors import (
    OrderUncertain,
)
from pytest_otp.keeper.client import STAYS, Keeper
from pytest_otp.keeper.pipes import KeeperNotResponding
from pytest_otp.orders.ledger import Ledger
from tests.keeper.asking import NOTHING_ORDERED, UNAVAILABLE, closing, entry, failure, order, ordering
from tests.keeper.conftest import Started
from tests.keeper.loopback import Cepat, killed, pid_of, runs, stop
from tests.orders.processes import LONG, until


class TestDeath:
    """The keeper dies before its owner."""

    def test_another_takes_over(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """Open orders stay open for their tests, new ones can be placed, and the successor closes them all."""
        keeper = start()
        order(keeper, cepat, "a")
        first = pid_of(keeper)
        killed(keeper)
        assert keeper.usable
        assert pid_of(keeper) != first
        assert order(keeper, cepat, "b").id == "2"
        assert cepat.open == ["1", "2"]
        assert entry(ledger, "a").intent.keeper == entry(ledger, "b").intent.keeper
        assert closing(keeper, "a").result(LONG)["state"] == "cancelled"
        keeper.end()
        until(lambda: not cepat.open)
        assert cepat.asked("get_order") == 2

    def test_an_order_whose_answer_did_not_come(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """Nobody knows whether it is rented, which its test and the ledger say."""
        keeper = start()
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "a")
        until(lambda: cepat.status)
        os.kill(pid_of(keeper), signal.SIGKILL)
        error = failure(answer)
        assert isinstance(error, OrderUncertain)
        assert error.message == "the keeper process died before the provider responded"
        until(lambda: entry(ledger, "a").state == "uncertain")

    def test_before_it_is_ready(self, start: Started, cepat: Cepat) -> None:
        """What it was asked for was certainly not sent: its successor does it."""
        keeper = start(first="import time; time.sleep(600)")
        answer = ordering(keeper, cepat, "a")
        os.kill(pid_of(keeper), signal.SIGKILL)
        assert answer.result(LONG)["result"].id == "1"
        assert cepat.asked("get_order") == 1

    def test_before_it_is_ready_and_given_up(self, start: Started, cepat: Cepat) -> None:
        """What nobody waits for any more is not sent."""
        keeper = start(first="import time; time.sleep(600)")
        given_up, wanted = ordering(keeper, cepat, "a"), ordering(keeper, cepat, "b")
        assert given_up.cancel()
        os.kill(pid_of(keeper), signal.SIGKILL)
        assert wanted.result(LONG)["result"].id == "1"
        assert cepat.asked("get_order") == 1

    def test_a_close_that_was_not_answered(self, start: Started, cepat: Cepat) -> None:
        """The successor is asked again."""
        keeper = start()
        order(keeper, cepat, "a")
        stop(pid_of(keeper))
        answer = closing(keeper, "a")
        os.kill(pid_of(keeper), signal.SIGKILL)
        assert answer.result(LONG)["state"] == "cancelled"
        assert not cepat.open

    def test_an_order_that_was_given_up_meanwhile(self, start: Started, cepat: Cepat) -> None:
        """A question that nobody waits for any more keeps no other from its answer."""
        keeper = start()
        order(keeper, cepat, "a")
        cepat.answering.clear()
        given_up = ordering(keeper, cepat, "b")
        until(lambda: len(cepat.status) == 2)
        assert given_up.cancel()
        stop(pid_of(keeper))
        answer = closing(keeper, "a")
        os.kill(pid_of(keeper), signal.SIGKILL)
        assert answer.result(LONG)["state"] == "cancelled"

    def test_again_and_again(self, start: Started, cepat: Cepat) -> None:
        """After the last of them no order is placed, and each request gets the reason."""
        keeper = start(max_starts=2)
        order(keeper, cepat, "a")
        killed(keeper)
        assert keeper.usable
        stop(pid_of(keeper))
        close = closing(keeper, "a")
        os.kill(pid_of(keeper), signal.SIGKILL)
        lost = failure(close)
        assert str(lost) == f"{UNAVAILABLE} (it died 2 times). {STAYS}"
        assert not keeper.usable
        errors = [failure(ordering(keeper, cepat, key)) for key in "bc"]
        assert [str(error) for error in errors] == [f"{UNAVAILABLE} (it died 2 times). {NOTHING_ORDERED}"] * 2
        assert errors[0] is not errors[1]
        assert cepat.asked("get_order") == 1

    def test_its_successor_cannot_be_started(
        self, start: Started, cepat: Cepat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Then there is none, which is said."""
        keeper = start()
        order(keeper, cepat, "a")
        monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
        killed(keeper)
        assert not keeper.usable
        error = failure(ordering(keeper, cepat, "b"))
        assert str(error).startswith(f"{UNAVAILABLE} ([Errno 2] No such file or directory: ")

    def test_nothing_of_it_is_left(self, start: Started, cepat: Cepat) -> None:
        """No file stays open after one that died: that would be a warning in somebody's test."""
        keeper = start()
        order(keeper, cepat, "a")
        files = len(os.listdir("/proc/self/fd"))
        killed(keeper)
        until(lambda: len(os.listdir("/proc/self/fd")) <= files)


def fill(keeper: Keeper) -> None:
    """Stop the keeper, and fill its pipe."""
    stop(pid_of(keeper))
    side = keeper.side
    assert side
    side.write_timeout = 0.1
    with contextlib.suppress(KeeperNotResponding):
        for _ in range(1_000_000):
            side.write(b'{"op": "ping"}\n')
        raise AssertionError("a pipe without end")


def resume(keeper: Keeper) -> None:
    """Let it go on, with all the time that it needs to empty its pipe."""
    assert keeper.side
    keeper.side.write_timeout = LONG
    os.kill(pid_of(keeper), signal.SIGCONT)


class TestStopped:
    """It takes nothing in, and does not die."""

    @pytest.fixture
    def stopped(self, start: Started, cepat: Cepat) -> Keeper:
        """One whose pipe is full."""
        keeper = start()
        order(keeper, cepat, "a")
        fill(keeper)
        return keeper

    def test_ordering(self, stopped: Keeper, cepat: Cepat, ledger: Ledger) -> None:
        """It is killed, and its successor orders."""
        assert order(stopped, cepat, "b").id == "2"
        assert {entry.intent.key: entry.state for entry in ledger.entries()} == {"a": "waiting", "b": "waiting"}

    def test_an_account_that_it_was_not_told_of(self, stopped: Keeper, cepat: Cepat) -> None:
        """Each order goes to its own account."""
        with Cepat() as other:
            order(stopped, other, "b")
            order(stopped, cepat, "c")
            assert (len(cepat.status), len(other.status)) == (2, 1)
            stopped.end()
            until(lambda: not other.open)

    def test_the_run_ends_meanwhile(self, stopped: Keeper, cepat: Cepat) -> None:
        """Its successor closes what is open."""
        pid = pid_of(stopped)
        stopped.end()
        until(lambda: not cepat.open and not runs(pid))

    def test_while_an_order_is_on_its_way(self, start: Started, cepat: Cepat) -> None:
        """Only it can receive the order's ID: it is left alone, and what it does not take in is refused."""
        keeper = start()
        order(keeper, cepat, "a")
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "b")
        until(lambda: len(cepat.status) == 2)
        fill(keeper)
        assert isinstance(failure(closing(keeper, "a")), KeeperNotResponding)
        with pytest.raises(KeeperNotResponding):
            keeper.use("otpcepat", {**cepat.values, "OTPCEPAT_USER_AGENT": "another"}, ())
        cepat.answering.set()
        resume(keeper)
        assert answer.result(LONG)["result"].id == "2"


class TestGivenUp:
    """Nobody waits for an order's answer any more."""

    def test_its_answer_comes_late(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """It is closed as soon as it is there, while the run goes on."""
        keeper = start()
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "a")
        until(lambda: cepat.status)
        assert answer.cancel()
        cepat.answering.set()
        until(lambda: not cepat.open and entry(ledger, "a").state == "cancelled")

    def test_its_answer_comes_just_then(self, start: Started, cepat: Cepat) -> None:
        """Either it is given up and closed, or it is there: nothing in between."""
        keeper = start()
        for nth in range(10):
            answer = ordering(keeper, cepat, str(nth))
            until(lambda nth=nth: len(cepat.status) > nth)  # type: ignore[misc]
            if answer.cancel():
                until(lambda: not cepat.open)
            else:
                assert answer.result(LONG)["result"].id == str(nth + 1)
                assert closing(keeper, str(nth)).result(LONG)["state"] == "cancelled"
