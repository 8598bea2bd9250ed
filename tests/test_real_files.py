"""What needs the real file system while pyfakefs is active."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from pytest_otp.real_files import real_files


class Active:
    """In the place of an active `Patcher`."""

    def __init__(self, *, paused: bool = False) -> None:
        self.fs = object()
        self.events: list[str] = []
        self._paused = paused

    def pause(self) -> None:
        self.events.append("pause")

    def resume(self) -> None:
        self.events.append("resume")


def active(monkeypatch: pytest.MonkeyPatch, patcher: object) -> None:
    module = SimpleNamespace(Patcher=SimpleNamespace(PATCHER=patcher))
    monkeypatch.setitem(sys.modules, "pyfakefs.fake_filesystem_unittest", module)


def test_without_it() -> None:
    """Nothing has to be done."""
    with real_files():
        pass


@pytest.mark.parametrize("patcher", [None, SimpleNamespace(fs=None)], ids=["none", "not set up"])
def test_inactive(monkeypatch: pytest.MonkeyPatch, patcher: object) -> None:
    """Nothing is paused that is not active."""
    active(monkeypatch, patcher)
    with real_files():
        pass


def test_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is paused inside, and active again after an error too."""
    patcher = Active()
    active(monkeypatch, patcher)
    with pytest.raises(ZeroDivisionError), real_files():
        1 / (len(patcher.events) - 1)
    assert patcher.events == ["pause", "resume"]


def test_a_pause_of_the_tests_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test itself has paused stays paused."""
    patcher = Active(paused=True)
    active(monkeypatch, patcher)
    with real_files():
        pass
    assert not patcher.events
