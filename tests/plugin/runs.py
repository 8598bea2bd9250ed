"""Runs of pytest against a provider on a socket, each a process of its own, and what they leave in the ledger."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pytest_otp.orders.entries import LedgerEntry
from pytest_otp.orders.ledger import Ledger

ROOT = Path(__file__).parent.parent.parent
HOLDS_ONE = """
import time

def test_it(otp_number):
    otp_number()
    print("READY", flush=True)
    time.sleep(600)
"""
PATIENCE = 120.0
"""Seconds for what happens soon, on a machine that is busy."""


@dataclass
class Wire:
    """A provider on a socket, runs of pytest against it, and their ledger."""

    folder: Path
    variables: dict[str, str]
    orders: list[str] = field(default_factory=list)
    rented: Callable[[], list[str]] = list
    """The orders that are open at the sandbox."""
    command: tuple[str, ...] = (sys.executable, "-m", "pytest", "-p", "pytest_otp.plugin", "-p", "no:cacheprovider")
    """What starts pytest."""

    def start(self, *args: str, **variables: str) -> subprocess.Popen[str]:
        """A run of its own, not waited for."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return subprocess.Popen(
            [*self.command, *args],
            cwd=self.folder,
            env={
                **inherited,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": str(ROOT),
                "PYTEST_OTP_LEDGER": "state/ledger",
                **self.variables,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *args: str, code: int = 0, **variables: str) -> str:
        """What a run printed."""
        process = self.start(*args, **variables)
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, output
        return output

    def test(self, text: str) -> None:
        """The tests of the run."""
        (self.folder / "test_it.py").write_text(text)

    def entries(self) -> list[LedgerEntry]:
        """What the ledger holds."""
        ledger = Ledger(self.folder / "state" / "ledger")
        with contextlib.closing(ledger):
            return ledger.entries()

    def settled(self) -> list[LedgerEntry]:
        """What the ledger holds as soon as nothing is open any more."""
        end = time.monotonic() + PATIENCE
        while any(entry.is_open for entry in self.entries()):
            assert time.monotonic() < end, self.entries()
            time.sleep(0.05)
        return self.entries()


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Wait until the run prints it."""
    assert process.stdout
    printed = []
    for line in process.stdout:
        printed.append(line)
        if text in line:
            return
    raise AssertionError(f"the run ended without {text!r}:\n" + "".join(printed))


def summary(output: str) -> list[str]:
    """The lines of the summary, without how long was waited."""
    (told,) = re.findall(r"^-+ one-time codes by SMS -+\n((?:.*\n)+)", output, re.MULTILINE)
    lines = told.splitlines()
    end = next((at for at, line in enumerate(lines) if re.match(r"=|!!!|\d+ \w+.* in [\d.]+s", line)), len(lines))
    return [re.sub(r"waited [\d.]+ s", "waited", line) for line in lines[:end] if line.strip()]
