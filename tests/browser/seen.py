"""Fields as a page describes them, and a page without a browser that answers the steps of the algorithms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_otp.browser.drivers import Calls
from pytest_otp.browser.fields import Candidate, Field
from pytest_otp.browser.patience import Watch
from pytest_otp.browser.steps import Ask, Look, Pause, Press, Step
from pytest_otp.browser.widget import Widget


def field(number: int = 1, **said: Any) -> Field:
    """A text field of usual size, below the one before it."""
    texts = ("name", "dom", "autocomplete", "mode", "pattern", "placeholder", "title", "classes", "test", "label")
    seen: dict[str, Any] = dict.fromkeys(
        (*texts, "before", "context", "group", "heading", "buttons", "shape", "problem"), ""
    )
    seen |= {"id": number, "tag": "input", "type": "text", "maxlength": -1, "filled": 0, "tabindex": 0, "modal": None}
    seen |= dict.fromkeys(("active", "muted", "faint", "scripted"), False)
    seen |= {"visible": True, "slots": 0, "home": 1, "box": [10, 50 * number, 200, 30]}
    return Field.of(seen | said)


def box(number: int, **said: Any) -> Field:
    """One of a row of boxes for a digit each."""
    return field(number, **{"maxlength": 1, "box": [50 * number, 10, 40, 40], **said})


def row(count: int) -> Candidate:
    """A row of boxes for a digit each."""
    return Candidate("frame", tuple(box(number) for number in range(1, count + 1)))


class FakePage:
    """A driver whose page is a row of boxes; time passes as the steps pause."""

    pump = None

    def __init__(self, count: int, react: Callable[[FakePage, str], None]) -> None:
        """`react`: what the page does on a key."""
        self.values = [""] * count
        self.active = 0
        self.keys: list[str] = []
        self.time = 0.0
        self.is_restored = False
        self.is_gone = False
        self.is_robbed = False
        """Whether something else has the focus, and gets the keys."""
        self.inputs = 0
        """How many keys the browser has put in."""
        self.prevented = 0
        """How many keys a script has kept from having an effect."""
        self.changes = 0
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._react = react
        self.widget = Widget(row(count), Watch(lambda: self.time, 10))

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something when the page's clock is so much further."""
        self._later.append((self.time + seconds, action))

    def perform(self, step: Step) -> Calls[Any]:
        """Answer at once."""
        return (yield lambda: self._answer(step))

    def restore(self) -> Calls[None]:
        """Remember that it was called."""
        self.is_restored = True
        yield from ()

    def _answer(self, step: Step) -> Any:
        if isinstance(step, Press):
            self.keys.append(step.key)
            self._react(self, step.key)
        elif isinstance(step, Pause):
            self._pass(step.seconds)
        elif isinstance(step, Look):
            return []
        elif isinstance(step, Ask) and step.name in ("begin", "read", "rest", "focus"):
            if step.name == "focus":
                self.active = step.argument["id"] - 1
            self._pass(step.argument.get("still", 0) / 1000)
            return None if self.is_gone else self._read()
        return None

    def _pass(self, seconds: float) -> None:
        self.time += seconds
        due = [each for each in self._later if each[0] <= self.time]
        self._later = [each for each in self._later if each not in due]
        for _, action in due:
            action()

    def _read(self) -> dict[str, Any]:
        return {
            "values": list(self.values),
            "drawn": "",
            "active": -1 if self.is_robbed else self.active,
            "elsewhere": None,
            "keys": 0 if self.is_robbed else len(self.keys),
            "inputs": self.inputs,
            "prevented": self.prevented,
            "outside": 0,
            "astray": 0,
            "changes": self.changes,
            "scripted": True,
        }


def moves_on(page: FakePage, key: str) -> None:
    """Put the key into the box with the focus, and move on."""
    page.values[page.active] = key
    page.active = min(page.active + 1, len(page.values) - 1)
