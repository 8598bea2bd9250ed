"""What has the shape of a code, whatever stands around it."""

from __future__ import annotations

import pytest

from pytest_otp.codes.shapes import (
    DIGITS,
    LETTERS,
    MIXED,
    MOST,
    NO_CODE,
    PREFIXED,
    SPACED,
    SPLIT,
    Shape,
    shapes,
)


def found(plain: str) -> list[tuple[str, str]]:
    """Code and kind of each shape."""
    return [(shape.code, shape.kind) for shape in shapes(plain)]


@pytest.mark.parametrize(
    ("plain", "code", "kind"),
    [
        ("482", "482", DIGITS),
        ("4829130471", "4829130471", DIGITS),
        ("0000", "0000", DIGITS),
        ("482-913", "482913", SPLIT),
        ("482 913", "482913", SPLIT),
        ("48 29 13", "482913", SPLIT),
        ("482.913", "482913", SPLIT),
        ("482 - 913", "482913", SPLIT),
        ("482_913", "482913", SPLIT),
        ("48·29·13", "482913", SPLIT),
        ("54-234-3", "542343", SPLIT),
        ("4829 1304", "48291304", SPLIT),
        ("4829 1304 77", "4829130477", SPLIT),
        ("4-8-2-9", "4829", SPLIT),
        ("G-482913", "482913", PREFIXED),
        ("FB-48291", "48291", PREFIXED),
        ("ABCD-4829", "ABCD4829", MIXED),
        ("ABC-123-456", "123456", PREFIXED),
        ("482913is", "482913is", MIXED),
        ("A1B2", "A1B2", MIXED),
        ("h4t2", "h4t2", MIXED),
        ("X7K-9QP", "X7K9QP", MIXED),
        ("h4t2-88kz", "h4t288kz", MIXED),
        ("A1B C2D", "A1BC2D", MIXED),
        ("VerifyCode123456", "VerifyCode123456", MIXED),
        ("HQWZTR", "HQWZTR", LETTERS),
        ("BXKM-TRQP", "BXKMTRQP", LETTERS),
        ("4 8 2 9 1 3", "482913", SPACED),
        ("A B C D", "ABCD", SPACED),
    ],
)
def test_shapes_of_codes(plain: str, code: str, kind: str) -> None:
    """The whole is found, without separators, and what kind it is."""
    assert shapes(plain) == [Shape(0, len(plain), code, kind)]


@pytest.mark.parametrize(
    ("plain", "parts"),
    [
        ("12", [("12", NO_CODE)]),
        ("48291304712", [("48291304712", NO_CODE)]),
        ("8-4-4-4-12", [("844412", SPLIT)]),
        ("1234567-1234567", [("12345671234567", NO_CODE)]),
        ("b5a1-4c22-9d33-aa41", [("b5a14c229d33aa41", NO_CODE)]),
        ("388-941-", [("388941", NO_CODE)]),
        ("abcd-efgh", [("abcdefgh", NO_CODE)]),
        ("482 913 77", [("482913", SPLIT), ("77", NO_CODE)]),
    ],
)
def test_numbers_that_are_no_codes(plain: str, parts: list[tuple[str, str]]) -> None:
    """Numbers that are too long, too short or cut off have no code's shape, and none is cut out of an id."""
    assert found(plain) == parts


@pytest.mark.parametrize(
    "plain",
    ["", "code", "Your Shop", "OTP", "Code Word", "a b c", "A1", "hqwztr", "?!", "VERIFICATIONS", "x" * 40 + "1"],
)
def test_what_has_no_shape(plain: str) -> None:
    """Plain words and signs are not looked at."""
    assert found(plain) == []


@pytest.mark.parametrize(
    ("plain", "codes"),
    [
        ("482 code 913", ["482", "913"]),
        ("482  913", ["482", "913"]),
        ("482, 913", ["482", "913"]),
        ("482\n913", ["482", "913"]),
        ("482 913-77", ["482913", "77"]),
        ("Code 482913 for 4417", ["482913", "4417"]),
    ],
)
def test_what_is_not_joined(plain: str, codes: list[str]) -> None:
    """Words, commas, ends of lines and changing separators part two numbers."""
    assert [shape.code for shape in shapes(plain)] == codes


def test_numbers_and_words() -> None:
    """A prefix or a separator leaves a number one; letters in it do not."""
    kinds = {shape.kind: shape.is_number for shape in shapes("4829, 48-29; G-4829! A1B2: HQWZ, 4 8 2 9.")}
    assert kinds == {
        DIGITS: True,
        SPLIT: True,
        PREFIXED: True,
        MIXED: False,
        LETTERS: False,
        SPACED: False,
    }


def test_a_list_of_numbers_ends() -> None:
    """Of a text that is all numbers, the first are looked at."""
    assert len(shapes("4829, " * 1000)) == MOST


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("482913-dir", [("482913", DIGITS)]),
        ("A 482913-as kód", [("482913", DIGITS)]),
        ("482-as", [("482as", NO_CODE)]),
        ("482913-K", [("482913K", MIXED)]),
        ("482913-quixotic", [("482913quixotic", NO_CODE)]),
    ],
)
def test_an_ending_behind_a_number(plain: str, expected: list[tuple[str, str]]) -> None:
    """A short ending in lower case behind a hyphen belongs to the language, not to the code."""
    assert found(plain) == expected
