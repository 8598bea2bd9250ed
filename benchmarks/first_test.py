"""What the first offline test of a process costs: its number and its code, beside a test that does nothing.

Both are runs of pytest with this plugin alone, turn by turn. Times are CPU times, so that a busy machine matters
little. Memory is read from `/proc`, so it runs on Linux only.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from .limits import check

TURNS = 11
ALLOWED_SECONDS = 0.12
"""CPU seconds that the first test may take beyond an empty one."""
ALLOWED_MEGABYTES = 14.0
"""Memory that it may take beyond an empty one."""

EMPTY = "def test_it():\n    pass\n"
FIRST = "def test_it(otp_number):\n    assert otp_number().wait_code()\n"
_PYTEST = """
import re, sys, time
import pytest

status = pytest.main(sys.argv[1:])
with open("/proc/self/status") as numbers:
    print(time.process_time(), re.search(r"VmHWM:\\s+(\\d+) kB", numbers.read())[1])
sys.exit(status)
"""


class Cost(NamedTuple):
    """What one run cost."""

    seconds: float
    """CPU time."""
    megabytes: float
    """The largest resident size."""


def main() -> None:
    """Print the medians of both, and their difference."""
    with tempfile.TemporaryDirectory() as folder:
        empty, first = Path(folder, "test_empty.py"), Path(folder, "test_first.py")
        empty.write_text(EMPTY, encoding="utf-8")
        first.write_text(FIRST, encoding="utf-8")
        turns = [(_run(empty), _run(first)) for _ in range(TURNS + 1)][1:]  # the first turn compiles the modules
    print(f"\nThe first offline test of a process, at the median of {TURNS} turns")
    print(f"  {'':<12} {'empty test':>10} {'first test':>10} {'ratio':>6} {'beyond':>7}")
    for field, unit, allowed in (("seconds", "CPU seconds", ALLOWED_SECONDS), ("megabytes", "MB", ALLOWED_MEGABYTES)):
        plain, ours = (statistics.median(getattr(turn[place], field) for turn in turns) for place in (0, 1))
        beyond = statistics.median(getattr(turn[1], field) - getattr(turn[0], field) for turn in turns)
        limit = check(f"the first offline test, {unit}", beyond, allowed)
        print(f"  {unit:<12} {plain:>10.3f} {ours:>10.3f} {ours / plain:>6.2f} {beyond:>7.3f}   {limit}")


def _run(path: Path) -> Cost:
    plugins = ("-p", "pytest_otp.plugin", "-p", "no:cacheprovider")
    command = [sys.executable, "-c", _PYTEST, *plugins, "-q", "--otp-fake", "auto", str(path)]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = inherited | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True, check=True)
    seconds, kilobytes = run.stdout.splitlines()[-1].split()
    return Cost(float(seconds), float(kilobytes) / 1024)
