"""Phone numbers as providers write them, and country names in any language."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_otp.phone import EVERYDAY_NAMES, Phone, e164, folded, line_type, printed, read, region_of, why_not

US = Phone("+12015550123", "2015550123", "US")
ID = Phone("+6281234567890", "81234567890", "ID")


@pytest.mark.parametrize(
    ("written", "region", "phone"),
    [
        ("12015550123", None, US),
        ("+1 201-555-0123", None, US),
        ("0012015550123", None, US),
        ("2015550123", "US", US),
        ("6281234567890", "ID", ID),
        ("62-812-3456-7890", "ID", ID),
        ("081234567890", "ID", ID),
        ("81234567890", "ID", ID),
        ("+44 (0)7400 123456", None, Phone("+447400123456", "7400123456", "GB")),
        ("992112302159", None, Phone("+992112302159", "112302159", "TJ")),
        ("992112302159", "TJ", Phone("+992112302159", "112302159", "TJ")),
        ("390612345678", None, Phone("+390612345678", "0612345678", "IT")),
        ("٦٢٨١٢٣٤٥٦٧٨٩٠", "ID", ID),
    ],
)
def test_reads_what_providers_write(written: str, region: str | None, phone: Phone) -> None:
    """With or without plus, 00, country code, trunk zero or punctuation, it is the same number."""
    assert read(written, region) == phone


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("79261234567", "ID", "+79261234567"),
        ("12015550123", "ID", "+12015550123"),
        ("+6281234567890", "US", "+6281234567890"),
        ("0044 7400 123456", "ID", "+447400123456"),
    ],
)
def test_a_number_of_another_country_stays_one(written: str, region: str, number: str) -> None:
    """The ordered country does not bend a number that is valid as it stands."""
    assert read(written, region).e164 == number


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("0812 3456 7890", Phone("+081234567890", "081234567890", None)),
        ("1", Phone("+1", "1", None)),
        ("", Phone("+", "", None)),
        ("xxxxxxxxxxxxxx", Phone("+", "", None)),
        ("9" * 40, Phone("+" + "9" * 40, "9" * 40, None)),
    ],
)
def test_what_does_not_parse_is_plus_and_digits(written: str, phone: Phone) -> None:
    """A number that was paid for is shown as good as it can be."""
    assert read(written) == phone


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from([None, "US", "ID", "TJ", "ZZ", ""]))
def test_reading_never_raises(written: str, region: str | None) -> None:
    """Whatever was written, there are a plus and digits to show."""
    phone = read(written, region)
    assert phone.e164 == "+" + phone.digits
    assert phone.digits == "" or phone.digits.isdecimal()
    assert phone.digits.endswith(phone.national)


@pytest.mark.parametrize("region", ["US", "ID", "TJ", "DE", "GB", "RU", "BR", "IT", "AF", "LV"])
def test_every_form_of_a_countrys_example_is_read_alike(region: str) -> None:
    """E.164, digits, international and national form of a mobile number are one number where the country is known."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    form = phonenumbers.PhoneNumberFormat
    number = phonenumbers.format_number(example, form.E164)
    written = [number, number[1:], "00" + number[1:]]
    written += [phonenumbers.format_number(example, kind) for kind in (form.INTERNATIONAL, form.NATIONAL)]
    assert {read(text, region).e164 for text in written} == {number}


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+12015550123", None, "+12015550123"),
        ("+1 (201) 555-0123", None, "+12015550123"),
        ("2015550123", "US", "+12015550123"),
        ("2015550123", None, None),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("+12015550123 ext. 5", None, None),
        ("+1201", None, None),
        ("+" + "1" * 300, None, None),
        ("", "US", None),
    ],
)
def test_e164(written: str, region: str | None, number: str | None) -> None:
    """What can exist becomes E.164, an extension excepted, which cannot receive SMS; the rest is None."""
    assert e164(written, region) == number


@pytest.mark.parametrize(
    ("written", "region", "reason"),
    [
        ("+12015550123", None, None),
        ("(201) 555-0123", "US", None),
        ("+1201", None, "TOO_SHORT"),
        ("+120155501234567", None, "TOO_LONG"),
        ("+999123456789", None, "NOT_A_NUMBER"),
        ("+12015550123 ext. 7", None, "NOT_A_NUMBER"),
        ("boss", "US", "NOT_A_NUMBER"),
    ],
)
def test_why_a_number_cannot_exist(written: str, region: str | None, reason: str | None) -> None:
    """Each number that has no E.164 form has a reason, and no other."""
    assert why_not(written, region) == reason
    assert (e164(written, region) is None) == (reason is not None)


@pytest.mark.parametrize(
    ("number", "kind", "written"),
    [
        ("+12125551234", "FIXED_LINE_OR_MOBILE", "(212) 555-1234"),
        ("+442079460958", "FIXED_LINE", "020 7946 0958"),
        ("+4915123456789", "MOBILE", "01512 3456789"),
        ("+15550000000", "UNKNOWN", "(555) 000-0000"),
    ],
)
def test_the_line_of_a_number_and_how_it_is_printed(number: str, kind: str, written: str) -> None:
    """Both are those of its country's numbering plan."""
    assert (line_type(number), printed(number)) == (kind, written)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("de", "DE"),
        (" DE ", "DE"),
        ("Germany", "DE"),
        ("ALLEMAGNE", "DE"),
        ("Deutschland", "DE"),
        ("Германия", "DE"),
        ("Österreich", "AT"),
        ("osterreich", "AT"),
        ("Côte d'Ivoire", "CI"),
        ("cote d ivoire", "CI"),
        ("Indonesia", "ID"),
        ("USA", "US"),
        ("England", "GB"),
        ("Türkiye", "TR"),
        ("turkey", "TR"),
        ("libyan", "LY"),
        ("tajikistan", "TJ"),
        ("Trinidad & Tobago", "TT"),
        ("Trinidad and Tobago", "TT"),
        ("Wakanda (Indo)", None),
        ("Atlantis", None),
        ("ZZ", None),
        ("", None),
    ],
)
def test_finds_countries_by_code_and_name(text: str, region: str | None) -> None:
    """ISO codes and names in any language, whatever case, accents and punctuation; nothing for what is none."""
    assert region_of(text) == region


def test_every_everyday_name_is_a_region() -> None:
    """Each region that a name can lead to is one that numbers can be had in."""
    assert set(EVERYDAY_NAMES.values()) <= phonenumbers.SUPPORTED_REGIONS
    assert all(name == folded(name) for name in EVERYDAY_NAMES)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  Côte  d'Ivoire ", "cote d ivoire"),
        ("A&B", "a and b"),
        ("Gmail/Youtube", "gmail youtube"),
        ("STRASSE", "strasse"),
    ],
)
def test_folding(text: str, plain: str) -> None:
    """Names are compared without case, accents, punctuation and double spaces."""
    assert folded(text) == plain
