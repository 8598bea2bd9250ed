"""Output of the commands: single lines without secrets or control characters."""

from __future__ import annotations

import os
import re
import sys

from ..display import shown
from ..redact import scrub

_LONGEST = 10_000
"""The longest line: `pytest-otp codes` shows a text as it was given."""


def say(text: str) -> None:
    """Print a line."""
    write(_safe(text))


def write(text: str) -> None:
    """Print text as it is. If the reader has gone, carry on silently."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        mute()


def mute() -> None:
    """Discard further output, since its reader has gone: Python's flush at exit must not fail."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def complain(text: str) -> None:
    """Print a line on standard error."""
    print(_safe(text), file=sys.stderr, flush=True)


def in_our_words(text: str) -> str:
    """An error's text with the names of the command's own options instead of pytest's and without ini names."""
    return re.sub(r"--otp-(?=ledger|env-file|allow-http)", "--", re.sub(r", ini otp_\w+", "", text))


def _safe(text: str) -> str:
    return shown(scrub(text), _LONGEST)
