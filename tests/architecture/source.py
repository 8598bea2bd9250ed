"""The package's source, parsed once: its modules, what each imports, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pytest_otp"


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the package."""

    name: str
    """Dotted, without the package's own name; empty for the package itself."""
    path: Path
    tree: ast.Module
    is_package: bool


@dataclass(frozen=True, slots=True)
class Import:
    """One import, wherever it stands: at the top, in a function, or under TYPE_CHECKING."""

    source: str
    """The module that imports."""
    target: str
    """Ours without the package's name (`providers.base`), another's as its top name (`requests`)."""
    ours: bool
    line: int


@cache
def modules() -> dict[str, Module]:
    """Every module by name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8")), is_package)
    return found


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every module; also those of `importlib.import_module("pytest_otp.…")` and the like, by name."""
    return tuple(item for module in modules().values() for node in ast.walk(module.tree) for item in _of(module, node))


def _of(module: Module, node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield _absolute(module, alias.name, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        base = _base(module, node)
        if base is None:
            yield _absolute(module, node.module or "", node.lineno)
            return
        for alias in node.names:
            whole = f"{base}.{alias.name}".lstrip(".")
            yield Import(module.name, whole if whole in modules() else base, True, node.lineno)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        target = node.value.partition(":")[0].removeprefix(f"{PACKAGE.name}.")
        if node.value.startswith(f"{PACKAGE.name}.") and "." in target and target in modules():
            yield Import(module.name, target, True, node.lineno)


def _base(module: Module, node: ast.ImportFrom) -> str | None:
    """The module of ours that a `from` names, None for another's."""
    if node.level == 0:
        top, _, rest = (node.module or "").partition(".")
        return rest if top == PACKAGE.name else None
    parts = module.name.split(".") if module.name else []
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*kept, *(node.module.split(".") if node.module else [])])


def _absolute(module: Module, name: str, line: int) -> Import:
    top, _, rest = name.partition(".")
    ours = top == PACKAGE.name
    return Import(module.name, rest if ours else top, ours, line)
