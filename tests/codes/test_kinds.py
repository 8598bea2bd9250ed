"""The kinds of messages in which a number or a word is easily mistaken, each in many languages.

A line of kinds.jsonl has a kind, a text, and the code that a person finds in it, or null.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.codes import extract_code

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("kinds.jsonl").read_text(encoding="utf-8").splitlines()
]
KINDS = sorted({row["kind"] for row in ROWS})


@pytest.mark.parametrize("kind", KINDS)
def test_kind(kind: str) -> None:
    """Every message of a kind has its code, or none."""
    found = [(row["text"], row["expected"], extract_code(row["text"])) for row in ROWS if row["kind"] == kind]
    wrong = [f"{code} instead of {expected}: {text!r}" for text, expected, code in found if code != expected]
    assert not wrong, "\n".join(wrong)


def test_kinds_are_many() -> None:
    """There are many messages, no text twice, and a third of them without a code."""
    texts = [row["text"] for row in ROWS]
    assert len(texts) == len(set(texts)) >= 300
    assert len(KINDS) >= 12
    assert sum(row["expected"] is None for row in ROWS) >= len(ROWS) / 3
