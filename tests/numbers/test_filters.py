"""Which messages a wait accepts, what it takes from them, and why it skips the others."""

from __future__ import annotations

import logging
import re
import string
from typing import Any

import pytest

from pytest_otp.codes import Candidate, CodeFormat
from pytest_otp.errors import SettingsError
from pytest_otp.numbers.filters import Wanted, no_code_reason
from pytest_otp.providers.base import SmsMessage
from pytest_otp.redact import shape
from tests.scripted import NOW

ONE_GROUP = "Put one group around the code, and write the others as (?:...)."
NO_PATTERN = "pattern must be a regular expression or a function"
TEXT = "Shop: your code is 482913. Order B-77 is on its way."


def sms(text: str = TEXT, *, sender: str | None = None, code: str | None = None) -> SmsMessage:
    return SmsMessage("sms-1", sender, text, NOW, code)


def test_without_filters_the_code_of_any_message() -> None:
    """Without filters every message is wanted, and the code is the extracted one."""
    assert Wanted().code(sms()) == "482913"
    assert Wanted().code(sms("See you at noon")) is None
    message = sms("See you at noon")
    assert Wanted().message(message) is message


@pytest.mark.parametrize(
    ("wanted", "sender", "accepted"),
    [
        ("Shop", "Shop", True),
        ("shop", "SHOP", True),
        ("My-Shop", "my shop", True),
        ("+1 (201) 555-0123", "12015550123", True),
        ("STRASSE", "Straße", True),
        ("Shop", "Shopping", False),
        ("Shop", None, False),
        ("Shop", "", False),
        (re.compile("^Sho"), "Shopping", True),
        (re.compile("^Sho"), "My Shop", False),
        (re.compile(""), None, False),
        (12345, "12345", True),
        (None, None, True),
        (None, "Shop", True),
    ],
)
def test_sender(wanted: Any, sender: str | None, accepted: bool) -> None:
    """A sender is compared without case and punctuation, a regular expression searched in it."""
    message = sms(sender=sender)
    assert Wanted(sender=wanted).code(message) == ("482913" if accepted else None)
    assert Wanted(sender=wanted).message(message) is (message if accepted else None)


@pytest.mark.parametrize("wanted", ["", "  ", "+-", ["Shop", "Bank"], b"Shop", 5.0])
def test_a_sender_that_names_nobody(wanted: Any) -> None:
    """A sender without a letter or digit, or of another type, could match no message, and is refused at once."""
    with pytest.raises(SettingsError) as caught:
        Wanted(sender=wanted)
    assert str(caught.value) == f"sender must be a name, a number or a compiled regular expression; got {wanted!r}"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"\d{6}", "482913"),
        (r"code is (\d+)", "482913"),
        (r"(?:Order|Parcel) (\S+) is", "B-77"),
        (re.compile(r"ORDER (\S+)", re.IGNORECASE), "B-77"),
        (r"\d{9}", None),
        (r"Shop(\d)?", None),
        (lambda text: text[-3:-1], "ay"),
        (lambda text: None, None),
        (lambda text: "", None),
    ],
)
def test_pattern(pattern: Any, found: str | None) -> None:
    """A pattern's one group, its whole match, or a function's result is the code; nothing and empty text are none."""
    message = sms()
    assert Wanted(pattern=pattern).code(message) == found
    assert Wanted(pattern=pattern).message(message) is (message if found else None)


def test_sender_and_pattern_together() -> None:
    """Both filters must accept a message."""
    wanted = Wanted(sender="Shop", pattern=r"\d{6}")
    assert wanted.code(sms(sender="Shop")) == "482913"
    assert wanted.code(sms(sender="Bank")) is None
    assert wanted.code(sms("no digits", sender="Shop")) is None


def test_a_pattern_ignores_the_providers_code() -> None:
    """Who gives a pattern knows better than the provider's own extraction."""
    assert Wanted(pattern=r"B-\d+").code(sms(code="482913")) == "B-77"


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("(", f"{NO_PATTERN}; got '(' (missing ), unterminated subpattern at position 0)"),
        (5, f"{NO_PATTERN}; got 5 (first argument must be string or compiled pattern)"),
        (b"x", f"{NO_PATTERN}; got b'x' (cannot use a bytes pattern on a string-like object)"),
        (r"(a)(b)", f"pattern must have at most one group; '(a)(b)' has 2. {ONE_GROUP}"),
    ],
)
def test_bad_patterns(pattern: Any, error: str) -> None:
    """A pattern that cannot work is refused before the wait begins."""
    with pytest.raises(SettingsError) as caught:
        Wanted(pattern=pattern)
    assert str(caught.value) == error


def test_a_pattern_function_that_returns_something_else() -> None:
    """A function that returns a match object, the commonest mistake, is reported."""
    wrong: Any = lambda text: re.search(r"\d+", text)  # noqa: E731
    with pytest.raises(SettingsError) as caught:
        Wanted(pattern=wrong).code(sms())
    assert str(caught.value) == "the pattern function must return str or None; got Match"


def test_the_providers_code_where_ours_finds_none() -> None:
    """A code that only the provider could read is better than none; it is written like one that we find."""
    assert Wanted().code(sms("Ihre Zahl: vier acht zwei", code="482")) == "482"
    assert Wanted().code(sms("Willkommen", code="G-482913")) == "482913"


@pytest.mark.parametrize(
    "theirs",
    [
        "\x1b[2J", "482913\x1b[31m", "482\x00913", "482\u202e913", "482\u200b913", "482\n913", "\udcff482913",
        "48", "48291300000", "your code is 482913", "https://a.example/482913", "<b>482913</b>", "4" * 1_000_000,
    ],
)  # fmt: skip
def test_a_providers_code_that_is_implausible(theirs: str, caplog: pytest.LogCaptureFixture) -> None:
    """What has not the shape of a code is not handed out: what the text says counts, as if the provider gave none."""
    assert Wanted().code(sms("See you at noon", code=theirs)) is None
    assert Wanted().code(sms(code=theirs)) == "482913"
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "theirs", "ours"),
    [
        ("Your code is 482 913", "482-913", "482913"),
        ("Your code is 482913", " 482 913 ", "482913"),
        ("Your code is 482913", "G-482913", "482913"),
        ("G-482913 is your code", "g-482913", "482913"),
        ("Your code is 482913", "٤٨٢٩١٣", "482913"),
        ("Your code is AB12-CD34", "ab12cd34", "AB12CD34"),
        ("Your code is A1-B2C3D4", "A1-B2C3D4", "A1B2C3D4"),
        ("Your code: KQW-TZP", "KQW-TZP", "KQWTZP"),
    ],
)
def test_the_providers_code_in_another_writing(
    text: str, theirs: str, ours: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A code that differs by separators, case, script or prefix is the same one: ours is used, without a warning."""
    assert Wanted().code(sms(text, code=theirs)) == ours
    assert not caplog.records


@pytest.mark.parametrize("theirs", ["", " ", "-", None])
def test_a_providers_code_that_is_none(theirs: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """What holds neither letter nor digit is no code, and contradicts none."""
    assert Wanted().code(sms("See you at noon", code=theirs)) is None
    assert Wanted().code(sms(code=theirs)) == "482913"
    assert not caplog.records


@pytest.mark.parametrize("theirs", ["777", "482914", "48291", "G-482914", "ABCD-482913", "G-77-482913"])
def test_a_disagreement_with_the_provider_is_logged(theirs: str, caplog: pytest.LogCaptureFixture) -> None:
    """Ours is used where the two differ, and a warning without text or code tells what to do."""
    with caplog.at_level(logging.WARNING):
        assert Wanted().code(sms(code=theirs)) == "482913"
    (record,) = caplog.records
    assert record.getMessage() == (
        "message sms-1: the code that the provider reports differs from the one found in the text, which is used. "
        "If that is wrong, use wait_code(pattern=...)."
    )


@pytest.mark.parametrize(
    ("wanted", "message", "why"),
    [
        (Wanted(), sms("hello"), "no code found: nothing looks like one"),
        (Wanted(pattern="x"), sms("hello"), "the pattern does not match"),
        (Wanted(sender="Shop"), sms(sender="Bank"), "sender 'Bank', expected 'Shop'"),
        (Wanted(sender="Shop"), sms(), "no sender, expected 'Shop'"),
        (Wanted(sender=re.compile("^Sh")), sms(sender="Bank"), "sender 'Bank', expected '^Sh'"),
        (Wanted(sender="Bank", pattern="x"), sms("hello", sender="Bank"), "the pattern does not match"),
    ],
)
def test_why_a_message_was_skipped(wanted: Wanted, message: SmsMessage, why: str) -> None:
    """Each filter that can skip a message has its own reason."""
    assert wanted.why_not(message, str) == why


def test_why_a_message_has_no_code() -> None:
    """What could be taken for its code is shown with the reason why it is none."""
    message = sms("You paid 1,250.00 EUR with card 9999")
    expected = "no code found: '9999', labelled by 'card'"
    assert Wanted().why_not(message, str).startswith(expected)
    assert Wanted().why_not(message, shape).startswith(expected.replace("9999", "0000"))


def test_of_many_candidates_the_likeliest_are_shown() -> None:
    """Three at most: those with most points, of the same points the longer ones, and nothing twice."""
    text = "11 22 3333 44444 11-9 66 3333"
    refused = [
        Candidate("44444", (11, 16), 30, "a weak sign"),
        Candidate("11", (0, 2), 0, "too short"),
        Candidate("22", (3, 5), 0, "too short"),
        Candidate("3333", (6, 10), 0, "an amount"),
        Candidate("3333", (25, 29), 0, "an amount"),
        Candidate("119", (17, 21), 0, "a date"),
    ]
    assert no_code_reason(text, refused, str) == (
        "no code found: '44444', a weak sign; '3333', an amount; '11-9', a date"
    )
    assert no_code_reason(text, refused, shape) == (
        "no code found: '00000', a weak sign; '0000', an amount; '00-0', a date"
    )


def test_a_candidate_cannot_steer_the_terminal() -> None:
    """Marks of direction and control characters inside a candidate are escaped, masked or not."""
    text = "1\u202e2\x1b3"
    refused = [Candidate("123", (0, len(text)), 0, "a date")]
    assert no_code_reason(text, refused, str) == r"no code found: '1\u202e2\x1b3', a date"
    assert no_code_reason(text, refused, shape) == r"no code found: '0\u202e0\x1b0', a date"


def test_a_known_form_finds_what_the_words_do_not() -> None:
    """A code that nothing announces is found by its length and alphabet."""
    message = sms("Use kaxtrb to sign in to Harbour. Order 771204 is waiting.")
    assert Wanted().code(message) is None
    assert Wanted(code_format=CodeFormat(6, string.ascii_lowercase)).code(message) == "kaxtrb"


def test_a_code_of_another_form_is_skipped() -> None:
    """A code that does not fit is not handed out, and the reason says what does not fit."""
    wanted = Wanted(code_format=CodeFormat(6))
    message = sms("Your code is 4829")
    assert wanted.code(message) is None
    assert wanted.why_not(message, str) == "no code found: '4829', has 4 characters, not 6"
    assert wanted.advice == "Check the length and the alphabet. Run pytest-otp codes 'TEXT' to see how a text is read."


@pytest.mark.parametrize(("theirs", "code"), [("48-29-13", "482913"), ("4829", None), ("482x13", None)])
def test_the_providers_code_has_the_form_too(theirs: str, code: str | None) -> None:
    """A code that only the provider reports is handed out if it fits, separators left out."""
    assert Wanted(code_format=CodeFormat(6, string.digits)).code(sms("Welcome", code=theirs)) == code
