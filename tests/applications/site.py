"""A web application in a process of its own, and a visitor who fills its forms."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.applications.running import PATIENCE

_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'(\w[\w-]*)="([^"]*)"')


class Site:
    """A visitor with cookies, who reads one page after another."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.page = ""
        self._log = log
        self._session = requests.Session()
        self._session.trust_env = False

    def visit(self, path: str) -> str:
        """Open a page."""
        return self._read(self._session.get(self.url + path, timeout=PATIENCE))

    def submit(self, path: str, **fields: str) -> str:
        """Send the form of the page that is open, with its hidden fields; `__` in a name stands for `-`."""
        sent = {**self._hidden(), **{name.replace("__", "-"): value for name, value in fields.items()}}
        return self._read(self._session.post(self.url + path, sent, timeout=PATIENCE))

    def post(self, path: str, body: Mapping[str, str]) -> dict[str, object]:
        """Call a JSON API."""
        headers = {"Origin": self.url}
        response = self._session.post(self.url + path, json=body, headers=headers, timeout=PATIENCE)
        assert response.ok, f"{response.status_code} {response.url}\n{self._log.read_text()[-3000:]}"
        said = response.json()
        assert isinstance(said, dict)
        return said

    def forget(self) -> None:
        """Be another visitor."""
        self._session.cookies.clear()

    def _hidden(self) -> dict[str, str]:
        inputs = [dict(_ATTRIBUTE.findall(tag)) for tag in _INPUT.findall(self.page)]
        return {each["name"]: html.unescape(each.get("value", "")) for each in inputs if each.get("type") == "hidden"}

    def _read(self, response: requests.Response) -> str:
        assert response.ok, f"{response.status_code} {response.url}\n{self._log.read_text()[-3000:]}"
        self.page = response.text
        return self.page


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[str]]:
    """A process with all that it starts itself, until the end of the block; what it complains about is in the log."""
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def served(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path | None = None
) -> Iterator[Site]:
    """The application, which prints its port when it is ready."""
    log = log or folder / "log"
    with running(command, environment, folder, log) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port.isdigit(), log.read_text()
        yield Site(f"http://127.0.0.1:{port}", log)
