"""Where the ledger is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SettingsError

if TYPE_CHECKING:
    from ..settings import Settings


def default_path() -> Path:
    """Where the ledger is unless the user says otherwise: in the user's folder for state that programs keep.

    Raises SettingsError where there is no home folder. The `platformdirs` package knows these folders too, and brings a
    pytest plugin that would make each start of pytest slower.
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
            f"there is no place for the ledger, which every order is written down in ({error})",
            hint="Name a file: --otp-ledger PATH (PYTEST_OTP_LEDGER).",
        ) from None
    return base / "pytest-otp" / "ledger.sqlite3"


def ledger_path(settings: Settings, root: Path) -> Path:
    """The file that the settings name, else the one in the user's state folder. Raises SettingsError."""
    return root / settings.ledger if settings.ledger else default_path()
