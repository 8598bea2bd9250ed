"""Secrets that cannot be printed, and scrubbing of text that others print.

A `Secret` created anywhere is scrubbed everywhere: logs and reports belong to the process, and so do the known values.
"""

from __future__ import annotations

import base64
import hmac
import logging
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from typing import NoReturn

MASK = "***"

_WHOLE_WORD_BELOW = 8
_IGNORED_BELOW = 4
_ENTITIES = {'"': "quot", "&": "amp", "<": "lt", ">": "gt", "'": "apos"}


class Secret:
    """A value that only `reveal()` returns.

    Its repr, str and format are a mask, it cannot be pickled, and it keeps the value in a closure, so that neither
    `vars()` nor a traceback with locals shows it.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        self._reveal: Callable[[], str] = lambda: value
        known_values.add(value)

    def reveal(self) -> str:
        """Return the value. Call this only where the value is sent, and keep no reference to it."""
        return self._reveal()

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, others = (secret.reveal().encode(errors="surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, others)

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret would be a fingerprint of it

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: read it from the environment of the other process")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


class KnownValues:
    """The values that are masked, in every form in which libraries print them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._short_forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Mask this value from now on. Does nothing for values shorter than four characters."""
        if len(value) < _IGNORED_BELOW:
            return
        with self._lock:
            forms = self._forms if len(value) >= _WHOLE_WORD_BELOW else self._short_forms
            forms.add("".join(map(_written, value)))
            self._forms.update(map(re.escape, _in_base64(value.encode(errors="surrogatepass"))))
            # Longest first: if one value begins with another, the longer one is masked whole.
            longest_first = sorted(self._forms, key=len, reverse=True)
            words = "|".join(sorted(self._short_forms, key=len, reverse=True)) or "(?!)"
            self._pattern = re.compile("|".join([*longest_first, rf"(?P<short>(?<!\w)(?:{words})(?!\w))"]))

    def forget(self) -> None:
        """Stop masking all values; for tests, which share one process."""
        with self._lock:
            self._forms, self._short_forms, self._pattern = set(), set(), None

    def scrub(self, text: str, *, short: bool = True) -> str:
        """Like the function `scrub`."""
        pattern = self._pattern
        return pattern.sub(lambda found: MASK if short or not found["short"] else found[0], text) if pattern else text


known_values = KnownValues()
"""The values of all secrets of this process."""


def scrub(text: str, *, short: bool = True) -> str:
    """Mask every known secret in the text, in every form in which libraries print it.

    Values shorter than eight characters are masked as whole words only, or not at all with `short=False`; those shorter
    than four are never masked, since that would garble unrelated text.
    """
    return known_values.scrub(text, short=short)


def shape(text: str) -> str:
    """Mask a private text, but keep its shape: letters become x, digits 0; spaces and punctuation stay."""
    return "".join(map(_shape_of, text))


def _shape_of(char: str) -> str:
    if char.isdigit():
        return "0"
    # Marks are parts of letters, and symbols such as a circled letter can be read as one.
    is_letter = unicodedata.category(char)[0] in "LMN" or unicodedata.normalize("NFKC", char).isalnum()
    return "x" if is_letter else char


class LogFilter(logging.Filter):
    """Scrubs the records of the loggers it is added to; a filter on a parent logger does not see a child's records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; replace its message if it contains a secret."""
        message = record.getMessage()
        clean = scrub(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info:
            # Without the exception: a handler that formats it again would find the secret in it.
            record.exc_text, record.exc_info = scrub(_formatter.formatException(record.exc_info)), None
        return True


_log_filter = LogFilter()
_formatter = logging.Formatter()


def guard_loggers(names: Iterable[str]) -> None:
    """Scrub what these loggers write from now on. Does nothing the second time."""
    for name in names:
        logging.getLogger(name).addFilter(_log_filter)


def _written(char: str) -> str:
    """A pattern for one character as text, URLs, JSON, HTML and reprs write it, also nested."""
    if char.isascii() and char.isalnum():
        return char
    utf8, utf16 = char.encode(errors="surrogatepass"), char.encode("utf-16-be", "surrogatepass").hex()
    entities = "|".join(filter(None, (_ENTITIES.get(char), f"#0{{0,6}}{ord(char)}", f"#x0{{0,6}}{ord(char):x}")))
    ways = [
        "".join(f"%(?:25){{0,4}}{byte:02x}" for byte in utf8),
        "".join(rf"\\{{1,8}}x{byte:02x}" for byte in utf8),
        rf"\\{{1,8}}x{ord(char):02x}",
        "".join(rf"\\{{1,8}}u{utf16[i : i + 4]}" for i in range(0, len(utf16), 4)),
        rf"\\{{0,8}}&(?:amp;){{0,4}}(?:{entities});",
        r"\\{1,8}" if char == "\\" else r"\\{0,8}" + re.escape(char),
    ]
    if char == " ":
        ways.append(r"\+")
    return f"(?i:{'|'.join(ways)})"


def _in_base64(value: bytes) -> set[str]:
    """The value in base64: alone, and after one or two other bytes, as in `user:password`."""
    alone = base64.b64encode(value).decode()
    # Without the first and last letters, which depend on the neighbouring bytes.
    within = {
        base64.b64encode(bytes(shift) + value).decode()[(0, 2, 3)[shift] : (None, -3, -2)[(shift + len(value)) % 3]]
        for shift in range(3)
    }
    forms = {form for text in (alone, *within) for form in (text, text.replace("+", "-").replace("/", "_"))}
    return {form for form in forms if len(form) >= _WHOLE_WORD_BELOW}
