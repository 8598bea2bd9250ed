"""The last line of defence: masks secrets that tests and applications wrote into reports, before reporters see them.

The plugin cleans each report that has text. `ReportScrubber` does the rest, and is registered once there is anything to
mask, so that it costs other runs nothing.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from operator import is_
from typing import Any

import pytest

from ..redact import scrub

__tracebackhide__ = True

_REPRESENTATIONS = ("_pytest._code.code", "_pytest.reports", "_pytest.fixtures")
"""Modules of pytest's own classes for tracebacks and errors; nodes and configuration are left unchanged."""
_LOG_HANDLERS = ("log_cli_handler", "log_file_handler")


class ReportScrubber:
    """Masks what is shown by other means than a report: warnings, interrupts, internal errors, live logs, `--debug`."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        _mask_debug_log(config)
        self._mask_logs()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        """What other plugins have added to the report of a test."""
        report = yield
        clean_report(report)
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self) -> Generator[None, Any, Any]:
        """An error in a fixture: some reporters take it from here, before there is a report."""
        try:
            return (yield)
        except BaseException as error:
            clean_error(error)
            raise

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Exceptions of threads and finalisers become warnings, tracebacks included."""
        if isinstance(warning_message.message, Warning):
            clean_error(warning_message.message)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """A hook that failed."""
        with contextlib.suppress(Exception):  # pytest is about to end the run because of an error: add none to it
            scrubbed(excrepr)

    @pytest.hookimpl(wrapper=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Generator[None, Any, Any]:
        """The last lines of an interrupted run: the reason of pytest.exit, or where Ctrl-C struck."""
        clean_error(excinfo.value)
        yield
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        scrubbed(getattr(reporter, "_keyboardinterrupt_memo", None))  # there is no public way to it

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Live logs and log files, whose handlers now exist."""
        self._mask_logs()

    def _mask_logs(self) -> None:
        plugin = self._config.pluginmanager.get_plugin("logging-plugin")
        for handler in filter(None, (getattr(plugin, name, None) for name in _LOG_HANDLERS)):
            if not isinstance(handler.formatter, _MaskingFormatter):
                handler.setFormatter(_MaskingFormatter(handler.formatter))


class _MaskingFormatter(logging.Formatter):
    """Formats like another formatter, and masks secrets."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self._formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return scrub(self._formatter.format(record))


def clean_report(report: Any) -> None:
    """Mask tracebacks, locals, captured output and user properties in a report of a test or of a collection."""
    for name in ("longrepr", "sections", "user_properties", "wasxfail"):
        if getattr(report, name, None):
            setattr(report, name, _scrubbed_or_withheld(getattr(report, name)))


def clean_error(error: BaseException | None) -> None:
    """Mask the texts that exceptions hold: reporters show them too."""
    for each in _chain(error):
        args = _scrubbed_or_withheld(each.args)
        if args is not each.args:
            each.args = args
        for name, value in list(vars(each).items()):
            clean = _scrubbed_or_withheld(value)
            if clean is not value:
                setattr(each, name, clean)


def scrubbed(value: Any) -> Any:
    """Return the value with secrets masked.

    Containers with a secret are copied, others returned as they are; pytest's own representations are changed.
    """
    if isinstance(value, str):
        clean = scrub(value)
        return value if clean == value else clean
    if type(value) in (list, tuple):
        items = [scrubbed(item) for item in value]
        return value if all(map(is_, items, value)) else type(value)(items)
    if type(value) is dict:
        items = [scrubbed(item) for item in value.values()]
        return value if all(map(is_, items, value.values())) else dict(zip(value, items, strict=True))
    if type(value).__module__ in _REPRESENTATIONS and hasattr(value, "__dict__"):
        for name, part in vars(value).items():
            setattr(value, name, _scrubbed_or_withheld(part))
    return value


def _scrubbed_or_withheld(value: Any) -> Any:
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
    # The tuple is a property, a skip with its place, or an exception's arguments: only the last may be anything.
    return (*scrubbed(value[:-1]), text) if isinstance(value, tuple) else text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that it was raised from, or while they were handled, or that it groups."""
    todo, seen = [error], set[int]()
    while todo:
        each = todo.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            todo += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _mask_debug_log(config: pytest.Config) -> None:
    """Mask the log of `--debug`, which shows the arguments of each hook."""
    root = config.trace.root
    write: Callable[[str], object] | None = getattr(root, "_writer", None)  # there is no public way to read it
    if config.getoption("debug", None) and write is not None:
        root.setwriter(lambda text: write(scrub(text)))
