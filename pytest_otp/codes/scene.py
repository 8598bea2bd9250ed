"""A text taken apart once, and where things stand in it to each other: what the rules ask before they judge."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from .kinds import KEYS
from .lexicon import Lexicon, Word
from .never import DURATION, HOST, LINK, Never, never
from .reading import BREAK, LETTER, OTHER, Reading
from .shapes import MIXED, Shape, shapes

_SENTENCE_END = re.compile(r"(?<!\.)(?<! [A-Z])\.+(?=[\s\"')\]»]|\Z)|[!?؟\u06d4\u0589।॥።།။៕。]|[;؛](?=\s)")
_SHORT_FORM = re.compile(
    r"(?:(?<![^\W\d_])[^\W\d_]{1,4}|(?<![\w-])[0-9]{1,2}|(?<!\w)[0-9]{1,2}\.[0-9]{1,2})"
    r"(?P<stop>\.) (?=[^\W\d_])(?=(?P<next>.))"
)
"""A full stop with a small letter behind it ends a short form or a day: `349,00 kr. hos`, `am 12. juni`."""
_DAYS = re.compile("(?:24|48|72)(?![0-9])")
"""Hours that are days."""
_WORDS_OF_A_NAME = 3
_NUMBER_SIGN = re.compile(
    r"(?<![^\W_])(?:n|no|nr|nro|núm|num|br|бр|č|čís|sz|št|αρ)(?P<stop>\.)(?= ?[0-9])",  # noqa: RUF001 - Greek and Cyrillic
    re.IGNORECASE,
)
_CLAUSE_ENDS = frozenset(",\uff0c،、")
_CLAUSE_END = re.compile("[,\uff0c،、]")
_LINE_END = re.compile("\n")
_TOKEN = re.compile("a+|w+")
_SOLID = re.compile("[aw0]")
_SURROUNDINGS = 80
"""Characters around a shape in which it can be a part of something else: of a link, a date, an amount."""
_LONGEST_ABBREVIATION = 4
"""Letters of a label whose full stop ends no sentence: No., Ref., Tel."""
_LONGEST_OF_WORDS = 1600
"""Characters of a text without capitals and digits that can have a code in lower-case letters."""
_WRITTEN_TO_NUMBERS = frozenset({"code", "money", "time"})
"""Words that senders write to a number without a space."""
_SHORT_CODE = 3
"""Letters of the short form of a word for code: `Cod. 4829`."""
_PARTING = ("enter", "code", "maybe")
"""Words behind a label after which a number is no longer the label's."""
_FIRST = 6
"""Words for code that are looked at where each of them is."""
_NEAREST = 3
"""Words of a kind that are looked at on each side: those farther off say less, and a long text has many."""


class Scene:
    """A text: its words, sentences and shapes, and the parts that hold no code."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.reading = reading = Reading(text)
        self.plain = reading.plain
        self.lexicon = lexicon
        self.shapes = shapes(reading.plain)
        worth_it = self.shapes or len(reading.plain) <= _LONGEST_OF_WORDS
        self.words = words = list(_outside(self.shapes, lexicon.words(reading))) if worth_it else []
        self.never = never(reading, words, *self._part_with_shapes())
        self._words: dict[str, list[Word]] = {kind: [] for kind in KEYS}
        self._starts: dict[str, list[int]] = {kind: [] for kind in KEYS}
        for word in words:
            for kind in word.kinds:
                self._words[kind].append(word)
                self._starts[kind].append(word.start)
        self._tokens = [found.start() for found in _TOKEN.finditer(reading.kinds)]
        self._lines = [found.start() for found in _LINE_END.finditer(reading.plain)]
        abbreviations = {word.end for word in self._words["other"] if _is_short(word)}
        abbreviations.update(word.end for word in self._words["approval"])  # `Cód. aut. 551902`
        abbreviations.update(word.end for word in self._words["code"] if word.end - word.start == _SHORT_CODE)
        abbreviations.update(
            found.start("stop") for found in _SHORT_FORM.finditer(self.plain) if found["next"].islower()
        )
        abbreviations.update(found.start("stop") for found in _NUMBER_SIGN.finditer(self.plain))
        self._ends = [
            found.start() for found in _SENTENCE_END.finditer(self.plain) if found.start() not in abbreviations
        ]
        self._never_ends = [part.end for part in self.never]
        self._rivals: list[int] = []
        self._sentences: dict[int, tuple[int, int]] = {}
        self.answers: dict[object, Word | None] = {}
        """What was found out of a shape, by what was asked."""
        self.candidates: list[Shape] = []
        """Shapes that nothing excludes from being the code."""
        self.numbers = 0
        """Candidates that are numbers of at least four digits."""

    def _part_with_shapes(self) -> tuple[int, int]:
        if not self.shapes:
            return 0, 0
        return max(0, self.shapes[0].start - _SURROUNDINGS), self.shapes[-1].end + _SURROUNDINGS

    def leave(self, candidates: Sequence[Shape]) -> None:
        """Take note of the shapes that nothing excludes from being the code."""
        self.candidates = list(candidates)
        self._rivals = [shape.start for shape in candidates if any(map(str.isdigit, shape.code))]
        self.numbers = sum(shape.is_number and len(shape.code) >= 4 for shape in candidates)

    @property
    def length(self) -> int:
        """Letters and digits of the text."""
        kinds = self.reading.kinds
        return len(kinds) - kinds.count(OTHER) - kinds.count(BREAK)

    @cached_property
    def is_understood(self) -> bool:
        """Whether it is in a language whose everyday words are known: then a text without a word for code has none."""
        return len(self._words["common"]) >= 2 or self.plain.isascii()

    @property
    def has_duration(self) -> bool:
        """Whether it says how long something lasts, as messages with a code do; days are those of other things."""
        days = {word.end for word in self._words["days"]}
        return any(part.end not in days and not _DAYS.match(self.plain, part.start) for part in self.durations)

    @property
    def durations(self) -> list[Never]:
        """How long things last."""
        return [part for part in self.never if part.reason == DURATION]

    def has(self, kind: str) -> bool:
        """Whether the text has a word of a kind."""
        return bool(self._words[kind])

    def before(self, position: int, kind: str) -> list[Word]:
        """The nearest words of a kind before a place, the nearest first."""
        starts = self._starts[kind]
        if not starts or not (index := bisect_left(starts, position)):
            return []
        same = self._words[kind]
        return same[index - 1 :: -1][:_NEAREST] if index <= _NEAREST else same[index - 1 : index - _NEAREST - 1 : -1]

    def after(self, position: int, kind: str) -> list[Word]:
        """The nearest words of a kind behind a place, the nearest first."""
        starts = self._starts[kind]
        if not starts:
            return []
        index = bisect_left(starts, position)
        return self._words[kind][index : index + _NEAREST]

    def first(self, kind: str) -> list[Word]:
        """The first words of a kind."""
        return self._words[kind][:_FIRST]

    def near(self, shape: Shape, kind: str) -> list[Word]:
        """The nearest words of a kind on both sides of a shape."""
        return [*self.before(shape.start, kind), *self.after(shape.end, kind)]

    def words_between(self, start: int, end: int) -> int:
        """How many words stand between two places."""
        return _count(self._tokens, start, end)

    def is_empty(self, start: int, end: int) -> bool:
        """Whether neither a letter nor a digit stands between two places."""
        return not _SOLID.search(self.reading.kinds, start, end)

    def sentences_between(self, start: int, end: int) -> int:
        """How many sentences end between two places."""
        return _count(self._ends, start, end)

    def lines_between(self, start: int, end: int) -> int:
        """How many lines end between two places."""
        return _count(self._lines, start, end)

    def numbers_between(self, start: int, end: int) -> int:
        """How many other candidates with digits stand between two places."""
        return _count(self._rivals, start, end)

    def is_parted(self, start: int, end: int) -> bool:
        """Whether a sentence or a line ends between two places."""
        return bool(self.sentences_between(start, end) or self.lines_between(start, end))

    def sentence(self, position: int) -> tuple[int, int]:
        """The sentence that a place is in, as far as its line goes."""
        if position not in self._sentences:
            left = max(_last(self._ends, position), _last(self._lines, position))
            length = len(self.plain)
            right = min(_next(self._ends, position, length), _next(self._lines, position, length))
            self._sentences[position] = left + 1, right
        return self._sentences[position]

    def is_first(self, shape: Shape) -> bool:
        """Whether no word stands before a shape in its sentence."""
        return not self.words_between(self.sentence(shape.start)[0], shape.start)

    def is_beginning(self, shape: Shape) -> bool:
        """Whether nothing but signs stands before a shape."""
        return self.is_empty(0, shape.start)

    def is_last(self, shape: Shape) -> bool:
        """Whether nothing but signs follows a shape."""
        return self.is_empty(shape.end, len(self.plain))

    def ends_its_line(self, shape: Shape) -> bool:
        """Whether nothing but signs follows a shape in its line."""
        return self.is_empty(shape.end, _next(self._lines, shape.end, len(self.plain)))

    def ends_its_sentence(self, shape: Shape) -> bool:
        """Whether nothing but signs follows a shape in its sentence."""
        return self.is_empty(shape.end, self.sentence(shape.end)[1])

    def is_all(self, shape: Shape) -> bool:
        """Whether nothing but signs stands beside a shape in the whole text."""
        return self.is_last(shape) and self.is_beginning(shape)

    def is_a_line(self, shape: Shape) -> bool:
        """Whether nothing but signs stands beside a shape in its line."""
        left, right = _last(self._lines, shape.start), _next(self._lines, shape.end, len(self.plain))
        return self.is_empty(left + 1, shape.start) and self.is_empty(shape.end, right)

    def is_a_sentence(self, shape: Shape) -> bool:
        """Whether nothing but signs stands beside a shape in its sentence, and no more than a name before that."""
        left, right = self.sentence(shape.start)
        return (
            self.words_between(0, left) <= _WORDS_OF_A_NAME
            and self.is_empty(left, shape.start)
            and self.is_empty(shape.end, right)
        )

    def warns(self, word: Word) -> bool:
        """Whether a word stands in a sentence that warns not to share the code."""
        left, right = self.sentence(word.start)
        warnings = (*self.before(word.start, "warn"), *self.after(word.end, "warn"))
        return any(left <= warning.start < right for warning in warnings)

    def warned_before(self, word: Word) -> bool:
        """Whether the warning stands before a word: `never share the code`."""
        left, _ = self.sentence(word.start)
        return any(left <= warning.start for warning in self.before(word.start, "warn"))

    def code_before(self, label: Word) -> Word | None:
        """The word for code before a label in its sentence: then the number is the code's."""
        left, _ = self.sentence(label.start)
        words = self.before(label.start, "code")
        return next((word for word in words if word.start >= left and not self.warns(word)), None)

    def has_spaces(self, word: Word) -> bool:
        """Whether the script of a word puts spaces between words."""
        return self.reading.kinds[word.start] == LETTER

    def claims(self, label: Word, shape: Shape) -> bool:
        """Whether a label is the shape's: it belongs to the first number behind it, as far as the clause goes."""
        between = self.plain[label.end : shape.start]
        if any(word.start >= label.end for kind in _PARTING for word in self.before(shape.start, kind)):
            return False
        if ":" in between and self.words_between(label.end, shape.start):
            return False
        return not any(char.isdigit() or char in _CLAUSE_ENDS for char in between)

    def are_in_one_clause(self, word: Word, shape: Shape) -> bool:
        """Whether no comma, sentence or line ends between a word and a shape."""
        start, end = (word.end, shape.start) if word.start < shape.start else (shape.end, word.start)
        return not self.is_parted(start, end) and not _CLAUSE_END.search(self.plain, start, end)

    def is_in_a_link(self, word: Word) -> bool:
        """Whether a word is a part of a link or the name of a host."""
        return any(
            part.start <= word.start < part.end
            for part in self.never[bisect_left(self._never_ends, word.start + 1) :][:1]
            if part.reason in (LINK, HOST)
        )

    def parts_over(self, shape: Shape) -> Iterator[Never]:
        """The parts that hold no code, and that a shape lies in or overlaps."""
        for part in self.never[bisect_left(self._never_ends, shape.start + 1) :]:
            if part.start >= shape.end:
                break
            yield part


def _is_short(label: Word) -> bool:
    """Whether a full stop behind a label ends no sentence; what is the reader's is written out: `of your card. 48`."""
    return label.end - label.start <= _LONGEST_ABBREVIATION and "owned" not in label.kinds


def _outside(shapes: Sequence[Shape], words: Sequence[Word]) -> Iterator[Word]:
    """Words, without those that are but some letters of a code: the `is` in `4is7`."""
    spans = [(shape.start, shape.end) for shape in shapes if shape.kind == MIXED]
    starts = [start for start, _ in spans]
    for word in words:
        index = bisect_left(starts, word.start + 1) - 1
        if index < 0 or word.start >= spans[index][1] or word.kinds & _WRITTEN_TO_NUMBERS:
            yield word


def _count(places: list[int], start: int, end: int) -> int:
    return bisect_left(places, end) - bisect_left(places, start)


def _last(places: list[int], position: int) -> int:
    index = bisect_left(places, position)
    return places[index - 1] if index else -1


def _next(places: list[int], position: int, none: int) -> int:
    index = bisect_left(places, position)
    return places[index] if index < len(places) else none
