"""Our part of the end of a run fails: the report of the tests and the exit status are what they are without us."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.offline.carrier import Carrier
from pytest_otp.orders.ledger import Ledger
from pytest_otp.plugin.ending import of_ledger
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.orders.written import write
from tests.plugin.inner import XDIST, Run
from tests.plugin.runs import Wire, summary

ORDER = ("--otp-service", "Telegram", "--otp-country", "Indonesia")
BOTH_WAYS = pytest.mark.parametrize("how", [[], ["-p", "xdist", "-n1"]], ids=["alone", "xdist"])


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """The sandbox as otpcepat."""
    with Server(Sandbox(Carrier(seed=1), scenario="manual")) as server:
        variables = {name: value for name, value in environ(server.url).items() if name != "PYTEST_OTP_GATEWAY_URL"}
        yield Wire(tmp_path, {"PYTEST_OTP_PROVIDER": "otpcepat", **variables})


def told(output: str, passed: int, failed: int) -> list[str]:
    """The lines of our section, in a report that is as it should be."""
    assert f"{failed} failed, {passed} passed in " in output, output
    assert "INTERNALERROR" not in output
    assert "Traceback" not in output
    return summary(output)


@BOTH_WAYS
def test_a_module_that_cannot_be_imported(wire: Wire, how: list[str]) -> None:
    """Under a memory limit sqlite3 may not load: one line says so."""
    (wire.folder / "conftest.py").write_text("import sys\nsys.modules['sqlite3'] = None\n")
    wire.test("def test_a(otp_number):\n    otp_number()\ndef test_b(otp_number):\n    assert not otp_number()\n")
    output = wire.run(*how, *ORDER, code=1)
    assert told(output, 1, 1) == [
        "no summary: ModuleNotFoundError: import of sqlite3 halted; None in sys.modules",
    ]


@BOTH_WAYS
def test_a_ledger_that_is_damaged(wire: Wire, how: list[str]) -> None:
    """A row that cannot be read: one line says so, and the price that was damaged too is no price."""
    wire.test(
        "import sqlite3\n"
        "def test_a(otp_number):\n"
        "    otp_number()\n"
        "    ledger = sqlite3.connect('state/ledger')\n"
        "    with ledger:\n"
        "        ledger.execute(\"UPDATE orders SET price = 'many', ordered_at = 'never'\")\n"
        "    ledger.close()\n"
        "def test_b():\n    assert False\n"
    )
    output = wire.run(*how, *ORDER, code=1)
    assert told(output, 1, 1) == ["no summary: ValueError: Invalid isoformat string: 'never'"]


@BOTH_WAYS
def test_files_that_a_test_has_closed(wire: Wire, how: list[str]) -> None:
    """A test that closes every file that it does not know: open orders are still closed, and one line is told."""
    wire.test(
        "import os\n"
        "def test_a(session_otp_number):\n"
        "    session_otp_number()\n"
        "    locks = [f for f in os.listdir('/proc/self/fd') if '.locks' in os.path.realpath(f'/proc/self/fd/{f}')]\n"
        "    assert len([os.close(int(file)) for file in locks]) == 1\n"
        "def test_b():\n    assert False\n"
    )
    output = wire.run(*how, *ORDER, code=1)
    lines = told(output, 1, 1)
    assert lines[1:] == [
        "open orders were not handed over (close them with: pytest-otp sweep): OSError: [Errno 9] Bad file descriptor",
    ]
    assert [entry.state for entry in wire.settled()] == ["cancelled"]


UNSPEAKABLE = """
    from dataclasses import replace

    import pytest
    from tests.scripted import ScriptedProvider

    class Unspeakable(str):
        def __str__(self):
            raise ValueError("no text")

    class Provider(ScriptedProvider):
        offline = True

        def order(self, *wanted):
            return replace(super().order(*wanted), region=Unspeakable("US"))

    @pytest.fixture(scope="session")
    def otp_provider():
        return Provider()
"""


def test_an_order_that_cannot_be_told(pytester: pytest.Pytester, run: Run) -> None:
    """What a worker cannot tell its controller: one line says so."""
    pytester.makeconftest(UNSPEAKABLE)
    pytester.makepyfile("def test_it(otp_number):\n    otp_number()\ndef test_fails():\n    assert False\n")
    result = run(*XDIST, "-n1")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*one-time codes by SMS*", "no summary of an xdist worker: ValueError: no text"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_report_that_cannot_be_masked(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A property that contains itself is left out of the report, and the other properties and reports stay."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", "k3y-that-nobody-may-see")
    pytester.makeconftest(
        """
        def pytest_runtest_logreport(report):
            if report.when == "call":
                print("PROPERTIES", report.user_properties)
        """
    )
    pytester.makepyfile(
        """
        import warnings

        def test_it(record_property):
            record_property("seen", "k3y-that-nobody-may-see")
            endless = {}
            endless["endless"] = endless
            record_property("endless", endless)

        def test_fails():
            assert False
        """
    )
    result = run("--otp-provider=otpcepat")
    result.assert_outcomes(passed=1, failed=1)
    withheld = "(withheld by pytest-otp, since secrets in it could not be masked: RecursionError)"
    assert f"PROPERTIES [('seen', '***'), ('endless', '{withheld}')]" in result.stdout.str()


class TestLedgers:
    """A ledger at the end of a run whose tests placed two orders."""

    LOST = "{path} was damaged or replaced during the run, so check your account at the provider for open orders"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "ledger"

    def of_run(self, path: Path, placed: int = 2) -> list[str]:
        return of_ledger(path, "run-1", placed, 0.0, None)

    def test_whole(self, path: Path) -> None:
        """Nothing but the summary."""
        with contextlib.closing(Ledger(path)) as ledger:
            write(ledger, "key-1", "cancelled")
            write(ledger, "key-2", "cancelled")
        (line,) = self.of_run(path)
        assert line.startswith("scripted: 2 orders, 0 finished, 2 cancelled")

    def test_replaced_by_an_older_one(self, path: Path) -> None:
        """An order is missing in it, and a line says so."""
        with contextlib.closing(Ledger(path)) as ledger:
            write(ledger, "key-1", "cancelled")
        first, second = self.of_run(path)
        assert first.startswith("scripted: 1 order, ")
        assert second == f"the ledger {self.LOST.format(path=path)}; this run placed 2 orders: it has 1 of them"

    def test_replaced_by_junk(self, path: Path) -> None:
        """The line says what is wrong with it."""
        path.write_bytes(b"junk" * 500)
        (line,) = self.of_run(path)
        assert line.startswith(f"the ledger {self.LOST.format(path=path)}; this run placed 2 orders: ")
        assert "file is not a database" in line

    def test_one_that_was_never_usable(self, path: Path) -> None:
        """Where nothing was placed nothing is lost: the error itself says enough."""
        path.write_bytes(b"junk" * 500)
        with pytest.raises(SettingsError, match="file is not a database"):
            self.of_run(path, placed=0)
