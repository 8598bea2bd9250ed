"""`make bench`: what it says of figures above their limits. The benchmarks themselves are too slow for the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TWO_FIGURES = """
from benchmarks.limits import above, check
print(check("lag", 1.0, 1.0))
print(check("start-up", 1.05, 1.02))
print(above())
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_figure_above_its_limit_is_named() -> None:
    """What is at its limit is allowed; what is above is named with figure and limit."""
    printed = python("-c", TWO_FIGURES).stdout.splitlines()
    assert printed == ["allowed: 1", "ABOVE the allowed 1.02", "('start-up: 1.05, allowed: 1.02',)"]


def test_an_unknown_benchmark() -> None:
    """A name that is none is a usage error that lists those there are."""
    run = python("-m", "benchmarks", "speed")
    assert run.returncode == 2
    assert run.stderr.startswith("unknown benchmark: speed (choose from startup, delivery, keeper,")
