"""What a shape is instead of a code: rules that exclude it, and rules that take points off."""

from __future__ import annotations

import re
from collections.abc import Callable

from .announcing import Rule, Verdict, directly_announced
from .lexicon import Word
from .never import PERCENT
from .scene import Scene
from .shapes import DIGITS, LETTERS, MIXED, NO_CODE, SPACED, Shape

Veto = Callable[[Shape, Scene], "str | None"]

_LABEL_GAP = re.compile(r"[\s:#=\-(*.\[【「\"']{0,6}")
_LABEL_WITH_COLON = re.compile("[:\n=]")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_OFFER = re.compile("[A-Z]{3,}[0-9]{1,3}")
_SHOUTED = re.compile(r"(?<![A-Za-z])[A-Z]+ \Z")
_WORDS_TO_SEND_TO = 5


def of_another_length(shape: Shape, scene: Scene) -> str | None:
    """It is too long or too short for a code."""
    return "neither as long as a code nor like one" if shape.kind == NO_CODE else None


def part_of_another(shape: Shape, scene: Scene) -> str | None:
    """It lies in an amount, a date, a link or another part that holds no code."""
    for part in scene.parts_over(shape):
        if part.firm or not directly_announced(shape, scene):
            return part.reason
    return None


def labelled(shape: Shape, scene: Scene) -> str | None:
    """The word right before it is the label of another number: `order 482913`, `card ending 4821`."""
    for label in scene.before(shape.start, "other")[:1]:
        gap = scene.plain[label.end : shape.start]
        if "code" in label.kinds or scene.is_parted(label.end, shape.start) or not _LABEL_GAP.fullmatch(gap):
            return None
        if not _code_before(label, scene) or not _LABEL_WITH_COLON.search(gap):
            return f"{label.entry!r} stands before it"
    return None


def a_word(shape: Shape, scene: Scene) -> str | None:
    """Capitals that are no code: a known word, one among others in capitals, or one not announced right there."""
    if shape.kind != LETTERS or "-" in scene.plain[shape.start : shape.end]:
        return None
    if _is_known(shape, scene) or _SHOUTED.search(scene.plain, max(0, shape.start - 16), shape.start):
        return "a word"
    if shape.code.isupper() and len(shape.code) >= 5 and 5 * _vowels(shape) < len(shape.code):
        return None  # nobody can speak it: it is made by chance
    rest = scene.plain[shape.end : shape.end + 2]
    goes_on = rest[:1] == " " and rest[1:].isascii() and rest[1:].isalnum()
    only_a_space = re.search(r"[^\W\d] \Z", scene.plain[max(0, shape.start - 2) : shape.start]) is not None
    spoken = 3 * _vowels(shape) > len(shape.code) and only_a_space
    return "a word" if goes_on or spoken or not directly_announced(shape, scene) else None


def single_letters(shape: Shape, scene: Scene) -> str | None:
    """Letters between spaces that stand on no line of their own."""
    if shape.kind != SPACED or shape.code.isdigit() or scene.is_a_line(shape) or directly_announced(shape, scene):
        return None
    return "single letters"


def sender(shape: Shape, scene: Scene) -> str | None:
    """The name of the sender at the beginning: `IRCTC: use OTP 482913`, `Auth0: 482913 is your code`."""
    with_letters = shape.kind == LETTERS or (shape.kind == MIXED and not shape.code.isupper())
    rest = scene.plain[shape.end : shape.end + 1]
    return "the sender's name" if with_letters and rest in (":", "]") and scene.is_beginning(shape) else None


VETOES: tuple[Veto, ...] = (part_of_another, of_another_length, labelled, a_word, single_letters, sender)


def an_offer(shape: Shape, scene: Scene) -> Verdict | None:
    """A word with a number in a text that tells percentages: `Code: NEW300, 20 % off`."""
    if shape.kind == MIXED and _OFFER.fullmatch(shape.code) and any(part.reason == PERCENT for part in scene.never):
        return Verdict(-60, "a code for an offer")
    return None


def label_near(shape: Shape, scene: Scene) -> Verdict | None:
    """The label of another number stands near, and this is the number that it claims: `your card (Visa) 4821`."""
    for label in scene.before(shape.start, "other")[:1]:
        near = scene.words_between(label.end, shape.start) <= 2 and not scene.is_parted(label.end, shape.start)
        if near and scene.claims(label, shape):
            return Verdict(-25 if _code_before(label, scene) else -45, f"{label.entry!r} stands before it")
    for label in scene.after(shape.end, "other")[:1]:
        gap = scene.plain[shape.end : label.start]
        _, right = scene.sentence(shape.start)
        announced = any(word.start < right for word in scene.after(shape.end, "code"))
        if (
            len(gap) < 3
            and "\n" not in gap
            and "(" not in gap
            and not announced
            and not directly_announced(shape, scene)
        ):
            return Verdict(-40, f"{label.entry!r} stands behind it")
    return None


def to_send_to(shape: Shape, scene: Scene) -> Verdict | None:
    """A short number that the reader shall send an SMS to or call: `text WIN to 85023`."""
    for word in scene.before(shape.start, "send"):
        if scene.words_between(word.end, shape.start) > _WORDS_TO_SEND_TO or scene.is_parted(word.end, shape.start):
            return None
        if "code" not in word.kinds and not directly_announced(shape, scene):
            return Verdict(-45, f"{word.entry!r} stands before it")
    return None


def sender_in_brackets(shape: Shape, scene: Scene) -> Verdict | None:
    """A number that is the sender's name, as messages in Chinese begin: `【12306】验证码482913`."""
    enclosed = scene.plain[shape.start - 1 : shape.start] + scene.plain[shape.end : shape.end + 1]
    is_name = enclosed == "【】" and scene.is_beginning(shape)
    return Verdict(-40, "the sender's name") if is_name else None


def withdrawn(shape: Shape, scene: Scene) -> Verdict | None:
    """Its clause says that it holds no longer: another code counts then, if there is one."""
    for word in (*scene.before(shape.start, "old"), *scene.after(shape.end, "old")):
        if scene.are_in_one_clause(word, shape):
            return Verdict(-40, f"{word.entry!r} is said of it")
    return None


def like_a_year(shape: Shape, scene: Scene) -> Verdict | None:
    """Four digits that could be a year."""
    if shape.kind != DIGITS or not _YEAR.fullmatch(shape.code):
        return None
    word = next(iter(scene.before(shape.start, "code")), None)
    adjacent = word and not scene.words_between(word.end, shape.start)
    return None if adjacent else Verdict(-45 if word else -15, "it could be a year")


AGAINST: tuple[Rule, ...] = (label_near, to_send_to, like_a_year, an_offer, sender_in_brackets, withdrawn)


def _vowels(shape: Shape) -> int:
    return sum(char in "AEIOUY" for char in shape.code)


def _is_known(shape: Shape, scene: Scene) -> bool:
    return scene.lexicon.knows(scene.plain[shape.start : shape.end])


def _code_before(label: Word, scene: Scene) -> bool:
    """Whether a word for code stands before a label in its sentence: then the number is the code's."""
    left, _ = scene.sentence(label.start)
    return any(word.start >= left and not scene.warns(word) for word in scene.before(label.start, "code"))
