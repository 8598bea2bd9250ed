"""What a code is for, where it is not to sign in: a payment that is over, something to fetch, a door, a voucher."""

from __future__ import annotations

import re

from .asking import by_it
from .contexts import ONLY_ONE_TIME, is_for_sign_in, reported
from .lexicon import Word
from .never import AMOUNT, DATE, DURATION, TIME
from .placing import pointed_at
from .scene import Scene
from .shapes import Shape
from .verdicts import Verdict

_SENDER = re.compile(r"[^:.!?\n]{1,24}:\s|【[^】]{1,40}】|\[[^\]]{1,40}\]")
"""The sender's name, which says nothing of what the code is for: `Zoomy Rider: your code is 4829`."""
_WORDS_OF_A_PURPOSE = 2
"""Words between a word for code and the code that say what it is to approve: `authorisation code for EUR 20: 4829`."""


def approval(shape: Shape, scene: Scene) -> Verdict | None:
    """The code by which a bank let a payment pass that is over: nobody types it anywhere."""
    word = _approving(shape, scene) or next(iter(scene.before(shape.start, "code")), None)
    if scene.has("warn"):
        return None
    if not scene.has("code"):
        return _authorised(shape, scene)
    if not word:
        return None
    if "approval" not in word.kinds and not _done_with(word, shape, scene):
        return None
    if pointed_at(shape, scene) == word and scene.words_between(word.end, shape.start) >= _WORDS_OF_A_PURPOSE:
        return None
    reasons = {part.reason for part in scene.never}
    paid_before = any(part.reason == AMOUNT and part.end <= word.start for part in scene.never)
    finished = (
        _went_through(scene)
        or _is_told_after(scene)
        or reasons & {DATE, TIME}
        or (paid_before and not pointed_at(shape, scene))
    )
    report = reported(shape, scene)
    paid = AMOUNT in reasons or ("approval" in word.kinds and report is not None and report.end <= word.start)
    if not paid or DURATION in reasons or not finished:
        return None
    asked = _is_asked(word, shape, scene)
    return None if asked else Verdict(-120, "the approval code of a finished payment")


def after_the_fact(shape: Shape, scene: Scene) -> Verdict | None:
    """The code that confirms a payment or booking which went through: `You paid EUR 25. Confirmation code 4829`."""
    word = next(iter(scene.before(shape.start, "code")), None)
    hint = next(iter(scene.before(shape.start, "maybe")), None)
    if hint and (not word or word.start < hint.start) and scene.words_between(hint.end, shape.start) <= 1:
        word = hint
    if not word or not _is_over(word, scene) or scene.has("warn") or scene.has_duration:
        return None
    return None if _is_asked(word, shape, scene) else Verdict(-120, "it confirms what is over")


def _went_through(scene: Scene) -> bool:
    """Whether it says that a payment or a booking is over, and does not ask: `Did you not pay?`."""
    return any(scene.plain[scene.sentence(word.start)[1] :][:1] != "?" for word in scene.first("paid"))


def _is_told_after(scene: Scene) -> bool:
    """Whether a report goes on behind an amount: `Purchase EUR 25.00, balance 310.20`. One without may be pending."""
    amount = next((part for part in scene.never if part.reason == AMOUNT), None)
    return amount is not None and bool(scene.after(amount.end, "done"))


def _is_over(word: Word, scene: Scene) -> bool:
    """Whether what stands before a word for code reports that a payment or a booking went through."""
    over = next(iter(scene.before(word.start, "paid")), None)
    if not over:
        return False
    if any(part.reason == AMOUNT and part.end <= word.start for part in scene.never):
        return True
    return any(thing.end <= word.start for thing in scene.first("thing"))


def _is_asked(word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a verb near the code asks to type it in, or the sentence to confirm something with it."""
    if by_it(shape, scene):
        return True
    left, _ = scene.sentence(word.start)
    hints = (one for one in scene.before(word.start, "maybe") if left <= one.start)
    if any(scene.words_between(one.end, word.start) >= _WORDS_OF_A_PURPOSE for one in hints):
        return True
    verbs = (*scene.before(word.start, "enter")[:1], *scene.after(shape.end, "enter")[:1])
    return any(
        scene.words_between(*((verb.end, word.start) if verb.start < word.start else (shape.end, verb.start))) <= 2
        for verb in verbs
    )


def _authorised(shape: Shape, scene: Scene) -> Verdict | None:
    """The same without a word for code: `Compra aprobada $ 12.00. Autorización 093164`."""
    word = next(iter(scene.before(shape.start, "maybe")), None)
    if not word or scene.words_between(word.end, shape.start) or not scene.has("done") or scene.has("enter"):
        return None
    reasons = {part.reason for part in scene.never}
    if AMOUNT not in reasons or DURATION in reasons or _is_a_purpose(word, scene):
        return None
    return Verdict(-120, "the approval code of a finished payment")


def _is_a_purpose(word: Word, scene: Scene) -> bool:
    """Whether a word like `to` that begins the sentence leads to a word: `Para autorizar: 4829`."""
    goal = next(iter(scene.before(word.start, "for")), None)
    left, _ = scene.sentence(word.start)
    return goal is not None and scene.is_empty(left, goal.start) and scene.is_empty(goal.end, word.start)


def _approving(shape: Shape, scene: Scene) -> Word | None:
    """The word for an approval code right before a shape: `Autorización 093164`."""
    word = next(iter(scene.before(shape.start, "approval")), None)
    if not word or scene.words_between(word.end, shape.start) > 1 or scene.is_parted(word.end, shape.start):
        return None
    return word


def handed_over(shape: Shape, scene: Scene) -> Verdict | None:
    """A code for collecting something, given to a courier or typed at a parcel locker: nobody signs in with it."""
    left, right = scene.sentence(shape.start)
    name = _SENDER.match(scene.plain)
    begin = name.end() if name else 0
    words = (word for word in scene.near(shape, "pickup") if begin <= word.start < right)
    word = next((word for word in words if not scene.warns(word) or _is_told(word, left, right, scene)), None)
    if not word:
        return None
    codes = (*scene.before(shape.start, "code")[:1], *scene.after(shape.end, "code")[:1])
    for_sign_in = any(one.entry.casefold() not in ONLY_ONE_TIME and is_for_sign_in(one, scene) for one in codes)
    if for_sign_in or any(left <= one.start < right and not _is_a_number(one) for one in scene.near(shape, "maybe")):
        return None
    return Verdict(-120, f"a code to fetch something with ({word.entry!r})")


def _is_a_number(hint: Word) -> bool:
    """Whether a hint is no more than a word for number: a number to say to somebody is not one to sign in with."""
    return "plain" in hint.kinds


def _is_told(pickup: Word, left: int, right: int, scene: Scene) -> bool:
    """Whether the only word of warning in a sentence is a verb that asks to share: `Share the code with the driver`."""
    warnings = [word for word in scene.before(right, "warn") if left <= word.start]
    return left <= pickup.start and len(warnings) == 1 and " " not in warnings[0].entry


def _done_with(word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a word says beside them that a thing was done with that code: `approved with code 4829`."""
    with_ = next(iter(scene.before(word.start, "for")), None)
    if not with_ or scene.plain[with_.end : word.start] != " ":
        return False
    before, behind = (
        next(iter(scene.before(with_.start, "done")), None),
        next(iter(scene.after(shape.end, "done")), None),
    )
    return (before is not None and scene.plain[before.end : with_.start] == " ") or (
        behind is not None and scene.plain[shape.end : behind.start] == " "
    )
