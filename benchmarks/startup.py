"""What the plugin costs a run that does not use it: instructions of `pytest` on one trivial test, with and without it.

Counted by valgrind's callgrind, which repeats to the digit where wall time does not, in new virtual environments that
hold pytest and this package, and one of them pytest-xdist too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .limits import check

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Case:
    """One way to run pytest, and what it may cost."""

    name: str
    allowed: float
    """The ratio to the same run with `-p no:otp`."""
    packages: tuple[str, ...] = ()
    """Installed beside pytest and this package."""
    args: tuple[str, ...] = ("-q",)
    writes_byte_code: bool = True


CASES = (
    Case("bare environment", 1.02),
    Case("bare, with the report header (no -q)", 1.025, args=()),
    Case("bare, PYTHONDONTWRITEBYTECODE=1", 1.05, writes_byte_code=False),
    Case("with pytest-xdist", 1.02, packages=("pytest-xdist",)),
)


def main() -> None:
    """Print the ratio of each case, and check it."""
    print("\nStart-up: instructions of pytest on one trivial test")
    if shutil.which("valgrind") is None:
        subprocess.run(
            [str(ROOT / "scripts" / "apt.sh"), "Counting instructions needs valgrind.", "valgrind"], check=True
        )
    print(f"  {'':<38}{'-p no:otp':>15}{'with it':>15}{'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            python = _environment(Path(folder), case.packages)
            without, with_it = (_instructions(python, case, *extra) for extra in (("-p", "no:otp"), ()))
            ratio = with_it / without
            verdict = check(f"start-up, {case.name}", ratio, case.allowed)
            print(f"  {case.name:<38}{without:>15,}{with_it:>15,}{ratio:>9.4f}  {verdict}")


def _environment(folder: Path, packages: tuple[str, ...]) -> Path:
    """The Python of an environment with these packages, made on first use."""
    home = folder / "-".join(["environment", *packages])
    python = home / "bin" / "python"
    if not home.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-qq", str(ROOT), *packages], check=True)
    return python


def _instructions(python: Path, case: Case, *extra: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_trivial.py").write_text("def test_trivial():\n    assert True\n", encoding="utf-8")
        command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", *case.args, *extra, "test_trivial.py"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONDONT"))}
        environ["PYTHONHASHSEED"] = "0"
        # Byte code is kept from one run to the next, as on a developer's machine, or not, as in many containers.
        for _ in range(2):
            subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
        if not case.writes_byte_code:
            environ["PYTHONDONTWRITEBYTECODE"] = "1"
            for rewritten in python.parent.parent.rglob("*-pytest-*.pyc"):
                rewritten.unlink()
        counted = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
            cwd=folder,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        )
    found = re.search(r"Collected : (\d+)", counted.stderr)
    if found is None:
        raise RuntimeError(f"valgrind printed no count:\n{counted.stderr}")
    return int(found[1])
