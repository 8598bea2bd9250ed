"""How likely a field is the one for a phone number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from .fields import Candidate
from .report import Ranking
from .words import LESS_OWN, NO_SMS, OTHER_PEOPLE

_NAMES = re.compile(
    r"phone|mobile|msisdn|(?<![a-z])(?:tel|cell|handy|gsm|whatsapp|phn|mob)(?![a-z])|telefon|celular", re.IGNORECASE
)
_WORDS = re.compile(
    r"phone|mobile|\bcell|\btel\b|telefon|t[eé]l[eé]phone|portable|tel[eé]fono|m[oó]vil|celular|telem[oó]vel|telefone|"
    r"telefono|cellulare|handy|mobil|nomor (?:hp|ponsel|telepon|wa)|ponsel|hp\b|whatsapp|телефон|мобильн|мобільн|"
    r"τηλ[εέ]φων|κινητ|هاتف|جوال|موبايل|تلفن|موبایل|טלפון|נייד|फ़ोन|फोन|मोबाइल|ফোন|মোবাইল|โทรศัพท์|มือถือ|"
    r"điện thoại|手机|手機|电话|電話|携帯|휴대|전화|puhelin|matkapuhelin|s[ií]mi|numer tel|komórk|telefón|GSM|"
    r"simu|nambari ya simu|tālrun|telefonas|mobilusis",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"search|promo|coupon|card|cvv|zip|postal|\bcode\b(?! ?number)|otp|captcha|password|passwort|"
    r"first.?name|last.?name|"
    r"address|amount|quantity|birth|honeypot|iban",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"e-?mail", re.IGNORECASE)


class PhonePurpose:
    """Ranks fields for a phone number."""

    sure: ClassVar[int] = 45
    likely: ClassVar[int] = 25
    what: ClassVar[str] = "a phone number"
    call: ClassVar[str] = "fill_phone"

    def ranked(self, found: Sequence[Candidate]) -> Ranking:
        """The candidates with their scores, the likeliest first."""
        scored = [(_score(each), each) for each in found]
        return sorted(scored, key=lambda pair: -pair[0])

    def unfit(self, candidate: Candidate) -> str:
        """Too short, if it is."""
        return "too short" if 0 < candidate.room < 7 else ""


def _score(candidate: Candidate) -> int:
    first = candidate.first
    own = f"{first.name} {first.dom} {first.test} {first.classes}"
    said = " ".join(filter(None, (first.label, first.placeholder, first.title))) or first.before
    score = 0
    tokens = first.autocomplete.split()
    if any(token in ("tel", "tel-national", "tel-local") for token in tokens):
        score += 60
    elif first.autocomplete not in ("", "on", "off", "nope", "new-password"):
        score -= 50 if "username" not in tokens else 0
    score += 35 if first.type == "tel" else 20 if first.mode == "tel" else 0
    score += 30 if _NAMES.search(own) else 0
    is_phone = bool(_WORDS.search(said))
    score += 40 if is_phone else 0
    if re.match(r"[+(0]?[\d ()+-]{7,}$", first.placeholder):
        score += 15
    score += 30 if first.shape == "country code" else 0
    score += 12 if _WORDS.search(first.context) else 0
    texts = f"{own} {said}"
    if _FOREIGN.search(texts) and not (is_phone and first.type == "tel"):
        score -= 70
    if _EMAIL.search(texts) and not is_phone:
        score -= 60
    score -= _of_others(candidate, own, said)
    if first.type in ("email", "url", "search", "password") or first.tag == "textarea":
        score -= 60
    score += 6 if first.active else 0
    if first.modal is not None:
        score += 10 if first.modal else -40
    score -= 15 if first.muted else 0
    score -= 10 if first.tabindex < 0 else 0
    return score - (80 if 0 < candidate.room < 7 else 0)


def _of_others(candidate: Candidate, own: str, said: str) -> int:
    """How much speaks for a number that is another person's, or that takes no SMS. A heading may say so of a group."""
    first = candidate.first
    names = re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", own)
    near = f"{names} {said} {first.group}"
    if OTHER_PEOPLE.search(near) or NO_SMS.search(near) or "fax" in first.autocomplete:
        return 130
    is_own = _WORDS.search(said) and re.search(r"\b(?:your|my)\b", said, re.IGNORECASE)
    if OTHER_PEOPLE.search(first.heading) and not is_own:
        return 70
    return 40 if LESS_OWN.search(near) or re.search(r"\b(?:work|home)\b", first.autocomplete) else 0
