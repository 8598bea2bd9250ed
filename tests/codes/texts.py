"""What the tests of the search for codes share: the labelled cases, and texts as the rules see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pytest_otp.codes.lexicon import lexicon
from pytest_otp.codes.refusing import VETOES
from pytest_otp.codes.scene import Scene
from pytest_otp.codes.shapes import Shape


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled text. `found` is what is found where that is known to be wrong, and the label where it is right."""

    text: str
    expected: str | None
    lang: str
    classes: frozenset[str]
    found: str | None
    is_weakness: bool


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """The labelled texts of cases.jsonl."""
    lines = (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_case(json.loads(line)) for line in lines)


def _case(row: dict[str, Any]) -> Case:
    assert set(row) - {"found"} == {"text", "expected", "lang", "classes"}, row
    return Case(
        row["text"],
        row["expected"],
        row["lang"],
        frozenset(row["classes"]),
        row.get("found", row["expected"]),
        "found" in row,
    )


def seen(text: str, code: str) -> tuple[Shape, Scene]:
    """A shape of a text, and the text, as a rule gets them."""
    scene = Scene(text, lexicon())
    scene.leave([shape for shape in scene.shapes if not any(veto(shape, scene) for veto in VETOES)])
    return next(shape for shape in scene.shapes if shape.code == code), scene


def letters_and_digits(text: str) -> str:
    """A text without signs and spaces."""
    return "".join(char for char in text if char.isalnum())
