"""The ledger: every order of every run on this machine, in one SQLite file that all processes share.

WAL with synchronous NORMAL survives a killed process; only a power cut can take the last moments with it. No secret and
no text of an SMS is in it, and an account is known by a digest that is salted for this file.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..clock import utc_now
from ..errors import BudgetExceeded, OtpError, SettingsError
from ..providers.base import Order, OrderState
from ..redact import Secret, scrub
from .entries import (
    CLOSED,
    FORGOTTEN,
    NO_BUDGET,
    OPEN,
    ORDERING,
    REFUSED,
    UNCERTAIN,
    Budget,
    Entry,
    Intent,
    check_price,
)
from .process_locks import Alive, is_alive, locks_of, make_private, one_at_a_time, tidy

__tracebackhide__ = True

PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
KEPT = timedelta(days=90)
"""How long closed orders stay."""

# Each step brings a ledger from the version of its place to the next one, and keeps its rows.
_UPGRADES = (
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
    CREATE INDEX orders_by_run ON orders (run);
    CREATE INDEX orders_by_state ON orders (state);
    """,
)

_INTENT = "key, run, owner, keeper, provider, account, service, country, operator, price, currency"
_REST = "order_id, number, region, state, reason, ordered_at, changed_at, waited, codes"
_UNCLOSED = (ORDERING, *OPEN)
_COSTS_NOTHING = (OrderState.CANCELLED.value, REFUSED)


class Ledger:
    """A book that outlives its process. Thread-safe, and safe for many processes at once."""

    def __init__(self, path: Path, *, patience: float | None = None) -> None:
        """Open it, make it where it is missing, and bring an older one up to date. Raises SettingsError.

        `patience`: seconds to wait for another process that is writing, in place of PATIENCE.
        """
        patience = PATIENCE if patience is None else patience
        self.path = path
        self.locks = locks_of(path)
        self._lock = threading.RLock()
        with self._usable():
            make_private(path.parent)
            with one_at_a_time(self.locks / "opening", patience):
                self._make()
                self._db = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
                try:
                    self._prepare()
                except BaseException:
                    self._db.close()
                    raise
                self._opened = self._identity()
            tidy(self.locks)

    def alive(self) -> Alive:
        """A sign of life of this process. Raises SettingsError."""
        with self._usable():
            return Alive(self.locks)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def account(self, provider: str, values: Mapping[str, str | Secret | None]) -> str:
        """A digest that identifies an account by the values that do (`identifying`), without revealing them."""
        known = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
        ((salt,),) = self._rows("SELECT salt FROM salt")
        return hmac.digest(salt, json.dumps([provider, known], sort_keys=True).encode(), "sha256").hex()

    def reserve(self, intent: Intent, budget: Budget = NO_BUDGET) -> None:
        """Write an order down before it is sent, unless it would exceed the run's budget. Raises BudgetExceeded."""
        with self._writing():
            self._check_place()
            self._check(intent, budget)
            price = None if intent.price is None else str(intent.price)
            values = (
                *(intent.key, intent.run, intent.owner, intent.keeper, intent.provider, intent.account),
                *map(_clean, (intent.service, intent.country, intent.operator)),
                *(price, intent.currency, ORDERING, _now(), _now()),
            )
            marks = ", ".join("?" * len(values))
            self._db.execute(
                f"INSERT INTO orders ({_INTENT}, state, ordered_at, changed_at, reason) VALUES ({marks}, '')",  # noqa: S608 - our own column names
                values,
            )

    def placed(self, key: str, order: Order, budget: Budget = NO_BUDGET) -> None:
        """The order was confirmed. Raises BudgetExceeded, after it was written down, where its price is too high."""
        price = {} if order.price is None else {"price": _amount(order.price), "currency": order.currency}
        with self._writing():
            self._update(
                key,
                **price,  # else the listed one stays
                order_id=str(order.id),
                number=str(order.number),
                region=order.region,
                service=_clean(order.service),
                country=_clean(order.country),
                operator=_clean(order.operator),
                ordered_at=_utc(order.ordered_at).isoformat(),
                state=OrderState.WAITING.value,
                reason="",
            )
            (entry,) = self._select("WHERE key = ?", (key,)) if budget.spend is not None else (None,)
            spent = Decimal(0) if entry is None else self._spent(entry.intent.run) - (entry.intent.price or 0)
        if entry is not None:
            check_price(entry.intent, spent, budget)

    def refused(self, key: str, reason: str, *, sent: bool) -> None:
        """Nothing was rented; what was not even sent does not count for the budget."""
        self._update(key, state=REFUSED, reason=scrub(reason), counts=int(sent))

    def changed(self, key: str, state: str, reason: str = "") -> None:
        """The order's state is another one, or stays for another reason."""
        self._update(key, state=state, reason=scrub(reason))

    def waited(self, key: str, seconds: float, codes: int) -> None:
        """A test waited, and got so many messages."""
        with self._writing():
            self._db.execute(
                "UPDATE orders SET waited = waited + ?, codes = codes + ? WHERE key = ?", (seconds, codes, key)
            )

    def entries(self, run: str | None = None) -> list[Entry]:
        """The orders of a run, or of all, the oldest first."""
        where = "" if run is None else "WHERE run = ?"
        return self._select(where, () if run is None else (run,))

    def unclosed(self) -> list[Entry]:
        """The orders that are open, or on their way."""
        return self._select(f"WHERE state IN ({_marks(_UNCLOSED)})", _UNCLOSED)

    def swept(self, run: str) -> list[Entry]:
        """The orders of earlier runs that the processes of this one took over."""
        return self._select(
            "WHERE run != ? AND keeper != '' AND keeper IN (SELECT owner FROM orders WHERE run = ? UNION SELECT keeper "
            "FROM orders WHERE run = ?)",
            (run, run, run),
        )

    def lives(self, entry: Entry) -> bool:
        """Whether some process still cares for the order."""
        return is_alive(self.locks, entry.intent.owner) or is_alive(self.locks, entry.intent.keeper)

    def claim(self, accounts: Collection[str], keeper: str) -> list[Entry]:
        """Take over the open orders of dead processes, for the accounts that one has credentials for.

        Whoever claims first has them: the claim is alive as long as the claimer. An order that was on its way when its
        processes died becomes uncertain, whosever it is.
        """
        with self._writing():
            dead = [entry for entry in self.unclosed() if not self.lives(entry)]
            lost = [entry for entry in dead if entry.state == ORDERING]
            taken = [entry for entry in dead if entry.state != ORDERING and entry.intent.account in accounts]
            for entry in lost:
                self._update(entry.intent.key, state=UNCERTAIN, reason="its process died before the answer came")
            for entry in taken:
                self._update(entry.intent.key, keeper=keeper, owner="")
        return taken

    def adopt(self, owner: str, keeper: str) -> list[Entry]:
        """Take over the open orders of a living process whose keeper has died; those on their way become uncertain."""
        with self._writing():
            orphans = [
                entry
                for entry in self.unclosed()
                if entry.intent.owner == owner and not is_alive(self.locks, entry.intent.keeper)
            ]
            for entry in orphans:
                if entry.state == ORDERING:
                    self._update(entry.intent.key, state=UNCERTAIN, reason="its keeper died before the answer came")
                else:
                    self._update(entry.intent.key, keeper=keeper)
        return [entry for entry in orphans if entry.state != ORDERING]

    def forget(self, number: int, *, force: bool = False) -> Entry:
        """Mark an order as one that needs no more care; one that may be closed only with `force`.

        Raises OtpError where there is none, or where a process has it.
        """
        with self._writing():
            found = self._select("WHERE id = ?", (number,))
            if not found:
                raise OtpError(f"the ledger has no order {number}", hint="pytest-otp orders lists them.")
            (entry,) = found
            if entry.state in (*CLOSED, REFUSED, FORGOTTEN):
                raise OtpError(f"order {number} is {entry.state}: there is nothing to forget")
            if entry.state != UNCERTAIN and self.lives(entry):
                raise OtpError(f"order {number} belongs to a run that lives", hint="It will close it.")
            if entry.state in OPEN and not force:
                raise OtpError(
                    f"order {number} is open: it is rented, and can be closed",
                    hint="pytest-otp sweep closes it; --force forgets it, where you have closed it at the provider.",
                )
            self._update(entry.intent.key, state=FORGOTTEN, reason=f"was {entry.state}")
        return entry

    def _check_place(self) -> None:
        """An open file can be written long after it was removed: nobody would ever read that."""
        if self._identity() != self._opened:
            raise FileNotFoundError("it was removed or replaced while it was in use")
        if not self.locks.is_dir():
            raise FileNotFoundError(f"the folder {self.locks} was removed while it was in use")

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _check(self, intent: Intent, budget: Budget) -> None:
        if budget.orders is not None:
            ((sent,),) = self._rows("SELECT count(*) FROM orders WHERE run = ? AND counts", (intent.run,))
            if sent >= budget.orders:
                raise BudgetExceeded(
                    f"this run has sent {sent} order requests, which is what --otp-max-orders allows",
                    provider=intent.provider,
                    hint="Nothing was ordered. Raise --otp-max-orders (PYTEST_OTP_MAX_ORDERS) where that is meant.",
                )
        if budget.spend is not None:
            check_price(intent, self._spent(intent.run), budget)

    def _spent(self, run: str) -> Decimal:
        rows = self._rows(
            f"SELECT price FROM orders WHERE run = ? AND price NOTNULL AND state NOT IN ({_marks(_COSTS_NOTHING)})",  # noqa: S608 - question marks only
            (run, *_COSTS_NOTHING),
        )
        return sum((Decimal(price) for (price,) in rows), Decimal(0))

    def _make(self) -> None:
        """Only where it is missing: to open and close a file that SQLite has open would drop SQLite's locks on it."""
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def _prepare(self) -> None:
        tables = {name for (name,) in self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not {"orders", "salt"} <= tables:  # before anything of it is changed
            raise SettingsError(
                f"--otp-ledger (PYTEST_OTP_LEDGER): {self.path} is the database of another program",
                hint="Name a file of its own.",
            )
        for name in (self.path.name, f"{self.path.name}-wal", f"{self.path.name}-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(name).chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._upgrade()

    def _upgrade(self) -> None:
        with self._writing():
            ((version,),) = self._rows("PRAGMA user_version")
            if version > len(_UPGRADES):
                raise SettingsError(
                    f"--otp-ledger (PYTEST_OTP_LEDGER): {self.path} was written by a newer pytest-otp",
                    hint="Update pytest-otp, or name another ledger.",
                )
            for step in _UPGRADES[version:]:
                for statement in filter(str.strip, step.split(";")):
                    self._db.execute(statement)
            if version == 0:
                self._db.execute("INSERT INTO salt VALUES (?)", (secrets.token_bytes(16),))
            if version < len(_UPGRADES):
                self._db.execute(f"PRAGMA user_version = {len(_UPGRADES)}")
            done = (*CLOSED, REFUSED, FORGOTTEN)
            self._db.execute(
                f"DELETE FROM orders WHERE changed_at < ? AND state IN ({_marks(done)})",  # noqa: S608 - question marks only
                ((utc_now() - KEPT).isoformat(), *done),
            )

    def _update(self, key: str, **columns: str | int | None) -> None:
        columns["changed_at"] = _now()
        with self._writing():
            self._db.execute(
                f"UPDATE orders SET {', '.join(f'{name} = ?' for name in columns)} WHERE key = ?",  # noqa: S608 - our own names
                (*columns.values(), key),
            )

    def _select(self, where: str, values: Sequence[object]) -> list[Entry]:
        rows = self._rows(f"SELECT id, {_INTENT}, {_REST} FROM orders {where} ORDER BY id", values)  # noqa: S608 - our own names
        return [_entry(*row) for row in rows]

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._usable():
            return self._db.execute(statement, tuple(values)).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction: all of it or nothing, and no other process in between."""
        with self._lock, self._usable():
            if self._db.in_transaction:
                yield
                return
            try:
                self._db.execute("BEGIN IMMEDIATE")  # a deferred one fails as soon as two processes write
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            said = str(error)
        else:
            return
        raise SettingsError(
            f"--otp-ledger (PYTEST_OTP_LEDGER): {self.path} cannot be used ({said}): no order is placed without it",
            hint="Name a file on a local disk that you may write. A damaged one has to be moved away; look then in "
            "your account at the provider for orders that are open.",
        )


def _entry(number: int, *row: Any) -> Entry:
    names = (*_INTENT.split(", "), *_REST.split(", "))
    return Entry.from_plain({"id": number, **dict(zip(names, row, strict=True))})


def _clean(asked: str | None) -> str | None:
    """What a test asked for may be a key by mistake."""
    return None if asked is None else scrub(asked)


def _amount(price: Decimal) -> str:
    """Checked, since a plugin's order may be filled with anything, and what is written here everybody reads."""
    amount = Decimal(price)
    if not amount.is_finite():
        raise ValueError(f"the price {price!r} is no amount")
    return str(amount)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _now() -> str:
    return utc_now().isoformat()
