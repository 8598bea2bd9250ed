"""The pages of the documentation, and the blocks of code on them.

A comment above a block says how it is run: `<!-- pytest OPTIONS -->`, `<!-- as a script -->`, or in a browser,
`<!-- with the example application -->`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("examples/*/README.md")])

_BLOCK = re.compile(r"(?:^<!-- (?P<how>.*?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on a page."""

    page: str
    line: int
    how: str
    language: str
    text: str

    @property
    def is_test(self) -> bool:
        return self.language == "python" and "def test_" in self.text

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(name: str) -> str:
    """A page, by its path from the root directory."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks() -> Iterator[Block]:
    """Every block of every page."""
    for page in PAGES:
        content = page.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(content):
            line = content.count("\n", 0, match.start("text"))
            yield Block(str(page.relative_to(ROOT)), line, match["how"] or "", match["language"], match["text"])


def commands() -> Iterator[tuple[Block, list[str]]]:
    """Every command line in a console block, split into words."""
    for block in blocks():
        if block.language == "console":
            for line in block.text.splitlines():
                yield block, shlex.split(line, comments=True)
