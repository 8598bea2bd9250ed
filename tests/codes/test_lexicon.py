"""The word lists: what a language's section may hold, and where a text has the words."""

from __future__ import annotations

import configparser
import re
from collections import Counter
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_otp.codes.kinds import KEYS
from pytest_otp.codes.lexicon import SHORTEST_START, Lexicon, lexicon
from pytest_otp.codes.listing import SHORTEST_STEM
from pytest_otp.codes.reading import Reading, folded
from pytest_otp.errors import SettingsError

LEADING_STAR = "a leading star works with a single word only, and without a trailing star"


@lru_cache(maxsize=1)
def languages() -> configparser.ConfigParser:
    """languages.ini."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.read_string((files("pytest_otp.codes") / "languages.ini").read_text(encoding="utf-8"))
    return parser


def entries(section: str, key: str) -> list[str]:
    """The words under a key as they are written, in plain characters."""
    value = languages()[section][key].replace("\n", " ")
    return [part.strip() for part in Reading(value, longest=18 * len(value)).plain.split(",")]


class Listed(NamedTuple):
    """An entry, and where it is listed."""

    section: str
    key: str
    text: str


def every_entry() -> list[Listed]:
    """All of languages.ini."""
    return [
        Listed(section, key, text)
        for section in languages().sections()
        for key in set(languages()[section]) - {"name"}
        for text in entries(section, key)
    ]


def words(lists: str, text: str) -> list[tuple[str, str, set[str]]]:
    """Each word that a lexicon of one language finds in a text: the text's part, its entry and kinds."""
    lexicon = Lexicon()
    lexicon.add(lists, "words.ini")
    reading = Reading(text)
    return [(reading.plain[word.start : word.end], word.entry, set(word.kinds)) for word in lexicon.words(reading)]


class TestLanguagesIni:
    """The lists that come with the package."""

    def test_it_has_many_languages(self) -> None:
        """A hundred and more; each has a name of its own."""
        names = [languages()[section]["name"] for section in languages().sections()]
        assert len(names) >= 100
        assert not [name for name, count in Counter(names).items() if count > 1 or not name]

    @pytest.mark.parametrize("section", languages().sections())
    def test_a_language(self, section: str) -> None:
        """It has a name and words for code, no key but the known, no empty entry, and no entry twice under a key."""
        keys = set(languages()[section])
        assert {"name", "code"} <= keys <= {"name", *KEYS}
        for key in keys - {"name"}:
            forms = Counter(" ".join(folded(entry).split()) for entry in entries(section, key))
            assert not [form for form, count in forms.items() if count > 1 or not form], key

    def test_stars(self) -> None:
        """A star stands at one end of a word or behind a phrase, with enough letters beside it."""
        starred = [entry for entry in every_entry() if "*" in entry.text]
        assert starred
        for entry in starred:
            bare = entry.text.strip("*")
            assert entry.text in (f"{bare}*", f"*{bare}"), entry
            assert "*" not in bare, entry
            assert len(folded(bare)) >= SHORTEST_STEM, entry
            assert entry.text.endswith("*") or " " not in bare, entry

    def test_every_entry_can_be_found(self) -> None:
        """A text that is nothing but an entry has it, from its first letter to its last, with what it can be."""
        for entry in every_entry():
            reading = Reading(("xqwz" if entry.text.startswith("*") else "") + entry.text.strip("*"))
            letters = [index for index, kind in enumerate(reading.kinds) if kind in "aw"]
            assert letters, entry
            found = lexicon().words(reading)
            assert [(word.start, word.end) for word in found] == [(letters[0], letters[-1] + 1)], entry
            assert entry.key in found[0].kinds, entry


class TestWords:
    """Where a text has the words of the lists."""

    @pytest.mark.parametrize(
        ("listed", "text", "found"),
        [
            ("code", "Your CODE: 4829", ["CODE"]),
            ("code", "codes, barcode, decode", []),
            ("código", "CODIGO Código códigos", ["CODIGO", "Código"]),
            ("kodu*", "Kodu kodunuz kod", ["Kodu", "kodunuz"]),
            ("*code", "Sicherheitscode barcode postcode code xcode", ["Sicherheitscode", "postcode"]),
            ("kod potwierdz*", "Kod potwierdzający: kod", ["Kod potwierdzający"]),
            ("one time code", "one-time code, One Time Code, one  time  code, one.time code", None),
            ("one time code", "one time. code; one time, code; one 1 time code", []),
            ("code, promo code", "promo code, code", ["promo code", "code"]),
            ("cod aut", "Cód. aut. 4829; cod. Aut.", ["Cód. aut"]),
            ("one time, one time code", "one time code", ["one time code"]),
            ("验证码, 码", "您的验证码是码", ["验证码", "码"]),
            ("코드", "인증코드는", ["코드"]),
            ("코드, 할인 코드", "할인 코드, 코드", ["할인 코드", "코드"]),
            ("코드, 할인 코드", "할인 인증 코드", ["코드"]),
            ("p w", "p/w p w", ["p/w", "p w"]),
            ("code", "code" * 30, []),
        ],
    )
    def test_forms(self, listed: str, text: str, found: list[str] | None) -> None:
        """Case and accents do not matter, stars are any letters, phrases hold together, the longest entry wins."""
        wanted = text.split(", ") if found is None else found
        assert [part for part, _, _ in words(f"[x]\ncode = {listed}\n", text)] == wanted

    def test_a_star_before_needs_letters(self) -> None:
        """`*code` is no word with fewer letters before it than stand in most compound words."""
        assert SHORTEST_START == 4
        found = words("[x]\ncode = *code\n", "abccode abcdcode")
        assert found == [("abcdcode", "code", {"code"})]

    def test_kinds_go_together(self) -> None:
        """A word that several lists or languages have can be all of it, and is shown as the lists spell it."""
        lists = "[x]\ncode = Schlüssel\n[y]\nother = schlussel\nwarn = nie\n"
        assert words(lists, "SCHLÜSSEL nie") == [
            ("SCHLÜSSEL", "Schlüssel", {"code", "other"}),
            ("nie", "nie", {"warn"}),
        ]

    def test_the_entry_that_says_most_wins(self) -> None:
        """A whole word goes before a stem, and a longer stem before a shorter."""
        lists = "[x]\ncode = kod*\nother = kodeks\nwarn = kodeksi*\n"
        assert [kinds for _, _, kinds in words(lists, "kodow kodeks kodeksiye")] == [{"code"}, {"other"}, {"warn"}]

    def test_single_words_are_known(self) -> None:
        """What is asked for is a word, whatever its case, and whether it can be of a kind."""
        own = Lexicon()
        own.add("[x]\ncode = zumbel, wibbel*\nother = blarg\n", "words.ini")
        assert own.knows("ZUMBEL")
        assert own.has_kind("Wibbelen", "code")
        assert not own.has_kind("blarg", "code")
        assert not own.knows("zumbels")

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.sampled_from(["one", "time", "code", "promo", " ", "-", ", ", "验证码", "1", "é", "\n"])))
    def test_words_are_in_order(self, parts: list[str]) -> None:
        """Whatever a text holds, its words stand in it one after the other and do not overlap."""
        reading = Reading("".join(parts))
        places = [place for word in lexicon().words(reading) for place in (word.start, word.end)]
        assert places == sorted(places)
        assert all(0 <= place <= len(reading.plain) for place in places)


class TestMistakes:
    """A file that is not in the format."""

    @pytest.mark.parametrize(
        ("lists", "error"),
        [
            ("[x]\nkode = zumbel\n", "words.ini: [x] kode is not a kind of word"),
            (
                "code = zumbel\n",
                "words.ini: File contains no section headers. file: 'words.ini', line 'code = zumbel\\n'",
            ),
            ("[x]\nzumbel\n", "words.ini: Source contains parsing errors: 'words.ini' [line]: 'zumbel\\n'"),
            (
                "[x]\ncode = a\ncode = b\n",
                "words.ini: While reading from 'words.ini' [line]: option 'code' in section 'x' already exists",
            ),
            (
                "[x]\ncode = a\n[x]\n",
                "words.ini: While reading from 'words.ini' [line]: section 'x' already exists",
            ),
            (
                "[x]\ncode = zum*bel\n",
                "words.ini: [x] code: 'zum*bel': a star must be the first or last character of a word",
            ),
            ("[x]\ncode = *\n", "words.ini: [x] code: '*': a star must be the first or last character of a word"),
            ("[x]\ncode = zu**\n", "words.ini: [x] code: 'zu**': a star must be the first or last character of a word"),
            (
                "[x]\ncode = zumbel *\n",
                "words.ini: [x] code: 'zumbel *': a star must be the first or last character of a word",
            ),
            ("[x]\ncode = k\n", "words.ini: [x] code: 'k': a single letter is too common"),
            ("[x]\ncode = zumbel # why\n", "words.ini: [x] code: '#' cannot be part of a word"),
            ('[x]\ncode = "zumbel"\n', "words.ini: [x] code: '\"' cannot be part of a word"),
            ("[x]\ncode = c0de\n", "words.ini: [x] code: '0' cannot be part of a word"),
            ("", "words.ini has no words"),
            ("[x]\ncode = zu*\n", "words.ini: [x] code: 'zu*': at least 3 letters must stand beside a star"),
            ("[x]\ncode = *zu\n", "words.ini: [x] code: '*zu': at least 3 letters must stand beside a star"),
            (
                "[x]\ncode = 验证码*\n",
                "words.ini: [x] code: '验证码*': a script without spaces needs no star: words match anywhere",
            ),
            (
                "[x]\ncode = OTP验证码\n",
                "words.ini: [x] code: 'OTP验证码': mixes a script without spaces with another script",
            ),
            (
                "[x]\ncode = *zum bel\n",
                f"words.ini: [x] code: '*zum bel': {LEADING_STAR}",
            ),
            (
                "[x]\ncode = *zumbel*\n",
                f"words.ini: [x] code: '*zumbel*': {LEADING_STAR}",
            ),
        ],
    )
    def test_it_is_refused_whole(self, lists: str, error: str) -> None:
        """The place and the rule are told, how the format is too, and nothing of the file is added."""
        own = Lexicon()
        own.add("[a]\ncode = blarg\n", "first.ini")
        good = "[good]\ncode = zumbel, wibbel\nother = blarg\n" if lists.startswith("[") else ""
        with pytest.raises(SettingsError) as refused:
            own.add(good + lists, "words.ini")
        assert re.sub(r"line:? \d+", "line", refused.value.message) == error
        assert own.knows("blarg")
        assert not own.has_kind("blarg", "other")
        assert not own.knows("zumbel")
        assert not own.knows("wibbel")

    def test_the_format_is_told(self) -> None:
        """Who made the mistake reads which keys there are, and where an example is."""
        with pytest.raises(SettingsError) as refused:
            Lexicon().add("[x]\nkode = zumbel\n", "words.ini")
        assert all(key in str(refused.value.hint) for key in KEYS)
        assert "see languages.ini in pytest_otp/codes" in str(refused.value.hint)

    def test_lists_are_read_to_the_end(self) -> None:
        """No entry is lost where plain characters are more than those in the file, as in Thai."""
        own = Lexicon()
        own.add("[x]\ncode = " + "ก\u0e33, " * 50 + "คะแนน\n", "words.ini")
        assert own.words(Reading("คะแนน"))

    def test_words_can_be_added_later(self) -> None:
        """What was asked before is answered anew, and the longest phrase still wins."""
        own = Lexicon()
        own.add("[a]\ncode = one time\n", "first.ini")
        assert not own.knows("zumbel")
        own.add("[b]\ncode = zumbel, one time zumbel\n", "second.ini")
        assert own.knows("zumbel")
        assert [word.entry for word in own.words(Reading("one time zumbel"))] == ["one time zumbel"]
