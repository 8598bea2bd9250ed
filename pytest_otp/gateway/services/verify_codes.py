"""The codes that verification services invent."""

from __future__ import annotations

import re
import secrets

CUSTOM = re.compile(r"[0-9]{4,10}")
"""A code that the application gives."""


def new_code(length: int) -> str:
    """A random code of this many digits.

    The run's seed has no part in it: an application's requests come in any order, and a code that is the same in each
    run would hide a test that passes with an old one.
    """
    while True:
        code = "".join(secrets.choice("0123456789") for _ in range(length))
        # A reader of the message takes "2026" for a year.
        if length != len("2026") or not code.startswith(("19", "20")):
            return code
