"""The suite of applications and clients: its short form, and the tables that its full form writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest

from tests.applications.rows import APPLICATIONS as APPLICATION_ROWS
from tests.applications.rows import Row
from tests.applications.running import PYTHON, version
from tests.applications.table import APPLICATIONS, CLIENTS, Line, rewrite

_PROPERTY = "row"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="the short form, which CI runs: tests marked as short")


def pytest_configure(config: pytest.Config) -> None:
    """Gather what was run, in the process that hears of all tests."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Gathered(config), "gathered-rows")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the short form."""
    if config.getoption("--short"):
        others = [item for item in items if not item.get_closest_marker("short")]
        items[:] = [item for item in items if item.get_closest_marker("short")]
        config.hook.pytest_deselected(items=others)


def pytest_sessionstart() -> None:
    """Say what to do where the packages are missing."""
    if not PYTHON.exists():
        pytest.exit("The packages of this suite are not installed; run: make applications", returncode=4)


@pytest.fixture
def ran(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Put a row into the table, if the test passes."""

    def record(row: Row, runtime: str = "") -> None:
        name = CLIENTS if row.program else APPLICATIONS
        language = f"{row.language} {runtime}".strip()
        record_property(_PROPERTY, [name, row.package, version(row, runtime), language, row.sends, row.works])

    return record


@pytest.fixture(autouse=True)
def application(request: pytest.FixtureRequest, ran: Callable[..., None]) -> None:
    """The rows of an application that a test proves."""
    for mark in request.node.iter_markers("application"):
        (row,) = [row for row in APPLICATION_ROWS if (row.package, row.sends) == mark.args]
        ran(row, *[request.node.callspec.params["major"]] if row.language == "Node.js" else [])


class Gathered:
    """The rows of the tests that passed, and the tables that a full run writes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lines: defaultdict[str, list[Line]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the row of a test that passed."""
        if report.when == "call" and report.passed:
            for name, value in report.user_properties:
                if name == _PROPERTY and isinstance(value, list):
                    self._lines[value[0]].append(Line(*value[1:]))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the tables after a run of everything in which all passed."""
        chosen = any(self._config.getoption(name, None) for name in ("--short", "-k", "-m", "--deselect", "--lf"))
        everything = [str(arg) for arg in self._config.args] == ["tests/applications"] and not chosen
        if everything and exitstatus == pytest.ExitCode.OK:
            rewrite(dict(self._lines))
