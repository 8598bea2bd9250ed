"""Codes that belong to a thing, not to the reader: of a door, a parcel locker, a voucher, a wireless network.

What decides is the word that the word for code goes with: `door code`, `code for the door`, `Türcode`. Where that word
only stands near, nothing else in the text may speak for a code to sign in with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .contexts import ONLY_ONE_TIME, is_for_sign_in
from .lexicon import Word
from .never import AMOUNT, DATE, TIME
from .placing import adjacent, equated, pointed_at
from .reading import folded
from .scene import Scene
from .shapes import Shape
from .verdicts import Verdict

_SENDER = re.compile(r"\s{0,4}(?:[^:.!?\n]{1,24}:\s|【[^】]{1,40}】|\[[^\]]{1,40}\])")
"""The sender's name, which says nothing of what the code is for: `Zoomy Door: your code is 4829`."""
_PARTED = re.compile(r"[0-9,:;\uff0c、،؛]")
"""What a word for code and the thing that it belongs to have none of between them."""
_WORDS_OF_A_THING = 3
"""Words between a word for code and its thing: `code for the front door`."""
_SHORT_NUMBER = re.compile(r" #?(?:[0-9]{1,2}|[A-Z][0-9]{1,2})(?![\w./-])")
_WORDS = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")
_PIN = "pin"
"""What the code of a card, a telephone or a locker is called, and one to sign in with."""
_WORDS_TO_A_TICKET = 2
_SHORTEST_PLACE = 5
"""Letters of a word like `portal`; shorter ones are like `your`."""
_SEVERAL = 2
_WORDS_TO_AN_OWNER = 2
"""Words like `of the` between a word for code and whose it is."""
_FARTHEST = 80
"""Characters between a thing and the word for code that it belongs to, or the code."""
_SHORTEST_PART = 3
"""Letters of the first part of a compound: the `Tür` of Türcode."""


def of_a_thing(shape: Shape, scene: Scene) -> Verdict | None:
    """A code that a thing has, and that nobody signs in with: `The door code is 4829`, `Wi-Fi password: 4829`."""
    if not any(map(scene.has, ("thing", "whose", "pickup"))) and not _has_compound(scene):
        return None
    word = _naming(shape, scene)
    if not word:
        return None
    if _says_sign_in(word, scene):
        thing = _between(word, shape, scene)
        return Verdict(-120, f"a code of something ({thing.entry!r})") if thing else None
    left, right = scene.sentence(word.start)
    if any(left <= hint.start < right and not _is_beside(hint, word, scene) for hint in _around(word, "maybe", scene)):
        return None
    if (part := _part_of(word, scene)) is not None:
        return Verdict(-120, f"a code of something ({part!r})")
    for thing in _things(scene):
        if _belong_together(thing, word, shape, scene) and _counts(thing, scene):
            return Verdict(-120, f"a code of something ({thing.entry!r})")
    if owner := _owner(word, scene):
        return Verdict(-120, f"a code of someone or something ({owner.entry!r})")
    if ticket := _ticket(word, scene):
        return Verdict(-120, f"the text is a ticket ({ticket.entry!r})")
    named = is_for_sign_in(word, scene) and word.entry.casefold() != _PIN
    if named or _is_limited(scene) or any(map(scene.has, ("warn", "maybe", "enter"))):
        return None
    near = next(
        (
            one
            for one in _things(scene)
            if one.start < max(right, shape.start) and not _has_number(one, shape, scene) and _counts(one, scene)
        ),
        None,
    )
    return Verdict(-120, f"the text is about something with a code of its own ({near.entry!r})") if near else None


def _between(word: Word, shape: Shape, scene: Scene) -> Word | None:
    """The thing that is all between a word like `access code` and a code: `Access code car park: 4829`."""
    if word.entry.casefold() in ONLY_ONE_TIME or any(map(scene.has, ("warn", "enter"))) or scene.has_duration:
        return None
    thing = next((one for one in _things(scene) if word.end <= one.start and one.end <= shape.start), None)
    if not thing or scene.words_between(word.end, thing.start) or scene.words_between(thing.end, shape.start):
        return None
    return None if scene.is_parted(word.end, shape.start) else thing


def _naming(shape: Shape, scene: Scene) -> Word | None:
    """The word for code that the shape goes with, or one like `key` that hints at one."""
    if word := pointed_at(shape, scene) or adjacent(shape, scene) or equated(shape, scene):
        return word
    for word in (*scene.before(shape.start, "code")[:1], *scene.after(shape.end, "code")[:1]):
        start, end = (word.end, shape.start) if word.start < shape.start else (shape.end, word.start)
        if not scene.sentences_between(start, end):
            return word
    hint = next(iter(scene.before(shape.start, "maybe")), None)
    near = hint and not scene.is_parted(hint.end, shape.start) and scene.words_between(hint.end, shape.start) <= 1
    return hint if near and hint and any(_touch(hint, thing, scene) for thing in scene.first("thing")) else None


def _touch(word: Word, other: Word, scene: Scene) -> bool:
    """Whether nothing stands between two words: `Wi-Fi key`."""
    start, end = _gap(word.start, word.end, other.start, other.end)
    return start <= end and not scene.plain[start:end].strip(" -")


def _things(scene: Scene) -> Iterator[Word]:
    """The first things of a text, each with the short number that it has: `locker 12`."""
    for thing in (*scene.first("thing"), *scene.first("pickup")):
        number = _SHORT_NUMBER.match(scene.plain, thing.end)
        yield thing._replace(end=number.end()) if number else thing


def _counts(thing: Word, scene: Scene) -> bool:
    """Whether a thing is no part of a name or a link: `Smart Locker`."""
    return not (_is_sender(thing, scene) or _is_in_a_name(thing, scene) or scene.is_in_a_link(thing))


def _is_sender(thing: Word, scene: Scene) -> bool:
    """Whether a thing is a part of the sender's name, and not the whole of it, which is rather the subject."""
    name = _SENDER.match(scene.plain)
    if not name or thing.end > name.end():
        return False
    if scene.is_empty(name.start(), thing.start) and scene.is_empty(thing.end, name.end()):
        return False
    last = name[0].rstrip(" :\n\t]】").split()[-1]
    if last[:1].islower() and " " in name[0].strip():
        return False
    if any(scene.is_empty(name.start(), word.start) for word in scene.first("plain")[:1]):
        return False
    return not any(word.start < name.end() for kind in ("code", "for", "is", "common") for word in scene.first(kind))


def _is_in_a_name(thing: Word, scene: Scene) -> bool:
    """Whether a word in capitals that the lists do not have stands right before a thing in capitals."""
    if not scene.plain[thing.start].isupper():
        return False
    before = scene.plain[max(0, thing.start - 24) : thing.start]
    last = before.split(" ")[-2:-1]
    return before.endswith(" ") and bool(last) and last[0][:1].isupper() and not scene.lexicon.knows(last[0])


def _belong_together(thing: Word, word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a thing stands so near to a word for code, or to the code, that nothing else can be meant."""
    if thing.end < min(word.start, shape.start) - _FARTHEST or thing.start > max(word.end, shape.end) + _FARTHEST:
        return False
    if word.start <= thing.start < word.end or thing.start <= word.start < thing.end:
        return True
    places = [(word.start, word.end)]
    if scene.words_between(*_gap(word.start, word.end, shape.start, shape.end)) <= _WORDS_OF_A_THING:
        places.append((shape.start, shape.end))
    for start, end in places:
        gap = _gap(thing.start, thing.end, start, end)
        before_word = thing.end <= start and start == word.start
        if not before_word and thing.end <= start:
            continue  # what stands between the word for code and the code is looked at from the word
        most = _WORDS_OF_A_THING - 1 if before_word else _WORDS_OF_A_THING
        if scene.words_between(*gap) <= most and not scene.is_parted(*gap) and not _PARTED.search(scene.plain, *gap):
            return not _has_number(thing, shape, scene)
    return False


def _owner(word: Word, scene: Scene) -> Word | None:
    """Whose code it is, where nothing else of theirs is named: `pupil code`, not `code for the student portal`."""
    if scene.lexicon.has_kind(word.entry.rpartition(" ")[2], "owned"):
        return None  # `code for the account`
    behind = scene.after(word.end, "whose")
    before = scene.before(word.start, "whose")
    if before and _touch(before[0], word, scene):
        return before[0]
    owner = behind[0] if behind else None
    if not owner or scene.is_parted(word.end, owner.start) or _PARTED.search(scene.plain, word.end, owner.start):
        return None
    places = (place for place in scene.after(word.end, "plain") if "other" in place.kinds or place.start > owner.start)
    between = (place for kind in ("owned", "plain") for place in scene.after(word.end, kind))
    if any(place.end <= owner.start and len(place.entry) >= _SHORTEST_PLACE for place in between):
        return None
    owned = any(place.start < owner.end or _touch(owner, place, scene) for place in places)
    return None if owned or scene.words_between(word.end, owner.start) > _WORDS_TO_AN_OWNER else owner


def one_of_several(shape: Shape, scene: Scene) -> Verdict | None:
    """One of several numbers with a word for code each, where nothing asks for them: `Key code 4829, spa code 1188`."""
    if len(scene.first("code")) < _SEVERAL or scene.has_duration:
        return None
    if any(map(scene.has, ("warn", "enter", "maybe", "old"))):
        return None
    named = {word.start: one for one in scene.candidates if (word := adjacent(one, scene) or pointed_at(one, scene))}
    words = [word for word in scene.first("code") if word.start in named]
    if len({one.code for one in named.values()}) < _SEVERAL or shape not in named.values():
        return None
    if any(word.entry.casefold() in ONLY_ONE_TIME - {_PIN} or is_for_sign_in(word, scene) for word in words):
        return None
    return Verdict(-80, "one of several codes")


def _ticket(word: Word, scene: Scene) -> Word | None:
    """The thing with which a text begins that has a price and an end: `Bus ticket, $2.50, until 11:32`."""
    thing = next(_things(scene), None)
    name = _SENDER.match(scene.plain)
    begin = name.end() if name and thing and name.end() <= thing.start else 0
    if not thing or thing.end > word.start or scene.words_between(begin, thing.start) > _WORDS_TO_A_TICKET:
        return None
    reasons = {part.reason for part in scene.never if thing.end <= part.start < word.start}
    if AMOUNT not in reasons or not reasons & {DATE, TIME} or scene.has("warn") or scene.has("enter"):
        return None
    return thing if _counts(thing, scene) else None


def _is_limited(scene: Scene) -> bool:
    """Whether it says how long something lasts that is not the thing itself: `Day ticket 24 hours`."""
    return scene.has_duration and not all(
        any(thing.start < part.start <= thing.end + 1 for thing in _things(scene)) for part in scene.durations
    )


def _has_number(thing: Word, shape: Shape, scene: Scene) -> bool:
    """Whether the thing has a number of its own, so that the code is only for it: `the code for booking 2025-33`."""
    rest = scene.plain[thing.end : thing.end + 4].lstrip(" #")
    if any(part.start == thing.end + 1 for part in scene.durations):
        return False
    return rest[:1].isdigit() and not thing.end <= shape.start <= thing.end + 4


def _gap(start: int, end: int, other_start: int, other_end: int) -> tuple[int, int]:
    return (end, other_start) if start < other_start else (other_end, start)


def _around(word: Word, kind: str, scene: Scene) -> list[Word]:
    return [*scene.before(word.start, kind), *scene.after(word.end, kind)]


def _is_beside(hint: Word, word: Word, scene: Scene) -> bool:
    """Whether a hint is a part of what the word for code is called, or of a thing."""
    return bool({"thing", "done", "paid"} & hint.kinds) or hint.start == word.start


def _says_sign_in(word: Word, scene: Scene) -> bool:
    """Whether a word for code says itself that it is to sign in with: `verification code`, `OTP`, `验证码`."""
    entry = word.entry.casefold()
    lexicon = scene.lexicon
    if entry in ONLY_ONE_TIME - {_PIN} or lexicon.holds(entry, "maybe"):
        return True
    if any(lexicon.has_kind(part, "maybe") for part in entry.split()):
        return True
    said = scene.plain[word.start : word.end]
    return " " not in said and any(lexicon.has_kind(part, "maybe") for part in _beginnings(said))


def _has_compound(scene: Scene) -> bool:
    """Whether a word for code has letters that its entry does not have: Türcode."""
    return any(word.end - word.start >= len(word.entry) + _SHORTEST_PART for word in scene.first("code"))


def _part_of(word: Word, scene: Scene) -> str | None:
    """The thing that a part of a phrase or the first part of a compound names: the `Tür` of Türcode."""
    if not scene.has_spaces(word):
        return None
    said = scene.plain[word.start : word.end]
    if " " in said:
        parts: Iterable[str] = said.split()
    else:
        parts = () if folded(said).startswith(folded(word.entry)) else _beginnings(said)
    kinds = ("thing", "whose")
    return next((part for part in parts if any(scene.lexicon.has_kind(part, kind) for kind in kinds)), None)


def _beginnings(said: str) -> Iterator[str]:
    """What a word could be a compound of, the longest first."""
    return (said[:length] for length in range(len(said) - _SHORTEST_PART, _SHORTEST_PART - 1, -1))


def of_something_unknown(shape: Shape, scene: Scene) -> Verdict | None:
    """A code of something that the lists do not have, in a text where nothing else speaks of signing in.

    A word for code goes with what it is a code of: `Öffnungscode`, `code de la salle`. Names have capitals.
    """
    if scene.has("warn") or scene.has("maybe") or scene.has_duration:
        return None
    if any(part.reason == AMOUNT for part in scene.never):
        return None  # a payment to approve
    word = _naming(shape, scene)
    if not word or word.entry.casefold() in ONLY_ONE_TIME or not scene.has_spaces(word):
        return None
    left, right = scene.sentence(shape.start)
    if any(left <= verb.start < right for verb in scene.near(shape, "enter")):
        return None
    part = _unknown_part(word, scene) or _unknown_companion(word, shape, scene)
    return Verdict(-80, f"a code of something else ({part!r})") if part else None


def _unknown_part(word: Word, scene: Scene) -> str | None:
    """The first part of a compound that the lists do not have: the `Öffnungs` of Öffnungscode."""
    said = scene.plain[word.start : word.end]
    if " " in said or folded(said).startswith(folded(word.entry)):
        return None
    length = folded(said).rfind(folded(word.entry))
    return said[:length] if length >= _SHORTEST_PART else None


def _unknown_companion(word: Word, shape: Shape, scene: Scene) -> str | None:
    """A word in small letters that the lists do not have, between a word for code and the code."""
    between = scene.plain[word.end : shape.start]
    if " " in word.entry and is_for_sign_in(word, scene):
        return None
    if scene.is_parted(word.end, shape.start) or any(map(str.isdigit, between)):
        return None
    if any(word.end <= place.start < shape.start for place in scene.before(shape.start, "plain")):
        return None  # a code of an app, an account or a page
    return next((one for one in _WORDS.findall(between) if _is_unknown(one, scene)), None)


def _is_unknown(spoken: str, scene: Scene) -> bool:
    small = spoken.isalpha() and spoken.islower() and len(spoken) > _SHORTEST_PART
    return small and not scene.lexicon.knows(spoken)
