"""What is never a code, whatever stands near it: links, amounts, dates, times, phone and card numbers, app hashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .lexicon import Word
from .reading import LETTER, Reading


class Never(NamedTuple):
    """A part of the text that holds no code, and what it is."""

    start: int
    end: int
    reason: str
    firm: bool = True
    """Whether it stays so where a word announces a code right there: a phone number does not, an amount does."""


Rule = Callable[[Reading, Sequence[Word]], Iterator[Never]]

LINK = "a link"
DURATION = "a length of time"
APP_HASH = "an app's hash"
HOST = "a host"
PERCENT = "a percentage or degrees"

_SIGNS = "$€£¥₹₽₩₫₺₴₦₱฿₪₡₲₸₾֏៛₵₼₮₭﷼৳₨"
_NUMBER = "[0-9][0-9.,]{0,20}"
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_FULL_DATE = (
    rf"(?<![A-Za-z0-9.])(?:(?:19|20|1[34])[0-9]{{2}}([-/.]){_MONTH}\1{_DAY}"
    rf"|{_DAY}([-/.]){_MONTH}\2(?:19|20|14)[0-9]{{2}}|{_MONTH}([-/.]){_DAY}\3(?:19|20)[0-9]{{2}})(?![0-9])"
)
_SHORT_DATE = (
    rf"(?<![A-Za-z0-9.])(?:{_DAY}([/.]){_MONTH}\1[0-9]{{2}}|{_MONTH}([/.]){_DAY}\2[0-9]{{2}}"
    rf"|[0-9]{{2}}/{_MONTH}/{_DAY})(?![0-9])"
)
"""Years are those of the Gregorian and of the Persian calendar."""

_PATTERNS: tuple[tuple[str, bool, str], ...] = (
    (LINK, True, r"[a-z][a-z0-9+.-]{1,15}://[^\s<>\"]+|www\.[^\s<>\"]+"),
    (LINK, True, r"(?<![\w@.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}[a-z]{2,18}/[^\s<>\"]*"),
    ("an address", True, r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
    (HOST, True, r"(?<![\w@.-])(?=[0-9-]{0,20}[a-z])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}[a-z]{2,18}(?![\w.-])"),
    ("an amount", False, r"(?<![\w.,:/-])[0-9]{3}\.[0-9]{3}(?![\w.,])"),
    (
        "an amount",
        True,
        r"(?<![\w.,:/-])(?:[a-z]{1,3}|(?![0-9]{3}\.[0-9]{3}(?![\w.,])))[0-9]{1,3}(?:[,.'][0-9]{3}){1,5}(?:[.,][0-9]{1,2})?(?![0-9])",
    ),
    ("an amount", True, r"(?<![\w.,-])[0-9]{1,4}[.,][0-9]{1,2}(?![\w.,/-]?[0-9])"),
    ("an amount", False, r"(?<![\w.,-])[0-9]{5,12}[.,][0-9]{1,2}(?![\w.,/-]?[0-9])"),
    ("an amount", True, rf"[{_SIGNS}]\s?{_NUMBER}|(?<![\w.,]){_NUMBER}\s?[{_SIGNS}]"),
    ("an amount", False, r"(?<!\w)[RN][0-9]{2,6}(?![\w-])"),
    (PERCENT, True, rf"(?<![\w.,]){_NUMBER}\s?[%٪‰°]"),
    ("a date", True, _FULL_DATE),
    ("a date", True, _SHORT_DATE),
    ("a date", True, rf"(?<![A-Za-z0-9.]){_DAY}[ -]?{_MONTHS}[ ,.'-]{{0,2}}(?:[0-9]{{4}}|[0-9]{{2}}(?![0-9]))?\b"),
    ("a date", True, rf"\b{_MONTHS}\.? {_DAY}(?:st|nd|rd|th)?(?:,? (?:19|20)[0-9]{{2}})?(?![0-9])"),
    ("a date", True, r"(?<![0-9])[0-9]{2,4}\s?[年년](?:\s?[0-9]{1,2}\s?[月월](?:\s?[0-9]{1,2}\s?[日号號일])?)?"),
    ("a date", True, r"(?<![0-9])[0-9]{1,2}\s?[月월]\s?[0-9]{1,2}\s?[日号號일]"),
    ("a date", False, rf"(?<![\w.-]){_DAY}-{_MONTH}-[0-9]{{2}}(?![\w-])|(?<![\w-]){_DAY}-{_MONTH}(?![\w-])"),
    ("a time", True, r"(?<![A-Za-z0-9:.])[0-9]{1,2}(?:[:\u066b][0-9]{2}){1,2}(?:\s?[ap]\.?m\b)?(?![0-9])"),
    ("a time", True, r"(?<![A-Za-z0-9:.])[0-9]{1,2}\s?[ap]\.?m\b|(?<!\w)[0-9]{1,2}h[0-9]{0,2}(?!\w)"),
    ("a time", True, r"(?<![0-9])[0-9]{1,2}\s?[时時点點]\s?(?:[0-9]{1,2}\s?分)?"),
    ("a phone number", False, r"\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])"),
    (
        "a phone number",
        False,
        r"(?<![\w.-])(?:1[ .-]?)?\([0-9]{2,5}\)[ .-]?[0-9]{2,4}(?:[ .-]?[0-9]{2,4}){1,2}(?![0-9])",
    ),
    ("a phone number", False, r"(?<![\w.-])(?:[01][ .-])?[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}(?![\w-])"),
    ("a phone number", False, r"(?<![\w.-])(?:0|1[- ]8)[0-9]{1,4}(?:[ .-][0-9]{2,4}){2,5}(?![\w-])"),
    ("a phone number", False, r"(?<![\w.-])1?[389]00[ -][0-9]{2,4}[ -]?[0-9]{2,4}(?:[ -][0-9]{2,4})?(?![\w-])"),
    ("a phone number", False, r"(?<![\w.-])[0-9]{3}-[0-9]{4}(?![\w-])"),
    (
        "a card's number",
        True,
        r"(?<![0-9])[0-9]{4}([ -])[0-9*xX]{4}\1[0-9*xX]{4}(?:\1[0-9*xX]{2,4})?(?![0-9])",
    ),
    ("the rest of a hidden number", True, r"(?:\*{2,20}|[xX•●·]{2,20})[ -]?[0-9]{1,12}(?![A-Za-z0-9*])"),
    (
        "the rest of a hidden number",
        True,
        r"(?<![A-Za-z0-9*])[0-9]{1,12}(?:(?:\*{1,20}|[xX•●]{2,20})[0-9]{1,12}|\*{3,20}|[xX•●]{2,20})",
    ),
    ("the rest of a hidden number", False, r"(?<![\w.])[A-Za-z0-9]{0,6}\.{2,4}[0-9]{3,4}(?![0-9])"),
    ("the rest of a hidden number", True, r"(?<![A-Za-z])[A-Z]{0,2}[xX]{2,20}[0-9]{2,12}"),
    ("an address or a version", True, r"(?<![A-Za-z0-9.])[0-9]{1,5}(?:\.[0-9]{1,5}){2,5}(?!\w)|\bv[0-9]+(?:\.[0-9]+)+"),
    ("a number after #", False, r"#\s?[0-9A-Za-z-]{3,20}"),
)

_ROUND_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{1,2}|[0-9]{2,3}0)[ -]?\Z")
"""120 seconds, 1440 minutes: what has three digits and more, and is no round number, is no time to wait."""
_AFTER_CURRENCY = re.compile(rf"[.:]?\s?{_NUMBER}(?![0-9A-Za-z])")
_BEFORE_CURRENCY = re.compile(r"(?<![0-9A-Za-z.,-])[0-9](?:[0-9.,]{0,19}[0-9])?[ -]?\Z")
_MARKED_FOR_APP = re.compile(r"\s*(?:<#>|\[#\])")
_LAST_ELEVEN = re.compile(r"\s([A-Za-z0-9+/]{11})\s*\Z")
_LAST_OF_MARKED = re.compile(r"\s([A-Za-z0-9+/]{8,13})\s*\Z")
_LONGEST_END = 40
"""Characters at the end of a text in which an app's hash is looked for."""


def never(reading: Reading, words: Sequence[Word], start: int, end: int) -> list[Never]:
    """The parts that hold no code between two places of a text, in order; those that overlap are made one."""
    parts = [part for rule in RULES for part in rule(reading, words)]
    for pattern, reason, firm in PATTERNS:
        parts += [Never(*found.span(), reason, firm) for found in pattern.finditer(reading.plain, start, end)]
    kept: list[Never] = []
    for part in sorted(parts, key=lambda part: (part.start, -part.end)):
        if not kept or part.start >= kept[-1].end:
            kept.append(part)
        else:
            last = kept.pop()
            reason = last.reason if last.firm or not part.firm else part.reason
            kept.append(Never(last.start, max(last.end, part.end), reason, last.firm or part.firm))
    return kept


def app_hash(reading: Reading, words: Sequence[Word]) -> Iterator[Never]:
    """The eleven characters at the end by which Android finds the app that a message is for."""
    plain = reading.plain
    begin = max(0, len(plain) - _LONGEST_END)
    found = _LAST_ELEVEN.search(plain, begin)
    if found and not _is_made_by_chance(found[1]):
        found = None
    if not found and _MARKED_FOR_APP.match(plain):
        found = _LAST_OF_MARKED.search(plain, begin)
    if found and not found[1].isdigit():
        alone = plain[found.start()] == "\n" or _MARKED_FOR_APP.match(plain) is not None
        yield Never(found.start(1), found.end(1), APP_HASH, firm=alone)


def duration(reading: Reading, words: Sequence[Word]) -> Iterator[Never]:
    """A short or round number before a word of time: how long a code is valid."""
    plain = reading.plain
    for word in words:
        if "time" in word.kinds and not plain[word.end : word.end + 1].isdigit():
            number = _ROUND_NUMBER.search(plain, max(0, word.start - 6), word.start)
            if number:
                yield Never(number.start(), word.end, DURATION, firm=False)


def amount(reading: Reading, words: Sequence[Word]) -> Iterator[Never]:
    """A number beside the name of a currency or of another measure."""
    plain = reading.plain
    for word in words:
        left = plain[word.start - 1 : word.start]
        is_letter = len(word.entry) == 1 and (left.isalpha() or reading.kinds[word.start] == LETTER)
        if "money" not in word.kinds or (left.isalnum() and is_letter):
            continue
        after = None if left.isdigit() else _AFTER_CURRENCY.match(plain, word.end)
        if after and len(word.entry) == 1 and plain[word.end].isdigit():
            after = None
        before = _BEFORE_CURRENCY.search(plain, max(0, word.start - 24), word.start)
        if before and (not after or _is_amount_before(before[0], after[0])):
            yield Never(before.start(), word.end, "an amount")
        elif after:
            yield Never(word.start, after.end(), "an amount")


def _is_amount_before(before: str, after: str) -> bool:
    """Of a number before a currency and one behind it, whether the first is the amount: `59,90 EUR: 482913`."""
    return ":" in after or any(char in before for char in ".,") or sum(map(str.isdigit, before)) <= 3


def _is_made_by_chance(text: str) -> bool:
    """Whether capitals, small letters and digits or signs are mixed as no word has them."""
    if text.isalpha() and (text[1:].islower() or text.isupper()):
        return False
    return sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9+/]")) >= 2


PATTERNS = tuple((re.compile(pattern, re.IGNORECASE | re.ASCII), reason, firm) for reason, firm, pattern in _PATTERNS)
RULES: tuple[Rule, ...] = (app_hash, duration, amount)
