"""Codes that belong to a thing, not to the reader: of a door, a parcel locker, a voucher, a wireless network.

What decides is the word that the word for code goes with: `door code`, `code for the door`, `Türcode`. Where that word
only stands near, nothing else in the text may speak for a code to sign in with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .announcing import Verdict
from .contexts import ONLY_ONE_TIME, is_for_sign_in
from .lexicon import Word
from .placing import adjacent, equated, pointed_at
from .reading import folded
from .scene import Scene
from .shapes import Shape

_SENDER = re.compile(r"\s{0,4}(?:[^:.!?\n]{1,24}:\s|【[^】]{1,40}】|\[[^\]]{1,40}\])")
"""The sender's name, which says nothing of what the code is for: `Zoomy Door: your code is 4829`."""
_PARTED = re.compile(r"[0-9,:;\uff0c、،؛]")
"""What a word for code and the thing that it belongs to have none of between them."""
_WORDS_OF_A_THING = 3
"""Words between a word for code and its thing: `code for the front door`."""
_PIN = "pin"
"""What the code of a card, a telephone or a locker is called, and one to sign in with."""
_SHORTEST_PART = 3
"""Letters of the first part of a compound: the `Tür` of Türcode."""


def of_a_thing(shape: Shape, scene: Scene) -> Verdict | None:
    """A code that a thing has, and that nobody signs in with: `The door code is 4829`, `Wi-Fi password: 4829`."""
    word = _naming(shape, scene)
    if not word or _says_sign_in(word, scene):
        return None
    left, right = scene.sentence(word.start)
    if any(left <= hint.start < right and not _is_beside(hint, word, scene) for hint in _around(word, "maybe", scene)):
        return None
    if (part := _part_of(word, scene)) is not None:
        return Verdict(-120, f"a code of something ({part!r})")
    for thing in _things(scene):
        if _belong_together(thing, word, shape, scene):
            return Verdict(-120, f"a code of something ({thing.entry!r})")
    named = is_for_sign_in(word, scene) and word.entry.casefold() != _PIN
    if named or scene.has_duration or any(map(scene.has, ("warn", "maybe", "enter"))):
        return None
    near = next((thing for thing in _things(scene) if thing.start < max(right, shape.start)), None)
    return Verdict(-120, f"the text is about something with a code of its own ({near.entry!r})") if near else None


def _naming(shape: Shape, scene: Scene) -> Word | None:
    """The word for code that the shape goes with."""
    if word := pointed_at(shape, scene) or adjacent(shape, scene) or equated(shape, scene):
        return word
    for word in (*scene.before(shape.start, "code")[:1], *scene.after(shape.end, "code")[:1]):
        start, end = (word.end, shape.start) if word.start < shape.start else (shape.end, word.start)
        if not scene.sentences_between(start, end):
            return word
    return None


def _things(scene: Scene) -> Iterator[Word]:
    """The first things of a text, without those that are a part of a name: `Smart Locker`."""
    for kind in ("thing", "pickup"):
        for thing in scene.first(kind):
            if not _is_sender(thing, scene) and not _is_in_a_name(thing, scene):
                yield thing


def _is_sender(thing: Word, scene: Scene) -> bool:
    name = _SENDER.match(scene.plain)
    if not name or thing.end > name.end():
        return False
    last = name[0].rstrip(" :\n\t]】").split()[-1]
    if last[:1].islower() and " " in name[0].strip():
        return False
    return not any(word.start < name.end() for kind in ("code", "for") for word in scene.first(kind))


def _is_in_a_name(thing: Word, scene: Scene) -> bool:
    """Whether a word in capitals that the lists do not have stands right before a thing in capitals."""
    if not scene.plain[thing.start].isupper():
        return False
    before = scene.plain[max(0, thing.start - 24) : thing.start]
    last = before.split(" ")[-2:-1]
    return before.endswith(" ") and bool(last) and last[0][:1].isupper() and not scene.lexicon.knows(last[0])


def _belong_together(thing: Word, word: Word, shape: Shape, scene: Scene) -> bool:
    """Whether a thing stands so near to a word for code, or to the code, that nothing else can be meant."""
    if "code" in thing.kinds and thing.start <= word.start < thing.end:
        return True
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


def _has_number(thing: Word, shape: Shape, scene: Scene) -> bool:
    """Whether the thing has a number of its own, so that the code is only for it: `the code for booking 2025-33`."""
    rest = scene.plain[thing.end : thing.end + 4].lstrip(" #")
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


def _part_of(word: Word, scene: Scene) -> str | None:
    """The thing that a part of a phrase or the first part of a compound names: the `Tür` of Türcode."""
    if not scene.has_spaces(word):
        return None
    said = scene.plain[word.start : word.end]
    if " " in said:
        parts: Iterable[str] = said.split()
    else:
        parts = () if folded(said).startswith(folded(word.entry)) else _beginnings(said)
    return next((part for part in parts if scene.lexicon.has_kind(part, "thing")), None)


def _beginnings(said: str) -> Iterator[str]:
    """What a word could be a compound of, the longest first."""
    return (said[:length] for length in range(len(said) - _SHORTEST_PART, _SHORTEST_PART - 1, -1))
