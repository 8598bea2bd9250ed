"""Other ways to write and to run tests: unittest, doctest, import modes, typed settings, runs in one process."""

from __future__ import annotations

import pytest

from tests.neighbours.beside import GETS_A_CODE, PYTHON, Beside

UNITTEST = """
    import unittest
    import pytest

    class TestSignUp(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def numbers(self, otp_number):
            self.otp_number = otp_number

        def test_it(self):
            self.assertEqual(len(self.otp_number().wait_code(timeout=60)), 6)
"""
DOCTEST = '''
    def sign_up():
        """
        >>> otp_number = getfixture("otp_number")
        >>> len(otp_number().wait_code(timeout=60))
        6
        """
'''
TOML = """
    [tool.pytest]
    otp_timeout = 42
    otp_poll_interval = 0.25
    otp_fake = "auto"
"""
READS_SETTINGS = """
    def test_it(otp_settings, otp_number):
        assert (otp_settings.timeout, otp_settings.poll_interval) == (42.0, 0.25)
        assert len(otp_number().wait_code()) == 6
"""
TWICE = """
    import sys
    import pytest

    ARGS = ["-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "test_it.py"]
    sys.exit(pytest.main(ARGS) or pytest.main(ARGS))
"""


@pytest.mark.neighbour("unittest")
def test_unittest(beside: Beside) -> None:
    """A `unittest.TestCase` takes the fixture by an autouse fixture of its own."""
    beside.passes(UNITTEST)


@pytest.mark.neighbour("doctest")
def test_doctest(beside: Beside) -> None:
    """A doctest takes the fixture with `getfixture`."""
    beside.passes(DOCTEST, "--doctest-modules")


@pytest.mark.neighbour("importlib mode")
def test_importlib_mode(beside: Beside) -> None:
    """Tests of the same name in two directories."""
    beside.write({"one/test_it.py": GETS_A_CODE, "two/test_it.py": GETS_A_CODE})
    beside.ends("--import-mode=importlib", results={"passed": 2})


@pytest.mark.neighbour("typed settings")
def test_typed_settings(beside: Beside) -> None:
    """Numbers in `[tool.pytest]` of pyproject.toml, as pytest 9 reads them."""
    beside.write({"pyproject.toml": TOML})
    beside.passes(READS_SETTINGS)


@pytest.mark.neighbour("pytest.main() twice")
def test_main_twice(beside: Beside) -> None:
    """Two runs in one process: each has its numbers and its summary."""
    beside.write({"test_it.py": GETS_A_CODE, "runs.py": TWICE})
    beside.command = (str(PYTHON), "runs.py")
    output = beside.run()
    assert output.count("1 passed") == 2
    assert output.count("1 order, 1 finished, 0 cancelled, 0 uncertain, 0 still open") == 2


@pytest.mark.neighbour("-X dev -W error")
@pytest.mark.short
def test_every_warning_is_an_error(beside: Beside) -> None:
    """In Python's development mode no file, socket or thread of ours is left behind."""
    beside.command = (str(PYTHON), "-X", "dev", "-W", "error", "-m", "pytest", "-p", "no:cacheprovider")
    output = beside.passes(GETS_A_CODE, "-W", "error")
    assert "Warning" not in output
