"""A module has one job and reads in one sitting; a function fits on a screen."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import modules

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_CLASS = 220
MOST_LINES_OF_A_FUNCTION = 50


@pytest.mark.parametrize("name", sorted(modules()))
def test_size(name: str) -> None:
    """No module, class or function is longer than one can read at a time."""
    module = modules()[name]
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE
    too_long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1
        > (MOST_LINES_OF_A_CLASS if isinstance(node, ast.ClassDef) else MOST_LINES_OF_A_FUNCTION)
    ]
    assert too_long == []
