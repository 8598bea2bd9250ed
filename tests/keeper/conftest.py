"""What the tests of the keeper share."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_otp import redact
from pytest_otp.keeper.client import MOST_KEEPERS, Keeper
from pytest_otp.orders.entries import NO_BUDGET, Budget
from pytest_otp.orders.ledger import Ledger
from tests.keeper.loopback import Cepat, pid_of, until

Started = Callable[..., Keeper]


@pytest.fixture(autouse=True)
def _no_known_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of secrets belongs to the process: each test has its own."""
    monkeypatch.setattr(redact, "_forms", set())
    monkeypatch.setattr(redact, "_short_forms", set())
    monkeypatch.setattr(redact, "_pattern", None)


@pytest.fixture
def cepat() -> Iterator[Cepat]:
    with Cepat() as server:
        yield server


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(ledger_path: Path) -> Iterator[Ledger]:
    """The ledger, as another process sees it."""
    book = Ledger(ledger_path)
    yield book
    book.close()


@pytest.fixture
def start(ledger_path: Path) -> Iterator[Started]:
    """Starts a keeper with its side process; none of them is left after the test."""
    keepers: list[Keeper] = []

    def started(budget: Budget = NO_BUDGET, path: Path = ledger_path) -> Keeper:
        keepers.append(Keeper(path, "a-run", budget))
        return keepers[-1]

    yield started
    for keeper in keepers:
        side = keeper._side
        if side is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid_of(keeper), signal.SIGCONT)
            keeper._started = MOST_KEEPERS
            keeper.end()
            side._process.kill()
            until(lambda side=side: side._process.returncode is not None)  # type: ignore[misc]
