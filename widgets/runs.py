"""Runs cases with one driver, and judges each run by what the page told."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_otp.browser import FillError

from .case import Case
from .drivers import Driver
from .site import Site, Told

STATE_LANDS = 5.0
"""Seconds that the application's state may need to reach the server after `fill_code` has returned."""
TYPING_LANDS = 0.5
"""The same for the driver's own typing, which often fails."""
SUBMISSION_LANDS = 10.0
"""Seconds for a submission, which a slow browser may still have to send."""
QUIET = 0.15
"""Seconds in which a second submission would show."""


@dataclass
class Outcome:
    """One run of one case."""

    page: str
    variant: str
    driver: str
    cpu: int
    problem: str
    """What is wrong, in words; empty if all is well."""
    seconds: float
    how: str = ""
    typed: float | None = None
    """Seconds that the driver's own typing took beside it."""
    typing_works: bool | None = None
    """Whether the driver's own typing put the value into the application."""


def run_all(
    driver: Driver, site: Site, cases: Sequence[Case], runs: int, cpu: int, shots: Path | None
) -> Iterator[Outcome]:
    """Run each case as often as asked; a failed run saves a screenshot into `shots`."""
    for case in cases:
        for _ in range(runs):
            outcome = run_one(driver, site, case, cpu)
            if outcome.problem and shots:
                name = f"{case.name}-{driver.name}-{secrets.token_hex(2)}.png".replace("/", "-").replace(" ", "_")
                driver.screenshot(str(shots / name))
            yield outcome


def run_one(driver: Driver, site: Site, case: Case, cpu: int) -> Outcome:
    """Open the page, fill it, and judge."""
    try:
        return _run_one(driver, site, case, cpu)
    except Exception as error:  # noqa: BLE001 - whatever else a run raises is a finding
        return Outcome(case.page, case.variant, driver.name, cpu, f"{type(error).__name__}: {error}", 0)


def _run_one(driver: Driver, site: Site, case: Case, cpu: int) -> Outcome:
    typed = works = focus = None
    if case.timed and case.first:
        typed, works, focus = _by_typing(driver, site, case, cpu)
    run = secrets.token_hex(8)
    driver.open(case.url(site.url, run), cpu=cpu, frozen=case.frozen)
    if case.timed and case.first:
        driver.wait_for(case.first)
    how, raised = "", None
    began = time.perf_counter()
    try:
        how = driver.fill(case).how
    except FillError as error:
        raised = error
    seconds = time.perf_counter() - began
    problem = driver.altered() or _problem(site, case, run, raised)
    if not problem and works and case.ending == "kept" and (now := driver.focus()) != focus:
        problem = f"the focus ends in field {now}, after typing in field {focus}"
    return Outcome(case.page, case.variant, driver.name, cpu, problem, seconds, how, typed, works)


def _by_typing(driver: Driver, site: Site, case: Case, cpu: int) -> tuple[float, bool, int]:
    """The driver's own typing into the right field: seconds, whether it worked, and where the focus was then."""
    assert case.first
    run = secrets.token_hex(8)
    driver.open(case.url(site.url, run), cpu=cpu, frozen=case.frozen)
    driver.wait_for(case.first)
    began = time.perf_counter()
    driver.type(case.first, case.value)
    seconds = time.perf_counter() - began
    site.record.wait(run, case.state, 0, TYPING_LANDS)
    return seconds, site.record.of(run).state == case.state, driver.focus()


def _problem(site: Site, case: Case, run: str, raised: FillError | None) -> str:
    told = site.record.of(run)
    if case.error is not None:
        time.sleep(QUIET)
        return _refused_well(case, told, raised)
    if raised is not None:
        return f"FillError: {raised}"
    state = {"kept": case.state, "cleared": ""}.get(case.ending)
    site.record.wait(run, told.state if state is None else state, int(case.submits), STATE_LANDS)
    if case.ending == "kept" and told.state != case.state:
        return f"the application has {told.state!r}"
    site.record.wait(run, told.state if state is None else state, int(case.submits), SUBMISSION_LANDS)
    time.sleep(QUIET)
    return _untouched(case, told) or (
        "" if state in (None, told.state) else f"the application ends with {told.state!r}"
    )


def _untouched(case: Case, told: Told) -> str:
    sent = [case.state] if case.submits else []
    if told.submissions != sent:
        return f"submitted {told.submissions}, not {sent}"
    return f"other fields were touched: {sorted(set(told.touched))}" if told.touched else ""


def _refused_well(case: Case, told: Told, raised: FillError | None) -> str:
    assert case.error is not None
    if raised is None:
        return f"no FillError; the application has {told.state!r}"
    text = f"{raised} {raised!r}"
    for word in case.error:
        if word not in text:
            return f"the error does not say {word!r}: {raised}"
    for secret in (case.value, "4111111111111111", "hunter2-secret"):
        if secret in text:
            return "the error shows contents of the page"
    if told.submissions:
        return f"submitted {told.submissions}"
    return f"other fields were touched: {sorted(set(told.touched))}" if told.touched else ""
