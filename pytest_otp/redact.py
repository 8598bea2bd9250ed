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
from urllib.parse import unquote

from .display import LINE, shown

MASK = "***"

_WHOLE_WORD_BELOW = 8
_IGNORED_BELOW = 4
_ELLIPSIS = "..."
_LEAST_HALF, _LONGEST_HALF = 4, 64
_MIME_LINE = 76
_FIRST_PRINTABLE = 32
_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\a": "a"}
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
        self._ignores = False
        self._values: frozenset[str] = frozenset()
        self._pattern: _Pattern | None = _NOTHING

    def add(self, value: str) -> None:
        """Mask this value from now on, and each of its lines. Does nothing for values shorter than four characters."""
        if value in self._values or len(value) < _IGNORED_BELOW or self._ignores:
            return
        # A line of its own, too: a report indents each line, and so takes a value with line breaks apart.
        lines = [line for line in map(str.strip, value.splitlines()) if len(line) >= _WHOLE_WORD_BELOW]
        with self._lock:
            self._values |= {value, *lines}
            self._pattern = None

    def forget(self) -> None:
        """Stop masking all values; for tests, which share one process."""
        with self._lock:
            self._values, self._pattern = frozenset(), _NOTHING

    def ignore(self) -> None:
        """Mask nothing, now and later; for the test that proves that its search would find a leak."""
        self._ignores = True
        self.forget()

    def __bool__(self) -> bool:
        return bool(self._values)

    def scrub(self, text: str, *, short: bool = True) -> str:
        """Like the function `scrub`."""
        pattern = self._pattern
        if pattern is None:
            values = self._values
            pattern = _Pattern(values)  # without the lock: what traces this process may scrub meanwhile
            with self._lock:
                if self._values is values:
                    self._pattern = pattern
        return pattern.mask(text, short=short)


class _Pattern:
    """Finds some values in a text, in every form."""

    def __init__(self, values: Iterable[str]) -> None:
        whole: set[str] = set()
        words: set[str] = set()
        halves: set[str] = set()
        self._signs: list[str] = []
        self._beside_cuts: set[str] = set()
        for value in values:
            written = list(map(_written, value))
            base64_forms = _in_base64(value.encode(errors="surrogatepass"))
            whole.update(map(re.escape, base64_forms))
            # Letters and digits are the same in every form but base64: without them a text needs no search.
            self._signs += [max(_PLAIN_RUN.findall(value), key=len, default=""), *base64_forms]
            if len(value) < _WHOLE_WORD_BELOW:
                words.add("".join(written))
                continue
            whole.add("".join(written))
            halves.update(_halves(value))
            for form in (value, repr(value)[1:-1]):
                self._beside_cuts |= {form[start : start + _LEAST_HALF] for start in range(len(form) - _LEAST_HALF + 1)}
        # Longest first: if one value begins with another, the longer one is masked whole.
        longest_first = sorted(whole, key=len, reverse=True)
        whole_words = "|".join(sorted(words, key=len, reverse=True)) or "(?!)"
        self._whole = re.compile("|".join([*longest_first, rf"(?P<short>(?<!\w)(?:{whole_words})(?!\w))"]))
        self._half = "|".join(sorted(halves, key=len, reverse=True)) or "(?!)"

    def mask(self, text: str, *, short: bool) -> str:
        if any(sign in text for sign in self._signs):
            text = self._whole.sub(lambda found: MASK if short or not found["short"] else found[0], text)
        return re.sub(self._half, MASK, text) if self._has_half(text) else text

    def _has_half(self, text: str) -> bool:
        """Whether a part of a value may stand beside an ellipsis; the pattern itself is too slow for every text."""
        at = text.find(_ELLIPSIS) if self._beside_cuts else -1
        while at >= 0:
            end = at + len(_ELLIPSIS)
            if {text[at - _LEAST_HALF : at], text[end : end + _LEAST_HALF]} & self._beside_cuts:
                return True
            at = text.find(_ELLIPSIS, at + 1)
        return False


_PLAIN_RUN = re.compile("[0-9A-Za-z]+")
_NOTHING = _Pattern(())

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
    """Makes the records of the loggers it is added to safe to show: one printable line of bounded length, no secrets.

    A filter on a parent logger does not see a child's records.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; replace its message if it is not safe."""
        message = record.getMessage()
        clean = shown(scrub(message), LINE)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info:
            # Without the exception: a handler that formats it again would find the secret in it.
            record.exc_text, record.exc_info = scrub(_formatter.formatException(record.exc_info)), None
        return True


_log_filter = LogFilter()
_formatter = logging.Formatter()


def guard_loggers(names: Iterable[str]) -> None:
    """Make what these loggers write from now on safe to show. Does nothing the second time."""
    for name in names:
        logging.getLogger(name).addFilter(_log_filter)


logger = logging.getLogger("pytest_otp")
"""The package's logger: every record of ours goes through it, and so through its filter."""
guard_loggers([logger.name])


def passwords_in(url: str) -> list[str]:
    """Return the password of a URL (`https://user:password@host`), as written and decoded; empty without one."""
    before, at, _ = url.rpartition("@")
    password = before.rpartition("://")[2].partition(":")[2]
    return list(dict.fromkeys([password, unquote(password)])) if at and password else []


def url_without_password(url: str) -> str:
    """Return a URL with a mask in place of everything that may be a user name and password, valid or not."""
    before, at, rest = url.rpartition("@")
    scheme, separator, _ = before.rpartition("://")
    return f"{scheme}{separator}{MASK}@{rest}" if at else url


def _written(char: str) -> str:
    """A pattern for one character as text, URLs, JSON, HTML and reprs write it, also nested."""
    if char.isascii() and char.isalnum():
        return char
    utf8 = char.encode(errors="surrogatepass")
    entities = "|".join(filter(None, (_ENTITIES.get(char), f"#0{{0,6}}{ord(char)}", f"#x0{{0,6}}{ord(char):x}")))
    ways = [
        "".join(f"%(?:25){{0,4}}{byte:02x}" for byte in utf8),
        "".join(rf"\\{{1,8}}x{byte:02x}" for byte in utf8),
        rf"\\{{1,8}}x{ord(char):02x}",
        *([rf"\\{{1,8}}{_ESCAPES[char]}"] if char in _ESCAPES else []),
        *([f"#x0*{ord(char):x}"] if ord(char) < _FIRST_PRINTABLE else []),
        "".join(rf"\\{{1,8}}u{unit:04x}" for unit in _utf16(ord(char))),
        rf"\\{{0,8}}&(?:amp;){{0,4}}(?:{entities});",
        r"\\{1,8}" if char == "\\" else r"\\{0,8}" + re.escape(char),
    ]
    if char == " ":
        ways.append(r"\+")
    return f"(?i:{'|'.join(ways)})"


def _utf16(point: int) -> tuple[int, ...]:
    """The code units of a character; computed, since Python would import a codec."""
    if point < 0x10000:
        return (point,)
    return 0xD800 + (point - 0x10000 >> 10), 0xDC00 + (point & 0x3FF)


def _halves(value: str) -> tuple[str, str]:
    """Patterns for what is left of a value before and after an ellipsis, with which a repr shortens a long text."""
    written = ["|".join(map(re.escape, {char, repr(char)[1:-1], ascii(char)[1:-1]})) for char in value]
    before = after = ""
    for char in reversed(written[_LEAST_HALF:_LONGEST_HALF]):
        before = rf"(?:\\?(?:{char}){before})?"
    for char in written[-_LONGEST_HALF:-_LEAST_HALF]:
        after = rf"(?:{after}\\?(?:{char}))?"
    first, last = (
        "".join(rf"\\?(?:{char})" for char in part) for part in (written[:_LEAST_HALF], written[-_LEAST_HALF:])
    )
    cut = re.escape(_ELLIPSIS)
    # The cut may be in the middle of an escape: \x1...
    return rf"{first}{before}(?=\\*(?:[xuU][0-9a-f]*)?{cut})", f"(?<={cut})[0-9a-fxuU]{{0,9}}?{after}{last}"


def _in_base64(value: bytes) -> set[str]:
    """The value in base64: alone, and after one or two other bytes, as in `user:password`."""
    alone = base64.b64encode(value).decode()
    # Without the first and last letters, which depend on the neighbouring bytes.
    within = {
        base64.b64encode(bytes(shift) + value).decode()[(0, 2, 3)[shift] : (None, -3, -2)[(shift + len(value)) % 3]]
        for shift in range(3)
    }
    forms = {form for text in (alone, *within) for form in (text, text.replace("+", "-").replace("/", "_"))}
    forms |= {alone[start : start + _MIME_LINE] for start in range(0, len(alone), _MIME_LINE)}
    return {form for form in forms if len(form) >= _WHOLE_WORD_BELOW}
