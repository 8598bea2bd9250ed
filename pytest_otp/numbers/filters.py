"""Which messages a wait accepts, what it takes from them, and why it skips the others. Pure: no I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from ..codes import Candidate, candidates, extract_code
from ..codes.formats import ANY_FORMAT, CodeFormat
from ..codes.reading import Reading
from ..codes.shapes import NO_CODE, Length, shapes
from ..display import NAME, quoted
from ..errors import SettingsError
from ..providers.base import SmsMessage
from ..redact import logger

__tracebackhide__ = True

Pattern = str | re.Pattern[str] | Callable[[str], str | None]
"""A regular expression with at most one group, or a function that takes the text and returns the code or None."""
Sender = str | re.Pattern[str]
"""A sender's name or number, compared without case and punctuation, or a compiled regular expression to search for."""

REASONS = 3
"""How many candidates are shown at most for a message without a code."""

LONGEST_ALONE = 64
"""Characters of a code that the provider gives beside a text, separators included; a longer one is none."""

_NO_SEPARATORS = dict.fromkeys(map(ord, "- ._·"))
_PREFIX = re.compile(r"\A\s*[^\W\d_]{1,3}-")
"""What some senders put before a code but nobody types: the G- of `G-482913`."""


class Wanted:
    """The messages that one wait accepts. Raises `SettingsError` for a filter that cannot work."""

    def __init__(
        self,
        *,
        sender: Sender | None = None,
        pattern: Pattern | None = None,
        code_format: CodeFormat = ANY_FORMAT,
    ) -> None:
        self._format = code_format
        self._sender = _sender_test(sender)
        self._search = _search(pattern) if pattern is not None else None
        self._wanted_sender = sender

    def code(self, message: SmsMessage) -> str | None:
        """The code to hand out for the message, or None to skip it."""
        if not self._sender(message.sender):
            return None
        if self._search:
            return self._search(message.text) or None
        found = extract_code(message.text, length=self._format.length, alphabet=self._format.alphabet)
        return self._agreed(found, message)

    def message(self, message: SmsMessage) -> SmsMessage | None:
        """The message itself, or None to skip it."""
        accepted = self._sender(message.sender) and (self._search is None or self._search(message.text))
        return message if accepted else None

    @property
    def advice(self) -> str:
        """What to do about messages that were skipped."""
        if self._search or self._wanted_sender is not None:
            return "Correct the filter, or remove it."
        if not self._format.is_any:
            return "Check the length and the alphabet. Run pytest-otp codes 'TEXT' to see how a text is read."
        return "Run pytest-otp codes 'TEXT' to see how a text is read, or use wait_code(pattern=...)."

    def why_not(self, message: SmsMessage, show: Callable[[str], str]) -> str:
        """Why the message was skipped. `show` masks a part of its text if it must not be shown."""
        if not self._sender(message.sender):
            sender = f"sender {quoted(message.sender, NAME)}" if message.sender else "no sender"
            return f"{sender}, expected {getattr(self._wanted_sender, 'pattern', self._wanted_sender)!r}"
        if self._search:
            return "the pattern does not match"
        rejected = candidates(message.text, length=self._format.length, alphabet=self._format.alphabet)
        return no_code_reason(message.text, rejected, show)

    def _agreed(self, ours: str | None, message: SmsMessage) -> str | None:
        """Our code, or the provider's if we find none. If the two differ, a warning says so and shows neither."""
        theirs = _code_alone(message.code or "", self._format)
        if ours and theirs and _spellings(ours).isdisjoint(_spellings(message.code or "")):
            logger.warning(
                "message %s: the code that the provider reports differs from the one found in the text, which is used. "
                "If that is wrong, use wait_code(pattern=...).",
                message.id,
            )
        return ours or theirs


def wanted_code(
    usual: CodeFormat, sender: Sender | None, pattern: Pattern | None, length: Length | None, alphabet: str | None
) -> Wanted:
    """What a wait for a code accepts, whose form is the `usual` one where it does not say. Raises `SettingsError`."""
    code_format = usual.replaced(length, alphabet)
    if pattern is None:
        return Wanted(sender=sender, code_format=code_format)
    if length is not None or alphabet is not None:
        raise SettingsError(
            "wait_code takes either pattern, or length and alphabet; got both",
            hint="Express the length and the characters in the pattern instead.",
        )
    return Wanted(sender=sender, pattern=pattern)


def no_code_reason(text: str, rejected: Iterable[Candidate], show: Callable[[str], str]) -> str:
    """Why a text has no code: its likeliest rejected candidates, each with the reason for its rejection."""
    # Among equal scores, the longer one is more likely what a reader took for the code.
    likeliest = sorted(rejected, key=lambda candidate: (-candidate.score, -len(candidate.code)))
    reasons = dict.fromkeys(f"{quoted(show(text[slice(*each.span)]), NAME)}, {each.reason}" for each in likeliest)
    return "no code found: " + ("; ".join(list(reasons)[:REASONS]) if reasons else "nothing looks like one")


def _spellings(code: str) -> set[str]:
    """The code without separators and case, in ASCII digits; and without what may be a prefix or a part of it."""
    bare = {_bare(code), _bare(_PREFIX.sub("", code))}
    return {"".join(str(unicodedata.decimal(char, char)) for char in each) for each in bare}


def _sender_test(wanted: object) -> Callable[[str | None], bool]:
    if wanted is None:
        return lambda sender: True
    if isinstance(wanted, re.Pattern):
        return lambda sender: sender is not None and wanted.search(sender) is not None
    bare = _bare(str(wanted)) if isinstance(wanted, (str, int)) else ""  # a sender that is a number may be given as one
    if bare:
        return lambda sender: sender is not None and _bare(sender) == bare
    raise SettingsError(f"sender must be a name, a number or a compiled regular expression; got {wanted!r}")


def _search(pattern: Pattern) -> Callable[[str], str | None]:
    if callable(pattern):
        return lambda text: _checked(pattern, text)
    try:
        compiled = re.compile(pattern)
        compiled.search("")  # a pattern of bytes fails here
    except (re.error, TypeError) as error:
        raise SettingsError(f"pattern must be a regular expression or a function; got {pattern!r} ({error})") from None
    if compiled.groups > 1:
        raise SettingsError(
            f"pattern must have at most one group; {compiled.pattern!r} has {compiled.groups}",
            hint="Put one group around the code, and write the others as (?:...).",
        )
    return lambda text: match[compiled.groups] if (match := compiled.search(text)) else None


def _checked(function: Callable[[str], str | None], text: str) -> str | None:
    found = function(text)
    if found is None or isinstance(found, str):
        return found
    raise SettingsError(f"the pattern function must return str or None; got {type(found).__name__}")


def _code_alone(text: str, form: CodeFormat) -> str | None:
    """The code that a text is as a whole, written like one that we find; None if it is something else.

    It has the shape of a code, or the form that the user knows, with nothing but separators inside.
    """
    text = text.strip()
    if len(text) > LONGEST_ALONE or not text.isprintable():
        return None
    plain = Reading(text).plain
    found = shapes(plain)
    if len(found) == 1 and found[0].kind != NO_CODE and (found[0].start, found[0].end) == (0, len(plain)):
        return found[0].code if form.fits(found[0].code) else None
    bare = plain.translate(_NO_SEPARATORS)
    return bare if bare.isalnum() and not form.is_any and form.fits(bare) else None


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
