"""Text from outside is shown as one printable line of bounded length, wherever it is shown."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pytest_otp
from pytest_otp.display import ID, NAME, SMS, WORDS, SafeRepr, quoted, shown
from pytest_otp.errors import CodeTimeout, OtpError, ProviderError
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.providers.base import Country, Order, SmsMessage
from tests.scripted import ScriptedProvider

HOSTILE = "\x1b[31mred\x07\x9b2J\u202ereversed\u2066\r\nforged\u2028line\udcff\x00"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Köln, 東京, قاهرة 😀", "Köln, 東京, قاهرة 😀"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b\x7f\x00", r"\x9b\x7f\x00"),
        ("a\u202eb\u2066\u200f\u061c", r"a\u202eb\u2066\u200f\u061c"),
        ("a\r\nb\tc\u2028d\u0085", r"a\r\nb\tc\u2028d\x85"),
        ("\ud800 \udcff", r"\ud800 \udcff"),
        ("\U000e0041\u200b", r"\U000e0041\u200b"),
    ],
)
def test_what_is_not_printable_is_escaped(text: str, safe: str) -> None:
    """Control characters, bidi and invisible marks, line breaks and lone surrogates are escaped; letters stay."""
    assert shown(text) == safe


@settings(deadline=None)
@given(st.text(st.characters()), st.integers(1, 60))
def test_any_text_becomes_safe(text: str, most: int) -> None:
    """Whatever the text, the result is printable, bounded, and unchanged when it is shown once more."""
    safe = shown(text, most)
    assert safe.isprintable()
    assert len(safe) <= most
    assert shown(safe, most) == safe
    assert all(line.isprintable() for line in shown(text, most, lines=True).split("\n"))


def test_a_long_text_is_cut() -> None:
    """A megabyte becomes as many characters as asked for, the last of them an ellipsis, escapes counted."""
    assert shown("x" * 1_000_000, 10) == "x" * 9 + "…"
    assert shown("\x1b" * 5, 10) == r"\x1b\x1b\…"
    assert quoted("'" * 1_000_000, 4) == "\"'''…\""


def test_line_breaks_can_be_kept() -> None:
    """Where a text has lines of its own, they stay lines, and nothing else in them does anything."""
    assert shown("one\r\ntwo\n\x1b", lines=True) == "one\ntwo\n\\x1b"


class TestErrors:
    """Errors cannot be built so that they show anything else."""

    def test_each_part_is_safe(self) -> None:
        """Message, words, hint, provider, order and number are escaped; the attributes that identify stay true."""
        error = ProviderError(
            HOSTILE, words=HOSTILE, provider=HOSTILE, order_id=HOSTILE, number=HOSTILE, elapsed=1.0, hint=HOSTILE
        )
        assert str(error).isprintable()
        assert (error.message + error.words + error.hint + repr(error)).isprintable()
        assert (error.order_id, error.number) == (HOSTILE, HOSTILE)

    def test_each_part_is_bounded(self) -> None:
        """A megabyte in every part leaves an error that can be read."""
        long = "x" * 1_000_000
        error = ProviderError(long, words=long, provider=long, order_id=long, number=long, hint=long)
        assert len(error.words) == WORDS
        assert len(str(error)) < 10_000
        assert f"order {'x' * (ID - 1)}…, " in str(error)
        assert len(str(CodeTimeout(long))) < 40_000

    def test_what_is_assigned_later_is_safe_too(self) -> None:
        """Code that changes an error's message cannot smuggle anything past."""
        error = OtpError("fine")
        error.message, error.hint = HOSTILE, HOSTILE
        assert str(error).isprintable()


def order(text: str) -> Order:
    return Order(text, text, text, text, text, Decimal(1), text, datetime(2026, 11, 1, tzinfo=timezone.utc))


def test_reprs_are_safe() -> None:
    """Orders, messages, numbers and catalogue items with such text have a repr of one bounded printable line."""
    for text in (HOSTILE, "9" * 1_000_000):
        message = SmsMessage(text, text, text, None, text)
        number = OtpNumber(ScriptedProvider(), order(text))
        for each in (order(text), message, Country(text, text), number):
            assert repr(each).isprintable()
            assert len(repr(each)) < 1000


def test_a_repr_says_what_it_said() -> None:
    """A class with safe repr is shown as dataclasses are, and leaves out the same fields."""
    assert repr(Country("6", "Côte d'Ivoire")) == """Country(id='6', name="Côte d'Ivoire")"""

    @dataclasses.dataclass(repr=False)
    class Note(SafeRepr):
        id: str
        text: str = dataclasses.field(repr=False)
        count: int = 0

    assert repr(Note("i" * 100, "secret")).endswith(f"Note(id='{'i' * (ID - 1)}…', count=0)")
    assert repr(Note("1", "secret", 2)).endswith("Note(id='1', count=2)")


OURS = {
    "browser": "what a page showed is bounded there",
    "cli.accounts": "our own words",
    "cli.codes": "the texts that the user gave",
    "cli.ledgers": "paths that the user gave",
    "cli.sandbox": "numbers of ours",
    "codes": "candidates of a text, 64 characters at most",
    "gateway.address": "addresses of ours",
    "keeper": "paths and settings of the user",
    "numbers.options": "settings of the user",
    "offline.scenarios": "our own words",
    "orders.recording": "names of ours",
    "plugin": "settings of the user",
    "providers.answers": "an excerpt that was bounded when it was made",
    "providers.base": "names of variables and states",
    "providers.http": "URLs of the user, and requests of ours",
    "providers.push": "paths of ours",
    "sandbox": "catalogues of ours",
    "server": "hosts of requests, checked by a pattern",
}
"""Modules and packages whose other dataclasses hold no text from outside, and why."""


def dataclasses_of_the_package() -> list[type[Any]]:
    """Every dataclass that the package defines."""
    found: dict[type[Any], None] = {}
    for module in pkgutil.walk_packages(pytest_otp.__path__, "pytest_otp."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.name:
                    found[value] = None
    return list(found)


def holds_text(kind: type[Any]) -> bool:
    return any("str" in str(field.type) and field.repr for field in dataclasses.fields(kind))


def test_no_dataclass_forgets() -> None:
    """Each dataclass with a text has a safe repr, or one of its own, or holds only text of ours or of the user."""
    forgotten = []
    for kind in dataclasses_of_the_package():
        name = kind.__module__.removeprefix("pytest_otp.")
        generated = not issubclass(kind, SafeRepr) and "__create_fn__" in kind.__repr__.__qualname__
        if generated and holds_text(kind) and not {name, name.partition(".")[0]} & OURS.keys():
            forgotten.append(f"{name}.{kind.__name__}")
    assert forgotten == []


def test_the_bounds() -> None:
    """Ids, names, words and SMS texts have the bounds that the documentation names."""
    assert (ID, NAME, WORDS, SMS) == (64, 80, 300, 1600)
