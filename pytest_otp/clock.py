"""The real clocks, also where a test has frozen time.

Libraries that freeze time replace the functions of the module `time`, in every module that has them. Python's import
system can build that module anew, and nothing replaces the functions of this second one.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from importlib.machinery import BuiltinImporter
from types import ModuleType
from typing import Any


def _fresh_time() -> ModuleType:
    spec = BuiltinImporter.find_spec("time")
    if spec is None or spec.loader is None:  # an interpreter that has it elsewhere
        return time
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_time = _fresh_time()

monotonic: Callable[[], float] = _time.monotonic
"""Seconds that only ever grow, the same for all processes of this machine. Every wait is timed by it."""


def utc_now() -> datetime:
    """The current time in UTC, for people and for the ledger."""
    # time-machine replaces functions where they are compiled, and has a way around itself.
    escape: Any = getattr(sys.modules.get("time_machine"), "escape_hatch", None)
    seconds = escape.time.time() if escape and escape.is_travelling() else _time.time()
    return datetime.fromtimestamp(seconds, timezone.utc)
