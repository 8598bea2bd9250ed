"""The SQLite file behind a ledger: private, upgraded when opened, with transactions across processes.

WAL with synchronous NORMAL survives a killed process; only a power failure can lose the last moments.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .process_locks import locks_of, make_private, one_at_a_time, tidy

__tracebackhide__ = True

PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
_OPTION = "--otp-ledger (PYTEST_OTP_LEDGER)"

Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
"""Executes one statement and returns its rows."""


class Database:
    """An open SQLite file. Thread-safe, and safe for many processes at once."""

    def __init__(
        self,
        path: Path,
        upgrades: Sequence[str],
        tables: Collection[str],
        *,
        patience: float = PATIENCE,
        connection: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        """Open the file; create it if it is missing, and upgrade an older one. Raises SettingsError.

        `upgrades` holds one script for each version, counted from 1; `tables` are those that distinguish our files
        from other programs'. `patience` is the time in seconds to wait for another process that is writing.
        """
        self.path = path
        self.locks = locks_of(path)
        self._upgrades = upgrades
        self._lock = threading.RLock()
        with self.usable():
            make_private(path.parent)
            with one_at_a_time(self.locks / "opening", patience):
                self._create()
                self._connection = sqlite3.connect(
                    path, timeout=patience, isolation_level=None, check_same_thread=False, factory=connection
                )
                try:
                    self._prepare(tables)
                    self._opened = self._identity()
                except BaseException:
                    self._connection.close()
                    raise
            tidy(self.locks)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Execute one statement and return its rows. Raises SettingsError."""
        with self._lock, self.usable():
            return _executed(self._connection, statement, values)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the whole block or nothing, with no other process writing in between. Nested blocks join the outer one.

        Raises SettingsError if the file cannot be written.
        """
        with self._lock, self.usable():
            if self._connection.in_transaction:
                yield
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")  # a deferred one fails as soon as two processes write
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise

    def check_in_place(self, is_same: Callable[[Rows], bool] = lambda rows: True) -> None:
        """Raise an error if the file was removed, replaced or damaged: it could be written, but never be read again.

        `is_same` gets a function that executes a statement as another process would, without our cache.
        """
        if self._identity() != self._opened:
            raise FileNotFoundError("it was removed or replaced while in use")
        if not self.locks.is_dir():
            raise FileNotFoundError(f"the directory {self.locks} was removed while in use")
        there = f"{self.path.absolute().as_uri()}?mode=rw"  # never creates it
        with contextlib.closing(sqlite3.connect(there, uri=True, isolation_level=None)) as fresh:
            try:
                same = is_same(lambda statement, values: _executed(fresh, statement, values))
            except sqlite3.Error as error:
                raise sqlite3.DatabaseError(f"it was damaged or replaced while in use: {error}") from None
        if not same:
            raise FileNotFoundError("it was replaced while in use")

    @contextlib.contextmanager
    def usable(self) -> Iterator[None]:
        """Turn SQLite's and the operating system's errors into a SettingsError that names the file."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = str(error)
        else:
            return
        raise SettingsError(
            f"{_OPTION}: {self.path} cannot be used ({reason}); orders are not placed without a ledger",
            hint="Use a writable file on a local disk. If the file is damaged, move it elsewhere and check your "
            "account at the provider for open orders.",
        )

    def _identity(self) -> list[tuple[int, int]]:
        """Which files hold our rows: the database, and its log, which stays for as long as anybody has it open."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return [(found.st_dev, found.st_ino) for found in (path.stat() for path in files if path.exists())]

    def _create(self) -> None:
        """Only if it is missing: opening and closing a file that SQLite has open would drop SQLite's locks on it."""
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _prepare(self, tables: Collection[str]) -> None:
        found = {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if found and not set(tables) <= found:  # before anything in it is changed
            raise SettingsError(f"{_OPTION}: {self.path} belongs to another program", hint="Use a different file.")
        for name in (self.path.name, f"{self.path.name}-wal", f"{self.path.name}-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(name).chmod(0o600)
        self.rows("PRAGMA journal_mode=WAL")
        self.rows("PRAGMA synchronous=NORMAL")
        with self.transaction():
            self._upgrade()

    def _upgrade(self) -> None:
        ((version,),) = self.rows("PRAGMA user_version")
        if version > len(self._upgrades):
            raise SettingsError(
                f"{_OPTION}: {self.path} was written by a newer version of pytest-otp",
                hint="Update pytest-otp, or use another ledger.",
            )
        for step in self._upgrades[version:]:
            for statement in filter(str.strip, step.split(";")):
                self.rows(statement)
        if version < len(self._upgrades):
            self.rows(f"PRAGMA user_version = {len(self._upgrades)}")


def text_of(stored: bytes) -> str:
    """The text that was stored as bytes, since SQLite stores no lone surrogates as text."""
    return stored.decode(errors="surrogatepass")


def _executed(connection: sqlite3.Connection, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    return connection.execute(statement, tuple(map(_storable, values))).fetchall()


def _storable(value: object) -> object:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode(errors="surrogatepass")
    return value
