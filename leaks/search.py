"""The secrets of a run, and the search for any piece of them, in every form in which it could be printed."""

from __future__ import annotations

import base64
from collections.abc import Iterator

KEY = "Zq7wX4pLk9tR/+=&'\"%2-mK5jH3gF6dS1vB"
PASSWORD = "Hy6nU3bTg8cV<>\\ß/+-wE4rQ9zA7sD2fG"
CLIENT_ID = "7d3f9a1c-e5b8-4206-9c4d-b1f6a8e03725"
TOKEN = "Vb8xN2mQ6wT0yR4kP7hJ"
LINES = "Gt5vC9xK2bN7q\nMw3zL8dY6fS1h"
SECRETS = {
    "API_KEY_OTPCEPAT": KEY,
    "OTPVIRT_CLIENT_ID": CLIENT_ID,
    "OTPVIRT_API_PASSWORD": PASSWORD,
    "OTPVIRT_WEBHOOK_TOKEN": TOKEN,
    "SHELF_KEY": LINES,
}
"""The last one belongs to a provider of another package, and has a line break."""
PIECE = 8
"""Letters in a row that are no accident."""


def pieces() -> set[bytes]:
    """Every part of a secret that is distinct from other text, in each form that could be printed."""
    found: set[bytes] = set()
    for value in SECRETS.values():
        raw_value = value.encode()
        forms = [raw_value, raw_value.hex().encode(), raw_value[::-1]]
        forms += [base64.b64encode(b"x" * shift + raw_value)[4:-4] for shift in range(3)]
        for form in forms:
            found.update(form[i : i + PIECE] for i in range(len(form) - PIECE + 1))
    return found


PIECES = pieces()


def leaked(data: bytes) -> list[bytes]:
    """The lines that have a piece of a secret."""
    return [line[:300] for line in data.splitlines() if not PIECES.isdisjoint(windows(line))]


def windows(line: bytes) -> Iterator[bytes]:
    """All that is as long as a piece: looking each up is faster than looking for each piece."""
    return (line[start : start + PIECE] for start in range(len(line) - PIECE + 1))
