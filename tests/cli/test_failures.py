"""What a command does when something fails that it does not expect: one line, and the exit status 1."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from pytest_otp.orders.ledger import Ledger
from tests.cli.world import Command
from tests.orders.written import write


@pytest.mark.parametrize("command", ["orders", "sweep"])
def test_a_damaged_row(otp: Command, ledger: Ledger, command: str) -> None:
    """A ledger that cannot be read gives a line that says what failed and no traceback, and is left unlocked."""
    write(ledger)
    with contextlib.closing(sqlite3.connect(ledger.path)) as file, file:
        file.execute("UPDATE orders SET ordered_at = 'never'")
    assert otp(command) == 1
    assert otp.err == f"pytest-otp {command}: error: ValueError: Invalid isoformat string: 'never'\n"
    assert {path.name for path in ledger.locks.iterdir()} <= {"opening"}
