"""What the plugin costs a run that does not use it: instructions of `pytest` on one trivial test, with and without it.

Counted by valgrind's callgrind, which repeats to the digit where wall time does not, in a new virtual environment that
holds nothing but pytest and this package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = 1.03
RUNS = {"without the plugin (-p no:otp)": ["-p", "no:otp"], "with it": []}


def main() -> None:
    """Print instructions and ratio."""
    print("\nStart-up: instructions of pytest on one trivial test")
    if shutil.which("valgrind") is None:
        subprocess.run(
            [str(ROOT / "scripts" / "apt.sh"), "Counting instructions needs valgrind.", "valgrind"], check=True
        )
    with tempfile.TemporaryDirectory() as folder:
        python = _environment(Path(folder))
        (Path(folder) / "test_trivial.py").write_text("def test_trivial():\n    assert True\n")
        counts = [_instructions(python, Path(folder), extra) for extra in RUNS.values()]
    for name, count in zip(RUNS, counts, strict=True):
        print(f"  {name:<32} {count:>15,}")
    print(f"  {'ratio (at most ' + str(ALLOWED) + ')':<32} {counts[1] / counts[0]:>15.4f}")


def _environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-qq", str(ROOT)], check=True)
    return python


def _instructions(python: Path, folder: Path, extra: list[str]) -> int:
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *extra, "test_trivial.py"]
    # Byte code must be kept from one run to the next, as it is on a developer's machine.
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(2):
        subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
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
