"""`pytest-otp codes`: shows which code is found in a text, and why."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError
from .output import complain, say, write

if TYPE_CHECKING:
    from ..codes import Candidate

STDIN = "-"
BETWEEN = "---"
"""The line between two messages."""
INTERRUPTED = 130

_HINT = "Wrong code, or none? Please report the text with its digits replaced by others, and say what the code is."


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    codes = commands.add_parser(
        "codes",
        help="show which code is found in a text, and why",
        description="Show the code of each text and everything else that could be one, with its score, its position "
        "(start and end, counted from 0) and the reason. A star marks each candidate whose score is high enough for a "
        "code; the first of them is the code.",
        epilog="Files and standard input are UTF-8; a line of --- separates messages. Exit status: 0 if all texts were "
        "shown; 1 if a text of --jsonl has another code than expected; 2 for bad arguments or unreadable input; 130 "
        "after Ctrl-C.",
        allow_abbrev=False,
    )
    codes.add_argument(
        "texts",
        nargs="*",
        metavar="TEXT",
        help="a message; - reads messages from standard input, which is also the default if input is piped",
    )
    codes.add_argument(
        "--file", action="append", default=[], metavar="PATH", help="a file of messages; may be repeated"
    )
    codes.add_argument(
        "--jsonl",
        action="store_true",
        help='read one JSON object per line: {"text": "...", "expected": "482913"}; expected may be null or missing. '
        "Texts that have the expected code are only counted",
    )
    codes.add_argument("--json", action="store_true", help="print everything as a JSON list")
    codes.add_argument(
        "--languages",
        action="append",
        default=[],
        metavar="FILE",
        help="word lists to add, in the format of languages.ini in pytest_otp/codes; may be repeated",
    )
    codes.add_argument(
        "--length", default="", metavar="N", help="length of the codes: a number, or a range such as 4-8"
    )
    codes.add_argument("--alphabet", default="", metavar="CHARACTERS", help="the characters that a code may have")
    codes.set_defaults(run=_run, prog=codes.prog)


@dataclass(frozen=True, slots=True)
class _Case:
    text: str
    labelled: bool = False
    expected: str | None = None
    """The code that it is said to have; None where it is said to have none, or nothing is said."""


@dataclass(frozen=True, slots=True)
class _Result:
    case: _Case
    candidates: list[Candidate]

    @property
    def code(self) -> str | None:
        return next((candidate.code for candidate in self.candidates if candidate.is_code), None)

    @property
    def differs(self) -> bool:
        return self.case.labelled and self.code != self.case.expected

    def plain(self) -> dict[str, object]:
        said = {"expected": self.case.expected} if self.case.labelled else {}
        names = ("code", "span", "score", "reason", "is_code")
        candidates = [{name: getattr(candidate, name) for name in names} for candidate in self.candidates]
        return {"text": self.case.text, **said, "code": self.code, "candidates": candidates}


def _run(arguments: argparse.Namespace) -> int:
    try:
        cases = _cases(arguments)
        results = _results(cases, arguments)
        if arguments.json:
            write(json.dumps([result.plain() for result in results], indent=2))
        else:
            _show(results)
    except KeyboardInterrupt:
        complain(f"{arguments.prog}: stopped")
        return INTERRUPTED
    return int(any(result.differs for result in results))


def _results(cases: Sequence[_Case], arguments: argparse.Namespace) -> list[_Result]:
    # Here, and not at the top, since help and version need none of it.
    from ..codes import CodeFormat, add_languages, candidates  # noqa: PLC0415

    form = CodeFormat.parse(arguments.length, arguments.alphabet)
    for path in arguments.languages:
        with _reading(path):
            add_languages(path)
    return [_Result(case, candidates(case.text, length=form.length, alphabet=form.alphabet)) for case in cases]


# What is read


def _cases(arguments: argparse.Namespace) -> list[_Case]:
    """All that was asked for, in this order: texts and standard input as they were given, then files."""
    given = [*arguments.texts]
    if not given and not arguments.file:
        if sys.stdin is None or sys.stdin.isatty():
            raise SettingsError(
                "no text",
                hint="Pass texts as arguments, files with --file, or pipe messages to standard input: "
                "pytest-otp codes 'Your code is 482913'",
            )
        given = [STDIN]
    if arguments.jsonl and any(text != STDIN for text in given):
        raise SettingsError("--jsonl works with --file and standard input, not with texts as arguments")
    sources = [_source(text, arguments.jsonl) for text in given]
    sources += [_parsed(Path(path).read_bytes, path, arguments.jsonl) for path in arguments.file]
    return [case for source in sources for case in source]


def _source(text: str, jsonl: bool) -> list[_Case]:
    if text != STDIN:
        return [_Case(text)]
    if sys.stdin is None:
        raise SettingsError("standard input is closed")
    return _parsed(sys.stdin.buffer.read, "standard input", jsonl)


@contextlib.contextmanager
def _reading(source: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f"cannot read {source} ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{source} is not UTF-8 (at byte {error.start})") from None


def _parsed(read: Callable[[], bytes], source: str, jsonl: bool) -> list[_Case]:
    with _reading(source):
        content = read().decode("utf-8-sig").replace("\r\n", "\n")
    cases = list(_labelled(content, source) if jsonl else _messages(content))
    if not cases:
        raise SettingsError(f"{source} has no text")
    return cases


def _messages(content: str) -> Iterator[_Case]:
    lines: list[str] = []
    for line in [*content.split("\n"), BETWEEN]:
        if line.strip() != BETWEEN:
            lines.append(line)
            continue
        text = "\n".join(lines).strip("\n")
        if text.strip():
            yield _Case(text)
        lines = []


def _labelled(content: str, source: str) -> Iterator[_Case]:
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield _labelled_case(line, f"{source}, line {number}")


def _labelled_case(line: str, where: str) -> _Case:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise SettingsError(f"{where} is not JSON ({why})") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise SettingsError(f'{where} is not an object with a "text" string')
    expected = row.get("expected")
    if expected is not None and not (isinstance(expected, str) and expected):
        raise SettingsError(f'{where}: "expected" must be a code as a string, or null')
    return _Case(row["text"], labelled="expected" in row, expected=expected)


# What is shown


def _show(results: Sequence[_Result]) -> None:
    labelled = sum(result.case.labelled for result in results)
    for number, result in enumerate(results, start=1):
        if result.differs or not result.case.labelled:
            _show_one(result, f"text {number} of {len(results)}")
    if not labelled:
        say(_HINT)
        return
    differ = sum(result.differs for result in results)
    rest = f", {len(results) - labelled} without an expected code" if labelled < len(results) else ""
    say(f"{labelled - differ} as expected, {differ} {'differs' if differ == 1 else 'differ'}{rest}")


def _show_one(result: _Result, name: str) -> None:
    say(f"{name}:")
    for line in result.case.text.split("\n"):
        say(f"  | {line}")
    expected = f"; expected: {_named(result.case.expected)}" if result.differs else ""
    say(f"  {_named(result.code)}{expected}")
    rows = [_cells(candidate) for candidate in result.candidates]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for star, score, code, where, reason in rows:
        say(f"  {star} {score:>{widths[1]}}  {code:<{widths[2]}}  {where:<{widths[3]}}  {reason}")
    say("")


def _cells(candidate: Candidate) -> tuple[str, str, str, str, str]:
    start, end = candidate.span
    return "*" if candidate.is_code else " ", str(candidate.score), candidate.code, f"{start}-{end}", candidate.reason


def _named(code: str | None) -> str:
    return "no code" if code is None else f"code {code}"
