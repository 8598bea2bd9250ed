"""How long calls may take, whoever makes them further down."""

from __future__ import annotations

from pytest_otp.providers.deadline import time_left, time_limit


def test_limits_nest() -> None:
    """The inner limit cannot outlast the outer one, and ends with its block."""
    assert time_left() is None
    with time_limit(10):
        with time_limit(100):
            assert (time_left() or 0) <= 10
        with time_limit(1):
            assert (time_left() or 0) <= 1
        assert (time_left() or 0) > 9
        with time_limit(0):
            assert time_left() == 0.0
    assert time_left() is None
