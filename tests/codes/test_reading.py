"""A text in plain characters: digits, widths, signs, marks, and where each came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_otp.codes.reading import LONGEST_TEXT, LONGEST_WIDE_TEXT, Reading, folded


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Code 482913", "Code 482913"),
        ("٤٨٢٩١٣ ۴۸۲۹۱۳ ४८२९१३ ๔๘๒๙๑๓", "482913 482913 482913 482913"),
        ("\U0001d7d2\U0001d7d6", "48"),
        ("\uff23\uff4f\uff44\uff45\uff1a\uff14\uff18", "Code:48"),
        ("4️⃣8️⃣", "48"),
        ("\u202b\u05e7\u05d5\u05d3: \u200e482913\u202c", "\u05e7\u05d5\u05d3: 482913"),
        ("48\u200b29\u00ad13\ufeff", "482913"),
        ("a\u00a0b\u3000c\td", "a b c d"),
        ("a\r\nb\u2028c\u0085d", "a \nb\nc\nd"),
        ("482\u2013913\u2014\u2010\u2212", "482-913---"),
        ("don\u2019t \u201ccode\u201d", 'don\'t "code"'),
        ("x² ½ ①", "x² ½ ①"),
        ("ﬁ ㎏", "fi kg"),
        ("482913\uff0c5", "482913\uff0c5"),
        ("\ud800 \x00", "\ud800  "),
        ("", ""),
    ],
)
def test_plain_characters(text: str, plain: str) -> None:
    """One spelling stands for the digits, widths, spaces and signs of every script; invisible marks are gone."""
    assert Reading(text).plain == plain


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Ab 1.\n", "aa.0.\n"),
        ("код ٤٨", "aaa.00"),
        ("कोड", "aaa"),
        ("验证码4", "www0"),
        ("コード", "www"),
        ("코드 4", "ww.0"),
        ("รหัส ລະຫັດ ကုဒ် កូដ", "wwww.wwwww.wwww.www"),
        ("a验1", "aw0"),
        ("\U00020000", "w"),
        ("$²_", "..."),
    ],
)
def test_kinds_of_characters(text: str, kinds: str) -> None:
    """Letters, letters of scripts without spaces (and Korean), digits, ends of lines, and all else."""
    assert Reading(text).kinds == kinds


@pytest.mark.parametrize(
    ("text", "part", "original"),
    [
        ("Code: 482913!", "482913", "482913"),
        ("Code: ٤٨-٢٩", "48-29", "٤٨-٢٩"),
        ("\u200e4\u200b8\u200e29\u200e", "4829", "4\u200b8\u200e29"),
        ("㎏㎏4829㎏", "4829", "4829"),
        ("㎏", "g", "㎏"),
    ],
)
def test_where_it_stood(text: str, part: str, original: str) -> None:
    """A part of the plain text is found again in the text as it came, without the marks around it."""
    reading = Reading(text)
    start = reading.plain.index(part)
    first, end = reading.span(start, start + len(part))
    assert text[first:end] == original


def test_long_texts_are_cut() -> None:
    """What is longer than an SMS can be is not read, even where characters become several."""
    assert Reading("7" * 200_000).plain == "7" * LONGEST_TEXT
    assert len(Reading("㎏" * 200_000).plain) == LONGEST_WIDE_TEXT
    assert Reading("482913", longest=3).plain == "482"


@pytest.mark.parametrize(
    ("plain", "compared"),
    [
        ("Código", "codigo"),
        ("BESTÄTIGUNG", "bestatigung"),
        ("Mật khẩu", "mat khau"),
        ("KOD łączy Ørsted", "kod laczy orsted"),
        ("Straße", "strasse"),
        ("ş\u0131frə", "sifrə"),
        ("co\u0301digo", "codigo"),
        ("код підтвердження й", "код підтвердження и"),
        ("رمز التحقق ك", "رمز التحقق ک"),
        ("کلمة", "کلمه"),
        ("코드", "코드"),
        ("ガ", "ガ"),
    ],
)
def test_folded(plain: str, compared: str) -> None:
    """Case and accents are gone, and letters that senders put for each other are one; Hangul and kana stay whole."""
    assert folded(plain) == compared


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_every_place_is_known(text: str) -> None:
    """Each plain character has a kind, and a place in the text; places go forward."""
    reading = Reading(text)
    assert len(reading.kinds) == len(reading.plain)
    spans = [reading.span(index, index + 1) for index in range(len(reading.plain))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
