"""What a shape is instead of a code: each rule on its own."""

from __future__ import annotations

import pytest

from pytest_otp.codes.contexts import an_offer, in_a_report, to_be_sent, to_send_to
from pytest_otp.codes.purposes import after_the_fact, approval, handed_over
from pytest_otp.codes.refusing import (
    AGAINST,
    VETOES,
    a_word,
    for_another,
    label_near,
    labelled,
    like_a_year,
    numbered,
    of_another_length,
    part_of_another,
    sender,
    sender_in_brackets,
    single_letters,
    withdrawn,
)
from pytest_otp.codes.things import of_a_thing, of_something_unknown, one_of_several
from tests.codes.texts import seen

EXCLUDED = {
    part_of_another.__name__: [
        ("PIN 08-11-25 changed", "081125", "a date"),
        ("Pay $4829 with your code", "4829", "an amount"),
        ("Your code: $4829", "4829", "an amount"),
        ("See https://shop.example/482913", "482913", "a link"),
        ("Call 555-0123 now", "5550123", "a phone number"),
        ("Code is good for 120 minutes", "120", "a duration"),
        ("4829 (code, 5mins)", "5mins", "a duration"),
        ("Code for 0900 000 123", "0900", "a phone number"),
    ],
    of_another_length.__name__: [
        ("Code 12", "12", "too short or too long for a code"),
        ("Code 482913047712", "482913047712", "too short or too long for a code"),
    ],
    labelled.__name__: [
        ("Order 482913", "482913", "labelled by 'order'"),
        ("card ending 4821", "4821", "labelled by 'card ending'"),
        ("Order: #482913", "482913", "labelled by 'order'"),
        ("promo code 482913", "482913", "labelled by 'promo code'"),
        ("Your code for order 482913", "482913", "labelled by 'order'"),
        ("Your code KTMRZ (reference: 482913)", "482913", "labelled by 'reference'"),
    ],
    numbered.__name__: [
        ("For request no. 48-2210 enter it", "482210", "numbered by 'no.'"),
        ("Ваша заявка № 482210 принята", "482210", "numbered by 'No'"),
        ("Za zahtjev br. 48-2210 unesite PIN", "482210", "numbered by 'br.'"),
    ],
    a_word.__name__: [
        ("Your code NEVER", "NEVER", "a word"),
        ("Code for HELLO ABCDE", "ABCDE", "a word"),
        ("code PLEASE read", "PLEASE", "a word"),
        ("see KDTX", "KDTX", "a word"),
        ("Enter the code SENT to you", "SENT", "a word"),
        ("Never give a code BLIK away", "BLIK", "a word"),
        ("PIN KDTX was used", "KDTX", "a word"),
        ("PIN KDTX purchase", "KDTX", "a word"),
    ],
    single_letters.__name__: [("see A B C D there", "ABCD", "single letters")],
    sender.__name__: [
        ("IRCTC: use OTP 482913", "IRCTC", "the sender's name"),
        ("[Auth0] 482913 is your code", "Auth0", "the sender's name"),
    ],
}
"""Texts with a shape that the rule excludes, and the reason that it gives."""

LEFT = {
    part_of_another.__name__: [
        ("Your code: 555-0123", "5550123"),
        ("Your code is #482913", "482913"),
        ("Pay $48 with 482913", "482913"),
        ("Your code is 12H30", "12H30"),
        ("Code: XX4829, good today", "XX4829"),
        ("22NOV26 is your code", "22NOV26"),
    ],
    of_another_length.__name__: [("482", "482"), ("4829130471", "4829130471")],
    numbered.__name__: [
        ("Code no. 482913", "482913"),
        ("Kod br. 4829", "4829"),
        ("No 4829 today", "4829"),
    ],
    labelled.__name__: [
        ("Code 482913", "482913"),
        ("Your code for KTMRZ (order: 482913)", "482913"),
        ("Order. 482913", "482913"),
        ("Order\n482913", "482913"),
        ("Order for 482913", "482913"),
        ("Your code for the order: 482913", "482913"),
        ("482913 order", "482913"),
        ("Dear customer 482913 is your OTP", "482913"),
    ],
    a_word.__name__: [
        ("Your code: KDTX", "KDTX"),
        ("Wpisz kod KODAMA, aby się zalogować", "KODAMA"),
        ("YOUR CODE IS KODAMA NOW", "KODAMA"),
        ("Your OTP VELDRA", "VELDRA"),
        ("Enter VNDPH on your device", "VNDPH"),
        ("HQWZTR is your code", "HQWZTR"),
        ("see WDJB-MJHT", "WDJBMJHT"),
        ("see A1B2C3", "A1B2C3"),
        ("482913", "482913"),
    ],
    single_letters.__name__: [("Code: A B C D", "ABCD"), ("Hi\nA B C D\nBye", "ABCD"), ("see 4 8 2 9 there", "4829")],
    sender.__name__: [
        ("A1B2C3: your code", "A1B2C3"),
        ("482913: your code", "482913"),
        ("use HQWZTR: now", "HQWZTR"),
        ("HQWZTR is your code", "HQWZTR"),
    ],
}
"""Texts with a shape that the rule leaves to the others."""

POINTS_OFF = {
    of_a_thing.__name__: [
        ("The code of the door is 4829", "4829", "a code of something ('the door')"),
        ("Code for the front door: 4829", "4829", "a code of something ('front door')"),
        ("Enter code 4829 at the gate", "4829", "a code of something ('gate')"),
        ("Der Garagecode lautet 4829", "4829", "a code of something ('Garage')"),
        ("Пароль от вайфая: 88213344", "88213344", "a code of something ('вайфа')"),
        ("Wi-Fi password: 4829", "4829", "a code of something ('wi fi')"),
        ("单元门密码4829", "4829", "a code of something ('单元门')"),
        ("Your parcel has arrived. PIN 4829", "4829", "the text is about something with a code of its own ('parcel')"),
    ],
    of_something_unknown.__name__: [
        ("Ihr Zwergencode ist 4829", "4829", "a code of something else ('Zwergen')"),
        ("Le code de la grotte est 4829", "4829", "a code of something else ('grotte')"),
        ("The code of the wobbly gizmo is 4829", "4829", "a code of something else ('wobbly')"),
    ],
    after_the_fact.__name__: [
        ("You paid EUR 25.00. Confirmation code 4829", "4829", "it confirms what is over"),
        ("Płatność 45,90 PLN potwierdzona. Kod potwierdzenia 551902", "551902", "it confirms what is over"),
        ("Your booking was confirmed. Confirmation code 4829", "4829", "it confirms what is over"),
    ],
    handed_over.__name__: [
        ("Give code 4829 to the courier", "4829", "a code to fetch something with ('courier')"),
        ("Your driver is here. Tell him PIN 4829", "4829", "a code to fetch something with ('your driver')"),
        ("Share OTP 4829 with the courier", "4829", "a code to fetch something with ('courier')"),
    ],
    label_near.__name__: [
        ("your card Alba Gold 4821", "4821", "near 'card', which labels another number"),
        ("code for your card with 4821", "4821", "near 'card', which labels another number"),
        ("4821 order", "4821", "before 'order', which labels another number"),
    ],
    to_send_to.__name__: [
        ("If anyone wants your code, call 4829", "4829", "a number to call, after 'call'"),
        ("text WIN to 85023", "85023", "a number to send to, after 'text'"),
        ("Text CODE to 85023", "85023", "a number to send to, after 'text'"),
        ("Sende CODE an 85023", "85023", "a number to send to, after 'sende'"),
        ("发送CODE到85023", "85023", "a number to send to, after '发送'"),
        ("85023'e CODE gönderin", "85023", "a number to send to, before 'gönderin'"),
        ("85023にコードを送信", "85023", "a number to send to, before '送信'"),
        ("News. WIN to 85023", "85023", "a number to send a keyword to"),
        ("Reply YES to 85023", "85023", "a number to send to, after 'reply'"),
    ],
    like_a_year.__name__: [
        ("See you in 2026", "2026", "could be a year"),
        ("Your code of the year 1999", "1999", "could be a year"),
        ("Registrierung 2026 offen", "2026", "could be a year"),
        ("Your code was sent in 2026", "2026", "could be a year"),
    ],
    an_offer.__name__: [
        ("Code: NEW300, 20 % off", "NEW300", "a code for an offer"),
        ("Code: 482913, 20 % off", "482913", "a code for an offer"),
        ("Sconto per te! Codice: K7Q2MX", "K7Q2MX", "a code for an offer"),
        ("Vyhráli jste výhru. Kód je 482913", "482913", "a code for an offer"),
    ],
    approval.__name__: [
        (f"{text} 093164", "093164", "the approval code of a finished payment")
        for text in (
            "Payment of EUR 25.00 approved. Approval code",
            "Kauf 25,00 EUR am 12.04.2026, Autorisierungscode",
            "Achat de 25,00 EUR, solde 310,20. Code d'autorisation:",
            "消费25.00元\uff0c授权码",
            "Betaling på 25,00 EUR er godkendt med kode",
            "Purchase approved, USD 12.00. Authorization",
            "Ticket paid at 12:30, approval code",
        )
    ],
    in_a_report.__name__: [
        ("Purchase of USD 12.00 done. Login 482", "482", "a short number in a report"),
        ("PIN changed at ATM 4829 today", "4829", "in a report of what was done ('changed')"),
        ("Karte 13 PIN geändert in 4829", "4829", "in a report of what was done ('geändert')"),
        ("Login 18.04.2026 of 4829", "4829", "in a report with a date or time"),
    ],
    for_another.__name__: [
        ("604183 da 20251 fakturaren kodea", "20251", "the code stands before it"),
        ("4829 is your code for contract 2025-7713", "20257713", "the code stands before it"),
        ("4829 - your code, for number 88214410", "88214410", "the code stands before it"),
        ("20251107: your code for the bill is 604183", "20251107", "the code follows it"),
        ("Code for guest 48213: 604183", "48213", "the code follows it"),
        ("Kode WAVE untuk user adalah 4829", "WAVE", "the code follows it"),
        ("Code pour le 0612345678 est 4279", "0612345678", "the code follows it"),
        ("Kod dla 601234567 to 4279", "601234567", "the code follows it"),
    ],
    to_be_sent.__name__: [
        ("Reply with code to get this: 482913", "482913", "a code to reply with, after 'reply'"),
    ],
    sender_in_brackets.__name__: [("【12306】验证码482913", "12306", "the sender's name")],
    one_of_several.__name__: [("Attic code: 4829. Barn code: 1188", "1188", "one of several codes")],
    withdrawn.__name__: [
        ("Your code 482913 has expired", "482913", "no longer valid ('expired')"),
    ],
}
"""Texts with a shape that loses points by the rule, and the reason that it gives."""

NO_POINTS_OFF = {
    of_a_thing.__name__: [
        ("Your parcel is here. Your verification code is 4829", "4829"),
        ("Smart Door: your code is 4829", "4829"),
        ("Your Bolty Driver code is 4829", "4829"),
        ("Track your parcel: enter code 4829", "4829"),
        ("Code 4829, valid for 5 minutes. Then choose a locker", "4829"),
        ("Log in to see your parcel. Code 4829", "4829"),
        ("4829 is the passcode for booking 2025-3391. Use it before 18:00", "4829"),
    ],
    of_something_unknown.__name__: [
        ("Le code de la grotte est 4829, valable 5 minutes", "4829"),
        ("Le code de la grotte est 4829. Ne le partagez jamais", "4829"),
        ("Le code de la Grotte est 4829", "4829"),
        ("Code for the wobbly app: 4829", "4829"),
        ("Code for the wobbly transfer of EUR 25.00: 4829", "4829"),
        ("Ihr Bestätigungscode ist 4829", "4829"),
    ],
    after_the_fact.__name__: [
        ("Payment of EUR 25.00. Confirmation code 4829", "4829"),
        ("Paid EUR 25.00 so far. To confirm the rest, your code is 4829", "4829"),
        ("You paid EUR 25.00. Enter the code 4829", "4829"),
        ("You paid EUR 25.00. Code 4829, valid for 5 minutes", "4829"),
    ],
    handed_over.__name__: [
        ("Your login code is 4829. A courier comes later", "4829"),
        ("Your code is 4829. Do not share it with the courier", "4829"),
        ("Sign in as a courier: 4829", "4829"),
    ],
    label_near.__name__: [
        ("Approve the payment with card holder Ann with 4829", "4829"),
        ("your card is new. Then 4821", "4821"),
        ("your card, then 4821", "4821"),
        ("your card with 7 or 4821", "4821"),
        ("your card of the new kind 4821", "4821"),
        ("4821 (order)", "4821"),
        ("4821\norder", "4821"),
        ("4821. Order it now", "4821"),
        ("verify your mobile number 4821", "4821"),
        ("Code 4821 order", "4821"),
        ("4821", "4821"),
    ],
    to_send_to.__name__: [
        ("text WIN to us. 85023", "85023"),
        ("text us the word that you have won to 85023", "85023"),
        ("85023 text WIN", "85023"),
        ("text. Code 85023", "85023"),
        ("text code 85023", "85023"),
        ("SMS token: 85023", "85023"),
        ("Autorizza EUR con 482913", "482913"),
        ("Twój kod SMS to 85023", "85023"),
        ("Your code is 85023, text us", "85023"),
    ],
    like_a_year.__name__: [
        ("Enter 2018 to register and more", "2018"),
        ("See you at 2126", "2126"),
        ("Kode Anda 2026", "2026"),
        ("2026 is your code", "2026"),
        ("Enter 2026 and then the code", "2026"),
        ("Enter 2026 in the app", "2026"),
        ("Kutuya 2026 yaz, bas", "2026"),
        ("2026", "2026"),
        ("Code 2026", "2026"),
        ("Code: 20-26", "2026"),
        ("Code of 202611", "202611"),
    ],
    an_offer.__name__: [
        ("Code: NEW300", "NEW300"),
        ("Your verification code: 482913. Now 20% off", "482913"),
        ("482913 is your code. Win a prize every day", "482913"),
        ("2026 promo. Use code 482913", "482913"),
        ("Your OTP is 482913 for 20% more points", "482913"),
        ("验证码482913\uff0c会员享8折优惠", "482913"),
    ],
    sender_in_brackets.__name__: [
        ("【12306】验证码482913", "482913"),
        ("验证码【482913】", "482913"),
        ("[12306] 482913", "12306"),
    ],
    approval.__name__: [
        ("Approval code 093164", "093164"),
        ("Pay EUR 25.00: enter the approval code 093164", "093164"),
        ("Approval code 093164 for EUR 25.00. Never share it.", "093164"),
        ("Approval code for your purchase of EUR 25.00: 093164", "093164"),
        ("Approve the payment of EUR 25.00 with code 093164", "093164"),
        ("Approval code 093164 for EUR 25.00 is good for 5 minutes", "093164"),
        ("Paid EUR 25.00 on 12.04.2026. Code 093164", "093164"),
    ],
    in_a_report.__name__: [
        ("Sign up with 4829 before 9:00", "4829"),
        ("PIN changed: your PIN is 4829", "4829"),
        ("Your password was changed. Enter 4829 to undo it", "4829"),
        ("Login: 18.04.2026. Code 4829", "4829"),
    ],
    for_another.__name__: [
        ("4829 shops. Your code 604183", "604183"),
        ("4829 shops have your code: 604183", "604183"),
        ("Code 48213 for guest: 604183", "48213"),
        ("Code for guest 48213", "48213"),
        ("Code is 48213 for guest: 604183", "48213"),
    ],
    to_be_sent.__name__: [
        ("Reply with code 482913", "482913"),
        ("The code to get this: 482913", "482913"),
        ("Reply to us. The code to get this: 482913", "482913"),
    ],
    one_of_several.__name__: [
        ("Attic code: 4829. Barn code: 4829", "4829"),
        ("Attic code: 4829. Barn code: 1188. Valid 5 min", "1188"),
        ("Attic code: 4829. The old barn code: 1188", "4829"),
        ("Code 4829 or OTP 1188", "1188"),
    ],
    withdrawn.__name__: [
        ("Your code 482913 is new", "482913"),
        ("The old one has expired. Your code: 482913", "482913"),
    ],
}
"""Texts with a shape that loses no points by the rule."""

VETO_BY_NAME = {rule.__name__: rule for rule in VETOES}
RULE_BY_NAME = {rule.__name__: rule for rule in AGAINST}


@pytest.mark.parametrize(
    ("rule", "text", "code", "reason"), [(rule, *row) for rule, rows in EXCLUDED.items() for row in rows]
)
def test_what_is_excluded(rule: str, text: str, code: str, reason: str) -> None:
    """A rule excludes what it is there for, and says what it is."""
    assert VETO_BY_NAME[rule](*seen(text, code)) == reason


@pytest.mark.parametrize(("rule", "text", "code"), [(rule, *row) for rule, rows in LEFT.items() for row in rows])
def test_what_is_left(rule: str, text: str, code: str) -> None:
    """A rule leaves what only looks like it, and what is announced right there where that counts more."""
    assert VETO_BY_NAME[rule](*seen(text, code)) is None


@pytest.mark.parametrize(
    ("rule", "text", "code", "reason"), [(rule, *row) for rule, rows in POINTS_OFF.items() for row in rows]
)
def test_what_takes_points_off(rule: str, text: str, code: str, reason: str) -> None:
    """A rule takes points off what it is there for, and says why."""
    verdict = RULE_BY_NAME[rule](*seen(text, code))
    assert verdict is not None
    assert verdict.points < 0
    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("rule", "text", "code"), [(rule, *row) for rule, rows in NO_POINTS_OFF.items() for row in rows]
)
def test_what_takes_no_points_off(rule: str, text: str, code: str) -> None:
    """A rule says nothing of what only looks like it."""
    assert RULE_BY_NAME[rule](*seen(text, code)) is None


def test_every_rule_has_its_texts() -> None:
    """No rule is without texts where it speaks and where it does not."""
    assert set(EXCLUDED) == set(LEFT) == set(VETO_BY_NAME)
    assert set(POINTS_OFF) == set(NO_POINTS_OFF) == set(RULE_BY_NAME)


def test_a_label_weighs_less_where_a_code_was_announced() -> None:
    """`Your code for card 4821` may mean the code; `card 4821` alone does not."""
    alone = label_near(*seen("your card with 4821", "4821"))
    announced = label_near(*seen("code for your card with 4821", "4821"))
    assert alone is not None
    assert announced is not None
    assert alone.points < announced.points
