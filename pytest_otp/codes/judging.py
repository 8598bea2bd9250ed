"""Which of the shapes in a text is its code: what the rules say together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .announcing import RULES, is_tail, looks
from .never import LINK
from .placing import adjacent, pointed_at
from .refusing import AGAINST, VETOES
from .scene import Scene
from .shapes import DIGITS, GLUED, LETTERS, LONGEST_MIXED, MIXED, NO_CODE, PREFIXED, Shape

ENOUGH = 40
"""Points that make a candidate a code."""

_WEB_OTP = re.compile(r"(?:^|\n)@[^\s#@]{1,253} #([^\s#]{1,64})(?:[ \t][^\n]{0,600})?\s*\Z")
"""https://wicg.github.io/sms-one-time-codes: the last line is `@host #code`, and more may follow behind a space."""
_IN_LINK = re.compile(
    r"[?&#/;](?i:code|otp|pin|token|passcode|(?:v|[a-z]{2,20}[_-]?)?(?:code|otp|pin))[=/]"
    r"(?P<value>[0-9A-Z]{4,10})(?=[\s/&#?.,;)>\"']|\Z)"
)
_PARAMETER = re.compile(r"[?&#;](?P<name>[A-Za-z]{3,20})=(?P<value>[0-9A-Z]{4,10})(?=[\s&#.,;)>\"']|\Z)")
"""A parameter whose name may be a word for code of any language: `?codigo=482913`."""
_LOWER = r"[\s\"(\[]{0,4}([a-z]{4,10})(?![\w@-]|[.'/:][\w/])"
_COLON_AND_LETTERS = re.compile(r"[^\n:.!?0-9]{0,40}:" + _LOWER)
_LETTERS = re.compile(_LOWER)
_CONSONANTS = re.compile(r"\s(?=[bcdfghjklmnpqrstvwxz]{5,8}\b)" + _LOWER[len(r"[\s\"(\[]{0,4}") :])
"""Letters right behind a word for code that are no word of any language: `type the code gkwtrz`."""
_SPOKEN = re.compile("[bcdfghjklmnpqrstvwxz]{0,2}(?:[aeiouy]{1,2}[bcdfghjklmnpqrstvwxz]{1,2}){1,4}[aeiouy]{0,2}")
"""Letters that can be spoken, as those of words are."""
_LOWER_WORD = re.compile(r"\s(?!(?:for|to|from|by)\b)[a-z]{2,}\b")
"""A word behind one for code that goes on with it, and `is` says nothing of the code: `OTP fraud is rising`."""
_ENDS = re.compile(r"[\"')\]]{0,2}(?:[.,;!\n]| \(|\s*\Z)")
_MOST_WORDS_TO_LINK = 3
_SERVICES = frozenset({"FB", "IG", "WA"})
"""Prefixes of services whose names can be in another script."""
_TAIL = re.compile("(?=[A-Z]{0,7}[0-9])[0-9A-Z]{4,8}")
_WITH_TAIL = re.compile("([0-9]{4,10})([a-z]{2,4})")
_WORD_AND_NUMBER = re.compile("([A-Za-z]{3,20})([0-9]{4,10})")


class Judged(NamedTuple):
    """A shape in the plain text, its points, and the reason that decided."""

    shape: Shape
    points: int
    reason: str


def judge(scene: Scene) -> list[Judged]:
    """Every candidate of a text with its points, the best first."""
    shapes = [*(_taken_apart(one, scene) for one in scene.shapes), *_in_lower_case(scene)]
    refusals = [(shape, _refusal(shape, scene)) for shape in shapes]
    scene.leave([shape for shape, refusal in refusals if refusal is None])
    judged = [
        *_declared(scene),
        *(Judged(shape, 0, refusal) if refusal else _weighed(shape, scene) for shape, refusal in refusals),
    ]
    if not any(one.points >= ENOUGH for one in judged):
        judged += _in_links(scene)
    elif any(one.points >= ENOUGH and not one.shape.code.islower() for one in judged):
        judged = [one for one in judged if not (one.shape.kind == LETTERS and one.shape.code.islower())]
    return sorted(judged, key=lambda one: -one.points)


def _refusal(shape: Shape, scene: Scene) -> str | None:
    """Why a shape cannot be the code, whatever speaks for it."""
    return next((reason for veto in VETOES if (reason := veto(shape, scene))), None)


def _weighed(shape: Shape, scene: Scene) -> Judged:
    """What speaks for a shape and against it."""
    verdicts = [verdict for rule in RULES if (verdict := rule(shape, scene))]
    if not verdicts:
        return Judged(shape, 0, "no word for a code near it")
    best = max(verdicts, key=lambda verdict: verdict.points)
    against = [verdict for rule in AGAINST if (verdict := rule(shape, scene))]
    points = max(0, best.points + sum(verdict.points for verdict in against) + looks(shape, scene))
    if points >= ENOUGH:
        return Judged(shape, points, best.reason)
    if against:
        return Judged(shape, points, min(against).reason)
    return Judged(shape, points, f"{best.reason}, which is not enough")


def _declared(scene: Scene) -> Iterator[Judged]:
    """WebOTP's last line says which code is meant: nothing outweighs it."""
    found = _WEB_OTP.search(scene.plain)
    if found:
        yield Judged(Shape(*found.span(1), found[1], MIXED), 200, "WebOTP's last line")


def _in_links(scene: Scene) -> Iterator[Judged]:
    """A code that only a link holds, and that the link calls so: `?code=482913`."""
    for part in scene.never:
        if part.reason == LINK:
            values = {found.span("value") for found in _IN_LINK.finditer(scene.plain, part.start, part.end)}
            values |= {
                found.span("value")
                for found in _PARAMETER.finditer(scene.plain, part.start, part.end)
                if any(map(str.isdigit, found["value"])) and scene.lexicon.has_kind(found["name"], "code")
            }
            for start, end in sorted(values):
                yield Judged(Shape(start, end, scene.plain[start:end], DIGITS), 60, "named as a code in a link")


def _in_lower_case(scene: Scene) -> Iterator[Shape]:
    """Lower-case letters right behind a colon or `is` that a word for code leads to.

    They are a word otherwise, since every text is full of those; and so they are if another word follows, unless it is
    one like `to` or `and` behind a code after a colon.
    """
    for word in scene.first("code"):
        found = _COLON_AND_LETTERS.match(scene.plain, word.end)
        if found and not (_ENDS.match(scene.plain, found.end()) or _goes_on_plainly(found.end(), scene)):
            found = None
        link = next(iter(scene.after(word.end, "is")), None)
        near = link and scene.words_between(word.end, link.start) <= _MOST_WORDS_TO_LINK
        if not found and link and near and "for" not in link.kinds and not scene.is_parted(word.end, link.start):
            found = _LETTERS.match(scene.plain, link.end)
            other_subject = _LOWER_WORD.match(scene.plain, word.end, link.start)
            found = found if found and not other_subject and _ENDS.match(scene.plain, found.end()) else None
            if found and _SPOKEN.fullmatch(found[1]) and not _speaks_of_typing(scene):
                found = None
        found = found or _CONSONANTS.match(scene.plain, word.end)
        if found and not any(shape.start == found.start(1) for shape in scene.shapes):
            yield Shape(*found.span(1), found[1], LETTERS)


def _speaks_of_typing(scene: Scene) -> bool:
    """Whether more than a word for code speaks for one, or the language is well known: else `is` leads to any word."""
    if scene.has_duration or any(map(scene.has, ("warn", "enter", "maybe"))):
        return True
    return len(scene.first("common")) > 1


def _goes_on_plainly(end: int, scene: Scene) -> bool:
    """Whether a word follows a place that often follows a code."""
    words = (word for kind in ("for", "common", "time") for word in scene.after(end, kind)[:1])
    return any(scene.plain[end : word.start] == " " for word in words)


def _taken_apart(shape: Shape, scene: Scene) -> Shape:
    """The shape, without a word for code that the number was written to: `OTP482913`."""
    glued = _WORD_AND_NUMBER.fullmatch(shape.code) if shape.kind == MIXED else None
    if glued and scene.lexicon.has_kind(glued[1], "code"):
        return Shape(shape.end - len(glued[2]), shape.end, glued[2], GLUED)
    with_tail = _WITH_TAIL.fullmatch(shape.code) if shape.kind == MIXED else None
    if with_tail and _goes_on(shape, with_tail[2], scene):
        return Shape(shape.start, shape.start + len(with_tail[1]), with_tail[1], GLUED)
    prefix, _, rest = scene.plain[shape.start : shape.end].partition("-")
    if rest and scene.has("dash") and _TAIL.fullmatch(rest) and is_tail(shape.end - len(rest), scene.plain):
        return Shape(shape.end - len(rest), shape.end, rest, DIGITS if rest.isdigit() else MIXED)
    if shape.kind == MIXED and len(shape.code) > LONGEST_MIXED:
        return shape._replace(kind=NO_CODE)
    if shape.kind == PREFIXED and scene.lexicon.knows(prefix):
        return shape._replace(start=shape.start + len(prefix) + 1, kind=DIGITS)
    if shape.kind == PREFIXED and not _nobody_types(prefix, shape.code, scene):
        return shape._replace(code=prefix + shape.code, kind=MIXED)
    return shape


def _nobody_types(prefix: str, digits: str, scene: Scene) -> bool:
    """Whether a prefix only says whose code it is: one letter, a service's short name, or one to compare with a page.

    The text distinguishes the last one: it has the prefix once more, or says how many digits to type.
    """
    if len(prefix) == 1 or prefix.islower() or prefix in _SERVICES:
        return True
    if re.search(rf"(?<![0-9A-Za-z])(?:{prefix}(?!-)|{len(digits)})(?![0-9A-Za-z])", scene.plain):
        return True
    short_for = f"{prefix[0]}{''.join(f'[A-Za-z]*{letter}' for letter in prefix[1:])}"
    return re.search(rf"(?<![0-9A-Za-z])(?!{prefix}-){short_for}", scene.plain, re.IGNORECASE) is not None


def _goes_on(shape: Shape, tail: str, scene: Scene) -> bool:
    """Whether a short word that was written to a number leads from it to a word for code: `123456is your code`."""
    if not (scene.lexicon.has_kind(tail, "is") and scene.plain[shape.end : shape.end + 1] == " "):
        return False
    if adjacent(shape, scene) or pointed_at(shape, scene):
        return False  # the code of letters and digits that the word before it names: `code 5086yw to log in`
    words = (*scene.after(shape.end, "code")[:1], *scene.after(shape.end, "maybe")[:1])
    return any(not scene.is_parted(shape.end, word.start) for word in words)
