"""Codes that belong to a thing or to somebody, and that nobody signs in with."""

from __future__ import annotations

import pytest

from pytest_otp.codes.things import of_a_thing
from tests.codes.texts import seen

THEIRS = [
    ("Patient code 48213, ward opens at eleven", "48213", "a code of someone or something ('patient')"),
    ("Code for the pupil: 48213", "48213", "a code of someone or something ('pupil')"),
    ("Código de alumno 48213: úsalo", "48213", "a code of someone or something ('de alumno')"),
    ("Leerlingcode 48213", "48213", "a code of something ('Leerling')"),
    ("Meine Schüler-Code 48213", "48213", "a code of someone or something ('schüler')"),
    ("Ticket to Leeds, $2.50, until 11:32. Code 48213", "48213", "the text is a ticket ('ticket')"),
    ("Locker B7 code 482913", "482913", "a code of something ('locker')"),
]
NOT_THEIRS = [
    ("Code for the student portal: 482913", "482913"),
    ("Student portal: your code is 482913", "482913"),
    ("Kod do konta ucznia: 482913", "482913"),
    ("Kode portal siswa Anda: 482913", "482913"),
    ("Pupils wait. Code 482913", "482913"),
    ("Your Apple ID code 482913", "482913"),
    ("Ticket to Leeds, $2.50. Code 48213, never share it", "48213"),
]


@pytest.mark.parametrize(("text", "code", "reason"), THEIRS)
def test_whose_code_it_is(text: str, code: str, reason: str) -> None:
    """A word for a thing or a person beside the one for code, and a ticket around it, make the code theirs."""
    verdict = of_a_thing(*seen(text, code))
    assert verdict is not None
    assert verdict.points < 0
    assert verdict.reason == reason


@pytest.mark.parametrize(("text", "code"), NOT_THEIRS)
def test_whose_code_it_is_not(text: str, code: str) -> None:
    """A portal of theirs, another sentence about them, a warning or a time to type it leave a code to the reader."""
    assert of_a_thing(*seen(text, code)) is None
