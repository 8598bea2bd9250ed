"""A folder for inner runs, the bad provider that they talk to, and what was found in all that they wrote."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leaks.search import SECRETS, leaked
from leaks.server import BadProvider
from leaks.texts import PLUGIN_SHELF
from tests.servers import WireServer, closed_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 240.0
"""Seconds for an inner run, on a machine that is busy."""
REAL = ("--otp-provider=otpcepat", "--otp-close-timeout=0.2", "--otp-ledger=ledger")
REPORTS = (
    *("-p", "pytest_html.plugin", "-p", "pytest_metadata.plugin", "-p", "allure_pytest.plugin"),
    *("-vv", "-rA", "-l", "--log-cli-level=DEBUG", "--log-file=log.txt", "--log-file-level=DEBUG", "--setup-show"),
    *("--junitxml=junit.xml", "-o", "junit_logging=all", "--html=report.html", "--self-contained-html"),
    *("--alluredir=allure", "--debug=debug.txt"),
)
"""Everything that a run can write, in one run."""
_COUNTS = re.compile(r"(\d+) (?:failed|passed|errors?|skipped|xfailed)\b")
_UNSEARCHED = (".env",)


@dataclass
class Found:
    """What one inner run did, and where a piece of a secret was found."""

    output: str
    searched: int
    """Bytes."""
    leaks: dict[str, list[bytes]] = field(repr=False)
    """By place: the output, or a file."""

    @property
    def cases(self) -> int:
        """How many tests failed, passed, or were skipped; 1 for what is no run of tests."""
        last = [line for line in self.output.splitlines() if _COUNTS.search(line) and " in " in line][-1:]
        return sum(map(int, _COUNTS.findall(last[0]))) if last else 1

    @property
    def findings(self) -> int:
        """How many lines had a piece."""
        return sum(map(len, self.leaks.values()))

    def worst(self) -> str:
        """Some of them."""
        return "\n".join(f"{place}: {line!r}" for place, lines in self.leaks.items() for line in lines[:3])


@dataclass(frozen=True)
class World:
    """A folder and a provider. Each run's environment has all secrets."""

    folder: Path
    server: WireServer

    def write(self, **modules: str) -> None:
        """Write modules into the folder."""
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")

    def install_shelf(self) -> None:
        """Install a provider of another package."""
        metadata = self.folder / "shelf-1.dist-info"
        metadata.mkdir(exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text("[pytest_otp.providers]\nshelf = shelf:Shelf\n")
        self.write(shelf=PLUGIN_SHELF)

    def environ(self, extra: Mapping[str, str | None]) -> dict[str, str]:
        """The environment of a run; None removes a variable."""
        cleaned = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        own: dict[str, str | None] = {
            **SECRETS,
            "SERVER": self.server.url,
            "NOBODY": f"http://127.0.0.1:{closed_port()}",
            "OTPCEPAT_BASE_URL": f"{self.server.url}/any/api",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}",
            **extra,
        }
        return {**cleaned, **{name: value for name, value in own.items() if value is not None}}

    def pytest(self, *options: str, **environ: str | None) -> Found:
        """Run pytest, and search all that it wrote."""
        return self.run(["-m", "pytest", "-p", "pytest_otp.plugin", *options], **environ)

    def run(self, arguments: list[str], **environ: str | None) -> Found:
        """Run Python with these arguments, and search all that it wrote."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environ(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        return self.searched(done.stdout)

    def struck(self, number: int, *options: str) -> Found:
        """Run pytest, and send it a signal while it waits for an answer that never comes."""
        asked = len(self.server.asked)
        command = [sys.executable, "-m", "pytest", "-p", "pytest_otp.plugin", *options]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environ({}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            end = time.monotonic() + PATIENCE
            while len(self.server.asked) == asked and run.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            struck = len(self.server.asked) > asked
            run.send_signal(number if struck else signal.SIGKILL)
            output, _ = run.communicate(timeout=PATIENCE)
        assert struck, output.decode()
        return self.searched(output)

    def searched(self, output: bytes) -> Found:
        """Search an output and all files in the folder."""
        files = {"output": output, **self.files()}
        found = {name: lines for name, data in files.items() if (lines := leaked(data))}
        return Found(output.decode(errors="replace"), sum(map(len, files.values())), found)

    def files(self) -> dict[str, bytes]:
        """What is in the folder."""
        paths = [path for path in self.folder.rglob("*") if path.is_file() and path.name not in _UNSEARCHED]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world in a folder."""
    with WireServer(by=BadProvider()) as server:
        made = World(folder, server)
        made.install_shelf()
        yield made
