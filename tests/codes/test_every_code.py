"""Whether a code is found does not depend on the luck of its characters."""

from __future__ import annotations

from collections import Counter

from tests.codes.every_code import ALPHABETS, SENTENCES, tried

COUNT = 5
"""Codes of each alphabet in each sentence; `python -m tests.codes.every_code` tries as many as one likes."""


def test_random_codes_are_found() -> None:
    """Of every alphabet at least 99.8 % are found, of digits all, and no sentence gives a wrong one."""
    missed = [one for one in tried(COUNT, seed=20261129) if not one.is_right]
    assert not [one for one in missed if one.found is not None]
    assert not [one for one in missed if "digits" in one.alphabet]
    assert len(missed) <= 0.002 * COUNT * len(SENTENCES) * len(ALPHABETS)
    counts = Counter(one.alphabet for one in missed)
    assert not [name for name, count in counts.items() if count > 2 + 0.002 * COUNT * len(SENTENCES)]


def test_sentences_are_many() -> None:
    """There are forty sentences and more, in twenty-five languages and more."""
    assert len(set(SENTENCES)) == len(SENTENCES) >= 40
    assert len({language for language, _ in SENTENCES}) >= 25
    assert all(sentence.count("{}") == 1 for _, sentence in SENTENCES)


def test_a_search_that_misses_is_noticed() -> None:
    """The trial tells a search that finds digits only from one that finds codes."""
    digits = list(tried(1, 1, lambda text: "".join(filter(str.isdecimal, text)) or None))
    assert any(one.is_right for one in digits)
    assert any(not one.is_right for one in digits)
