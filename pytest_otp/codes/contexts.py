"""What a text is about, where its numbers are no codes to sign in: offers, payments, reports, numbers to send to."""

from __future__ import annotations

import re

from .announcing import Verdict, asked_for, directly_announced
from .lexicon import Word
from .never import AMOUNT, DATE, DURATION, PERCENT, TIME
from .placing import adjacent, equated, follows, follows_pointer, named, pointed_at, stands_alone
from .scene import Scene
from .shapes import SHORTEST, Shape

_KEYWORD = re.compile(r"(?<![A-Za-z])([A-Z]{3,12})[\"'*]{0,2}\s\Z")
_SENDER = re.compile(r"[^:.!?\n]{1,24}:\s|【[^】]{1,40}】|\[[^\]]{1,40}\]")
"""The sender's name, which says nothing of what the code is for: `Zoomy Rider: your code is 4829`."""
_CASE_ENDING = re.compile(r"'?-?[^\W\d]{1,4}(?!\w)")
_WORDS_TO_SEND_TO = 5
_WORDS_OF_A_PURPOSE = 2
"""Words between a word for code and the code that say what it is to approve: `authorisation code for EUR 20: 4829`."""
_LONG_COMPOUND = 12
"""Letters of a word that has one for code at its end, and says what the code is for."""
_ONLY_ONE_TIME = frozenset({"otp", "totp", "o t p", "tan", "mtan", "pin"})
"""Words for code that are no words for a code of an offer."""


def an_offer(shape: Shape, scene: Scene) -> Verdict | None:
    """A text about discounts or prizes that says nothing of signing in: `Code: NEW300, 20 % off`."""
    percents = [part for part in scene.never if part.reason == PERCENT]
    if not percents and not scene.has("offer"):
        return None
    left, right = scene.sentence(shape.start)
    words = (*scene.before(shape.start, "code")[:1], *scene.after(shape.end, "code")[:1])
    if (
        any(_is_for_sign_in(word, scene) for word in words)
        or scene.has("warn")
        or any(left <= word.start < right for word in scene.near(shape, "maybe"))
    ):
        return None
    offers = [part.start for part in percents] + [word.start for word in scene.near(shape, "offer")]
    elsewhere = not any(left <= start < right for start in offers)
    behind = min(offers) > shape.start
    said = behind and (equated(shape, scene) or (pointed_at(shape, scene) and not follows_pointer(shape, scene)))
    asked = shape.is_number and any(left <= verb.start < right for verb in scene.near(shape, "enter"))
    if elsewhere and (said or asked or any(part.reason == DURATION for part in scene.never)):
        return None
    return Verdict(-110, "a code for an offer")


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
    finished = scene.has("done") or reasons & {DATE, TIME} or (paid_before and not pointed_at(shape, scene))
    told = reported(shape, scene)
    paid = AMOUNT in reasons or ("approval" in word.kinds and told is not None and told.end <= word.start)
    if not paid or DURATION in reasons or not finished:
        return None
    verbs = (*scene.before(word.start, "enter")[:1], *scene.after(shape.end, "enter")[:1])
    asked = any(
        scene.words_between(*((verb.end, word.start) if verb.start < word.start else (shape.end, verb.start))) <= 2
        for verb in verbs
    )
    return None if asked else Verdict(-120, "the approval code of a finished payment")


def _authorised(shape: Shape, scene: Scene) -> Verdict | None:
    """The same without a word for code: `Compra aprobada $ 12.00. Autorización 093164`."""
    word = next(iter(scene.before(shape.start, "maybe")), None)
    if not word or scene.words_between(word.end, shape.start) or not scene.has("done") or scene.has("enter"):
        return None
    reasons = {part.reason for part in scene.never}
    if AMOUNT not in reasons or DURATION in reasons:
        return None
    return Verdict(-120, "the approval code of a finished payment")


def _approving(shape: Shape, scene: Scene) -> Word | None:
    """The word for an approval code right before a shape: `Autorización 093164`."""
    word = next(iter(scene.before(shape.start, "approval")), None)
    if not word or scene.words_between(word.end, shape.start) > 1 or scene.is_parted(word.end, shape.start):
        return None
    return word


def handed_over(shape: Shape, scene: Scene) -> Verdict | None:
    """A code to fetch something with, told to a courier or typed at a parcel locker: nobody signs in with it."""
    left, right = scene.sentence(shape.start)
    name = _SENDER.match(scene.plain)
    begin = name.end() if name else 0
    words = (word for word in scene.near(shape, "pickup") if begin <= word.start < right)
    word = next((word for word in words if not scene.warns(word) or _is_told(word, left, right, scene)), None)
    if not word:
        return None
    codes = (*scene.before(shape.start, "code")[:1], *scene.after(shape.end, "code")[:1])
    for_sign_in = any(one.entry.casefold() not in _ONLY_ONE_TIME and _is_for_sign_in(one, scene) for one in codes)
    if for_sign_in or any(left <= one.start < right for one in scene.near(shape, "maybe")):
        return None
    return Verdict(-120, f"a code to fetch something with ({word.entry!r})")


def _is_told(pickup: Word, left: int, right: int, scene: Scene) -> bool:
    """Whether the only word of warning in a sentence is a verb that asks to share: `Share the code with the driver`."""
    warnings = [word for word in scene.before(right, "warn") if left <= word.start]
    return left <= pickup.start and len(warnings) == 1 and " " not in warnings[0].entry


def in_a_report(shape: Shape, scene: Scene) -> Verdict | None:
    """A number in a sentence that reports what was done with a PIN, an entry or a card: `4829: PIN changed`."""
    if named(shape, scene) or asked_for(shape, scene) or stands_alone(shape, scene):
        return None
    if report := reported(shape, scene):
        return Verdict(-70, f"in a report of what was done ({report.entry!r})")
    if len(shape.code) == SHORTEST and scene.has("done") and any(part.reason == AMOUNT for part in scene.never):
        return Verdict(-50, "a short number in a report")
    if (
        not scene.has("code")
        and not _told_to_sign_in(shape, scene)
        and any(part.reason in (DATE, TIME) for part in scene.never)
    ):
        return Verdict(-50, "in a report with a date or time")
    return None


def _told_to_sign_in(shape: Shape, scene: Scene) -> bool:
    """Whether a phrase like `register with` leads right to it."""
    word = next(iter(scene.before(shape.start, "maybe")), None)
    if not word or scene.plain[word.end : shape.start].strip():
        return False
    return " " in word.entry or not scene.has_spaces(word)


def to_send_to(shape: Shape, scene: Scene) -> Verdict | None:
    """A short number to send an SMS to or to call: `text WIN to 85023`."""
    goal = next(iter(scene.before(shape.start, "for")), None)
    is_goal = goal is not None and not scene.plain[goal.end : shape.start].strip()
    for word in scene.before(shape.start, "send"):
        if scene.words_between(word.end, shape.start) > _WORDS_TO_SEND_TO or scene.is_parted(word.end, shape.start):
            break
        code = next(iter(scene.before(word.start, "code")), None)
        if code and scene.plain[code.end : word.start].isspace():
            continue  # a code by SMS
        if _is_hotline(word, code, shape, scene):
            return Verdict(-110, f"a number to call, after {word.entry!r}")
        if (is_goal and goal and word.end <= goal.start) or _is_keyword(word, scene):
            return Verdict(-110, f"a number to send to, after {word.entry!r}")
        if any(one.start >= word.end for kind in ("code", "maybe") for one in scene.before(shape.start, kind)[:1]):
            continue  # a token by SMS
        if "code" not in word.kinds and not directly_announced(shape, scene):
            return Verdict(-45, f"a number to send to, after {word.entry!r}")
    keyword = _KEYWORD.search(scene.plain, max(0, goal.start - 20), goal.start) if is_goal and goal else None
    if keyword and not scene.lexicon.has_kind(keyword[1], "money") and not pointed_at(shape, scene):
        return Verdict(-60, "a number to send a keyword to")
    return _sent_to_before_the_verb(shape, scene)


def _is_hotline(verb: Word, code: Word | None, shape: Shape, scene: Scene) -> bool:
    """Whether it is what to call if somebody wants a code: `If anyone asks for the code, call 4829`."""
    if not code or not shape.is_number or scene.words_between(verb.end, shape.start) > 1:
        return False
    if scene.is_parted(code.end, shape.start):
        return False
    if "code" in verb.kinds or pointed_at(shape, scene):
        return False
    return not scene.are_in_one_clause(code, shape) or follows(shape, scene, "send")


def _sent_to_before_the_verb(shape: Shape, scene: Scene) -> Verdict | None:
    """The same where the verb ends the sentence: `85023'e CODE gönderin`."""
    word = next(iter(scene.after(shape.end, "send")), None)
    if not word or scene.words_between(shape.end, word.start) > 3 or scene.is_parted(shape.end, word.start):
        return None
    if pointed_at(shape, scene) or equated(shape, scene):
        return None
    ending = _CASE_ENDING.match(scene.plain, shape.end)
    led = scene.lexicon.has_kind(word.entry.split()[0], "for") or follows(shape, scene, "for")
    led = led or (" " in word.entry and follows(shape, scene, "send"))
    if led or (ending and ending.end() <= word.start):
        return Verdict(-110, f"a number to send to, before {word.entry!r}")
    return None


def to_be_sent(shape: Shape, scene: Scene) -> Verdict | None:
    """A code to send in reply: `reply with the code of this tune: 482913`."""
    word = next(iter(scene.before(shape.start, "code")), None)
    verb = word and next(iter(scene.before(word.start, "send")), None)
    if not word or not verb or adjacent(shape, scene) or scene.is_parted(verb.end, shape.start):
        return None
    asked = 1 <= scene.words_between(verb.end, word.start) <= 2 and scene.words_between(word.end, shape.start) >= 2
    return Verdict(-70, f"a code to reply with, after {verb.entry!r}") if asked else None


def reported(shape: Shape, scene: Scene) -> Word | None:
    """The word in its sentence that reports what was done."""
    left, right = scene.sentence(shape.start)
    return next((word for word in scene.near(shape, "done") if left <= word.start < right), None)


def _is_for_sign_in(word: Word, scene: Scene) -> bool:
    """Whether a word for code says more than that it is a code: `verification code`, `Anmeldecode`, `验证码`."""
    entry = word.entry.casefold()
    return (
        (" " in entry and not _is_with_code(entry, word, scene))
        or entry in _ONLY_ONE_TIME
        or (word.end - word.start >= _LONG_COMPOUND and scene.has_spaces(word))
        or scene.lexicon.holds(entry, "maybe")
    )


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


def _is_with_code(entry: str, word: Word, scene: Scene) -> bool:
    """Whether an entry says no more than `with code` or `use code`."""
    first, _, rest = entry.partition(" ")
    lexicon = scene.lexicon
    return " " not in rest and (
        "enter" in word.kinds or lexicon.has_kind(first, "for") or lexicon.has_kind(first, "enter")
    )


def _is_keyword(verb: Word, scene: Scene) -> bool:
    """Whether a word for code in capitals stands right behind a verb, as what is to be sent: `Text CODE to 85023`."""
    word = next(iter(scene.after(verb.end, "code")), None)
    if not word or not scene.plain[verb.end : word.start].isspace() or scene.plain[verb.start : verb.end].isupper():
        return False
    return word.start == verb.end + 1 and scene.plain[word.start : word.end].split()[0].isupper()
