"""The words that stand near numbers in SMS, in every language of `languages.ini`, and where a text has them."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Set
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .index import Bucket, Buckets, Entry, bucket_of
from .reading import Reading, folded

SHORTEST_START = 4
"""Letters that `*word` needs before it: barcode, postcode and Unicode are no codes, Sicherheitscode is one."""

INDEX = Path(__file__).with_name("languages.index")
"""What `make index` makes of `languages.ini`."""

_SHORTEST_STEM = 3
_LONG_STEM = 5
"""Letters of a stem that no code begins with by chance."""
_TOKEN = re.compile("a+|w+")
_JOINT = re.compile(r"[ \-'/&]{0,2}|\.")
_LONGEST_SHORT_FORM = 5
"""Letters of a word that is cut short by a full stop; one amid a phrase has no vowels: `codul dvs. de client`."""
_VOWEL = re.compile("[aeiouy]", re.IGNORECASE)
_LONGEST_WORD = 40
"""Letters of a word that are looked at."""


class Word(NamedTuple):
    """A word or phrase of the lists in a text: where, what it can be, and how the lists spell it."""

    start: int
    end: int
    kinds: Set[str]
    entry: str


class Lexicon:
    """The word lists of all languages together: a text does not say which it is in, and many are in two.

    `prepared` is the content of an index, whose entries are taken in when a text first has their first letters.
    """

    def __init__(self, prepared: bytes = b"") -> None:
        self._prepared = Buckets(prepared)
        self._taking = threading.Lock()
        self._met: set[str] = set()
        """First letters whose buckets are known to be taken in."""
        self._entries: dict[str, Entry] = {}
        self._whole: dict[str, Entry] = {}
        self._starts: dict[str, Entry] = {}
        self._ends: dict[str, Entry] = {}
        self._phrases: dict[tuple[str, ...], Entry] = {}
        self._open_phrases: dict[tuple[str, ...], dict[str, Entry]] = defaultdict(dict)
        self._unspaced: dict[str, Entry] = {}
        self._lengths: dict[str, tuple[int, ...]] = defaultdict(tuple)
        """How many words the phrases have that begin with a word, and how long entries without spaces are that begin
        with a letter; the longest first."""
        self._look_up = lru_cache(maxsize=4096)(self._found)

    def add(self, lists: str, source: str) -> None:
        """Add the languages of a text in the format of `languages.ini`.

        Raises SettingsError if it is not in that format; then nothing is added.
        """
        from .listing import listed  # noqa: PLC0415 - start-up cost: a run without lists of its own parses none

        entries = listed(lists, source)
        for key, text, form, unspaced in entries:
            self._take_in(bucket_of(form, unspaced))
            kinds = {key, "code"} if key == "approval" else {key}
            self._add(Entry(form, kinds, text.strip("*"), unspaced))
        self._look_up.cache_clear()

    def entries(self) -> list[Entry]:
        """Every entry, in the order in which it was added."""
        for bucket in list(self._prepared):
            self._take_in(bucket)
        return list(self._entries.values())

    def words(self, reading: Reading) -> list[Word]:
        """The words and phrases of the lists that a text has, in order; of those that overlap, the longest."""
        tokens = [found.span() for found in _TOKEN.finditer(reading.kinds)]
        spoken = [folded(reading.plain[start : min(end, start + _LONGEST_WORD)]) for start, end in tokens]
        words: list[Word] = []
        index = 0
        while index < len(tokens):
            start, end = tokens[index]
            length = 1
            if reading.kinds[start] == "w":
                begin = max(start, words[-1].end) if words else start  # an entry can go on behind a space
                words += self._in_run(reading.plain, begin, end)
            elif phrase := self._phrase_at(reading.plain, tokens, spoken, index):
                length, entry = phrase
                words.append(Word(start, tokens[index + length - 1][1], entry.kinds, entry.text))
            elif known := self._look_up(spoken[index]):
                words.append(Word(start, end, known.kinds, known.text))
            index += length
        return words

    def knows(self, word: str) -> bool:
        """Whether the lists have a single word."""
        return self._look_up(folded(word)) is not None

    def has_word(self, word: str) -> bool:
        """Whether the lists have a word as it is, or a long stem of it."""
        entry = self._look_up(folded(word))
        return entry is not None and len(entry.text) >= min(len(word), _LONG_STEM)

    def has_kind(self, word: str, kind: str) -> bool:
        """Whether a single word can be of that kind."""
        entry = self._look_up(folded(word))
        return entry is not None and kind in entry.kinds

    def holds(self, text: str, kind: str) -> bool:
        """Whether a text in a script without spaces has a word of that kind, be it a part of another."""
        return any(kind in entry.kinds for entry in self._parts(text))

    def _parts(self, text: str) -> Iterator[Entry]:
        """The entries of scripts without spaces anywhere in a text, those inside others as well."""
        for start in range(len(text)):
            self._take_in(bucket_of(text[start], unspaced=True))
            for length in self._lengths.get(text[start], ()):
                if entry := self._unspaced.get(text[start : start + length]):
                    yield entry

    def _take_in(self, bucket: Bucket) -> None:
        """Add the entries of a bucket of the prepared index, once."""
        if bucket not in self._prepared:
            return
        with self._taking:  # others must not take a half-filled bucket for a full one
            for entry in self._prepared.entries(bucket):
                self._add(entry)
            self._prepared.drop(bucket)

    def _add(self, entry: Entry) -> None:
        form = entry.form
        if known := self._entries.get(form):
            known.kinds.update(entry.kinds)
            return
        self._entries[form] = entry
        open_start, open_end, bare = form[0] == "*", form[-1] == "*", form.strip("*")
        tokens = tuple(bare.split())
        if entry.unspaced:
            self._unspaced[bare] = entry
            self._note_length(bare[0], len(bare))
        elif len(tokens) > 1:
            self._note_length(tokens[0], len(tokens))
            if open_end:
                self._open_phrases[tokens[:-1]][tokens[-1]] = entry
            else:
                self._phrases[tokens] = entry
        else:
            shelf = self._starts if open_end else self._ends if open_start else self._whole
            shelf[bare] = entry

    def _note_length(self, beginning: str, length: int) -> None:
        if length in self._lengths[beginning]:
            return
        self._lengths[beginning] = tuple(sorted({*self._lengths[beginning], length}, reverse=True))

    def _found(self, word: str) -> Entry | None:
        """The entry that matches a word: of several, the one that says most of it."""
        self._take_in(bucket_of(word))
        self._take_in(bucket_of("*"))
        if word in self._whole:
            return self._whole[word]
        for size in range(len(word), _SHORTEST_STEM - 1, -1):
            found = self._starts.get(word[:size])
            if not found and len(word) - size >= SHORTEST_START:
                found = self._ends.get(word[-size:])
            if found:
                return found
        return None

    def _phrase_at(
        self, plain: str, tokens: list[tuple[int, int]], spoken: list[str], index: int
    ) -> tuple[int, Entry] | None:
        """The longest phrase that begins with a token, and how many it has."""
        if spoken[index][:2] not in self._met:
            self._take_in(bucket_of(spoken[index]))
            self._met.add(spoken[index][:2])
        for length in self._lengths.get(spoken[index], ()):
            said = tuple(spoken[index : index + length])
            if len(said) == length:
                found = self._phrases.get(said) or self._open_phrase(said)
                if found and _joined(plain, tokens, index, length - 1):
                    return length, found
        return None

    def _open_phrase(self, said: tuple[str, ...]) -> Entry | None:
        """The phrase whose last word may have any ending."""
        stems = self._open_phrases.get(said[:-1], {})
        last = said[-1]
        sizes = range(len(last), 0, -1) if stems else ()
        return next((stems[last[:size]] for size in sizes if last[:size] in stems), None)

    def _in_run(self, plain: str, start: int, end: int) -> Iterator[Word]:
        """The words in a run of letters that no spaces part."""
        at = start
        while at < end:
            if plain[at] not in self._met:
                self._take_in(bucket_of(plain[at], unspaced=True))
                self._met.add(plain[at])
            lengths = self._lengths.get(plain[at], ())
            fitting = (length for length in lengths if at + length <= len(plain))
            length = next((length for length in fitting if plain[at : at + length] in self._unspaced), 0)
            if length:
                entry = self._unspaced[plain[at : at + length]]
                yield Word(at, at + length, entry.kinds, entry.text)
            at += length or 1


_reading = threading.Lock()


def lexicon() -> Lexicon:
    """The lists that come with the package, and what was added to them."""
    with _reading:  # else two threads would read two, and what is added to one of them would be lost
        return _lexicon()


def forget_added() -> None:
    """Go back to the lists that come with the package."""
    with _reading:
        _lexicon.cache_clear()


@lru_cache(maxsize=1)
def _lexicon() -> Lexicon:
    return Lexicon(INDEX.read_bytes())


def _joined(plain: str, tokens: list[tuple[int, int]], index: int, count: int) -> bool:
    """Whether a token and as many behind it are parts of one phrase: nothing parts them but a space or a hyphen."""
    end = tokens[index + count][1]
    if plain[end : end + 1].isdigit():
        return False  # the last of them are letters of a code
    pairs = zip(tokens[index : index + count], tokens[index + 1 : index + count + 1], strict=True)
    return all(
        _JOINT.fullmatch(plain, end, start)
        or (
            _is_short_form(plain, end, start)
            and end - begin <= _LONGEST_SHORT_FORM
            and (begin == tokens[index][0] or not _VOWEL.search(plain, begin, end))
        )
        for (begin, end), (start, _) in pairs
    )


def _is_short_form(plain: str, end: int, start: int) -> bool:
    """Whether a full stop between two words ends no sentence: `Cód. aut. 4829`."""
    return plain[end:start] == ". " and plain[start].islower()
