"""Processes that use a ledger at the same time, and waiting for what processes and threads do."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONG = 120.0
"""Seconds for what takes milliseconds on an idle machine."""


def run(path: Path, code: str) -> subprocess.Popen[str]:
    """A process with the ledger; it waits for a line of input before it runs the code."""
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
    printed = [process.communicate(timeout=LONG)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return printed


def until(condition: Callable[[], object], timeout: float = LONG) -> None:
    """Wait until it holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"not within {timeout} s"
        time.sleep(0.005)
