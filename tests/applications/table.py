"""The tables of docs/clients.md, written from what was run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
APPLICATIONS = "applications"
CLIENTS = "clients"
_BETWEEN = r"(<!-- {name}: written by `make applications` -->\n).*?(\n<!-- end -->)"


@dataclass(frozen=True, order=True)
class Line:
    """One line of a table."""

    package: str
    version: str
    language: str
    sends: str
    works: str


_HEADS = {
    APPLICATIONS: Line("application", "version", "language", "how it sends", "works"),
    CLIENTS: Line("client", "version", "language", "how it sends", "works"),
}


def written(name: str, lines: Iterable[Line]) -> str:
    """A table, in Markdown; one client on several versions of a language is one line."""
    rows = [astuple(_HEADS[name]), ("---",) * len(astuple(_HEADS[name])), *map(astuple, joined(lines))]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def joined(lines: Iterable[Line]) -> list[Line]:
    """The lines in order, without doubles: `Node.js 20` and `Node.js 24` become `Node.js 20, 24`."""

    def but_language(line: Line) -> tuple[str, ...]:
        return (_name(line.language), line.package.lower(), line.sends, line.works, line.version)

    found = []
    for _, same in groupby(sorted(set(lines), key=lambda line: (but_language(line), line.language)), but_language):
        each = list(same)
        versions = [line.language.removeprefix(_name(line.language)).strip() for line in each]
        first = each[0]
        language = f"{_name(first.language)} {', '.join(versions)}".strip()
        found.append(Line(first.package, first.version, language, first.sends, first.works))
    return found


def _name(language: str) -> str:
    return language.rstrip(" 0123456789.,")


def rewrite(tables: dict[str, Sequence[Line]], page: Path = PAGE) -> None:
    """Replace the tables of the page."""
    text = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        pattern = re.compile(_BETWEEN.format(name=name), re.DOTALL)
        text = pattern.sub(lambda match, name=name, lines=lines: match[1] + written(name, lines) + match[2], text)  # type: ignore[misc]
    page.write_text(text, encoding="utf-8")


def shown(name: str, page: Path = PAGE) -> list[Line]:
    """The lines of a table of the page."""
    found = re.search(_BETWEEN.format(name=name), page.read_text(encoding="utf-8"), re.DOTALL)
    assert found, name
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in found[0].splitlines() if row[:1] == "|"]
    return [Line(*row) for row in rows[2:]]
