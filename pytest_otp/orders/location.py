"""Where the ledger is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import SettingsError


def default_path() -> Path:
    """The default ledger: a file in the user state directory.

    Raises SettingsError if there is no home directory. The `platformdirs` package knows these directories too, but
    brings a pytest plugin that would slow down each start of pytest.
    """
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Application Support"
        else:
            named = os.environ.get("XDG_STATE_HOME", "")
            base = Path(named) if named.startswith("/") else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise SettingsError(
            f"cannot locate the default ledger, in which orders are recorded ({error})",
            hint="Set one with --otp-ledger PATH (PYTEST_OTP_LEDGER).",
        ) from None
    return base / "pytest-otp" / "ledger.sqlite3"


def ledger_path(configured: str | None, root: Path) -> Path:
    """The configured ledger, relative to `root`, or the default one. Raises SettingsError like `default_path`."""
    return root / configured if configured else default_path()
