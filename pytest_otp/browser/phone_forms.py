"""The forms in which a page may want a phone number, the country that it shows, and whether a field has the number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..phone import EVERYDAY_NAMES, Phone, dial_code, e164, folded, national_format
from .fields import Field

_DIAL = re.compile(r"\+\s?(\d{1,4}(?:[- ]\d{3})?)(?![\d])")
_US_STYLE = re.compile(r"\(\d{3}\)\s?\d{3}[- ]\d{4}$")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")


@dataclass(frozen=True)
class Wanted:
    """A number to type, in all its forms."""

    phone: Phone

    @property
    def dial(self) -> str:
        """The country code without plus: `62`."""
        return dial_code(self.phone)

    @property
    def trunk(self) -> str:
        """The number as it is dialled within its country, digits only: `081234567890`."""
        return national_format(self.phone)


@dataclass(frozen=True)
class Shown:
    """The country that a page shows beside a phone field."""

    dial: str = ""
    """A country code that stands outside the field; empty if none does."""
    region: str = ""
    """ISO code of the chosen country; empty if it is not known."""

    def fits(self, wanted: Wanted) -> bool:
        """Whether it is the number's country, as far as it tells."""
        if self.region and wanted.phone.region:
            return self.region == wanted.phone.region
        return bool(self.dial) and self.dial == wanted.dial


def shown_country(around: dict[str, Any], wanted: Wanted) -> Shown:
    """What a page shows of the chosen country."""
    dial = around["prefix"]
    region = ""
    for select in around["selects"]:
        rank = _ranked(select, around["names"], wanted)
        if rank and 0 <= select["index"] < len(select["options"]):
            option = select["options"][select["index"]]
            found = _DIAL.search(f"{option[1]} {option[0]}")
            dial = re.sub(r"\D", "", found[1]) if found else dial or (option[0] if option[0].isdigit() else "")
            if rank[0][1] == select["index"]:
                region = wanted.phone.region or ""
            elif re.fullmatch("[A-Za-z]{2}", option[0]):
                region = option[0].upper()
            else:
                region = region or "?"
    for button in around["buttons"]:
        found = _DIAL.search(button["text"])
        if found:
            dial = re.sub(r"\D", "", found[1])
        mark = _region_in(button)
        region = region or mark
    for code in around["codes"]:
        digits = re.sub(r"\D", "", code["value"])
        dial = digits or dial
    return Shown(dial, region)


def _region_in(button: dict[str, Any]) -> str:
    flag = _FLAG.search(button["text"])
    if flag:
        return "".join(chr(ord(char) - 0x1F1E6 + ord("A")) for char in flag[0])
    found = re.search(
        r"(?:iti__|flag[-_: /]*(?:icon[-_])?|fi-|/)([a-z]{2})(?:\.svg|\.png|\b)", button["marks"], re.IGNORECASE
    )
    return found[1].upper() if found and found[1].lower() not in ("fi", "is", "on", "no") else ""


def _ranked(select: dict[str, Any], names: list[str], wanted: Wanted) -> list[tuple[int, int]]:
    """Scores and indexes of the options that stand for the number's country; empty if it is no list of countries."""
    region = (wanted.phone.region or "").lower()
    known = {folded(name) for name in names} | {each for each, of in EVERYDAY_NAMES.items() if of.lower() == region}
    ranked = []
    for index, (value, text, marks, disabled) in enumerate(select["options"]):
        dials = _dials(value, text)
        words = re.split(r"[^a-z]+", f"{value} {marks}".lower())
        score = 6 * (region in words) + 4 * (wanted.dial in dials)
        name = folded(re.sub(r"\(.*?\)|\+[\d\s-]+", "", text))
        score += 5 * (bool(name) and name in known)
        if dials and wanted.dial not in dials:
            score = 0
        if score >= 4 and not disabled:
            ranked.append((score, index))
    return sorted(ranked, key=lambda pair: (-pair[0], pair[1])) if is_list_of_countries(select) else []


def is_list_of_countries(select: dict[str, Any]) -> bool:
    """Whether the options of a select are countries that a phone number may belong to."""
    options = select["options"]
    countries = sum(
        bool(_dials(value, text)) or bool(re.fullmatch("[A-Za-z]{2,3}", value)) for value, text, *_ in options
    )
    is_near = select["close"] or any(_DIAL.search(text) for _, text, *_ in options)
    return countries >= min(2, len(options)) and bool(is_near)


def _dials(value: str, text: str) -> list[str]:
    """The country codes of an option."""
    found = _DIAL.findall(text) or ([value] if re.fullmatch(r"\+?\d{1,4}", value) else [])
    return [re.sub(r"\D", "", each) for each in found]


def option_for(around: dict[str, Any], wanted: Wanted) -> tuple[int, int, bool] | None:
    """The list of countries, the index of the number's one, and whether it is chosen now; None if there is no list."""
    for select in around["selects"]:
        ranked = _ranked(select, around["names"], wanted)
        if ranked:
            return select["id"], ranked[0][1], select["index"] == ranked[0][1]
    return None


def forms(wanted: Wanted, shown: Shown, field: Field, rest: str) -> list[str]:
    """What to type into a field, the likeliest form first. `rest` is what the field keeps when it is cleared."""
    phone = wanted.phone
    if re.sub(r"\D", "", rest) == wanted.dial or (shown.dial and shown.dial == wanted.dial):
        order = [phone.national, wanted.trunk, phone.e164]
    elif _is_national_mask(field.placeholder, wanted):
        order = [phone.national, wanted.trunk, phone.e164, phone.digits]
    elif not shown.dial and re.match(r"\s*0", field.placeholder):
        order = [wanted.trunk, phone.e164, phone.national, phone.digits]
    else:
        order = [phone.e164, phone.national, wanted.trunk, phone.digits]
    texts = list(dict.fromkeys(order))
    if field.pattern:
        texts.sort(key=lambda text: not _fits(field.pattern, text))
    return [text for text in texts if field.maxlength <= 0 or len(text) <= field.maxlength]


def _is_national_mask(text: str, wanted: Wanted) -> bool:
    """Whether a placeholder is a mask with room for the national digits alone: `(999) 999-9999`, `___-___-____`."""
    signs = re.findall(r"[\d_#xX]", text)
    if "+" in text or len(signs) != len(wanted.phone.national):
        return False
    return len(set(signs)) == 1 or (wanted.dial == "1" and bool(_US_STYLE.search(text)))


def _fits(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True


def has_number(value: str, wanted: Wanted, shown: Shown, *, typed: str) -> bool:
    """Whether a field, together with the country shown beside it, has the number."""
    phone = wanted.phone
    digits = re.sub(r"\D", "", value)
    if value.lstrip().startswith("+"):
        return digits == phone.digits and (not shown.dial or shown.dial == wanted.dial)
    if shown.dial or (shown.region and shown.region != "?"):
        if not shown.fits(wanted) or not digits:
            return False
        if phone.region is None:
            return digits == phone.national
        return digits in (phone.national, wanted.trunk) and e164(digits, phone.region) == phone.e164
    if digits == phone.digits:
        return True
    if _US_STYLE.search(value) and wanted.dial != "1":
        return False
    # The field has no room for a country code.
    return typed in (phone.national, wanted.trunk) and digits == typed
