"""What a number is good for, where a text says that instead of calling it a code: `4829 gets you into Acme`.

Prices, scores and lines have numbers of that kind, too: so it has to be the only one of its text, and no round one, and
its sentence has to be about what is the reader's.
"""

from __future__ import annotations

import re

from .lexicon import Word
from .never import TIME
from .placing import follows, follows_pointer, opens
from .scene import Scene
from .shapes import Shape
from .verdicts import Verdict

_ENOUGH = 50
_SENDER = re.compile(r"[^:.!?\n\d]{2,30}:\s{0,2}")
_NAME = re.compile(r"\s[\"'«„]?(?=(?P<first>[^\W\d_]))")
_WORDS_OF_A_GOAL = 4
"""Words between a number and the verb that says what it is for: `4829, um deine Buchung zu ändern`."""
_WORDS_TO_A_VERB = 2
"""The same where the word like `to` stands behind the verb."""
_TOPICS = ("offer", "pickup", "done", "paid", "send")
"""What a sentence about another kind of number is about; a booking has to be changed with a code, so not `thing`."""


def good_for(shape: Shape, scene: Scene) -> Verdict | None:
    """The only number of a text, of which a sentence says what it gets the reader, or that it is needed."""
    if not shape.is_number or not 4 <= len(shape.code) <= 8 or scene.numbers > 1 or shape.code.endswith("00"):
        return None
    for goal in (_gets_in, _is_needed, _is_to_change, _lasts_until):
        topics = _TOPICS if goal is _is_to_change else ("thing", *_TOPICS)
        if (word := goal(shape, scene)) and not _is_about(shape, scene, topics, word):
            return Verdict(_ENOUGH, f"said to be good for something ({word.entry!r})")
    return None


def _gets_in(shape: Shape, scene: Scene) -> Word | None:
    """The words by which it gets the reader into what has a name, or is theirs: `With 4829 you get into Acme`."""
    word = next(iter(scene.after(shape.end, "into")), None)
    begins = opens(shape, scene) or _is_means(shape, scene)
    if not word or not begins or scene.is_parted(shape.end, word.start):
        return None
    if scene.words_between(shape.end, word.start) > 1:
        return None
    name = _NAME.match(scene.plain, word.end)
    is_a_name = name is not None and name["first"].isupper()
    return word if is_a_name or scene.has("warn") or scene.has_duration or scene.has("owned") else None


def _is_means(shape: Shape, scene: Scene) -> bool:
    """Whether a word like `with` leads to it, and no verb stands before that: `With 4829 you`."""
    means = next(iter(scene.before(shape.start, "with")), None)
    if not means or not scene.plain[means.end : shape.start].isspace():
        return False
    return (
        scene.is_empty(scene.sentence(shape.start)[0], means.start) or scene.plain[: means.start].rstrip()[-1:] == ":"
    )


def _is_needed(shape: Shape, scene: Scene) -> Word | None:
    """The word beside it that says that it is needed, for what is the reader's: `4829 is needed for your phone`."""
    before = next(iter(scene.before(shape.start, "need")), None)
    behind = next(iter(scene.after(shape.end, "need")), None)
    left, right = scene.sentence(shape.start)
    if before and (scene.plain[before.end : shape.start].isspace() or follows_pointer(shape, scene)):
        ends = _stops(shape, scene) or follows(shape, scene, "for")
        word = before if ends and left <= before.start and scene.words_between(before.end, shape.start) <= 2 else None
    else:
        touches = behind and opens(shape, scene) and not scene.words_between(shape.end, behind.start)
        word = behind if touches and behind and behind.start < right else None
    if not word or not (_is_theirs(shape, scene) or _is_about(shape, scene, ("maybe", "act", "into"))):
        return None
    goals = (one for one in scene.near(shape, "for") if left <= one.start < right)
    return word if any(goals) or follows_pointer(shape, scene) else None


def _is_to_change(shape: Shape, scene: Scene) -> Word | None:
    """The verb that says what to do with what follows the sender's name: `Acme: 4829 to change your flight`."""
    if not _SENDER.fullmatch(scene.plain, 0, shape.start):
        return None
    _, right = scene.sentence(shape.start)
    goal = next((word for word in scene.after(shape.end, "for") if word.start < right), None)
    verb = next((word for word in scene.after(shape.end, "act") if word.start < right), None)
    if not goal or not verb or any(scene.plain[shape.end : goal.start].count(sign) for sign in ".:;("):
        return None
    first, second = sorted((goal, verb), key=lambda word: word.start)
    near = scene.words_between(shape.end, first.start) <= (0 if first is goal else _WORDS_TO_A_VERB)
    near = near or (goal is verb and scene.words_between(shape.end, verb.start) <= _WORDS_OF_A_GOAL)
    return verb if near and scene.words_between(first.end, second.start) <= _WORDS_OF_A_GOAL else None


def _lasts_until(shape: Shape, scene: Scene) -> Word | None:
    """The account that a text is about, if it says until when its number holds: `One step left: 4829. Until 14:20`."""
    if not follows_pointer(shape, scene) or any(map(scene.has, ("thing", *_TOPICS))):
        return None
    if not any(part.reason == TIME and part.start > shape.end for part in scene.never):
        return None
    if not scene.after(shape.end, "time") or not _stops(shape, scene):
        return None
    if any(word.kinds.isdisjoint(("owned", "maybe")) for word in scene.near(shape, "other")):
        return None
    return next(iter(scene.near(shape, "owned")), None)


def _stops(shape: Shape, scene: Scene) -> bool:
    """Whether a sentence or a clause ends right behind it."""
    return scene.ends_its_sentence(shape) or scene.plain[shape.end : shape.end + 1] in (",", "\uff0c", "(")


def _is_theirs(shape: Shape, scene: Scene) -> bool:
    """Whether its sentence is about a phone or an account."""
    left, right = scene.sentence(shape.start)
    return any(left <= word.start < right for word in scene.near(shape, "owned"))


def _is_about(shape: Shape, scene: Scene, kinds: tuple[str, ...], but: Word | None = None) -> bool:
    """Whether its sentence has a word of some kinds, but for one."""
    left, right = scene.sentence(shape.start)
    return any(left <= word.start < right and word != but for kind in kinds for word in scene.near(shape, kind))
