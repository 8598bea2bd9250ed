"""The kinds of words in the lists; the head of `languages.ini` says what each means."""

from __future__ import annotations

KEYS = (
    *("code", "maybe", "enter", "is", "for", "other", "offer", "approval", "done", "paid", "send", "old"),
    *("plain", "warn", "time", "days", "money", "with", "pickup", "into", "need", "act", "count", "owned"),
    *("thing", "whose", "field", "dash", "common"),
)
