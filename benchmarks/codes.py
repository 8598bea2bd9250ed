r"""What a search for a code costs: in the texts of the suite, in hostile ones, and the first one of a process.

Beside each search, turn by turn, runs what a keyword program does first: `re.findall(r"\d{4,8}")` over the same text.
The first search imports the package and reads the index of the words; it is measured beyond `import pytest`, which
stands beside it. Times are CPU times, so that a busy machine matters little. Fails if a figure is above
what is allowed.
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_otp import extract_code

from .limits import check

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "codes" / "cases.jsonl"
TURNS = 7
STARTS = 15
ALLOWED = 1.0
ALLOWED_HOSTILE = 20.0
"""Milliseconds for any text of the suite, and for 10 KB of anything."""
ALLOWED_FIRST = 25.0
"""Milliseconds for the first code of a process, beyond importing pytest."""
ALLOWED_MEMORY = 6.0
"""Megabytes for the first code of a process, beyond importing pytest."""
LENGTH = 10_000

PIECES = (
    *("1", "12 ", "1 2 3-", "48-", "4.8.", "12:", "12.", "1,", "****1", "xx1", "+1 (", "1-800 ", "A1-", "#12 "),
    *("4829 ", "482913 ", "code ", "code 482913 ", "482913 code. ", "order 4829 code ", "never share 4829 otp\n"),
    *("x", "a.", "a@", "@x #1 ", "https://a.b/1?", "www.", "e-", "$1 ", "10 min ", "jan 1 ", "A B ", "A1 ", "QX7 "),
    *("\n", "验证码", "验证码4829", "รหัส", "รหัส4829", "인증번호", "код ", "رمز ٤٨٢٩ ", "e\u0301", "\u202b\u200f"),
    *("\uff14", "\ufdfa", "½", "[(", "? "),
)
"""What a text is made of, over and over: each is the beginning of something that is looked for."""

_FIRST = """
import time

def resident():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * 4096 / 2**20

start = time.process_time()
import pytest
pytest_time, pytest_memory = time.process_time() - start, resident()
start = time.process_time()
from pytest_otp import extract_code
assert extract_code("Your code is 482913") == "482913"
print(pytest_time, time.process_time() - start, pytest_memory, resident() - pytest_memory)
"""
_REFERENCE = re.compile(r"\d{4,8}")


class Timed(NamedTuple):
    """The median seconds of what a name stands for."""

    name: str
    ours: float
    reference: float


def main() -> None:
    """Print milliseconds and ratios."""
    texts = [json.loads(line)["text"] for line in CASES.read_text(encoding="utf-8").splitlines() if line.strip()]
    extract_code("")  # reads the index of the words
    normal = [_timed(text, [text] * TURNS) for text in texts]
    hostile = [_timed(name, same_kind) for name, same_kind in _hostile().items()]
    print(
        f"\nCodes: milliseconds of CPU time, median of {TURNS} turns, of extract_code and of a findall of 4 to 8 digits"
    )
    print(f"  {'':<50} {'ours':>8} {'findall':>8} {'ratio':>6}   allowed")
    _line(f"the median of the suite's {len(texts)} texts", _median(normal))
    _line("the slowest of them", _slowest(normal), ALLOWED)
    _line(f"10 KB: the median of {len(hostile)} kinds of hostile texts", _median(hostile))
    _line(f"the slowest of them, {_slowest(hostile).name}", _slowest(hostile), ALLOWED_HOSTILE)
    cpu, memory = _first_search()
    print(f"\nCodes: the first search of a process, at the median of {STARTS} turns")
    print(f"  {'':<50} {'ours':>8} {'pytest':>8} {'ratio':>6}   allowed")
    _line("milliseconds, beside those of importing pytest", cpu, ALLOWED_FIRST, digits=1)
    _line("megabytes, beside those of importing pytest", memory, ALLOWED_MEMORY, digits=1)
    check("codes, the slowest text of the suite, ms", _slowest(normal).ours * 1000, ALLOWED)
    check("codes, the slowest 10 KB, ms", _slowest(hostile).ours * 1000, ALLOWED_HOSTILE)
    check("codes, the first code, ms", cpu.ours * 1000, ALLOWED_FIRST)
    check("codes, the first code, MB", memory.ours * 1000, ALLOWED_MEMORY)


def _hostile() -> dict[str, list[str]]:
    """The texts of each kind, one a turn. Random ones are never the same, so that nothing is remembered of them."""
    repeated = {ascii(piece): [(piece * LENGTH)[:LENGTH]] * TURNS for piece in PIECES}
    source = random.Random(1)

    def words() -> Iterable[str]:
        return ("".join(source.choices(string.ascii_lowercase, k=2)) for _ in range(LENGTH))

    characters = [chr(point) for point in (*range(0x20, 0xD800), *range(0xE000, 0x20000))]

    made: dict[str, Callable[[], str]] = {
        "random words": lambda: " ".join(words()),
        "random words and numbers": lambda: " ".join(f"{word} {source.randrange(10**6)}" for word in words()),
        "random letters and signs": lambda: "".join(source.choices(string.printable, k=LENGTH)),
        "random characters of Unicode": lambda: "482913 " + "".join(source.choices(characters, k=LENGTH)),
    }
    return repeated | {name: [make()[:LENGTH] for _ in range(TURNS)] for name, make in made.items()}


def _timed(name: str, texts: Sequence[str]) -> Timed:
    turns = [(_seconds(extract_code, text), _seconds(_REFERENCE.findall, text)) for text in texts]
    ours, reference = map(statistics.median, zip(*turns, strict=True))
    return Timed(name, ours, reference)


def _seconds(search: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    search(text)
    return time.process_time() - start


def _median(all_timed: Sequence[Timed]) -> Timed:
    median = statistics.median
    return Timed("", median(timed.ours for timed in all_timed), median(timed.reference for timed in all_timed))


def _slowest(all_timed: Sequence[Timed]) -> Timed:
    return max(all_timed, key=lambda timed: timed.ours)


def _first_search() -> tuple[Timed, Timed]:
    """CPU seconds, and memory in thousands of megabytes, of the first search and of importing pytest before it."""
    said = [
        subprocess.run([sys.executable, "-c", _FIRST], cwd=ROOT, env=_with_bytecode(), capture_output=True, check=True)
        for _ in range(STARTS + 1)
    ][1:]  # the first one compiles the modules
    rows = [[float(number) for number in one.stdout.split()] for one in said]
    pytest_time, first_time, pytest_memory, first_memory = map(statistics.median, zip(*rows, strict=True))
    return (
        Timed("the first code's time", first_time, pytest_time),
        Timed("the first code's memory", first_memory / 1000, pytest_memory / 1000),
    )


def _with_bytecode() -> dict[str, str]:
    """The environment, in which compiled modules are kept, as they are where a package is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _line(what: str, timed: Timed, allowed: float | None = None, digits: int = 4) -> None:
    ratio = f"{timed.ours / timed.reference:.{0 if timed.ours > timed.reference else 2}f}"
    limit = f"   {allowed:g}" if allowed else ""
    ours = f"{timed.ours * 1000:.{min(digits, 3)}f}"
    print(f"  {what:<50} {ours:>8} {timed.reference * 1000:>8.{digits}f} {ratio:>6}{limit}")
