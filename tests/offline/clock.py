"""A clock that the tests of the offline network turn by hand."""

from __future__ import annotations


class Clock:
    """Stands still until a test advances `now`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
