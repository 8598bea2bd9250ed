"""A text as the rules read it: one spelling for the digits, widths, spaces and signs of every script."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

LONGEST_TEXT = 6400
"""Characters that are read: four times as many as the longest SMS has that phones send, ten parts of 153."""
LONGEST_WIDE_TEXT = 3200
"""As above, of a text that is not ASCII alone: ten parts of an SMS then have 670 characters."""

LETTER, UNSPACED, DIGIT, BREAK, OTHER = "aw0\n."
"""The kinds of characters: a letter or mark, one of a script in which words are found inside runs of letters, a digit,
the end of a line, anything else."""

_UNSPACED_SCRIPTS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Burmese
    (0x1100, 0x11FF),  # Hangul: it has spaces, but writes every ending to the word
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals of Han
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Kana
    (0x3130, 0x318F),  # Hangul
    (0x31F0, 0x31FF),  # Kana
    (0x3400, 0x9FFF),  # Han
    (0xAA60, 0xAA7F),  # Burmese
    (0xAC00, 0xD7AF),  # Hangul
    (0xF900, 0xFAFF),  # Han
    (0x20000, 0x3FFFF),
)

_LAST = 0x10FFFF

_SIGNS = (
    dict.fromkeys("\u2018\u2019\u02bb\u02bc\u00b4`", "'")
    | dict.fromkeys("“”„‟", '"')
    | dict.fromkeys("\n\u0085\u2028\u2029", "\n")
)
"""Signs that Unicode keeps apart and that mean the same here."""
_SIGNS["\uff0c"] = "\uff0c"  # a wide comma stands between clauses; a plain one would make two numbers an amount

_LETTERS = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i"}
_LETTERS |= dict.fromkeys("ىي", "ی") | dict.fromkeys("ك", "ک") | dict.fromkeys("ةەھہۃۀ", "\u0647")
"""Letters that senders put for each other, and that Unicode does not take apart."""


class Reading:
    """A text in plain characters.

    `plain` has ASCII digits for those of any script, the usual width for wide letters, no invisible marks. `kinds` has
    one character for each of `plain`: what kind of character it is.
    """

    def __init__(self, text: str, longest: int | None = None) -> None:
        if longest is None:
            longest = LONGEST_TEXT if text.isascii() else LONGEST_WIDE_TEXT
        self._text = text[:longest]
        self.plain = self._text.translate(_PLAIN)[:longest]
        self.kinds = self.plain.translate(_KINDS)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text as it came `plain[start:end]` stands."""
        if self._text.isascii():
            return start, end
        return self._where[start], self._where[end - 1] + 1

    @cached_property
    def _where(self) -> list[int]:
        return [index for index, char in enumerate(self._text) for _ in _PLAIN[ord(char)]]


def folded(plain: str) -> str:
    """Plain text without case and accents: words are compared so, because senders leave accents out."""
    return plain.casefold().translate(_BASES)


class _Table(dict[int, str]):
    """What becomes of each character, worked out when it is first met."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, point: int) -> str:
        self[point] = made = self._rule(chr(point))
        return made


def _plain(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category in ("Cf", "Me") or "\ufe00" <= char <= "\ufe0f":
        return ""
    if category in ("Cc", "Zs"):
        return " "
    if category == "Pd" or char == "\u2212":
        return "-"
    return char if category == "No" else unicodedata.normalize("NFKC", char)


def _base(char: str) -> str:
    """The letter without its accents, where Unicode holds the two together; Hangul and kana stay whole."""
    if char in _LETTERS:
        return _LETTERS[char]
    if unicodedata.combining(char) and char < "\u0700":
        return ""
    letter, *marks = list(unicodedata.normalize("NFD", char))
    accents_only = char < "\u3000" and all(unicodedata.category(mark) == "Mn" for mark in marks)
    return _LETTERS.get(letter, letter) if marks and accents_only else char


def _kind(char: str) -> str:
    if char == "\n":
        return BREAK
    category = unicodedata.category(char)
    if category == "Nd":
        return DIGIT
    if category[0] not in "LM":
        return OTHER
    first, last = _UNSPACED_SCRIPTS[max(0, bisect_right(_UNSPACED_SCRIPTS, (ord(char), _LAST)) - 1)]
    return UNSPACED if first <= ord(char) <= last else LETTER


_PLAIN, _BASES, _KINDS = _Table(_plain), _Table(_base), _Table(_kind)
