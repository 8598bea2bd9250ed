"""The public API: its names, their types, and that whatever a public name returns has a public type."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pytest_otp

TYPED_API = Path(__file__).parent / "typed_api.py"
DOCUMENTED = ("codes", "errors", "redact", "providers.base", "providers.http", "providers.answers")
"""Modules whose names may be imported from there."""
INTERNAL = {"Proxy", "Seen"}
"""Public by its place only: they are for the fixture that makes a `GatewayAddress`."""


def test_every_public_name_is_there() -> None:
    """`__all__` is sorted, has no name twice, and each of its names can be imported."""
    assert pytest_otp.__all__ == sorted(set(pytest_otp.__all__))
    for name in pytest_otp.__all__:
        assert getattr(pytest_otp, name).__name__ == name
    assert dir(pytest_otp) == pytest_otp.__all__


def test_type_checkers_know_the_same_names() -> None:
    """The stub has each public name, from the module that it is imported from, and no other."""
    stub = ast.parse(Path(pytest_otp.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    known = {each.name: item.module for item in stub.body if isinstance(item, ast.ImportFrom) for each in item.names}
    assert sorted(known) == pytest_otp.__all__
    for name, module in known.items():
        assert getattr(importlib.import_module(f"pytest_otp.{module}"), name) is getattr(pytest_otp, name)
    (written,) = (item.value for item in stub.body if isinstance(item, ast.Assign))
    assert ast.literal_eval(written) == pytest_otp.__all__


def test_an_unknown_name_is_an_error() -> None:
    """A misspelt name is the usual AttributeError."""
    with pytest.raises(AttributeError, match="module 'pytest_otp' has no attribute 'OtpNumbr'"):
        _ = pytest_otp.OtpNumbr  # type: ignore[attr-defined]  # misspelt on purpose


def test_names_are_imported_on_first_use() -> None:
    """The package itself imports none of its modules."""
    program = "import sys, pytest_otp; print([name for name in sys.modules if name.startswith('pytest_otp.')])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", pytest_otp.__all__)
def test_what_a_public_name_exposes_is_public(name: str) -> None:
    """Whatever a public function returns, or a public attribute holds, can be imported to annotate with."""
    public = {getattr(pytest_otp, each) for each in pytest_otp.__all__}
    for module in DOCUMENTED:
        public |= {each for each in vars(importlib.import_module(f"pytest_otp.{module}")).values() if isclass(each)}
    exposed = {each for annotation in exposed_types(getattr(pytest_otp, name)) for each in classes(annotation)}
    hidden = {each.__name__ for each in exposed - public if each.__module__.startswith("pytest_otp")}
    assert hidden <= INTERNAL


@pytest.mark.parametrize("name", pytest_otp.__all__)
def test_a_public_name_is_documented(name: str) -> None:
    """It has a docstring, and so have its public methods and properties."""
    value = getattr(pytest_otp, name)
    assert value.__doc__
    if isclass(value):
        members = {key: member for key, member in vars(value).items() if not key.startswith("_")}
        functions = {key: each for key, each in members.items() if callable(each) or isinstance(each, property)}
        assert [key for key, each in functions.items() if not each.__doc__] == []


def test_a_users_code_type_checks() -> None:
    """Strict mypy accepts typed_api.py, and each ignore in it stands for a mistake that mypy finds."""
    # Without errors of the package itself, which depend on the versions of what it imports.
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", str(TYPED_API)]
    run = subprocess.run(command, cwd=TYPED_API.parent.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def isclass(value: object) -> bool:
    return inspect.isclass(value)


def exposed_types(value: Any) -> Iterator[Any]:
    """The types of what a function returns, or of a class's public fields, properties and methods' results."""
    if not isclass(value):
        yield typing.get_type_hints(value)["return"]
        return
    if dataclasses.is_dataclass(value):
        hints = typing.get_type_hints(value)
        yield from (hints[field.name] for field in dataclasses.fields(value) if not field.name.startswith("_"))
    for name, member in vars(value).items():
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if inspect.isfunction(function) and (not name.startswith("_") or name in ("__call__", "__enter__")):
            yield typing.get_type_hints(function)["return"]


def classes(annotation: Any) -> Iterator[type]:
    """The classes that an annotation names, at any depth."""
    if isclass(annotation) and not isinstance(annotation, types.GenericAlias):
        yield annotation
    for part in typing.get_args(annotation):
        yield from classes(part) if not isinstance(part, list) else (each for one in part for each in classes(one))
