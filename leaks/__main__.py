"""Search real runs for secrets: `python -m leaks`. The exit status is 1 if there is any, or if none could be found."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from leaks.runs import CONTROLS, FULL_RUNS, SHORT
from leaks.world import Found, World, world

LEAST_FOUND = 100
"""Findings that the control must have at least."""


def main() -> int:
    """Run everything; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m leaks", description="Search real runs for secrets.")
    parser.add_argument("--short", action="store_true", help="only what the test suite runs")
    parser.add_argument("--only", action="append", metavar="TEXT", help="runs whose names have this text")
    asked = parser.parse_args()
    started = time.monotonic()
    print(f"{'':<32}{'cases':>7}{'searched':>13}{'findings':>10}")
    runs = SHORT if asked.short else FULL_RUNS
    found = _all(runs, asked.only)
    control = _all(CONTROLS, asked.only)
    cases, findings = sum(each.cases for each in found), sum(each.findings for each in found)
    print(f"\n{cases} cases, {findings} findings; not masked: {sum(each.findings for each in control)} findings")
    print(f"{time.monotonic() - started:.0f} s")
    for each in found:
        if each.findings:
            print(each.worst())
    blind = any(each.findings < LEAST_FOUND for each in control)
    return 1 if findings or blind else 0


def _all(runs: Mapping[str, Callable[[World], Found]], only: list[str] | None) -> list[Found]:
    results = []
    for name, run in runs.items():
        if only and not any(part in name for part in only):
            continue
        with (
            tempfile.TemporaryDirectory(prefix="leaks-", ignore_cleanup_errors=True) as folder,
            world(Path(folder)) as made,
        ):
            found = run(made)
        print(f"{name:<32}{found.cases:>7}{found.searched:>13,}{found.findings:>10}", flush=True)
        results.append(found)
    return results


sys.exit(main())
