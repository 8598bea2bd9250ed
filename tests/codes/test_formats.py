"""What users say of the form of their codes."""

from __future__ import annotations

import string
from typing import Any

import pytest

from pytest_otp.codes import CodeFormat, candidates, extract_code, find_codes
from pytest_otp.codes.judging import ENOUGH
from pytest_otp.errors import SettingsError

LOWER = string.ascii_lowercase


class TestFits:
    """Length and alphabet."""

    @pytest.mark.parametrize(
        ("code_format", "code", "misfit"),
        [
            (CodeFormat(), "anything", None),
            (CodeFormat(6), "482913", None),
            (CodeFormat(6), "4829", "has 4 characters, not 6"),
            (CodeFormat((4, 6)), "4829", None),
            (CodeFormat((4, 6)), "4829130", "has 7 characters, not 4 to 6"),
            (CodeFormat(alphabet=string.digits), "482913", None),
            (CodeFormat(alphabet=string.digits), "48A9", "'A' is not in the alphabet"),
            (CodeFormat(4, "ABCD"), "ABCD", None),
            (CodeFormat(4, "ABCD"), "abcd", "'a' is not in the alphabet"),
        ],
    )
    def test_misfit(self, code_format: CodeFormat, code: str, misfit: str | None) -> None:
        """A code fits if its length is allowed and all its characters are; case counts."""
        assert code_format.misfit(code) == misfit
        assert code_format.fits(code) is (misfit is None)

    def test_any(self) -> None:
        """A format without length and alphabet says nothing."""
        assert CodeFormat().is_any
        assert not CodeFormat(6).is_any
        assert not CodeFormat(alphabet="a").is_any

    def test_a_pair_may_be_a_list(self) -> None:
        """A list, as it comes from a TOML file, is the same as a tuple."""
        pair: Any = [4, 8]
        assert CodeFormat(pair) == CodeFormat((4, 8))


class TestMistakes:
    """What is no format."""

    @pytest.mark.parametrize("length", [0, -1, True, 6.0, "6", (8, 4), (4,), (4, 6, 8), (0, 4), (4, "8"), (True, 8)])
    def test_length(self, length: Any) -> None:
        """A length is a positive number or a pair of them, the least first."""
        with pytest.raises(SettingsError) as refused:
            extract_code("Your code is 482913", length=length)
        assert refused.value.message == (
            f"code length {length!r} is not allowed: use a positive number such as 6, or the least and the most as a "
            "pair such as (4, 8)"
        )

    @pytest.mark.parametrize("alphabet", ["", "abc d", "\n", 5, ["a"]])
    def test_alphabet(self, alphabet: Any) -> None:
        """An alphabet is a string with no spaces, and not empty."""
        with pytest.raises(SettingsError) as refused:
            find_codes("Your code is 482913", alphabet=alphabet)
        assert refused.value.message == (
            f"code alphabet {alphabet!r} is not allowed: use the characters of a code without spaces, such as "
            "string.digits"
        )


class TestParse:
    """The format as text, as in an ini file."""

    @pytest.mark.parametrize(
        ("length", "alphabet", "parsed"),
        [
            ("", "", CodeFormat()),
            (" 6 ", "", CodeFormat(6)),
            ("4-8", "", CodeFormat((4, 8))),
            ("4 - 8", " ABC ", CodeFormat((4, 8), "ABC")),
            ("", "0123", CodeFormat(alphabet="0123")),
        ],
    )
    def test_parse(self, length: str, alphabet: str, parsed: CodeFormat) -> None:
        """A number, or two with a hyphen between; empty text means any."""
        assert CodeFormat.parse(length, alphabet) == parsed

    @pytest.mark.parametrize("length", ["six", "4-", "-4", "4-8-9", "4,8"])
    def test_not_a_length(self, length: str) -> None:
        """Any other text is refused."""
        with pytest.raises(SettingsError) as refused:
            CodeFormat.parse(length)
        assert refused.value.message == f"code length {length!r} is not a number such as 6 or a range such as 4-8"

    @pytest.mark.parametrize(("length", "shown"), [("0", "0"), ("8-4", r"\(8, 4\)")])
    def test_a_length_out_of_bounds(self, length: str, shown: str) -> None:
        """A text is checked like any other length."""
        with pytest.raises(SettingsError, match=f"code length {shown} is not allowed"):
            CodeFormat.parse(length)


class TestSearch:
    """The search for a code of a known form."""

    def test_what_does_not_fit_is_dropped(self) -> None:
        """The best code that fits is returned, and the others are no codes."""
        text = "Your code is 482913, or 77120"
        assert extract_code(text) == "482913"
        assert extract_code(text, length=5) == "77120"
        assert [one.code for one in find_codes(text, length=5)] == ["77120"]
        reasons = {one.code: (one.score, one.reason) for one in candidates(text, length=5)}
        assert reasons["482913"] == (0, "has 6 characters, not 5")

    @pytest.mark.parametrize(
        ("text", "length", "alphabet", "code"),
        [
            ("Use kaxtrb to sign in to Acme", 6, LOWER, "kaxtrb"),
            ("Sign in with blue-horse at Acme", 9, LOWER, "bluehorse"),
            ("SWORDFISH opens the door", 9, string.ascii_uppercase, "SWORDFISH"),
            ("See 482-913 at noon", 6, string.digits, "482913"),
            ("OTP-kaxtrb", 6, LOWER, "kaxtrb"),
            ("код КАХТРБ и все", 6, "АБВГДЕЖЗИКЛМНОПРСТУФХ", "КАХТРБ"),
            ("登录kaxtrb以继续", 6, LOWER, "kaxtrb"),
        ],
    )
    def test_the_only_token_that_fits(self, text: str, length: int, alphabet: str, code: str) -> None:
        """Where the search finds nothing, the one token of that form is the code."""
        assert extract_code(text) is None
        (found,) = find_codes(text, length=length, alphabet=alphabet)
        assert (found.code, found.score) == (code, ENOUGH)
        assert found.reason == "the only token of this length and alphabet"
        start, end = found.span
        assert text[start:end].replace("-", "") == code

    def test_words_beside_it(self) -> None:
        """Where several tokens fit, the only one with a digit is the code: the others are words."""
        text = "4829 for the locker, 771204 for the garage door"
        assert extract_code(text) is None
        assert extract_code(text, length=6) == "771204"
        assert extract_code("4829 for the garage, 7712 for the locker", length=(4, 6)) is None

    def test_the_same_token_twice(self) -> None:
        """A token that stands there twice is still the only one."""
        assert extract_code("Use kaxtrb, yes, kaxtrb", length=6, alphabet=LOWER) == "kaxtrb"

    @pytest.mark.parametrize(
        "text",
        [
            "Use kaxtrb or mqwzte at Acme",
            "Use kaxtr at Acme",
            "Use it at https://shop.example/kaxtrb",
            "Use it at kaxtrb.example",
            "",
        ],
    )
    def test_several_or_none(self, text: str) -> None:
        """With two tokens that fit there is no telling which; none is cut out of a link or a longer word."""
        assert extract_code(text, length=6, alphabet=LOWER) is None

    def test_a_code_that_is_found_goes_before(self) -> None:
        """A token that fits does not outweigh what the search found."""
        assert extract_code("Order 7712. Your code is 4829", length=4) == "4829"

    def test_separators_do_not_count(self) -> None:
        """Length and alphabet are those of the code as it is returned."""
        assert extract_code("Your code is 482-913", length=6, alphabet=string.digits) == "482913"
