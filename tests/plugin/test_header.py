"""Our line in the report header."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_otp.options import DEFAULT_HEADER
from pytest_otp.plugin.header import header
from pytest_otp.settings import Settings
from tests.plugin.inner import KEY, OFFLINE, Run, printed, prints


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (Settings(fake_seed=7), OFFLINE + "scenario manual (default), seed 7; timeout 10 s (default)"),
        (
            Settings(fake="auto", fake_seed=7, sources={"fake": "otp_fake", "fake_seed": "--otp-fake-seed"}),
            OFFLINE + "scenario auto (otp_fake), seed 7; timeout 120 s (default)",
        ),
        (
            Settings(provider="otpvirt", timeout=2.5, sources={"provider": "PYTEST_OTP_PROVIDER", "timeout": ".env"}),
            "otp: provider otpvirt (PYTEST_OTP_PROVIDER); timeout 2.5 s (.env)",
        ),
        (
            Settings(provider="otpvirt", webhook=("::1", 8026), sources={"webhook": "--otp-webhook"}),
            "otp: provider otpvirt (default); timeout 120 s (default); webhook [::1]:8026 (--otp-webhook)",
        ),
        (
            Settings(provider="otpcepat", webhook=("127.0.0.1", 8026), service="shop", country="ID"),
            "otp: provider otpcepat (default); service shop; country ID; timeout 120 s (default)",
        ),
        (
            Settings(fake_seed=7, webhook=("127.0.0.1", 8026)),
            OFFLINE + "scenario manual (default), seed 7; timeout 10 s (default)",
        ),
        (
            Settings(provider="otpcepat", keeper="off", sources={"keeper": "--otp-keeper"}),
            "otp: provider otpcepat (default); timeout 120 s (default); keeper off (--otp-keeper)",
        ),
        (
            Settings(
                provider="otpcepat",
                max_orders=50,
                max_spend=("5", "USD"),
                sources={"max_orders": "--otp-max-orders", "max_spend": "otp_max_spend"},
            ),
            (
                "otp: provider otpcepat (default); timeout 120 s (default); at most 50 orders (--otp-max-orders); "
                "at most 5 USD spent (otp_max_spend)"
            ),
        ),
        (
            Settings(provider="otpcepat", unknown=("PYTEST_OTP_A", "PYTEST_OTP_B")),
            (
                "otp: provider otpcepat (default); timeout 120 s (default); "
                "ignored unknown variables: PYTEST_OTP_A, PYTEST_OTP_B"
            ),
        ),
    ],
)
def test_header(settings: Settings, line: str) -> None:
    """One line shows provider and timeout, where each came from, whether the run is offline, and what limits it."""
    assert header(settings) == line


def test_the_header_of_the_defaults() -> None:
    """A run that sets nothing has its header ready as text, and it is what the settings would say."""
    assert DEFAULT_HEADER.format(seed=7) == header(Settings(fake_seed=7))


def test_a_run_that_sets_nothing(pytester: pytest.Pytester, run: Run) -> None:
    """The header says that the run is offline, and with which seed, drawn anew in each run, it can be repeated."""
    pytester.makepyfile(prints("fake_seed", "timeout"))
    line = re.escape(f"{OFFLINE}scenario manual (default), seed #; timeout 10 s (default)").replace(r"\#", r"(\d+)")
    results = [run(), run()]
    seeds = [re.search(f"^{line}$", result.stdout.str(), re.MULTILINE) for result in results]
    assert [int(seed[1]) if seed else None for seed in seeds] == [printed(result)["fake_seed"] for result in results]
    assert printed(results[0]) != printed(results[1])


def test_sources_and_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header shows where provider and timeout came from; a key is nowhere in the output."""
    monkeypatch.setenv("PYTEST_OTP_PROVIDER", "otpcepat")
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    result = run("--otp-timeout", "30", "-vv", "--trace-config", "--debug")
    result.stdout.fnmatch_lines(["otp: provider otpcepat (PYTEST_OTP_PROVIDER); timeout 30 s (--otp-timeout)"])
    assert KEY not in result.stdout.str() + result.stderr.str()
    assert KEY not in Path("pytestdebug.log").read_text()


@pytest.mark.parametrize("name", ["environment", ".env"])
def test_a_misspelt_variable(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A misspelt variable shows in the header, even if nothing else is set."""
    if name == "environment":
        monkeypatch.setenv("PYTEST_OTP_PROVDER", "otpcepat")
    else:
        pytester.path.joinpath(".env").write_text("PYTEST_OTP_PROVDER=otpcepat\n")
    run().stdout.fnmatch_lines([f"{OFFLINE}*; ignored unknown variables: PYTEST_OTP_PROVDER"])


class Broken(Settings):
    """Settings whose provider's class raises something when it is asked."""

    def timeout_for(self, scenario: str | None) -> float:
        raise ValueError("no\ntime-out")


def test_a_header_that_fails() -> None:
    """One line says what failed, and the run goes on."""
    assert header(Broken()) == "otp: provider fake; no further settings shown: ValueError: no time-out"
