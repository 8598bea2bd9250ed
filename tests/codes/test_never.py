"""What is never a code: each rule and each pattern on its own."""

from __future__ import annotations

import pytest

from pytest_otp.codes.lexicon import lexicon
from pytest_otp.codes.never import (
    APP_HASH,
    DURATION,
    HOST,
    LINK,
    PATTERNS,
    PERCENT,
    RULES,
    Never,
    amount,
    app_hash,
    duration,
    never,
    possible,
)
from pytest_otp.codes.reading import Reading
from tests.codes.timing import FRAGMENTS, assert_grows_with_its_length

AMOUNT, ADDRESS, DATE, TIME = "an amount", "an address", "a date", "a time"
PHONE, CARD, HIDDEN = "a phone number", "a card's number", "part of a hidden number"
VERSION, AFTER_HASH, CONTACT = "an address or a version", "a number after #", "a contact or calendar entry"
TO_DIAL, REFERENCE = "a number to dial", "a reference"

PARTS = {
    LINK: [
        ("see https://shop.example/v/482913?x=1 now", "https://shop.example/v/482913?x=1"),
        ("myapp://open/482913", "myapp://open/482913"),
        ("www.shop.example", "www.shop.example"),
        ("go to m.shop.example/482913.", "m.shop.example/482913."),
        ("打开shop.example/482913", "shop.example/482913"),
    ],
    ADDRESS: [("mail a.b+482913@shop4.example", "a.b+482913@shop4.example")],
    HOST: [("on 24shop.example today", "24shop.example"), ("Booking24.example", "Booking24.example")],
    AMOUNT: [
        ("paid 482.913 today", "482.913"),
        ("from 199K today", "199K"),
        ("paid 1,250 today", "1,250"),
        ("paid 1.250.000,50 today", "1.250.000,50"),
        ("paid 12'500.00", "12'500.00"),
        ("paid 4829.13 today", "4829.13"),
        ("paid 48,5", "48,5"),
        ("paid 482913,50", "482913,50"),
        ("paid $4829", "$4829"),
        ("paid € 4829", "€ 4829"),
        ("paid 4829₽", "4829₽"),
        ("paid N7,500.00", "N7,500.00"),
        ('שולם 45 ש"ח', '45 ש"ח'),
        ("paid R1500 today", "R1500"),
        ("支付1,299.00元", "1,299.00"),
    ],
    PERCENT: [("4829% off", "4829%"), ("100 % off", "100 %"), ("350°", "350°")],
    DATE: [
        ("on 2026-11-22", "2026-11-22"),
        ("on 22.11.2026", "22.11.2026"),
        ("on 11/22/2026", "11/22/2026"),
        ("on 1404/08/30", "1404/08/30"),
        ("on 22/11/26", "22/11/26"),
        ("on 11/22/26", "11/22/26"),
        ("on 26/11/22", "26/11/22"),
        ("on 22.11.26", "22.11.26"),
        ("on 22 Nov 2026 at", "22 Nov 2026"),
        ("on 22Nov26 at", "22Nov26"),
        ("on 22-NOV-2026", "22-NOV-2026"),
        ("on November 22, 2026", "November 22, 2026"),
        ("on Nov. 22nd", "Nov. 22nd"),
        ("2026年11月22日", "2026年11月22日"),
        ("2026년 11월", "2026년 11월"),
        ("11月22日", "11月22日"),
        ("on 22-11-26", "22-11-26"),
        ("on 22-11", "22-11"),
        ("in 2025-26", "2025-26"),
        ("in 2025/2026", "2025/2026"),
    ],
    TIME: [
        ("at 14:30", "14:30"),
        ("at 14:30:59", "14:30:59"),
        ("at 2:30 p.m.", "2:30 p.m"),
        ("at 11 am", "11 am"),
        ("a 14h30", "14h30"),
        ("14時30分", "14時30分"),
        ("下午3点", "3点"),
        ("at 14:30:59.4829", "14:30:59.4829"),
    ],
    PHONE: [
        ("call +1 (201) 555-0123", "+1 (201) 555-0123"),
        ("call +4915200000000", "+4915200000000"),
        ("call (201) 555-0123", "(201) 555-0123"),
        ("call 1-(201) 555 0123", "1-(201) 555 0123"),
        ("call 201-555-0123", "201-555-0123"),
        ("call 1 201 555 0123", "1 201 555 0123"),
        ("call 030 000 00 00", "030 000 00 00"),
        ("call 1800 000 000", "1800 000 000"),
        ("call 900-00-00", "900-00-00"),
        ("call 555-0123", "555-0123"),
        ("call 11 5555-0134", "11 5555-0134"),
        ("call 0151 2345678", "0151 2345678"),
    ],
    CARD: [
        ("4829 1304 7712 0000", "4829 1304 7712 0000"),
        ("4829-xxxx-xxxx-7712", "4829-xxxx-xxxx-7712"),
        ("4829 **** 7712", "4829 **** 7712"),
    ],
    HIDDEN: [
        ("card **4829", "**4829"),
        ("card xx4829", "xx4829"),
        ("card •••• 4829", "•••• 4829"),
        ("card 4***4829", "4***4829"),
        ("card 4829xxxx", "4829xxxx"),
        ("card 482913***", "482913***"),
        ("card ..4829", "..4829"),
        ("card …4829", "...4829"),
        ("account ABXX482913", "ABXX482913"),
        ("*4829 was used", "*4829"),
        ("Visa/4829", "/4829"),
    ],
    CONTACT: [
        ("BEGIN:VCARD\nPIN:4829\nEND:VCARD", "BEGIN:VCARD\nPIN:4829\nEND:VCARD"),
        ("BEGIN:VEVENT 4829", "BEGIN:VEVENT 4829"),
    ],
    VERSION: [("at 10.0.48.29 now", "10.0.48.29"), ("app v4829.1", "v4829.1")],
    REFERENCE: [("ND: MBVCB.70182234 thanh toan", "MBVCB.70182234")],
    AFTER_HASH: [("ticket #482913", "#482913"), ("ticket # A-4829", "# A-4829")],
    TO_DIAL: [
        ("dial *482*13#", "*482*13#"),
        ("dial *4829#", "*4829#"),
        ("dial #482*1#", "#482*1#"),
        ("dial *137", "*137"),
    ],
}
"""Texts in which a pattern speaks, and the part that it speaks of."""

SILENT = {
    LINK: ["Shop: 482913", "482913/482914", "a.b", "code://"],
    ADDRESS: ["@shop.example #482913", "me@home 482913"],
    HOST: ["code is 482913.Do not", "code is K7Q2.Do not", "1.5", "482913. Bye", "@shop.example"],
    AMOUNT: ["482913", "482 913", "482-913", "1,2,3,4", "12.34.56", "v1.25", "482.9134"],
    PERCENT: ["482913", "% 482913"],
    DATE: ["482913", "31-13", "99/99/99", "2026", "May I", "13 cats", "1a.1.2026", "482-913", "22.11.20267"],
    TIME: ["4829", "code:4829", "482:913", "11 amigos", "11 ambulances", "h 4829", "1h2x"],
    PHONE: ["482-913", "482913", "+1 2", "(1) 482913", "1-2-3-4", "4829-1304", "48 29 13", "(482) 913"],
    CARD: ["4829 1304", "4829-1304", "4829 1304 77", "48291 3047 7120"],
    HIDDEN: [
        "* 4829",
        "*4829*",
        "*4829#",
        "11/4829",
        "code: 4829",
        "ok... 4829",
        "4829*",
        "max 4829",
        "x4829",
        "12x34",
        "code.4829",
    ],
    CONTACT: ["BEGIN: 482913", "begin:vote"],
    VERSION: ["482.913", "v4829", "10.0"],
    REFERENCE: ["mbvcb.70182234", "AB.70182234", "MBVCB.7018"],
    AFTER_HASH: ["# 48", "482913#", "no. 482913"],
    TO_DIAL: ["*4829", "482913#", "**4829#", "* 4829 #"],
}
"""Texts in which no pattern of that reason speaks."""


def parts(text: str, reason: str) -> list[str]:
    """What the patterns of a reason find in a text."""
    plain = Reading(text).plain
    found = [part for pattern in PATTERNS if pattern.reason == reason for part in pattern.parts(plain, 0, len(plain))]
    return [plain[part.start : part.end] for part in found]


@pytest.mark.parametrize(
    ("reason", "text", "part"), [(reason, text, part) for reason, rows in PARTS.items() for text, part in rows]
)
def test_patterns(reason: str, text: str, part: str) -> None:
    """What is no code is found as far as it goes."""
    assert part in parts(text, reason)


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in SILENT.items() for text in texts])
def test_where_patterns_are_silent(reason: str, text: str) -> None:
    """What only looks like it is left alone."""
    assert parts(text, reason) == []


def test_every_pattern_has_its_texts() -> None:
    """No reason and no pattern is without a text where it speaks, and no reason without one where it does not."""
    assert set(PARTS) == set(SILENT) == {pattern.reason for pattern in PATTERNS}
    for pattern in PATTERNS:
        plains = [Reading(text).plain for text, _ in PARTS[pattern.reason]]
        assert any([*pattern.parts(plain, 0, len(plain))] for plain in plains), pattern.source


@pytest.mark.parametrize(
    ("text", "is_amount"),
    [
        ("code 482 913,10 min", False),
        ("code 4829,30 minutes", False),
        ("验证码482 913,15分钟内有效", False),
        ("only 12,30 minutes", True),
        ("paid 4829,30 today", True),
    ],
)
def test_a_comma_between_a_code_and_a_duration(text: str, is_amount: bool) -> None:
    """A code, a comma and how long the code is valid are no amount; a number with decimals is one."""
    reading = Reading(text)
    found = never(reading, lexicon().words(reading), 0, len(reading.plain))
    assert any(part.reason == AMOUNT for part in found) is is_amount


def test_what_a_pattern_needs() -> None:
    """No part is missed because a pattern was not tried."""
    for pattern in PATTERNS:
        for text, _ in PARTS[pattern.reason]:
            plain = Reading(text).plain
            if [*pattern.parts(plain, 0, len(plain))]:
                assert pattern in possible(plain), (pattern.source, text)


def spoken(rule: str, text: str) -> list[tuple[str, str, bool]]:
    """The parts that one of the rules finds in a text."""
    reading = Reading(text)
    (function,) = [one for one in RULES if one.__name__ == rule]
    found = list(function(reading, lexicon().words(reading)))
    return [(reading.plain[part.start : part.end], part.reason, part.firm) for part in found]


RULE_PARTS = {
    app_hash.__name__: [
        ("<#> Code 482913\nFA+9qCX9VSu", "FA+9qCX9VSu", APP_HASH, True),
        ("Your code is 482913 s2BGq7Xk0Lm", "s2BGq7Xk0Lm", APP_HASH, False),
        ("Your code is 482913\ns2BGq7Xk0Lm", "s2BGq7Xk0Lm", APP_HASH, True),
        ("[#] Code 482913\nabcdefghijkl", "abcdefghijkl", APP_HASH, True),
    ],
    duration.__name__: [
        ("valid for 10 minutes", "10 minutes", DURATION, False),
        ("valid 120 seconds", "120 seconds", DURATION, False),
        ("有效期5分钟", "5分钟", DURATION, False),
        ("valid for ten minutes", "ten minutes", DURATION, False),
        ("gültig 10 Min.", "10 Min", DURATION, False),
    ],
    amount.__name__: [
        ("pay Rs. 4829 now", "Rs. 4829", AMOUNT, True),
        ("pay EUR 4829 now", "EUR 4829", AMOUNT, True),
        ("pay 4829 euros now", "4829 euros", AMOUNT, True),
        ("支付4829元", "4829元", AMOUNT, True),
        ("4829원 482913", "4829원", AMOUNT, True),
        ("50EUR 482913", "50EUR", AMOUNT, True),
        ("used 4829MB", "4829MB", AMOUNT, True),
    ],
}
RULE_SILENT = {
    app_hash.__name__: [
        "<#> FA+9qCX9VSu is the hash",
        "<#> Your code is 48291304771",
        "Thank you very Straßenbahn",
        "Your code is CONGRATULAT",
        "See you at Continental",
        "Your code is 48291304771",
    ],
    duration.__name__: ["482913 minutes", "code 4829 min", "minutes", "10 codes", "min 4829", "A10 minutes"],
    amount.__name__: [
        "code 4829",
        "euros",
        "A4829 euros",
        "euro: code 4829",
        "482913 is",
        "회원 482913",
        "4829\u0440",
        "27TK84",
    ],
}


@pytest.mark.parametrize(
    ("rule", "text", "part", "reason", "firm"),
    [(rule, *row) for rule, rows in RULE_PARTS.items() for row in rows],
)
def test_rules(rule: str, text: str, part: str, reason: str, firm: bool) -> None:
    """A rule that needs words finds the part, and knows whether a word for code right there outweighs it."""
    assert spoken(rule, text) == [(part, reason, firm)]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in RULE_SILENT.items() for text in texts])
def test_where_rules_are_silent(rule: str, text: str) -> None:
    """Without its word, or with a number of another kind, a rule says nothing."""
    assert spoken(rule, text) == []


def test_every_rule_has_its_texts() -> None:
    """No rule is without texts where it speaks and where it does not."""
    assert set(RULE_PARTS) == set(RULE_SILENT) == {rule.__name__ for rule in RULES}


class TestTogether:
    """All of them on one text."""

    def parts(self, text: str, start: int = 0, end: int = 10_000) -> list[Never]:
        """What a text has between two places."""
        reading = Reading(text)
        return never(reading, lexicon().words(reading), start, end)

    def test_in_order(self) -> None:
        """The parts come as they stand in the text."""
        text = "Pay $48.29 by 22.11.2026 at www.shop.example, 10% off"
        assert [part.reason for part in self.parts(text)] == [AMOUNT, DATE, LINK, PERCENT]

    def test_what_overlaps_is_one(self) -> None:
        """A number in a link is the link's, and one part never lies in another."""
        text = "https://shop.example/+12015550123?price=$48.29"
        assert self.parts(text) == [Never(0, len(text), LINK, True)]

    def test_the_firmer_reason_is_told(self) -> None:
        """Where one of two holds whatever is announced, both together do, for its reason."""
        (part,) = self.parts("on 22-11-2026")
        assert (part.reason, part.firm) == (DATE, True)
        (part,) = self.parts("call +1 201 555 0123 EUR")
        assert (part.reason, part.firm) == (AMOUNT, True)

    def test_only_between_the_places(self) -> None:
        """What stands far from everything that could be a code is not looked for."""
        text = "$48.29 and $13.04"
        assert [part.start for part in self.parts(text, 5)] == [text.index("$13")]

    def test_what_is_firm(self) -> None:
        """An announced code can look like a phone number, a short date or a number after #, but not like the others."""
        soft = {pattern.reason for pattern in PATTERNS if not pattern.firm}
        assert soft == {PHONE, AMOUNT, DATE, AFTER_HASH, HIDDEN, REFERENCE}
        assert {pattern.reason for pattern in PATTERNS if pattern.firm} == set(PARTS) - {PHONE, AFTER_HASH, REFERENCE}


@pytest.mark.parametrize("index", range(len(PATTERNS)))
def test_time_by_length(index: int) -> None:
    """Four times the text takes a pattern about four times as long, whatever the text repeats."""
    pattern = PATTERNS[index]
    own = [part for _, part in PARTS[pattern.reason]]
    own += [f"{part} " for part in own] + [part[:-1] for part in own]
    for fragment in (*FRAGMENTS, *own):
        assert_grows_with_its_length(lambda text: sum(1 for _ in pattern.parts(text, 0, len(text))), fragment)
