"""The examples, run as a reader would run them: each in a separate process.

Playwright keeps an event loop running in its thread, in which tests of async waits could not run theirs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.documentation.running import PATIENCE_SECONDS, clean_environment, running_sandbox

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture
def environment() -> dict[str, str]:
    return clean_environment()


@pytest.fixture
def sandbox(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    with running_sandbox(environment, "manual") as variables:
        yield variables


def run_pytest(folder: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    # Without Hypothesis, whose import takes twice as long as the start of pytest.
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def assert_passed(run: subprocess.CompletedProcess[str], at_least: int) -> None:
    """All passed: no failure, no error, nothing skipped, and at least as many tests as expected."""
    assert run.returncode == 0, run.stdout
    last = run.stdout.rstrip().splitlines()[-1]
    counts = {what: int(count) for count, what in re.findall(r"(\d+) ([a-z]+)", last.partition(" in ")[0])}
    assert set(counts) == {"passed"}, run.stdout
    assert counts["passed"] >= at_least, run.stdout


@pytest.mark.long
@pytest.mark.browser
def test_sign_up_offline(environment: dict[str, str]) -> None:
    """The example's whole suite passes in real browsers, without any setting."""
    run = run_pytest(EXAMPLES / "signup", environment)
    assert_passed(run, at_least=30)
    assert re.search(r"(?i)otp.*fake", run.stdout)


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize(
    ("provider", "service", "country", "tests"),
    [("otpcepat", "Flip", "Indonesia", "playwright"), ("otpvirt", "vi", "tajikistan", "selenium")],
)
def test_sign_up_over_the_wire(
    environment: dict[str, str], sandbox: dict[str, str], provider: str, service: str, country: str, tests: str
) -> None:
    """The same browser tests, unchanged, pass over each provider's wire protocol."""
    ordering = ["--otp-provider", provider, "--otp-service", service, "--otp-country", country]
    run = run_pytest(EXAMPLES / "signup", {**environment, **sandbox}, *ordering, f"tests/test_signup_{tests}.py")
    assert_passed(run, at_least=4)


@pytest.mark.browser
def test_demo(environment: dict[str, str], tmp_path: Path) -> None:
    """`make demo` prints each step with its result, and saves a picture of each page."""
    run = run_pytest(EXAMPLES / "signup", environment, "demo", "-s", "-q", "--demo-report", str(tmp_path))
    assert_passed(run, at_least=1)
    steps = dict(re.findall(r"^ (\d)\. .*\n    (.*)$", run.stdout, re.MULTILINE))
    assert len(steps) == 9, run.stdout
    number = re.search(r"\+\d{8,15}", steps["2"])
    code = steps["6"]
    assert "api.twilio.com" in steps["1"]
    assert number, steps
    assert re.fullmatch(r"\d{6}", code)
    assert code in steps["5"]
    assert steps["9"].startswith("Order ")
    assert "is finished." in steps["9"]
    assert sorted(picture.name for picture in tmp_path.glob("*.png")) == ["3.png", "4.png", "7.png", "8.png"]
    report = (tmp_path / "index.html").read_text()
    assert str(tmp_path / "index.html") in run.stdout
    assert number.group() in report
    assert report.count("<img ") == 4


def test_demo_again(environment: dict[str, str]) -> None:
    """`make demo` runs with the example's settings also where an earlier run left its report."""
    recipe = re.search(r"-m pytest (demo .*)$", (EXAMPLES.parent / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    assert "$(CURDIR)/demo-report" in recipe[1]
    # Any directory that exists, outside the example, stands for the report of an earlier run.
    arguments = recipe[1].replace("$(CURDIR)/demo-report", str(EXAMPLES)).split()
    run = run_pytest(EXAMPLES / "signup", environment, *arguments, "-v", "--collect-only")
    assert run.returncode == 0, run.stdout
    assert "configfile: pytest.ini" in run.stdout


def test_a_missing_browser_is_reported(environment: dict[str, str]) -> None:
    """Without Chromium's driver the browser tests say what to install, and which variable sets another path."""
    variable = "CHROMEDRIVER"
    run = run_pytest(
        EXAMPLES / "signup", {**environment, variable: "/nowhere/at-all"}, "tests/test_signup_selenium.py", "-x"
    )
    assert run.returncode == 1
    assert (
        "/nowhere/at-all was not found. Install Chromium and its driver (on Debian: chromium and chromium-driver)"
        in run.stdout
    )
    assert f"or set {variable} to its path" in run.stdout


@pytest.mark.long
def test_third_party_provider(environment: dict[str, str], tmp_path: Path) -> None:
    """The example provider is found by its entry point once it is installed, and its tests pass."""
    source = shutil.copytree(EXAMPLES / "thirdparty_provider", tmp_path / "source")
    installed = tmp_path / "installed"
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", str(installed), str(source)]
    subprocess.run(pip, check=True, env=environment, timeout=PATIENCE_SECONDS)
    path = os.pathsep.join(filter(None, [str(installed), environment.get("PYTHONPATH")]))
    # Its tests start pytest themselves, which then loads no plugin that they do not use.
    unused = " ".join(f"-p no:{name}" for name in ("hypothesispytest", "asyncio", "playwright", "base_url", "anyio"))
    assert_passed(run_pytest(source, {**environment, "PYTHONPATH": path, "PYTEST_ADDOPTS": unused}), at_least=6)
