"""The words that stand near numbers in SMS, in every language of `languages.ini`, and where a text has them."""

from __future__ import annotations

import configparser
import re
from collections import defaultdict
from collections.abc import Iterator, Set
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from ..errors import SettingsError
from .reading import Reading, folded

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


class _Phrase(NamedTuple):
    rest: tuple[str, ...]
    open_end: bool
    entry: _Entry


class Lexicon:
    """The word lists of all languages together: a text does not say which it is in, and many are in two."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._whole: dict[str, _Entry] = {}
        self._starts: dict[str, _Entry] = {}
        self._ends: dict[str, _Entry] = {}
        self._phrases: dict[str, dict[str, list[_Phrase]]] = defaultdict(lambda: defaultdict(list))
        self._unspaced: dict[str, dict[str, _Entry]] = defaultdict(dict)
        self._look_up = lru_cache(maxsize=4096)(self._found)

    def add(self, lists: str, source: str) -> None:
        """Add the languages of a text in the format of `languages.ini`.

        Raises SettingsError where it is not in that format; then nothing is added.
        """
        for key, text, form, unspaced in list(_listed(lists, source)):
            self._index(key, text, form, unspaced)
        for same_start in self._phrases.values():
            for phrases in same_start.values():
                phrases.sort(key=lambda phrase: len(phrase.rest), reverse=True)
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
                length = 2 + len(phrase.rest)
                words.append(Word(start, tokens[index + length - 1][1], phrase.entry.kinds, phrase.entry.text))
            elif entry := self._look_up(spoken[index]):
                words.append(Word(start, end, entry.kinds, entry.text))
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
        first, *rest = bare.split()
        if unspaced:
            self._unspaced[bare[0]][bare] = entry
        elif rest:
            second = "" if open_end and len(rest) == 1 else rest[0]
            same_start = self._phrases[first][second]
            same_start.append(_Phrase(tuple(rest[1:]) if second else (rest[0],), open_end, entry))
        else:
            shelf = self._starts if open_end else self._ends if open_start else self._whole
            shelf[bare] = entry

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

    def _phrase_at(self, plain: str, tokens: list[tuple[int, int]], spoken: list[str], index: int) -> _Phrase | None:
        """The longest phrase that begins with a token; its `rest` is what follows the second token."""
        same_start = self._phrases.get(spoken[index])
        if not same_start or index + 1 == len(tokens):
            return None
        following = spoken[index + 1]
        longer = [one for one in same_start.get(following, ()) if self._goes_on(plain, tokens, spoken, index + 2, one)]
        shorter = [one._replace(rest=()) for one in same_start.get("", ()) if following.startswith(one.rest[0])]
        found = next(iter(longer + shorter), None)
        return found if found and _joined(plain, tokens, index, 1) else None

    @staticmethod
    def _goes_on(plain: str, tokens: list[tuple[int, int]], spoken: list[str], index: int, phrase: _Phrase) -> bool:
        following = spoken[index : index + len(phrase.rest)]
        if len(following) < len(phrase.rest) or not _joined(plain, tokens, index - 1, len(phrase.rest)):
            return False
        if phrase.open_end:
            *following, last = following
            return tuple(following) == phrase.rest[:-1] and last.startswith(phrase.rest[-1])
        return tuple(following) == phrase.rest

    def _in_run(self, plain: str, start: int, end: int) -> Iterator[Word]:
        """The words in a run of letters that no spaces part."""
        at = start
        while at < end:
            same_start = self._unspaced.get(plain[at], {})
            found = max((word for word in same_start if plain.startswith(word, at)), key=len, default="")
            if found:
                yield Word(at, at + len(found), same_start[found].kinds, same_start[found].text)
            at += len(found) or 1


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lists that come with the package, read on first use, and what was added to them."""
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
            if key not in KEYS:
                raise SettingsError(f"{source}: [{section}] {key} is no kind of word", hint=_HINT)
            reading = Reading(value.replace("\n", " "), longest=_LONGEST_PLAIN * len(value))
            mixed = "w" in reading.kinds
            parts = reading.plain.split(",")
            forms = folded(reading.plain).translate(_BETWEEN_WORDS).split(",")
            for text, form in zip(parts, forms, strict=True):
                if words := " ".join(form.split()):
                    unspaced = mixed and "w" in Reading(text).kinds
                    if mixed or "*" in words:
                        _check(text.strip(), words, unspaced, f"{source}: [{section}] {key}: {text.strip()!r}")
                    yield key, text.strip(), words, unspaced


def _check(text: str, form: str, unspaced: bool, where: str) -> None:
    bare = form.strip("*")
    if not bare or "*" in bare:
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
