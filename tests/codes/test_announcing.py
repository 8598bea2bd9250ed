"""What announces a code: each rule on its own."""

from __future__ import annotations

import pytest

from pytest_otp.codes import extract_code
from pytest_otp.codes.announcing import (
    RULES,
    announced_after,
    announced_before,
    behind_a_dash,
    directly_announced,
    guarded,
    limited,
    looks,
    on_its_own,
    only_number,
    somewhere,
)
from pytest_otp.codes.asking import asked_for
from pytest_otp.codes.goals import good_for
from tests.codes.texts import seen

SPEAKS = {
    announced_before.__name__: [
        ("Your code: 482913", "482913", "after 'code'"),
        ("Ihr Code für Shop lautet 482913", "482913", "after 'code'"),
        ("您的验证码是482913", "482913", "after '验证码'"),
        ("Login 4829", "4829", "after 'login'"),
        ("Your code is A1B2C3", "A1B2C3", "after 'code'"),
        ("Never share your code.\n482913", "482913", "after 'code'"),
        ("Your code verification 482913", "482913", "after 'code'"),
    ],
    announced_after.__name__: [
        ("482913 is your Shop code", "482913", "before 'code'"),
        ("Shop: 482913 это код", "482913", "before 'код'"),
        ("A1B2C3 is your code", "A1B2C3", "before 'code'"),
        ("482913. Log in", "482913", "before 'log in'"),
    ],
    somewhere.__name__: [
        (
            "Here is the code that you want. For the page. Or for the app. It is 482913",
            "482913",
            "the text has 'code'",
        ),
        ("482913. Bye. See you. The code is good for one day", "482913", "the text has 'code'"),
        ("A code is sent. To you. Never share it: 4829", "4829", "after a colon, and the text has 'code'"),
    ],
    guarded.__name__: [
        (
            "Give this to nobody, not to us: 4829. Only type it here",
            "4829",
            "after a colon, in a text that warns not to share it",
        ),
        ("Give this to nobody: 4829", "4829", "after a colon, in a text that warns not to share it"),
        ("One last check: 4829. Tell nobody.", "4829", "after a colon, in a text that warns not to share it"),
    ],
    on_its_own.__name__: [
        ("482913", "482913", "the whole message"),
        (" >> 482-913 << ", "482913", "the whole message"),
        ("Hello from your Shop\n482913\nSee you", "482913", "alone on its line"),
        ("Shop: 482913", "482913", "all that follows the sender's name"),
        ("[My Shop] 4829. Never share it", "4829", "all that follows the sender's name"),
        ("meet G-482913 there", "482913", "Google's way to write a code"),
        ("K7Q2MX", "K7Q2MX", "the whole message"),
        ("Shop: k7q2mx", "k7q2mx", "all that follows the sender's name"),
    ],
    limited.__name__: [
        ("Shop: 4829 is secret and valid for 3 min", "4829", "said how long it is 'secret and'"),
    ],
    only_number.__name__: [
        ("Zümbel blärg 482913 wibbel", "482913", "the only number in a short text"),
        ("Ꮳꮃꭹ ꭶꮼꮒꭿꮝꮧ 4829 ꭰꮧ", "4829", "the only number in a short text"),
    ],
}
"""Texts with a shape and the reason that the rule gives."""

SILENT = {
    announced_before.__name__: [
        ("482913 is your code", "482913"),
        ("Order 482913", "482913"),
        ("Your code was sent. To you. Not to us. See 482913", "482913"),
        ("482913", "482913"),
    ],
    announced_after.__name__: [
        ("Your code: 482913", "482913"),
        ("My ABCD code", "ABCD"),
        ("See 482913. To you. Not to us. A code was sent", "482913"),
        ("482913, 4829, 1304, 771 are no code", "482913"),
    ],
    somewhere.__name__: [
        ("Never share your code. Account of 482913", "482913"),
        ("A code is sent. To you. Or to 482", "482"),
        ("A code is sent. To you. Or to HQWZTR", "HQWZTR"),
        ("See 482913", "482913"),
    ],
    guarded.__name__: [
        ("Give it to nobody. It is here: 4829", "4829"),
        ("Only type it here: 4829", "4829"),
        ("Give this to nobody 4829. Only type it here", "4829"),
        ("One last check: 4829. We close at six. Tell nobody.", "4829"),
        ("One last locker: 4829. Tell nobody.", "4829"),
        ("Give this to nobody: 4829. Only type it here: 7712", "4829"),
    ],
    on_its_own.__name__: [
        ("482", "482"),
        ("482913047", "482913047"),
        ("HQWZTR and more", "HQWZTR"),
        ("4829\n1304", "4829"),
        ("Meet me there: 482913", "482913"),
        ("Shop: 482913 is on its way", "482913"),
        ("the G-4829 there", "4829"),
    ],
    limited.__name__: [
        ("Shop: 4829 is secret and valid for 3 days", "4829"),
        ("Shop: 4829 is 5 min away", "4829"),
        ("See 4829 is secret and valid for 3 min", "4829"),
        ("Shop: ticket 4829 is valid for 3 min", "4829"),
        ("Shop: HQWZTR is secret and valid for 3 min", "HQWZTR"),
    ],
    only_number.__name__: [
        ("Zumbel blarg 482913 wibbel", "482913"),
        ("Zümbel blärg 482 wibbel", "482"),
        ("Zümbel blärg 482913 wibbel 4829", "482913"),
        ("Zümbel blärg 482913 wibbel $50", "482913"),
        ("Zümbel blärg 482913 wibbel order", "482913"),
        ("Zümbel blärg the 482913 you", "482913"),
        ("Zümbel 482913", "482913"),
        ("Zümbel " * 20 + "482913", "482913"),
        ("Zümbel blärg HQWZTR wibbel", "HQWZTR"),
    ],
}
"""Texts with a shape that the rule says nothing of."""

BY_NAME = {rule.__name__: rule for rule in RULES}


@pytest.mark.parametrize(
    ("rule", "text", "code", "reason"), [(rule, *row) for rule, rows in SPEAKS.items() for row in rows]
)
def test_rules(rule: str, text: str, code: str, reason: str) -> None:
    """A rule gives points for what it is there for, and says what it saw."""
    verdict = BY_NAME[rule](*seen(text, code))
    assert verdict is not None
    assert verdict.points > 0
    assert verdict.reason == reason


@pytest.mark.parametrize(("rule", "text", "code"), [(rule, *row) for rule, rows in SILENT.items() for row in rows])
def test_where_rules_are_silent(rule: str, text: str, code: str) -> None:
    """A rule says nothing of what only looks like it."""
    assert BY_NAME[rule](*seen(text, code)) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ACME-48X2: type the part after the hyphen", "48X2"),
        ("BLOSSOM-4829. Gib den Teil nach dem Bindestrich ein", "4829"),
        ("PARCELO-7C4Q ハイフンの後の4文字を入力してください", "7C4Q"),
        ("Your code is ABC-4K2, hyphen included", "ABC4K2"),
    ],
)
def test_the_part_behind_a_hyphen(text: str, code: str) -> None:
    """Only a text that says to type what stands behind a hyphen means no more than that."""
    assert extract_code(text) == code


def test_every_rule_has_its_texts() -> None:
    """No rule is without texts where it speaks and where it does not."""
    assert set(SPEAKS) == set(SILENT) == set(BY_NAME) - {asked_for.__name__, behind_a_dash.__name__, good_for.__name__}


@pytest.mark.parametrize(
    ("rule", "code", "better", "worse"),
    [
        ("announced_before", "482913", "Your code 482913", "Your code for the new Shop 482913"),
        ("announced_before", "482913", "Your code\n482913", "Your code for\nthe Shop\n482913"),
        ("announced_before", "482913", "Your code 482913", "Your login 482913"),
        ("announced_before", "482913", "Your code 482913", "Your code 1304, 482913"),
        ("announced_before", "482913", "Your code came. It is 482913", "Never share your code. It is 482913"),
        ("announced_before", "482913", "Your code. 482913", "Your code came for you. 482913"),
        ("announced_after", "482913", "482913 is your code", "it is 482913, your code"),
        ("announced_after", "482913", "482913 is your code", "482913 is what you call the code"),
        ("announced_after", "482913", "482913 is your code", "482913, 1304 is your code"),
        ("announced_after", "A1B2C3", "A1B2C3 is your code", "it is A1B2C3 in the code"),
    ],
)
def test_what_is_nearer_counts_more(rule: str, code: str, better: str, worse: str) -> None:
    """Words, lines, sentences, other numbers and warnings between a word and a number take points off."""
    best, worst = (BY_NAME[rule](*seen(text, code)) for text in (better, worse))
    assert best is not None
    assert worst is not None
    assert best.points > worst.points


def test_what_it_looks_like() -> None:
    """Six digits are the usual code; the rarer a length or a kind, the fewer points."""

    def points(text: str, code: str) -> int:
        return looks(*seen(text, code))

    by_length = {length: points("4829130471"[:length], "4829130471"[:length]) for length in range(3, 11)}
    assert max(by_length.values()) == by_length[6]
    assert min(by_length.values()) == by_length[3]
    assert by_length[8] > by_length[9] > by_length[10]
    assert points("482-913", "482913") > points("482913", "482913")
    assert points("【482913】", "482913") > points("482913", "482913")
    assert points("A1B2C3", "A1B2C3") == points("SAVE20", "SAVE20") > points("a1b2c3", "a1b2c3")


@pytest.mark.parametrize(
    ("text", "announced"),
    [
        ("Code: 482913", True),
        ("Code is 482913", True),
        ("Enter 482913", True),
        ("Code\n482913", True),
        ("Code for you: 482913", False),
        ("Code. 482913", False),
        ("Code 7: 482913", False),
        ("Enter: it 482913", False),
        ("Code" + " " * 20 + "482913", False),
        ("482913 code", False),
    ],
)
def test_directly_announced(text: str, announced: bool) -> None:
    """Right there is: at most one word behind a word for code, or none behind a verb, in the same sentence."""
    assert directly_announced(*seen(text, "482913")) is announced
