"""SMS text → code, on texts as they are really sent."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_otp.codes import extract_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your verification code is 482913", "482913"),
        ("482913 is your Shop code. Do not share it.", "482913"),
        ("Your code is: 4829", "4829"),
        ("Use 48291304 as your one-time password", "48291304"),
        ("G-482913 is your Google verification code.", "482913"),
        ("Your code is 482 913", "482913"),
        ("Your code is 482-913", "482913"),
        ("Your code: 4829-1304", "48291304"),
        ("Code: A1B2C3", "A1B2C3"),
        ("482913", "482913"),
        ("Shop 482913", "482913"),
        ("2026 promo. Use code 482913", "482913"),
        ("Call +1 800 555 1234. Code 482913", "482913"),
        ("You pay 1500 EUR. Your code is 482913", "482913"),
        ("Your code 482913 is valid for 1000 minutes", "482913"),
        ("Code 482913 for your card ending in **4242", "482913"),
        ("On 12/11/2026 at 14:30 your code was 482913", "482913"),
        ("Your code: 482913 https://shop.example/v/99887766", "482913"),
        ("Kode OTP Anda 482913. JANGAN BERIKAN kepada siapa pun", "482913"),
        ("Ihr Bestätigungscode lautet 482913.", "482913"),
        ("Su código es 482913", "482913"),
        ("Ваш код: 482913", "482913"),
        ("您的验证码是 482913\uff0c5分钟内有效", "482913"),
        ("رمز التحقق: ٤٨٢٩١٣", "482913"),
        ("\u202b\u05e7\u05d5\u05d3: \u200e482913\u202c", "482913"),
        ("Your code is 482913", "482913"),
        ("Your code is 999999\n\n@shop.example #482913", "482913"),
        ("@shop.example #AB12", "AB12"),
    ],
)
def test_codes_that_are_found(text: str, code: str) -> None:
    """The code is found beside years, prices, dates, times, links and phone numbers, in several languages."""
    assert extract_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello, see you at noon!",
        "Your parcel arrives on 12/11/2026 at 14:30",
        "Call +1 800 555 1234 for help",
        "You pay $1500",
        "https://shop.example/v/99887766",
        "Shop: we noticed a new login. If it was not you, contact our support.",
        "Orders 1234 and 5678 are on their way",
        "Your code expires in 1000 seconds",
    ],
)
def test_texts_without_a_code(text: str) -> None:
    """What is no code is not made one."""
    assert extract_code(text) is None


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever a text holds, the answer is None or a code of letters and ASCII digits without separators."""
    code = extract_code(text)
    assert code is None or (code and not set(code) & set(" \n\t"))


@given(st.integers(0, 10**6 - 1), st.sampled_from(["Your code is {}", "{} is your code", "Code: {}.", "OTP {}, bye"]))
def test_six_digits_are_found_as_they_are(number: int, template: str) -> None:
    """Leading zeros and years' look-alikes included."""
    assert extract_code(template.format(f"{number:06}")) == f"{number:06}"


def test_long_texts_take_no_time() -> None:
    """A text of many digits and separators does not make the search explode."""
    program = (
        "from pytest_otp.codes import extract_code\n"
        "for part in ('1 2 3-', '+1 (', '12.', '1,', 'A1-', '@x #', 'code ', '****1', '12:'):\n"
        "    extract_code(part * 2000)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)


@pytest.mark.parametrize("piece", ["1", "1.", "1,", "+1 ", "* ", "x", "12:"])
def test_hostile_text_ends(piece: str) -> None:
    """A text of any length is gone through: what is longer than an SMS is not looked at."""
    extract_code(piece * 200_000)
