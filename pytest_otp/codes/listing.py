"""Word lists in the format of `languages.ini`, read and checked."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import SettingsError
from .kinds import KEYS
from .reading import DIGIT, OTHER, Reading, folded

SHORTEST_STEM = 3
"""Letters beside a star: shorter ones are the beginning or the end of too many words."""

_BETWEEN_WORDS = str.maketrans("-'/&.", "     ")
_LONGEST_PLAIN = 18
"""Plain characters that one character of a list can become."""
_HINT = f"A section per language with lists of words under {', '.join(KEYS)}; see languages.ini in pytest_otp/codes."


class Listed(NamedTuple):
    """An entry of the lists."""

    key: str
    text: str
    """As it is written."""
    form: str
    """As it is compared: plain, without case and accents, with its stars."""
    unspaced: bool
    """Whether its script has no spaces between words."""


def listed(lists: str, source: str) -> list[Listed]:
    """The entries of a text in the format of `languages.ini`. Raises SettingsError if it is not in that format."""
    entries = list(_listed(lists, source))
    if not entries:
        raise SettingsError(f"{source} has no words", hint=_HINT)
    return entries


def _listed(lists: str, source: str) -> Iterator[Listed]:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(lists, source)
    except configparser.Error as error:
        raise SettingsError(f"{source}: {' '.join(str(error).split())}", hint=_HINT) from None
    for section in parser.sections():
        for key, value in parser.items(section):
            if key == "name":
                continue
            where = f"{source}: [{section}] {key}"
            if key not in KEYS:
                raise SettingsError(f"{where} is not a kind of word", hint=_HINT)
            reading = Reading(value.replace("\n", " "), longest=_LONGEST_PLAIN * len(value))
            signs = sum(map(reading.plain.count, _ALLOWED))
            if DIGIT in reading.kinds or reading.kinds.count(OTHER) > signs:
                odd = sorted(char for char in {*reading.plain} - _ALLOWED if Reading(char).kinds in DIGIT + OTHER)
                raise SettingsError(f"{where}: {' '.join(odd)!r} cannot be part of a word", hint=_HINT)
            mixed = "w" in reading.kinds
            parts = reading.plain.split(",")
            forms = folded(reading.plain).translate(_BETWEEN_WORDS).split(",")
            for text, form in zip(parts, forms, strict=True):
                if words := " ".join(form.split()):
                    unspaced = mixed and "w" in Reading(text).kinds
                    if mixed or "*" in words or len(words) == 1:
                        _check(key, text.strip(), words, unspaced, f"{where}: {text.strip()!r}")
                    yield Listed(key, text.strip(), words, unspaced)


_ALLOWED = frozenset(" ,*-'/&.\u0f0b")
"""Signs in the lists: between entries, beside a stem, and those that can stand between the words of a phrase."""
_MUST_BE_LONGER = frozenset({"code", "maybe", "enter", "other", "send"})


def _check(key: str, text: str, form: str, unspaced: bool, where: str) -> None:
    bare = form.removeprefix("*").removesuffix("*")
    if len(bare) == len(form) == 1 and not unspaced and key in _MUST_BE_LONGER:
        raise SettingsError(f"{where}: a single letter is too common", hint=_HINT)
    if not bare or "*" in bare or bare != bare.strip():
        raise SettingsError(f"{where}: a star must be the first or last character of a word", hint=_HINT)
    if len(bare) == len(form):
        if unspaced and "a" in Reading(text).kinds:
            raise SettingsError(f"{where}: mixes a script without spaces with another script", hint=_HINT)
        return
    if unspaced:
        raise SettingsError(f"{where}: a script without spaces needs no star: words match anywhere", hint=_HINT)
    if form.startswith("*") and (form.endswith("*") or " " in bare):
        raise SettingsError(
            f"{where}: a leading star works with a single word only, and without a trailing star", hint=_HINT
        )
    if len(bare) < SHORTEST_STEM:
        raise SettingsError(f"{where}: at least {SHORTEST_STEM} letters must stand beside a star", hint=_HINT)
