"""What announces a code: rules that give points to a shape for what stands near it, and for what it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from .lexicon import Word
from .never import APP_HASH, DURATION, HOST, LINK
from .placing import equated, follows, follows_colon, has_letters, pointed_at, stands_alone
from .scene import Scene
from .shapes import LETTERS, MIXED, PREFIXED, SHORTEST, SPACED, SPLIT, Shape


class Verdict(NamedTuple):
    """What a rule says: points, and why. Points are hundredths of certainty by rule of thumb, not probabilities."""

    points: int
    reason: str


Rule = Callable[[Shape, Scene], "Verdict | None"]

_GOOGLE = re.compile("G-[0-9]{6}")
_HARMLESS = frozenset({DURATION, APP_HASH, LINK, HOST})
"""Parts that messages with a code have, too; amounts, dates and phone numbers are rather those of notices."""
_BY_LENGTH = {3: -20, 4: 6, 5: 6, 6: 10, 7: 5, 8: 6, 9: -10, 10: -18}
_HINTED_DIGITS = 10
"""Points that three digits lose that only a hint announces: so short a number is rather a number in a queue."""
_OPENING = frozenset("[【「『(\"'")
_MOST_WORDS = 16
_SHORTEST_PREFIX = 3
"""Letters and the hyphen of a prefix that tells a code from other numbers: `ABC-482913`."""
_LETTERS_TO_TYPE = 55
"""Points of letters that a verb asks to type: letters that are no code are refused elsewhere."""
_WORDS_TO_TYPED = 2
"""Words between a verb and the only number, which it asks to type: `enter in the app 4829`."""


def announced_before(shape: Shape, scene: Scene) -> Verdict | None:
    """A word for code stands before it: `code: 482913`, `Ihr Code lautet 482913`."""
    pointing = pointed_at(shape, scene)
    return _best(
        Verdict(
            _strength(word)
            - (_HINTED_DIGITS if len(shape.code) == SHORTEST and "code" not in word.kinds else 0)
            + _said_exactly(word)
            - (_steps(scene, word.end, shape.start) if word == pointing else _distance(scene, word.end, shape.start))
            - _warned(scene, word, shape),
            f"after {word.entry!r}",
        )
        for word in _announcing(scene.before, shape.start)
    )


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
        if first or not with_letters or scene.words_between(shape.end, word.start)
    )


def asked_for(shape: Shape, scene: Scene) -> Verdict | None:
    """A verb asks to type it in: `Enter 482913 to log in`."""
    speaks_of_it = scene.has("code") or scene.has("maybe")
    if len(shape.code) < 4 and not speaks_of_it:
        return None
    prefix = shape.end - shape.start - len(shape.code)
    for word in scene.before(shape.start, "enter")[:1]:
        words = scene.words_between(word.end, shape.start)
        parted = scene.is_parted(word.end, shape.start)
        if words <= speaks_of_it and not parted:
            return Verdict(40 if words else 65, f"after {word.entry!r}")
        if words <= _WORDS_TO_TYPED and not parted and _is_only_goal(shape, scene):
            return Verdict(_LETTERS_TO_TYPE if shape.kind == LETTERS else 40, f"the only number after {word.entry!r}")
        if shape.kind == PREFIXED and prefix >= _SHORTEST_PREFIX and not parted and scene.numbers == 1:
            return Verdict(50, f"the only number after {word.entry!r}, with a prefix")
    if verdict := by_it(shape, scene):
        return verdict
    for word in scene.after(shape.end, "enter")[:1]:
        if scene.words_between(shape.end, word.start) <= 3 and not scene.is_parted(shape.end, word.start):
            return Verdict(_LETTERS_TO_TYPE if shape.kind == LETTERS else 45, f"before {word.entry!r}")
    return None


def by_it(shape: Shape, scene: Scene) -> Verdict | None:
    """A number by which to do what only a code does: `Approve the payment with 4829`, `With 4829 you sign in`."""
    means = next(iter(scene.before(shape.start, "with")), None)
    if not means or not scene.plain[means.end : shape.start].isspace() or scene.numbers > 1:
        return None
    if not (shape.is_number or (shape.kind == MIXED and shape.code.isupper())) or not 4 <= len(shape.code) <= 8:
        return None
    left, right = scene.sentence(shape.start)
    before = next((word for word in scene.before(means.end, "maybe") if left <= word.start), None)
    behind = next((word for word in scene.after(shape.end, "maybe") if word.start < right), None)
    begins = not scene.words_between(left, means.start)
    clause = scene.ends_its_sentence(shape) or scene.plain[shape.end : shape.end + 1] in (",", ";")
    if before and (clause or follows(shape, scene, "for")):
        return Verdict(44, f"the means after {before.entry!r}")
    if behind and (begins or clause or _begins_clause(means, scene)):
        near = scene.words_between(shape.end, behind.start) <= follows(shape, scene, "common")
        return Verdict(44, f"the means before {behind.entry!r}") if near else None
    return None


def _begins_clause(word: Word, scene: Scene) -> bool:
    """Whether a word begins a clause."""
    return scene.plain[: word.start].rstrip()[-1:] in (",", ":", "-")


def _is_only_goal(shape: Shape, scene: Scene) -> bool:
    """Whether it is the only number or code of a text, and ends its clause or has a word like `to` right behind it."""
    if not 4 <= len(shape.code) <= 8 or scene.numbers > 1 or not (shape.is_number or shape.code.isupper()):
        return False
    clause = scene.ends_its_sentence(shape) or scene.plain[shape.end : shape.end + 1] == ","
    return clause or follows(shape, scene, "for")


def somewhere(shape: Shape, scene: Scene) -> Verdict | None:
    """A word for code stands anywhere in the text, not only in the warning to share none."""
    if not shape.is_number or len(shape.code) < 4:
        return None
    words = (*scene.before(shape.start, "code"), *scene.after(shape.end, "code"))
    if follows_colon(shape, scene) and scene.ends_its_line(shape):
        word = next(iter(words), None)
        return Verdict(44, f"after a colon, and the text has {word.entry!r}") if word else None
    word = next((word for word in words if not scene.warns(word)), None)
    return Verdict(32, f"the text has {word.entry!r}") if word else None


def on_its_own(shape: Shape, scene: Scene) -> Verdict | None:
    """It is the whole message, a line of it, or what follows the sender's name: `482913`, `Shop: 482913`."""
    if _GOOGLE.fullmatch(scene.plain, shape.start, shape.end):
        return Verdict(80, "Google's way to write a code")
    alone = stands_alone(shape, scene)
    return Verdict(80 if scene.is_all(shape) else 56, alone) if alone else None


def guarded(shape: Shape, scene: Scene) -> Verdict | None:
    """The only number of a text that says not to share it and to type it: `Tell nobody: 4829. Enter it here`."""
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or scene.numbers > 1:
        return None
    if not (scene.has("warn") and scene.has("enter") and follows_colon(shape, scene)):
        return None
    return Verdict(40, "after a colon, in a text that warns not to share it")


def only_number(shape: Shape, scene: Scene) -> Verdict | None:
    """The only number of a short text in a language that the word lists do not know."""
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or scene.is_understood or scene.numbers > 1:
        return None
    if scene.is_beginning(shape) and scene.plain[shape.end : shape.end + 1] == ":":
        return None  # a sender's number
    if any(map(scene.has, ("code", "other", "send", "money", "done", "thing"))) or any(
        part.reason not in _HARMLESS for part in scene.never
    ):
        return None
    words = scene.words_between(0, len(scene.plain))
    is_a_sentence = words >= 3 or scene.length >= 18
    return Verdict(38, "the only number in a short text") if is_a_sentence and words <= _MOST_WORDS else None


RULES: tuple[Rule, ...] = (announced_before, announced_after, asked_for, somewhere, guarded, on_its_own, only_number)


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
