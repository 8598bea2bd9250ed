"""Which message a wait is for, what it takes from it, and why it passed others over. Pure: no I/O."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable
from typing import Union

from ..codes import candidates, extract_code
from ..errors import SettingsError
from ..providers.base import SmsMessage

__tracebackhide__ = True

Pattern = Union[str, "re.Pattern[str]", Callable[[str], "str | None"]]
"""A regular expression with one group at most, or a function from text to code or None."""
Sender = Union[str, "re.Pattern[str]"]
"""A sender's name or number, compared without case and punctuation, or a regular expression to search in it."""

REASONS = 3
"""Candidates of a message without a code that are told at most."""

_PREFIX = re.compile(r"\A\s*[^\W\d_]{1,3}-")
"""What some senders put before a code, and nobody types: the G- of `G-482913`."""

_logger = logging.getLogger("pytest_otp")


class Wanted:
    """The messages that one wait accepts."""

    def __init__(self, *, sender: Sender | None = None, pattern: Pattern | None = None) -> None:
        self._sender = _sender_test(sender)
        self._search = _search(pattern) if pattern is not None else None
        self._asked_sender = sender

    def code(self, message: SmsMessage) -> str | None:
        """The code to hand out for the message, or None where it is passed over."""
        if not self._sender(message.sender):
            return None
        if self._search:
            return self._search(message.text) or None
        return _agreed(extract_code(message.text), message)

    def message(self, message: SmsMessage) -> SmsMessage | None:
        """The message itself, or None where it is passed over."""
        accepted = self._sender(message.sender) and (self._search is None or self._search(message.text))
        return message if accepted else None

    @property
    def advice(self) -> str:
        """What to do about messages that were passed over."""
        if self._search or self._asked_sender is not None:
            return "Mend the filter, or leave it out."
        return "pytest-otp codes 'TEXT' shows how a text is read; wait_code(pattern=...) finds what it does not."

    def why_not(self, message: SmsMessage, shown: Callable[[str], str]) -> str:
        """Why the message was passed over. `shown` makes of a part of its text what may be told of it."""
        if not self._sender(message.sender):
            known = f"from {message.sender!r}" if message.sender else "the provider tells no sender"
            return f"{known}, not from {getattr(self._asked_sender, 'pattern', self._asked_sender)!r}"
        return "the pattern does not match" if self._search else _no_code(message.text, shown)


def _no_code(text: str, shown: Callable[[str], str]) -> str:
    # Of those with the same points the longer ones are likelier to be what a reader took for the code.
    likeliest = sorted(candidates(text), key=lambda candidate: (-candidate.score, -len(candidate.code)))
    told = dict.fromkeys(f"{shown(text[slice(*each.span)])!r}, {each.reason}" for each in likeliest)
    return "no code found in it: " + ("; ".join(list(told)[:REASONS]) if told else "nothing looks like one")


def _agreed(ours: str | None, message: SmsMessage) -> str | None:
    """Our code, or the provider's where we find none. Where the two differ, a warning says so and shows neither."""
    theirs = message.code if message.code and _bare(message.code) else None
    if ours and theirs and _spellings(ours).isdisjoint(_spellings(theirs)):
        _logger.warning(
            "message %s: the provider reads another code in the text than we do; ours is used. "
            "If ours is wrong, give wait_code a pattern.",
            message.id,
        )
    return ours or theirs


def _spellings(code: str) -> set[str]:
    """The code without separators and case, in ASCII digits; and without what may be a prefix or a part of it."""
    bare = {_bare(code), _bare(_PREFIX.sub("", code))}
    return {"".join(str(unicodedata.decimal(char, char)) for char in each) for each in bare}


def _sender_test(wanted: Sender | None) -> Callable[[str | None], bool]:
    if wanted is None:
        return lambda sender: True
    if isinstance(wanted, re.Pattern):
        return lambda sender: sender is not None and wanted.search(sender) is not None
    bare = _bare(str(wanted))
    if bare:
        return lambda sender: sender is not None and _bare(sender) == bare
    raise SettingsError(
        f"sender={wanted!r} is no sender", hint="Give a name, a number, or a compiled regular expression."
    )


def _search(pattern: Pattern) -> Callable[[str], str | None]:
    if callable(pattern):
        return lambda text: _checked(pattern, text)
    try:
        compiled = re.compile(pattern)
        compiled.search("")  # a pattern of bytes fails here
    except (re.error, TypeError) as error:
        raise SettingsError(f"pattern={pattern!r} is no regular expression ({error})") from None
    if compiled.groups > 1:
        raise SettingsError(
            f"pattern={compiled.pattern!r} has {compiled.groups} groups",
            hint="Give it one group, around the code; make the others (?:...).",
        )
    return lambda text: match[compiled.groups] if (match := compiled.search(text)) else None


def _checked(function: Callable[[str], str | None], text: str) -> str | None:
    found = function(text)
    if found is None or isinstance(found, str):
        return found
    raise SettingsError(
        f"pattern: the function returned {type(found).__name__}", hint="Return the code as str, or None."
    )


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
