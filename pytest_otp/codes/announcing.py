"""What announces a code: rules that give points to a shape for what stands near it, and for what it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from .asking import asked_for
from .goals import good_for
from .lexicon import Word
from .never import APP_HASH, DURATION, HOST, LINK
from .placing import (
    adjacent,
    equated,
    follows,
    follows_colon,
    has_letters,
    is_in_brackets,
    opens,
    pointed_at,
    stands_alone,
)
from .scene import Scene
from .shapes import LETTERS, MIXED, PREFIXED, SHORTEST, SHORTEST_MIXED, SPACED, SPLIT, Shape
from .verdicts import Rule, Verdict

_NAME_AND_HYPHEN = re.compile(r"(?<![\w-])[A-Za-z]{2,14}-\Z")
_LONGEST_NAME = 16
_GOOGLE = re.compile("G-[0-9]{6}")
_HARMLESS = frozenset({DURATION, APP_HASH, LINK, HOST})
"""Parts that messages with a code have, too; amounts, dates and phone numbers are rather those of notices."""
_BY_LENGTH = {3: -20, 4: 6, 5: 6, 6: 10, 7: 5, 8: 6, 9: -10, 10: -18}
_HINTED_DIGITS = 10
"""Points that three digits lose that only a hint announces: so short a number is rather a number in a queue."""
_OPENING = frozenset("[【「『(\"'")
_MOST_WORDS = 16
_TO_BE_TYPED = 20
"""Points by which a code to type is ahead of one to compare."""


def announced_before(shape: Shape, scene: Scene) -> Verdict | None:
    """A word for code stands before it: `code: 482913`, `Ihr Code lautet 482913`."""
    pointing = pointed_at(shape, scene) or _ended_by(shape, scene)
    return _best(
        Verdict(
            _strength(word)
            - (_HINTED_DIGITS if len(shape.code) == SHORTEST and "code" not in word.kinds else 0)
            + _said_exactly(word)
            + _to_be_typed(word, shape, scene, pointing)
            - (_steps(scene, word.end, shape.start) if word == pointing else _distance(scene, word.end, shape.start))
            - _warned(scene, word, shape),
            f"after {word.entry!r}",
        )
        for word in _announcing(scene.before, shape.start)
    )


def _ended_by(shape: Shape, scene: Scene) -> Word | None:
    """The word of signing in whose sentence ends with a colon and the shape: `Confirm your new device: 4829`."""
    word = next(iter(scene.before(shape.start, "maybe")), None)
    if not word or not shape.is_number or len(shape.code) < SHORTEST_MIXED or scene.has("code"):
        return None
    ends = follows_colon(shape, scene) and scene.ends_its_sentence(shape)
    return word if ends and not scene.is_parted(word.end, shape.start) else None


def announced_after(shape: Shape, scene: Scene) -> Verdict | None:
    """A word for code stands behind it: `482913 is your code`."""
    naming = equated(shape, scene)
    if naming and has_letters(shape):
        return Verdict(_strength(naming) - _distance_back(scene, shape.end, naming.start), f"before {naming.entry!r}")
    first, with_letters = scene.is_first(shape), shape.kind in (MIXED, LETTERS)
    extra = 0 if first else -52 if with_letters else -12
    return _best(
        Verdict(_strength(word) + extra - _distance_back(scene, shape.end, word.start), f"before {word.entry!r}")
        for word in _announcing(scene.after, shape.end)
        if (first or not with_letters or scene.words_between(shape.end, word.start))
        and not (naming != word and _is_of_the_next(word, shape, scene))
    )


def _is_of_the_next(word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a later number stands right beside a word for code, and so is that one's: `for 4829 enter code 7712`."""
    for one in scene.candidates:
        if one.start < shape.end or not one.is_number or len(one.code) < SHORTEST_MIXED:
            continue
        if one.end < word.start:
            if scene.plain[one.end : word.start] == " ":
                return True
            continue
        return adjacent(one, scene) == word
    return False


def behind_a_dash(shape: Shape, scene: Scene) -> Verdict | None:
    """The part of a code that the text tells to type: `ACME-48X2: type what stands behind the hyphen`."""
    word = next(iter(scene.near(shape, "dash")), None)
    return Verdict(60, f"the part {word.entry!r}") if word and is_tail(shape.start, scene.plain) else None


def is_tail(start: int, plain: str) -> bool:
    """Whether a name in letters and a hyphen stand right before a place."""
    return _NAME_AND_HYPHEN.search(plain, max(0, start - _LONGEST_NAME), start) is not None


def somewhere(shape: Shape, scene: Scene) -> Verdict | None:
    """A word for code stands anywhere in the text, not only in the warning to share none."""
    if not shape.is_number or len(shape.code) < 4:
        return None
    words = (*scene.before(shape.start, "code"), *scene.after(shape.end, "code"))
    if follows_colon(shape, scene) and scene.ends_its_line(shape):
        word = next(iter(words), None)
        return Verdict(44, f"after a colon, and the text has {word.entry!r}") if word else None
    word = next((word for word in words if not scene.warns(word) and not _has_another(word, shape, scene)), None)
    return Verdict(32, f"the text has {word.entry!r}") if word else None


def _has_another(word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether another number stands right behind a word for code: `Memo 482913. Code 4829 for the driver`."""
    return any(
        one.start - word.end <= 1
        and one.start > word.end - 1
        and one.end != shape.end
        and len(one.code) >= SHORTEST_MIXED
        for one in scene.shapes
        if one.is_number
    )


def on_its_own(shape: Shape, scene: Scene) -> Verdict | None:
    """It is the whole message, a line of it, or what follows the sender's name: `482913`, `Shop: 482913`."""
    if _GOOGLE.fullmatch(scene.plain, shape.start, shape.end):
        return Verdict(80, "Google's way to write a code")
    alone = stands_alone(shape, scene)
    return Verdict(80 if scene.is_all(shape) else 56, alone) if alone else None


def guarded(shape: Shape, scene: Scene) -> Verdict | None:
    """The only number, after a colon, where its sentence says not to share it or another one to type it.

    `Never share this: 4829`, `Ours alone. Here it is: 4829. Tell nobody. Enter it on our page`.
    """
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or scene.numbers > 1:
        return None
    if not scene.has("warn") or not follows_colon(shape, scene):
        return None
    left, _ = scene.sentence(shape.start)
    before = any(left <= word.start for word in scene.before(shape.start, "warn"))
    if not before and not scene.has("enter") and not _is_warned_of_next(shape, scene):
        return None
    return Verdict(40, "after a colon, in a text that warns not to share it")


def _is_warned_of_next(shape: Shape, scene: Scene) -> bool:
    """Whether it ends its sentence, and the next one warns, in a text about nothing that has a number of its own."""
    if not scene.ends_its_sentence(shape) or any(map(scene.has, ("code", "thing", "pickup", "send", "offer", "done"))):
        return False
    _, right = scene.sentence(shape.end)
    warning = next(iter(scene.after(right, "warn")), None)
    return warning is not None and scene.sentences_between(right + 1, warning.start) == 0


def limited(shape: Shape, scene: Scene) -> Verdict | None:
    """A sentence that begins with a number and says how long it is valid: `4829 is secret and valid 3 mins`."""
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or not scene.has_duration or not opens(shape, scene):
        return None
    if not follows(shape, scene, "is") or any(map(scene.has, ("thing", "pickup", "offer"))):
        return None
    _, right = scene.sentence(shape.start)
    word = next((one for kind in ("warn", "plain") for one in scene.after(shape.end, kind) if one.start < right), None)
    return Verdict(40, f"said how long it is {word.entry!r}") if word else None


def only_number(shape: Shape, scene: Scene) -> Verdict | None:
    """The only number of a short text in a language that the word lists do not know."""
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or scene.is_understood or scene.numbers > 1:
        return None
    if scene.is_beginning(shape) and scene.plain[shape.end : shape.end + 1] == ":":
        return None  # a sender's number
    if is_in_brackets(shape, scene) or any(map(scene.has, ("code", "other", "send", "money", "done", "thing"))):
        return None
    if any(part.reason not in _HARMLESS for part in scene.never):
        return None
    if scene.words and not (scene.has_duration or any(map(scene.has, ("maybe", "enter", "warn")))):
        return None  # the lists know the language, and nothing speaks of a code
    words = scene.words_between(0, len(scene.plain))
    is_a_sentence = words >= 3 or scene.length >= 18
    return Verdict(38, "the only number in a short text") if is_a_sentence and words <= _MOST_WORDS else None


RULES: tuple[Rule, ...] = (
    *(announced_before, announced_after, asked_for, behind_a_dash, somewhere, guarded),
    *(on_its_own, limited, good_for, only_number),
)


def looks(shape: Shape, scene: Scene) -> int:
    """Points for what it looks like: six digits are the usual code."""
    if shape.kind in (MIXED, LETTERS, SPACED):
        return -14 if shape.kind == MIXED and not shape.code.isupper() else -6
    split = 4 if shape.kind in (SPLIT, PREFIXED) else 0
    quoted = 4 if scene.plain[shape.start - 1 : shape.start] in _OPENING else 0
    return _BY_LENGTH[len(shape.code)] + split + quoted


def directly_announced(shape: Shape, scene: Scene) -> bool:
    """Whether it is announced right there: by a word for code, one word at most between them, or by a verb."""
    for kind, most_words in (("code", 1), ("enter", 0)):
        for word in scene.before(shape.start, kind)[:1]:
            gap = scene.plain[word.end : shape.start]
            near = len(gap) <= 16 and scene.words_between(word.end, shape.start) <= most_words
            if near and not scene.sentences_between(word.end, shape.start) and not any(map(str.isdigit, gap)):
                return True
    return False


def _announcing(side: Callable[[int, str], list[Word]], position: int) -> Iterator[Word]:
    yield from side(position, "code")
    yield from side(position, "maybe")


def _strength(word: Word) -> int:
    return 100 if "code" in word.kinds else 62


def _warned(scene: Scene, word: Word, shape: Shape) -> int:
    """Points that a word loses that only says what not to share, in a sentence before."""
    return 30 if scene.sentences_between(word.end, shape.start) and scene.warns(word) else 0


def _said_exactly(word: Word) -> int:
    """Points for a word that says more exactly which code it is: `verification code` rather than `code`."""
    return min(len(word.entry) // 2, 10) if "code" in word.kinds else 0


def _to_be_typed(word: Word, shape: Shape, scene: Scene, pointing: Word | None) -> int:
    """Points for a code that is said to be the one to type, of several: `Password to enter: 4829`."""
    if word != pointing or scene.numbers == 1:
        return 0
    left, _ = scene.sentence(word.start)
    verbs = scene.before(shape.start, "enter")
    return _TO_BE_TYPED if any(left <= verb.start and verb.kinds.isdisjoint(("code", "is")) for verb in verbs) else 0


def _steps(scene: Scene, start: int, end: int) -> int:
    """Points that the words between a word and what it points at take off."""
    return 4 * min(scene.words_between(start, end), 5)


def _distance(scene: Scene, start: int, end: int) -> int:
    """Points that the way from a word to a number behind it takes off."""
    words = min(scene.words_between(start, end), 9)
    lines = min(scene.lines_between(start, end), 3) if words else 0
    numbers = min(scene.numbers_between(start, end), 3)
    return 4 * words + 14 * lines + 20 * numbers + 55 * scene.sentences_between(start, end)


def _distance_back(scene: Scene, start: int, end: int) -> int:
    """Points that the way from a number to a word behind it takes off: a number between ends what is said of it."""
    words = min(scene.words_between(start, end), 9)
    lines = min(scene.lines_between(start, end), 3)
    numbers = min(scene.numbers_between(start, end), 3)
    return 4 * words + 14 * lines + 40 * numbers + 40 * scene.sentences_between(start, end)


def _best(verdicts: Iterable[Verdict]) -> Verdict | None:
    return max((verdict for verdict in verdicts if verdict.points > 0), key=lambda one: one.points, default=None)
