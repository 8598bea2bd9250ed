"""What holds for the tests themselves: they use the package as its users do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

FOLDERS = ("tests", "benchmarks", "chaos", "fuzz", "leaks", "widgets")
TESTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@cache
def private_names() -> set[str]:
    """Every private attribute, function and constant that the package defines."""
    found = set()
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def own_names(tree: ast.Module) -> set[str]:
    """What a test module defines itself, and may read of itself."""
    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    stored = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return defined | stored


def offences(tree: ast.Module, others: set[str]) -> Iterator[str]:
    """Private names of ours that are read, constants of ours that are patched, and calls of `eval`."""
    private = private_names() - own_names(tree) - others
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in private:
            yield f"line {node.lineno}: reads {node.attr}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pytest_otp"):
            yield from (f"line {node.lineno}: imports {alias.name}" for alias in node.names if alias.name in private)
        elif isinstance(node, ast.Call):
            yield from _call(node)


def _call(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Name) and node.func.id == "eval":
        yield f"line {node.lineno}: calls eval"
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "setattr" and node.args:
        target = node.args[0]
        names = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)]
        ours = isinstance(target, ast.Constant) and str(target.value).startswith("pytest_otp.")
        constants = [name for name in names if str(name).rpartition(".")[2].strip("_").isupper()]
        if ours or constants:
            yield f"line {node.lineno}: patches {', '.join(map(str, names))}"


OF_OTHERS = {"tests/gateway/test_sdks.py": {"_session"}}
"""Private names of other packages that ours happens to have too."""


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_use_what_is_public(path: Path) -> None:
    """No test reads a private name of the package, patches a constant of it, or calls `eval`."""
    others = OF_OTHERS.get(path.relative_to(ROOT).as_posix(), set())
    assert list(offences(ast.parse(path.read_text(encoding="utf-8")), others)) == []
