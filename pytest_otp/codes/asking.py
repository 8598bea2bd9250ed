"""What a text asks to do with a code: to type it, or to approve something with it."""

from __future__ import annotations

import re

from .lexicon import Word
from .never import AMOUNT
from .placing import follows, opens
from .scene import Scene
from .shapes import LETTERS, MIXED, PREFIXED, Shape
from .verdicts import Verdict

_COMMA = re.compile(r"\s?(?:,|-{1,2}\s)")
_CLAUSE_END = re.compile(r"[,;]|\s[^\W\d_]{2,3}(?:[.,;!]|\s*\Z|\n|\s[^\W\d_]{1,3}\s)")
_SHORT_WORD = re.compile(r"\s[^\W\d_]{1,4}\s")
_MEANS = 50
"""Points of what something is to be approved with."""
_LETTERS_TO_TYPE = 55
"""Points of letters that a verb asks to type: letters that are no code are refused elsewhere."""
_WORDS_TO_TYPED = 2
"""Words between a verb and the only number, which it asks to type: `enter in the app 4829`."""
_WORDS_OF_A_PLACE = 4
"""The same where they end with a place: `enter in your personal area 4829`."""
_SHORTEST = 4
_SHORTEST_PREFIX = 3
"""Letters and the hyphen of a prefix that tells a code from other numbers: `ABC-482913`."""


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
        if shape.kind == PREFIXED and prefix >= _SHORTEST_PREFIX and not parted and scene.numbers == 1:
            return Verdict(50, f"the only number after {word.entry!r}, with a prefix")
        most = _WORDS_OF_A_PLACE if _follows_a_place(word, shape, scene) else _WORDS_TO_TYPED
        if words <= most and not parted and _is_only_goal(word, shape, scene):
            points = _LETTERS_TO_TYPE if shape.kind in (LETTERS, MIXED) else 40
            return Verdict(points, f"the only number after {word.entry!r}")
    if verdict := by_it(shape, scene) or what_to_type(shape, scene):
        return verdict
    if field := _in_a_field(shape, scene):
        return Verdict(50, f"the only number, beside {field.entry!r}")
    for word in scene.after(shape.end, "enter")[:1]:
        _, right = scene.sentence(word.start)
        has_its_own = scene.numbers > 1 and scene.numbers_between(word.end, right)
        near = scene.words_between(shape.end, word.start) <= 3 and not scene.is_parted(shape.end, word.start)
        if near and not has_its_own:
            beside = scene.plain[shape.end : word.start] == " "
            points = _LETTERS_TO_TYPE if shape.kind == LETTERS else 48 if beside else 46
            return Verdict(points, f"before {word.entry!r}")
    return None


def by_it(shape: Shape, scene: Scene) -> Verdict | None:
    """A number by which to do what only a code does: `Approve the payment with 4829`, `With 4829 you sign in`."""
    means = next(iter(scene.before(shape.start, "with")), None)
    if not means or not scene.plain[means.end : shape.start].isspace():
        return None
    left, right = scene.sentence(shape.start)
    if scene.numbers > 1 and (scene.numbers_between(left, right) > 1 or scene.has("paid")):
        return None
    if not (shape.is_number or (shape.kind == MIXED and shape.code.isupper())) or not 4 <= len(shape.code) <= 8:
        return None
    if place := _is_replied(means, left, scene):
        return Verdict(_MEANS, f"what to reply with, after {place.entry!r}")
    before = next((word for word in scene.before(means.end, "maybe") if left <= word.start), None)
    behind = next((word for word in scene.after(shape.end, "maybe") if word.start < right), None)
    begins = not scene.words_between(left, means.start)
    clause = _ends_clause(shape, scene)
    if before and (clause or follows(shape, scene, "for") or _is_led_to(before, means, shape, scene)):
        return Verdict(_MEANS, f"the means after {before.entry!r}")
    if behind and (begins or clause or _begins_clause(means, scene)):
        near = scene.words_between(shape.end, behind.start) <= follows(shape, scene, "common")
        return Verdict(_MEANS, f"the means before {behind.entry!r}") if near else None
    return _for_an_account(means, shape, scene) if clause else None


def _is_replied(means: Word, left: int, scene: Scene) -> Word | None:
    """The place in which a sentence asks to reply with a code: `Reply in our app with 4829`."""
    verb = next((word for word in scene.before(means.start, "send") if left <= word.start), None)
    place = next((word for word in scene.before(means.start, "plain") if verb and verb.end <= word.start), None)
    return place if place and scene.plain[place.end : means.start].isspace() else None


def _is_led_to(verb: Word, means: Word, shape: Shape, scene: Scene) -> bool:
    """Whether only a word like `with` parts a verb from a number that is no round one: `Confirm with 48290`."""
    return (
        not scene.words_between(verb.end, means.start)
        and (len(shape.code) > 4 or _SHORT_WORD.match(scene.plain, shape.end) is not None)
        and not shape.code.endswith("00")
    )


def _for_an_account(means: Word, shape: Shape, scene: Scene) -> Verdict | None:
    """A number by which to get ready what is the reader's: `Finish your account with 4829`."""
    if shape.code.endswith("00") or scene.has("send") or _is_about_more(shape, scene):
        return None
    if any(part.reason == AMOUNT for part in scene.never):
        return None
    left, _ = scene.sentence(shape.start)
    owned = (word for word in scene.before(means.start, "plain") if left <= word.start and "other" in word.kinds)
    word = next(owned, None)
    return Verdict(_MEANS, f"the means after {word.entry!r}") if word else None


def _ends_clause(shape: Shape, scene: Scene) -> bool:
    """Whether a clause ends behind a shape, or behind a particle of its verb: `Schließ dein Konto mit 4829 ab`."""
    near = (one.start for one in scene.durations if one.start > shape.end)
    if any(scene.words_between(shape.end, start) <= 1 for start in near):
        return True  # `within 5 minutes`
    return scene.ends_its_sentence(shape) or _CLAUSE_END.match(scene.plain, shape.end) is not None


def _begins_clause(word: Word, scene: Scene) -> bool:
    """Whether a word begins a clause."""
    return scene.plain[: word.start].rstrip()[-1:] in (",", ":", "-")


def _is_only_goal(verb: Word, shape: Shape, scene: Scene) -> bool:
    """Whether it is the only number behind a verb, and ends its clause or has a word like `to` right behind it."""
    _, right = scene.sentence(shape.start)
    others = scene.numbers > 1 and scene.numbers_between(verb.end, right) > 1
    if not 4 <= len(shape.code) <= 8 or others or not _in_one_case(shape.code):
        return False
    return _ends_clause(shape, scene) or follows(shape, scene, "for")


def _in_one_case(code: str) -> bool:
    return code.isdigit() or code.isupper() or code.islower()


def _follows_a_place(verb: Word, shape: Shape, scene: Scene) -> bool:
    """Whether the words between a verb and the shape end with where to type it: `enter in your personal area 4829`."""
    place = next(iter(scene.before(shape.start, "plain")), None)
    if not place or place.start < verb.end or not scene.plain[place.end : shape.start].isspace():
        return False
    return not _is_about_more(shape, scene)


def _in_a_field(shape: Shape, scene: Scene) -> Word | None:
    """Where the sentence of the only number says that it is typed: `Put 4829 into the window that has opened`."""
    digits = shape.is_number or any(map(str.isdigit, shape.code))
    if not digits or not _in_one_case(shape.code) or not 4 <= len(shape.code) <= 8 or _is_about_more(shape, scene):
        return None
    if any(one != shape and any(map(str.isdigit, one.code)) and len(one.code) >= _SHORTEST for one in scene.candidates):
        return None
    left, right = scene.sentence(shape.start)
    return next((word for word in scene.near(shape, "field") if left <= word.start < right), None)


def _is_about_more(shape: Shape, scene: Scene) -> bool:
    """Whether its sentence is about something that has numbers of its own, or reports what was done."""
    left, right = scene.sentence(shape.start)
    kinds = ("thing", "offer", "pickup", "done", "paid")
    return any(left <= word.start < right for kind in kinds for word in scene.near(shape, kind))


def what_to_type(shape: Shape, scene: Scene) -> Verdict | None:
    """It begins a sentence that says what to do with it: `4829 is what you have to type in the app`."""
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or not opens(shape, scene):
        return None
    if not follows(shape, scene, "is") and not _COMMA.match(scene.plain, shape.end):
        return None
    _, right = scene.sentence(shape.start)
    verb = next((word for word in scene.after(shape.end, "enter") if word.start < right), None)
    return Verdict(50, f"what to type, before {verb.entry!r}") if verb else None
