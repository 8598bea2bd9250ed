"""What a shape is instead of a code: each rule on its own."""

from __future__ import annotations

import pytest

from pytest_otp.codes.refusing import (
    AGAINST,
    VETOES,
    a_word,
    an_offer,
    label_near,
    labelled,
    like_a_year,
    of_another_length,
    part_of_another,
    sender,
    sender_in_brackets,
    single_letters,
    to_send_to,
    withdrawn,
)
from tests.codes.texts import seen

EXCLUDED = {
    part_of_another.__name__: [
        ("Pay $4829 with your code", "4829", "an amount"),
        ("Your code: $4829", "4829", "an amount"),
        ("See https://shop.example/482913", "482913", "a link"),
        ("Call 555-0123 now", "5550123", "a phone number"),
        ("Code is good for 120 minutes", "120", "a length of time"),
    ],
    of_another_length.__name__: [
        ("Code 12", "12", "neither as long as a code nor like one"),
        ("Code 482913047712", "482913047712", "neither as long as a code nor like one"),
    ],
    labelled.__name__: [
        ("Order 482913", "482913", "'order' stands before it"),
        ("card ending 4821", "4821", "'card ending' stands before it"),
        ("Order: #482913", "482913", "'order' stands before it"),
        ("promo code 482913", "482913", "'promo code' stands before it"),
        ("Your code for order 482913", "482913", "'order' stands before it"),
    ],
    a_word.__name__: [
        ("Your code NEVER", "NEVER", "a word"),
        ("Code for HELLO ABCDE", "ABCDE", "a word"),
        ("code PLEASE read", "PLEASE", "a word"),
        ("see KDTX", "KDTX", "a word"),
        ("code KODAMA", "KODAMA", "a word"),
    ],
    single_letters.__name__: [("see A B C D there", "ABCD", "single letters")],
    sender.__name__: [
        ("IRCTC: use OTP 482913", "IRCTC", "the sender's name"),
        ("[Auth0] 482913 is your code", "Auth0", "the sender's name"),
    ],
}
"""Texts with a shape that the rule excludes, and the reason that it gives."""

LEFT = {
    part_of_another.__name__: [
        ("Your code: 555-0123", "5550123"),
        ("Your code is #482913", "482913"),
        ("Pay $48 with 482913", "482913"),
    ],
    of_another_length.__name__: [("482", "482"), ("4829130471", "4829130471")],
    labelled.__name__: [
        ("Code 482913", "482913"),
        ("Order. 482913", "482913"),
        ("Order\n482913", "482913"),
        ("Order for 482913", "482913"),
        ("Your code for the order: 482913", "482913"),
        ("482913 order", "482913"),
    ],
    a_word.__name__: [
        ("Your code: KDTX", "KDTX"),
        ("HQWZTR is your code", "HQWZTR"),
        ("see WDJB-MJHT", "WDJBMJHT"),
        ("see A1B2C3", "A1B2C3"),
        ("482913", "482913"),
    ],
    single_letters.__name__: [("Code: A B C D", "ABCD"), ("Hi\nA B C D\nBye", "ABCD"), ("see 4 8 2 9 there", "4829")],
    sender.__name__: [
        ("A1B2C3: your code", "A1B2C3"),
        ("482913: your code", "482913"),
        ("use HQWZTR: now", "HQWZTR"),
        ("HQWZTR is your code", "HQWZTR"),
    ],
}
"""Texts with a shape that the rule leaves to the others."""

POINTS_OFF = {
    label_near.__name__: [
        ("your card Visa Gold 4821", "4821", "'card' stands before it"),
        ("code for your card with 4821", "4821", "'card' stands before it"),
        ("4821 order", "4821", "'order' stands behind it"),
    ],
    to_send_to.__name__: [
        ("text WIN to 85023", "85023", "'text' stands before it"),
        ("Reply YES to 85023", "85023", "'reply' stands before it"),
    ],
    like_a_year.__name__: [
        ("See you in 2026", "2026", "it could be a year"),
        ("Your code of the year 1999", "1999", "it could be a year"),
    ],
    an_offer.__name__: [("Code: NEW300, 20 % off", "NEW300", "a code for an offer")],
    sender_in_brackets.__name__: [("【12306】验证码482913", "12306", "the sender's name")],
    withdrawn.__name__: [
        ("Your code 482913 has expired", "482913", "'expired' is said of it"),
    ],
}
"""Texts with a shape that loses points by the rule, and the reason that it gives."""

NO_POINTS_OFF = {
    label_near.__name__: [
        ("your card is new. Then 4821", "4821"),
        ("your card, then 4821", "4821"),
        ("your card with 7 or 4821", "4821"),
        ("your card of the new kind 4821", "4821"),
        ("4821 (order)", "4821"),
        ("4821\norder", "4821"),
        ("Code 4821 order", "4821"),
        ("4821", "4821"),
    ],
    to_send_to.__name__: [
        ("text WIN to us. 85023", "85023"),
        ("text us the word that you have won to 85023", "85023"),
        ("85023 text WIN", "85023"),
        ("text. Code 85023", "85023"),
        ("text code 85023", "85023"),
    ],
    like_a_year.__name__: [
        ("See you at 2126", "2126"),
        ("Code 2026", "2026"),
        ("Code: 20-26", "2026"),
        ("Code of 202611", "202611"),
    ],
    an_offer.__name__: [
        ("Code: NEW300", "NEW300"),
        ("Code: N3W300, 20 % off", "N3W300"),
        ("Code: 482913, 20 % off", "482913"),
    ],
    sender_in_brackets.__name__: [
        ("【12306】验证码482913", "482913"),
        ("验证码【482913】", "482913"),
        ("[12306] 482913", "12306"),
    ],
    withdrawn.__name__: [
        ("Your code 482913 is new", "482913"),
        ("The old one has expired. Your code: 482913", "482913"),
    ],
}
"""Texts with a shape that loses no points by the rule."""

VETO_BY_NAME = {rule.__name__: rule for rule in VETOES}
RULE_BY_NAME = {rule.__name__: rule for rule in AGAINST}


@pytest.mark.parametrize(
    ("rule", "text", "code", "reason"), [(rule, *row) for rule, rows in EXCLUDED.items() for row in rows]
)
def test_what_is_excluded(rule: str, text: str, code: str, reason: str) -> None:
    """A rule excludes what it is there for, and says what it is."""
    assert VETO_BY_NAME[rule](*seen(text, code)) == reason


@pytest.mark.parametrize(("rule", "text", "code"), [(rule, *row) for rule, rows in LEFT.items() for row in rows])
def test_what_is_left(rule: str, text: str, code: str) -> None:
    """A rule leaves what only looks like it, and what is announced right there where that counts more."""
    assert VETO_BY_NAME[rule](*seen(text, code)) is None


@pytest.mark.parametrize(
    ("rule", "text", "code", "reason"), [(rule, *row) for rule, rows in POINTS_OFF.items() for row in rows]
)
def test_what_takes_points_off(rule: str, text: str, code: str, reason: str) -> None:
    """A rule takes points off what it is there for, and says why."""
    verdict = RULE_BY_NAME[rule](*seen(text, code))
    assert verdict is not None
    assert verdict.points < 0
    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("rule", "text", "code"), [(rule, *row) for rule, rows in NO_POINTS_OFF.items() for row in rows]
)
def test_what_takes_no_points_off(rule: str, text: str, code: str) -> None:
    """A rule says nothing of what only looks like it."""
    assert RULE_BY_NAME[rule](*seen(text, code)) is None


def test_every_rule_has_its_texts() -> None:
    """No rule is without texts where it speaks and where it does not."""
    assert set(EXCLUDED) == set(LEFT) == set(VETO_BY_NAME)
    assert set(POINTS_OFF) == set(NO_POINTS_OFF) == set(RULE_BY_NAME)


def test_a_label_weighs_less_where_a_code_was_announced() -> None:
    """`Your code for card 4821` may mean the code; `card 4821` alone does not."""
    alone = label_near(*seen("your card with 4821", "4821"))
    announced = label_near(*seen("code for your card with 4821", "4821"))
    assert alone is not None
    assert announced is not None
    assert alone.points < announced.points


def test_a_year_weighs_more_where_a_code_was_announced_elsewhere() -> None:
    """A text that speaks of a code has another number for it; without one the year may be all there is."""
    alone = like_a_year(*seen("See you in 2026", "2026"))
    beside = like_a_year(*seen("The code of the year 2026", "2026"))
    assert alone is not None
    assert beside is not None
    assert beside.points < alone.points
