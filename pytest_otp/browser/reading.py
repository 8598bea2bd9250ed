"""What a widget shows at one moment, and how it compares with what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_MASKS = "*\u2022\u25cf\u2217\u204e\u00b7\u25cb\u25e6\u25a0"
"""Signs that widgets show in place of characters."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a widget shows at one moment."""

    values: tuple[str | None, ...]
    """One for each field; None if it is gone."""
    drawn: str
    """What the drawn boxes of a widget show whose input is hidden."""
    active: int
    """Which field has the focus, -1 if none of them."""
    elsewhere: int | None
    """The page's ID of another field that has the focus."""
    keys: int
    """How many keys have reached the fields."""
    inputs: int
    """How often the browser has put something into the fields, whatever a script made of it then."""
    prevented: int
    """How many looks have seen a script keep a key from having its usual effect."""
    astray: int
    """How many keys were on their way to another place, and have been stopped."""
    changes: int
    """How many changes of the page have been seen."""
    scripted: bool
    """Whether the first field shows that a script knows it."""
    outside: int
    """How many frames its own frame cannot reach."""

    @classmethod
    def of(cls, answer: dict[str, Any] | None) -> Reading | None:
        """A reading from the page's answer; None if the document or all fields are gone."""
        if answer is None or all(value is None for value in answer["values"]):
            return None
        names = (
            "drawn",
            "active",
            "elsewhere",
            "keys",
            "inputs",
            "prevented",
            "astray",
            "changes",
            "scripted",
            "outside",
        )
        return cls(tuple(answer["values"]), *(answer[name] for name in names))

    @property
    def shown(self) -> str:
        """The letters and digits that it shows, and signs that mask them."""
        return shown_in("".join(value or "" for value in self.values)) or "".join(filter(str.isalnum, self.drawn))

    def was_taken(self, before: Reading) -> bool:
        """Whether a key that was pressed since has come to a field or a script, which may have it whatever shows."""
        return self.inputs > before.inputs or self.prevented > before.prevented

    def went_astray(self, before: Reading) -> bool:
        """Whether a key that was pressed since has not reached the fields: stopped on its way, or the focus is away."""
        return (
            (self.astray > before.astray or self.active < 0) and self.keys == before.keys and self.shown == before.shown
        )


def shown_in(text: str) -> str:
    """The letters, digits and masking signs of a text."""
    return "".join(char for char in text if char.isalnum() or char in _MASKS)


def same(shown: str, wanted: str) -> bool:
    """Whether what is shown is a text: without case, and with signs that mask single characters."""
    return len(shown) == len(wanted) and all(
        one in _MASKS or one.casefold() == other.casefold() for one, other in zip(shown, wanted, strict=True)
    )


def kind_of(text: str) -> str:
    """What a text is, without its content: `6 digits`."""
    if not text:
        return "nothing"
    what = "digit" if text.isdecimal() else "letter" if text.isalpha() else "character"
    return f"{len(text)} {what}{'s' if len(text) > 1 else ''}"
