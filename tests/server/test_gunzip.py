"""Unpacking gzip within a limit."""

from __future__ import annotations

import gzip

import pytest

from pytest_otp.server.gunzip import TooLarge, gunzip


def test_a_body_within_the_limit() -> None:
    """A body of exactly the limit is unpacked whole."""
    assert gunzip(gzip.compress(b"x" * 100), 100) == b"x" * 100


def test_a_body_above_the_limit() -> None:
    """One byte more than the limit is refused, and a bomb is not unpacked beyond it."""
    with pytest.raises(TooLarge, match="larger than 100 bytes"):
        gunzip(gzip.compress(b"x" * 101), 100)
    with pytest.raises(TooLarge):
        gunzip(gzip.compress(b"x" * 50_000_000), 100)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"plain", "not valid gzip"),
        (b"", "incomplete"),
        (gzip.compress(b"abc")[:-4], "incomplete"),
        (gzip.compress(b"abc") + b"rest", "followed by other data"),
    ],
    ids=["plain", "empty", "cut off", "trailing data"],
)
def test_bad_gzip(body: bytes, says: str) -> None:
    """A body that is not gzip, is cut off or has trailing data is a ValueError that says so."""
    with pytest.raises(ValueError, match=says):
        gunzip(body, 100)
