"""SMS text → one-time code. Pure: no I/O but the word lists, which are read once.

A text is read in plain characters (`reading`), its known words are found (`lexicon`), the parts that hold no code
(`never`) and everything that has the shape of a code (`shapes`); then each of those is judged (`judging`).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SettingsError
from .judging import ENOUGH, judge
from .lexicon import lexicon
from .scene import Scene
from .shapes import Length

if TYPE_CHECKING:
    from .formats import CodeFormat

__all__ = ["Candidate", "CodeFormat", "add_languages", "candidates", "extract_code", "find_codes"]


@dataclass(frozen=True)
class Candidate:
    """Something in a text that could be taken for a code.

    Attributes:
        code: what a person would type: without separators, in ASCII digits.
        span: where it is in the text, as the indices of its first character and of the one behind its last.
        score: points; a candidate with 40 or more is a code.
        reason: what decided, in words.
    """

    code: str
    span: tuple[int, int]
    score: int
    reason: str

    @property
    def is_code(self) -> bool:
        """Whether the score is high enough for a code."""
        return self.score >= ENOUGH


def extract_code(text: str, *, length: Length | None = None, alphabet: str | None = None) -> str | None:
    """Return the one-time code in an SMS, without separators and in ASCII digits, or None if there is none.

    If you know what your codes look like, say so: `length` is the number of characters, or the least and the most as a
    pair; `alphabet` has the characters that a code may have, such as `string.digits`. Only codes that fit are returned.
    If none is found, but exactly one token of the text fits, that token is the code.

    Never fails on a text. Raises SettingsError if `length` or `alphabet` is not allowed.
    """
    codes = find_codes(text, length=length, alphabet=alphabet)
    return codes[0].code if codes else None


def find_codes(text: str, *, length: Length | None = None, alphabet: str | None = None) -> list[Candidate]:
    """Return all codes in an SMS, the best first; an empty list if there is none.

    `length` and `alphabet` are those of `extract_code`, and so are the errors.
    """
    return [candidate for candidate in candidates(text, length=length, alphabet=alphabet) if candidate.is_code]


def candidates(text: str, *, length: Length | None = None, alphabet: str | None = None) -> list[Candidate]:
    """Return everything in an SMS that could be a code, the best first: codes, and what was refused, with reasons.

    `length` and `alphabet` are those of `extract_code`, and so are the errors. What does not fit has a score of 0.
    """
    form = None if length is None and alphabet is None else _format(length, alphabet)
    scene = Scene(text, lexicon())
    found = [
        Candidate(shape.code, scene.reading.span(shape.start, shape.end), points, reason)
        for shape, points, reason in judge(scene)
    ]
    return _fitting(found, form, scene) if form else found


def add_languages(path: str | PathLike[str]) -> None:
    """Add word lists in the format of the package's `languages.ini`, for this process.

    A section that the package has too is added to. Raises OSError if the file cannot be read, and SettingsError if it
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


def __getattr__(name: str) -> object:
    if name == "CodeFormat":
        from .formats import CodeFormat  # noqa: PLC0415 - start-up cost, as below

        return CodeFormat
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _format(length: Length | None, alphabet: str | None) -> CodeFormat:
    from .formats import CodeFormat  # noqa: PLC0415 - start-up cost: most searches know no format

    return CodeFormat(length, alphabet)


def _fitting(found: list[Candidate], form: CodeFormat, scene: Scene) -> list[Candidate]:
    """Candidates of a form: those that do not fit are refused, and a token that fits alone is the code if none is."""
    fitting = [Candidate(one.code, one.span, 0, misfit) if (misfit := form.misfit(one.code)) else one for one in found]
    if not any(one.is_code for one in fitting) and (token := form.only_token(scene)):
        start, end, code = token
        span = scene.reading.span(start, end)
        only = Candidate(code, span, ENOUGH, "the only token of this length and alphabet")
        fitting = [only, *(one for one in fitting if one.span != span)]
    return sorted(fitting, key=lambda one: -one.score)
