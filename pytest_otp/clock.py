"""The time of day, for people. Waits use the monotonic clock, which is injected where tests need another."""

from __future__ import annotations

from datetime import datetime, timezone


def utc_now() -> datetime:
    """The current time in UTC."""
    return datetime.now(timezone.utc)
