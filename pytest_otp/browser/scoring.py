"""How likely a field is the one for a code, by what it says of itself and what stands around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ..codes.lexicon import lexicon
from ..codes.reading import Reading
from .fields import Candidate, Field
from .report import Ranking
from .words import APPLIES, FOREIGN, FOREIGN_CLASSES, FOREIGN_HEADINGS, GOES_ON, PAYS, SENT

SURE = 45
"""From this score on a field is taken at once."""
LIKELY = 20
"""From this score on a field is taken if no better one appears."""

_LONGEST_LABEL = 24
"""Characters. A longer text beside a field is a sentence, which mentions other things too."""
_OF_ONE_KIND = 40
"""Characters. In a longer label, a word that is not known says nothing of what the code is for."""

_NAMES = re.compile(
    r"otp|one[-_ ]?time|verif|passcode|2fa|mfa|two[-_ ]?factor|totp|sms[-_ ]?(?:code|token)|auth[-_ ]?code|"
    r"(?:confirm|activation|login|security)[a-z]*[-_ ]?code|"
    r"code[-_ ]?(?:sms|input|field|confirm)|pin[-_ ]?(?:input|code)|tac\b|mtan\b|einmal",
    re.IGNORECASE,
)
_WEAK_NAMES = re.compile(r"(?<![a-z])(?:code|pin|token|digit|tan|kode?|codigo|cod)\d*(?![a-z])", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?:(?:an?|the|your|une?|el|le|la|il|ein|einen|den|de|en|et) )?"
    r"(?:codes?|kod\w{0,3}|c[oó]digos?|codice|codi|koodi?\w{0,2}|код\w{0,2}|コード|코드|代码|رمز|كود|کد|קוד|कोड|รหัส|"
    r"κωδικ\w+|pins?|token|mã|cod|passwords?|pin ?code)"
)
"""Words for a code of any kind."""
_FOR_ALL = re.compile(r"pass ?codes?|(?:access|activation) .*")
"""Words that are as usual for what is no code of an SMS."""
_ON_CARDS = re.compile(r"secur|sicherheit|s[eé]cu|segur|sicurezza|veiligheid|güvenlik|keamanan|bezpiecz", re.IGNORECASE)
"""What a card's code is called too."""
_SAYS_LITTLE = re.compile(
    r"\W|\d|_|\b(?:the|your|my|this|here|in|by|from|via|digits?|phone|mobile|sms|text(?:ed)?|mail|x|\w*(?:[vw]er[iy]f|confirm|valid|auth)\w*)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?\uff1f\u061f]")
_EMAIL = re.compile(r"e-?mail|correo|courriel", re.IGNORECASE)
_PASSWORD = re.compile(r"password|passwort|contrase|mot de passe|senha|пароль|密码|パスワード", re.IGNORECASE)
_PHONE = re.compile(r"(?<![a-z])(?:phone|mobile|tel|telephone|cell|handy|telefon)(?![a-z])", re.IGNORECASE)
_OTHER_AUTOCOMPLETES = re.compile(
    r"cc-|postal|zip|email|tel|username|password|name|street|address|country|bday|url|search"
)


def score_for_code(candidate: Candidate, length: int) -> int:
    """How likely it is the field for a code of that many characters. Negative: it is for something else."""
    first = candidate.first
    said = " ".join(filter(None, (first.label, first.placeholder, first.title)))
    beside = "" if first.label else first.before
    if len(beside) > _LONGEST_LABEL:  # a sentence tells much, and not only what the field is for
        beside = beside if "code" in _kinds(beside) and not FOREIGN.search(beside) else ""
    score = _by_autocomplete(first) + _by_words(first, said, beside) + _by_form(candidate, length)
    score += _by_buttons(candidate, f"{said} {beside}") + _by_surroundings(candidate, f"{said} {beside}")
    return score + 25 * candidate.scoped


def _by_autocomplete(field: Field) -> int:
    if "one-time-code" in field.autocomplete:
        return 70
    return -60 if _OTHER_AUTOCOMPLETES.search(field.autocomplete) else 0


def _by_words(field: Field, said: str, beside: str) -> int:
    own = f"{field.name} {field.dom} {field.test}"
    score = 40 if _NAMES.search(f"{own} {field.classes}") else 18 if _WEAK_NAMES.search(f"{own} {field.classes}") else 0
    kinds = _kinds(said)
    if "code" in kinds:
        score += 40 if _is_of_sent_code(said) else -10
    elif "maybe" in kinds:
        score += 10
    elif "other" in kinds:
        score -= 40
    if not score and "code" in _kinds(beside):
        score += 30 if _is_of_sent_code(beside) else -10
    texts = f"{_as_words(own)} {said} {beside if not said and len(beside) <= _LONGEST_LABEL else ''}"
    if FOREIGN.search(texts) or FOREIGN_CLASSES.search(field.classes) or kinds & {"offer", "thing", "pickup"}:
        score -= 90
    elif (_EMAIL.search(texts) or _PHONE.search(texts)) and not SENT.search(texts):
        score -= 25 if score >= 40 else 70
    if _PASSWORD.search(texts) and not _NAMES.search(texts):
        score -= 90
    return score


def _is_of_sent_code(text: str) -> bool:
    """Whether a text with a word for a code is about one that was sent. A word that is not known may say otherwise."""
    words = [word for word in lexicon().words(Reading(text)) if "code" in word.kinds]
    if SENT.search(text) or any(not _PLAIN.fullmatch(word.entry) for word in words):
        return True
    if _ASKS.search(text):  # "Have a code?"
        return False
    return len(text) > _OF_ONE_KIND or not _SAYS_LITTLE.sub("", _unknown(text))


def _unknown(text: str) -> str:
    """What no list of words knows in a text."""
    plain = list(text)
    for word in lexicon().words(Reading(text)):
        start = max(word.start, word.end - len(word.entry) - 2)  # `Teamcode` ends with a known word
        plain[start : word.end] = " " * (word.end - start)
    return "".join(plain)


def _as_words(name: str) -> str:
    """A name of a script as words: `teamCode` and `team_code` as `team Code` and `team code`."""
    return re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", name)


def _by_buttons(candidate: Candidate, said: str) -> int:
    """By what the buttons say that follow it: an offer's is applied, a code is confirmed."""
    buttons = candidate.fields[-1].buttons
    if GOES_ON.search(buttons) or "maybe" in _kinds(buttons):
        return 10
    is_told = _names_kind(said) or bool(SENT.search(candidate.first.before))
    if PAYS.search(buttons):
        return -70 if _ON_CARDS.search(said) and not SENT.search(candidate.first.context) else 0
    if APPLIES.search(buttons):
        return -10 if is_told else -30 if SENT.search(candidate.first.context) else -70
    return 0


def _names_kind(text: str) -> bool:
    """Whether it tells more than a word for codes of any kind does: `verification code`."""
    words = [word for word in lexicon().words(Reading(text)) if "code" in word.kinds]
    return bool(SENT.search(text)) or any(
        not (_PLAIN.fullmatch(word.entry) or _FOR_ALL.fullmatch(word.entry)) for word in words
    )


def _by_form(candidate: Candidate, length: int) -> int:
    first = candidate.first
    score = 0
    if candidate.is_row:
        score += 45 if candidate.room == length else 20
    elif first.slots:
        score += 35 if first.slots == length else 10
    if candidate.room == length:
        score += 15
    elif candidate.room and candidate.room < length:
        score -= 20
    if first.is_numeric:
        score += 8
    if first.type in ("email", "url", "search") or first.tag == "textarea":
        score -= 60
    if first.type == "password" and not candidate.is_row:
        score -= 30
    return score


def _by_surroundings(candidate: Candidate, said: str) -> int:
    first = candidate.first
    score = 0
    if "code" in _kinds(first.context) and _names_kind(first.context):
        score += 8
    if SENT.search(first.context):
        score += 8
    if FOREIGN_HEADINGS.search(f"{first.group} {first.heading}") and not (
        _names_kind(said) or SENT.search(first.before)
    ):
        score -= 60
    if first.active:
        score += 8
    if first.modal is not None:
        score += 10 if first.modal else -40
    if first.faint and not first.slots:
        score -= 30
    if first.muted:
        score -= 15
    if first.tabindex < 0 and not candidate.is_row:
        score -= 10
    return score


def ranked(found: Sequence[Candidate], length: int) -> Ranking:
    """The candidates with their scores, the likeliest first; among equals in the page's order."""
    scored = [(score_for_code(each, length), each) for each in found]
    open_ones = [each for each in found if not each.problem]
    if len(open_ones) == 1:  # a person would try the only field there is
        scored = [(score + 15 if each is open_ones[0] and score >= 0 else score, each) for score, each in scored]
    return sorted(scored, key=lambda pair: -pair[0])


@lru_cache(maxsize=512)
def _kinds(text: str) -> frozenset[str]:
    """What the words of a text can be, in any language."""
    return frozenset(kind for word in lexicon().words(Reading(text)) for kind in word.kinds) if text else frozenset()
