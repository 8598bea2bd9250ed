"""A number of a scripted provider, on virtual time."""

from __future__ import annotations

import pytest

from pytest_otp.numbers.number import OtpNumber
from tests.numbers.renting import rented
from tests.scripted import ScriptedProvider, Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def number(provider: ScriptedProvider, time: Time) -> OtpNumber:
    return rented(provider, time)
