"""What the tests of neighbours share: runs of pytest in an environment that has them, one plugin at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

from tests.plugin.runs import ROOT, Wire

PYTHON = ROOT / ".neighbours" / "bin" / "python"
RESULTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|rerun)")
GETS_A_CODE = """
    def test_it(otp_number):
        assert len(otp_number().wait_code(timeout=60)) == 6
"""


@dataclass
class Beside(Wire):
    """Runs beside other plugins, each a process of its own."""

    command: tuple[str, ...] = (str(PYTHON), "-m", "pytest", "-p", "no:cacheprovider")
    ordered: Callable[[], int] = int
    """How many orders were placed at the sandbox."""

    def write(self, files: Mapping[str, str]) -> None:
        """The files of the run, by name."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))

    def passes(self, text: str, *args: str, plugins: Sequence[str] = (), passed: int = 1, **variables: str) -> str:
        """Run a module of tests, all of which pass, with some plugins; return what was printed."""
        self.write({"test_it.py": text})
        self.variables |= variables
        return self.ends(*args, plugins=plugins, results={"passed": passed})

    def ends(
        self, *args: str, results: Mapping[str, int], plugins: Sequence[str] = (), code: int = 0, **variables: str
    ) -> str:
        """Run what was written, and check how many tests passed, failed and so on; return what was printed."""
        named = [arg for plugin in ("pytest_otp.plugin", *plugins) for arg in ("-p", plugin)]
        output = self.run(*named, *args, code=code, **variables)
        found = {word: int(count) for count, word in RESULTS.findall(output.strip().splitlines()[-1])}
        assert found == results, output
        return output
