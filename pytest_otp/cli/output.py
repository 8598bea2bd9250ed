"""What the commands print: one line each, without secrets, and without what could steer a terminal."""

from __future__ import annotations

import os
import re
import sys

from ..redact import scrub


def say(text: str) -> None:
    """Print a line."""
    write(_safe(text))


def write(text: str) -> None:
    """Print a text as it is. Where nobody reads it any more, the work goes on all the same."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        mute()


def mute() -> None:
    """Who read our lines has gone. What Python flushes at exit must not fail on it once more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def complain(text: str) -> None:
    """Print a line on standard error."""
    print(_safe(text), file=sys.stderr, flush=True)


def in_our_words(text: str) -> str:
    """An error's text with the options as the commands name them: those of pytest have a prefix and an ini twin."""
    return re.sub(r"--otp-(?=ledger|env-file|allow-http)", "--", re.sub(r", ini otp_\w+", "", text))


def _safe(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in scrub(text))
