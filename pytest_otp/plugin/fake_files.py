"""Tests that replace the file system with pyfakefs: what our own code reads and writes stays real.

Only registered if pyfakefs is there. It looks at who calls, for the modules in `Patcher.SKIPNAMES`; the others' tests
must not pay for that, and what is imported while the file system is replaced is forgotten afterwards.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from ..settings import Settings
from .run_settings import settings_of

__tracebackhide__ = True

_FIXTURES = {
    *("otp_number", "module_otp_number", "session_otp_number", "otp_provider"),
    *("otp_carrier", "otp_gateway", "otp_webhook"),
}
_PACKAGE = Path(__file__).parent.parent
_PRELOADED = (
    *("codes.judging", "phone", "plugin.gateway_fixtures", "plugin.number_fixtures", "plugin.webhook_fixture"),
    *("keeper.client", "keeper.in_process", "keeper.provider", "orders.ledger", "providers.http", "gateway.app"),
)


class RealFiles:
    """Keeps our files real in the tests that use our fixtures."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ready = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Before the first fixture of the test, in whatever order it names them."""
        patcher: Any = sys.modules["pyfakefs.fake_filesystem_unittest"].Patcher
        if _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            patcher.SKIPNAMES -= _names()
            return
        if not self._ready:
            self._ready = True
            _preload(settings_of(item.config, self._seed))
        patcher.SKIPNAMES |= _names()


def _names() -> set[str]:
    """The names of our modules as pyfakefs makes them from their files."""
    ours = [path.relative_to(_PACKAGE.parent).with_suffix("") for path in _PACKAGE.rglob("*.py")]
    return {".".join(path.parts) for path in ours}


def _preload(settings: Settings) -> None:
    """Import what the fixtures need, and read the word lists."""
    from ..codes import extract_code  # noqa: PLC0415 - only with pyfakefs
    from ..phone import read  # noqa: PLC0415 - as above
    from ..providers.registry import load  # noqa: PLC0415 - as above

    for name in _PRELOADED:
        importlib.import_module(f"pytest_otp.{name}")
    importlib.import_module("trustme")
    load(settings.provider)
    extract_code("Your code is 482913")
    read("12015550123", "US")
