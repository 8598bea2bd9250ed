"""A keeper that is frozen is found out, killed and succeeded, unless an order's answer is on its way to it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pytest_otp.errors import OrderUncertain
from pytest_otp.keeper.client import Keeper
from pytest_otp.keeper.pipes import SideProcess
from pytest_otp.keeper.watch import Silence, Verdict
from pytest_otp.orders.ledger import Ledger
from tests.keeper.asking import NOTHING_ORDERED, UNAVAILABLE, closing, entry, failure, order, ordering
from tests.keeper.conftest import Started
from tests.keeper.loopback import Cepat, pid_of, runs, stop
from tests.orders.processes import LONG, until
from tests.scripted import Time


class TestSilence:
    """How silence is judged, by this process's own time."""

    @pytest.fixture
    def now(self) -> Time:
        return Time()

    @pytest.fixture
    def look(self, now: Time) -> Callable[..., Verdict]:
        """A look after some seconds."""
        silence = Silence(clock=now)
        self.silence = silence

        def looked(seconds: float = 1.0, *, ready: bool = True) -> Verdict:
            now.sleep(seconds)
            return silence.judge(ready=ready)

        return looked

    def test_a_frozen_one_is_found_out_within_ten_seconds(self, look: Callable[..., Verdict], now: Time) -> None:
        """It is asked once; without an answer it is frozen."""
        verdicts = [look() for _ in range(9)]
        assert verdicts.index(Verdict.ASK) == 1
        assert verdicts.count(Verdict.ASK) == 1
        assert verdicts[-1] is Verdict.FROZEN or verdicts[-2] is Verdict.FROZEN
        assert now.elapsed <= 10.0

    def test_one_that_answers_is_asked_again_later(self, look: Callable[..., Verdict]) -> None:
        """Whatever it says, it is there."""
        for _ in range(20):
            assert [look(), look()] == [Verdict.WAIT, Verdict.ASK]
            self.silence.heard()

    def test_after_a_gap_it_is_asked_anew(self, look: Callable[..., Verdict]) -> None:
        """This process was suspended itself: the silence of that time says nothing."""
        assert [look(), look()] == [Verdict.WAIT, Verdict.ASK]
        assert look(3600.0) is Verdict.WAIT
        assert [look(), look()] == [Verdict.WAIT, Verdict.ASK]

    def test_one_that_is_starting_has_longer(self, look: Callable[..., Verdict]) -> None:
        """Python may take its time on a machine that is busy."""
        verdicts = [look(ready=False) for _ in range(40)]
        assert verdicts.index(Verdict.FROZEN) > 30


class Unkillable(SideProcess):
    """As a process that waits for a disk that is gone."""

    def kill(self) -> None:
        """Do nothing."""


class TestFrozen:
    """A real side process is stopped; the time that passes is the test's."""

    @pytest.fixture
    def now(self) -> Time:
        return Time()

    @pytest.fixture
    def frozen(self, start: Started, cepat: Cepat, now: Time) -> Keeper:
        """It holds an order."""
        keeper = start(silence=Silence(look=0.001, clock=now))
        order(keeper, cepat, "a")
        stop(pid_of(keeper))
        return keeper

    def pass_until(self, now: Time, condition: Callable[[], object]) -> None:
        """Let time pass, as long as it takes."""

        def passes() -> object:
            now.sleep(0.1)
            return condition()

        until(passes)

    def test_the_next_order_is_its_successors(self, frozen: Keeper, cepat: Cepat, now: Time, ledger: Ledger) -> None:
        """It is killed before it was told of the order, so nothing is uncertain, and the open order is taken over."""
        first = pid_of(frozen)
        answer = ordering(frozen, cepat, "b")
        self.pass_until(now, lambda: not runs(first))
        assert answer.result(LONG)["result"].id == "2"
        assert cepat.asked("get_order") == 2
        assert entry(ledger, "a").intent.keeper == entry(ledger, "b").intent.keeper

    def test_a_close(self, frozen: Keeper, cepat: Cepat, now: Time) -> None:
        """A teardown does not wait for it in vain."""
        first = pid_of(frozen)
        answer = closing(frozen, "a")
        self.pass_until(now, lambda: not runs(first))
        assert answer.result(LONG)["state"] == "cancelled"
        assert not cepat.open

    def test_the_run_ends(self, frozen: Keeper, cepat: Cepat, now: Time) -> None:
        """Nothing else is asked of it: its successor closes what is open."""
        first = pid_of(frozen)
        ending = threading.Thread(target=frozen.end)
        ending.start()
        self.pass_until(now, lambda: not runs(first))
        ending.join(LONG)
        until(lambda: not cepat.open)

    def test_an_answer_is_on_its_way(self, start: Started, cepat: Cepat, now: Time, ledger: Ledger) -> None:
        """Only it can receive the ID: it is left alone until the order is given up, and then killed."""
        keeper = start(silence=Silence(look=0.001, clock=now))
        order(keeper, cepat, "a")
        cepat.answering.clear()
        due = ordering(keeper, cepat, "b")
        until(lambda: len(cepat.status) == 2)
        first = pid_of(keeper)
        stop(first)
        close = closing(keeper, "a")
        minute = now.elapsed + 60.0
        self.pass_until(now, lambda: now.elapsed > minute)
        assert runs(first)
        assert not close.done()
        assert due.cancel()
        self.pass_until(now, lambda: not runs(first))
        assert close.result(LONG)["state"] == "cancelled"
        until(lambda: entry(ledger, "b").state == "uncertain")
        cepat.answering.set()

    def test_it_cannot_be_killed(self, start: Started, cepat: Cepat, now: Time) -> None:
        """Then each request fails at once, and says why."""
        keeper = start(silence=Silence(look=0.001, clock=now), kind=Unkillable)
        order(keeper, cepat, "a")
        stop(pid_of(keeper))
        answer = ordering(keeper, cepat, "b")
        self.pass_until(now, answer.done)
        why = f"{UNAVAILABLE} (it is frozen, and cannot be killed). {NOTHING_ORDERED}"
        assert str(failure(answer)) == str(failure(ordering(keeper, cepat, "c"))) == why
        assert not isinstance(failure(answer), OrderUncertain)
        assert cepat.asked("get_order") == 1
