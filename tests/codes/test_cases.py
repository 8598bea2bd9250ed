"""The project's own labelled texts: every class of message, in many languages.

A line of cases.jsonl with `found` is a known weakness: what is found there today, instead of what is expected.
"""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_otp.codes import extract_code
from pytest_otp.codes.reading import Reading
from tests.codes.texts import Case, cases, letters_and_digits

CLASSES = {
    *("code_first", "code_last", "no_word", "split_code", "prefix", "alphanumeric", "letters_only"),
    *("len_3", "len_5_7_8", "len_9plus", "native_digits", "fullwidth", "rtl", "bidi_marks"),
    *("webotp", "app_hash", "link", "amount", "date_time", "validity", "phone", "card_ending", "other_numbers"),
    *("percent", "warning", "transliterated", "multi_line", "two_languages"),
    *("negative", "delivery", "bank_alert", "promo", "spam", "appointment", "chat", "otp_warning_only", "order"),
    "security_notice",
}
LANGUAGES = sorted({case.lang.partition("-")[0] for case in cases()})


@pytest.mark.parametrize("language", LANGUAGES)
def test_language(language: str) -> None:
    """Every text of a language has the code, or none, that a person found in it."""
    wrong = [
        f"{found} instead of {case.expected}: {case.text!r}"
        for case in cases()
        if case.lang.partition("-")[0] == language
        and not case.is_weakness
        and (found := extract_code(case.text)) != case.expected
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", [case for case in cases() if case.is_weakness], ids=lambda case: case.text[:40])
def test_known_weakness(case: Case) -> None:
    """What is known to go wrong goes wrong as the file says: who mends it takes `found` off the line."""
    assert extract_code(case.text) == case.found


def test_the_cases_are_sound() -> None:
    """No text is there twice, digits apart; a code stands in its text; a weakness differs from the label."""
    alike = Counter("".join("0" if char.isdigit() else char for char in case.text) for case in cases())
    assert not [text for text, count in alike.items() if count > 1]
    for case in cases():
        assert case.expected is None or case.expected in letters_and_digits(Reading(case.text).plain), case
        assert case.is_weakness == (case.found != case.expected), case
        assert ("negative" in case.classes) == (case.expected is None) or not case.classes, case


def test_every_class_is_there() -> None:
    """The set has every kind of message that is promised to be read, ten of each, in forty languages and more."""
    counts = Counter(name for case in cases() for name in case.classes)
    assert not [name for name in CLASSES if counts[name] < 10]
    assert len(LANGUAGES) >= 40
    lengths = {len(case.expected) for case in cases() if case.expected and case.expected.isdigit()}
    assert lengths == set(range(3, 11))


def test_the_set_as_a_whole() -> None:
    """At least 98.5 % are right; another code than the right one, and a code where there is none, are 1 % at most."""
    found = [(case.expected, extract_code(case.text)) for case in cases()]
    with_code = [(expected, code) for expected, code in found if expected]
    without = [code for expected, code in found if not expected]
    assert sum(expected == code for expected, code in found) >= 0.985 * len(found)
    assert sum(code is not None and expected != code for expected, code in with_code) <= 0.01 * len(with_code)
    assert sum(code is not None for code in without) <= 0.01 * len(without)
