"""The real clocks, whatever a test has done to time."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from types import ModuleType, SimpleNamespace

import pytest

from pytest_otp import clock


def built_anew() -> ModuleType:
    """The module as it would be if it were imported only now."""
    spec = importlib.util.find_spec("pytest_otp.clock")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("module", [lambda: clock, built_anew], ids=["frozen later", "frozen before the import"])
def test_frozen_time(monkeypatch: pytest.MonkeyPatch, module: Callable[[], ModuleType]) -> None:
    """Functions of `time` that a library has replaced are not ours, even if it did so before our modules came."""
    before = clock.monotonic(), clock.utc_now()
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)
    monkeypatch.setattr(time, "time", lambda: 7.0)
    found = module()
    assert found.monotonic() >= before[0]
    assert found.monotonic() != 7.0
    assert found.utc_now() >= before[1]


@pytest.mark.parametrize(("travelling", "year"), [(True, 2033), (False, datetime.now(timezone.utc).year)])
def test_time_machine(monkeypatch: pytest.MonkeyPatch, travelling: bool, year: int) -> None:
    """That library replaces even the functions that are built anew; its own way around itself is taken."""
    there = datetime(2033, 1, 1, tzinfo=timezone.utc).timestamp()
    escape = SimpleNamespace(is_travelling=lambda: travelling, time=SimpleNamespace(time=lambda: there))
    monkeypatch.setitem(sys.modules, "time_machine", SimpleNamespace(escape_hatch=escape))
    assert clock.utc_now().year == year


def test_it_is_the_clock_of_all_processes() -> None:
    """It is the system-wide clock, by which a keeper reads the deadlines of its owner."""
    assert clock.monotonic() == pytest.approx(time.monotonic(), abs=5.0)
    assert clock.utc_now().tzinfo is timezone.utc
