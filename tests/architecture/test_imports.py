"""Which way imports go: one row for each package and module of the layout, and the boundaries between them."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.source import Import, imports, modules

# The layers from the ground up. Imports go down; a package may import another of its own layer only where it says so.
LAYERS: tuple[dict[str, set[str]], ...] = (
    {
        "display": set(),
        "errors": {"display"},
        "redact": {"display"},
        "phone": {"display", "errors"},
        "loopback": set(),
        "clock": set(),
        "real_files": set(),
    },
    {"providers": set(), "server": set(), "codes": set()},
    {"numbers": {"browser"}, "orders": set(), "offline": set(), "gateway": set(), "push": set(), "browser": set()},
    {"options": set(), "keeper": set(), "sandbox": set()},
    {"settings": set(), "env_file": set()},
    {"plugin": set(), "cli": set()},
)
LAYER_OF = {name: number for number, layer in enumerate(LAYERS) for name in layer}
BESIDE = {name: beside for layer in LAYERS for name, beside in layer.items()}

# Where each dependency is imported. One HTTP client, one polling loop, one place where settings are resolved.
AT_HOME = {
    "pytest": ("plugin.",),
    "xdist": ("plugin.",),
    "requests": ("providers.answers", "providers.bodies", "providers.http"),
    "urllib3": ("providers.answers", "providers.bodies", "providers.http"),
    "tenacity": ("providers.closing", "providers.http", "numbers.waiting"),
    "dotenv": ("env_file",),
    "sqlite3": ("orders.",),
    "phonenumbers": ("offline.", "phone"),
    "trustme": ("server.authority",),
    "playwright": ("browser.playwright",),
    "selenium": ("browser.selenium",),
    "werkzeug": ("gateway.", "push.webhook", "sandbox.", "server."),
}

OFFLINE_NAME = "fake"
"""An option and an argument of the marker are named so too: this one only must not be compared with."""
PROVIDER_NAMES = {OFFLINE_NAME, "otpcepat", "otpvirt"}
PROVIDER_VARIABLES = re.compile(r"API_KEY_OTPCEPAT|OTPCEPAT_|OTPVIRT_")


def package_of(name: str) -> str:
    """The row of the layout that a module belongs to; the package itself has none."""
    return name.partition(".")[0]


def said(items: list[Import]) -> list[str]:
    return [f"{item.source or '(package)'}, line {item.line}, imports {item.target}" for item in items]


def ours() -> list[Import]:
    """Imports among our own packages; the package's own lazy names are outside of the layers."""
    return [item for item in imports() if item.ours and item.source]


def test_every_module_has_a_place() -> None:
    """Each module belongs to a row of the layout, and each row stands for a module or package that exists."""
    there = {package_of(name) for name in modules() if name}
    assert there == set(LAYER_OF)


def test_imports_go_down() -> None:
    """No module imports from a higher layer, nor from another package of its own layer unless the table allows it."""
    wrong = []
    for item in ours():
        source, target = package_of(item.source), package_of(item.target)
        down = LAYER_OF.get(target, 99) < LAYER_OF[source]
        if not (down or source == target or target in BESIDE[source]):
            wrong.append(item)
    assert said(wrong) == []


def test_no_module_imports_the_package_itself() -> None:
    """Names are imported from where they are defined, never through `pytest_otp`, which imports them lazily."""
    assert said([item for item in ours() if item.target == ""]) == []


def test_there_is_no_cycle() -> None:
    """Among modules there is no cycle, imports inside functions and for type checkers counted."""
    targets: dict[str, set[str]] = {name: set() for name in modules()}
    for item in ours():
        if item.target != item.source:
            targets[item.source].add(item.target)
    while free := [name for name, wanted in targets.items() if not wanted]:
        targets = {name: wanted - set(free) for name, wanted in targets.items() if name not in free}
    assert targets == {}


def test_only_the_plugin_imports_pytest() -> None:
    """Everything but `plugin/` works without pytest, and each other dependency is imported where its job is done."""
    wrong = [
        item
        for item in imports()
        if item.target in AT_HOME
        and not item.ours
        and not any(item.source == home or f"{item.source}.".startswith(home) for home in AT_HOME[item.target])
    ]
    assert said(wrong) == []


def test_numbers_and_orders_never_meet() -> None:
    """What a test holds and what is written down about it meet in the Provider protocol only."""
    pair = {"numbers", "orders"}
    assert said([item for item in ours() if {package_of(item.source), package_of(item.target)} == pair]) == []


def test_the_sandbox_is_written_from_the_documents() -> None:
    """The sandbox imports no provider and no HTTP client of ours, so that it can find their mistakes."""
    mistakes = [
        item
        for item in ours()
        if package_of(item.source) in ("sandbox", "server", "gateway")
        and package_of(item.target) == "providers"
        and item.target != "providers.base"
    ]
    assert said(mistakes) == []


def test_codes_know_nothing_else() -> None:
    """A text is judged by what it says, whoever delivers it: the search can be used on its own."""
    foreign = [item for item in ours() if package_of(item.source) == "codes" and package_of(item.target) != "codes"]
    assert said([item for item in foreign if item.target != "errors"]) == []


def texts_in(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def compared(tree: ast.AST) -> set[str]:
    """The texts that something is compared with, or looked for among."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            operands = node.comparators
            if any(isinstance(operator, (ast.Eq, ast.NotEq)) for operator in node.ops):
                operands = [node.left, *operands]
            found |= {text for operand in operands for text in texts_in(operand)}
        elif isinstance(node, ast.MatchValue):
            found |= texts_in(node)
    return found


@pytest.mark.parametrize("name", sorted(modules()))
def test_no_concrete_provider_is_named(name: str) -> None:
    """Outside `providers/`, `offline/` and `sandbox/` no text is a provider's name or has one of its variables."""
    if package_of(name) in ("providers", "offline", "sandbox"):
        return
    module = modules()[name]
    texts = texts_in(module.tree)
    texts -= {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    }
    if name != "options":  # the default, and what its help says
        assert not texts & (PROVIDER_NAMES - {OFFLINE_NAME})
        assert OFFLINE_NAME not in compared(module.tree)
        assert not [text for text in texts if PROVIDER_VARIABLES.search(text)]
    assert not [
        item
        for item in imports()
        if item.source == name and item.target in {f"providers.{each}" for each in PROVIDER_NAMES}
    ]
