"""The ledger: what it promises to many processes, to people whose file is damaged, and to a budget."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_otp.errors import BudgetExceeded, OtpError, SettingsError
from pytest_otp.orders import ledger as module
from pytest_otp.orders.entries import Budget, Entry
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.location import default_path
from pytest_otp.orders.process_locks import Alive
from pytest_otp.orders.recording import Bookkeeping, Recorded
from pytest_otp.redact import Secret
from tests.orders.written import an_intent, an_order, states, the_only, write
from tests.scripted import ScriptedProvider

ROOT = Path(module.__file__).parents[2]
HINT = (
    "Name a file on a local disk that you may write. A damaged one has to be moved away; look then in your account at "
    "the provider for orders that are open."
)
DOLLARS = "USD"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pytest-otp" / "ledger.sqlite3"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Ledger]]:
    """Opens the ledger, also several times; all are closed at the end."""
    ledgers: list[Ledger] = []

    def one() -> Ledger:
        ledgers.append(Ledger(path))
        return ledgers[-1]

    yield one
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def ledger(opened: Callable[[], Ledger]) -> Ledger:
    return opened()


@pytest.fixture
def living(ledger: Ledger) -> Iterator[str]:
    """The sign of life of a process that lives."""
    alive = ledger.alive()
    yield alive.name
    alive.end()


def run(path: Path, code: str) -> subprocess.Popen[str]:
    """A process with the ledger; it waits for a line of input before it does what it is told."""
    begin = (
        "import sys\nfrom pathlib import Path\nfrom pytest_otp.orders.ledger import Ledger\n"
        "from pytest_otp.orders.entries import Budget\nfrom pytest_otp.errors import BudgetExceeded\n"
        "from tests.orders.written import an_intent, an_order\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "path = Path(sys.argv[1])\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", begin + code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def all_at_once(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """Let processes go at the same time; the words that each printed."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=30)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return told


def aged(path: Path, key: str, days: float) -> None:
    """Let an order's last change be so many days ago."""
    then = datetime.now(timezone.utc) - timedelta(days=days)
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("UPDATE orders SET changed_at = ? WHERE key = ?", (then.isoformat(), key))
    raw.close()


class TestFile:
    """Where it is, and who may read it."""

    def test_for_the_owner_only(self, ledger: Ledger, path: Path) -> None:
        """The file, what SQLite keeps beside it and the folders that were made are for nobody else."""
        write(ledger)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert modes == {
            "ledger.sqlite3": 0o600,
            "ledger.sqlite3-wal": 0o600,
            "ledger.sqlite3-shm": 0o600,
            "ledger.sqlite3.locks": 0o700,
        }
        assert [folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]

    def test_an_open_one_is_closed_to_others(self, opened: Callable[[], Ledger], path: Path) -> None:
        """A ledger whose file others may read is made private again, and what SQLite keeps beside it is, too."""
        opened().close()
        path.chmod(0o666)
        write(opened())
        assert {file.stat().st_mode & 0o777 for file in path.parent.glob("ledger.sqlite3*") if file.is_file()} == {
            0o600
        }

    def test_it_outlives_its_process(self, opened: Callable[[], Ledger]) -> None:
        """What was written is there when it is opened again."""
        first = opened()
        write(first, "key-1", "finished", "by its test")
        entries = first.entries()
        first.close()
        assert opened().entries() == entries

    def test_where_it_is_by_default(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the user's folder for programs' state."""
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        monkeypatch.setattr(sys, "platform", "linux")
        assert default_path() == tmp_path / "pytest-otp" / "ledger.sqlite3"
        monkeypatch.delenv("XDG_STATE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert default_path() == tmp_path / ".local" / "state" / "pytest-otp" / "ledger.sqlite3"

    def test_where_there_is_no_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who has no home folder is asked to name a file."""

        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.delenv("XDG_STATE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", homeless)
        with pytest.raises(SettingsError) as caught:
            default_path()
        assert str(caught.value) == (
            "there is no place for the ledger, which every order is written down in (Could not determine home "
            "directory.). Name a file: --otp-ledger PATH (PYTEST_OTP_LEDGER)."
        )

    def test_no_secret_and_no_text_is_in_it(self, ledger: Ledger, path: Path) -> None:
        """Neither the key, which an error repeats, nor an SMS is in any of its files, in whatever form."""
        key, text = "an-invented-key/for+the-ledger", "Your code is 482913"
        account = ledger.account("scripted", {"KEY": Secret(key)})
        provider = ScriptedProvider()
        provider.script("cancel", OtpError(f"?api_key={key}&action=cancel was refused"))
        provider.script("order", None, OtpError(f"?api_key={key} was refused"))
        recorded = Recorded(provider, lambda: Bookkeeping(ledger, "run-1", account))
        order = recorded.order("wa", "6", None)
        provider.receive(text)
        recorded.messages(order)
        with pytest.raises(OtpError):
            recorded.cancel(order)
        with pytest.raises(OtpError):
            recorded.order("wa", "6", None)
        content = b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
        assert b"api_key=***&action=cancel was refused" in content
        assert b"api_key=*** was refused" in content
        for hidden in (key, "an-invented-key", text, "482913"):
            assert hidden.encode() not in content


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        Ledger(path).entries()
    return str(caught.value)


class TestUnusable:
    """A ledger that cannot be used is told before anything is ordered."""

    @pytest.mark.parametrize("content", [b"no database, but some other file of yours\n" * 30, b"\0" * 4096])
    def test_no_database(self, path: Path, content: bytes) -> None:
        """Any other file is named, with what is wrong and what to do, and is left as it was."""
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        path.chmod(0o644)
        assert refusal(path) == (
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} cannot be used (file is not a database): no order is placed "
            f"without it. {HINT}"
        )
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o644

    def test_a_damaged_one(self, opened: Callable[[], Ledger], path: Path) -> None:
        """A ledger with garbage in its middle is refused as well."""
        ledger = opened()
        for number in range(60):
            write(ledger, f"key-{number}")
        ledger.close()
        content = bytearray(path.read_bytes())
        content[4096:] = os.urandom(len(content) - 4096)
        path.write_bytes(content)
        assert f"{path} cannot be used (database disk image is malformed): no order" in refusal(path)

    def test_a_folder_in_its_place(self, path: Path) -> None:
        """A folder is no file."""
        path.mkdir(parents=True)
        assert f"{path} cannot be used (unable to open database file): no order is placed" in refusal(path)

    def test_a_file_in_the_place_of_its_folder(self, path: Path) -> None:
        """Where its folder cannot be made, the path is named."""
        path.parent.parent.mkdir()
        path.parent.write_text("a file")
        assert f"{path} cannot be used ([Errno 20] Not a directory" in refusal(path)

    @pytest.mark.skipif(sys.platform != "linux", reason="the folder in which nobody may make a file is Linux's")
    def test_a_folder_that_cannot_be_written(self) -> None:
        """Where nobody may make a folder, root neither, that is told."""
        assert "/proc/pytest-otp/ledger cannot be used ([Errno 2] No such file" in refusal(
            Path("/proc/pytest-otp/ledger")
        )

    def test_another_programs_database(self, path: Path) -> None:
        """A database that is not ours is not touched: its mode, its journal and its tables stay."""
        path.parent.mkdir(parents=True)
        raw = sqlite3.connect(path)
        raw.execute("CREATE TABLE users (name TEXT)")
        raw.commit()
        path.chmod(0o644)
        content = path.read_bytes()
        assert refusal(path) == (
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} is the database of another program. Name a file of its own."
        )
        raw.close()
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o644

    def test_another_programs_orders(self, path: Path) -> None:
        """A table of the same name does not make it ours."""
        path.parent.mkdir(parents=True)
        raw = sqlite3.connect(path)
        raw.execute("CREATE TABLE orders (id INTEGER)")
        raw.commit()
        raw.close()
        assert f"{path} is the database of another program" in refusal(path)
        raw = sqlite3.connect(path)
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
        raw.close()

    def test_a_newer_one(self, opened: Callable[[], Ledger], path: Path) -> None:
        """What a later version wrote is not guessed at."""
        ledger = opened()
        ledger._db.execute(f"PRAGMA user_version = {len(module._UPGRADES) + 1}")
        ledger.close()
        assert refusal(path) == (
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} was written by a newer pytest-otp. "
            "Update pytest-otp, or name another ledger."
        )

    def test_somebody_who_writes_for_ever(self, path: Path) -> None:
        """A process that does not let others write is waited for, and then told; the next order is possible again."""
        ledger = Ledger(path, patience=0.05)
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(SettingsError, match=r"cannot be used \(database is locked\): no order is placed"):
            ledger.reserve(an_intent())
        raw.execute("ROLLBACK")
        raw.close()
        ledger.reserve(an_intent())
        assert the_only(ledger).state == "ordering"
        ledger.close()

    def test_a_full_disk(self, ledger: Ledger) -> None:
        """Where there is no room nothing is ordered, and when there is, the ledger works on."""
        write(ledger)
        ((pages,),) = ledger._db.execute("PRAGMA page_count").fetchall()
        ledger._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(SettingsError, match=r"cannot be used \(database or disk is full\): no order is placed"):
            ledger.reserve(an_intent("key-2", service="x" * 100_000))
        ledger._db.execute("PRAGMA max_page_count = 100000")
        write(ledger, "key-3")
        assert states(ledger) == {"key-1": "waiting", "key-3": "waiting"}

    def test_a_commit_that_fails(self, ledger: Ledger, opened: Callable[[], Ledger]) -> None:
        """What could not be made durable is taken back as a whole, and what comes later is written for all to see."""

        class Refuses:
            def __init__(self, behind: sqlite3.Connection) -> None:
                self.behind, self.once = behind, True

            def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
                if statement == "COMMIT" and self.once:
                    self.once = False
                    raise sqlite3.OperationalError("disk I/O error")
                return self.behind.execute(statement, *values)  # type: ignore[arg-type]  # what execute takes

            def __getattr__(self, name: str) -> object:
                return getattr(self.behind, name)

        ledger._db = Refuses(ledger._db)  # type: ignore[assignment]  # behaves like one
        with pytest.raises(SettingsError, match="disk I/O error"):
            ledger.reserve(an_intent("key-1"))
        ledger.reserve(an_intent("key-2"))
        assert states(opened()) == {"key-2": "ordering"}

    @pytest.mark.parametrize("how", ["removed", "replaced", "folder"])
    def test_one_that_is_removed_while_it_is_in_use(self, ledger: Ledger, path: Path, how: str) -> None:
        """No order is written where nobody would ever read it; what was placed before can still be written."""
        write(ledger, "key-1")
        if how == "replaced":
            path.rename(path.with_name("moved"))
            path.touch()
        elif how == "removed":
            path.unlink()
        else:
            shutil.rmtree(path.parent)
        with pytest.raises(SettingsError) as caught:
            ledger.reserve(an_intent("key-2"))
        assert str(caught.value) == (
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} cannot be used (it was removed or replaced while it was in use)"
            f": no order is placed without it. {HINT}"
        )
        ledger.changed("key-1", "cancelled", "by its test")
        assert states(ledger) == {"key-1": "cancelled"}

    def test_signs_of_life_that_are_removed(self, ledger: Ledger) -> None:
        """Where others could not see that a run lives, they would close its orders: it places none."""
        shutil.rmtree(ledger.locks)
        with pytest.raises(SettingsError) as caught:
            ledger.reserve(an_intent())
        assert f"cannot be used (the folder {ledger.locks} was removed while it was in use): no" in str(caught.value)
        assert ledger.entries() == []

    def test_one_that_comes_back(self, ledger: Ledger, path: Path) -> None:
        """A file that was moved away and put back is the same, and is written again."""
        path.rename(path.with_name("moved"))
        with pytest.raises(SettingsError, match="removed or replaced"):
            ledger.reserve(an_intent())
        path.with_name("moved").rename(path)
        ledger.reserve(an_intent())
        assert states(ledger) == {"key-1": "ordering"}

    def test_no_sign_of_life(self, ledger: Ledger) -> None:
        """A process that cannot show that it lives does not order."""
        for file in ledger.locks.iterdir():
            file.unlink()
        ledger.locks.rmdir()
        ledger.locks.touch()
        with pytest.raises(SettingsError, match=r"cannot be used .*Not a directory.*no order is placed without it"):
            ledger.alive()

    def test_the_same_order_twice(self, ledger: Ledger) -> None:
        """Keys are unique: a second order under one is refused, and the first stays as it is."""
        write(ledger, "key-1", "finished")
        with pytest.raises(SettingsError, match="UNIQUE constraint failed"):
            ledger.reserve(an_intent("key-1"))
        assert states(ledger) == {"key-1": "finished"}


class TestUpgrade:
    """A ledger that an older version wrote."""

    NOTE = "ALTER TABLE orders ADD COLUMN note TEXT NOT NULL DEFAULT 'none';"

    def test_rows_are_kept(self, opened: Callable[[], Ledger], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A later version finds each order, the open ones too, and accounts are known by the same digests."""
        old = opened()
        write(old, "key-1")
        write(old, "key-2", "finished", "by its test")
        entries, account = old.entries(), old.account("scripted", {"KEY": Secret("an-invented-key")})
        old.close()
        monkeypatch.setattr(module, "_UPGRADES", (*module._UPGRADES, self.NOTE))
        new = opened()
        assert new.entries() == entries
        assert new.account("scripted", {"KEY": Secret("an-invented-key")}) == account
        assert new._db.execute("SELECT note FROM orders").fetchall() == [("none",), ("none",)]
        assert new._db.execute("PRAGMA user_version").fetchall() == [(2,)]
        new.close()
        monkeypatch.undo()
        assert "was written by a newer pytest-otp" in refusal(path)

    def test_a_step_is_taken_once(self, opened: Callable[[], Ledger], monkeypatch: pytest.MonkeyPatch) -> None:
        """Two that open it at the same time upgrade it once; so do two one after the other."""
        write(opened())
        monkeypatch.setattr(module, "_UPGRADES", (*module._UPGRADES, self.NOTE))
        together = threading.Barrier(2)
        failures: list[Exception] = []

        def open_it() -> None:
            together.wait()
            try:
                opened()
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                failures.append(error)

        threads = [threading.Thread(target=open_it) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert states(opened()) == {"key-1": "waiting"}

    def test_a_step_that_fails(self, opened: Callable[[], Ledger], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An upgrade is done as a whole or not at all."""
        write(opened())
        with monkeypatch.context() as patched:
            patched.setattr(module, "_UPGRADES", (*module._UPGRADES, self.NOTE + "NONSENSE;"))
            assert 'cannot be used (near "NONSENSE": syntax error)' in refusal(path)
        again = opened()
        assert states(again) == {"key-1": "waiting"}
        assert again._db.execute("PRAGMA user_version").fetchall() == [(1,)]


class TestCleanUp:
    """What is long over."""

    def test_closed_orders_go_after_ninety_days(self, opened: Callable[[], Ledger], path: Path) -> None:
        """What was closed, refused or forgotten goes at the next opening; what a person should know of stays."""
        ledger = opened()
        for key, state in (
            *(("young", "finished"), ("key-1", "waiting"), ("key-2", "received"), ("key-3", "ordering")),
            *(("key-4", "uncertain"), ("key-5", "finished"), ("key-6", "cancelled"), ("key-7", "ended")),
            *(("key-8", "refused"), ("key-9", "forgotten")),
        ):
            write(ledger, key, state)
            aged(path, key, 89 if key == "young" else 91)
        assert len(ledger.entries()) == 10
        ledger.close()
        later = opened()
        assert set(states(later)) == {"young", "key-1", "key-2", "key-3", "key-4"}
        write(later, "key-11")
        assert later.entries()[-1].id == 11  # a number that people have seen is not given to another order


class TestAccounts:
    """How an account is known."""

    def test_what_makes_another_account(self, ledger: Ledger) -> None:
        """Another provider, key or base URL is another account."""
        values: dict[str, str | Secret | None] = {"KEY": Secret("an-invented-key-1")}
        values["BASE_URL"] = "https://one.example"
        same = ledger.account("scripted", values)
        assert ledger.account("scripted", dict(reversed(values.items()))) == same
        others = {
            ledger.account("another", values),
            ledger.account("scripted", {**values, "KEY": Secret("an-invented-key-2")}),
            ledger.account("scripted", {**values, "BASE_URL": "https://two.example"}),
            ledger.account("scripted", {**values, "BASE_URL": None}),
        }
        assert len(others | {same}) == 5

    def test_it_tells_nothing(self, ledger: Ledger, tmp_path: Path) -> None:
        """The digest is not the key's own: another ledger, with another salt, has another for the same key."""
        values = {"KEY": Secret("an-invented-key-1")}
        digest = ledger.account("scripted", values)
        assert len(digest) == 64
        assert int(digest, 16) > 0
        other = Ledger(tmp_path / "other")
        assert other.account("scripted", values) != digest
        other.close()

    def test_it_stays(self, opened: Callable[[], Ledger]) -> None:
        """The next process knows the account again."""
        values = {"KEY": Secret("an-invented-key-1")}
        first = opened()
        digest = first.account("scripted", values)
        first.close()
        assert opened().account("scripted", values) == digest


class TestOrdersBudget:
    """`--otp-max-orders`."""

    def test_requests_count(self, ledger: Ledger) -> None:
        """As many requests as allowed may leave, whatever became of them; the next one is told, and not written."""
        budget = Budget(orders=3)
        for key, state in (("key-1", "cancelled"), ("key-2", "uncertain"), ("key-3", "refused")):
            ledger.reserve(an_intent(key), budget)
            if state == "refused":
                ledger.refused(key, "no numbers", sent=True)
            else:
                ledger.changed(key, state)
        with pytest.raises(BudgetExceeded) as caught:
            ledger.reserve(an_intent("key-4"), budget)
        assert str(caught.value) == (
            "scripted: this run has sent 3 order requests, which is what --otp-max-orders allows. Nothing was ordered. "
            "Raise --otp-max-orders (PYTEST_OTP_MAX_ORDERS) where that is meant."
        )
        assert len(ledger.entries()) == 3

    def test_what_was_not_sent_does_not_count(self, ledger: Ledger) -> None:
        """A request that never left is given back."""
        budget = Budget(orders=1)
        ledger.reserve(an_intent("key-1"), budget)
        ledger.refused("key-1", "no connection", sent=False)
        ledger.reserve(an_intent("key-2"), budget)
        with pytest.raises(BudgetExceeded):
            ledger.reserve(an_intent("key-3"), budget)

    def test_each_run_has_its_own(self, ledger: Ledger) -> None:
        """What another run ordered does not count."""
        write(ledger, "key-1", run="run-1")
        ledger.reserve(an_intent("key-2", run="run-2"), Budget(orders=1))
        with pytest.raises(BudgetExceeded):
            ledger.reserve(an_intent("key-3", run="run-2"), Budget(orders=1))

    def test_none_at_all(self, ledger: Ledger) -> None:
        """A limit of 0 refuses the first one."""
        with pytest.raises(BudgetExceeded, match="has sent 0 order requests"):
            ledger.reserve(an_intent(), Budget(orders=0))

    def test_many_processes(self, path: Path) -> None:
        """Four processes that order as fast as they can, in a ledger that they make together, place exactly as many."""
        code = (
            "ledger = Ledger(path)\n"
            "number = 0\n"
            "while True:\n"
            "    try:\n"
            "        key = f'{sys.argv[0]}{__import__(\"os\").getpid()}-{number}'\n"
            "        ledger.reserve(an_intent(key), Budget(orders=25))\n"
            "    except BudgetExceeded:\n"
            "        break\n"
            "    ledger.placed(key, an_order())\n"
            "    number += 1\n"
            "print(number, ledger.account('scripted', {'BASE_URL': 'https://one.example'}))\n"
        )
        told = all_at_once([run(path, code) for _ in range(4)])
        assert sum(int(count) for count, _ in told) == 25
        assert len({account for _, account in told}) == 1
        ledger = Ledger(path)
        assert [entry.state for entry in ledger.entries()] == ["waiting"] * 25
        ledger.close()


class TestSpendBudget:
    """`--otp-max-spend`."""

    BUDGET = Budget(spend=Decimal(5), currency=DOLLARS)

    def order(self, ledger: Ledger, key: str, price: str, confirmed: str | None = None) -> None:
        ledger.reserve(an_intent(key, price=Decimal(price), currency=DOLLARS), self.BUDGET)
        ledger.placed(key, an_order(price=confirmed or price), self.BUDGET)

    def test_until_it_is_spent(self, ledger: Ledger) -> None:
        """Orders fit to the last cent; the next one is refused and not written."""
        self.order(ledger, "key-1", "2.50")
        self.order(ledger, "key-2", "2.50")
        with pytest.raises(BudgetExceeded, match=r"costs 0.01 USD, this run has spent 5.00, and --otp-max-spend 5 USD"):
            self.order(ledger, "key-3", "0.01")
        assert len(ledger.entries()) == 2

    @pytest.mark.parametrize("state", ["ordering", "waiting", "received", "finished", "ended", "uncertain"])
    def test_what_may_be_charged_counts(self, ledger: Ledger, state: str) -> None:
        """A request on its way and an uncertain order count as well: they may cost."""
        ledger.reserve(an_intent("key-1", price=Decimal(5), currency=DOLLARS), self.BUDGET)
        ledger.changed("key-1", state)
        with pytest.raises(BudgetExceeded):
            ledger.reserve(an_intent("key-2", price=Decimal("0.01"), currency=DOLLARS), self.BUDGET)

    @pytest.mark.parametrize("state", ["cancelled", "refused"])
    def test_what_is_given_back(self, ledger: Ledger, state: str) -> None:
        """What was cancelled or refused costs nothing."""
        self.order(ledger, "key-1", "5")
        ledger.changed("key-1", state)
        self.order(ledger, "key-2", "5")

    def test_a_price_that_nobody_knows(self, ledger: Ledger) -> None:
        """An order of unknown price is refused before it is sent."""
        with pytest.raises(BudgetExceeded, match="nobody knows before the order what wa, 6 will cost"):
            ledger.reserve(an_intent(), self.BUDGET)
        assert ledger.entries() == []

    def test_another_currency(self, ledger: Ledger) -> None:
        """Rupiah are not dollars."""
        with pytest.raises(BudgetExceeded, match="costs 3 IDR, and --otp-max-spend 5 USD is in another currency"):
            ledger.reserve(an_intent(price=Decimal(3), currency="IDR"), self.BUDGET)
        assert ledger.entries() == []

    def test_a_price_that_turns_out_higher(self, ledger: Ledger) -> None:
        """The order is written down, so that it can be closed, and refused; cancelled it costs nothing."""
        self.order(ledger, "key-1", "3")
        with pytest.raises(BudgetExceeded, match=r"costs 2.01 USD, this run has spent 3.00, and --otp-max-spend 5 USD"):
            self.order(ledger, "key-2", "2", confirmed="2.01")
        assert states(ledger) == {"key-1": "waiting", "key-2": "waiting"}
        ledger.changed("key-2", "cancelled")
        self.order(ledger, "key-3", "2")

    def test_a_price_that_turns_out_lower(self, ledger: Ledger) -> None:
        """What an order really costs is what counts."""
        self.order(ledger, "key-1", "4", confirmed="1")
        self.order(ledger, "key-2", "4")

    def test_each_run_has_its_own(self, ledger: Ledger) -> None:
        """What another run spent does not count."""
        write(ledger, "key-1", run="another", price=Decimal(5), currency=DOLLARS)
        self.order(ledger, "key-2", "5")

    def test_both_limits(self, ledger: Ledger) -> None:
        """Whichever is reached first holds."""
        both = Budget(orders=2, spend=Decimal(3), currency=DOLLARS)
        ledger.reserve(an_intent("key-1", price=Decimal(2), currency=DOLLARS), both)
        with pytest.raises(BudgetExceeded, match="--otp-max-spend"):
            ledger.reserve(an_intent("key-2", price=Decimal(2), currency=DOLLARS), both)
        ledger.reserve(an_intent("key-2", price=Decimal(1), currency=DOLLARS), both)
        with pytest.raises(BudgetExceeded, match="--otp-max-orders"):
            ledger.reserve(an_intent("key-3", price=Decimal(0), currency=DOLLARS), both)


class TestClaim:
    """Taking over what dead processes left."""

    def test_the_open_orders_of_the_dead(self, ledger: Ledger, living: str) -> None:
        """Waiting and received ones are taken, and are the claimer's from then on."""
        write(ledger, "key-1", owner="0" * 32, keeper="1" * 32)
        write(ledger, "key-2", "received", owner="0" * 32)
        write(ledger, "key-3", "finished", owner="0" * 32)
        claimed = ledger.claim({"account-1"}, living)
        assert [(entry.intent.key, entry.state) for entry in claimed] == [("key-1", "waiting"), ("key-2", "received")]
        now = {entry.intent.key: (entry.intent.owner, entry.intent.keeper) for entry in ledger.unclosed()}
        assert now == {"key-1": ("", living), "key-2": ("", living)}
        assert all(ledger.lives(entry) for entry in ledger.unclosed())

    def test_not_those_of_the_living(self, ledger: Ledger, living: str) -> None:
        """A living run keeps its orders, and so does the living keeper of a dead one."""
        write(ledger, "key-1", owner=living)
        write(ledger, "key-2", owner="0" * 32, keeper=living)
        write(ledger, "key-3", "ordering", owner="0" * 32, keeper=living)
        write(ledger, "key-4", "ordering", owner=living)
        before = ledger.entries()
        assert ledger.claim({"account-1"}, "another") == []
        assert ledger.entries() == before

    def test_not_those_of_other_accounts(self, ledger: Ledger, living: str) -> None:
        """What one has no credentials for is left to others; an order of no account to people."""
        write(ledger, "key-1", account="account-2")
        write(ledger, "key-2", account="")
        assert ledger.claim({"account-1"}, living) == []
        assert [entry.intent.keeper for entry in ledger.unclosed()] == ["", ""]

    def test_what_was_on_its_way(self, ledger: Ledger, living: str) -> None:
        """A request whose process died becomes uncertain, whoever's account it is: it is nothing that can be closed."""
        write(ledger, "key-1", "ordering")
        write(ledger, "key-2", "ordering", account="account-2")
        assert ledger.claim({"account-1"}, living) == []
        assert {(entry.state, entry.reason) for entry in ledger.entries()} == {
            ("uncertain", "its process died before the answer came"),
        }
        assert ledger.unclosed() == []

    def test_the_claim_ends_with_the_claimer(self, ledger: Ledger, living: str) -> None:
        """Where the claimer dies too, the next one takes over."""
        write(ledger)
        claimer = Alive(ledger.locks)
        assert len(ledger.claim({"account-1"}, claimer.name)) == 1
        assert ledger.claim({"account-1"}, living) == []
        claimer.end()
        assert len(ledger.claim({"account-1"}, living)) == 1

    def test_two_at_once(self, opened: Callable[[], Ledger]) -> None:
        """Of two that claim at the same time, each order goes to one."""
        ledgers = [opened(), opened()]
        for number in range(40):
            write(ledgers[0], f"key-{number}")
        together = threading.Barrier(2)
        claims: list[list[Entry]] = [[], []]

        def claim(number: int) -> None:
            alive = ledgers[number].alive()
            together.wait()
            claims[number] = ledgers[number].claim({"account-1"}, alive.name)

        threads = [threading.Thread(target=claim, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one, other = ({entry.intent.key for entry in each} for each in claims)
        assert not one & other
        assert len(one | other) == 40

    def test_a_killed_process(self, ledger: Ledger, path: Path, living: str) -> None:
        """What a process wrote before it was killed is there, and nobody cares for it any more."""
        code = (
            "ledger = Ledger(path); alive = ledger.alive()\n"
            "for number in (1, 2):\n"
            "    ledger.reserve(an_intent(f'key-{number}', owner=alive.name))\n"
            "ledger.placed('key-1', an_order())\n"
            "print('written', flush=True); sys.stdin.readline()\n"
        )
        process = run(path, code)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert [process.stdout.readline(), process.stdout.readline()] == ["ready\n", "written\n"]
        assert [ledger.lives(entry) for entry in ledger.unclosed()] == [True, True]
        assert ledger.claim({"account-1"}, living) == []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert [entry.intent.key for entry in ledger.claim({"account-1"}, living)] == ["key-1"]
        assert states(ledger) == {"key-1": "waiting", "key-2": "uncertain"}


class TestAdopt:
    """A new keeper for a living run."""

    def test_the_open_orders_of_its_owner(self, ledger: Ledger, living: str) -> None:
        """What the dead keeper had is the new one's; what was on its way is uncertain; the owner stays."""
        keeper = Alive(ledger.locks)
        write(ledger, "key-1", owner=living, keeper="0" * 32)
        write(ledger, "key-2", "received", owner=living, keeper="0" * 32)
        write(ledger, "key-3", "ordering", owner=living, keeper="0" * 32)
        write(ledger, "key-4", "finished", owner=living, keeper="0" * 32)
        adopted = ledger.adopt(living, keeper.name)
        assert [entry.intent.key for entry in adopted] == ["key-1", "key-2"]
        assert states(ledger) == {"key-1": "waiting", "key-2": "received", "key-3": "uncertain", "key-4": "finished"}
        assert {(entry.intent.owner, entry.intent.keeper) for entry in ledger.unclosed()} == {(living, keeper.name)}
        assert ledger.entries()[2].reason == "its keeper died before the answer came"
        keeper.end()

    def test_nobody_elses(self, ledger: Ledger, living: str) -> None:
        """Orders of other runs, and those that a living keeper has, stay where they are."""
        write(ledger, "key-1", owner="another", keeper="0" * 32)
        write(ledger, "key-2", owner="owner", keeper=living)
        before = ledger.entries()
        assert ledger.adopt("owner", "new") == []
        assert ledger.entries() == before


class TestForget:
    """What a person has taken care of."""

    @pytest.mark.parametrize(
        ("state", "force"),
        [("uncertain", False), ("ordering", False), ("waiting", True), ("received", True), ("uncertain", True)],
    )
    def test_an_order_of_the_dead(self, ledger: Ledger, state: str, force: bool) -> None:
        """It is marked, with what it was, and given back as it was."""
        write(ledger, "key-1", state)
        assert ledger.forget(1, force=force).state == state
        assert (the_only(ledger).state, the_only(ledger).reason) == ("forgotten", f"was {state}")
        assert ledger.unclosed() == []

    @pytest.mark.parametrize("state", ["waiting", "received"])
    def test_an_open_one_without_force(self, ledger: Ledger, state: str) -> None:
        """What is rented, and can be closed, is not forgotten by mistake."""
        write(ledger, "key-1", state)
        with pytest.raises(OtpError) as caught:
            ledger.forget(1)
        assert str(caught.value) == (
            "order 1 is open: it is rented, and can be closed. pytest-otp sweep closes it; --force forgets it, where "
            "you have closed it at the provider."
        )
        assert the_only(ledger).state == state

    def test_an_uncertain_one_of_a_living_run(self, ledger: Ledger, living: str) -> None:
        """No process will do more for it: it can be forgotten while the run goes on."""
        write(ledger, "key-1", "uncertain", owner=living)
        ledger.forget(1)
        assert the_only(ledger).state == "forgotten"

    @pytest.mark.parametrize("force", [False, True])
    @pytest.mark.parametrize("state", ["waiting", "ordering"])
    def test_an_open_one_of_a_living_run(self, ledger: Ledger, living: str, state: str, force: bool) -> None:
        """What a process has in hand cannot be taken from it, not by force either."""
        write(ledger, "key-1", state, owner=living)
        with pytest.raises(OtpError) as caught:
            ledger.forget(1, force=force)
        assert str(caught.value) == "order 1 belongs to a run that lives. It will close it."
        assert the_only(ledger).state == state

    @pytest.mark.parametrize("state", ["finished", "cancelled", "ended", "refused", "forgotten"])
    def test_what_is_over(self, ledger: Ledger, state: str) -> None:
        """There is nothing to forget."""
        write(ledger, "key-1", state)
        with pytest.raises(OtpError) as caught:
            ledger.forget(1)
        assert str(caught.value) == f"order 1 is {state}: there is nothing to forget"

    def test_an_unknown_one(self, ledger: Ledger) -> None:
        """A number that is not in the ledger is told, with where the numbers are."""
        with pytest.raises(OtpError) as caught:
            ledger.forget(7)
        assert str(caught.value) == "the ledger has no order 7. pytest-otp orders lists them."


class TestSwept:
    """What a run's processes took over of earlier runs."""

    @pytest.mark.parametrize("by", ["owner", "keeper"])
    def test_what_its_processes_claimed(self, ledger: Ledger, living: str, by: str) -> None:
        """Those that its test process or its keeper claimed, closed or not; its own are none of them."""
        write(ledger, "key-1", run="earlier")
        write(ledger, "key-2", "received", run="earlier")
        write(ledger, "key-3", "cancelled", run="earlier")
        ledger.claim({"account-1"}, living)
        ledger.changed("key-1", "cancelled", "by a sweep")
        write(ledger, "key-4", run="run-1", **{by: living})
        write(ledger, "key-5", run="run-2", owner="another")
        assert [(entry.intent.key, entry.state) for entry in ledger.swept("run-1")] == [
            ("key-1", "cancelled"),
            ("key-2", "received"),
        ]
        assert ledger.swept("run-2") == []
        assert ledger.swept("run-3") == []

    def test_a_run_whose_own_order_was_claimed(self, ledger: Ledger, living: str) -> None:
        """An order without an owner, since another worker took it over, makes nobody's orders this run's."""
        write(ledger, "key-1", "cancelled", run="earlier")
        write(ledger, "key-2", run="run-1")
        assert len(ledger.claim({"account-1"}, living)) == 1
        assert ledger.swept("run-1") == []


def test_a_runs_own_orders(ledger: Ledger) -> None:
    """Entries of one run, or of all."""
    write(ledger, "key-1", run="run-1")
    write(ledger, "key-2", run="run-2")
    assert [entry.intent.key for entry in ledger.entries("run-2")] == ["key-2"]
    assert [entry.intent.key for entry in ledger.entries()] == ["key-1", "key-2"]
    assert ledger.entries("run-3") == []


def test_the_answer_says_what_was_ordered(ledger: Ledger) -> None:
    """What a test asked for by name stands in the ledger by the provider's ids, and the answer's time counts."""
    ledger.reserve(an_intent(service="WhatsApp", country="Indonesia"))
    order = an_order(price=None, currency=None)
    ledger.placed("key-1", order)
    entry = the_only(ledger)
    assert (entry.intent.service, entry.intent.country) == ("wa", "6")
    assert (entry.intent.price, entry.intent.currency, entry.ordered_at) == (None, None, order.ordered_at)


class TestWhatPluginsAnswer:
    """A plugin's order may be filled with anything, and what is written down here everybody reads."""

    @pytest.mark.parametrize("price", ["1.500,00", "free", Decimal("NaN"), "Infinity"])
    def test_a_price_that_is_none(self, ledger: Ledger, price: object) -> None:
        """It is refused, and every reading goes on."""
        write(ledger, "key-1")
        ledger.reserve(an_intent("key-2"))
        with pytest.raises((ValueError, ArithmeticError)):
            ledger.placed("key-2", replace(an_order("order-2"), price=price))  # type: ignore[arg-type]  # as a plugin may
        assert states(ledger) == {"key-1": "waiting", "key-2": "ordering"}

    def test_a_time_without_a_zone(self, ledger: Ledger) -> None:
        """It is taken for UTC: a sweep must be able to tell the order's age."""
        ledger.reserve(an_intent())
        ledger.placed("key-1", replace(an_order(), ordered_at=datetime(2026, 11, 1, 12)))  # noqa: DTZ001 - that is the case
        assert the_only(ledger).ordered_at == datetime(2026, 11, 1, 12, tzinfo=timezone.utc)

    def test_a_key_in_the_wrong_place(self, ledger: Ledger) -> None:
        """A secret that was given as a service by mistake is not written down."""
        secret = Secret("an-invented-key-in-the-wrong-place")
        ledger.reserve(an_intent(service=secret.reveal()))
        assert the_only(ledger).intent.service == "***"


def test_two_books_of_one_process(tmp_path: Path) -> None:
    """A second ledger in one process, as a run inside a test has, does not drop SQLite's locks of the first.

    Else the next foreign reader would take the first one's writes away with the log that they are in.
    """
    path = tmp_path / "ledger"
    first = Ledger(path)
    write(first, "key-1")
    Ledger(path).close()
    read = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM orders').fetchall())"
    counts = []
    for key in ("key-2", "key-3"):
        run = subprocess.run([sys.executable, "-c", read, str(path)], capture_output=True, text=True, check=True)
        counts.append(run.stdout.strip())
        write(first, key)
    assert counts == ["[(1,)]", "[(2,)]"]
    first.close()
    with contextlib.closing(Ledger(path)) as other:
        assert len(other.entries()) == 3
