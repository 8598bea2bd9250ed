"""The API reference is complete."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import types

import pytest

import pytest_otp
from tests.documentation.pages import text_of

PAGE = text_of("docs/api.md")
DIRECTIVES = re.findall(r"^::: (\S+)$", PAGE, re.MULTILINE)

MODULES = (
    "codes",
    "errors",
    "redact",
    "providers.answers",
    "providers.base",
    "providers.http",
    "providers.push",
    "providers.registry",
)

# Public among the package's own modules, and of no use outside it.
INTERNAL = {
    "providers.answers": {"described", "judged", "read"},
    "providers.base": {
        *("SupportsAsking", "SupportsCounting", "SupportsHandingOn", "SupportsStates"),
        *("identifying", "lacking"),
    },
    "errors": {"listed"},
    "redact": {"KnownValues", "passwords_in", "url_without_password"},
    "providers.http": {"check_url"},
    "providers.registry": {
        "BuiltIn",
        "confidential_values",
        "confidential_variables",
        "has_secrets",
        "Recipe",
        "identifying",
        "account_variables",
        "has_carrier",
        "is_offline",
        "load",
        "push_of",
        "recipe_of",
        "takes_push",
    },
}


def resolved(path: str) -> object:
    """What a directive names; None if it does not exist."""
    module, _, name = path.rpartition(".")
    with contextlib.suppress(ImportError):
        return getattr(importlib.import_module(module), name, None)
    return None


def test_no_public_name_is_missing() -> None:
    """The page has every name of `pytest_otp.__all__`, under the path that users import it from."""
    assert [name for name in pytest_otp.__all__ if f"pytest_otp.{name}" not in DIRECTIVES] == []


@pytest.mark.parametrize("name", MODULES)
def test_no_name_of_a_documented_module_is_missing(name: str) -> None:
    """The page has every public class and function that a documented module defines."""
    module = importlib.import_module(f"pytest_otp.{name}")
    documented = [resolved(path) for path in DIRECTIVES]
    missing = {
        own
        for own, item in vars(module).items()
        if not own.startswith("_")
        and (inspect.isclass(item) or inspect.isfunction(item))
        and item.__module__ == module.__name__
        and item not in documented
    }
    assert missing - INTERNAL.get(name, set()) == set()


def test_every_fixture_is_documented(pytester: pytest.Pytester) -> None:
    """The page has every fixture that `pytest --fixtures` lists for this plugin."""
    shown = pytester.runpytest_inprocess("-p", "no:asyncio", "--fixtures").stdout.str()
    fixtures = set(re.findall(r"^((?:\w+_)?otp_\w+)(?: \[\w+ scope\])? --", shown, re.MULTILINE))
    assert {"otp_number", "otp_gateway"} <= fixtures
    assert fixtures == {path.rpartition(".")[2] for path in DIRECTIVES if path.startswith("pytest_otp.plugin.")}


@pytest.mark.parametrize("path", DIRECTIVES)
def test_every_name_says_what_it_is(path: str) -> None:
    """Each documented name exists, and each class and function has a docstring of its own."""
    item = resolved(path)
    assert item is not None
    if isinstance(item, types.GenericAlias):
        return  # a type alias, whose text stands below it in the source; Python 3.10 counts it as a class
    if inspect.isclass(item) or inspect.isfunction(item):
        assert item.__doc__


@pytest.mark.parametrize("name", [name for name in pytest_otp.__all__ if inspect.isclass(getattr(pytest_otp, name))])
def test_inherited_methods_are_shown(name: str) -> None:
    """A class with methods from a public base that is not on the page shows them as its own."""
    documented = [resolved(path) for path in DIRECTIVES]
    inherited = {
        member
        for base in getattr(pytest_otp, name).__mro__[1:]
        if base.__module__.startswith("pytest_otp") and not base.__name__.startswith("_") and base not in documented
        for member, item in vars(base).items()
        if not member.startswith("_") and (inspect.isfunction(item) or isinstance(item, property))
    }
    found = re.search(rf"^::: pytest_otp\.{name}\n    options: .*inherited_members: (true|\[.*?\])", PAGE, re.MULTILINE)
    shown = found[1] if found else "[]"
    assert shown == "true" or inherited == set(re.findall(r"\w+", shown))
