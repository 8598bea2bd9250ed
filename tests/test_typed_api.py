"""The public API's types, and that its names are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pytest_otp

TYPED_API = Path(__file__).parent / "typed_api.py"


def test_every_public_name_is_there() -> None:
    """`__all__` is sorted, holds no name twice, and each of its names can be had."""
    assert pytest_otp.__all__ == sorted(set(pytest_otp.__all__))
    for name in pytest_otp.__all__:
        assert getattr(pytest_otp, name).__name__ == name
    assert dir(pytest_otp) == pytest_otp.__all__


def test_an_unknown_name_is_told() -> None:
    """A misspelt name is the usual AttributeError."""
    with pytest.raises(AttributeError, match="module 'pytest_otp' has no attribute 'OtpNumbr'"):
        _ = pytest_otp.OtpNumbr


def test_a_users_code_type_checks() -> None:
    """Strict mypy accepts typed_api.py, and each ignore in it stands for a mistake that mypy finds."""
    command = [sys.executable, "-m", "mypy", str(TYPED_API)]
    run = subprocess.run(command, cwd=TYPED_API.parent.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
