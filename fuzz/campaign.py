"""Fuzzing one target in a process of its own, for a time: by atheris (coverage-guided), or by hypothesis."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
"""A folder for each target, with an input in each file: what reaches different code, and what was found once."""
FINDINGS = HERE / "findings"
KINDS = {"atheris": "fuzz.guided", "hypothesis": "fuzz.random"}
SLOWEST = 10
"""Seconds after which one input counts as a finding."""
GRACE = 120
"""Seconds more for a process to start and to end."""


@dataclass(frozen=True)
class Outcome:
    """What became of a target."""

    name: str
    tries: int
    finding: str
    """Where the input is that failed, and how; empty if nothing was found."""


def kept(name: str) -> list[Path]:
    """The kept inputs of a target."""
    return sorted(path for path in (CORPUS / name).glob("*") if path.is_file())


def run(kind: str, name: str, seconds: float, *, keep: bool = False) -> Outcome:
    """Fuzz a target for that many seconds, or until something is found."""
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        command = [sys.executable, "-m", KINDS[kind], name, str(max(1, round(seconds))), folder]
        try:
            done = subprocess.run(
                command, cwd=HERE.parent, capture_output=True, text=True, errors="replace", timeout=seconds + GRACE
            )
        except subprocess.TimeoutExpired:
            return Outcome(name, 0, "it did not end")
        if keep and kind == "atheris" and done.returncode == 0:
            _merge(name, Path(folder))
    tries = re.findall(r"number_of_executed_units: (\d+)|^tries: (\d+)", done.stderr + done.stdout, re.MULTILINE)
    count = int("".join(tries[-1])) if tries else 0
    if done.returncode == 0:
        return Outcome(name, count, "")
    written = re.findall(r"written to (\S+)", done.stderr + done.stdout)
    reason = next(
        (
            line
            for line in reversed(done.stderr.splitlines())
            if re.match(r"\w*(Error|Exception|Timeout)", line.strip(" ="))
        ),
        "",
    )
    last = (done.stderr + done.stdout).strip().splitlines()
    return Outcome(
        name, count, f"{written[-1] if written else 'no input'}: {reason or (last[-1] if last else 'it died')}"[:300]
    )


def _merge(name: str, found: Path) -> None:
    """Add the inputs that reach code which the kept ones do not."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", KINDS["atheris"], name, "0", str(CORPUS / name), str(found), "-merge=1"]
    subprocess.run(command, cwd=HERE.parent, capture_output=True, check=True)
