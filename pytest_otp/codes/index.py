"""The prepared index of the word lists: their entries in buckets by first letters, each a line of text.

Reading all lists takes more than a hundred milliseconds; a text needs few buckets. Run `make index` after each change
of `languages.ini` to write the file anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_letters
from typing import NamedTuple

from .kinds import KEYS

Bucket = str
"""The first two letters of an entry's first word, `*` for those of any beginning, `=` and a letter for those of scripts
without spaces."""

_LETTERS = dict(zip(ascii_letters, KEYS, strict=False))
_KEY_LETTERS = {key: letter for letter, key in _LETTERS.items()}
_HEAD = "# Written by `make index` from languages.ini: do not edit.\n"


class Entry(NamedTuple):
    """What the lists have of a word or phrase, all languages together."""

    form: str
    """As it is compared: plain, without case and accents, with its stars."""
    kinds: set[str]
    text: str
    """As the lists spell it, without stars."""
    unspaced: bool = False
    """Whether its script has no spaces between words."""


class Buckets:
    """The lines of an index by their bucket, until they are taken in."""

    def __init__(self, content: bytes) -> None:
        lines = content.split(b"\n")[1:-1]  # bytes, since decoding all of them takes longer than all the rest
        self._lines = dict(line.split(b"\t", 1) for line in lines)

    def __contains__(self, bucket: Bucket) -> bool:
        return bucket.encode(errors="replace") in self._lines

    def __iter__(self) -> Iterator[Bucket]:
        return (bucket.decode() for bucket in self._lines)

    def entries(self, bucket: Bucket) -> Iterator[Entry]:
        """The entries of a bucket; none where it was dropped."""
        line = self._lines.get(bucket.encode(), b"").decode()
        for part in line.split("\t") if line else ():
            form, letters, text = part.split("|")
            kinds = {_LETTERS[letter] for letter in letters}
            yield Entry(form, kinds, text or form.strip("*"), bucket[0] == "=")

    def drop(self, bucket: Bucket) -> None:
        """Forget a bucket whose entries were taken in."""
        self._lines.pop(bucket.encode(), None)


def bucket_of(form: str, unspaced: bool = False) -> Bucket:
    """The bucket that a form, or a word that could begin one, is in."""
    if unspaced:
        return "=" + form[:1]
    return form[:1] if form[:1] == "*" else form[:2].rstrip(" *")


def written(entries: Iterable[Entry]) -> bytes:
    """The content of the index of some entries."""
    lines: dict[Bucket, list[str]] = {}
    for entry in entries:
        letters = "".join(sorted(_KEY_LETTERS[kind] for kind in entry.kinds))
        text = "" if entry.text == entry.form.strip("*") else entry.text
        lines.setdefault(bucket_of(entry.form, entry.unspaced), []).append(f"{entry.form}|{letters}|{text}")
    return (_HEAD + "".join("\t".join([bucket, *lines[bucket]]) + "\n" for bucket in sorted(lines))).encode()
