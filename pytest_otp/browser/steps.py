"""What the algorithms ask of a browser, one step at a time. A driver performs each step."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_PARTS = ("dom", "texts", "usable", "fields", "countries", "typing", "actions")
"""The page's side, in `page/`: the declarations of one function, in an order in which each part uses those before."""
_FOLDER = Path(__file__).with_name("page")
_BODY = "".join((_FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS)
SCRIPT = f"(key) => {{\n{_BODY}}}"
KEY = 'Symbol.for("pytest-otp")'

INSTALL = f"if (!window[{KEY}]) ({SCRIPT})({KEY});"
"""Makes the page's side available in a document that does not have it yet."""
CALL = f"return window[{KEY}] ? window[{KEY}](name, argument, roots) : null;"
"""Calls it; null in a document that has been replaced since."""

Place = Any
"""A frame, as its driver refers to it."""


@dataclass(frozen=True, slots=True)
class Look:
    """Describe the fields of all frames. Answer: a list of `Sight`."""

    limit: int = 60


@dataclass(frozen=True, slots=True)
class Sight:
    """What one frame shows."""

    place: Place
    what: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """Call the page's side in one frame. Answer: its result; None if the document is not there any more."""

    place: Place
    name: str
    argument: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guard:
    """Keep keys away from frames that the field's own frame cannot reach, for some seconds; let them through at 0."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Press:
    """Press and release one key: a character, or one of `KEYS`. It reaches whatever has the focus."""

    key: str
    last: bool = False
    """Whether a dialog that it opens is to stay: it is the page's answer."""


@dataclass(frozen=True, slots=True)
class Click:
    """Click an element, by the page's ID of it, as a user would. Answer: whether that was possible."""

    place: Place
    id: int


@dataclass(frozen=True, slots=True)
class PressPaste:
    """Press the keys that paste."""

    mac: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Let the page go on for some seconds, with its routes and handlers."""

    seconds: float


Step = Look | Ask | Guard | Press | Click | PressPaste | Pause
Steps = Generator[Step, Any, T]

KEYS = ("Backspace", "Delete", "Enter", "Escape", "Home", "End", "Tab", "ArrowDown")
"""Keys that are pressed by name."""
