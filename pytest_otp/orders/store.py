"""The SQLite statements that read and write a ledger's orders; `Ledger` gives them their meaning."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..clock import utc_now
from ..providers.fields import price_of
from .database import PATIENCE, Database, Rows, text_of
from .entries import Intent, LedgerEntry
from .process_locks import LivenessLock, is_alive

__tracebackhide__ = True

# Each step brings a ledger to the version of its place, counted from 1, and keeps its rows.
UPGRADES = (
    """
    CREATE TABLE salt (salt BLOB NOT NULL);
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        run TEXT NOT NULL,
        owner TEXT NOT NULL,
        keeper TEXT NOT NULL,
        provider TEXT NOT NULL,
        account TEXT NOT NULL,
        service TEXT,
        country TEXT,
        operator TEXT,
        price TEXT,
        currency TEXT,
        order_id TEXT,
        number TEXT,
        region TEXT,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        ordered_at TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        waited REAL NOT NULL DEFAULT 0,
        codes INTEGER NOT NULL DEFAULT 0,
        counts INTEGER NOT NULL DEFAULT 1
    );
    INSERT INTO salt VALUES (randomblob(16));
    CREATE INDEX orders_by_run ON orders (run);
    CREATE INDEX orders_by_state ON orders (state);
    """,
    """
    ALTER TABLE orders ADD COLUMN closes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE orders ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE orders ADD COLUMN counted_at TEXT;
    CREATE INDEX orders_by_order_id ON orders (order_id);
    """,
)

_INTENT = "key, run, owner, keeper, provider, account, service, country, operator, price, currency"
_CLOSING = "closes, refusals, counted_at"
_REST = f"order_id, number, region, state, reason, ordered_at, changed_at, waited, codes, {_CLOSING}"


class SqliteStore:
    """The orders in one SQLite file. Every method raises SettingsError if the file cannot be used."""

    def __init__(self, path: Path, *, patience: float = PATIENCE, upgrades: Sequence[str] = UPGRADES) -> None:
        """Open the file as `Database` does."""
        self._database = Database(path, upgrades, {"orders", "salt"}, patience=patience)
        self._last_key: str | None = None

    @property
    def locks(self) -> Path:
        """The directory of the liveness locks."""
        return self._database.locks

    def liveness_lock(self) -> LivenessLock:
        """Take a new lock that this process holds for as long as it lives."""
        with self._database.usable():
            return LivenessLock(self.locks)

    def is_alive(self, lock: str) -> bool:
        """Whether the process that holds this liveness lock is alive."""
        return is_alive(self.locks, lock)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the whole block or nothing, with no other process writing in between."""
        with self._database.transaction():
            yield

    def salt(self) -> bytes:
        """The salt of this ledger's account digests."""
        ((salt,),) = self._database.rows("SELECT salt FROM salt")
        return bytes(salt)

    def insert(self, intent: Intent, state: str) -> None:
        """Add an order, unless the file is no longer the one that was opened, or was damaged."""
        with self.transaction():
            self._database.check_in_place(self._is_same)
            price = None if intent.price is None else str(intent.price)
            values = (
                *(intent.key, intent.run, intent.owner, intent.keeper, intent.provider, intent.account),
                *(intent.service, intent.country, intent.operator, price, intent.currency, state, _now(), _now()),
            )
            self._database.rows(
                f"INSERT INTO orders ({_INTENT}, state, ordered_at, changed_at, reason) VALUES ({_marks(values)}, '')",  # noqa: S608 - our own column names
                values,
            )

    def expect(self, key: str) -> None:
        """From now on, a file without this order is not ours."""
        self._last_key = key

    def _is_same(self, rows: Rows) -> bool:
        """Whether the ledger that another connection reads is ours: its salt, and the last order that we recorded."""
        known = rows("SELECT count(*) FROM orders WHERE key = ?", (self._last_key,)) == [(1,)]
        return rows("SELECT salt FROM salt", ()) == [(self.salt(),)] and (known or self._last_key is None)

    def update(self, key: str, **columns: str | int | None) -> None:
        """Change columns of an order."""
        columns["changed_at"] = _now()
        with self.transaction():
            self._database.rows(
                f"UPDATE orders SET {', '.join(f'{name} = ?' for name in columns)} WHERE key = ?",  # noqa: S608 - our own names
                (*columns.values(), key),
            )

    def add_wait(self, key: str, seconds: float, codes: int) -> None:
        """Add to the time waited and the messages received."""
        with self.transaction():
            self._database.rows(
                "UPDATE orders SET waited = waited + ?, codes = codes + ? WHERE key = ?", (seconds, codes, key)
            )

    def all(self) -> list[LedgerEntry]:
        """All orders, oldest first."""
        return self._select("")

    def of_run(self, run: str) -> list[LedgerEntry]:
        """The orders of a run, oldest first."""
        return self._select("WHERE run = ?", (run,))

    def by_key(self, key: str) -> LedgerEntry:
        """The order with this key."""
        (entry,) = self._select("WHERE key = ?", (key,))
        return entry

    def has_twin(self, entry: LedgerEntry, states: Collection[str]) -> bool:
        """Whether another order of the account, in one of these states or of the same run, has the same order ID."""
        asked = entry.intent
        return bool(
            self._select(
                "WHERE order_id = ? AND provider = ? AND account = ? AND key != ? "
                f"AND (run = ? OR state IN ({_marks(states)}))",
                (entry.order_id, asked.provider, asked.account, asked.key, asked.run, *states),
            )
        )

    def by_id(self, number: int) -> LedgerEntry | None:
        """The order with this number, if any."""
        return next(iter(self._select("WHERE id = ?", (number,))), None)

    def in_states(self, states: Collection[str]) -> list[LedgerEntry]:
        """The orders in any of these states, oldest first."""
        return self._select(f"WHERE state IN ({_marks(states)})", tuple(states))

    def taken_over_by(self, run: str) -> list[LedgerEntry]:
        """The orders of other runs that a process of this run has taken over."""
        return self._select(
            "WHERE run != ? AND owner != '' AND owner IN (SELECT owner FROM orders WHERE run = ?)", (run, run)
        )

    def sent_requests(self, run: str) -> int:
        """How many order requests a run has sent."""
        ((sent,),) = self._database.rows("SELECT count(*) FROM orders WHERE run = ? AND counts", (run,))
        return int(sent)

    def prices(self, run: str, *, without: Collection[str]) -> list[Decimal]:
        """The known prices of a run's orders, except those in the states `without`."""
        rows = self._database.rows(
            f"SELECT price FROM orders WHERE run = ? AND price NOTNULL AND state NOT IN ({_marks(without)})",  # noqa: S608 - question marks only
            (run, *without),
        )
        return [amount for (price,) in rows if (amount := price_of(price)) is not None]

    def delete_older(self, before: datetime, states: Collection[str]) -> None:
        """Remove the orders in these states that have not changed since."""
        with self.transaction():
            self._database.rows(
                f"DELETE FROM orders WHERE changed_at < ? AND state IN ({_marks(states)})",  # noqa: S608 - question marks only
                (before.isoformat(), *states),
            )

    def _select(self, where: str, values: Sequence[object] = ()) -> list[LedgerEntry]:
        rows = self._database.rows(f"SELECT id, {_INTENT}, {_REST} FROM orders {where} ORDER BY id", values)  # noqa: S608 - our own names
        return [_entry(*row) for row in rows]


def _entry(number: int, *row: Any) -> LedgerEntry:
    names = (*_INTENT.split(", "), *_REST.split(", "))
    row = tuple(text_of(value) if isinstance(value, bytes) else value for value in row)
    return LedgerEntry.from_plain({"id": number, **dict(zip(names, row, strict=True))})


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _now() -> str:
    return utc_now().isoformat()
