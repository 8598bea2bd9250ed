"""The last line of defence: masks secrets that tests and applications wrote into reports, before reporters see them.

Registered only in a run that has credentials, so that it costs other runs nothing.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Generator
from typing import Any

import pytest

from ..redact import scrub

_REPRESENTATIONS = ("_pytest._code.code", "_pytest.reports", "_pytest.fixtures")
"""Modules of pytest's own classes for tracebacks and errors; nodes and configuration are left unchanged."""


class ReportScrubber:
    """Hooks over test reports, collection reports, warnings and internal errors."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        """Tracebacks, locals, captured output and user properties of a test."""
        report = yield
        reason = ["wasxfail"] if hasattr(report, "wasxfail") else []
        return _clean(report, "longrepr", "sections", "user_properties", *reason)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, Any]:
        """The same for a module that could not be collected."""
        return _clean((yield), "longrepr", "sections")

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Exceptions of threads and finalisers become warnings, tracebacks included."""
        message = warning_message.message
        if isinstance(message, Warning):
            message.args = _clean_or_withheld(message.args)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """A hook that failed."""
        with contextlib.suppress(Exception):  # pytest is about to end the run because of an error: add none to it
            scrubbed(excrepr)


def scrubbed(value: Any) -> Any:
    """Return the value with secrets masked: containers are copied, pytest's own representations are changed."""
    if isinstance(value, str):
        return scrub(value)
    if type(value) in (list, tuple):
        return type(value)(map(scrubbed, value))
    if isinstance(value, dict):
        return {key: scrubbed(item) for key, item in value.items()}
    if type(value).__module__ in _REPRESENTATIONS and hasattr(value, "__dict__"):
        _clean(value, *vars(value))
    return value


def _clean(holder: Any, *attributes: str) -> Any:
    for name in attributes:
        setattr(holder, name, _clean_or_withheld(getattr(holder, name)))
    return holder


def _clean_or_withheld(value: Any) -> Any:
    """Return the value with secrets masked, without what cannot be masked, as a container that contains itself."""
    try:
        return scrubbed(value)
    except Exception as error:  # noqa: BLE001 - an exception here would end the run without a report
        why = type(error).__name__
    return [_withheld(item, why) for item in value] if isinstance(value, list) else _withheld(value, why)


def _withheld(value: Any, why: str) -> Any:
    with contextlib.suppress(Exception):
        return scrubbed(value)
    text = f"(withheld by pytest-otp, since secrets in it could not be masked: {why})"
    # The tuple is a property, a skip with its place, or the arguments of a warning: only the last may be anything.
    return (*scrubbed(value[:-1]), text) if isinstance(value, tuple) else text
