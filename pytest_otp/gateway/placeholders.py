"""The paths and answers of a described service: text and JSON with placeholders in braces.

    /v2/{account}/messages        a placeholder stands for at least one character, and never for a slash
    {"id": "{id}", "parts": "{text_parts}"}

A string that is one placeholder only becomes its value, of whatever type; within a longer string the value is written
out. `|int` and `|digits` change a value: `{to|digits}` is the number without its plus. Two braces stand for one.
Nothing here is a regular expression of the user's, so that no description can make a request take for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FILTERS = ("int", "digits")
_LONGEST_PATH = 300


@dataclass(frozen=True, slots=True)
class _Segment:
    """A part of a path between slashes: `before{name}after`, or plain text in `before`."""

    before: str
    name: str | None = None
    after: str = ""

    def match(self, part: str) -> str | None:
        """The placeholder's value, the text itself without one; None if it does not match."""
        if self.name is None:
            return part if part == self.before else None
        inside = len(part) > len(self.before) + len(self.after)
        if inside and part.startswith(self.before) and part.endswith(self.after):
            return part[len(self.before) : len(part) - len(self.after)]
        return None


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """The path of a request, with at most one placeholder in each segment."""

    segments: tuple[_Segment, ...]

    @classmethod
    def parse(cls, written: object) -> PathTemplate:
        """Read a path. Raises `ValueError` if it is none."""
        if not isinstance(written, str) or not written.startswith("/") or len(written) > _LONGEST_PATH:
            raise ValueError("no path")
        # Of several slashes at the beginning a server sees one.
        if written.startswith("//") or not written.isprintable() or any(char in written for char in " ?#\\"):
            raise ValueError("no path")
        template = cls(tuple(map(_segment, written[1:].split("/"))))
        if len(set(template.names)) != len(template.names):
            raise ValueError("no path")
        return template

    @property
    def names(self) -> tuple[str, ...]:
        """The placeholders."""
        return tuple(segment.name for segment in self.segments if segment.name is not None)

    @property
    def sample(self) -> str:
        """A path that matches."""
        return "".join(f"/{one.before}{'' if one.name is None else 'x'}{one.after}" for one in self.segments)

    def match(self, path: str) -> dict[str, str] | None:
        """The value of each placeholder; None if the path does not match."""
        parts = path[1:].split("/")
        if len(parts) != len(self.segments):
            return None
        found = {}
        for segment, part in zip(self.segments, parts, strict=True):
            value = segment.match(part)
            if value is None:
                return None
            if segment.name is not None:
                found[segment.name] = value
        return found


def _segment(part: str) -> _Segment:
    if "{" not in part and "}" not in part:
        return _Segment(part)
    before, _, rest = part.partition("{")
    name, closing, after = rest.partition("}")
    if not closing or not _NAME.fullmatch(name) or any(brace in before + after for brace in "{}"):
        raise ValueError("no path")
    return _Segment(before, name, after)


def placeholders(template: object) -> Iterator[str]:
    """The name of each placeholder in a text or in JSON, without its filter.

    Raises `ValueError` for a brace that belongs to none, and for an unknown filter.
    """
    if isinstance(template, str):
        for match in _PLACEHOLDER.finditer(template):
            if match[1] is not None:
                name, bar, how = match[1].partition("|")
                if bar and how not in _FILTERS:
                    raise ValueError(f"{match[0]}: unknown filter {how!r}; choose from {', '.join(_FILTERS)}")
                yield name
            elif match[0] in "{}":
                raise ValueError(f"{template!r}: a brace without its partner; write two for one")
    elif isinstance(template, dict):
        for key, value in template.items():
            yield from placeholders(key)
            yield from placeholders(value)
    elif isinstance(template, Sequence):
        for value in template:
            yield from placeholders(value)


def rendered(template: object, value_of: Callable[[str], object]) -> object:
    """The text or JSON with each placeholder replaced by its value."""
    if isinstance(template, str):
        whole = _PLACEHOLDER.fullmatch(template)
        if whole is not None and whole[1] is not None:
            return _filtered(whole[1], value_of)
        return _PLACEHOLDER.sub(lambda match: _written(match, value_of), template)
    if isinstance(template, dict):
        return {str(rendered(key, value_of)): rendered(value, value_of) for key, value in template.items()}
    if isinstance(template, (list, tuple)):
        return [rendered(value, value_of) for value in template]
    return template


def _written(match: re.Match[str], value_of: Callable[[str], object]) -> str:
    if match[1] is None:
        return match[0][0]  # two braces
    value = _filtered(match[1], value_of)
    return "" if value is None else str(value)


def _filtered(written: str, value_of: Callable[[str], object]) -> object:
    name, _, how = written.partition("|")
    value = value_of(name)
    if not how or value is None:
        return value
    digits = "".join(char for char in str(value) if char in "0123456789")
    if how == "digits":
        return digits
    return int(digits) if 0 < len(digits) <= 18 else None
