"""What every test needs: no settings of the machine that it runs on, and none of its files."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

LONG = ("test_examples.py", "test_docs.py", "test_chaos.py")
"""Modules whose tests start browsers or kill whole runs."""
_OURS = ("PYTEST_OTP_", "API_KEY_OTPCEPAT", "OTPCEPAT_", "OTPVIRT_", "PYTEST_ADDOPTS")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))  # where the ledger would be
    # Without byte code each of the hundreds of processes that tests start would compile all modules anew.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        monkeypatch.delenv(name)


@pytest.fixture
def own_words() -> Iterator[None]:
    """What a test adds to the word lists is gone after it."""
    from pytest_otp.codes.lexicon import forget_added

    forget_added()
    yield
    forget_added()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With xdist the long tests come first: started last, one would run alone while the other workers are idle."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


def pytest_configure() -> None:
    """Let signals reach the processes that tests start: a suite run in the background, or under nohup, ignores some."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
