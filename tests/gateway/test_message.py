"""An SMS on its way to the network: its sender, and in how many parts it is sent."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.message import is_sender_name, parts


@pytest.mark.parametrize(
    ("name", "special", "is_one"),
    [
        ("Shop", "", True),
        ("Shop and Co", " ", True),
        ("Shop and Co", "", False),
        ("12345", "", False),
        ("AVeryLongName", "", False),
        ("Größe", "", False),
        ("Shop\n", "", False),
        ("", "", False),
    ],
)
def test_sender_names(name: str, special: str, is_one: bool) -> None:
    """Eleven ASCII characters with a letter among them."""
    assert is_sender_name(name, special) is is_one


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("ы" * 70, 1),
        ("ы" * 71, 2),
        ("|" * 81, 2),
    ],
)
def test_parts(text: str, count: int) -> None:
    """The lengths of GSM 03.38 and UCS-2, alone and in several parts."""
    assert parts(text) == count
