"""Phone numbers in the forms that sign-up pages ask for, and country names in any language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from .display import SafeRepr

EVERYDAY_NAMES = {
    "america": "US",
    "usa": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "britain": "GB",
    "england": "GB",
    "uae": "AE",
    "emirates": "AE",
    "korea": "KR",
    "republic of korea": "KR",
    "holland": "NL",
    "czech republic": "CZ",
    "russian federation": "RU",
    "viet nam": "VN",
    "ivory coast": "CI",
    "turkey": "TR",
    "turkiye": "TR",
    "burma": "MM",
    "myanmar": "MM",
    "macedonia": "MK",
    "swaziland": "SZ",
    "cape verde": "CV",
    "east timor": "TL",
    "hong kong": "HK",
    "macao": "MO",
    "macau": "MO",
    "palestine": "PS",
    "bosnia": "BA",
    "congo": "CG",
    "dr congo": "CD",
    "democratic republic of the congo": "CD",
    "brunei darussalam": "BN",
    "lao": "LA",
    "syrian arab republic": "SY",
    "islamic republic of iran": "IR",
    "republic of moldova": "MD",
    "libyan": "LY",
}
"""Names in common use that phonenumbers does not know, folded, with the regions they mean."""


@dataclass(frozen=True, slots=True, repr=False)
class Phone(SafeRepr):
    """One number in each form that a page may ask for."""

    e164: str
    """With plus: `+12015550123`."""
    national: str
    """Digits without country code and trunk prefix: `2015550123`."""
    region: str | None
    """ISO 3166 code, `US`; None if the number does not parse."""

    @property
    def digits(self) -> str:
        """E.164 without the plus: `12015550123`."""
        return self.e164[1:]


def read(written: str, region: str | None = None) -> Phone:
    """Read a number as a provider writes it: with or without plus, `00`, or country code.

    Never raises: the number has been paid for, whatever it looks like. One that does not parse becomes a plus and its
    digits, with region None. `region` is where the number was ordered; it only decides between two possible readings.
    """
    digits = "".join(str(unicodedata.digit(char)) for char in written if char.isdigit())
    readings = list(_readings(written, digits, region))
    for accepted in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        fitting = [reading for reading in readings if accepted(reading)]
        at_home = [reading for reading in fitting if _region_of(reading) == region]
        for reading in at_home or fitting:
            return Phone(
                _e164(reading),
                phonenumbers.national_significant_number(reading),
                _region_of(reading),
            )
    return Phone("+" + digits, digits, None)


def e164(written: str, region: str | None = None) -> str | None:
    """Return a number in E.164 form (`+12015550123`); None if no such number can exist.

    Stricter than `read`, which must accept any number that has been paid for.

    Args:
        written: with a plus and the country code, or a national number of `region`.
        region: ISO 3166 code; None accepts international numbers only.
    """
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    return None if number.extension or not phonenumbers.is_possible_number(number) else _e164(number)


def why_not(written: str, region: str | None = None) -> str | None:
    """Return why no such number can exist, or None if it can; the arguments are those of `e164`.

    `NOT_A_NUMBER`, or a name of phonenumbers' `ValidationResult`: `TOO_SHORT`, `TOO_LONG`, `INVALID_LENGTH`,
    `INVALID_COUNTRY_CODE`.
    """
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return "NOT_A_NUMBER"
    if number.extension:
        return "NOT_A_NUMBER"
    if phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.ValidationResult.to_string(phonenumbers.is_possible_number_with_reason(number))


def line_type(number: str) -> str:
    """Return what line a number (E.164) has in its numbering plan, as a name of phonenumbers' `PhoneNumberType`.

    `FIXED_LINE_OR_MOBILE` where the plan does not tell them apart; `UNKNOWN` if the number is in no plan, as fictional
    numbers are.
    """
    return phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(phonenumbers.parse(number)))


def printed(number: str) -> str:
    """Return a number (E.164) as it is printed in its country: `(201) 555-0123`."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _readings(written: str, digits: str, region: str | None) -> Iterator[phonenumbers.PhoneNumber]:
    international = written.strip().startswith("+") or digits.startswith("00")
    candidates: list[tuple[str, str | None]] = [("+" + digits.removeprefix("00"), None)]
    if region and not international:
        candidates.append((digits, region))
    for text, home in candidates:
        try:
            yield phonenumbers.parse(text, home)
        except phonenumbers.NumberParseException:
            continue


def _region_of(number: phonenumbers.PhoneNumber) -> str | None:
    region = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )
    return None if region in (None, "ZZ", "001") else region


def region_of(text: str) -> str | None:
    """Return the ISO 3166 code of a country, given as a code (`de`) or by name in any language (`Allemagne`).

    None if it is not a country, or is the name of more than one.
    """
    code = text.strip().upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    return _regions_by_name().get(folded(text))


def folded(text: str) -> str:
    """Return a name without case, accents, punctuation and double spaces, for comparison."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    kept = "".join(" " if not (char.isalnum() or unicodedata.combining(char)) else char for char in plain)
    return re.sub(r"\s+", " ", "".join(char for char in kept if not unicodedata.combining(char))).strip()


@lru_cache(maxsize=1)
def _regions_by_name() -> dict[str, str]:
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415 - 2 MB that only a look-up by name needs

    claims: dict[str, set[str]] = {}
    for region, names in LOCALE_DATA.items():
        for name in names.values():
            if not name.startswith("*"):  # "*aa" says: the same as in language aa
                claims.setdefault(folded(name), set()).add(region)
    known = {name: next(iter(regions)) for name, regions in claims.items() if len(regions) == 1}
    return known | EVERYDAY_NAMES


def dial_code(phone: Phone) -> str:
    """Return the country code of a number, without plus: `62`; empty if the number does not parse."""
    return phone.digits[: len(phone.digits) - len(phone.national)] if phone.region else ""


def national_format(phone: Phone) -> str:
    """Return the digits that are dialled within the number's country, with its trunk prefix: `081234567890`."""
    if phone.region is None:
        return phone.national
    return "".join(char for char in printed(phone.e164) if char.isdigit())
