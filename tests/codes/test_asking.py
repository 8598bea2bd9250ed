"""What a text asks to do with a code: to type it, or to approve something with it."""

from __future__ import annotations

import pytest

from pytest_otp.codes.asking import asked_for
from tests.codes.texts import seen

ASKED = [
    ("Type the 6 digits after ABCD-482913", "482913", "the only number after 'type', with a prefix"),
    ("Approve the payment to Ann with 4829", "4829", "the means after 'approve the payment'"),
    ("Mit 4829 aktivieren Sie das Konto", "4829", "the means before 'aktivieren sie'"),
    ("With 4829 you sign in", "4829", "the means before 'sign in'"),
    ("Hallo, mit 4829 aktivieren Sie das Konto", "4829", "the means before 'aktivieren sie'"),
    ("Enter 482913 to go on", "482913", "after 'enter'"),
    ("482913 eingeben", "482913", "before 'eingeben'"),
    ("Enter 482 from the code", "482", "after 'enter'"),
    ("Enter pin 4829 or so", "4829", "after 'enter'"),
    ("Enter in the 4829", "4829", "the only number after 'enter'"),
    ("Enter in your personal area 77304", "77304", "the only number after 'enter'"),
    ("Geben Sie im Kundenportal 77304 ein.", "77304", "the only number after 'geben'"),
    ("Case 7719: compare it, then type 440812", "440812", "after 'type'"),
    ("4829 is what you have to type in the app", "4829", "what to type, before 'type in'"),
    ("Bestätigen Sie mit 704 418 unter Mein Konto", "704418", "the means after 'bestätigen sie'"),
    ("Schließ dein Konto mit 304817 ab und leg los", "304817", "the means after 'konto'"),
    ("Complete your account with 304817.", "304817", "the means after 'account'"),
    ("Reply in our app with 4829", "4829", "what to reply with, after 'app'"),
    ("The window that has opened wants 4829", "4829", "the only number, beside 'window'"),
]
SILENT = [
    ("Approve the payment with 4829 points", "4829"),
    ("Mit 4829 Punkten aktivieren Sie das Konto", "4829"),
    ("Use it at shop T-4829", "4829"),
    ("Approve it with 4829 and 604183", "4829"),
    ("Enter 482 to win", "482"),
    ("Enter your name for 482913", "482913"),
    ("Enter. 482913", "482913"),
    ("Enter in the 4829 shops", "4829"),
    ("Enter in the 4829 or 7712", "4829"),
    ("Enter in one of the 4829", "4829"),
    ("482913\nEnter", "482913"),
    ("The order 482913", "482913"),
    ("Recharge your account with 5500 points", "5500"),
    ("Your account was charged with 5512.", "5512"),
    ("Recharge your phone with 5000.", "5000"),
    ("Compare 7719, then enter 440812", "7719"),
    ("Reply to us with 4829", "4829"),
    ("The window that has opened wants 4829 or 7712", "4829"),
    ("The window at the parcel counter has number 4829", "4829"),
]


@pytest.mark.parametrize(("text", "code", "reason"), ASKED)
def test_what_is_asked_for(text: str, code: str, reason: str) -> None:
    """A verb that asks to type a number, or to approve something with it, gives it points, and says why."""
    verdict = asked_for(*seen(text, code))
    assert verdict is not None
    assert verdict.points > 0
    assert verdict.reason == reason


@pytest.mark.parametrize(("text", "code"), SILENT)
def test_what_is_not_asked_for(text: str, code: str) -> None:
    """A number that only stands near such a verb, or that counts something, gets none."""
    assert asked_for(*seen(text, code)) is None
