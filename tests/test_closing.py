"""Closing that does not give up. How numbers use it is tested in test_number.py."""

from __future__ import annotations

import pytest

from pytest_otp.closing import persist
from pytest_otp.errors import OrderNotFound, ProviderError, ProviderUnavailable
from tests.scripted import Time


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_long_retry_after_is_cut_to_the_time_left(time: Time) -> None:
    """Who is asked to wait longer than there is time tries once more before the end."""
    tries: list[float] = []

    def attempt() -> None:
        tries.append(time.elapsed)
        if len(tries) == 1:
            raise ProviderUnavailable("answered 429", retry_after=30.0)

    assert persist(attempt, timeout=20, passing=ProviderError, clock=time.clock, sleep=time.sleep) is None
    assert tries == [0, 19]


def test_a_failing_connection_is_tried_again(time: Time) -> None:
    """A third party's provider may raise what its own client raises."""
    failures: list[Exception] = [ConnectionResetError("reset"), TimeoutError("slow")]

    def attempt() -> None:
        if failures:
            raise failures.pop()

    assert persist(attempt, timeout=20, passing=ProviderError, clock=time.clock, sleep=time.sleep) is None
    assert failures == []


def test_a_mistake_is_not_tried_again(time: Time) -> None:
    """An error that no further try can change is told at once."""
    for final in (AttributeError("no cancel"), OrderNotFound("unknown")):
        tries: list[float] = []

        def attempt(final: Exception = final, tries: list[float] = tries) -> None:
            tries.append(time.elapsed)
            raise final

        assert persist(attempt, timeout=20, passing=ProviderError, clock=time.clock, sleep=time.sleep) is final
        assert len(tries) == 1


def test_pauses_grow_and_end(time: Time) -> None:
    """Tries come at growing pauses, four seconds at most, and the last one a second before the end."""
    tries: list[float] = []

    def attempt() -> None:
        tries.append(time.elapsed)
        raise ProviderUnavailable("answered 500")

    failure = persist(attempt, timeout=20, passing=ProviderError, clock=time.clock, sleep=time.sleep)
    assert isinstance(failure, ProviderUnavailable)
    assert tries == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19]
