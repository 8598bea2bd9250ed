"""What the tests of orders share: a ledger in a directory that does not exist yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_otp.orders.ledger import Ledger


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
    """The liveness lock of a living process."""
    alive = ledger.liveness_lock()
    yield alive.name
    alive.release()
