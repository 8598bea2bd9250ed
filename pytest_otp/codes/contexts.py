"""What a text is about, where its numbers are no codes to sign in: offers, reports, numbers to send to."""

from __future__ import annotations

import re

from .announcing import directly_announced
from .asking import asked_for, by_it
from .goals import good_for
from .lexicon import Word
from .never import AMOUNT, DATE, DURATION, PERCENT, TIME
from .placing import adjacent, equated, follows, follows_pointer, named, opens, pointed_at, stands_alone
from .scene import Scene
from .shapes import SHORTEST, Shape
from .verdicts import Verdict

_KEYWORD = re.compile(r"(?<![A-Za-z])([A-Z]{3,12})[\"'*]{0,2}\s\Z")
_CASE_ENDING = re.compile(r"'?-?[^\W\d]{1,4}(?!\w)")
_QUESTION_MARKS = ("?", "\uff1f", "؟")
_LONGEST_SHORT_NUMBER = 5
_WORDS_TO_SEND_TO = 5
_LONG_COMPOUND = 12
"""Letters of a word that has one for code at its end, and says what the code is for."""
_LONGEST_PRONOUN = 5
"""Letters of a word like `your`, where a phrase begins with one that the lists do not have."""
ONLY_ONE_TIME = frozenset({"otp", "totp", "o t p", "tan", "mtan", "pin"})
"""Words for code that are no words for a code of an offer."""


def an_offer(shape: Shape, scene: Scene) -> Verdict | None:
    """A text about discounts or prizes that says nothing of signing in: `Code: NEW300, 20 % off`."""
    percents = [part for part in scene.never if part.reason == PERCENT]
    if not percents and not scene.has("offer"):
        return None
    left, right = scene.sentence(shape.start)
    words = (*scene.before(shape.start, "code")[:1], *scene.after(shape.end, "code")[:1])
    if (
        any(is_for_sign_in(word, scene) for word in words)
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


def in_a_report(shape: Shape, scene: Scene) -> Verdict | None:
    """A number in a sentence that reports what was done with a PIN, an entry or a card: `4829: PIN changed`."""
    if any(rule(shape, scene) for rule in (named, asked_for, stands_alone, good_for)):
        return None
    if report := reported(shape, scene):
        return Verdict(-70, f"in a report of what was done ({report.entry!r})")
    if len(shape.code) == SHORTEST and scene.has("done") and any(part.reason == AMOUNT for part in scene.never):
        return Verdict(-50, "a short number in a report")
    if (
        not scene.has("code")
        and not _told_to_sign_in(shape, scene)
        and not by_it(shape, scene)
        and not _is_typed_to_sign_in(shape, scene)
        and not (opens(shape, scene) and follows(shape, scene, "is") and scene.has("enter"))
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


def _is_typed_to_sign_in(shape: Shape, scene: Scene) -> bool:
    """Whether its sentence has both a verb that asks to type it and a word of signing in."""
    left, right = scene.sentence(shape.start)
    return all(any(left <= word.start < right for word in scene.near(shape, kind)) for kind in ("enter", "maybe"))


def to_send_to(shape: Shape, scene: Scene) -> Verdict | None:
    """A short number to send an SMS to or to call: `text WIN to 85023`."""
    if _answers_a_question(shape, scene):
        return Verdict(-110, "a number to call, after a question")
    goal = next(iter(scene.before(shape.start, "for")), None)
    is_goal = goal is not None and not scene.plain[goal.end : shape.start].strip()
    for word in scene.before(shape.start, "send"):
        if scene.words_between(word.end, shape.start) > _WORDS_TO_SEND_TO or scene.is_parted(word.end, shape.start):
            break
        if _is_what_to_send(shape, scene):
            break
        place = next(iter(scene.before(shape.start, "plain")), None)
        if "enter" in word.kinds and place and word.end <= place.start:
            continue  # a number to type in the app
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


def _answers_a_question(shape: Shape, scene: Scene) -> bool:
    """Whether a warning, a question and a verb lead to a short number: `Never share codes. Got a call? Dial 4829`."""
    if not shape.is_number or len(shape.code) > _LONGEST_SHORT_NUMBER or not scene.has("warn"):
        return False
    left, _ = scene.sentence(shape.start)
    codes = scene.first("code")
    if scene.plain[:left].rstrip()[-1:] not in _QUESTION_MARKS or scene.words_between(left, shape.start) > 1:
        return False
    return bool(codes) and all(word.end <= left and scene.warns(word) for word in codes)


def _is_what_to_send(shape: Shape, scene: Scene) -> bool:
    """Whether a word like `with` stands right before it: what to reply with is no number to reply to."""
    means = next(iter(scene.before(shape.start, "with")), None)
    return means is not None and scene.plain[means.end : shape.start].isspace()


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


def is_for_sign_in(word: Word, scene: Scene) -> bool:
    """Whether a word for code says more than that it is a code: `verification code`, `Anmeldecode`, `验证码`."""
    entry = word.entry.casefold()
    return (
        (" " in entry and not _is_with_code(entry, word, scene))
        or entry in ONLY_ONE_TIME
        or (_letters(word, scene) >= _LONG_COMPOUND and scene.has_spaces(word))
        or scene.lexicon.holds(entry, "maybe")
    )


def _letters(word: Word, scene: Scene) -> int:
    """How many letters a word has; the vowel signs of many scripts are none."""
    return sum(map(str.isalpha, scene.plain[word.start : word.end]))


def _is_with_code(entry: str, word: Word, scene: Scene) -> bool:
    """Whether an entry says no more than `with code`, `use code`, `your code` or `code for`."""
    first, _, rest = entry.partition(" ")
    lexicon = scene.lexicon
    if " " in rest:
        return False
    if "enter" in word.kinds or any(lexicon.has_kind(first, kind) for kind in ("for", "enter", "is", "common")):
        return True
    if lexicon.has_kind(first, "plain") and not lexicon.has_kind(first, "maybe"):
        return True
    if lexicon.has_kind(first, "code") and lexicon.has_kind(rest, "for"):
        return True
    return len(first) <= _LONGEST_PRONOUN and lexicon.has_kind(rest, "code") and not lexicon.knows(first)


def _is_keyword(verb: Word, scene: Scene) -> bool:
    """Whether a word for code in capitals stands right behind a verb, as what is to be sent: `Text CODE to 85023`."""
    word = next(iter(scene.after(verb.end, "code")), None)
    if not word or not scene.plain[verb.end : word.start].isspace() or scene.plain[verb.start : verb.end].isupper():
        return False
    return word.start == verb.end + 1 and scene.plain[word.start : word.end].split()[0].isupper()
