"""Where a shape stands in its sentence: each place on its own, in several languages."""

from __future__ import annotations

import pytest

from pytest_otp.codes.placing import (
    PLACES,
    adjacent,
    equated,
    named,
    named_behind,
    offered_as,
    opens,
    pointed_at,
    stands_alone,
)
from tests.codes.texts import seen

CODE = "KDTXQZ"

HOLDS = {
    pointed_at.__name__: [
        "Your code is KDTXQZ",
        "Your code for the new app of Acme Bank: KDTXQZ",
        "Ihr Code für Acme lautet KDTXQZ",
        "Kode Anda adalah KDTXQZ",
        "Твой код для входа - KDTXQZ",
        "您的验证码为KDTXQZ",
        "รหัสของคุณคือ KDTXQZ",
        "Code\n: KDTXQZ",
    ],
    adjacent.__name__: [
        "Code KDTXQZ",
        "code (KDTXQZ)",
        "验证码KDTXQZ",
        "קוד KDTXQZ",
        "Mã OTP “KDTXQZ”",
        "Kirjautumiskoodi KDTXQZ, älä jaa",
    ],
    equated.__name__: [
        "KDTXQZ is your code",
        "Acme: KDTXQZ is your Acme code",
        "KDTXQZ ist Ihr neuer Code",
        "KDTXQZ - ваш код",
        "KDTXQZ आपका कोड है",
        "KDTXQZ doğrulama kodunuz",
        "Hello. KDTXQZ es tu código de acceso",
        "Acme: KDTXQZ (Acme login code, 3 min)",
    ],
    offered_as.__name__: ["Use KDTXQZ as your code", "Utilisez KDTXQZ comme code de connexion"],
}
FAILS = {
    pointed_at.__name__: ["Your code. It is KDTXQZ", "KDTXQZ is it", "Code KDTXQZ", "Text code to KDTXQZ"],
    adjacent.__name__: ["Code for KDTXQZ", "Code. KDTXQZ", "PIN*KDTXQZ", "Never share a code KDTXQZ", "KDTXQZ code"],
    equated.__name__: [
        "KDTXQZ is sending you a code",
        "KDTXQZ code was sent",
        "My KDTXQZ is your code",
        "KDTXQZ is it. Your code was sent",
        "Code KDTXQZ",
    ],
    offered_as.__name__: ["Use KDTXQZ to get a code", "Use KDTXQZ as you like", "Use my KDTXQZ as your code"],
}


@pytest.mark.parametrize(("place", "text"), [(place, text) for place, texts in HOLDS.items() for text in texts])
def test_places(place: str, text: str) -> None:
    """A place is known by words and signs, whatever the code looks like."""
    (function,) = [one for one in PLACES if one.__name__ == place]
    assert function(*seen(text, CODE)) is not None
    assert named(*seen(text, CODE))


@pytest.mark.parametrize(("place", "text"), [(place, text) for place, texts in FAILS.items() for text in texts])
def test_what_is_no_such_place(place: str, text: str) -> None:
    """What only resembles a place is none."""
    (function,) = [one for one in PLACES if one.__name__ == place]
    assert function(*seen(text, CODE)) is None


def test_every_place_has_its_texts() -> None:
    """No place is without texts where it holds and where it does not."""
    assert set(HOLDS) == set(FAILS) == {place.__name__ for place in PLACES}


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("482913", "482913", "the whole message"),
        ("K7Q2MX", "K7Q2MX", "the whole message"),
        ("KDTXQZ", "KDTXQZ", "the whole message"),
        ("Acme: K7Q2MX", "K7Q2MX", "all that follows the sender's name"),
        ("[Acme Bank] k7q2mx", "k7q2mx", "all that follows the sender's name"),
        ("Acme: 482 913. Gyldig i 5 min.", "482913", "all that follows the sender's name"),
        ("Acme: 482913 comes in 5 min", "482913", None),
        ("Acme: 482913. Expires at 14:05.", "482913", "all that follows the sender's name"),
        ("Acme: 482913. We come at 14:05.", "482913", None),
        ("Acme: 482913. Order expires at 14:05.", "482913", None),
        ("Hi\n482913\nBye", "482913", "alone on its line"),
        ("Hi\nK7Q2MX\nBye", "K7Q2MX", None),
        ("ဆိုင်ကယ်: 4829", "4829", "all that follows the sender's name"),
        ("See K7Q2MX", "K7Q2MX", None),
        ("Acme: K7Q2MX and more", "K7Q2MX", None),
        ("K7Q2MXK7Q", "K7Q2MXK7Q", None),
        ("K7q2mX", "K7q2mX", None),
    ],
)
def test_what_stands_alone(text: str, code: str, what: str | None) -> None:
    """A code of 4 to 8 characters alone, or behind the sender's name; one with letters only if nothing follows it."""
    assert stands_alone(*seen(text, code)) == what


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("KDTXQZ it is", True),
        ("Bye. KDTXQZ it is", True),
        ("Acme: KDTXQZ it is", True),
        ("【Acme】KDTXQZ", True),
        ("Acme - KDTXQZ it is", True),
        ("It is KDTXQZ", False),
    ],
)
def test_opens(text: str, first: bool) -> None:
    """A sentence begins at the text, behind the end of one, or behind the sender's name."""
    assert opens(*seen(text, CODE)) is first


def test_named_behind() -> None:
    """Of the numbers behind a word for code, the one that a colon or `is` leads to is the code."""
    assert named_behind(*seen("Code for user 48213: 604183", "48213"))
    assert named_behind(*seen("PIN for 9876501234 is 4279", "9876501234"))
    assert not named_behind(*seen("Code for user 48213: 604183", "604183"))
    assert not named_behind(*seen("Code 48213 for guest: 604183", "48213"))
    assert not named_behind(*seen("Code for 48213. PIN: 604183", "48213"))
