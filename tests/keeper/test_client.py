"""The test process's end of the pipes: orders, closes, the end of the run, keepers that cannot start."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.clock import monotonic
from pytest_otp.errors import (
    BudgetExceeded,
    OrderUncertain,
    OtpError,
    SettingsError,
)
from pytest_otp.keeper.client import Keeper
from pytest_otp.keeper.pipes import BOOTSTRAP, SideProcess
from pytest_otp.keeper.wire import KeeperMessage, encode
from pytest_otp.orders.entries import NO_BUDGET, Budget
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import is_alive
from pytest_otp.redact import Secret
from tests.keeper.asking import NOTHING_ORDERED, UNAVAILABLE, closing, entry, failure, order, ordering
from tests.keeper.conftest import Started
from tests.keeper.loopback import Cepat, pid_of, runs
from tests.orders.processes import LONG, until


class TestTalk:
    """All is well."""

    def test_order_and_close(self, start: Started, cepat: Cepat, ledger: Ledger) -> None:
        """Orders are placed by the side process, recorded for this one, and closed on request."""
        keeper = start()
        placed = order(keeper, cepat, "a")
        written = entry(ledger, "a")
        assert placed.id == written.order_id == "1"
        assert written.intent.run == "a-run"
        assert ledger.is_alive(written.intent.owner)
        assert ledger.is_alive(written.intent.keeper)
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
        assert order(keeper, cepat, "b").id == "2"
        assert keeper.usable

    def test_an_answer_to_no_request(self, start: Started, cepat: Cepat) -> None:
        """Answers that come twice, or to no request at all, are ignored."""
        stray = [
            {"id": 4711, "state": "cancelled"},
            {"id": 4711, "error": {"class": "OtpError", "state": {"message": "no"}}},
        ]
        lines = b"".join(map(encode, stray))
        keeper = start(bootstrap=f"import os; os.write(1, {lines!r})\n{BOOTSTRAP}")
        assert order(keeper, cepat, "a").id == "1"

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
        """Each order goes to its account; an account that is registered twice is one."""
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
        placed = {key: answer.result(LONG)["result"].id for key, answer in answers.items()}
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
        assert str(error) == f"{UNAVAILABLE} (the run has ended). {NOTHING_ORDERED}"
        keeper.notify({"op": "state", "key": "a", "state": "received"})
        assert not cepat.log

    def test_an_order_on_its_way(self, start: Started, cepat: Cepat) -> None:
        """Its answer still comes, and it is closed."""
        keeper = start()
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "a")
        until(lambda: cepat.status)
        pid = pid_of(keeper)
        keeper.end()
        assert not answer.done()
        assert runs(pid)
        cepat.answering.set()
        assert answer.result(LONG)["result"].id == "1"
        until(lambda: not cepat.open and not runs(pid))

    def test_an_order_on_its_way_and_a_keeper_that_dies(self, start: Started, cepat: Cepat) -> None:
        """Whoever waits for the answer gets an error instead of waiting on."""
        keeper = start()
        cepat.answering.clear()
        answer = ordering(keeper, cepat, "a")
        until(lambda: cepat.status)
        pid = pid_of(keeper)
        keeper.end()
        os.kill(pid, signal.SIGKILL)
        assert isinstance(failure(answer), OrderUncertain)

    def test_it_died_just_before(self, ledger_path: Path, cepat: Cepat) -> None:
        """A death that the reading thread has not noticed yet is noticed now: another process closes what is open."""
        notice = threading.Event()

        class Unnoticed(SideProcess):
            def __init__(self, hello: KeeperMessage, *, on_end: Callable[[SideProcess], None], **rest: Any) -> None:
                def later(side: SideProcess) -> None:
                    notice.wait(LONG)
                    on_end(side)

                super().__init__(hello, on_end=later, **rest)

        keeper = Keeper(ledger_path, "a-run", NO_BUDGET, side_process=Unnoticed)
        order(keeper, cepat, "a")
        side = keeper.side
        assert side
        side.kill()
        until(lambda: side.exit_status is not None)
        keeper.end()
        assert keeper.side is not side
        notice.set()
        until(lambda: not cepat.open and not runs(pid_of(keeper)))

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


class TestNoStart:
    """It cannot be started."""

    def test_no_python(self, start: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The error names what is missing, and how to go on without a keeper; no liveness lock is left."""
        monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
        with pytest.raises(OtpError) as caught:
            start()
        assert str(caught.value) == (
            f"{UNAVAILABLE} ([Errno 2] No such file or directory: '{tmp_path / 'missing'}'). {NOTHING_ORDERED}"
        )
        assert not list((tmp_path / "ledger.sqlite3.locks").iterdir())

    def test_no_package(self, start: Started, cepat: Cepat) -> None:
        """If Python does not find our package there, the error says so."""
        keeper = start(bootstrap=BOOTSTRAP.replace("keeper.process", "no_such"))
        error = failure(ordering(keeper, cepat, "a"))
        assert str(error) == (
            "the keeper process failed to start: ModuleNotFoundError: No module named 'pytest_otp.no_such'"
        )
        assert not cepat.log

    def test_it_ends_at_once(self, start: Started, cepat: Cepat) -> None:
        """One that ends without a word is started again a few times, and is unavailable then."""
        error = failure(ordering(start(bootstrap="raise SystemExit"), cepat, "a"))
        assert str(error) == f"{UNAVAILABLE} (it died 5 times). {NOTHING_ORDERED}"

    def test_it_ends_while_it_is_started(self, ledger_path: Path, cepat: Cepat) -> None:
        """An end that comes even before the start has returned is not missed."""

        class Slow(SideProcess):
            def __init__(self, hello: KeeperMessage, *, on_end: Callable[[SideProcess], None], **rest: Any) -> None:
                ended = threading.Event()

                def reported(side: SideProcess) -> None:
                    ended.set()
                    on_end(side)

                super().__init__(hello, on_end=reported, bootstrap="raise SystemExit", **rest)
                assert ended.wait(LONG)

        keeper = Keeper(ledger_path, "a-run", NO_BUDGET, max_starts=1, side_process=Slow)
        error = failure(ordering(keeper, cepat, "a"))
        assert str(error) == f"{UNAVAILABLE} (it died once). {NOTHING_ORDERED}"
        keeper.end()

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
        """One that has reported why it cannot work is not started again; each order gets the reason."""
        ledger_path.write_text("this is no database" * 100)
        keeper = start()
        first = keeper.side
        errors = [failure(ordering(keeper, cepat, key)) for key in "ab"]
        assert all(isinstance(error, SettingsError) for error in errors)
        assert keeper.side is first

    def test_a_provider_that_cannot_be_built_there(self, start: Started, cepat: Cepat) -> None:
        """It is said when it is ordered from, and other providers work."""
        keeper = start()
        number = keeper.use("nobody", {}, ())
        ask = {"op": "order", "provider": number, "key": "a", "until": monotonic() + LONG}
        for _ in range(2):
            error = failure(keeper.ask(ask))
            assert isinstance(error, SettingsError)
            assert "unknown provider 'nobody'" in str(error)
        assert order(keeper, cepat, "b").id == "1"
