"""The test process's end: what becomes of orders whatever befalls the keeper, or this process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import (
    BudgetExceeded,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
)
from pytest_otp.keeper import client as client_module
from pytest_otp.keeper import pipes as side_module
from pytest_otp.keeper.client import MOST_KEEPERS, Keeper
from pytest_otp.keeper.pipes import Side, Stuck
from pytest_otp.keeper.wire import Message
from pytest_otp.orders.entries import Budget, Entry
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import is_alive
from pytest_otp.redact import Secret
from tests.keeper.conftest import Started
from tests.keeper.loopback import LONG, Cepat, killed, owner, pid_of, runs, stop, until

NOTHING_ORDERED = "Nothing was ordered. --otp-keeper off (PYTEST_OTP_KEEPER) orders without it."
GUARD = "the keeper, which guards orders against a killed run, is not there"


def ordering(keeper: Keeper, cepat: Cepat, key: str, **changes: Any) -> Future[Message]:
    """Ask for an order."""
    number = keeper.use("otpcepat", {**cepat.values, **changes}, ())
    return keeper.ask({"op": "order", "provider": number, "key": key, "service": "1", "country": "6", "operator": None})


def order(keeper: Keeper, cepat: Cepat, key: str, **changes: Any) -> Mapping[str, Any]:
    """Ask for an order, and get it."""
    placed: Mapping[str, Any] = ordering(keeper, cepat, key, **changes).result(LONG)["order"]
    return placed


def closing(keeper: Keeper, key: str) -> Future[Message]:
    """Ask for a close."""
    return keeper.ask({"op": "close", "key": key, "received": False})


def failure(answer: Future[Message]) -> OtpError:
    """What came instead of an answer."""
    error = answer.exception(LONG)
    assert isinstance(error, OtpError)
    return error


def entry(ledger: Ledger, key: str) -> Entry:
    return next(entry for entry in ledger.entries() if entry.intent.key == key)


class TestTalk:
    """All is well."""

    def test_order_and_close(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """Orders are placed by the side process, written down for this one, and closed when that is asked."""
        keeper = start()
        placed = order(keeper, cepat, "a")
        written = entry(ledger, "a")
        assert placed["id"] == written.order_id == "1"
        assert (written.intent.run, written.intent.owner) == ("a-run", keeper.owner)
        assert is_alive(ledger.locks, keeper.owner)
        assert closing(keeper, "a").result(LONG)["state"] == "cancelled"
        assert not cepat.open

    def test_a_close_that_happens_later(self, start: Started, cepat: Cepat) -> None:
        """An answer that came in two parts leaves a keeper that goes on working."""
        keeper = start()
        order(keeper, cepat, "a")
        refusals = ["once"]
        cepat.refuse = lambda order: bool(refusals and refusals.pop())
        assert "later" in closing(keeper, "a").result(LONG)
        until(lambda: not cepat.open)
        assert order(keeper, cepat, "b")["id"] == "2"
        assert keeper.usable

    def test_an_answer_to_no_question(self, start: Started, cepat: Cepat) -> None:
        """What is answered twice, or was never asked, is passed over."""
        keeper = start()
        keeper._heard({"id": 4711, "state": "cancelled"})
        keeper._heard({"id": 4711, "error": {"class": "OtpError", "state": {"message": "no"}}})
        assert order(keeper, cepat, "a")["id"] == "1"

    def test_a_refusal(self, start: Started, cepat: Cepat) -> None:
        """What the provider says reaches this process as one of its errors."""
        keeper = start()
        error = failure(ordering(keeper, cepat, "a", API_KEY_OTPCEPAT=Secret("an-invented-wrong-key")))
        assert type(error).__name__ == "AuthenticationError"

    def test_the_budget(self, start: Started, cepat: Cepat) -> None:
        """The run's budget holds."""
        keeper = start(Budget(orders=1))
        order(keeper, cepat, "a")
        assert isinstance(failure(ordering(keeper, cepat, "b")), BudgetExceeded)
        assert len(cepat.status) == 1

    def test_two_accounts(self, start: Started, cepat: Cepat) -> None:
        """Each order goes to the account that it was asked for; one that is told of twice is one."""
        keeper = start()
        with Cepat() as other:
            order(keeper, cepat, "a")
            order(keeper, other, "b")
            assert keeper.use("otpcepat", cepat.values, ()) == 0
            assert keeper.use("otpcepat", other.values, ()) == 1
            assert (len(cepat.status), len(other.status)) == (1, 1)
            keeper.end()
            until(lambda: not cepat.open + other.open)

    def test_many_threads(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """Each gets its own answer."""
        keeper = start()
        answers = {key: ordering(keeper, cepat, key) for key in map(str, range(40))}
        placed = {key: answer.result(LONG)["order"]["id"] for key, answer in answers.items()}
        assert placed == {entry.intent.key: entry.order_id for entry in ledger.entries()}
        assert len(set(placed.values())) == 40
        keeper.end()
        until(lambda: not cepat.open)


class TestEnd:
    """The run is over."""

    def test_it_closes_what_is_open(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """An order that got an SMS is finished, any other cancelled; then nothing of the keeper is left."""
        keeper = start()
        order(keeper, cepat, "a")
        order(keeper, cepat, "b")
        cepat.receive("1")
        pid = pid_of(keeper)
        keeper.end()
        until(lambda: not runs(pid))
        assert cepat.status == {"1": "Done", "2": "Cancel"}
        assert {entry.state for entry in ledger.entries()} == {"finished", "cancelled"}
        assert not any(is_alive(ledger.locks, name.name) for name in ledger.locks.iterdir() if name.name != "opening")

    def test_orders_afterwards(self, start: Started, cepat: Cepat) -> None:
        """None is placed; ending twice is ending once."""
        keeper = start()
        keeper.end()
        keeper.end()
        assert not keeper.usable
        error = failure(ordering(keeper, cepat, "a"))
        assert str(error) == f"{GUARD} (its run has ended). {NOTHING_ORDERED}"
        keeper.tell({"op": "heard", "key": "a", "state": "received"})
        assert not cepat.log

    def test_an_order_on_its_way(self, start: Started, cepat: Cepat) -> None:
        """Its answer still comes, and it is closed."""
        keeper = start()
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "a")
        until(lambda: cepat.status)
        pid = pid_of(keeper)
        keeper.end()
        time.sleep(0.1)
        assert not answer.done()
        assert runs(pid)
        cepat.answering.set()
        assert answer.result(LONG)["order"]["id"] == "1"
        until(lambda: not cepat.open and not runs(pid))

    def test_an_order_on_its_way_and_a_keeper_that_dies(self, start: Started, cepat: Cepat) -> None:
        """Whoever waits for the answer is told, instead of waiting on."""
        keeper = start()
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "a")
        until(lambda: cepat.status)
        pid = pid_of(keeper)
        keeper.end()
        os.kill(pid, signal.SIGKILL)
        assert isinstance(failure(answer), OrderUncertain)

    def test_it_died_just_before(self, start: Started, cepat: Cepat) -> None:
        """The death that nobody has noticed so far is noticed now: another closes what is open."""
        keeper = start()
        order(keeper, cepat, "a")
        side = keeper._side
        assert side
        with keeper._lock:  # so that whoever reads from it cannot be the first to notice
            os.kill(pid_of(keeper), signal.SIGKILL)
            until(lambda: side.dead)
            keeper.end()
            assert keeper._side is not side
        until(lambda: not cepat.open)

    def test_it_dies_just_afterwards(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """As long as this process is there, another takes over what it has not closed, and ends then."""
        keeper = start()
        order(keeper, cepat, "a")
        cepat.refuse = lambda order: True
        keeper.end()
        until(lambda: cepat.asked("set_status"))
        first = pid_of(keeper)
        os.kill(first, signal.SIGKILL)
        until(lambda: pid_of(keeper) != first)
        cepat.refuse = lambda order: False
        until(lambda: not cepat.open and not runs(pid_of(keeper)))
        assert entry(ledger, "a").state == "cancelled"
        assert keeper._started == 2


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
        assert order(keeper, cepat, "b")["id"] == "2"
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
        assert error.message == "the keeper died before the order's answer came"
        until(lambda: entry(ledger, "a").state == "uncertain")

    def test_before_it_is_ready(self, start: Started, cepat: Cepat) -> None:
        """What it was asked for was certainly not sent: its successor does it."""
        keeper = start()
        stop(pid_of(keeper))
        answer = ordering(keeper, cepat, "a")
        os.kill(pid_of(keeper), signal.SIGKILL)
        assert answer.result(LONG)["order"]["id"] == "1"
        assert cepat.asked("get_order") == 1

    def test_before_it_is_ready_and_given_up(self, start: Started, cepat: Cepat) -> None:
        """What nobody waits for any more is not sent."""
        keeper = start()
        stop(pid_of(keeper))
        given_up, wanted = ordering(keeper, cepat, "a"), ordering(keeper, cepat, "b")
        assert given_up.cancel()
        os.kill(pid_of(keeper), signal.SIGKILL)
        assert wanted.result(LONG)["order"]["id"] == "1"
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
        """After the last of them no order is placed, and each who asks is told why."""
        keeper = start()
        order(keeper, cepat, "a")
        for _ in range(MOST_KEEPERS - 1):
            killed(keeper)
        assert keeper.usable
        stop(pid_of(keeper))
        close = closing(keeper, "a")
        os.kill(pid_of(keeper), signal.SIGKILL)
        lost = failure(close)
        assert isinstance(lost, ProviderUnavailable)
        assert (lost.message, lost.sent) == (f"{GUARD} (it died 5 times)", False)
        assert not keeper.usable
        errors = [failure(ordering(keeper, cepat, key)) for key in "bc"]
        assert [str(error) for error in errors] == [f"{GUARD} (it died 5 times). {NOTHING_ORDERED}"] * 2
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
        assert str(error).startswith(f"{GUARD} ([Errno 2] No such file or directory: ")

    def test_nothing_of_it_is_left(self, start: Started, cepat: Cepat) -> None:
        """No file stays open after one that died: that would be a warning in somebody's test."""
        keeper = start()
        order(keeper, cepat, "a")
        files = len(os.listdir("/proc/self/fd"))
        killed(keeper)
        until(lambda: len(os.listdir("/proc/self/fd")) <= files)


class TestNoStart:
    """It cannot be started."""

    def test_no_python(self, start: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The error names what is missing, and how to go on without a keeper; no sign of life is left."""
        monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
        with pytest.raises(OtpError) as caught:
            start()
        assert str(caught.value) == (
            f"{GUARD} ([Errno 2] No such file or directory: '{tmp_path / 'missing'}'). {NOTHING_ORDERED}"
        )
        assert not list((tmp_path / "ledger.sqlite3.locks").iterdir())

    def test_no_package(self, start: Started, cepat: Cepat, monkeypatch: pytest.MonkeyPatch) -> None:
        """A Python that does not find our package says so."""
        monkeypatch.setattr(side_module, "_BOOTSTRAP", side_module._BOOTSTRAP.replace("keeper.process", "no_such"))
        error = failure(ordering(start(), cepat, "a"))
        assert str(error) == "the keeper cannot start: ModuleNotFoundError: No module named 'pytest_otp.no_such'"
        assert not cepat.log

    def test_it_ends_at_once(self, start: Started, cepat: Cepat, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that says nothing at all is started again a few times, and is no keeper then."""
        monkeypatch.setattr(side_module, "_BOOTSTRAP", "raise SystemExit")
        error = failure(ordering(start(), cepat, "a"))
        assert str(error) == f"{GUARD} (it died 5 times). {NOTHING_ORDERED}"

    def test_it_ends_before_we_know_of_it(self, start: Started, cepat: Cepat, monkeypatch: pytest.MonkeyPatch) -> None:
        """An end that comes even before the start has returned is not missed."""

        class Slow(Side):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                until(lambda: self.dead)
                time.sleep(0.05)

        monkeypatch.setattr(client_module, "Side", Slow)
        monkeypatch.setattr(client_module, "MOST_KEEPERS", 1)
        monkeypatch.setattr(side_module, "_BOOTSTRAP", "raise SystemExit")
        error = failure(ordering(start(), cepat, "a"))
        assert str(error) == f"{GUARD} (it died 1 times). {NOTHING_ORDERED}"

    @pytest.mark.parametrize("ruin", ["no folder", "no database"])
    def test_no_ledger(self, start: Started, cepat: Cepat, tmp_path: Path, ruin: str) -> None:
        """An unusable ledger is named, with the option and the variable, before anything is ordered."""
        path = tmp_path / "ruined" / "ledger.sqlite3"
        if ruin == "no folder":
            path.parent.write_text("a file")
        else:
            path.parent.mkdir()
            path.write_text("this is no database" * 100)
        with pytest.raises(SettingsError, match=rf"^--otp-ledger \(PYTEST_OTP_LEDGER\): {re.escape(str(path))} cannot"):
            raise failure(ordering(start(path=path), cepat, "a"))
        assert not cepat.log

    def test_why_not_is_said_once(self, start: Started, cepat: Cepat, ledger_path: Path) -> None:
        """One that has said why it cannot work is not started again; each order is told why."""
        ledger_path.write_text("this is no database" * 100)
        keeper = start()
        errors = [failure(ordering(keeper, cepat, key)) for key in "ab"]
        assert all(isinstance(error, SettingsError) for error in errors)
        assert keeper._started == 1

    def test_a_provider_that_cannot_be_built_there(self, start: Started, cepat: Cepat) -> None:
        """It is said when it is ordered from, and other providers work."""
        keeper = start()
        number = keeper.use("nobody", {}, ())
        ask = {"op": "order", "provider": number, "key": "a", "service": "1", "country": "6", "operator": None}
        for _ in range(2):
            error = failure(keeper.ask(ask))
            assert isinstance(error, SettingsError)
            assert "unknown provider 'nobody'" in str(error)
        assert order(keeper, cepat, "b")["id"] == "1"


class TestStopped:
    """It takes nothing in, and does not die."""

    @pytest.fixture
    def stopped(self, start: Started, cepat: Cepat, monkeypatch: pytest.MonkeyPatch) -> Keeper:
        """One whose pipe is full."""
        monkeypatch.setattr(side_module, "WRITE_TIMEOUT", 0.1)
        keeper = start()
        order(keeper, cepat, "a")
        stop(pid_of(keeper))
        side = keeper._side
        assert side
        with contextlib.suppress(Stuck):
            for _ in range(1_000_000):
                side.write(b'{"op": "heard", "key": "x"}\n')
            raise AssertionError("a pipe without end")
        return keeper

    @pytest.fixture
    def resume(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
        """Lets it go on, with all the time that it needs to empty its pipe."""

        def resumed(pid: int) -> None:
            monkeypatch.setattr(side_module, "WRITE_TIMEOUT", LONG)
            os.kill(pid, signal.SIGCONT)

        return resumed

    def test_ordering(self, stopped: Keeper, resume: Callable[[int], None], cepat: Cepat, ledger: Ledger) -> None:
        """It is refused within bounds; when the keeper goes on, it orders nothing of it, and works again."""
        start = time.monotonic()
        assert isinstance(failure(ordering(stopped, cepat, "b")), Stuck)
        stopped.tell({"op": "heard", "key": "a", "state": "received"})
        assert time.monotonic() - start < LONG / 2
        resume(pid_of(stopped))
        until(lambda: order(stopped, cepat, "c")["id"] == "2")
        assert [entry.intent.key for entry in ledger.entries()] == ["a", "c"]

    def test_an_account_that_it_was_not_told_of(
        self, stopped: Keeper, resume: Callable[[int], None], cepat: Cepat
    ) -> None:
        """Each order goes to its own account afterwards."""
        with Cepat() as other:
            with pytest.raises(Stuck):
                ordering(stopped, other, "b")
            resume(pid_of(stopped))
            order(stopped, cepat, "c")
            order(stopped, other, "d")
            assert (len(cepat.status), len(other.status)) == (2, 1)
            stopped.end()
            until(lambda: not other.open)

    def test_the_run_ends_meanwhile(self, stopped: Keeper, resume: Callable[[int], None], cepat: Cepat) -> None:
        """When it goes on, it closes what is open."""
        pid = pid_of(stopped)
        stopped.end()
        assert cepat.open
        resume(pid)
        until(lambda: not cepat.open and not runs(pid))


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
        for nth in range(20):
            answer = ordering(keeper, cepat, str(nth))
            until(lambda nth=nth: len(cepat.status) > nth)  # type: ignore[misc]
            if answer.cancel():
                until(lambda: not cepat.open)
            else:
                assert answer.result(LONG)["order"]["id"] == str(nth + 1)
                assert closing(keeper, str(nth)).result(LONG)["state"] == "cancelled"


def pipes(pid: int) -> set[str]:
    """The pipes that a process has open, by the system's names."""
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found.add(os.readlink(path))
    return {link for link in found if link.startswith("pipe:")}


class TestOwner:
    """This process itself: it ends in one way or another, with an order open."""

    def test_killed(self, cepat: Cepat, tmp_path: Path, ledger: Ledger) -> None:
        """Its orders are closed at once, and its keeper ends."""
        with owner(cepat, tmp_path, "order", "order", "sleep") as process:
            keeper = process.said()["keeper"]
            process.said()
            process.kill()
            until(lambda: not cepat.open and not runs(keeper))
        assert [entry.reason for entry in ledger.entries()] == ["by its keeper, after its run"] * 2

    def test_killed_while_an_order_is_on_its_way(self, cepat: Cepat, tmp_path: Path) -> None:
        """The answer reaches the keeper, which closes the order."""
        cepat.answering.clear()
        with owner(cepat, tmp_path, "order") as process:
            until(lambda: cepat.status)
            process.kill()
            time.sleep(0.1)
            assert cepat.open
            cepat.answering.set()
            until(lambda: not cepat.open)

    def test_killed_while_a_child_lives(self, cepat: Cepat, tmp_path: Path) -> None:
        """A forked child, which inherited its files, hides its death from nobody."""
        with owner(cepat, tmp_path, "order", "fork", "sleep") as process:
            keeper = process.said()["keeper"]
            child = process.said()["child"]
            assert pipes(keeper)
            until(lambda: not pipes(keeper) & pipes(child))
            process.kill()
            until(lambda: not cepat.open and not runs(keeper))
            assert runs(child)

    def test_killed_while_a_child_holds_the_pipe(self, cepat: Cepat, tmp_path: Path) -> None:
        """A child that was forked behind Python's back holds the pipe open: the keeper looks at who its parent is."""
        with owner(cepat, tmp_path, "order", "fork_in_secret", "sleep") as process:
            keeper = process.said()["keeper"]
            child = process.said()["child"]
            assert len(pipes(keeper) & pipes(child)) == 2
            process.kill()
            until(lambda: not cepat.open and not runs(keeper))
            assert runs(child)

    def test_a_child_orders(self, cepat: Cepat, tmp_path: Path, ledger: Ledger) -> None:
        """It has a keeper of its own, which closes its orders when it dies, and none of its parent's."""
        with owner(cepat, tmp_path, "order", "fork_and_order", "order", "sleep") as process:
            said = [process.said() for _ in range(4)]
            keeper = said[0]["keeper"]
            (child,) = (line["child"] for line in said if "child" in line)
            (theirs,) = (line["order"] for line in said if line.get("keeper", keeper) != keeper)
            os.kill(child, signal.SIGKILL)
            until(lambda: len(cepat.open) == 2)
            assert theirs not in cepat.open
            assert runs(keeper)
            process.kill()
            until(lambda: not cepat.open)
        owners = {entry.order_id: entry.intent.owner for entry in ledger.entries()}
        assert len(set(owners.values())) == 2
        assert list(owners.values()).count(owners[theirs]) == 1

    def test_a_child_ends_with_the_guard_that_it_inherited(self, cepat: Cepat, tmp_path: Path) -> None:
        """Its parent's orders stay open, and its parent's keeper works on."""
        quiet = ("-W", "ignore::DeprecationWarning")  # newer Pythons warn of any fork of a process with threads
        with owner(cepat, tmp_path, "order", "fork_and_end", "order", "end", python=quiet) as process:
            process.said()
            assert process.said()["status"] == 0
            assert cepat.open == ["1"]
            process.said()
            assert cepat.open == ["1", "2"]
            assert process.ended() == (0, "")
            until(lambda: not cepat.open)

    @pytest.mark.parametrize("steps", [("order", "end"), ("order",), ("order", "close", "end"), ("order", "close")])
    def test_it_ends_without_a_warning(self, cepat: Cepat, tmp_path: Path, steps: tuple[str, ...]) -> None:
        """Python has nothing to complain about at its end, and all is closed."""
        with owner(cepat, tmp_path, *steps, python=("-W", "error", "-X", "dev")) as process:
            assert process.ended() == (0, "")
            until(lambda: not cepat.open)
