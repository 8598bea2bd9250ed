"""What the tests of the offline network share."""

from __future__ import annotations

import pytest

from pytest_otp.offline.carrier import Carrier
from tests.scripted import Time as Clock


@pytest.fixture
def clock() -> Clock:
    """The clock of carrier and desk."""
    return Clock()


@pytest.fixture
def carrier(clock: Clock) -> Carrier:
    """A carrier with a seed, on the tests' clock."""
    return Carrier(seed=7, clock=clock)
