"""What the project's own files promise."""

from __future__ import annotations

import ast
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from scripts.licences import ALLOWED, licence_of
from tests.architecture.source import ROOT


def test_every_target_is_phony_and_told() -> None:
    """`make` alone lists every target that a person would call, and no file's name can hide one."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    told = set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))
    assert targets == phony
    assert targets - told == {"browser", "node"}


def test_ci_runs_what_people_run() -> None:
    """CI calls make targets and nothing else, so that a green run can be had on any machine."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert {"make lint", "make test"} <= set(commands)
    assert all(re.fullmatch(r"make [a-z]+( ARGS=--short)?", command) for command in commands)


def test_the_lane_of_lowest_versions_has_the_lowest() -> None:
    """What the suite runs with in the lane `lowest` is what pyproject.toml allows, for each dependency."""
    section = (
        (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("\ndependencies = [")[2].partition("\n]")[0]
    )
    allowed = dict(re.findall(r'"([a-z-]+)>=([0-9.]+)"', section))
    lane = (ROOT / "scripts" / "lowest.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z-]+)==([0-9.]+)$", lane, re.MULTILINE))
    assert allowed.keys() == pinned.keys()
    assert [name for name, least in allowed.items() if not f"{pinned[name]}.".startswith(f"{least}.")] == []


def test_licences_that_a_user_gets() -> None:
    """Each licence in this environment's run-time dependencies asks nothing of users; another one would be named."""
    for name in ("requests", "tenacity", "python-dotenv", "phonenumbers", "werkzeug", "trustme", "certifi", "urllib3"):
        assert ALLOWED.search(licence_of(distribution(name))), name
    assert not ALLOWED.search("GNU General Public License v3 (GPLv3)")


def test_the_changelog_knows_this_version() -> None:
    """The version that is built has its section in the changelog."""
    (version,) = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.search(
        rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize(
    "path",
    sorted(ROOT.glob("tests/**/test_*.py")) + sorted(ROOT.glob("examples/**/test_*.py")),
    ids=lambda path: path.name,
)
def test_every_test_says_what_it_proves(path: Path) -> None:
    """Each test function has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    silent = [node.name for node in functions if node.name.startswith("test_") and not ast.get_docstring(node)]
    assert not silent
