"""Where a described service finds a value in a request: `json:message.to`, `form:To`, `query:to`, `path:account`.

json:to                        a field of the body; a list there is a list of values
json:messages[].to             that of each item of a list
json:messages[0].to            that of its first item
json:/messages/0/to            the same as a JSON pointer (RFC 6901)
form:To, query:to              a field of a urlencoded body or of the query string; repeated fields are a list
path:account                   the placeholder {account} of the path
header:X-Sender                a header
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SOURCES = ("json", "form", "query", "path", "header")
BODIES = ("json", "form")
"""The sources that need a body."""

EACH = None
"""The step of a JSON path that stands for each item of a list."""
_SEGMENT = re.compile(r"([^.\[\]]+)((?:\[[0-9]{0,4}\])*)")
_INDEX = re.compile(r"\[([0-9]*)\]")
_MOST_STEPS = 20
_LONGEST = 200

Step = str | int | None


@dataclass(frozen=True, slots=True)
class Content:
    """A request as locators read it."""

    json: object = None
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and the items of lists that it is in."""

    value: object
    items: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Locator:
    """Where a value is."""

    source: str
    name: str
    """As it was written, without the source: what an error calls the field."""
    steps: tuple[Step, ...] = ()
    """Of a JSON path."""

    @classmethod
    def parse(cls, written: object) -> Locator:
        """Read a locator. Raises `ValueError` if it is none."""
        if not isinstance(written, str) or len(written) > _LONGEST or not written.isprintable():
            raise ValueError("no locator")
        source, colon, name = written.partition(":")
        if not colon or source not in SOURCES or not name.strip():
            raise ValueError("no locator")
        return cls(source, name, tuple(_steps(name)) if source == "json" else ())

    @property
    def lists(self) -> tuple[tuple[Step, ...], ...]:
        """The JSON path of each list whose items it goes through, outermost first."""
        return tuple(self.steps[:number] for number, step in enumerate(self.steps) if step is EACH)

    def all(self, content: Content) -> list[Found]:
        """Every value that is there, in order. Null counts as missing."""
        if self.source == "json":
            return [found for found in _walk(content.json, self.steps, ()) if found.value is not None]
        if self.source in ("path", "header"):
            value = content.path.get(self.name) if self.source == "path" else content.headers.get(self.name.lower())
            return [] if value is None else [Found(value)]
        fields = content.form if self.source == "form" else content.query
        return [Found(value) for value in fields.get(self.name, ())]

    def beside(self, content: Content, items: Sequence[int]) -> object:
        """The value in the same items of the same lists as another; None if missing."""
        if self.source != "json":
            return next((found.value for found in self.all(content)), None)
        chosen = iter(items)
        steps = tuple(next(chosen, 0) if step is EACH else step for step in self.steps)
        return next((found.value for found in _walk(content.json, steps, ())), None)


def _steps(path: str) -> Iterator[Step]:
    if path.startswith("/"):
        steps: list[Step] = [_pointed(part) for part in path[1:].split("/")]
    else:
        steps = []
        for part in path.split("."):
            segment = _SEGMENT.fullmatch(part)
            if segment is None:
                raise ValueError("no locator")
            steps.append(segment[1])
            steps += [int(index) if index else EACH for index in _INDEX.findall(segment[2])]
    if len(steps) > _MOST_STEPS:
        raise ValueError("no locator")
    yield from steps


def _pointed(part: str) -> Step:
    if not part:
        raise ValueError("no locator")
    return int(part) if re.fullmatch(r"0|[1-9][0-9]{0,3}", part) else part.replace("~1", "/").replace("~0", "~")


def _walk(value: object, steps: Sequence[Step], items: tuple[int, ...]) -> Iterator[Found]:
    for number, step in enumerate(steps):
        if step is EACH:
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from _walk(item, steps[number + 1 :], (*items, index))
            return
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return
    yield Found(value, items)
