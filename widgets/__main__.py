"""Try `fill_code` and `fill_phone` on every page: `python -m widgets`. The exit status is 1 if any run fails.

Each driver has a process of its own, and two run at a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from .catalogue import Size
from .drivers import DRIVERS, chromium, program
from .page import write
from .results import Row, save, sum_up
from .runs import Outcome

AT_ONCE = 2


@dataclass(frozen=True)
class Job:
    """What one process runs."""

    driver: str
    size: Size
    runs: int
    cpu: int = 1


FULL = (
    Job("playwright", "full", 20),
    Job("selenium", "full", 20),
    Job("async", "full", 3),
    Job("firefox", "full", 3),
    Job("playwright", "full", 3, cpu=6),
    Job("selenium", "full", 3, cpu=6),
)
SHORT = (Job("playwright", "short", 1), Job("selenium", "short", 1), Job("async", "few", 1), Job("firefox", "few", 1))


def main() -> int:
    """Run the jobs, print the tables; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m widgets", description="Try fill_code and fill_phone on every page."
    )
    parser.add_argument("--short", action="store_true", help="run each page once, most of them with one driver")
    parser.add_argument("--only", action="append", default=[], help="page to run, or page/variant; can be repeated")
    parser.add_argument("--driver", action="append", choices=DRIVERS, help="can be repeated (default: all)")
    parser.add_argument(
        "--runs", type=int, help="runs of each case (default: 20, and 3 for the slower parts; short: 1)"
    )
    parser.add_argument("--save", action="store_true", help="write the results into docs/widgets.md, also of a part")
    parser.add_argument("--screenshots", default="", help="folder for screenshots of failed runs")
    asked = parser.parse_args()
    began = time.monotonic()
    jobs = [job for job in (SHORT if asked.short else FULL) if not asked.driver or job.driver in asked.driver]
    jobs = [replace(job, runs=asked.runs or job.runs) for job in jobs]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda job: list(_run(job, asked.only, asked.screenshots)), jobs))
    outcomes = [outcome for each in done for outcome in each]
    rows = sum_up(outcomes)
    bad = _report(outcomes, rows)
    if asked.save or not (asked.short or asked.only or asked.driver):
        write(browsers(), save(rows, browsers()))
    print(f"\n{time.monotonic() - began:.0f} s")
    print(f"{len(outcomes) - bad} passed, {bad} failed")
    return 1 if bad or not outcomes else 0


def _run(job: Job, only: Sequence[str], screenshots: str) -> Iterator[Outcome]:
    command = [sys.executable, "-m", "widgets.worker", "--driver", job.driver, "--size", job.size]
    command += ["--runs", str(job.runs), "--cpu", str(job.cpu), *(f"--only={name}" for name in only)]
    command += [f"--screenshots={screenshots}"] if screenshots else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            outcome = Outcome(**json.loads(line))
            if outcome.problem:
                print(f"{outcome.driver}: {outcome.page}/{outcome.variant}: {outcome.problem}", flush=True)
            yield outcome
    if process.returncode:
        text = f"the process ended with {process.returncode}"
        print(f"{job.driver}: {text}", flush=True)
        yield Outcome("all", "process", job.driver, job.cpu, text, 0)


def _report(outcomes: Sequence[Outcome], rows: Sequence[Row]) -> int:
    """Print a table; return how many runs failed, and how many pages are too slow."""
    print(f"{'page':40} {'driver':18} {'cpu':4} {'passed':>10} {'seconds':>8} {'typing':>8}")
    for row in rows:
        seconds, typing = (f"{value:8.3f}" if value else " " * 8 for value in (row.seconds, row.typing))
        print(
            f"{row.page:40} {row.driver:18} {row.cpu:<4} {row.passed:>4} of {row.runs:<3} {seconds} {typing} {row.slow}"
        )
    return sum(bool(outcome.problem) for outcome in outcomes) + sum(bool(row.slow) for row in rows)


def browsers() -> str:
    """The browsers' versions, in words."""
    found = [
        subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.split()
        for path in (chromium(), program("FIREFOX", "firefox-esr", "firefox"))
    ]
    return " and ".join(f"{words[0] if words[0] == 'Chromium' else 'Firefox'} {_number(words)}" for words in found)


def _number(words: Sequence[str]) -> str:
    return next(word for word in words if word[:1].isdigit())


if __name__ == "__main__":
    sys.exit(main())
