"""What stands between tests and providers, so that no order of one process is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import BudgetExceeded, SettingsError
from pytest_otp.keeper.guard import Guard, GuardOptions
from pytest_otp.keeper.patience import Patience
from pytest_otp.keeper.provider import KeeperProvider
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import RentalDesk
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.offline.scenarios import scenario
from pytest_otp.orders.entries import Budget, Intent
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import is_alive
from pytest_otp.orders.recording import RecordingProvider
from pytest_otp.providers.base import Order, Provider, identifying
from pytest_otp.providers.registry import create, load
from tests.keeper.loopback import KEY, Cepat, pid_of, runs
from tests.orders.processes import ROOT, until
from tests.scripted import NOW, ScriptedProvider


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    made = guard_of(tmp_path)
    yield made
    made.end()


def guard_of(folder: Path, **options: Any) -> Guard:
    return Guard(GuardOptions("a-run", folder, "state/ledger.sqlite3", **options))


def rows(folder: Path) -> Ledger:
    return Ledger(folder / "state/ledger.sqlite3")


class TestFake:
    """The offline provider."""

    def test_its_orders_are_remembered(self, guard: Guard, tmp_path: Path) -> None:
        """In memory, for the summary; no file comes into being."""
        provider = guard.guarded(FakeProvider(RentalDesk(Carrier(), scenario=scenario("manual"))))
        assert isinstance(provider, RecordingProvider)
        first = provider.order(None, None, None)
        provider.order(None, None, None)
        provider.cancel(first)
        assert [entry.state for entry in guard.offline_entries()] == ["cancelled", "waiting"]
        assert {entry.intent.run for entry in guard.offline_entries()} == {"a-run"}
        assert guard.ledger_path is None
        assert not list(tmp_path.iterdir())

    def test_it_costs_nothing(self, tmp_path: Path) -> None:
        """No database, no keeper, no process, no file, from the order to the end."""
        code = """
            import os, sys
            from pathlib import Path
            from pytest_otp.keeper.guard import Guard, GuardOptions
            from pytest_otp.offline.carrier import Carrier
            from pytest_otp.offline.provider import FakeProvider
            from pytest_otp.offline.desk import RentalDesk
            from pytest_otp.offline.scenarios import scenario
            guard = Guard(GuardOptions("a-run", Path.cwd()))
            provider = guard.guarded(FakeProvider(RentalDesk(Carrier(), scenario=scenario("manual"))))
            provider.finish(provider.order(None, None, None))
            guard.end()
            assert len(guard.offline_entries()) == 1
            print(*sorted(name for name in sys.modules if name in ("sqlite3", "_sqlite3", "platformdirs")
                or name.startswith(("pytest_otp.keeper.", "pytest_otp.orders.ledger"))
                and name not in ("pytest_otp.keeper.guard", "pytest_otp.keeper.patience")))
            print(Path(f"/proc/self/task/{os.getpid()}/children").read_text())
        """
        environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, [], "")
        assert not list(tmp_path.iterdir())


class TestKeeper:
    """A provider that another process can build."""

    def test_nothing_happens_before_the_first_order(self, guard: Guard, cepat: Cepat, tmp_path: Path) -> None:
        """Putting a guard in front of a provider starts nothing and writes nothing."""
        provider = guard.guarded(create("otpcepat", cepat.values))
        assert isinstance(provider, KeeperProvider)
        assert guard.keeper is None
        assert guard.ledger_path is None
        guard.end()
        assert not cepat.log
        assert not list(tmp_path.iterdir())

    def test_one_for_all_providers(self, guard: Guard, cepat: Cepat, tmp_path: Path) -> None:
        """The first order starts it, each further one goes through it, and the end leaves it the rest."""
        with Cepat() as other:
            for server in (cepat, other, cepat):
                guard.guarded(create("otpcepat", server.values)).order("1", "6", None)
            assert guard.keeper
            pid = pid_of(guard.keeper)
            assert (len(cepat.open), len(other.open)) == (2, 1)
            assert guard.ledger_path == tmp_path / "state/ledger.sqlite3"
            guard.end()
            until(lambda: not (cepat.open or other.open or runs(pid)))
        ledger = rows(tmp_path)
        assert len({entry.intent.keeper for entry in ledger.entries("a-run")}) == 1
        ledger.close()

    def test_its_budget(self, tmp_path: Path, cepat: Cepat) -> None:
        """The settings' limits hold there."""
        guard = guard_of(tmp_path, budget=Budget(orders=1))
        provider = guard.guarded(create("otpcepat", cepat.values))
        provider.order("1", "6", None)
        with pytest.raises(BudgetExceeded, match=r"^otpcepat: this run has sent 1 order request,"):
            provider.order("1", "6", None)
        guard.end()
        until(lambda: not cepat.open)

    def test_it_cannot_be_started(self, guard: Guard, cepat: Cepat, tmp_path: Path) -> None:
        """Each order says so, and none is placed; where the reason passes, the next order is."""
        provider = guard.guarded(create("otpcepat", cepat.values))
        (tmp_path / "state").write_text("a file")
        for _ in range(2):
            with pytest.raises(SettingsError, match=r"^--otp-ledger .*; orders are not placed without a ledger"):
                provider.order("1", "6", None)
        assert not cepat.log
        (tmp_path / "state").unlink()
        assert provider.order("1", "6", None).id == "1"
        guard.end()
        until(lambda: not cepat.open)

    def test_a_child_that_was_forked_in_a_bad_moment(self, cepat: Cepat, tmp_path: Path) -> None:
        """It orders, although a thread of its parent held every lock just then."""
        code = """
            import os, signal, sys, threading, time
            from pathlib import Path
            from pytest_otp.keeper.guard import Guard, GuardOptions
            from pytest_otp.providers.registry import create, credentials
            signal.alarm(100)
            guard = Guard(GuardOptions("a-run", Path.cwd(), "ledger.sqlite3"))
            values = credentials("otpcepat", os.environ, {})
            provider = guard.guarded(create("otpcepat", values))
            first = provider.order("1", "6", None)
            keeper = guard.keeper.side
            keeper.write_timeout = 100.0
            os.kill(keeper.pid, signal.SIGSTOP)
            # An account whose description does not fit into the pipe: to send it takes all three locks.
            long = guard.guarded(create("otpcepat", {**values, "OTPCEPAT_USER_AGENT": "x" * 1_000_000}))
            thread = threading.Thread(target=long.order, args=("1", "6", None))
            thread.start()
            while sys._current_frames()[thread.ident].f_code.co_name != "select":
                time.sleep(0.01)
            child = os.fork()
            if not child:
                signal.alarm(100)
                provider.count_wait(first, 1.0, 1)
                provider.order("1", "6", None)
                guard.end()
                os._exit(7)
            status = os.waitpid(child, 0)[1]
            os.kill(keeper.pid, signal.SIGCONT)
            thread.join()
            guard.end()
            sys.exit(os.waitstatus_to_exitcode(status))
        """
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "API_KEY_OTPCEPAT": KEY,
            "OTPCEPAT_BASE_URL": cepat.url,
        }
        ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, env=environ, check=False)
        assert ran.returncode == 7
        assert len(cepat.status) == 3
        until(lambda: not cepat.open)


class TestInProcess:
    """Without a keeper: what the user turned off, and what no other process can build."""

    @pytest.fixture(params=["off", "unknown"])
    def without(self, request: pytest.FixtureRequest, tmp_path: Path, cepat: Cepat) -> Iterator[tuple[Guard, Provider]]:
        """A guard, and a provider in front of which it is without a keeper."""
        if request.param == "off":
            guard = guard_of(tmp_path, keeper=False)
            provider = guard.guarded(create("otpcepat", cepat.values))
        else:
            guard = guard_of(tmp_path)
            provider = guard.guarded(ScriptedProvider())
        yield guard, provider
        guard.end()

    def test_its_orders_are_in_the_ledger(self, without: tuple[Guard, Provider], tmp_path: Path) -> None:
        """Written down by this process, which lives as long as its run."""
        guard, provider = without
        assert isinstance(provider, RecordingProvider)
        assert guard.ledger_path is None
        assert not list(tmp_path.iterdir())
        first, second = provider.order("1", "6", None), provider.order("1", "6", None)
        provider.cancel(first)
        assert guard.ledger_path == tmp_path / "state/ledger.sqlite3"
        assert guard.keeper is None
        ledger = rows(tmp_path)
        entries = ledger.entries("a-run")
        assert [(entry.order_id, entry.state, entry.intent.keeper) for entry in entries] == [
            (first.id, "cancelled", ""),
            (second.id, "waiting", ""),
        ]
        assert ledger.is_attended(entries[1])
        ledger.close()

    def test_after_its_end_its_orders_are_unattended(self, without: tuple[Guard, Provider], tmp_path: Path) -> None:
        """An order that could not be closed is the next sweep's at once, and no summary waits for it."""
        guard, provider = without
        provider.order("1", "6", None)
        guard.end()
        guard.end()
        ledger = rows(tmp_path)
        (entry,) = ledger.entries("a-run")
        assert not ledger.is_attended(entry)
        assert not is_alive(ledger.locks, entry.intent.owner)
        ledger.close()

    def test_no_other_process_can_act_for_an_unknown_object(self, guard: Guard, tmp_path: Path) -> None:
        """Its orders have no account, so that no sweep takes them for another's."""
        guard.guarded(ScriptedProvider()).order("1", "6", None)
        guard.end()
        ledger = rows(tmp_path)
        (entry,) = ledger.entries()
        assert entry.intent.account == ""
        account = ledger.account("otpcepat", {})
        assert ledger.claim([account], "a-sweep") == []
        ledger.close()

    def test_it_sweeps(self, tmp_path: Path, cepat: Cepat) -> None:
        """What a dead run left open at the same account is closed before the first order."""
        guard = guard_of(tmp_path, keeper=False)
        provider = guard.guarded(create("otpcepat", cepat.values))
        cepat.status["old"] = "Waiting SMS"
        ledger = rows(tmp_path)
        account = ledger.account("otpcepat", identifying(load("otpcepat"), cepat.values))
        ledger.reserve(Intent("old", "an-old-run", "a-dead-owner", "", "otpcepat", account))
        ledger.placed("old", Order("old", "62", "1", "6", None, None, None, NOW))
        order = provider.order("1", "6", None)
        assert cepat.status == {"old": "Cancel", order.id: "Waiting SMS"}
        assert [line.split()[0] for line in cepat.log] == ["get_status", "set_status", "get_order"]
        assert [(entry.state, entry.reason) for entry in ledger.entries("an-old-run")] == [("cancelled", "by a sweep")]
        ledger.close()
        provider.cancel(order)
        guard.end()

    def test_a_ledger_that_cannot_be_used(self, without: tuple[Guard, Provider], tmp_path: Path, cepat: Cepat) -> None:
        """It is said before anything is ordered."""
        (tmp_path / "state").write_text("a file")
        with pytest.raises(SettingsError, match=r"^--otp-ledger .*; orders are not placed without a ledger"):
            without[1].order("1", "6", None)
        assert not cepat.log

    def test_several_threads(self, guard: Guard, tmp_path: Path) -> None:
        """All of them write one ledger, under one name."""
        provider = guard.guarded(ScriptedProvider())
        threads = [threading.Thread(target=provider.order, args=("1", "6", None)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger = rows(tmp_path)
        assert len(ledger.entries()) == 8
        assert len({entry.intent.owner for entry in ledger.entries()}) == 1
        ledger.close()


def test_the_patience(tmp_path: Path) -> None:
    """It is the close timeout, for all closes together, and never negative."""
    assert guard_of(tmp_path, close_timeout=3.0).patience.left == 3.0
    patience = Patience(3.0)
    patience.spend(1.0)
    assert patience.left == 2.0
    patience.spend(5.0)
    assert patience.left == 0.0
