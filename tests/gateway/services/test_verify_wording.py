"""The texts of verification services: each holds exactly its code, in each language."""

from __future__ import annotations

import random
from typing import get_args

import pytest

from pytest_otp.codes import extract_code
from pytest_otp.gateway.services.verify_codes import new_code
from pytest_otp.gateway.services.verify_wording import LANGUAGES, Style, language_at, language_of, text_in

WELL_KNOWN = set(
    "ar cs da de el en es fi fr he hi hu id it ja ko nb nl pl pt ro ru sv th tr uk vi zh".split()  # noqa: SIM905 - reads as a list of languages
)


def test_the_well_known_languages_have_a_text() -> None:
    """None of them falls back to English."""
    assert set(LANGUAGES) >= WELL_KNOWN


@pytest.mark.parametrize("style", get_args(Style))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_is_found_in_each_text(language: str, style: Style) -> None:
    """The search for codes finds the code and nothing else, for codes of each length and names of several kinds."""
    for name in ("app", "Acme Inc.", "Müller & Söhne"):
        for length in range(4, 11):
            code = new_code(length)
            text = text_in(language, style, name=name, code=code, minutes=5)
            assert extract_code(text) == code, text


def test_a_brand_with_digits_is_not_the_code() -> None:
    """Codes of the usual lengths are found beside such a name."""
    for language in LANGUAGES:
        code = str(random.Random(language).randrange(100_000, 1_000_000))
        assert extract_code(text_in(language, "twilio", name="Shop24", code=code, minutes=10)) == code


def test_no_code_of_four_digits_is_a_year() -> None:
    """A reader of the text would take it for one."""
    assert not [code for code in (new_code(4) for _ in range(3000)) if code.startswith(("19", "20"))]
    assert {len(new_code(length)) for length in range(4, 11)} == set(range(4, 11))


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en", "en"),
        ("pt-BR", "pt"),
        ("de_de", "de"),
        ("zh-HK", "zh"),
        ("yue-cn", "zh"),
        ("no", "nb"),
        ("iw", "he"),
        ("cy-gb", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_locale(locale: str, language: str) -> None:
    """Regions and spellings do not matter, old names are understood, and what has no text is English."""
    assert language_of(locale) == language


@pytest.mark.parametrize(
    ("number", "language"),
    [("+12015550123", "en"), ("+4915123456789", "de"), ("+81312345678", "ja"), ("+5511912345678", "pt"), ("+1", "en")],
)
def test_the_language_of_a_number(number: str, language: str) -> None:
    """It is that of the number's country; English where the country is unknown."""
    assert language_at(number) == language
