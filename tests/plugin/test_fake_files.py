"""Runs with pyfakefs: what it is told to leave alone, and when. The real library is in the neighbours' suite."""

from __future__ import annotations

import pytest

from tests.plugin.inner import Run

STAND_IN = """
    import sys
    from types import ModuleType

    class Patcher:
        SKIPNAMES = {"theirs"}
        PATCHER = None

    for name in ("pyfakefs", "pyfakefs.fake_filesystem_unittest"):
        sys.modules.setdefault(name, ModuleType(name))
    sys.modules["pyfakefs.fake_filesystem_unittest"].Patcher = Patcher
"""
TESTS = """
    import sys
    import pytest

    def skipped():
        return sys.modules["pyfakefs.fake_filesystem_unittest"].Patcher.SKIPNAMES

    @pytest.fixture
    def fs():
        return set(skipped())

    def test_before(fs):
        assert fs == {"theirs"}

    def test_with_a_number(fs, otp_number):
        assert {"theirs", "pytest_otp.codes.lexicon", "pytest_otp.keeper.pipes", "pytest_otp.codes.__init__"} <= fs
        assert "pytest_otp.numbers.number" in sys.modules

    def test_after(fs):
        assert fs == {"theirs"}
"""


@pytest.fixture(autouse=True)
def _stand_in(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(stand_in=STAND_IN)
    monkeypatch.syspath_prepend(pytester.path)


def test_with_it(run: Run, pytester: pytest.Pytester) -> None:
    """Our modules keep their files in tests that use a fixture of ours, and cost nothing in others.

    They are loaded before the first fixture: what is imported while files are replaced is forgotten again.
    """
    pytester.makepyfile(TESTS)
    run("-p", "stand_in").assert_outcomes(passed=3)


def test_without_it(run: Run, pytester: pytest.Pytester) -> None:
    """Nothing is registered, so no test pays for it."""
    pytester.makepyfile(
        """
        def test_it(pytestconfig):
            assert not pytestconfig.pluginmanager.has_plugin("otp-real-files")
        """
    )
    run().assert_outcomes(passed=1)
