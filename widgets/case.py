"""What a page is, and what must be true once it was filled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

Kind = Literal["code", "phone"]
Ending = Literal["kept", "gone", "cleared"]


@dataclass(frozen=True)
class Page:
    """A plain page: a snippet of HTML with its script."""

    name: str
    says: str
    """What is special about it, for the table."""
    html: str
    script: str = ""
    script_after: float = 0
    """Seconds by which the script arrives late."""
    value: str = "482913"
    """What to fill in."""
    state: str | None = None
    """What the application must have in the end, where it is not the value itself."""
    ending: Ending = "kept"
    """After the last key: the value stays, the field is gone (or another page follows), or the value is cleared."""
    submits: bool = False
    """The page submits on the last key."""
    target: str | None = None
    """A selector to pass instead of the whole page."""
    error: tuple[str, ...] | None = None
    """Words of the `FillError` that must be raised."""
    kind: Kind = "code"
    frozen: bool = False
    """The page's clock stands still."""
    patience: float = 30
    """The `timeout` that is passed, in seconds."""
    helper: bool = False
    """Part of another page only."""


@dataclass(frozen=True)
class Widget:
    """A library's widget, used as its documentation shows it."""

    name: str
    package: str
    framework: str
    first: str
    """A selector of the field that a test without `fill_code` would type into."""
    kind: Kind = "code"
    entry: str = ""
    """The page's name in `pages/`, where it is not `name`."""
    letters: bool = True
    lengths: tuple[int, ...] = (4, 6, 8)
    named: bool = False
    """Limits on time hold for it (otherwise it is run for results alone)."""
    fixed_country: bool = False
    national: bool = False
    """The application's state is the national number alone."""


@dataclass(frozen=True)
class Case:
    """One way to open one page, and what must come of it."""

    page: str
    variant: str
    path: str
    value: str
    state: str
    ending: Ending = "kept"
    submits: bool = False
    target: str | None = None
    error: tuple[str, ...] | None = None
    kind: Kind = "code"
    first: str | None = None
    """Where given, typing without `fill_code` is timed beside it."""
    timed: bool = False
    frozen: bool = False
    patience: float = 30
    query: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Both names, as `--only` takes them."""
        return f"{self.page}/{self.variant}"

    def url(self, site: str, run: str) -> str:
        """The address to open for one run."""
        return f"{site}{self.path}?{urlencode({**self.query, 'run': run})}"
