"""Plugins that change which tests run, how often, and how they are reported."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pytest_otp.sandbox import otpcepat
from tests.neighbours.beside import GETS_A_CODE, Beside

THREE = """
    import pytest

    @pytest.fixture(scope="module")
    def shared(module_otp_number):
        return module_otp_number()

    @pytest.mark.parametrize("at", range(2))
    def test_own(otp_number, at):
        assert len(otp_number().wait_code(timeout=60)) == 6

    def test_shared(shared):
        assert len(shared.wait_code(timeout=60)) == 6
"""
FLAKY = """
    import pathlib

    def test_it(otp_number):
        number = otp_number()
        assert len(number.wait_code(timeout=60)) == 6
        with pathlib.Path("tries").open("a") as tries:
            tries.write(number.e164 + "\\n")
        assert len(pathlib.Path("tries").read_text().split()) == 3
"""
SLOW = """
    import time
    import pytest

    @pytest.mark.otp(fake="never")
    def test_waits(otp_number):
        number = otp_number()
        number.wait_code(timeout=60)
        number.wait_code(timeout=600, sender="nobody")

    def test_next(otp_number):
        assert len(otp_number().wait_code(timeout=60)) == 6
"""
ORDERED = """
    import pytest

    @pytest.mark.order(2)
    def test_second(session_otp_number, known):
        assert known == ["first"]

    @pytest.mark.order(1)
    def test_first(otp_number, known):
        assert len(otp_number().wait_code(timeout=60)) == 6
        known.append("first")

    @pytest.fixture(scope="session")
    def known():
        return []
"""
FEATURE = """
    Feature: Sign-up
      Scenario: With a code
        Given a rented number
        When the code arrives
        Then it has 6 digits
"""
STEPS = """
    from pytest_bdd import given, scenarios, then, when

    scenarios("signup.feature")

    @given("a rented number", target_fixture="number")
    def number(otp_number):
        return otp_number()

    @when("the code arrives", target_fixture="code")
    def code(number):
        return number.wait_code(timeout=60)

    @then("it has 6 digits")
    def has_digits(code):
        assert len(code) == 6
"""
FAILS = """
    def test_it(otp_number, pytestconfig):
        number = otp_number()
        code = number.wait_code(timeout=60)
        print("SEEN", number.e164)
        assert code == "none"
"""
EVERYTHING = """
    import pytest

    @pytest.mark.parametrize("at", range(2))
    def test_it(otp_number, at):
        assert len(otp_number().wait_code(timeout=60)) == 6

    @pytest.mark.anyio
    async def test_async(otp_number):
        assert len(await otp_number().wait_code_async(timeout=60)) == 6

    @pytest.fixture
    def anyio_backend():
        return "trio"
"""


@pytest.mark.neighbour("pytest-bdd")
def test_bdd(beside: Beside) -> None:
    """The steps of a scenario share a number, which is closed at the scenario's end."""
    beside.write({"signup.feature": FEATURE})
    assert "1 finished" in beside.passes(STEPS, plugins=("pytest_bdd.plugin",))


@pytest.mark.neighbour("pytest-randomly")
def test_randomly(beside: Beside) -> None:
    """In another order, and with `random` seeded anew for each test, numbers and codes differ all the same."""
    beside.passes(THREE, plugins=("pytest_randomly",), passed=3)


@pytest.mark.neighbour("pytest-repeat")
def test_repeat(beside: Beside) -> None:
    """Each repetition has a number of its own."""
    assert "3 finished" in beside.passes(GETS_A_CODE, "--count=3", plugins=("pytest_repeat",), passed=3)


@pytest.mark.neighbour("pytest-rerunfailures")
def test_rerunfailures(beside: Beside) -> None:
    """Each run of a flaky test has a number of its own, and each is closed."""
    beside.write({"test_it.py": FLAKY})
    output = beside.ends("--reruns=2", plugins=("pytest_rerunfailures",), results={"passed": 1, "rerun": 2})
    assert "3 finished" in output
    assert len(set((beside.folder / "tries").read_text().split())) == 3


@pytest.mark.neighbour("pytest-timeout")
def test_timeout(beside: Beside) -> None:
    """A wait that its time-out ends by a signal closes its order, and the next test goes on."""
    beside.write({"test_it.py": SLOW})
    output = beside.ends("--timeout=6", plugins=("pytest_timeout",), results={"passed": 1, "failed": 1}, code=1)
    assert "0 still open" in output
    assert "Timeout (>6.0s)" in output


@pytest.mark.neighbour("pytest-timeout")
def test_timeout_that_kills(real: Beside) -> None:
    """With its method `thread` the run ends at once; the keeper closes what is open."""
    real.write({"test_it.py": SLOW})
    plugins = ("-p", "pytest_otp.plugin", "-p", "pytest_timeout")
    assert "Timeout" in real.run(*plugins, "--timeout=6", "--timeout-method=thread", code=1)
    assert [(entry.state, entry.reason) for entry in real.settled()] == [("finished", "by its keeper, after its run")]


@pytest.mark.neighbour("pytest-order")
def test_order(beside: Beside) -> None:
    """Tests run in the order of their marks."""
    beside.passes(ORDERED, plugins=("pytest_order",), passed=2)


@pytest.mark.neighbour("pytest-split")
def test_split(beside: Beside) -> None:
    """A group of the tests runs; the others order nothing."""
    beside.write({"test_it.py": THREE})
    output = beside.run("-p", "pytest_otp.plugin", "-p", "pytest_split.plugin", "--splits=3", "--group=1")
    assert "1 passed, 2 deselected" in output
    assert "1 finished" in output


@pytest.mark.neighbour("pytest-sugar")
def test_sugar(beside: Beside) -> None:
    """Header and summary are shown with its output too."""
    beside.write({"test_it.py": GETS_A_CODE})
    output = beside.run("-p", "pytest_otp.plugin", "-p", "pytest_sugar", "--force-sugar", "--color=no")
    assert "otp: provider " in output
    assert re.search(r"1 finished, 0 cancelled, 0 uncertain, 0 still open", output)


@pytest.mark.neighbour("pytest-run-parallel")
def test_run_parallel(beside: Beside) -> None:
    """A test that runs in several threads at once gets a number in each."""
    beside.write({"test_it.py": GETS_A_CODE})
    output = beside.run("-p", "pytest_otp.plugin", "-p", "pytest_run_parallel.plugin", "--parallel-threads=4")
    assert "1 passed" in output
    assert "4 orders, 4 finished" in output


@pytest.mark.neighbour("pytest-html", "allure-pytest")
@pytest.mark.short
def test_reports(real: Beside) -> None:
    """The reports of a failing test show the number; neither shows the key or the code."""
    real.write({"test_it.py": FAILS})
    args = ("--html=report/page.html", "--alluredir=report/allure", "--showlocals")
    plugins = ("pytest_metadata.plugin", "pytest_html.plugin", "allure_pytest.plugin")
    output = real.ends(*args, plugins=plugins, results={"failed": 1}, code=1)
    (number,) = re.findall(r"^SEEN (\+\d+)$", output, re.MULTILINE)
    for kind in ("page.html", "allure"):
        report = text_below(real.folder / "report" / kind)
        assert number in report
        assert otpcepat.API_KEY not in report


@pytest.mark.neighbour("pytest-html", "allure-pytest")
def test_reports_offline(offline: Beside) -> None:
    """Offline they are written too."""
    plugins = ("pytest_metadata.plugin", "pytest_html.plugin", "allure_pytest.plugin")
    offline.passes(GETS_A_CODE, "--html=report/page.html", "--alluredir=report/allure", plugins=plugins)
    assert "test_it" in text_below(offline.folder / "report" / "page.html")
    assert "test_it" in text_below(offline.folder / "report" / "allure")


@pytest.mark.neighbour("pytest-xdist")
@pytest.mark.short
def test_everything_at_once(beside: Beside) -> None:
    """With all plugins of this environment loaded, as pytest finds them, in two workers."""
    beside.write({"test_it.py": EVERYTHING, "settings.py": "SECRET_KEY = 'made-up'\n"})
    beside.variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = ""
    output = beside.run("-n2", "-p", "no:sugar", DJANGO_SETTINGS_MODULE="settings")
    assert "3 passed" in output
    assert "3 orders, 3 finished, 0 cancelled, 0 uncertain, 0 still open" in output


def text_below(path: Path) -> str:
    """The text of a file, or of all files in a directory."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if os.path.isfile(file)]
    return "".join(file.read_text(encoding="utf-8") for file in files)
