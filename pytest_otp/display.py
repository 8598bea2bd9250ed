"""Making text from outside safe to show: what providers, applications and senders of SMS wrote.

A terminal obeys escape sequences, a bidi mark reverses what a reader sees, a line break forges a line of output, and a
megabyte buries everything else. `shown` is the one cure; everything that shows such text passes through it: errors,
reprs (`SafeRepr`), log records, the report header and summary, the commands and the sandbox's page.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

ID = 64
"""The longest ID or number that is shown, in characters."""
NAME = 80
"""The longest name, such as a country's or an SMS sender's."""
WORDS = 300
"""The longest message of a provider, and the longest masked text of an SMS."""
SMS = 1600
"""The longest text of an SMS."""
LINE = 4000
"""The longest line: an error, a log record, a line of the summary or of a command's output."""

_LENGTHS = {"id": ID, "order_id": ID, "message_id": ID, "number": ID}
_LINE_BREAK = re.compile(r"\r?\n")


def shown(text: str, most: int = WORDS, *, lines: bool = False) -> str:
    r"""Return the text with `\x1b` in place of each unprintable character, and at most `most` characters long.

    Unprintable are control characters, bidi and other invisible marks, line breaks and lone surrogates. With `lines`,
    line breaks are kept. Text that is already safe is returned as it is.
    """
    if len(text) <= most and text.isprintable():
        return text
    if lines:
        parts = _LINE_BREAK.split(text[: most + 1])
        return _cut("\n".join(map(_escaped, parts)), most, whole=len(text) <= most)
    return _cut(_escaped(text[: most + 1]), most, whole=len(text) <= most)


def quoted(text: str, most: int = WORDS) -> str:
    """Return the text in quotes, as `repr` does, with at most `most` characters between them."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


class SafeRepr:
    """A base for dataclasses with text from outside: their repr bounds each text, and shows no unprintable character.

    Declare such a class with `@dataclass(repr=False)`; a field with `repr=False` is left out, as usual.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        each: Any = self
        shown_fields = [field.name for field in fields(each) if field.repr]
        parts = [f"{name}={_value(getattr(self, name), _LENGTHS.get(name, NAME))}" for name in shown_fields]
        return f"{type(self).__qualname__}({', '.join(parts)})"


def _value(value: object, most: int) -> str:
    return quoted(value, most) if isinstance(value, str) else repr(value)


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _cut(text: str, most: int, *, whole: bool) -> str:
    return text if whole and len(text) <= most else text[: most - 1] + "…"
