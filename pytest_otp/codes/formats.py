"""The form of the codes that a user knows: how long they are, and of which characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import SettingsError
from .never import never
from .scene import Scene
from .shapes import Length

_RANGE = re.compile(r"([0-9]{1,3})(?:\s*-\s*([0-9]{1,3}))?")
_TOKEN = re.compile("[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*|(?:(?![0-9A-Za-z])[^\\W_])+")
_PART = re.compile("[^-]+")


@dataclass(frozen=True)
class CodeFormat:
    """What every code looks like. Both parts are optional; `CodeFormat()` fits any code.

    Attributes:
        length: number of characters of a code without separators, or the least and the most as a pair.
        alphabet: the characters that a code may have, such as `string.digits`. Upper and lower case differ.

    Raises SettingsError if `length` is not a positive number or a pair of them, or if `alphabet` is not a non-empty
    string without spaces.
    """

    length: Length | None = None
    alphabet: str | None = None

    def __post_init__(self) -> None:
        if self.length is not None:
            _check_length(self.length)
            if isinstance(self.length, list):
                object.__setattr__(self, "length", tuple(self.length))
        if self.alphabet is not None:
            _check_alphabet(self.alphabet)

    @classmethod
    def parse(cls, length: str = "", alphabet: str = "") -> CodeFormat:
        """The format written as text, as in an ini file: `6` or `4-8`, and the characters. Empty means any.

        Raises SettingsError if it cannot be read.
        """
        if not length.strip():
            return cls(None, alphabet.strip() or None)
        found = _RANGE.fullmatch(length.strip())
        if not found:
            raise SettingsError(f"code length {length!r} is not a number such as 6 or a range such as 4-8")
        least = int(found[1])
        return cls((least, int(found[2])) if found[2] else least, alphabet.strip() or None)

    def replaced(self, length: Length | None, alphabet: str | None) -> CodeFormat:
        """This format with another length or alphabet; what is None stays. Raises SettingsError like the class."""
        if length is None and alphabet is None:
            return self
        return CodeFormat(self.length if length is None else length, self.alphabet if alphabet is None else alphabet)

    @property
    def is_any(self) -> bool:
        """Whether it fits every code."""
        return self.length is None and self.alphabet is None

    def fits(self, code: str) -> bool:
        """Whether a code, without separators, has this form."""
        return self.misfit(code) is None

    def misfit(self, code: str) -> str | None:
        """Why a code does not have this form, or None if it does."""
        if self.length is not None:
            least, most = (self.length, self.length) if isinstance(self.length, int) else self.length
            if not least <= len(code) <= most:
                wanted = str(least) if least == most else f"{least} to {most}"
                return f"has {len(code)} characters, not {wanted}"
        if self.alphabet is not None and (odd := next((char for char in code if char not in self.alphabet), None)):
            return f"{odd!r} is not in the alphabet"
        return None

    def only_token(self, scene: Scene) -> tuple[int, int, str] | None:
        """The place and code of the one token of a text that has this form; None if several do, or none.

        If several do, the only one with a digit counts: the others are words. Links, addresses, amounts, dates and the
        like are left out.
        """
        fitting: dict[str, tuple[int, int, str]] = {}
        for start, end, code in self._fitting(scene):
            fitting.setdefault(code, (start, end, code))
        with_digit = [code for code in fitting if any(char.isdigit() for char in code)]
        only = list(fitting) if len(fitting) == 1 else with_digit
        return fitting[only[0]] if len(only) == 1 else None

    def _fitting(self, scene: Scene) -> Iterator[tuple[int, int, str]]:
        shapes = [(shape.start, shape.end, shape.code) for shape in scene.shapes if self.fits(shape.code)]
        parts = never(scene.reading, scene.words, 0, len(scene.plain))
        firm = [(part.start, part.end) for part in parts if part.firm]
        tokens: list[tuple[int, int, str]] = []
        for found in _TOKEN.finditer(scene.plain):
            whole = (*found.span(), found[0].replace("-", ""))
            if self.fits(whole[2]):
                tokens.append(whole)
                continue
            pieces = [
                (found.start() + part.start(), found.start() + part.end(), part[0]) for part in _PART.finditer(found[0])
            ]
            tokens += [piece for piece in pieces if self.fits(piece[2])]
        for start, end, code in (*shapes, *tokens):
            if not any(left < end and start < right for left, right in firm):
                yield start, end, code


ANY_FORMAT = CodeFormat()
"""Fits every code."""


def _check_length(length: object) -> None:
    pair = (length, length) if type(length) is int else length
    numbers = isinstance(pair, tuple | list) and len(pair) == 2 and all(type(part) is int for part in pair)
    if numbers and 0 < pair[0] <= pair[1]:  # type: ignore[index]  # it is a pair
        return
    raise SettingsError(
        f"code length {length!r} is not allowed: use a positive number such as 6, or the least and the most as a pair "
        "such as (4, 8)"
    )


def _check_alphabet(alphabet: object) -> None:
    if isinstance(alphabet, str) and alphabet and not any(char.isspace() for char in alphabet):
        return
    raise SettingsError(
        f"code alphabet {alphabet!r} is not allowed: use the characters of a code without spaces, such as string.digits"
    )
