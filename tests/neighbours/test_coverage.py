"""pytest-cov with all processes measured: the application's are, the keeper is not."""

from __future__ import annotations

import pytest

from tests.neighbours.beside import Beside

FILES = {
    ".coveragerc": """
        [run]
        patch = subprocess
        source = app
        parallel = true
    """,
    "app/__init__.py": "",
    "app/__main__.py": """
        print("started")
    """,
    "test_it.py": """
        import subprocess
        import sys
        import pytest

        @pytest.mark.parametrize("at", range(2))
        def test_it(otp_number, at):
            assert subprocess.check_output([sys.executable, "-m", "app"]).strip() == b"started"
            assert len(otp_number().wait_code(timeout=60)) == 6
    """,
}


@pytest.mark.neighbour("pytest-cov")
@pytest.mark.short
@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
def test_subprocesses(beside: Beside, workers: tuple[str, ...]) -> None:
    """The application's processes are measured, and no file of the keeper's is left over."""
    beside.write(FILES)
    plugins = ("pytest_cov.plugin", *(("xdist", "xdist.looponfail") if workers else ()))
    args = ("--cov", "--cov-config=.coveragerc", "--cov-report=term")
    named = [arg for plugin in ("pytest_otp.plugin", *plugins) for arg in ("-p", plugin)]
    output = beside.run(*named, *args, *workers)
    assert "2 passed" in output
    assert "app/__main__.py       1      0   100%" in output
    if "PYTEST_OTP_PROVIDER" in beside.variables:
        beside.settled()
    assert [path.name for path in beside.folder.glob(".coverage*") if path.name != ".coveragerc"] == [".coverage"]
