"""What is never a code, whatever stands near it: links, amounts, dates, times, phone and card numbers, app hashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cache
from itertools import pairwise
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
DURATION = "a duration"
APP_HASH = "an app's hash"
HOST = "a host name"
PERCENT = "a percentage or degrees"
AMOUNT = "an amount"
DATE = "a date"
TIME = "a time"
PHONE = "a phone number"
HIDDEN = "part of a hidden number"

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

_SCHOOL_YEAR = (
    rf"(?<![\w./-])20(?:{'|'.join(f'{year:02}[-/](?:20)?{year + 1:02}' for year in range(15, 45))})(?![\w/-])"
)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HIDING = ("*", "x", "•", "●", "·")


class Pattern(NamedTuple):
    """What a regular expression finds, and the parts of a text (in lower case) of which it has to have one.

    A tilde before a sign: with a letter or digit on both sides.

    Most texts have few of them, so most expressions are never compiled.
    """

    reason: str
    firm: bool
    needs: tuple[str, ...]
    source: str

    def parts(self, plain: str, start: int, end: int) -> Iterator[Never]:
        """The parts that it finds between two places."""
        for found in _compiled(self.source).finditer(plain, start, end):
            yield Never(*found.span(), self.reason, self.firm)


@cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE | re.ASCII)


PATTERNS = tuple(
    Pattern(*row)
    for row in (
        (
            "a contact or calendar entry",
            True,
            ("begin:v",),
            r"(?s:BEGIN:V(?:CARD|CALENDAR|EVENT)\b.*?(?:END:V(?:CARD|CALENDAR|EVENT)|\Z))",
        ),
        (LINK, True, ("://", "www."), r"[a-z][a-z0-9+.-]{1,15}://[^\s<>\"]+|www\.[^\s<>\"]+"),
        (LINK, True, ("/",), r"(?<![\w@.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}[a-z]{2,18}/[^\s<>\"]*"),
        ("an address", True, ("@",), r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
        (
            HOST,
            True,
            ("~.",),
            (
                r"(?<![\w@.-])(?=[0-9-]{0,20}[a-z])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}"
                r"(?-i:[a-z]{2,18}|[A-Z]{2,18})(?![\w.-])"
            ),
        ),
        (AMOUNT, False, ("~.",), r"(?<![\w.,:/-])[0-9]{3}\.[0-9]{3}(?![\w.,])"),
        (
            AMOUNT,
            True,
            ("~,", "~.", "~'"),
            (
                r"(?<![\w.,:/-])(?:[a-z]{1,3}|(?![0-9]{3}\.[0-9]{3}(?![\w.,])))[0-9]{1,3}(?:[,.'][0-9]{3}){1,5}"
                r"(?:[.,][0-9]{1,2})?(?![0-9])"
            ),
        ),
        (AMOUNT, True, ("~,", "~."), r"(?<![\w.,-])[0-9]{1,4}[.,][0-9]{1,2}(?![\w.,/-]?[0-9])"),
        (AMOUNT, False, ("~,", "~."), r"(?<![\w.,-])[0-9]{5,12}[.,][0-9]{1,2}(?![\w.,/-]?[0-9])"),
        (AMOUNT, True, tuple(_SIGNS), rf"[{_SIGNS}]\s?{_NUMBER}|(?<![\w.,]){_NUMBER}\s?[{_SIGNS}]"),
        (AMOUNT, True, ("ש",), rf"(?<![\w.,]){_NUMBER}\s?ש[\"'״]{{1,2}}ח"),
        (AMOUNT, False, ("k",), r"(?<![\w.,-])[0-9]{2,3}K(?!\w)"),
        (AMOUNT, False, ("r", "n"), r"(?<!\w)[RN][0-9]{2,6}(?![\w-])"),
        (PERCENT, True, tuple("%٪‰°"), rf"(?<![\w.,]){_NUMBER}\s?[%٪‰°]"),
        (DATE, True, ("~-", "~/", "~."), _FULL_DATE),
        (DATE, True, ("~/", "~."), _SHORT_DATE),
        (DATE, True, ("~-", "~/"), _SCHOOL_YEAR),
        (
            DATE,
            True,
            _MONTH_NAMES,
            rf"(?<![A-Za-z0-9.]){_DAY}[ -]?{_MONTHS}[ ,.'-]{{0,2}}(?:[0-9]{{4}}|[0-9]{{2}}(?![0-9]))?\b",
        ),
        (
            DATE,
            True,
            _MONTH_NAMES,
            rf"\b{_MONTHS}\.? {_DAY}(?:st|nd|rd|th)?(?:,? (?:19|20)[0-9]{{2}})?(?![0-9])",
        ),
        (
            DATE,
            True,
            tuple("年년"),
            r"(?<![0-9])[0-9]{2,4}\s?[年년](?:\s?[0-9]{1,2}\s?[月월](?:\s?[0-9]{1,2}\s?[日号號일])?)?",
        ),
        (DATE, True, tuple("月월"), r"(?<![0-9])[0-9]{1,2}\s?[月월]\s?[0-9]{1,2}\s?[日号號일]"),
        (DATE, False, ("~-",), rf"(?<![\w.-]){_DAY}-{_MONTH}-[0-9]{{2}}(?![\w-])|(?<![\w-]){_DAY}-{_MONTH}(?![\w-])"),
        (
            TIME,
            True,
            ("~:", "~\u066b"),
            (
                r"(?<![A-Za-z0-9:.])[0-9]{1,2}(?:[:\u066b][0-9]{2}){1,2}(?:(?<=:[0-9]{2}:[0-9]{2})[.,][0-9]{1,6})?"
                r"(?:\s?[ap]\.?m\b)?(?![0-9])"
            ),
        ),
        (TIME, True, ("am", "pm", "a.m", "p.m"), r"(?<![A-Za-z0-9:.])[0-9]{1,2}\s?[ap]\.?m\b"),
        (TIME, True, ("h",), r"(?<!\w)[0-9]{1,2}h[0-9]{0,2}(?!\w)"),
        (TIME, True, tuple("时時点點"), r"(?<![0-9])[0-9]{1,2}\s?[时時点點]\s?(?:[0-9]{1,2}\s?分)?"),
        ("a number to dial", True, ("#",), r"(?<![\w*])[*#][0-9]{2,6}(?:\*[0-9a-z]{1,12}){0,6}#"),
        (PHONE, False, ("+",), r"\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])"),
        (
            PHONE,
            False,
            ("(",),
            r"(?<![\w.-])(?:1[ .-]?)?\([0-9]{2,5}\)[ .-]?[0-9]{2,4}(?:[ .-]?[0-9]{2,4}){1,2}(?![0-9])",
        ),
        (PHONE, False, (" ", ".", "-"), r"(?<![\w.-])(?:[01][ .-])?[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}(?![\w-])"),
        (PHONE, False, (" ", ".", "-"), r"(?<![\w.-])(?:0|1[- ]8)[0-9]{1,4}(?:[ .-][0-9]{2,4}){2,5}(?![\w-])"),
        (
            PHONE,
            False,
            ("00 ", "00-"),
            r"(?<![\w.-])1?[389]00[ -][0-9]{2,4}[ -]?[0-9]{2,4}(?:[ -][0-9]{2,4})?(?![\w-])",
        ),
        (PHONE, False, ("~-",), r"(?<![\w.-])[0-9]{3}-[0-9]{4}(?![\w-])"),
        (PHONE, False, ("~-",), r"(?<![\w.-])[0-9]{2,4} [0-9]{3,5}-[0-9]{3,4}(?![\w-])"),
        (PHONE, False, (" ", "/"), r"(?<![\w.-])(?:0[0-9]{2,4}[ /]|3[0-9]{2} )[0-9]{6,8}(?![\w-])"),
        (
            "a card's number",
            True,
            (" ", "-"),
            r"(?<![0-9])[0-9]{4}([ -])[0-9*xX]{4}\1[0-9*xX]{4}(?:\1[0-9*xX]{2,4})?(?![0-9])",
        ),
        (HIDDEN, True, _HIDING, r"(?:\*{2,20}|[xX•●·]{2,20})[ -]?[0-9]{1,12}(?![A-Za-z0-9*])"),
        (
            HIDDEN,
            True,
            _HIDING,
            r"(?<![A-Za-z0-9*])[0-9]{1,12}(?:(?:\*{1,20}|[xX•●]{2,20})[0-9]{1,12}|\*{3,20}|[xX•●]{2,20})",
        ),
        (HIDDEN, False, ("..",), r"(?<![\w.])[A-Za-z0-9]{0,6}\.{2,4}[0-9]{3,4}(?![0-9])"),
        (HIDDEN, True, ("xx",), r"(?<![A-Za-z])[A-Z]{0,2}[xX]{2,20}[0-9]{2,12}"),
        (HIDDEN, False, ("*",), r"(?<![\w*])\*[0-9]{4,6}(?![\w*#])"),
        ("a number to dial", True, ("*",), r"(?<![\w*])\*[0-9]{3}(?![\w*#])"),
        (HIDDEN, False, ("~/",), r"(?<=[A-Za-z])/[0-9]{4}(?![\w/])"),
        (
            "an address or a version",
            True,
            ("~.",),
            r"(?<![A-Za-z0-9.])[0-9]{1,5}(?:\.[0-9]{1,5}){2,5}(?!\w)|\bv[0-9]+(?:\.[0-9]+)+",
        ),
        ("a reference", False, ("~.",), r"(?<![\w.])(?-i:[A-Z]{3,10})\.[0-9]{5,12}(?!\w)"),
        ("a number after #", False, ("#",), r"#\s?[0-9A-Za-z-]{3,20}"),
    )
)

_CHECKED = tuple(
    (
        frozenset(need for need in pattern.needs if len(need) == 1 or need[0] == "~"),
        tuple(need for need in pattern.needs if len(need) > 1 and need[0] != "~"),
        pattern,
    )
    for pattern in PATTERNS
)
"""The patterns with the signs and the longer parts that they need."""
_AMID = re.compile(r"(?<=[^\W_])[.,':/\u066b-](?=[^\W_])")
"""Signs amid letters and digits: what has none of them has no amounts with decimals, dates, times or hosts."""
_ROUND_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{1,2}|[0-9]{2,3}0)[ -]?\Z")
"""120 seconds, 1440 minutes: a number of three digits or more that is not round is not a duration."""
_OF_THE_CLOCK = frozenset({"uhr", "o clock", "बजे", "वाजता", "বাজে", "మణి"})
"""Words behind a number that say when, not how long."""
_AFTER_CURRENCY = re.compile(rf"[.:]?\s?{_NUMBER}(?![0-9A-Za-z])")
_BEFORE_CURRENCY = re.compile(r"(?<![0-9A-Za-z.,-])[0-9](?:[0-9.,]{0,19}[0-9])?[ -]?\Z")
_MARKED_FOR_APP = re.compile(r"\s*(?:<#>|\[#\])")
_LAST_ELEVEN = re.compile(r"\s([A-Za-z0-9+/]{11})\s*\Z")
_LAST_OF_MARKED = re.compile(r"\s([A-Za-z0-9+/]{8,13})\s*\Z")
_LONGEST_GROUP = 3
"""Digits between the commas of an amount."""
_LONGEST_END = 40
"""Characters at the end of a text in which an app's hash is looked for."""


def never(reading: Reading, words: Sequence[Word], start: int, end: int) -> list[Never]:
    """The parts that hold no code between two places of a text, in order; those that overlap are made one."""
    parts = [part for rule in RULES for part in rule(reading, words)]
    durations = {part.start for part in parts if part.reason == DURATION}
    for pattern in possible(reading.plain):
        found = pattern.parts(reading.plain, start, end)
        parts += (part for part in found if not (durations and _is_two_numbers(reading.plain, part, durations)))
    kept: list[Never] = []
    for part in sorted(parts, key=lambda part: (part.start, -part.end)):
        if not kept or part.start >= kept[-1].end:
            kept.append(part)
        else:
            last = kept.pop()
            reason = last.reason if last.firm or not part.firm else part.reason
            kept.append(Never(last.start, max(last.end, part.end), reason, last.firm or part.firm))
    return kept


def possible(plain: str) -> Iterator[Pattern]:
    """The patterns of which a text has what they need."""
    lowered = plain.lower()
    present = {*lowered, *(f"~{sign}" for sign in {*_AMID.findall(lowered)})}
    for signs, phrases, pattern in _CHECKED:
        if not present.isdisjoint(signs) or (phrases and any(phrase in lowered for phrase in phrases)):
            yield pattern


def _is_two_numbers(plain: str, part: Never, durations: Set[int]) -> bool:
    """Whether an amount is a code, a comma, and how long the code is valid: `482 913,10 min`."""
    before, comma, _ = plain[part.start : part.end].rpartition(",")
    behind = part.start + len(before) + 1
    if part.reason != AMOUNT or not comma or behind not in durations:
        return False
    grouped = plain[max(0, part.start - 2) : part.start]
    return before.isdigit() and (
        len(before) > _LONGEST_GROUP or (len(before) == _LONGEST_GROUP and grouped[:1].isdigit())
    )


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
    """A short or round number, or one in words, before a word of time: how long a code is valid."""
    plain = reading.plain
    for word in words:
        if "time" in word.kinds and not plain[word.end : word.end + 1].isdigit():
            number = _ROUND_NUMBER.search(plain, max(0, word.start - 6), word.start)
            if number:
                reason = TIME if word.entry in _OF_THE_CLOCK else DURATION
                yield Never(number.start(), word.end, reason, firm=False)
    for count, word in pairwise(words):
        if "count" in count.kinds and "time" in word.kinds and plain[count.end : word.start].strip() == "":
            yield Never(count.start, word.end, DURATION, firm=False)


def amount(reading: Reading, words: Sequence[Word]) -> Iterator[Never]:
    """A number beside the name of a currency or of another measure."""
    plain = reading.plain
    for word in words:
        left = plain[word.start - 1 : word.start]
        is_letter = len(word.entry) == 1 and (left.isalpha() or reading.kinds[word.start] == LETTER)
        if "money" not in word.kinds or (left.isalnum() and is_letter):
            continue
        if left.isdigit() and plain[word.end : word.end + 1].isdigit():
            continue  # letters amid a code: `27TK84`
        after = None if left.isdigit() else _AFTER_CURRENCY.match(plain, word.end)
        if after and len(word.entry) == 1 and plain[word.end].isdigit():
            after = None
        before = _BEFORE_CURRENCY.search(plain, max(0, word.start - 24), word.start)
        if before and (not after or _is_amount_before(before[0], after[0])):
            yield Never(before.start(), word.end, AMOUNT)
        elif after:
            yield Never(word.start, after.end(), AMOUNT)


def _is_amount_before(before: str, after: str) -> bool:
    """Of a number before a currency and one behind it, whether the first is the amount: `59,90 EUR: 482913`."""
    return ":" in after or any(char in before for char in ".,") or sum(map(str.isdigit, before)) <= 3


def _is_made_by_chance(text: str) -> bool:
    """Whether capitals, small letters and digits or signs are mixed as no word has them."""
    if text.isalpha() and (text[1:].islower() or text.isupper()):
        return False
    return sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9+/]")) >= 2


RULES: tuple[Rule, ...] = (app_hash, duration, amount)
