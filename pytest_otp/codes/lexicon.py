"""The words that stand near numbers in SMS, in every language of `languages.ini`, and where a text has them."""

from __future__ import annotations

import configparser
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Set
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from ..errors import SettingsError
from .reading import DIGIT, OTHER, Reading, folded

KEYS = ("code", "maybe", "enter", "other", "send", "old", "warn", "time", "money", "common")
"""What a word can be; the head of `languages.ini` says what each means."""

SHORTEST_STEM = 3
"""Letters beside a star: shorter ones are the beginning or the end of too many words."""
SHORTEST_START = 4
"""Letters that `*word` needs before it: barcode, postcode and Unicode are no codes, Sicherheitscode is one."""

_TOKEN = re.compile("a+|w+")
_JOINT = re.compile(r"[ \-'/&]{0,2}|\.")
_BETWEEN_WORDS = str.maketrans("-'/&.", "     ")
_LONGEST_WORD = 40
"""Letters of a word that are looked at."""
_LONGEST_PLAIN = 18
"""Plain characters that one character of a list can become."""
_HINT = f"A section a language, in it lists of words under {', '.join(KEYS)}; see languages.ini in pytest_otp/codes."


class Word(NamedTuple):
    """A word or phrase of the lists in a text: where, what it can be, and how the lists spell it."""

    start: int
    end: int
    kinds: Set[str]
    entry: str


class _Entry(NamedTuple):
    """What the lists hold of a word or phrase, all languages together."""

    text: str
    kinds: set[str]


class Lexicon:
    """The word lists of all languages together: a text does not say which it is in, and many are in two."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._whole: dict[str, _Entry] = {}
        self._starts: dict[str, _Entry] = {}
        self._ends: dict[str, _Entry] = {}
        self._phrases: dict[tuple[str, ...], _Entry] = {}
        self._open_phrases: dict[tuple[str, ...], dict[str, _Entry]] = defaultdict(dict)
        self._unspaced: dict[str, _Entry] = {}
        self._lengths: dict[str, tuple[int, ...]] = defaultdict(tuple)
        """How many words the phrases have that begin with a word, and how long entries without spaces are that begin
        with a letter; the longest first."""
        self._look_up = lru_cache(maxsize=4096)(self._found)

    def add(self, lists: str, source: str) -> None:
        """Add the languages of a text in the format of `languages.ini`.

        Raises SettingsError where it is not in that format; then nothing is added.
        """
        entries = list(_listed(lists, source))
        if not entries:
            raise SettingsError(f"{source} holds no words", hint=_HINT)
        for key, text, form, unspaced in entries:
            self._index(key, text, form, unspaced)
        self._look_up.cache_clear()

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

    def has_kind(self, word: str, kind: str) -> bool:
        """Whether a single word can be of that kind."""
        entry = self._look_up(folded(word))
        return entry is not None and kind in entry.kinds

    def _index(self, key: str, text: str, form: str, unspaced: bool) -> None:
        known = self._entries.get(form)
        if known:
            known.kinds.add(key)
            return
        entry = self._entries[form] = _Entry(text.strip("*"), {key})
        open_start, open_end, bare = form[0] == "*", form[-1] == "*", form.strip("*")
        tokens = tuple(bare.split())
        if unspaced:
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

    def _found(self, word: str) -> _Entry | None:
        """The entry that matches a word: of several, the one that says most of it."""
        if word in self._whole:
            return self._whole[word]
        for size in range(len(word), SHORTEST_STEM - 1, -1):
            found = self._starts.get(word[:size])
            if not found and len(word) - size >= SHORTEST_START:
                found = self._ends.get(word[-size:])
            if found:
                return found
        return None

    def _phrase_at(
        self, plain: str, tokens: list[tuple[int, int]], spoken: list[str], index: int
    ) -> tuple[int, _Entry] | None:
        """The longest phrase that begins with a token, and how many it has."""
        for length in self._lengths.get(spoken[index], ()):
            said = tuple(spoken[index : index + length])
            if len(said) == length:
                found = self._phrases.get(said) or self._open_phrase(said)
                if found and _joined(plain, tokens, index, length - 1):
                    return length, found
        return None

    def _open_phrase(self, said: tuple[str, ...]) -> _Entry | None:
        """The phrase whose last word may have any ending."""
        stems = self._open_phrases.get(said[:-1], {})
        last = said[-1]
        sizes = range(len(last), 0, -1) if stems else ()
        return next((stems[last[:size]] for size in sizes if last[:size] in stems), None)

    def _in_run(self, plain: str, start: int, end: int) -> Iterator[Word]:
        """The words in a run of letters that no spaces part."""
        at = start
        while at < end:
            lengths = self._lengths.get(plain[at], ())
            fitting = (length for length in lengths if at + length <= len(plain))
            length = next((length for length in fitting if plain[at : at + length] in self._unspaced), 0)
            if length:
                entry = self._unspaced[plain[at : at + length]]
                yield Word(at, at + length, entry.kinds, entry.text)
            at += length or 1


_reading = threading.Lock()


def lexicon() -> Lexicon:
    """The lists that come with the package, read on first use, and what was added to them."""
    with _reading:  # else two threads would read two, and what is added to one of them would be lost
        return _lexicon()


@lru_cache(maxsize=1)
def _lexicon() -> Lexicon:
    lists = Lexicon()
    source = files("pytest_otp.codes") / "languages.ini"
    lists.add(source.read_text(encoding="utf-8"), "languages.ini")
    return lists


def _joined(plain: str, tokens: list[tuple[int, int]], index: int, count: int) -> bool:
    """Whether a token and as many behind it are parts of one phrase: nothing parts them but a space or a hyphen."""
    pairs = zip(tokens[index : index + count], tokens[index + 1 : index + count + 1], strict=True)
    return all(_JOINT.fullmatch(plain, end, start) for (_, end), (start, _) in pairs)


def _listed(lists: str, source: str) -> Iterator[tuple[str, str, str, bool]]:
    """Each entry of the lists: its kind, as it is written, as it is compared, and whether its script has no spaces."""
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
                raise SettingsError(f"{where} is no kind of word", hint=_HINT)
            reading = Reading(value.replace("\n", " "), longest=_LONGEST_PLAIN * len(value))
            signs = sum(map(reading.plain.count, _ALLOWED))
            if DIGIT in reading.kinds or reading.kinds.count(OTHER) > signs:
                odd = sorted(char for char in {*reading.plain} - _ALLOWED if Reading(char).kinds in DIGIT + OTHER)
                raise SettingsError(f"{where}: {' '.join(odd)!r} is no part of a word", hint=_HINT)
            mixed = "w" in reading.kinds
            parts = reading.plain.split(",")
            forms = folded(reading.plain).translate(_BETWEEN_WORDS).split(",")
            for text, form in zip(parts, forms, strict=True):
                if words := " ".join(form.split()):
                    unspaced = mixed and "w" in Reading(text).kinds
                    if mixed or "*" in words or len(words) == 1:
                        _check(key, text.strip(), words, unspaced, f"{where}: {text.strip()!r}")
                    yield key, text.strip(), words, unspaced


_ALLOWED = frozenset(" ,*-'/&.\u0f0b")
"""Signs in the lists: between entries, beside a stem, and those that can stand between the words of a phrase."""
_MUST_BE_LONGER = frozenset({"code", "maybe", "enter", "other", "send"})


def _check(key: str, text: str, form: str, unspaced: bool, where: str) -> None:
    bare = form.removeprefix("*").removesuffix("*")
    if len(bare) == len(form) == 1 and not unspaced and key in _MUST_BE_LONGER:
        raise SettingsError(f"{where}: a single letter is in every text", hint=_HINT)
    if not bare or "*" in bare or bare != bare.strip():
        raise SettingsError(f"{where}: a star stands before or behind a word", hint=_HINT)
    if len(bare) == len(form):
        if unspaced and "a" in Reading(text).kinds:
            raise SettingsError(f"{where}: a script without spaces and another one in one entry", hint=_HINT)
        return
    if unspaced:
        raise SettingsError(f"{where}: in a script without spaces a word is found anywhere, without stars", hint=_HINT)
    if form.startswith("*") and (form.endswith("*") or " " in bare):
        raise SettingsError(f"{where}: a star before it stands with one word only, and without another", hint=_HINT)
    if len(bare) < SHORTEST_STEM:
        raise SettingsError(f"{where}: at least {SHORTEST_STEM} letters beside a star", hint=_HINT)
