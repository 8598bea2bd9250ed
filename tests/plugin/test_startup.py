"""What a run costs that uses nothing of ours, and what importing the package costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import pytest_otp
from tests.plugin.inner import USES_AUTO

UNUSED = """
    import json, os, sys, threading, pytest

    HEAVY = {"requests", "urllib3", "tenacity", "dotenv", "werkzeug", "phonenumbers", "sqlite3"}

    @pytest.fixture
    def unused(otp_number, otp_gateway, session_otp_number):
        pass

    def pytest_unconfigure(config):
        print("COST", json.dumps({
            "modules": sorted(HEAVY & set(sys.modules)),
            "ours": sorted(name for name in sys.modules if name.startswith("pytest_otp")),
            "threads": [thread.name for thread in threading.enumerate()],
            "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
        }))
"""


def test_a_run_that_does_not_use_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a run imports nothing heavy, starts no thread and no process, writes no file, parses no foreign .env."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("HOME", str(pytester.mkdir("home")))
    pytester.makeconftest(UNUSED)
    pytester.makepyfile("def test_it(): pass")
    pytester.path.joinpath(".env").write_text("DATABASE_URL=postgres://\n")
    before = sorted(pytester.path.rglob("*"))
    result = pytester.runpytest_subprocess("-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "--capture=no")
    result.assert_outcomes(passed=1)
    (cost,) = [json.loads(line.partition("COST ")[2]) for line in result.outlines if "COST " in line]
    assert cost == {
        "modules": [],
        "ours": ["pytest_otp", "pytest_otp.options", "pytest_otp.plugin"],
        "threads": ["MainThread"],
        "children": "",
    }
    new = {path.name for path in pytester.path.rglob("*") if path not in before}
    assert new == {"stdout", "stderr", "runpytest-0", "runpytest-current"}, "those of pytester itself"


def test_workers_that_do_not_use_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With xdist only the controller reads the settings, to hand them on; without workers it reads none."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(
        """
        import os, pathlib, sys

        def pytest_unconfigure(config):
            name = getattr(config, "workerinput", {}).get("workerid", f"main-{config.option.numprocesses}")
            modules = {"settings", "plugin.xdist"}
            pathlib.Path("seen-" + name).write_text(repr(sorted(
                name for name in modules if f"pytest_otp.{name}" in sys.modules
            )))
        """
    )
    pytester.makepyfile("def test_it(): pass")
    for workers in ("0", "1"):
        args = ("-p", "pytest_otp.plugin", "-p", "xdist", "-p", "xdist.looponfail", "-n", workers)
        pytester.runpytest_subprocess(*args).assert_outcomes(passed=1)
    seen = {path.name: path.read_text() for path in pytester.path.glob("seen-*")}
    assert seen == {"seen-main-0": "[]", "seen-main-1": "['plugin.xdist', 'settings']", "seen-gw0": "[]"}


def test_importing_the_package_is_cheap() -> None:
    """`import pytest_otp` brings nothing of ours but itself, and its names come when they are asked for."""
    program = (
        "import sys, pytest_otp\n"
        "print([name for name in sys.modules if name.startswith('pytest_otp.')])\n"
        "print(pytest_otp.CodeTimeout.__name__, pytest_otp.OtpNumber.__name__)\n"
        "print(sorted(pytest_otp.__all__) == pytest_otp.__all__ == dir(pytest_otp))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[]", "CodeTimeout OtpNumber", "True"]


@pytest.mark.parametrize("name", pytest_otp.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of `__all__` can be had, and is called so where it comes from."""
    assert getattr(pytest_otp, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    """A misspelt name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="module 'pytest_otp' has no attribute 'OtpNumer'"):
        _ = pytest_otp.OtpNumer  # type: ignore[attr-defined]  # misspelt on purpose


def test_beside_all_other_plugins(pytester: pytest.Pytester) -> None:
    """Found by its entry point, beside whatever else is installed, xdist switched off."""
    pytester.makepyfile(USES_AUTO)
    result = pytester.runpytest_subprocess("-p", "no:xdist", "--otp-fake=auto")
    result.assert_outcomes(passed=1)
    assert os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") is None
