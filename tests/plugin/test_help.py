"""What `pytest --help`, `--fixtures` and `--markers` show of us."""

from __future__ import annotations

import pytest

from pytest_otp.options import OPTIONS
from tests.plugin.inner import Run


def test_help_explains_every_option(run: Run) -> None:
    """`pytest --help` has each option with its help and its variable, and each ini name, without any settings."""

    def joined(text: str) -> str:
        return "".join(text.split())  # help is wrapped at spaces, and at hyphens in some versions

    result = run("--help")
    assert result.ret == 0
    shown = joined(result.stdout.str())
    assert joined("one-time codes by SMS (pytest-otp):") in shown
    for option in OPTIONS:
        metavar = f"={option.metavar}" if option.metavar else ""
        if option.flag is None:
            assert joined(f"{option.ini} (string): {option.help} [{option.variable}]") in shown
            continue
        assert joined(f"{option.flag}{metavar} {option.help} [{option.variable}]") in shown
        assert joined(f"{option.ini} (string): Same as {option.flag}.") in shown


def test_help_works_with_bad_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who mistyped a setting can still read what it may be."""
    monkeypatch.setenv("PYTEST_OTP_TIMEOUT", "soon")
    assert run("--help").ret == 0
    assert run("--version").ret == 0


@pytest.mark.parametrize(
    ("fixture", "says"),
    [
        ("otp_number", "Rents phone numbers: "),
        ("module_otp_number [module scope]", "Like otp_number, but open until the module ends."),
        ("session_otp_number [session scope]", "Like otp_number, but open until the session ends"),
        ("otp_settings [session scope]", "The settings of the run. Override this fixture to change some:"),
        ("otp_provider [session scope]", "The provider that numbers are rented from."),
        ("otp_carrier [session scope]", "The offline phone network: otp_carrier.deliver(number,"),
        ("otp_gateway [session scope]", "Where the application under test sends its SMS offline:"),
    ],
)
def test_fixtures_are_explained(run: Run, fixture: str, says: str) -> None:
    """`pytest --fixtures` has each fixture with its scope and what it is for."""
    lines = run("--fixtures").outlines
    index = next(index for index, line in enumerate(lines) if line.startswith(f"{fixture} -- "))
    assert lines[index + 1].strip().startswith(says)


def test_the_marker_is_explained(run: Run) -> None:
    """`pytest --markers` has our marker with its arguments."""
    run("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.otp(service=*, country=*, operator=*, timeout=*, fake=*): defaults for the numbers *"]
    )
