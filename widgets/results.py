"""The results of many runs, summed up for each page and driver, and kept in a file for the documentation."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .runs import Outcome

HERE = Path(__file__).parent
FILE = HERE / "results.json"
LIMITS = {"Playwright": 4.0, "Playwright async": 4.0, "Selenium": 7.0}
"""How many times the median of `fill_code` may be that of the driver's own typing."""


@dataclass
class Row:
    """All runs of one page with one driver."""

    page: str
    driver: str
    cpu: int
    runs: int
    passed: int
    seconds: float | None
    """The median of the runs that were timed."""
    typing: float | None
    """The median of the driver's own typing into the same field."""
    typing_passed: int
    """How many of the timed runs the driver's own typing put the value into the application."""
    timed: int

    @property
    def slow(self) -> str:
        """In words, if it is above its limit."""
        limit = LIMITS.get(self.driver)
        if not (limit and self.seconds and self.typing and self.typing_passed and self.cpu == 1):
            return ""
        if self.seconds <= limit * self.typing:
            return ""
        return f"{self.seconds:.3f} s, {self.seconds / self.typing:.1f} times the driver's own typing (limit {limit:g})"


def sum_up(outcomes: Iterable[Outcome]) -> list[Row]:
    """A row for each page, driver and speed, in the order of the runs."""
    groups: dict[tuple[str, str, int], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.page, outcome.driver, outcome.cpu), []).append(outcome)
    return [_row(*key, group) for key, group in groups.items()]


def _row(page: str, driver: str, cpu: int, group: list[Outcome]) -> Row:
    timed = [outcome for outcome in group if outcome.typed is not None and not outcome.problem]
    return Row(
        page=page,
        driver=driver,
        cpu=cpu,
        runs=len(group),
        passed=sum(not outcome.problem for outcome in group),
        seconds=statistics.median(outcome.seconds for outcome in timed) if timed else None,
        typing=statistics.median(outcome.typed or 0 for outcome in timed) if timed else None,
        typing_passed=sum(bool(outcome.typing_works) for outcome in timed),
        timed=len(timed),
    )


def save(rows: Iterable[Row], browsers: str) -> list[Row]:
    """Keep the results for the documentation, in place of older ones of the same pages; return all that is kept."""
    kept = {(row.page, row.driver, row.cpu): row for row in [*(saved()[1] if FILE.exists() else []), *rows]}
    text = json.dumps({"browsers": browsers, "rows": [asdict(row) for row in kept.values()]}, indent=1)
    FILE.write_text(text + "\n", encoding="utf-8")
    return list(kept.values())


def saved() -> tuple[str, list[Row]]:
    """What was kept: the browsers, and the rows."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return found["browsers"], [Row(**row) for row in found["rows"]]


def versions() -> dict[str, str]:
    """The version of each package, from the lock file."""
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    start = "node_modules/"
    return {
        name.removeprefix(start): found["version"] for name, found in lock["packages"].items() if name.startswith(start)
    }
