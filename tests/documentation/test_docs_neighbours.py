"""The page about other plugins promises what the neighbours' suite proves."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import ROOT
from tests.documentation.pages import text_of


def proved() -> set[str]:
    """The names in the markers of the suite's tests. It is read, since its packages are in another environment."""
    found = set()
    for path in (ROOT / "tests" / "neighbours").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.neighbour":
                found |= {ast.literal_eval(name) for name in node.args}
    return found


def test_each_row_has_a_test() -> None:
    """Each row of the tables is named by a test, and each test's row is there."""
    rows = re.findall(r"^\| ([^|]+) \| yes \|", text_of("docs/neighbours.md"), re.MULTILINE)
    assert len(rows) == len(set(rows)) >= 30
    assert set(rows) == proved()


def test_all_tests_name_their_row() -> None:
    """No test of the suite is without a row."""
    for path in (ROOT / "tests" / "neighbours").glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        tests = re.findall(r"((?:^@.*\n)*)^def (test_\w+)", text, re.MULTILINE)
        assert [name for marks, name in tests if "neighbour(" not in marks] == [], path.name


def test_each_package_is_installed() -> None:
    """Each row that is a package is in the dependency group that the suite's environment is made from."""
    group = text_of("pyproject.toml").partition("\nneighbours = [")[2].partition("\n]")[0]
    packages = set(re.findall(r'"([a-z-]+)', group))
    ways = {"unittest", "doctest", "importlib mode", "typed settings", "pytest.main() twice", "-X dev -W error"}
    assert proved() - packages == {*ways, "http.client debuglevel"}
