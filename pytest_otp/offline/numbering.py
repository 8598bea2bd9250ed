"""The phone numbers: fictional ones if a country has them, otherwise generated ones that are valid.

Here a number is an int: E.164 without the plus, which never begins with 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum

from ..errors import InvalidRequest

__tracebackhide__ = True

_NAMES_MISSING = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}

_AREA_CODES_OF_CANADA = (
    *(204, 226, 236, 249, 250, 257, 263, 289, 306, 343, 354, 365, 367, 368, 382, 403, 416, 418, 428, 431),
    *(437, 438, 450, 468, 474, 506, 514, 519, 548, 579, 581, 584, 587, 604, 613, 639, 647, 672, 683, 705),
    *(709, 742, 753, 778, 780, 782, 807, 819, 825, 867, 873, 879, 902, 905, 942),
)


def _north_american(area_code: int) -> range:
    """555-0100 to 555-0199 of an area code."""
    first = int(f"1{area_code}5550100")
    return range(first, first + 100)


_FICTIONAL: dict[str, tuple[Sequence[int], ...]] = {
    # What regulators keep free for films and books, as far as it is of a kind that receives SMS (many keep fixed lines
    # too). What phonenumbers does not accept is not handed out: all of GB, FR and IE today, and most area codes of US.
    # NANPA and CNA, North America: 555-0100 to 555-0199 in every area code.
    "US": tuple(map(_north_american, range(201, 990))),
    "CA": tuple(map(_north_american, _AREA_CODES_OF_CANADA)),
    # Ofcom: 07700 900000 to 900999.
    "GB": (range(447700900000, 447700901000),),
    # ARCEP: 06 39 98 00 00 to 99 99.
    "FR": (range(33639980000, 33639990000),),
    # ComReg: 020 91X XXXX.
    "IE": (range(353209100000, 353209200000),),
    # PTS: 070-174 06 05 to 06 99.
    "SE": (range(46701740605, 46701740700),),
    # Bundesnetzagentur: 0171 39200 XX, 0176 040690 XX, and single ones.
    "DE": (
        range(4917139200_00, 4917139201_00),
        range(49176040690_00, 49176040691_00),
        (4915228817386, 4915228895456, 4915254599371, 491729925904, 491729968532, 491729973185),
        (491729973186, 491729980752, 491749091317, 491749464308),
    ),
    # ACMA: each is on its list by itself.
    "AU": (
        (61491570006, 61491570110, 61491570156, 61491570157, 61491570158, 61491570159, 61491570313, 61491570737),
        (61491571266, 61491571491, 61491571804, 61491572549, 61491572665, 61491572983, 61491573087, 61491573770),
        (61491574118, 61491574632, 61491575254, 61491575789, 61491576398, 61491576801, 61491577426, 61491577644),
        (61491578148, 61491578888, 61491578957, 61491579212, 61491579455, 61491579760),
    ),
}

_EXAMPLES = {"IM": (447624200000,)}
"""Mobile numbers that are the region's own, where the example of phonenumbers is counted to another one."""

_SAMPLES = 32
_GOLDEN_RATIO = (math.sqrt(5) + 1) / 2
_GOOD_SHARE = 1 / 8
_MOST_FREE_DIGITS = 7


class _Fit(IntEnum):
    """How well a number suits a region."""

    NOT = 0
    VALID = 1
    """Valid in the region, though phonenumbers counts it to another one with the same numbering plan."""
    OWN = 2
    """The region's own, of any kind. Sign-up forms refuse fixed lines."""
    MOBILE = 3
    """Valid in the region, and it can receive SMS, though phonenumbers counts it to another one: AX to FI, EH to MA."""
    OWN_MOBILE = 4
    """The region's own, and it can receive SMS."""


def numbers(region: str, shuffle: random.Random, is_free: Callable[[int], bool]) -> Iterator[int]:
    """Every number of the region that can be made, fictional ones first, then the best fitting."""
    for source, least in _sources(region):
        for number in _shuffled(source, shuffle):
            if is_free(number) and _fit(number, region) >= least:
                yield number


def _sources(region: str) -> Iterator[tuple[Sequence[int], _Fit]]:
    """Groups of numbers of which a good share fits the region at least that well."""
    fictional = [number for part in _FICTIONAL.get(region, ()) for number in part]
    if fictional and _share(fictional, region, _Fit.OWN_MOBILE) >= _GOOD_SHARE:
        yield fictional, _Fit.OWN_MOBILE
    for least in (_Fit.OWN_MOBILE, _Fit.MOBILE, _Fit.OWN, _Fit.VALID):
        for example in _examples(region):
            around = _surroundings(example, region, least)
            if around is not None:
                yield around, least


def _examples(region: str) -> list[int]:
    import phonenumbers  # noqa: PLC0415 - see regions

    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    e164 = phonenumbers.PhoneNumberFormat.E164
    given = [int(phonenumbers.format_number(example, e164)) for example in examples if example is not None]
    return [*_EXAMPLES.get(region, ()), *given]


def _surroundings(example: int, region: str, least: _Fit) -> range | None:
    """The widest range around a number, with its last digits free, of which a good share fits."""
    for free_digits in range(_MOST_FREE_DIGITS, 0, -1):
        size = 10**free_digits
        first = example - example % size
        if _share(range(first, first + size), region, least) >= _GOOD_SHARE:
            return range(first, first + size)
    return None


def _share(numbers: Sequence[int], region: str, least: _Fit) -> float:
    """Which share of the numbers fits, by a sample that is spread over them without a pattern of digits."""
    sample = {numbers[int(index * _GOLDEN_RATIO % 1 * len(numbers))] for index in range(_SAMPLES)}
    return sum(_fit(number, region) >= least for number in sample) / len(sample)


def _shuffled(numbers: Sequence[int], shuffle: random.Random) -> Iterator[int]:
    """Each number once, in a shuffled order that needs no list: by steps that share no factor with the size."""
    size = len(numbers)
    at = shuffle.randrange(size)
    step = 0
    while math.gcd(step, size) != 1:
        step = shuffle.randrange(size)
    for _ in range(size):
        yield numbers[at]
        at = (at + step) % size


def _fit(number: int, region: str) -> _Fit:
    import phonenumbers  # noqa: PLC0415 - see regions

    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return _Fit.NOT
    is_written_so = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == f"+{number}"
    if not (is_written_so and phonenumbers.is_valid_number(parsed)):
        return _Fit.NOT
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    receives_sms = phonenumbers.number_type(parsed) in mobile
    if phonenumbers.region_code_for_number(parsed) == region:
        return _Fit.OWN_MOBILE if receives_sms else _Fit.OWN
    if not phonenumbers.is_valid_number_for_region(parsed, region):
        return _Fit.NOT
    return _Fit.MOBILE if receives_sms else _Fit.VALID


def check_region(region: str) -> None:
    """Raise InvalidRequest unless phonenumbers knows the region."""
    import phonenumbers  # noqa: PLC0415 - see regions

    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidRequest(f"unknown region {region!r}", hint="Use a two-letter ISO 3166 code, such as US, GB or DE.")


def regions() -> dict[str, str]:
    """Return every region that has numbers: ISO 3166 code to English name."""
    import phonenumbers  # noqa: PLC0415 - start-up: 35 ms that only a first number needs
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415 - 0.3 s that only this list needs

    names = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        in_languages = LOCALE_DATA.get(region, {})
        name = in_languages.get("en", _NAMES_MISSING.get(region, region))
        names[region] = in_languages[name[1:]] if name.startswith("*") else name  # "*aa": the same as in language aa
    return names
