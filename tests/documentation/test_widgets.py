"""docs/widgets.md says what the suite found, of the versions that are built."""

from __future__ import annotations

import json

from tests.architecture.source import ROOT
from tests.documentation.pages import text_of
from widgets import page, results
from widgets.catalogue import WIDGETS
from widgets.plain import PAGES


def test_the_page_is_made_from_the_results() -> None:
    """The page is what the harness writes for the results that are kept: no cell of it is written by hand."""
    assert text_of("docs/widgets.md") == page.text(*results.saved())


def test_versions_are_those_of_the_lock_file() -> None:
    """Each widget has its row with the version that is built, and package.json asks for this version alone."""
    lines = text_of("docs/widgets.md").splitlines()
    asked = json.loads((ROOT / "widgets" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for widget in WIDGETS:
        version = results.versions()[widget.package]
        assert asked[widget.package] == version
        assert [line for line in lines if line.startswith(f"| `{widget.package}`") and f" | {version} | " in line]


def test_every_plain_page_is_listed() -> None:
    """Each plain page has its row."""
    text = text_of("docs/widgets.md")
    assert [name for name, found in PAGES.items() if not found.helper and f"\n| `{name}` |" not in text] == []


def test_every_row_passes() -> None:
    """The results that are kept are those of a run in which nothing failed and nothing was too slow."""
    _, rows = results.saved()
    assert [(row.page, row.driver, row.cpu) for row in rows if row.passed < row.runs or row.slow] == []
