"""SMS text → one-time code. Pure: no I/O but the word lists, which are read once.

A text is read in plain characters (`reading`), its known words are found (`lexicon`), the parts that hold no code
(`never`) and everything that has the shape of a code (`shapes`); then each of those is judged (`judging`).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..errors import SettingsError
from .judging import ENOUGH, judge
from .lexicon import lexicon
from .scene import Scene

__all__ = ["Candidate", "add_languages", "candidates", "extract_code", "find_codes"]


@dataclass(frozen=True)
class Candidate:
    """Something in a text that could be taken for a code.

    `code` is what a person would type: without separators, in ASCII digits. `span` is where it stands in the text, in
    characters. `score` has points: `is_code` from 40 on. `reason` says in words what decided.
    """

    code: str
    span: tuple[int, int]
    score: int
    reason: str

    @property
    def is_code(self) -> bool:
        """Whether the score is high enough for a code."""
        return self.score >= ENOUGH


def extract_code(text: str) -> str | None:
    """The one-time code in an SMS, without separators and in ASCII digits; None where there is none. Never raises."""
    codes = find_codes(text)
    return codes[0].code if codes else None


def find_codes(text: str) -> list[Candidate]:
    """The codes in an SMS, the best first; empty where there is none. Never raises."""
    return [candidate for candidate in candidates(text) if candidate.is_code]


def candidates(text: str) -> list[Candidate]:
    """Everything in an SMS that was looked at, the best first: codes, and what was refused, with the reasons."""
    scene = Scene(text, lexicon())
    return [
        Candidate(shape.code, scene.reading.span(shape.start, shape.end), points, reason)
        for shape, points, reason in judge(scene)
    ]


def add_languages(path: str | PathLike[str]) -> None:
    """Add word lists in the format of the package's `languages.ini`, for this process.

    A section that the package has too is added to. Raises OSError where the file cannot be read, SettingsError where it
    is not in that format; then nothing of it is added.
    """
    try:
        lists = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"{path} is not UTF-8 (at byte {error.start})"
    else:
        lexicon().add(lists, str(path))
        return
    raise SettingsError(reason)
