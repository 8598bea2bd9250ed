"""docs/widgets.md, made from the results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .case import Widget
from .catalogue import WIDGETS
from .plain import PAGES
from .results import Row, versions

FILE = Path(__file__).parents[1] / "docs" / "widgets.md"
TEXT = """# Widgets

<!-- Made by `make widgets` from widgets/results.json. -->

`fill_code` and `fill_phone` are tested in real browsers, with the widgets below and with {pages} plain pages. The pages
are built from a lock file, so the versions are exact. This page is made by the test suite: {browsers}.

A run passes if the application has the whole value, each code is submitted exactly once (also a code that it refuses),
no other field is touched, and the focus ends where typing by hand leaves it. Each widget runs with 4, 6 and 8
characters, with letters if it allows them, and with an application that goes to another page, removes the widget, or
refuses the code.

The times are medians in seconds, of `fill_code` or `fill_phone` and, after the slash, of the driver's own typing into
the right field: `press_sequentially` for Playwright, `send_keys` for Selenium. The search for the field is included. An
asterisk marks typing that does not put the value into the application.

## Code widgets

{codes}

## Phone fields

{phones}

## Plain pages

{plain}

## Run it yourself

`make widgets` builds the pages and runs everything 20 times, which takes hours. `make widgets ARGS=--short` runs the
best-known widgets once with each driver, and each other page once with one of them.
`make widgets ARGS="--only react-pin-field"` runs one page.
"""
NOTHING = "not run"


def write(browsers: str, rows: Iterable[Row]) -> None:
    """Write the page."""
    FILE.write_text(text(browsers, rows), encoding="utf-8")


def text(browsers: str, rows: Iterable[Row]) -> str:
    """The page's text."""
    found = {(row.page, row.driver, row.cpu): row for row in rows}
    return TEXT.format(
        pages=sum(not page.helper for page in PAGES.values()),
        browsers=browsers,
        codes=_table([widget for widget in WIDGETS if widget.kind == "code"], found),
        phones=_table([widget for widget in WIDGETS if widget.kind == "phone"], found),
        plain=_plain(found),
    )


def _plain(found: dict[tuple[str, str, int], Row]) -> str:
    lines = ["| page | what is special | Playwright | Selenium |", "|---|---|---|---|"]
    for page in PAGES.values():
        if not page.helper:
            results = [_passed(found, page.name, driver) for driver in ("Playwright", "Selenium")]
            lines.append(f"| `{page.name}` | {page.says} | {' | '.join(results)} |")
    return "\n".join(lines)


def _table(widgets: Sequence[Widget], found: dict[tuple[str, str, int], Row]) -> str:
    known = versions()
    lines = [
        "| widget | version | framework | Playwright | time | Selenium | time | 6 times slower CPU | Firefox |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for widget in widgets:
        name = widget.name
        title = f"`{widget.package}`" + (
            "" if name in (widget.package, widget.package.split("/")[-1]) else f" ({name})"
        )
        cells = [
            title,
            known[widget.package],
            widget.framework,
            _passed(found, name, "Playwright"),
            _times(found.get((name, "Playwright", 1))),
            _passed(found, name, "Selenium"),
            _times(found.get((name, "Selenium", 1))),
            _slowed(found, name),
            _passed(found, name, "Selenium, Firefox"),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _passed(found: dict[tuple[str, str, int], Row], page: str, driver: str, cpu: int = 1) -> str:
    row = found.get((page, driver, cpu))
    return f"{row.passed} of {row.runs}" if row else NOTHING


def _slowed(found: dict[tuple[str, str, int], Row], page: str) -> str:
    rows = [row for (name, _, cpu), row in found.items() if name == page and cpu > 1]
    return f"{sum(row.passed for row in rows)} of {sum(row.runs for row in rows)}" if rows else NOTHING


def _times(row: Row | None) -> str:
    if row is None or row.seconds is None or row.typing is None:
        return NOTHING
    return f"{row.seconds:.2f} / {row.typing:.2f}" + ("" if row.typing_passed == row.timed else "\\*")
