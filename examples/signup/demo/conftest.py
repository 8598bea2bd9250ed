"""The output of the demo: a trace on the terminal, and a page with a picture of each step."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>One sign-up, step by step</title>
<style>
  body {{ max-width: 46rem; margin: 3rem auto; padding: 0 1.5rem; font: 1rem/1.5 system-ui, sans-serif; }}
  li {{ margin: 0 0 2rem; }}
  code {{ background: #eef3f6; padding: 0.125rem 0.375rem; border-radius: 0.25rem; }}
  img {{ display: block; width: 100%; margin-top: 0.75rem; border: 1px solid #c4d0d8; border-radius: 0.5rem; }}
</style>
<h1>One sign-up, step by step</h1>
<ol>
{steps}
</ol>
</html>
"""


class Trace:
    """Prints each step on the terminal, and collects the steps for the page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._steps: list[str] = []

    def step(self, what: str, code: str, detail: str, page: Page | None = None) -> None:
        """Print what was done, the line of the test that did it, and the result; save what the page shows now."""
        number = len(self._steps) + 1
        print(f"\n {number}. {what:<40} {code}\n    {detail}")
        entry = f"<li>{html.escape(what)}: <code>{html.escape(code)}</code><br>{html.escape(detail)}"
        if page is not None:
            picture = self._folder / f"{number}.png"
            page.screenshot(path=picture)
            print(f"    picture: {picture}")
            entry += f'<img src="{picture.name}" alt="What the browser shows after step {number}">'
        self._steps.append(entry + "</li>")

    def save(self) -> Path:
        """Write the page, and return its path."""
        page = self._folder / "index.html"
        page.write_text(PAGE.format(steps="\n".join(self._steps)), encoding="utf-8")
        return page


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the output directory."""
    parser.addoption(
        "--demo-report", metavar="FOLDER", default="demo-report", help="directory for the output of the demo"
    )


@pytest.fixture
def trace(pytestconfig: pytest.Config) -> Iterator[Trace]:
    """The steps of this run. The output of an earlier run is removed."""
    folder = pytestconfig.invocation_params.dir / pytestconfig.getoption("demo_report")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    trace = Trace(folder)
    print("\n\n One end-to-end sign-up, offline: no account, no cost, no network.")
    yield trace
    print(f"\n The same steps with pictures: {trace.save()}\n")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """A window that fits the pages, so that the pictures show little else."""
    return {**browser_context_args, "viewport": {"width": 720, "height": 560}}
