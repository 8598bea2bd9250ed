"""Inner runs of pytest in this process."""

from __future__ import annotations

import importlib

import pytest

from tests.plugin.inner import Run

# Imported here, since an inner run forgets what it imported itself, and would import it again the next time.
for name in ("gateway.app", "offline.provider", "plugin.number_fixtures", "plugin.xdist", "providers.http"):
    importlib.import_module(f"pytest_otp.{name}")
importlib.import_module("trustme")  # cryptography, which it imports, cannot be imported twice


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in this process, with our plugin alone, every warning an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "-rA", "--tb=short", *args
        )

    return inner
