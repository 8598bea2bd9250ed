"""Where the ledger is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.orders.location import default_path, ledger_path


def test_the_default_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default the ledger is in the user state directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_path() == tmp_path / "pytest-otp" / "ledger.sqlite3"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".local" / "state" / "pytest-otp" / "ledger.sqlite3"


def test_no_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a home directory the error asks for a file."""

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(SettingsError) as caught:
        default_path()
    assert str(caught.value) == (
        "cannot locate the default ledger, in which orders are recorded (Could not determine home directory.). Set "
        "one with --otp-ledger PATH (PYTEST_OTP_LEDGER)."
    )


def test_a_configured_path(tmp_path: Path) -> None:
    """A relative path starts at the root; without one the default applies."""
    assert ledger_path("a/b.sqlite3", tmp_path) == tmp_path / "a/b.sqlite3"
    assert ledger_path("/a/b.sqlite3", tmp_path) == Path("/a/b.sqlite3")
    assert ledger_path(None, tmp_path) == default_path()
