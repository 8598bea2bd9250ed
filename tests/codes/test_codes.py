"""SMS text → code, on texts as they are really sent, and on all others."""

from __future__ import annotations

import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_otp.codes import Candidate, add_languages, candidates, extract_code, find_codes
from pytest_otp.codes.judging import ENOUGH
from pytest_otp.codes.lexicon import Lexicon
from pytest_otp.codes.reading import LONGEST_TEXT, Reading
from pytest_otp.errors import SettingsError
from tests.codes.texts import cases, letters_and_digits

FRAGMENTS = (
    *("code ", "OTP", " kod ", "رمز ", "קוד", "验证码", "รหัส", "コード", "코드 ", "код: ", "enter ", " is your code"),
    *("482913", "4829", "12", "482-913", "48 29 13", "A1B2C3", "HQWZTR", "G-482913", "A B C D"),
    *("٤٨٢٩١٣", "\uff14\uff18\uff12\uff19", "½", "㎏", "\u200e", "\u2069", "\u0301", "\ud800"),
    *("$", "EUR ", "1,234.50", "%", "22.11.2026", "14:30", "+1 201 555 0123", "**4417", "10 min", "order ", "card "),
    *("never share ", "text STOP to ", "https://shop.example/", "?code=", "\n@shop.example #", "<#> ", "FA+9qCX9VSu"),
    *(" ", "\n", ". ", ", ", ": ", "-", "(", ")", "【", "】", "#", "*"),
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(st.characters(), max_size=3), max_size=12).map("".join)
"""Texts made of what stands in SMS, and of anything."""

ZEROS = [chr(point) for point in range(0x110000) if unicodedata.decimal(chr(point), None) == 0]
"""The zero of every script."""

TEMPLATES = [
    (case.text, case.expected)
    for case in cases()
    if case.expected
    and not case.is_weakness
    and len(case.expected) == 6
    and len(set(case.expected)) > 1
    and Reading(case.text).plain.count(case.expected) == 1
    and case.text.count(case.expected) == 1
    and case.expected not in letters_and_digits(Reading(case.text.replace(case.expected, "")).plain)
]
"""Texts of many languages that have a code of six ASCII digits in one place."""

SMS = st.sampled_from([case.text for case in cases()])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your verification code is 482913", "482913"),
        ("482913 is your Shop code. Do not share it.", "482913"),
        ("Your code is: 4829", "4829"),
        ("Use 48291304 as your one-time password", "48291304"),
        ("G-482913 is your Google verification code.", "482913"),
        ("Your code is 482 913", "482913"),
        ("Your code: 4829-1304", "48291304"),
        ("Code: A1B2C3", "A1B2C3"),
        ("482913", "482913"),
        ("Shop: 482913", "482913"),
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
        ("Your code is\u00a0482913", "482913"),
        ("Your code is 999999\n\n@shop.example #482913", "482913"),
        ("<#> Your code is 482913\nFA+9qCX9VSu", "482913"),
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
        "You have withdrawn N7,500.00 using your PIN.",
        "Your PIN was used for a purchase of R1,899.00",
        "您已用密码支付4829元",
        "您已用密码支付1,299.00元",
        "할인 코드 482913",
    ],
)
def test_texts_without_a_code(text: str) -> None:
    """What is no code is not made one."""
    assert extract_code(text) is None


class TestCandidates:
    """What is told of each."""

    TEXT = "Shop: code 482-913, order 7712"

    def test_all_that_was_looked_at(self) -> None:
        """The best comes first, each with the place, the points and the reason."""
        code, order = candidates(self.TEXT)
        assert (code.code, self.TEXT[slice(*code.span)], code.reason) == ("482913", "482-913", "after 'code'")
        assert code.score >= ENOUGH
        assert code.is_code
        assert order == Candidate("7712", (26, 30), 0, "labelled by 'order'")
        assert not order.is_code

    def test_codes_alone(self) -> None:
        """`find_codes` leaves out what was refused, `extract_code` takes the first."""
        assert find_codes(self.TEXT) == candidates(self.TEXT)[:1]
        assert extract_code(self.TEXT) == "482913"
        assert find_codes("Order 7712") == []

    def test_enough(self) -> None:
        """A candidate is a code from so many points on."""
        assert not Candidate("4829", (0, 4), ENOUGH - 1, "").is_code
        assert Candidate("4829", (0, 4), ENOUGH, "").is_code

    def test_places_are_those_of_the_text_as_it_came(self) -> None:
        """Marks, wide digits and characters that become several do not move them."""
        text = "㎏ \u202b\u05e7\u05d5\u05d3: \u200e\uff14\uff18\uff12\u200b\uff19\uff11\uff13\u202c"
        (found,) = find_codes(text)
        assert (found.code, text[slice(*found.span)]) == ("482913", "\uff14\uff18\uff12\u200b\uff19\uff11\uff13")


class TestAnyText:
    """What holds whatever a text is."""

    @settings(max_examples=250, deadline=None)
    @given(TEXTS)
    def test_what_is_found_stands_there(self, text: str) -> None:
        """No text is too strange: each candidate has a code and a reason, lies in the text, and reads like it."""
        for one in candidates(text):
            start, end = one.span
            assert 0 <= start < end <= len(text)
            assert one.code
            assert one.reason
            assert letters_and_digits(one.code) in letters_and_digits(Reading(text[start:end]).plain)
            assert one.reason == "WebOTP's last line" or one.code == letters_and_digits(one.code)

    @settings(max_examples=100, deadline=None)
    @given(st.text(st.characters()))
    def test_any_characters(self, text: str) -> None:
        """The answer is None or the best code, of every character that there is, lone surrogates included."""
        assert extract_code(text) == next((one.code for one in candidates(text) if one.is_code), None)

    @settings(max_examples=100, deadline=None)
    @given(TEXTS)
    def test_the_answer_is_always_the_same(self, text: str) -> None:
        """Neither time nor what was read before plays a part."""
        before = candidates(text)
        extract_code("Your code is 482913")
        assert candidates(text) == before

    @settings(max_examples=150, deadline=None)
    @given(SMS | TEXTS, st.data())
    def test_invisible_marks_change_nothing(self, text: str, data: st.DataObject) -> None:
        """Marks of direction, joiners, soft hyphens and variation selectors can stand anywhere."""
        marks = ["", "", "\u200e", "\u200f", "\u2068", "\u2069", "\u202b", "\u200b", "\u00ad", "\ufeff", "\ufe0f"]
        chosen = data.draw(st.lists(st.sampled_from(marks), min_size=len(text), max_size=len(text)))
        marked = "".join(char + mark for char, mark in zip(text, chosen, strict=True))
        assert extract_code(marked) == extract_code(text)

    @settings(max_examples=150, deadline=None)
    @given(SMS | TEXTS, st.sampled_from(ZEROS))
    def test_digits_of_every_script(self, text: str, zero: str) -> None:
        """A code in the digits of any script is told in ASCII digits."""
        native = "".join(chr(ord(zero) + int(char)) if char in "0123456789" else char for char in text)
        assert extract_code(native) == extract_code(text)

    @settings(max_examples=100, deadline=None)
    @given(SMS)
    def test_full_width(self, text: str) -> None:
        """Wide letters, digits and signs are the usual ones; but a wide comma never stands in an amount."""
        wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" and char not in "`," else char for char in text)
        assert extract_code(wide) == extract_code(text)

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(TEMPLATES), st.integers(0, 10**6 - 1))
    def test_any_code_is_found(self, template: tuple[str, str], number: int) -> None:
        """Leading zeros and years' look-alikes included, in the texts of many languages."""
        text, code = template
        other = f"{number:06}"
        assume(other not in letters_and_digits(text))
        assert extract_code(text.replace(code, other)) == other


def test_the_templates_are_many() -> None:
    """A new code is tried in hundreds of texts, and digits in dozens of scripts."""
    assert len(TEMPLATES) >= 200
    assert len(ZEROS) >= 50


@pytest.mark.parametrize("piece", ["1", "1.", "1,", "+1 ", "* ", "x", "12:", "code 4829 ", "验证码"])
def test_hostile_text_ends(piece: str) -> None:
    """Of a text of any length as much is gone through as the longest SMS has."""
    text = piece * 200_000
    assert candidates(text) == candidates(text[:LONGEST_TEXT])


@pytest.mark.usefixtures("own_words")
class TestAddLanguages:
    """Word lists of one's own."""

    TEXT = "Zumbel 4829 blarg you the and for"

    def test_a_made_up_language(self, tmp_path: Path) -> None:
        """Its words count from then on, beside those of all others."""
        (tmp_path / "words.ini").write_text("[x-own]\nname = Own\ncode = zümbel\nother = blorg\n", encoding="utf-8")
        assert extract_code(self.TEXT) is None
        add_languages(tmp_path / "words.ini")
        assert extract_code(self.TEXT) == "4829"
        assert extract_code("Your code is 482913, blorg 7712") == "482913"
        add_languages(str(tmp_path / "words.ini"))
        assert [one.reason for one in candidates(self.TEXT)] == ["after 'zümbel'"]

    def test_it_stays_in_its_test(self) -> None:
        """Another test does not know the words."""
        assert extract_code(self.TEXT) is None

    def test_a_file_with_a_mistake(self, tmp_path: Path) -> None:
        """Its path is told, and nothing of it is added."""
        path = tmp_path / "words.ini"
        path.write_text("[x-own]\nname = Own\ncode = zumbel\nkode = wibbel\n", encoding="utf-8")
        with pytest.raises(SettingsError) as refused:
            add_languages(path)
        assert refused.value.message == f"{path}: [x-own] kode is not a kind of word"
        assert extract_code(self.TEXT) is None


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("Code for payment of 120.00 EUR: 482913", "482913", "482913"),
        ("Kod do zapłaty 1250 PLN: 482913", "482913", "482913"),
        ("OTP for txn 1,250.00 INR-482913", "482913", "482913"),
        ("50 EUR 482913 is your code", "482913", "482913"),
        ("Your OTP482 913 is valid", "482913", "482 913"),
        ("Your code is482 913", "482913", "482 913"),
        ("Code482-913 is yours", "482913", "482-913"),
        ("PIN48-29", "4829", "48-29"),
        ("code 12 34 56 78 90", "1234567890", "12 34 56 78 90"),
        ("Your code is A1B2C3D4E5F", "A1B2C3D4E5F", "A1B2C3D4E5F"),
        ("Your OTP for a/c 12...7890 is 482913", "482913", "482913"),
        ("OTP for transfer to DE12..7890: 482913", "482913", "482913"),
    ],
)
def test_codes_beside_amounts_and_written_to_words(text: str, code: str, part: str) -> None:
    """Currencies, hidden numbers and missing spaces hide no code, and its place is the whole of it."""
    found = find_codes(text)[0]
    assert (found.code, text[slice(*found.span)]) == (code, part)


@pytest.mark.parametrize(
    "text",
    ["PIN: 12 34 56 78 90 12", "Your code is A1B2C3D4E5F6G7H8", "Your PIN was blocked. Visit branch 1024"],
)
def test_what_is_too_long_or_too_far(text: str) -> None:
    """A longer number is none, not a part of it, and four digits in another sentence are not announced."""
    assert extract_code(text) is None


def test_threads_add_and_search_at_once() -> None:
    """Words that one thread adds while others search are there afterwards, and nobody fails."""
    lists = Lexicon()
    failures: list[BaseException] = []
    started, done = threading.Barrier(3), threading.Event()

    def search() -> None:
        started.wait()
        try:
            while not done.is_set():
                lists.words(Reading("คำ123 zumbel 认证 482913"))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    started.wait()
    for number in range(200):
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        lists.add(f"[x]\ncode = zumbel{letters}\nmaybe = 认{chr(0x4E00 + number)}\n", "words.ini")
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert lists.knows("zumbelbjj")
