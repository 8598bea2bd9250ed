"""The prepared index of the word lists."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_otp.codes.index import Buckets, Entry, bucket_of, written
from pytest_otp.codes.lexicon import INDEX, Lexicon
from pytest_otp.codes.reading import Reading
from tests.codes.texts import cases

LISTS = INDEX.with_name("languages.ini").read_text(encoding="utf-8")
OWN = "[x]\ncode = zümbel, kod zumbel*, 验码\nother = code, wibbel*\n"


def from_lists() -> Lexicon:
    """A lexicon of the lists, read without the index."""
    lexicon = Lexicon()
    lexicon.add(LISTS, "languages.ini")
    return lexicon


def from_index() -> Lexicon:
    """A lexicon of the index alone."""
    return Lexicon(INDEX.read_bytes())


def test_the_index_is_that_of_the_lists() -> None:
    """Whoever changes languages.ini runs `make index`."""
    assert INDEX.read_bytes() == written(from_lists().entries()), "run make index"


@pytest.mark.parametrize("own", ["", OWN])
def test_both_find_the_same(own: str) -> None:
    """Every case has the same words, from the index and from the lists, with words added and without."""
    prepared, read = from_index(), from_lists()
    for text in ("zumbel kod zumbels 验码 wibbels code", *(case.text for case in cases())):
        if own and text.startswith("zumbel"):
            prepared.add(own, "own.ini")
            read.add(own, "own.ini")
        assert prepared.words(Reading(text)) == read.words(Reading(text))


def test_words_added_first() -> None:
    """Words that are added before anything was looked up join those of the index."""
    prepared, read = from_index(), from_lists()
    prepared.add(OWN, "own.ini")
    read.add(OWN, "own.ini")
    (code,) = prepared.words(Reading("code"))
    assert {"code", "other"} <= code.kinds
    assert written(sorted(prepared.entries())) == written(sorted(read.entries()))


def test_it_is_written_and_read() -> None:
    """Whatever an entry holds, it is read as it was written, in the bucket in which it is looked for."""
    entries = [
        Entry("*code", {"code"}, "code"),
        Entry("kod*", {"code", "maybe"}, "kód"),
        Entry("a c", {"other"}, "a/c"),
        Entry("验证", {"maybe"}, "验证", unspaced=True),
    ]
    buckets = Buckets(written(entries))
    assert sorted(buckets) == ["*", "=验", "a", "ko"]
    assert sorted(entry for bucket in buckets for entry in buckets.entries(bucket)) == sorted(entries)
    assert bucket_of("kodes") == "ko"
    assert bucket_of("验", unspaced=True) == "=验"
    buckets.drop("ko")
    assert "ko" not in buckets
    assert not list(buckets.entries("ko"))


def test_a_search_reads_no_lists() -> None:
    """The first code of a process parses no ini file, and imports nothing that pytest has not, but this package."""
    script = (
        "import sys, pytest; before = set(sys.modules); from pytest_otp.codes import extract_code; "
        "assert extract_code('Your code is 482913') == '482913'; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('pytest_otp')))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
