"""Random codes of every alphabet in sentences of many languages: how many are found, and which are taken wrongly.

`python -m tests.codes.every_code 1000 7` tries 1000 codes of each alphabet in each sentence, from seed 7.
"""

from __future__ import annotations

import random
import string
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pytest_otp.codes import extract_code

SENTENCES = [
    (line.partition(" ")[0], line.partition(" ")[2])
    for line in Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines()
]
"""The language and the text with {} for the code, from sentences.txt."""

DIGITS, CAPITALS = string.digits, string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
NO_LOOKALIKES = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
STEAM = "23456789BCDFGHJKMNPQRTVWXY"


class Alphabet(NamedTuple):
    """The characters of codes, and how long their groups are, which a hyphen joins."""

    characters: str
    groups: tuple[int, ...]

    def code(self, source: random.Random) -> str:
        """A random code; one in lower case has a digit."""
        while True:
            code = "-".join("".join(source.choices(self.characters, k=size)) for size in self.groups)
            if self.characters != LOWER or any(char.isdigit() for char in code):
                return code


ALPHABETS = {
    **{f"{size} digits": Alphabet(DIGITS, (size,)) for size in (4, 5, 6, 7, 8)},
    **{f"{size} of A-Z and 0-9": Alphabet(CAPITALS, (size,)) for size in (4, 5, 6, 7, 8)},
    **{f"{size} without lookalikes": Alphabet(NO_LOOKALIKES, (size,)) for size in (5, 6, 8)},
    **{f"{size} of a-z and 0-9": Alphabet(LOWER, (size,)) for size in (4, 6, 8)},
    "Steam's five": Alphabet(STEAM, (5,)),
    "digits with a hyphen": Alphabet(DIGITS, (3, 3)),
    "three and three with a hyphen": Alphabet(NO_LOOKALIKES, (3, 3)),
    "four and four with a hyphen": Alphabet(CAPITALS, (4, 4)),
}


class Tried(NamedTuple):
    """What was found of a code in a sentence."""

    alphabet: str
    sentence: str
    code: str
    found: str | None

    @property
    def is_right(self) -> bool:
        """Whether the code was found, without its hyphen."""
        return self.found == self.code.replace("-", "")


def tried(
    count: int,
    seed: int,
    search: Callable[[str], str | None] = extract_code,
    sentences: list[tuple[str, str]] = SENTENCES,
) -> Iterator[Tried]:
    """Each alphabet in each sentence, with so many codes."""
    source = random.Random(seed)
    for _, sentence in sentences:
        for name, alphabet in ALPHABETS.items():
            for _ in range(count):
                code = alphabet.code(source)
                yield Tried(name, sentence, code, search(sentence.replace("{}", code)))


def main(count: int, seed: int) -> int:
    """Print what share of each alphabet is found, and whatever is wrong."""
    tries, missed, status = Counter[str](), Counter[str](), 0
    for one in tried(count, seed):
        tries[one.alphabet] += 1
        if not one.is_right:
            missed[one.alphabet] += 1
            print(f"{one.found} instead of {one.code}: {one.sentence}")  # noqa: T201 - a program run by hand
            status = status or one.found is not None
    for name, total in tries.items():
        share = 1 - missed[name] / total
        print(f"{share:8.3%}  {name}")  # noqa: T201 - as above
        status = status or share < (1 if "digits" in name else 0.998)
    return int(status)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
