"""What in a text has the shape of a code, whatever stands around it."""

from __future__ import annotations

import re
from typing import NamedTuple

SHORTEST, LONGEST = 3, 10
"""Digits of a code."""
SHORTEST_MIXED, LONGEST_MIXED = 4, 12
"""Characters of a code with letters."""
LONGEST_ENDING = 4
"""Letters of an ending that a language puts behind a number and a hyphen."""
Length = int | tuple[int, int]
"""How long a code is: a number of characters, or the least and the most."""

LONGEST_GLUED = 30
"""Characters of a word and the code that was written to it without a space: `VerifyCode123456`."""

DIGITS, SPLIT, PREFIXED, GLUED = "digits", "split", "prefixed", "glued"
MIXED, LETTERS, SPACED = "mixed", "letters", "spaced"
NO_CODE = ""
"""What looks like a number and is too long or too short for a code."""

_RUN = re.compile(
    "[A-Za-z]{3,20}(?=[0-9]{2,5}[ -][0-9]{2,5}(?![0-9A-Za-z]))"
    "|[A-Za-z]{2}(?=[0-9]{3} [0-9]{3}(?![0-9A-Za-z]))|[0-9A-Za-z]+"
)
"""Letters and digits; a word ends where a split code was written to it without a space: `OTP482 913`."""
_LAST_LATIN = "\u024f"
_SEPARATORS = frozenset({"-", " ", ".", "_", "·", " - "})
_GROUPS_BETWEEN_SPACES = frozenset(
    tuple(map(int, lengths))
    for lengths in (
        "22",
        "33",
        "44",
        "222",
        "2222",
        "22222",
        "333",
        "3331",
        "323",
        "232",
        "24",
        "42",
        "23",
        "32",
        "442",
        "1221",
        "55",
    )
)
_FEWER_GROUPS = frozenset({(3, 3), (2, 2, 2), (4, 4)})
"""How long the groups of a split code are. With a hyphen they are free: it joins what belongs together."""
_PLAIN_ENDS = frozenset(" ,:!?\n")
_MOST_GROUPS = 12
MOST = 64
"""Shapes of a text that are looked at: what has more numbers is a list of them, not a message with a code."""


class Shape(NamedTuple):
    """A run of characters that could be a code: where it stands, the code without separators, and its kind."""

    start: int
    end: int
    code: str
    kind: str

    @property
    def is_number(self) -> bool:
        """Whether it has no letters but those of a prefix."""
        return self.kind in (DIGITS, SPLIT, PREFIXED, GLUED)


def shapes(plain: str) -> list[Shape]:
    """Everything in the text that has the shape of a code or a number; of a split code the whole, not its groups."""
    runs = [found.span() for found in _RUN.finditer(plain)]
    found: list[Shape] = []
    index = 0
    while index < len(runs) and len(found) < MOST:
        start, end = runs[index]
        if (
            plain[end : end + 1] in _PLAIN_ENDS
            and (run := plain[start:end]).isalpha()
            and not run.isupper()
            and end - start > 1
        ):
            index += 1  # a word, as most runs are
            continue
        chain = runs[index : index + _chained(plain, runs, index)]
        shape, used = _first_of(plain, chain)
        if shape:
            found.append(shape)
        index += used
    return found


def _chained(plain: str, runs: list[tuple[int, int]], index: int) -> int:
    """How many runs from here on are joined by one and the same separator."""
    if index + 1 == len(runs) or (separator := _gap(plain, runs[index], runs[index + 1])) not in _SEPARATORS:
        return 1
    length, last = 1, index + _MOST_GROUPS
    for before, following in zip(runs[index:last], runs[index + 1 : last + 1], strict=False):
        if _gap(plain, before, following) != separator:
            break
        if separator != "-" and not _alike(plain[slice(*runs[index])], plain[slice(*following)], separator):
            break
        length += 1
    return length


def _gap(plain: str, before: tuple[int, int], following: tuple[int, int]) -> str:
    return plain[before[1] : following[0]] if following[0] - before[1] <= 3 else ""


def _alike(first: str, following: str, separator: str) -> bool:
    """Whether what stands behind a separator goes on with what stands before it.

    Digits go on with digits, and between spaces single characters with such, and `A1B` with `C2D`.
    """
    if first.isdigit() and following.isdigit():
        return True
    if separator != " " or len(first) != len(following):
        return False
    return len(first) == 1 or (_has_capitals_and_digits(first) and _has_capitals_and_digits(following))


def _has_capitals_and_digits(text: str) -> bool:
    return text.isupper() and not text.isalpha()


def _first_of(plain: str, chain: list[tuple[int, int]]) -> tuple[Shape | None, int]:
    """The shape at the beginning of a chain of runs, and how many of them it takes."""
    texts = [plain[start:end] for start, end in chain]
    if len(chain) == 1:
        return _single(plain, *chain[0], texts[0]), 1
    if len(chain) >= _MOST_GROUPS:  # a list of numbers, or a part of one
        return None, len(chain)
    separator = _gap(plain, chain[0], chain[1])
    whole = _joined(chain, texts, separator)
    if separator == "-" and not whole and _has_ending(texts):
        return _single(plain, *chain[0], texts[0]), len(chain)
    if separator in "-_":  # the parts of what is no code are none either: of a long id, of `388-941-`
        cut = plain[chain[-1][1] : chain[-1][1] + 1] == separator
        return whole if whole and not cut else Shape(chain[0][0], chain[-1][1], "".join(texts), NO_CODE), len(chain)
    if whole:
        return whole, len(chain)
    too_long = len(chain) == 3 and sum(map(len, texts)) > LONGEST and min(map(len, texts)) >= SHORTEST
    if (too_long or len(chain) > 3) and all(map(str.isdigit, texts)):  # longer than a code, or several codes
        return Shape(chain[0][0], chain[-1][1], "".join(texts), NO_CODE), len(chain)
    if len(chain) == 3 and len(texts[-1]) <= 2 and (shape := _joined(chain[:-1], texts[:-1], separator)):
        return shape, len(chain) - 1
    return _single(plain, *chain[0], texts[0]), 1


def _joined(chain: list[tuple[int, int]], texts: list[str], separator: str) -> Shape | None:
    """The code that a chain of runs is as a whole."""
    start, end, code, lengths = chain[0][0], chain[-1][1], "".join(texts), tuple(map(len, texts))
    if separator == " " and len(code) > LONGEST_MIXED:
        return None
    if separator == " " and set(lengths) == {1}:
        return Shape(start, end, code, SPACED) if SHORTEST_MIXED <= len(code) <= LONGEST_MIXED else None
    if code.isdigit():
        groups = {" ": _GROUPS_BETWEEN_SPACES, ".": _FEWER_GROUPS, " - ": _FEWER_GROUPS}.get(separator)
        free = SHORTEST_MIXED <= len(code) <= LONGEST and max(lengths) <= 5
        return Shape(start, end, code, SPLIT) if (lengths in groups if groups else free) else None
    if separator not in "- ":
        return None
    digits = "".join(texts[1:])
    is_prefix = separator == "-" and texts[0].isalpha() and len(texts[0]) <= 4 and len(texts[0]) != len(digits)
    if is_prefix and 4 <= len(digits) <= LONGEST and digits.isdigit():
        return Shape(start, end, digits, PREFIXED)
    letters = "".join(char for char in code if char.isalpha())
    even = len(set(lengths)) == 1
    if SHORTEST_MIXED < len(code) <= LONGEST_MIXED and max(lengths) <= 6:
        if code.isalpha():
            return Shape(start, end, code, LETTERS) if even and code.isupper() else None
        apart = separator == "-" and all(any(map(str.isdigit, text)) for text in texts)
        if letters.isupper() or (letters.islower() and (even or apart)):
            return Shape(start, end, code, MIXED)
    return None


def _has_ending(texts: list[str]) -> bool:
    """Whether a number has an ending of its language behind a hyphen: the Azerbaijani `482913-dir`."""
    number, *rest = texts
    return (
        4 <= len(number) <= LONGEST
        and number.isdigit()
        and len(rest) == 1
        and rest[0].isalpha()
        and rest[0].islower()
        and len(rest[0]) <= LONGEST_ENDING
    )


def _single(plain: str, start: int, end: int, text: str) -> Shape | None:
    """The code that one run of letters and digits is."""
    if text.isdigit():
        return Shape(start, end, text, DIGITS if SHORTEST <= len(text) <= LONGEST else NO_CODE)
    if _is_part_of_a_word(plain, start, end):
        return None
    if text.isalpha():
        return Shape(start, end, text, LETTERS) if text.isupper() and SHORTEST_MIXED <= len(text) <= LONGEST else None
    return Shape(start, end, text, MIXED) if SHORTEST_MIXED <= len(text) <= LONGEST_GLUED else None


def _is_part_of_a_word(plain: str, start: int, end: int) -> bool:
    """Whether Latin letters with accents go on beside it: the OBJEDN of OBJEDNÁVKA."""
    beside = plain[start - 1 : start] + plain[end : end + 1]
    return any(char.isalpha() and char <= _LAST_LATIN for char in beside)
