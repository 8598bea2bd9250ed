"""A module has one job and reads in one sitting; a function fits on a screen."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest

from tests.architecture.source import PACKAGE, modules

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_CLASS = 220
MOST_LINES_OF_A_FUNCTION = 50
MOST_COLUMNS = 120
FUNCTION_OF_A_SCRIPT = re.compile(r"const \w|  (async )?(?!(if|for|while|switch)\b)\w+\(.*\) \{")
"""A declaration, or a member of one."""


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


@pytest.mark.parametrize("name", sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.js")))
def test_size_of_scripts(name: str) -> None:
    """No script that runs in a page is longer either, nor a function in it."""
    lines = (PACKAGE / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES_OF_A_MODULE
    assert [line for line in lines if len(line) > MOST_COLUMNS] == []
    starts = [number for number, line in enumerate(lines) if FUNCTION_OF_A_SCRIPT.match(line)] + [len(lines)]
    too_long = [lines[start] for start, end in pairwise(starts) if end - start > MOST_LINES_OF_A_FUNCTION]
    assert too_long == []
