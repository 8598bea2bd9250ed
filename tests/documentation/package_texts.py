"""The texts in the package's source, to compare quotations with."""

from __future__ import annotations

import ast
from functools import cache

from tests.documentation.pages import ROOT

_FEWEST = 12
"""Characters of a quotation that must be the text's own: nearly anything fits into placeholders."""


@cache
def texts() -> frozenset[tuple[str, ...]]:
    """Every string and f-string in the package, as the parts between its placeholders."""
    found: set[tuple[str, ...]] = set()
    for path in (ROOT / "pytest_otp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add((node.value,))
            elif isinstance(node, ast.JoinedStr):
                found.add(_parts(node))
    return frozenset(found)


def is_beginning_of_a_text(quote: str) -> bool:
    """Whether a text of the package can begin with the quote, with something in each placeholder."""
    return any(_shared(parts, quote) >= _FEWEST for parts in texts())


def _parts(node: ast.JoinedStr) -> tuple[str, ...]:
    parts = [""]
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts[-1] += str(value.value)
        else:
            parts.append("")
    return tuple(parts)


@cache  # with many placeholders, the same rest is met again and again
def _shared(parts: tuple[str, ...], quote: str) -> int:
    """Characters of the quote outside placeholders, if a text of these parts can begin with it, else -1."""
    first, *others = parts
    if first.startswith(quote):
        return len(quote)
    if not others or not quote.startswith(first):
        return -1
    rest = quote[len(first) :]
    if not rest:
        return len(first)
    best = max(_shared(tuple(others), rest[end:]) for end in range(1, len(rest) + 1))
    return -1 if best < 0 else best + len(first)
