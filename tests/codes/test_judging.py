"""Which of the shapes in a text is its code: what the rules say together."""

from __future__ import annotations

import pytest

from pytest_otp.codes.judging import ENOUGH, Judged, judge
from pytest_otp.codes.lexicon import lexicon
from pytest_otp.codes.scene import Scene
from pytest_otp.codes.shapes import GLUED
from tests.codes.timing import FRAGMENTS, assert_grows_with_its_length


def judged(text: str) -> list[Judged]:
    """Every candidate of a text."""
    return judge(Scene(text, lexicon()))


def codes(text: str) -> list[str]:
    """What is taken for a code, the best first."""
    return [one.shape.code for one in judged(text) if one.points >= ENOUGH]


def reason(text: str, code: str) -> str:
    """What decided about a candidate."""
    return next(one.reason for one in judged(text) if one.shape.code == code)


class TestWeighing:
    """Points for and against."""

    def test_the_best_comes_first(self) -> None:
        """All that was looked at is told, in the order of its points."""
        every = judged("Your card 4417: code 482913, or 7712 for $50")
        assert every[0].shape.code == "482913"
        assert [one.points for one in every] == sorted((one.points for one in every), reverse=True)
        assert {one.shape.code for one in every} == {"4417", "482913", "7712", "50"}
        assert min(one.points for one in every) == 0

    @pytest.mark.parametrize(
        ("text", "code", "why"),
        [
            ("Your code is 482913", "482913", "after 'code'"),
            ("See you at 482913", "482913", "no word for a code near it"),
            ("Pay $4829 with the code", "4829", "an amount"),
            ("Verify: text to 85023", "85023", "a number to send to, after 'text'"),
            ("Register here please now: 482", "482", "after 'register', which is not enough"),
        ],
    )
    def test_reasons(self, text: str, code: str, why: str) -> None:
        """What speaks for a code, what excludes it, what takes the most off, or that too little speaks for it."""
        assert reason(text, code) == why

    def test_what_is_excluded_has_no_points(self) -> None:
        """Nothing that speaks for it outweighs what a number is."""
        (one,) = judged("Your code: $4829")
        assert (one.points, one.reason) == (0, "an amount")

    def test_what_is_excluded_does_not_stand_between(self) -> None:
        """An amount between a word and a code is no rival of the code."""
        with_amount, with_number = judged("code for $4829 and 482913")[0], judged("code for 4829 and 482913")
        assert with_amount.shape.code == "482913"
        assert with_amount.points > next(one.points for one in with_number if one.shape.code == "482913")

    def test_what_a_colon_names(self) -> None:
        """The name of a device before a colon is not the code behind it."""
        assert codes("Verify your iPhone15: 482913") == ["482913"]

    @pytest.mark.parametrize(
        "text",
        [
            "Customer code 6104. Verification code 482913.",
            "Code client 6104. Code de validation 482913.",
            "Kundencode 6104, Bestätigungscode 482913",
            "Código 6104. Código de verificación 482913",
        ],
    )
    def test_the_word_that_says_more_wins(self, text: str) -> None:
        """Of two codes the one is taken that is called a code to verify."""
        assert codes(text)[0] == "482913"

    def test_a_word_that_was_written_to_a_code(self) -> None:
        """In `482913is your code` the word is no part of the code; without a word for code behind it, it is."""
        assert codes("482913is your code") == ["482913"]
        assert codes("Your code: 482913is") == ["482913is"]
        assert codes("Code 482913is for your login code") == ["482913is"]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Your code is kaxtrb", ["kaxtrb"]),
            ("Code: kaxtrb. Bye", ["kaxtrb"]),
            ("Ihr Code lautet kaxtrb.", ["kaxtrb"]),
            ("Ваш код: kaxtrb", ["kaxtrb"]),
            ("Code: kaxtrb to sign in", ["kaxtrb"]),
            ("PIN: siehe Brief", []),
            ("Your code is kaxtrbing you", []),
            ("Your code is valid", []),
            ("Your code: see below", []),
            ("Use kaxtrb as your code", []),
            ("Enter code kaxtrb", []),
            ("Sign in with kaxtrb", []),
            ("Your code: kaxtrb@shop.example", []),
        ],
    )
    def test_lower_case_letters(self, text: str, found: list[str]) -> None:
        """Small letters alone are a code right behind a colon or `is`, unless they are a known word; else a word."""
        assert codes(text) == found

    def test_a_word_that_a_code_was_written_to(self) -> None:
        """`OTP482913` is the code 482913; a word that announces none is a part of the code."""
        (one,) = judged("OTP482913 for Shop")
        assert (one.shape.start, one.shape.end, one.shape.code, one.shape.kind) == (3, 9, "482913", GLUED)
        assert codes("Use code zumbel482913") == ["zumbel482913"]


class TestDeclared:
    """WebOTP's last line."""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Your code is 999999\n\n@shop.example #482913", "482913"),
            ("@shop.example #AB12", "AB12"),
            ("Code 999999\n@shop.example #482913 @bank.example", "482913"),
            ("Code 999999\n@shop.example #482913 and more", "482913"),
            ("Code 999999\n@shop.example #482913 %pay.example", "482913"),
            ("Code 999999\n@shop.example #482913 \n", "482913"),
            ("Code 999999\n@shop.example #ab-12_c", "ab-12_c"),
            ("کد ۹۹۹۹۹۹\n@shop.example #۴۸۲۹۱۳", "482913"),
        ],
    )
    def test_it_is_authoritative(self, text: str, code: str) -> None:
        """It says which code is meant, whatever else the text has."""
        assert codes(text)[0] == code
        assert reason(text, code) == "WebOTP's last line"

    @pytest.mark.parametrize(
        "text",
        [
            "@shop.example #482913\nCode 999999",
            "Code 999999 @shop.example #482913",
            "Code 999999\n@shop.example#482913",
            "Code 999999\n@shop.example # 482913",
            "Code 999999\nshop.example #482913",
        ],
    )
    def test_only_as_the_last_line(self, text: str) -> None:
        """Elsewhere, or in another form, it is a number after #."""
        assert codes(text)[0] == "999999"


class TestInLinks:
    """Codes that only a link holds."""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Tap https://shop.example/c?code=482913", "482913"),
            ("Tap https://shop.example/c?x=1&otp=482913&y=2", "482913"),
            ("Tap shop.example/c?verification_code=K4P7XW", "K4P7XW"),
            ("Tap https://shop.example/#token=4829", "4829"),
            ("Ouvrez https://shop.example/otp/482913", "482913"),
            ("Log in: https://shop.example/v;sms_code=482913", "482913"),
        ],
    )
    def test_found(self, text: str, code: str) -> None:
        """The link itself says that the number is a code."""
        assert codes(text) == [code]
        assert judged(text)[0].reason == "named as a code in a link"

    @pytest.mark.parametrize(
        "text",
        [
            "Tap https://shop.example/v/482913",
            "Your code: https://shop.example/v/482913",
            "Log in: https://shop.example/v/482913/",
            "Passwort zurücksetzen: https://shop.example/reset/48291304",
            "Ihre Quittung: https://shop.example/q?id=48291304",
            "Tap https://shop.example/c?order=482913",
            "Your code: https://shop.example/v/482913047712",
            "Your code: https://shop.example:8080/v",
            "Tap https://shop.example/c?code=4829130477123",
            "Your order, to confirm: https://shop.example/v/482913",
        ],
    )
    def test_not_found(self, text: str) -> None:
        """Other numbers of links are no codes."""
        assert codes(text) == []

    def test_a_code_in_the_text_goes_before(self) -> None:
        """The link is not looked into where the text itself has a code."""
        assert codes("Code 482913, or https://shop.example/c?code=999999") == ["482913"]


@pytest.mark.parametrize("end", ["", " your code is 482913"])
def test_time_by_length(end: str) -> None:
    """Four times the text takes the whole search about four times as long, whatever the text repeats."""
    for fragment in FRAGMENTS:
        assert_grows_with_its_length(judged, fragment, end)
