"""The file of a ledger: who may read it, what makes it unusable, and how it is upgraded."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import OtpError, SettingsError
from pytest_otp.orders.database import Database
from pytest_otp.orders.entries import UNTRIED, Closing
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.recording import RecordingProvider, RunContext
from pytest_otp.orders.store import UPGRADES
from pytest_otp.redact import Secret
from tests.orders.written import an_intent, states, the_only, write
from tests.scripted import ScriptedProvider

HINT = (
    "Use a writable file on a local disk. If the file is damaged, move it elsewhere and check your account at the "
    "provider for open orders."
)


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

    def test_no_secret_and_no_text_is_in_it(self, ledger: Ledger, path: Path) -> None:
        """Neither the key, which an error repeats, nor an SMS is in any of its files, in whatever form."""
        key, text = "an-invented-key/for+the-ledger", "Your code is 482913"
        account = ledger.account("scripted", {"KEY": Secret(key)})
        provider = ScriptedProvider()
        provider.script("cancel", OtpError(f"?api_key={key}&action=cancel was refused"))
        provider.script("order", None, OtpError(f"?api_key={key} was refused"))
        recorded = RecordingProvider(provider, lambda: RunContext(ledger, "run-1", account))
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


@pytest.fixture
def database(path: Path) -> Iterator[Callable[..., Database]]:
    """Opens a small database, also several times; all are closed at the end."""
    databases: list[Database] = []

    def one(**options: Any) -> Database:
        databases.append(Database(path, ("CREATE TABLE notes (text TEXT NOT NULL);",), {"notes"}, **options))
        return databases[-1]

    yield one
    for each in databases:
        each.close()


def add(notes: Database, text: str) -> None:
    with notes.transaction():
        notes.rows("INSERT INTO notes VALUES (?)", (text,))


class TestUnusable:
    """A ledger that cannot be used is reported before anything is ordered."""

    @pytest.mark.parametrize("content", [b"no database, but some other file of yours\n" * 30, b"\0" * 4096])
    def test_no_database(self, path: Path, content: bytes) -> None:
        """Any other file is named, with what is wrong and what to do, and is left as it was."""
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        path.chmod(0o644)
        assert refusal(path) == (
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} cannot be used (file is not a database); orders are not placed "
            f"without a ledger. {HINT}"
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
        assert f"{path} cannot be used (database disk image is malformed); orders are not placed" in refusal(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python 3.13 warns of a connection that is left open
            gc.collect()

    def test_a_folder_in_its_place(self, path: Path) -> None:
        """A folder is no file."""
        path.mkdir(parents=True)
        assert f"{path} cannot be used (unable to open database file); orders are not placed" in refusal(path)

    def test_a_file_in_the_place_of_its_folder(self, path: Path) -> None:
        """Where its folder cannot be made, the path is named."""
        path.parent.parent.mkdir()
        path.parent.write_text("a file")
        assert f"{path} cannot be used ([Errno 20] Not a directory" in refusal(path)

    @pytest.mark.skipif(sys.platform != "linux", reason="the folder in which nobody may make a file is Linux's")
    def test_a_folder_that_cannot_be_written(self) -> None:
        """A directory that even root cannot create is an error."""
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
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} belongs to another program. Use a different file."
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
        assert f"{path} belongs to another program" in refusal(path)
        raw = sqlite3.connect(path)
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
        raw.close()

    def test_a_newer_one(self, opened: Callable[[], Ledger], path: Path) -> None:
        """A ledger of a later version is refused."""
        opened().close()
        raw = sqlite3.connect(path)
        raw.execute(f"PRAGMA user_version = {len(UPGRADES) + 1}")
        raw.close()
        assert refusal(path) == (
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} was written by a newer version of pytest-otp. "
            "Update pytest-otp, or use another ledger."
        )

    def test_somebody_who_writes_for_ever(self, path: Path) -> None:
        """A process that blocks writing for too long is an error; the next order is possible again."""
        ledger = Ledger(path, patience=0.05)
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(SettingsError, match=r"cannot be used \(database is locked\); orders are not placed"):
            ledger.reserve(an_intent())
        raw.execute("ROLLBACK")
        raw.close()
        ledger.reserve(an_intent())
        assert the_only(ledger).state == "ordering"
        ledger.close()

    def test_a_full_disk(self, database: Callable[..., Database]) -> None:
        """A full disk is an error that changes nothing; once there is room, writing works again."""
        notes = database()
        add(notes, "first")
        ((pages,),) = notes.rows("PRAGMA page_count")
        notes.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(SettingsError, match=r"cannot be used \(database or disk is full\); orders are not placed"):
            add(notes, "x" * 100_000)
        notes.rows("PRAGMA max_page_count = 100000")
        add(notes, "third")
        assert notes.rows("SELECT text FROM notes") == [("first",), ("third",)]

    def test_a_commit_that_fails(self, database: Callable[..., Database]) -> None:
        """A failed commit is rolled back as a whole, and later writes are visible to all."""
        refusals = [sqlite3.OperationalError("disk I/O error")]

        class Refuses(sqlite3.Connection):
            def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
                if statement == "COMMIT" and "INTO notes" in self.last and refusals:
                    raise refusals.pop()
                self.last = statement
                return super().execute(statement, *values)

            last = ""

        notes = database(connection=Refuses)
        with pytest.raises(SettingsError, match="disk I/O error"):
            add(notes, "first")
        add(notes, "second")
        assert database().rows("SELECT text FROM notes") == [("second",)]

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
            f"--otp-ledger (PYTEST_OTP_LEDGER): {path} cannot be used (it was removed or replaced while in use)"
            f"; orders are not placed without a ledger. {HINT}"
        )
        ledger.changed("key-1", "cancelled", "by its test")
        assert states(ledger) == {"key-1": "cancelled"}

    @pytest.mark.parametrize("checkpointed", [False, True], ids=["in its log", "in the file"])
    @pytest.mark.parametrize("how", ["junk", "emptied", "another ledger", "an older copy", "another database", "log"])
    def test_one_that_is_overwritten_while_it_is_in_use(
        self, ledger: Ledger, path: Path, tmp_path: Path, how: str, checkpointed: bool
    ) -> None:
        """Who overwrites its files in place is noticed before the next order, or has done no harm: all can read it."""
        backup = tmp_path / "older"
        shutil.copyfile(path, backup)
        write(ledger, "key-1")
        if checkpointed:
            raw_rows(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        overwrite(path, how, backup)
        refused = ""
        try:
            ledger.reserve(an_intent("key-2"))
        except SettingsError as error:
            refused = str(error)
        if refused or checkpointed:
            assert f"--otp-ledger (PYTEST_OTP_LEDGER): {path} cannot be used (" in refused
            assert "orders are not placed without a ledger" in refused
            return
        read = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT key FROM orders').fetchall())"
        run = subprocess.run([sys.executable, "-c", read, str(path)], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == "[('key-1',), ('key-2',)]"

    def test_liveness_locks_that_are_removed(self, ledger: Ledger) -> None:
        """Where others could not see that a run lives, they would close its orders: it places none."""
        shutil.rmtree(ledger.locks)
        with pytest.raises(SettingsError) as caught:
            ledger.reserve(an_intent())
        assert f"cannot be used (the directory {ledger.locks} was removed while in use); orders" in str(caught.value)
        assert ledger.entries() == []

    def test_one_that_comes_back(self, ledger: Ledger, path: Path) -> None:
        """A file that was moved away and put back is the same, and is written again."""
        path.rename(path.with_name("moved"))
        with pytest.raises(SettingsError, match="removed or replaced"):
            ledger.reserve(an_intent())
        path.with_name("moved").rename(path)
        ledger.reserve(an_intent())
        assert states(ledger) == {"key-1": "ordering"}

    def test_no_liveness_lock(self, ledger: Ledger) -> None:
        """A process that cannot show that it lives does not order."""
        for file in ledger.locks.iterdir():
            file.unlink()
        ledger.locks.rmdir()
        ledger.locks.touch()
        with pytest.raises(
            SettingsError, match=r"cannot be used .*Not a directory.*orders are not placed without a ledger"
        ):
            ledger.liveness_lock()

    def test_the_same_order_twice(self, ledger: Ledger) -> None:
        """Keys are unique: a second order under one is refused, and the first stays as it is."""
        write(ledger, "key-1", "finished")
        with pytest.raises(SettingsError, match="UNIQUE constraint failed"):
            ledger.reserve(an_intent("key-1"))
        assert states(ledger) == {"key-1": "finished"}


def overwrite(path: Path, how: str, backup: Path) -> None:
    """Write over the files of a ledger that is in use."""
    if how == "log":
        path.with_name(f"{path.name}-wal").unlink()
        return
    other = backup.with_name("other")
    if how == "another ledger":
        Ledger(other).close()
    if how == "another database":
        with contextlib.closing(sqlite3.connect(other)) as raw:
            raw.execute("CREATE TABLE things (name TEXT)")
    content = {"junk": b"junk" * 5000, "emptied": b"", "an older copy": backup.read_bytes()}
    path.write_bytes(content[how] if how in content else other.read_bytes())


def raw_rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    """Read the file without the ledger."""
    raw = sqlite3.connect(path)
    rows = raw.execute(statement).fetchall()
    raw.close()
    return rows


class TestUpgrade:
    """A ledger that an older version wrote."""

    NOTE = "ALTER TABLE orders ADD COLUMN note TEXT NOT NULL DEFAULT 'none';"

    def test_rows_are_kept(self, opened: Callable[[], Ledger], path: Path) -> None:
        """A later version finds each order, and accounts have the same digests; an earlier version refuses it then."""
        old = opened()
        write(old, "key-1")
        write(old, "key-2", "finished", "by its test")
        entries, account = old.entries(), old.account("scripted", {"KEY": Secret("an-invented-key")})
        old.close()
        new = Ledger(path, upgrades=(*UPGRADES, self.NOTE))
        assert new.entries() == entries
        assert new.account("scripted", {"KEY": Secret("an-invented-key")}) == account
        new.close()
        assert raw_rows(path, "SELECT note FROM orders") == [("none",), ("none",)]
        assert raw_rows(path, "PRAGMA user_version") == [(len(UPGRADES) + 1,)]
        assert "was written by a newer version of pytest-otp" in refusal(path)

    def test_a_step_is_taken_once(self, opened: Callable[[], Ledger], path: Path) -> None:
        """Two processes that open a ledger at the same time upgrade it once."""
        write(opened())
        together = threading.Barrier(2)
        failures: list[Exception] = []
        ledgers: list[Ledger] = []

        def open_it() -> None:
            together.wait()
            try:
                ledgers.append(Ledger(path, upgrades=(*UPGRADES, self.NOTE)))
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                failures.append(error)

        threads = [threading.Thread(target=open_it) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [states(ledger) for ledger in ledgers] == [{"key-1": "waiting"}] * 2
        for ledger in ledgers:
            ledger.close()

    def test_a_step_that_fails(self, opened: Callable[[], Ledger], path: Path) -> None:
        """An upgrade is done as a whole or not at all."""
        write(opened())
        with pytest.raises(SettingsError, match=r'cannot be used \(near "NONSENSE": syntax error\)'):
            Ledger(path, upgrades=(*UPGRADES, self.NOTE + "NONSENSE;"))
        assert states(opened()) == {"key-1": "waiting"}
        assert raw_rows(path, "PRAGMA user_version") == [(len(UPGRADES),)]

    def test_a_ledger_of_version_0_1(self, path: Path) -> None:
        """An order that was written before closes were recorded is there, untried, and can be recorded from then on."""
        path.parent.mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(path)) as raw:
            raw.executescript(UPGRADES[0] + "PRAGMA user_version = 1;")
            raw.execute(
                "INSERT INTO orders (key, run, owner, keeper, provider, account, order_id, number, state, reason, "
                "ordered_at, changed_at) VALUES ('key-1', 'run-1', '', '', 'scripted', 'account-1', 'order-1', "
                "'12015550100', 'waiting', 'cancel: answered 500', ?, ?)",
                ("2026-11-01T12:00:00+00:00",) * 2,
            )
            raw.commit()
        ledger = Ledger(path)
        entry = the_only(ledger)
        assert (entry.state, entry.reason, entry.closing) == ("waiting", "cancel: answered 500", UNTRIED)
        tried = Closing(3, 2, datetime(2026, 11, 1, 13, tzinfo=timezone.utc))
        ledger.tried("key-1", tried)
        assert the_only(ledger).closing == tried
        ledger.close()


def test_two_ledgers_of_one_process(tmp_path: Path) -> None:
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
