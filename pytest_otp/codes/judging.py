"""Which of the shapes in a text is its code: what the rules say together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .announcing import RULES, looks
from .never import LINK
from .refusing import AGAINST, VETOES
from .scene import Scene
from .shapes import DIGITS, GLUED, LONGEST_MIXED, MIXED, NO_CODE, PREFIXED, Shape

ENOUGH = 40
"""Points that make a candidate a code."""

_WEB_OTP = re.compile(r"(?:^|\n)@[^\s#@]{1,253} #([^\s#]{1,64})(?: @\S{1,253})?\s*\Z")
"""https://wicg.github.io/sms-one-time-codes: the last line is `@host #code`, or `@host #code @embedded-host`."""
_IN_LINK = re.compile(
    r"(?:[?&#/](?i:code|otp|pin|token|passcode|(?:verification|confirmation|auth|otp|login|sms)[_-]?code)[=/]"
    r"|(?P<path>/))(?:(?<!/)(?P<value>[0-9A-Z]{4,10})|(?<=/)(?P<segment>[0-9]{4,8}))(?=[\s/&#?.,;)>\"']|\Z)"
)
_WORD_AND_NUMBER = re.compile("([A-Za-z]{3,20})([0-9]{4,10})")


class Judged(NamedTuple):
    """A shape in the plain text, its points, and the reason that decided."""

    shape: Shape
    points: int
    reason: str


def judge(scene: Scene) -> list[Judged]:
    """Every candidate of a text with its points, the best first."""
    refusals = [(shape, _refusal(shape, scene)) for shape in (_taken_apart(one, scene) for one in scene.shapes)]
    scene.leave([shape for shape, refusal in refusals if refusal is None])
    judged = [
        *_declared(scene),
        *(Judged(shape, 0, refusal) if refusal else _weighed(shape, scene) for shape, refusal in refusals),
    ]
    if not any(one.points >= ENOUGH for one in judged):
        judged += _in_links(scene)
    return sorted(judged, key=lambda one: -one.points)


def _refusal(shape: Shape, scene: Scene) -> str | None:
    """Why a shape cannot be the code, whatever speaks for it."""
    return next((reason for veto in VETOES if (reason := veto(shape, scene))), None)


def _weighed(shape: Shape, scene: Scene) -> Judged:
    """What speaks for a shape and against it."""
    verdicts = [verdict for rule in RULES if (verdict := rule(shape, scene))]
    if not verdicts:
        return Judged(shape, 0, "no word near it announces a code")
    best = max(verdicts, key=lambda verdict: verdict.points)
    against = [verdict for rule in AGAINST if (verdict := rule(shape, scene))]
    points = max(0, best.points + sum(verdict.points for verdict in against) + looks(shape, scene))
    if points >= ENOUGH:
        return Judged(shape, points, best.reason)
    if against:
        return Judged(shape, points, min(against).reason)
    return Judged(shape, points, f"{best.reason}, which is too weak a sign")


def _declared(scene: Scene) -> Iterator[Judged]:
    """WebOTP's last line says which code is meant: nothing outweighs it."""
    found = _WEB_OTP.search(scene.plain)
    if found:
        yield Judged(Shape(*found.span(1), found[1], MIXED), 200, "WebOTP's last line")


def _in_links(scene: Scene) -> Iterator[Judged]:
    """A code that only a link holds: named so in it, or the end of its path where the text speaks of a code."""
    speaks_of_it = scene.has("code") or (scene.has("maybe") and not scene.has("other"))
    for part in scene.never:
        if part.reason == LINK:
            for found in _IN_LINK.finditer(scene.plain, part.start, part.end):
                if speaks_of_it or not found["path"]:
                    start, end = found.span("value" if found["value"] else "segment")
                    code = Shape(start, end, scene.plain[start:end], DIGITS)
                    yield Judged(code, 42 if found["path"] else 60, "in the link")


def _taken_apart(shape: Shape, scene: Scene) -> Shape:
    """The shape, without a word for code that the number was written to: `OTP482913`."""
    glued = _WORD_AND_NUMBER.fullmatch(shape.code) if shape.kind == MIXED else None
    if glued and scene.lexicon.has_kind(glued[1], "code"):
        return Shape(shape.end - len(glued[2]), shape.end, glued[2], GLUED)
    if shape.kind == MIXED and len(shape.code) > LONGEST_MIXED:
        return shape._replace(kind=NO_CODE)
    prefix = scene.plain[shape.start : shape.end].partition("-")[0]
    if shape.kind == PREFIXED and scene.lexicon.knows(prefix):
        return shape._replace(start=shape.start + len(prefix) + 1, kind=DIGITS)
    return shape
