"""How likely a field is the one for a code, by what it says of itself and what stands around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ..codes.lexicon import lexicon
from ..codes.reading import Reading
from .fields import Candidate, Field
from .report import Ranking

SURE = 45
"""From this score on a field is taken at once."""
LIKELY = 20
"""From this score on a field is taken if no better one appears."""

_LONGEST_LABEL = 24
"""Characters. A longer text beside a field is a sentence, which mentions other things too."""

_NAMES = re.compile(
    r"otp|one[-_ ]?time|verif|passcode|2fa|mfa|two[-_ ]?factor|totp|sms[-_ ]?(?:code|token)|auth[-_ ]?code|"
    r"(?:confirm|activation|login|security|access)[a-z]*[-_ ]?code|"
    r"code[-_ ]?(?:sms|input|field|confirm)|pin[-_ ]?(?:input|code)|"
    r"tac\b|mtan\b|codigo|kode\b|einmal",
    re.IGNORECASE,
)
_WEAK_NAMES = re.compile(r"(?<![a-z])(?:code|pin|token|digit|tan|kod|cod)\d*(?![a-z])", re.IGNORECASE)
_FOREIGN = re.compile(
    r"promo|coupon|voucher|gift|discount|referr|invit|rabatt|gutschein|cupom|cup[oó]n|rabais|"
    r"\bcv[vc]2?\b|\bcsc\b|card|karte|tarjeta|cart[ea]\b|expir|iban|account.?(?:no|num)|"
    r"search|query|(?<![a-z])q(?![a-z])|suche|buscar|recherche|"
    r"zip|postal|post.?code|postleitzahl|\bplz\b|country.?code|dial.?code|area.?code|"
    r"birth|\bdob\b|\bday\b|\bmonth\b|\byear\b|quantity|\bqty\b|amount|captcha|"
    r"backup|recovery|first.?name|last.?name|user.?name|address|company|"
    r"old.?pin|new.?pin|barcode|qr.?code|product|sku|tracking|order.?(?:no|num|id)|honeypot|source.?code|"
    # Invitations, offers and postal codes in other scripts.
    r"招待|紹介|クーポン|割引|郵便|邀请|邀請|优惠|優惠|推荐|推薦|兑换|邮政|郵遞|초대|추천|쿠폰|할인|우편|промо|приглас|приглаш|купон|скидк|индекс|"
    r"خصم|دعوة|كوبون|البريدي|קופון|הזמנה|מיקוד|कूपन|निमंत्रण|पिन ?कोड|คูปอง|ส่วนลด|เชิญ|ไปรษณีย์|"
    r"κουπ|προσφορ|πρ[οό]σκλησ",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"e-?mail|correo|courriel", re.IGNORECASE)
_PASSWORD = re.compile(r"password|passwort|contrase|mot de passe|senha|пароль|密码|パスワード", re.IGNORECASE)
_PHONE = re.compile(r"(?<![a-z])(?:phone|mobile|tel|telephone|cell|handy|telefon)(?![a-z])", re.IGNORECASE)
_SMS = re.compile(r"\bsms\b|text message|we (?:sent|texted)|sent (?:you|to)|短信", re.IGNORECASE)
_OTHER_AUTOCOMPLETES = re.compile(
    r"cc-|postal|zip|email|tel|username|password|name|street|address|country|bday|url|search"
)


def score_for_code(candidate: Candidate, length: int) -> int:
    """How likely it is the field for a code of that many characters. Negative: it is for something else."""
    first = candidate.first
    own = f"{first.name} {first.dom} {first.test} {first.classes}"
    said = " ".join(filter(None, (first.label, first.placeholder, first.title)))
    beside = "" if first.label else first.before
    if len(beside) > _LONGEST_LABEL:  # a sentence tells much, and not only what the field is for
        beside = beside if "code" in _kinds(beside) and not _FOREIGN.search(beside) else ""
    score = _by_autocomplete(first) + _by_words(own, said, beside) + _by_form(candidate, length)
    score += _by_surroundings(candidate) + 25 * candidate.scoped
    return score


def _by_autocomplete(field: Field) -> int:
    if "one-time-code" in field.autocomplete:
        return 70
    return -60 if _OTHER_AUTOCOMPLETES.search(field.autocomplete) else 0


def _by_words(own: str, said: str, beside: str) -> int:
    score = 0
    if _NAMES.search(own):
        score += 40
    elif _WEAK_NAMES.search(own):
        score += 18
    kinds = _kinds(said)
    if "code" in kinds:
        score += 40
    elif "maybe" in kinds:
        score += 10
    elif "other" in kinds:
        score -= 40
    if not score and "code" in _kinds(beside):
        score += 30
    texts = f"{own} {said} {beside if not said and len(beside) <= _LONGEST_LABEL else ''}"
    if _FOREIGN.search(texts) or "offer" in kinds:
        score -= 90
    elif _EMAIL.search(texts) or _PHONE.search(texts):
        score -= 25 if score >= 40 else 70
    if _PASSWORD.search(texts) and not _NAMES.search(texts):
        score -= 90
    return score


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


def _by_surroundings(candidate: Candidate) -> int:
    first = candidate.first
    score = 0
    kinds = _kinds(first.context)
    if "code" in kinds:
        score += 8
    if _SMS.search(first.context):
        score += 6
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
        scored = [(score + 15 if each is open_ones[0] and score > -20 else score, each) for score, each in scored]
    return sorted(scored, key=lambda pair: -pair[0])


@lru_cache(maxsize=512)
def _kinds(text: str) -> frozenset[str]:
    """What the words of a text can be, in any language."""
    return frozenset(kind for word in lexicon().words(Reading(text)) for kind in word.kinds) if text else frozenset()
