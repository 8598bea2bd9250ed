"""Where a shape stands in its sentence: what says that it is the code, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps

from .lexicon import Word
from .never import TIME
from .scene import Scene
from .shapes import DIGITS, LETTERS, MIXED, PREFIXED, SHORTEST_MIXED, SPACED, SPLIT, Shape

_POINTER = re.compile(r"(?:[:=]|\s-{1,2}(?=\s))[^\w:=]{0,6}\Z")
_COLON = re.compile(r"[:=][^\w:=]{0,6}\Z")
_SIGNS = re.compile(r"[^\w.!?;,]{0,8}")
_BESIDE = re.compile(r"(?:[\s:=(\[\"'«「【『<>#_-][^\w.!?;,]{0,7})?")
_DASH = re.compile(r"\s*-{1,2}\s|\s*[(\[]")
_STOP = re.compile(r"\s?(?:[.!,;(\uff0c。、]|-{1,2}\s)")
_IN_BRACKETS = re.compile(r"\([^():]*\w[^():]*[:=][^()\w]*\Z")
"""A bracket that is open, and a label in it: `code KTMRZ (reference: `."""
_NAME_ENDS = re.compile(r"\s?:\s?")
_CLOSED = re.compile(r"\s*[,;:(|/]|\s+-{1,2}\s")
_OPENS = re.compile(r"(?:\A|[\n:\])】»>|.!?。\uff01,\uff0c،]|\s-{1,2}\s)\W{0,6}\Z")
SENDER = re.compile(
    r"\W{0,4}(?:(?!\d+\b)(?:\w|[\u0900-\u109f\u1780-\u17ff]){2,24}[.'&]?[ ]?){1,2}[:\]】»>!|/-]{1,3}\s*"
)
"""One or two words; in the scripts of South and South-East Asia with the signs that are no letters of their own."""
_FARTHEST = 40
"""Characters before a shape in which a sign that points at it is looked for."""
_MOST_WORDS = 16
"""Words between a word for code and what points at the code."""


Place = Callable[[Shape, Scene], "Word | None"]


def _remembered(place: Place) -> Place:
    """A place that is looked for once in a scene, since most rules ask for it."""

    @wraps(place)
    def asked(shape: Shape, scene: Scene) -> Word | None:
        key = (place, shape)
        if key not in scene.answers:
            scene.answers[key] = place(shape, scene)
        return scene.answers[key]

    return asked


@_remembered
def pointed_at(shape: Shape, scene: Scene) -> Word | None:
    """The word for code that a colon, a dash or a word like `is` leads from to the shape: `code for you: 4829`."""
    word = next(iter(scene.before(shape.start, "code")), None)
    if not word or scene.sentences_between(word.end, shape.start):
        return None
    if scene.words_between(word.end, shape.start) > _MOST_WORDS:
        return None
    if is_in_brackets(shape, scene, word.end):
        return None
    return word if follows_pointer(shape, scene) or follows_link(word, shape, scene) else None


def is_in_brackets(shape: Shape, scene: Scene, start: int = 0) -> bool:
    """Whether it follows a label in a bracket that opens behind a place: `code KTMRZ (reference: 4829)`."""
    return _IN_BRACKETS.search(scene.plain, max(start, shape.start - _FARTHEST), shape.start) is not None


def follows_pointer(shape: Shape, scene: Scene) -> bool:
    """Whether a colon, an equals sign or a dash stands right before the shape."""
    return _POINTER.search(scene.plain, max(0, shape.start - _FARTHEST), shape.start) is not None


def follows_colon(shape: Shape, scene: Scene) -> bool:
    """Whether a colon or an equals sign stands right before the shape."""
    return _COLON.search(scene.plain, max(0, shape.start - _FARTHEST), shape.start) is not None


def follows_link(word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a word like `is` stands right before the shape and behind a word for code or a label."""
    link = next(iter(scene.before(shape.start, "is")), None)
    if not link or link.start < word.end or not _SIGNS.fullmatch(scene.plain, link.end, shape.start):
        return False
    return "for" not in link.kinds or not scene.before(word.start, "send")


@_remembered
def adjacent(shape: Shape, scene: Scene) -> Word | None:
    """The word for code that nothing but signs parts from the shape behind it: `code 4829`."""
    word = next(iter(scene.before(shape.start, "code")), None)
    if not word:
        return None
    hint = next(iter(scene.before(shape.start, "maybe")), None)
    goes_on = hint is not None and scene.plain[word.end : hint.start] == " "
    if not _BESIDE.fullmatch(scene.plain, hint.end if hint and goes_on else word.end, shape.start):
        return None
    closed = _CLOSED.match(scene.plain, shape.end) is not None and not scene.warned_before(word)
    return None if shape.kind == LETTERS and scene.warns(word) and not closed else word


@_remembered
def equated(shape: Shape, scene: Scene) -> Word | None:
    """The word for code that the sentence says the shape in front is: `K7Q2 is your code`, `K7Q2 (Acme code)`."""
    word = next(iter(scene.after(shape.end, "code")), None)
    if not word or not opens(shape, scene) or scene.is_parted(shape.end, word.start):
        return None
    link = next(iter(scene.after(shape.end, "is")), None)
    dash = _DASH.match(scene.plain, shape.end)
    if dash and scene.words_between(dash.end(), word.start) <= 2:
        return word
    gap = scene.plain[shape.end : link.start] if link and link.start < word.start else None
    if link and gap is not None and _SIGNS.fullmatch(gap) and not gap.endswith("'"):
        follows = next(iter(scene.after(link.end, "common")), None)
        known = follows is not None and _SIGNS.fullmatch(scene.plain, link.end, follows.start) is not None
        if known or scene.words_between(link.end, word.start) <= (1 if scene.has("common") else 2):
            return word
    return word if _ends_sentence(word, scene) and scene.words_between(shape.end, word.start) <= 3 else None


def offered_as(shape: Shape, scene: Scene) -> Word | None:
    """The word for code that the reader is asked to use the shape as: `Use K7Q2 as your code`."""
    verb = next(iter(scene.before(shape.start, "enter")), None)
    word = next(iter(scene.after(shape.end, "code")), None)
    link = next(iter(scene.after(shape.end, "is")), None)
    if not verb or not word or not link or link.start > word.start or "for" in link.kinds:
        return None
    if scene.is_parted(shape.end, word.start):
        return None
    asks = _SIGNS.fullmatch(scene.plain, verb.end, shape.start)
    return word if asks and _SIGNS.fullmatch(scene.plain, shape.end, link.start) else None


PLACES: tuple[Place, ...] = (pointed_at, adjacent, equated, offered_as)


def named(shape: Shape, scene: Scene) -> bool:
    """Whether the sentence names the shape as the code: then its look plays no part."""
    return any(place(shape, scene) for place in PLACES)


def stands_alone(shape: Shape, scene: Scene) -> str | None:
    """What the shape alone makes up, if it does: the message, a line, or what follows the sender's name."""
    if not _may_stand_alone(shape):
        return None
    if scene.is_all(shape):
        return "the whole message"
    if scene.numbers > 1:
        return None
    if shape.kind in (DIGITS, SPLIT, PREFIXED) and scene.is_a_line(shape):
        return "alone on its line"
    if shape.is_number and (scene.has_duration or scene.has("warn")) and scene.is_a_sentence(shape):
        return "a sentence of its own"
    ends = scene.ends_its_line(shape) if shape.is_number else scene.is_last(shape)
    limited = _STOP.match(scene.plain, shape.end) and (
        scene.has_duration or _is_to_be_typed(shape, scene) or _ends_at(shape, scene)
    )
    if (ends or limited or (shape.is_number and scene.has("warn"))) and SENDER.fullmatch(scene.plain, 0, shape.start):
        return "all that follows the sender's name"
    return None


def _ends_at(shape: Shape, scene: Scene) -> bool:
    """Whether what follows a number says when it ends: `482913. Expires at 14:05`."""
    if not shape.is_number or not any(part.reason == TIME and part.start > shape.end for part in scene.never):
        return False
    return bool(scene.after(shape.end, "time")) and not any(map(scene.has, ("thing", "pickup", "other", "paid")))


def _is_to_be_typed(shape: Shape, scene: Scene) -> bool:
    """Whether what follows a number begins with a verb that asks to type it: `482913. Enter it on our page`."""
    verb = next(iter(scene.after(shape.end, "enter")), None)
    return shape.is_number and verb is not None and scene.is_empty(shape.end, verb.start)


def opens(shape: Shape, scene: Scene) -> bool:
    """Whether it begins its sentence, or what follows the sender's name: `Acme: K7Q2 is your code`."""
    return _OPENS.search(scene.plain, max(0, shape.start - _FARTHEST), shape.start) is not None


def has_letters(shape: Shape) -> bool:
    """Whether letters are part of the code."""
    return shape.kind in (MIXED, LETTERS) or (shape.kind == SPACED and not shape.code.isdigit())


def named_behind(shape: Shape, scene: Scene) -> bool:
    """Whether a later shape is named instead: `code for user 48213: 991827`, `verify your iPhone15: 482913`."""
    if shape.kind == LETTERS and _is_name_of_code(shape, scene):
        return True
    if adjacent(shape, scene) or (pointed_at(shape, scene) and not follows_goal(shape, scene)):
        return False
    _, right = scene.sentence(shape.start)
    later = [one for one in scene.candidates if shape.end <= one.start < right]
    if has_letters(shape) and later and scene.plain[shape.end : shape.end + 1] == ":":
        return True
    word = next(iter(scene.before(shape.start, "code")), None)
    if word is not None and any(pointed_at(one, scene) == word for one in later[:2]):
        return True
    return scene.plain[shape.end : shape.end + 1] == ":" and any(
        (word := pointed_at(one, scene)) and word.start >= shape.end for one in later[:2]
    )


def named_in_front(shape: Shape, scene: Scene) -> bool:
    """Whether the sentence begins with the code, and this number is what it is for: `4829, the code for 88412`."""
    if adjacent(shape, scene) or pointed_at(shape, scene):
        return False
    left, _ = scene.sentence(shape.start)
    first = next((one for one in scene.candidates if left <= one.start < shape.start), None)
    if not first or not first.is_number or len(first.code) < SHORTEST_MIXED or not opens(first, scene):
        return False
    kinds = ("code", "enter", "maybe") if follows(first, scene, "is") else ("code",)
    if any(first.end <= word.start for kind in kinds for word in scene.before(shape.start, kind)):
        return True
    parted = _CLOSED.match(scene.plain, first.end) or follows(first, scene, "is")
    return bool(parted) and equated(first, scene) is not None and not follows(shape, scene, "is")


def _is_name_of_code(shape: Shape, scene: Scene) -> bool:
    """Whether a colon or `is` leads on from a name in capitals: `kode WAVE adalah 4829`, `Code ACME: K7Q2`."""
    word = adjacent(shape, scene)
    colon = _NAME_ENDS.match(scene.plain, shape.end)
    if word is not None and colon and any(one.start == colon.end() for one in scene.candidates):
        return True
    _, right = scene.sentence(shape.start)
    numbers = [one for one in scene.candidates if one.is_number and shape.end <= one.start < right]
    return word is not None and any(pointed_at(one, scene) == word for one in numbers[:2])


def follows(shape: Shape, scene: Scene, kind: str) -> bool:
    """Whether a word of a kind stands right behind a shape."""
    word = next(iter(scene.after(shape.end, kind)), None)
    return word is not None and not scene.plain[shape.end : word.start].strip(" '-")


def follows_goal(shape: Shape, scene: Scene) -> bool:
    """Whether a word like `for` or `in` stands right before a shape."""
    word = next(iter(scene.before(shape.start, "for")), None)
    return word is not None and scene.plain[word.end : shape.start].isspace()


def _may_stand_alone(shape: Shape) -> bool:
    if shape.kind in (MIXED, LETTERS):
        return 4 <= len(shape.code) <= 8 and (shape.code.isupper() or shape.code.islower())
    return shape.kind in (DIGITS, SPLIT, PREFIXED) and 4 <= len(shape.code) <= 8


def _ends_sentence(word: Word, scene: Scene) -> bool:
    """Whether a word ends its sentence, but for a word like `is`."""
    _, right = scene.sentence(word.start)
    link = next((one for one in scene.after(word.end, "is") if one.start < right), None)
    end = link.end if link else word.end
    return end >= right or scene.is_empty(end, right)
