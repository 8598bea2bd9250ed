"""The page that leads contributors from the providers' documents to the code names code and tests that exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.documentation.pages import ROOT, text_of

ROWS = re.findall(r"^\| (.*) \| (.*) \| (.*) \|$", text_of("docs/contributing-protocols.md"), re.MULTILINE)


def names(column: int) -> list[str]:
    return sorted({name for row in ROWS for name in re.findall(r"`(\w+(?:\.|::)[\w.:]+)`", row[column])})


def exists(folder: str, module: str, path: list[str]) -> bool:
    """Whether some module of that name, below the folder, defines the path."""
    return any(_defines(ast.parse(file.read_text()).body, path) for file in (ROOT / folder).rglob(f"{module}.py"))


def _defines(body: list[ast.stmt], path: list[str]) -> bool:
    if not path:
        return True
    return any(path[0] in _defined(node) and _defines(getattr(node, "body", []), path[1:]) for node in body)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


@pytest.mark.parametrize("name", names(1))
def test_the_code_exists(name: str) -> None:
    """Each piece of code that a table names is in the package."""
    module, *path = name.split(".")
    assert exists("pytest_otp", module, path)


@pytest.mark.parametrize("name", names(2))
def test_the_test_exists(name: str) -> None:
    """Each test that a table names is in the suite."""
    module, *path = name.split("::")
    assert exists("tests", module, path)


def test_both_columns_are_read() -> None:
    """The tables name code and tests, and what does not exist is noticed."""
    assert len(names(1)) > 40
    assert len(names(2)) > 60
    assert not exists("pytest_otp", "otpcepat", ["OtpcepatProvider", "no_such_method"])


def test_the_users_page_names_no_private_code() -> None:
    """The page for users has the facts of the wire, and no private name."""
    page = text_of("docs/protocols.md")
    assert not re.search(r"`[\w.]*\b_[a-z]\w*`|::|\w+\.py\b|tests/", page)
