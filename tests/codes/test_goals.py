"""What a number is good for, where a text says that instead of calling it a code."""

from __future__ import annotations

import pytest

from pytest_otp.codes.goals import good_for
from tests.codes.texts import seen

GOOD = [
    ("58213 gets you into Tallowby.", "58213", "gets you into"),
    ("Mit 58213 kommst du in dein Konto", "58213", "kommst du in"),
    ("Con 58213 entri in Borgo", "58213", "entri in"),
    ("61874 proves this phone is yours", "61874", "proves"),
    ("6620 is needed for your new phone", "6620", "is needed"),
    ("Serve 6620 per collegare il telefono", "6620", "serve"),
    ("For your new phone we need 6620", "6620", "we need"),
    ("Harbour Rail: 4471 to change your seat", "4471", "change"),
    ("Fahrwerk: 7731, um deine Buchung zu ändern", "7731", "ändern"),
    ("One step left: 55102. Valid until 14:20. Your account", "55102", "account"),
]
NO_GOOD = [
    ("58213 gets you into the cellar", "58213"),
    ("The lift 58213 gets you into Tallowby", "58213"),
    ("58213 gets you into the locker, valid 5 min", "58213"),
    ("58200 gets you into Tallowby", "58200"),
    ("58213 or 58214 gets you into Tallowby", "58213"),
    ("6620 is needed for a free coffee", "6620"),
    ("We need 6620 of them", "6620"),
    ("We need 6620 points for your account", "6620"),
    ("Harbour Rail: 4471 to Leeds is late", "4471"),
    ("Harbour Rail says 4471 to change your seat", "4471"),
    ("One step left: 55102. Valid until 14:20", "55102"),
    ("One ticket: 55102. Valid until 14:20. Your account", "55102"),
    ("One step left: 55102. It is 14:20. Your account", "55102"),
]


@pytest.mark.parametrize(("text", "code", "word"), GOOD)
def test_what_it_is_good_for(text: str, code: str, word: str) -> None:
    """A number that gets the reader in, is needed, changes what is theirs, or holds for a time, and the word for it."""
    verdict = good_for(*seen(text, code))
    assert verdict is not None
    assert repr(word) in verdict.reason


@pytest.mark.parametrize(("text", "code"), NO_GOOD)
def test_what_it_is_no_good_for(text: str, code: str) -> None:
    """A round number, one of several, and one of things, lines or offers say nothing of that kind."""
    assert good_for(*seen(text, code)) is None
