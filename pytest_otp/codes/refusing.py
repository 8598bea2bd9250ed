"""What a shape is instead of a code: rules that exclude it, and rules that take points off."""

from __future__ import annotations

import re
from collections.abc import Callable

from .announcing import directly_announced
from .asking import by_it, what_to_type
from .contexts import an_offer, in_a_report, reported, to_be_sent, to_send_to
from .goals import good_for
from .lexicon import Word
from .never import AMOUNT, DATE, DURATION, HIDDEN, PHONE, TIME, Never
from .placing import (
    SENDER,
    adjacent,
    equated,
    follows,
    follows_colon,
    follows_goal,
    follows_link,
    has_letters,
    named,
    named_behind,
    named_in_front,
    pointed_at,
    stands_alone,
)
from .purposes import after_the_fact, approval, handed_over
from .scene import Scene
from .shapes import DIGITS, LETTERS, MIXED, NO_CODE, SHORTEST_MIXED, SPACED, Shape
from .things import of_a_thing, of_something_unknown, one_of_several
from .verdicts import Rule, Verdict

Veto = Callable[[Shape, Scene], "str | None"]

_LABEL_GAP = re.compile(r"[\s:#=\-(*.\[【「\"']{0,6}")
_GROUPS = re.compile(r"(?:[0-9]{2,4}[ -]){1,4}\Z")
"""What stands before the last groups of a phone number."""
_SHORTEST_PHONE = 7
_LABEL_WITH_COLON = re.compile("[:\n=]")
_NUMBER_SIGN = re.compile(
    r"(?:(?<![^\W_])(?:[Nn](?:°|\.o)|(?:[Nn]o|[Nn]|[Nn]r|[Nn]ro|[Nn]úm|[Bb]r|[Бб]р|[Čč]|[Čč]ís|[Šš]t|[Ss]z|[Αα]ρ)\.)"  # noqa: RUF001 - Greek and Cyrillic
    r"|(?<=\w )(?:No|nr|br|бр))\s?\Z"  # noqa: RUF001 - Cyrillic
)
"""A number sign; `№` is read as `No`."""
_WRITTEN_TO_SIGN = re.compile("No[0-9]+")
_LONGEST_SIGN = 7
"""Characters of a number sign and the space behind it."""
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_SHOUTED_BEFORE, _SHOUTED_BEHIND = re.compile(r"(?<![A-Za-z])([A-Z]{2,20}) \Z"), re.compile(" [A-Z]{2,20}(?![a-z])")
_WORDS_TO_TYPED = 2
"""Words between a verb and the letters that it asks to type."""
_WORDS_TO_LED = 6
"""Words between a label and the number that a word like `is` leads to: `your customer number with us is 4829`."""
_LETTERS_OF_A_WORD = 4
"""Letters between a label and a number by which they are apart, in scripts without spaces."""
_SPELT = 3
"""Letters of a unit of time that no code has by chance."""
VOWELS = frozenset("AEIOUaeiouy")
_LOOKS = frozenset({AMOUNT, DATE, TIME, HIDDEN, DURATION})
"""Parts that a code with letters can look like by chance: `12H30`."""


def of_another_length(shape: Shape, scene: Scene) -> str | None:
    """It is too long or too short for a code."""
    return "too short or too long for a code" if shape.kind == NO_CODE else None


def part_of_another(shape: Shape, scene: Scene) -> str | None:
    """It lies in an amount, a date, a link or another part that holds no code."""
    for part in scene.parts_over(shape):
        within = shape.start <= part.start and not scene.plain[shape.end : part.end].strip(".,' -")
        only_looks_so = within and has_letters(shape) and part.reason in _LOOKS
        if _is_spelt_time(shape, part):
            return part.reason
        if only_looks_so and (named(shape, scene) or stands_alone(shape, scene)):
            continue
        cut = part.reason == PHONE and (part.start < shape.start or shape.end < part.end)
        dated = part.reason == DATE and reported(shape, scene) and not pointed_at(shape, scene)
        if not part.firm and not cut and not dated and directly_announced(shape, scene):
            continue
        return part.reason
    return None


def labelled(shape: Shape, scene: Scene) -> str | None:
    """The word right before it is the label of another number: `order 482913`, `card ending 4821`."""
    for label in scene.before(shape.start, "other")[:1]:
        gap = scene.plain[label.end : shape.start]
        if (groups := _GROUPS.search(gap)) and sum(map(str.isdigit, groups[0] + shape.code)) >= _SHORTEST_PHONE:
            gap = gap[: groups.start()]  # the rest of a phone number: `your number 555 4829`
        if "code" in label.kinds or scene.is_parted(label.end, shape.start) or not _LABEL_GAP.fullmatch(gap):
            return None
        if _said_to_be_the_code(shape, scene) or _ends_the_sender(label, shape, scene):
            return None
        word = scene.code_before(label)
        if not word or not _LABEL_WITH_COLON.search(gap) or _has_its_code(word, label, scene):
            return f"labelled by {label.entry!r}"
    return None


def numbered(shape: Shape, scene: Scene) -> str | None:
    """A number sign or the short form of `number` stands right before it: `request No. 48-2210`."""
    if _WRITTEN_TO_SIGN.fullmatch(shape.code):
        return f"numbered by {shape.code[:2]!r}"
    sign = _NUMBER_SIGN.search(scene.plain, max(0, shape.start - _LONGEST_SIGN), shape.start)
    if not sign:
        return None
    word = next(iter(scene.before(sign.end(), "code")), None)
    if word and (word.end > sign.start() or not scene.plain[word.end : sign.start()].strip(" (")):
        return None
    return None if stands_alone(shape, scene) else f"numbered by {sign[0].strip()!r}"


def a_word(shape: Shape, scene: Scene) -> str | None:
    """Letters that are no code: a known word, one among others in capitals, or one that nothing names as the code."""
    if shape.kind != LETTERS or "-" in scene.plain[shape.start : shape.end]:
        return None
    if scene.lexicon.has_word(shape.code):
        return "a word"
    if pointed_at(shape, scene) or equated(shape, scene) or stands_alone(shape, scene):
        return None
    if shape.code.islower() and adjacent(shape, scene) and VOWELS.isdisjoint(shape.code):
        return None
    if shape.code.islower() or _shouted(shape, scene) or _is_reported(shape, scene):
        return "a word"
    asked = _is_token_to_type(shape, scene) or (VOWELS.isdisjoint(shape.code) and _is_asked_for(shape, scene))
    return None if asked or named(shape, scene) else "a word"


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


VETOES: tuple[Veto, ...] = (part_of_another, of_another_length, labelled, numbered, a_word, single_letters, sender)


def for_another(shape: Shape, scene: Scene) -> Verdict | None:
    """What the code is for, where the code itself follows: `code for user 48213: 991827`."""
    if named_behind(shape, scene):
        return Verdict(-50, "the code follows it")
    return Verdict(-50, "the code stands before it") if named_in_front(shape, scene) else None


def label_near(shape: Shape, scene: Scene) -> Verdict | None:
    """The label of another number stands near, and this is the number that it claims: `your card (Visa) 4821`."""
    for label in scene.before(shape.start, "other")[:1]:
        most = _WORDS_TO_LED if follows_link(label, shape, scene) else 2
        near = scene.words_between(label.end, shape.start) <= most and not scene.is_parted(label.end, shape.start)
        theirs = scene.claims(label, shape) and not by_it(shape, scene)
        theirs = theirs and not _is_asked_for_behind(label, shape, scene)
        if near and theirs and not _ends_the_sender(label, shape, scene):
            return Verdict(
                -25 if scene.code_before(label) else -45, f"near {label.entry!r}, which labels another number"
            )
    for label in scene.after(shape.end, "other")[:1]:
        gap = scene.plain[shape.end : label.start]
        _, right = scene.sentence(shape.start)
        announced = any(word.start < right for word in scene.after(shape.end, "code"))
        if (
            len(gap) < 3
            and not scene.is_parted(shape.end, label.start)
            and "(" not in gap
            and not announced
            and not directly_announced(shape, scene)
        ):
            return Verdict(-40, f"before {label.entry!r}, which labels another number")
    return None


def _is_asked_for_behind(label: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a verb right behind a number asks to type it, and a word parts it from the label.

    So do languages with the verb at the end say it: `to change your phone number then 4829 type`.
    """
    verb = next(iter(scene.after(shape.end, "enter")), None)
    if not verb or scene.is_parted(shape.end, verb.start):
        return False
    if scene.has_spaces(label):
        apart = scene.words_between(label.end, shape.start) > 0
    else:
        apart = shape.start - label.end >= _LETTERS_OF_A_WORD
    if not apart:
        return False
    return scene.words_between(shape.end, verb.start) <= 1


def sender_in_brackets(shape: Shape, scene: Scene) -> Verdict | None:
    """A number that is the sender's name, as messages in Chinese begin: `【12306】验证码482913`."""
    enclosed = scene.plain[shape.start - 1 : shape.start] + scene.plain[shape.end : shape.end + 1]
    is_name = enclosed == "【】" and scene.is_beginning(shape)
    return Verdict(-40, "the sender's name") if is_name else None


def withdrawn(shape: Shape, scene: Scene) -> Verdict | None:
    """Its clause says that it holds no longer: another code counts then, if there is one."""
    for word in (*scene.before(shape.start, "old"), *scene.after(shape.end, "old")):
        if scene.are_in_one_clause(word, shape):
            return Verdict(-40, f"no longer valid ({word.entry!r})")
    return None


def like_a_year(shape: Shape, scene: Scene) -> Verdict | None:
    """Four digits that could be a year, where no word for code leads to them."""
    if shape.kind != DIGITS or not _YEAR.fullmatch(shape.code) or scene.is_all(shape):
        return None
    word = next(iter(scene.before(shape.start, "code")), None)
    within = word and scene.words_between(word.end, shape.start) <= 2 and not scene.is_parted(word.end, shape.start)
    if named(shape, scene) or (within and not _follows_preposition(shape, scene)):
        return None
    asked = (scene.has("code") or scene.ends_its_sentence(shape)) and any(
        not scene.words_between(verb.end, shape.start) for verb in scene.before(shape.start, "enter")[:1]
    )
    asked = asked or what_to_type(shape, scene) is not None or good_for(shape, scene) is not None
    asked = asked or _asks_for_it(shape, scene) or _begins_with_verb(shape, scene) or _is_to_sign_in(shape, scene)
    first = scene.is_first(shape) and scene.after(shape.end, "code")
    return None if asked or first else Verdict(-45, "could be a year")


AGAINST: tuple[Rule, ...] = (
    *(label_near, to_send_to, to_be_sent, like_a_year, an_offer, approval, after_the_fact),
    *(
        handed_over,
        of_a_thing,
        of_something_unknown,
        one_of_several,
        in_a_report,
        for_another,
        sender_in_brackets,
        withdrawn,
    ),
)


def _ends_with_it(shape: Shape, scene: Scene) -> bool:
    """Whether a sentence about signing in ends with a colon and it: `Your word to sign in: QZRTL`."""
    left, _ = scene.sentence(shape.start)
    hint = any(left <= word.start for word in scene.before(shape.start, "maybe")[:1])
    return hint and follows_colon(shape, scene) and scene.ends_its_sentence(shape)


def _is_asked_for(shape: Shape, scene: Scene) -> bool:
    """Whether a verb near it in its sentence asks to type it: `Type QZRTL`, `Type on your TV QZRTL`."""
    if directly_announced(shape, scene) or _ends_with_it(shape, scene):
        return True
    for verb in (*scene.before(shape.start, "enter")[:1], *scene.after(shape.end, "enter")[:1]):
        start, end = (verb.end, shape.start) if verb.start < shape.start else (shape.end, verb.start)
        if scene.words_between(start, end) <= _WORDS_TO_TYPED and not scene.is_parted(start, end):
            return True
    return False


def _is_token_to_type(shape: Shape, scene: Scene) -> bool:
    """Whether it stands right behind a word that hints at a code and that is to be typed: `Enter token QZRTEL`."""
    hint = next(iter(scene.before(shape.start, "maybe")), None)
    verb = next(iter(scene.before(hint.start, "enter")), None) if hint else None
    if not hint or not verb or scene.plain[hint.end : shape.start] != " ":
        return False
    return scene.words_between(verb.end, hint.start) <= 1 and not scene.is_parted(verb.end, hint.start)


def _is_reported(shape: Shape, scene: Scene) -> bool:
    """Whether its sentence reports what was done, and does not ask to type it in: `Enter it to get it completed`."""
    left, right = scene.sentence(shape.start)
    return bool(reported(shape, scene)) and not any(left <= verb.start < right for verb in scene.near(shape, "enter"))


def _has_its_code(word: Word, label: Word, scene: Scene) -> bool:
    """Whether a code stands right behind a word for code already, before a label: `code KTMRZ (reference: 4829)`."""
    return any(
        word.end <= one.start
        and one.end <= label.start
        and len(one.code) >= SHORTEST_MIXED
        and adjacent(one, scene) == word
        for one in scene.shapes
        if one.kind not in (NO_CODE, LETTERS) or not scene.lexicon.knows(one.code)
    )


def _is_spelt_time(shape: Shape, part: Never) -> bool:
    """Whether it is a duration whose unit is written out in lower case: the `5mins` of `code, 5mins`."""
    if part.reason != DURATION or not shape.code.islower():
        return False
    return len(shape.code.lstrip("0123456789")) >= _SPELT


def _shouted(shape: Shape, scene: Scene) -> bool:
    """Whether a word in capitals stands beside it that is not a word for code."""
    before = _SHOUTED_BEFORE.search(scene.plain, max(0, shape.start - 22), shape.start)
    if before and not scene.lexicon.has_kind(before[1], "code"):
        return True
    return _SHOUTED_BEHIND.match(scene.plain, shape.end) is not None


def _said_to_be_the_code(shape: Shape, scene: Scene) -> bool:
    """Whether `is` and a word for code follow it in its sentence: `Dear customer 4829 is your OTP`."""
    word = next(iter(scene.after(shape.end, "code")), None)
    return word is not None and follows(shape, scene, "is") and not scene.is_parted(shape.end, word.start)


def _ends_the_sender(label: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a label is the end of the sender's name in front of a code: `Fox Mobile: 4829 - your code`."""
    if scene.is_empty(0, label.start):
        return False
    goal = next(iter(scene.after(shape.end, "maybe")), None)
    to_sign_in = goal and follows(shape, scene, "for") and scene.words_between(shape.end, goal.start) <= _WORDS_TO_TYPED
    if not to_sign_in and not equated(shape, scene):
        return False
    return SENDER.fullmatch(scene.plain, 0, shape.start) is not None


def _begins_with_verb(shape: Shape, scene: Scene) -> bool:
    """Whether nothing but a verb that asks to type it stands before the only number of a text: `Enter 2026`."""
    verb = next(iter(scene.before(shape.start, "enter")), None)
    if not verb or scene.numbers > 1 or scene.words_between(verb.end, shape.start):
        return False
    return not scene.words_between(scene.sentence(shape.start)[0], verb.start)


def _is_to_sign_in(shape: Shape, scene: Scene) -> bool:
    """Whether a verb asks to type it, and the words right behind say what for: `Enter 2018 to register`."""
    verb = next(iter(scene.before(shape.start, "enter")), None)
    goal = next(iter(scene.after(shape.end, "maybe")), None)
    if not verb or not goal or scene.words_between(verb.end, shape.start):
        return False
    return scene.words_between(shape.end, goal.start) <= 1 and not scene.is_parted(verb.end, goal.start)


def _asks_for_it(shape: Shape, scene: Scene) -> bool:
    """Whether a verb right behind it asks to type it, and ends its clause: `kutuya 2026 yaz, bas`."""
    verb = next(iter(scene.after(shape.end, "enter")), None)
    if not verb or scene.plain[shape.end : verb.start].strip() or "\n" in scene.plain[shape.end : verb.start]:
        return False
    return scene.plain[verb.end : verb.end + 1] in ("", ".", ",", "!", "\n")


def _follows_preposition(shape: Shape, scene: Scene) -> bool:
    """Whether a word like `in` stands right before a shape, and is none like `is`: the Polish `to` is both."""
    return follows_goal(shape, scene) and not any("is" in word.kinds for word in scene.before(shape.start, "for")[:1])
