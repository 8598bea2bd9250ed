"""Secrets that cannot be printed, and scrubbing of text that others print.

A `Secret` made anywhere is scrubbed everywhere: logs and reports belong to the process, so the list of known values
does too.
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

_lock = threading.Lock()
_forms: set[str] = set()
_short_forms: set[str] = set()
_pattern: re.Pattern[str] | None = None


class Secret:
    """A value that shows itself to nobody but the caller of `reveal()`.

    Its repr, str and format are a mask, it cannot be pickled, and it keeps the value in a closure, so that neither
    `vars()` nor a traceback with locals shows it.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        self._reveal: Callable[[], str] = lambda: value
        _remember(value)

    def reveal(self) -> str:
        """The value itself. Call it where it is sent, and keep no reference."""
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
        raise TypeError("a Secret does not leave its process: read it again from the environment there")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


def scrub(text: str, *, short: bool = True) -> str:
    """The text with every known secret masked, in each form that libraries print it in.

    Values below eight characters are masked where they stand as a whole word, or not at all without `short`; below four
    they are left, since masking them would destroy unrelated text.
    """
    pattern = _pattern
    return pattern.sub(lambda found: MASK if short or not found["short"] else found[0], text) if pattern else text


def shape(text: str) -> str:
    """What a private text looks like: letters become x, digits 0; spaces, punctuation and length stay."""
    return "".join(map(_shape_of, text))


def _shape_of(char: str) -> str:
    if char.isdigit():
        return "0"
    # Marks are parts of letters, and signs such as a letter in a circle can be read as one.
    is_letter = unicodedata.category(char)[0] in "LMN" or unicodedata.normalize("NFKC", char).isalnum()
    return "x" if is_letter else char


class LogFilter(logging.Filter):
    """Scrubs the records of the loggers that it is put on; a filter on a parent logger would see none of a child's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always keep the record; replace its message where that holds a secret."""
        message = record.getMessage()
        clean = scrub(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info:
            # The exception itself goes too: a handler that formats it anew would find the secret in it.
            record.exc_text, record.exc_info = scrub(_formatter.formatException(record.exc_info)), None
        return True


_log_filter = LogFilter()
_formatter = logging.Formatter()


def guard_loggers(names: Iterable[str]) -> None:
    """Scrub what the named loggers write, from now on; doing it twice is doing it once."""
    for name in names:
        logging.getLogger(name).addFilter(_log_filter)


def _remember(value: str) -> None:
    global _pattern
    if len(value) < _IGNORED_BELOW:
        return
    with _lock:
        (_forms if len(value) >= _WHOLE_WORD_BELOW else _short_forms).add("".join(map(_written, value)))
        _forms.update(map(re.escape, _in_base64(value.encode(errors="surrogatepass"))))
        # Longest first: where one value begins with another, the longer one is masked whole.
        longest_first = sorted(_forms, key=len, reverse=True)
        words = "|".join(sorted(_short_forms, key=len, reverse=True)) or "(?!)"
        _pattern = re.compile("|".join([*longest_first, rf"(?P<short>(?<!\w)(?:{words})(?!\w))"]))


def _written(char: str) -> str:
    """A pattern for one character as texts, URLs, JSON, HTML and reprs write it, also one of them inside another."""
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
    """What base64 makes of the value: alone, and after one or two other bytes, as in `user:password`."""
    alone = base64.b64encode(value).decode()
    # Where the neighbours' bits would show, the first and last letters are left out.
    within = {
        base64.b64encode(bytes(shift) + value).decode()[(0, 2, 3)[shift] : (None, -3, -2)[(shift + len(value)) % 3]]
        for shift in range(3)
    }
    forms = {form for text in (alone, *within) for form in (text, text.replace("+", "-").replace("/", "_"))}
    return {form for form in forms if len(form) >= _WHOLE_WORD_BELOW}
