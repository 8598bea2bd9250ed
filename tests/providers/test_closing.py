"""Closing that does not give up. How numbers use it is tested in test_number.py."""

from __future__ import annotations

import pytest

from pytest_otp.errors import InvalidRequest, OrderNotFound, ProviderError, ProviderUnavailable, SmsAlreadyReceived
from pytest_otp.providers.closing import finish_or_cancel, persist
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


def test_the_longest_pause_is_the_callers(time: Time) -> None:
    """Who has long to go on pauses longer, and asks a provider that is away less often."""
    tries: list[float] = []

    def attempt() -> None:
        tries.append(time.elapsed)
        raise ProviderUnavailable("answered 500")

    persist(attempt, timeout=60, passing=ProviderError, longest_pause=10, clock=time.clock, sleep=time.sleep)
    assert tries == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 25.5, 35.5, 45.5, 55.5, 59]


def test_a_day_of_tries(time: Time) -> None:
    """Backoff over very many tries does not overflow."""
    tries: list[float] = []

    def attempt() -> None:
        tries.append(time.elapsed)
        if len(tries) < 2000:
            raise ProviderUnavailable("answered 500")

    assert (
        persist(attempt, timeout=86400, passing=ProviderError, longest_pause=10, clock=time.clock, sleep=time.sleep)
        is None
    )
    assert len(tries) == 2000


def test_no_time_is_one_try(time: Time) -> None:
    """However little time there is, it is tried once."""
    tries: list[float] = []

    def attempt() -> None:
        tries.append(time.elapsed)
        raise ProviderUnavailable("answered 500")

    assert isinstance(
        persist(attempt, timeout=0, passing=ProviderError, clock=time.clock, sleep=time.sleep), ProviderUnavailable
    )
    assert tries == [0]


def test_an_interrupt_goes_through(time: Time) -> None:
    """Ctrl-C is not something that a further try could mend."""

    def attempt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        persist(attempt, timeout=20, passing=ProviderError, clock=time.clock, sleep=time.sleep)


class Calls:
    """An order that can be cancelled and finished, or refuses to be."""

    def __init__(self, *, cancel: Exception | None = None, finish: Exception | None = None) -> None:
        self.done: list[str] = []
        self._refusals = {"cancel": cancel, "finish": finish}

    def close(self, *, received: bool) -> list[str]:
        finish_or_cancel(lambda: self._do("cancel"), lambda: self._do("finish"), received=received)
        return self.done

    def _do(self, operation: str) -> None:
        self.done.append(operation)
        refusal = self._refusals[operation]
        if refusal:
            raise refusal


TOO_LATE = SmsAlreadyReceived("an SMS has come")
NO_SMS = InvalidRequest("no SMS came")
AWAY = ProviderUnavailable("answered 500")


class TestFinishOrCancel:
    """One way or the other."""

    def test_without_an_sms(self) -> None:
        """It is cancelled: nothing is charged."""
        assert Calls().close(received=False) == ["cancel"]

    def test_with_an_sms(self) -> None:
        """It is finished: it cannot be cancelled any more."""
        assert Calls().close(received=True) == ["finish"]

    def test_an_sms_that_came_meanwhile(self) -> None:
        """Where the cancel comes too late, it is finished."""
        assert Calls(cancel=TOO_LATE).close(received=False) == ["cancel", "finish"]

    def test_one_that_waits_again(self) -> None:
        """One that cannot be finished, since it waits for another SMS, is cancelled."""
        assert Calls(finish=NO_SMS).close(received=True) == ["finish", "cancel"]

    def test_one_that_can_be_neither(self) -> None:
        """Where an SMS forbids the cancel and the provider refuses the finish, its refusal is told."""
        calls = Calls(cancel=TOO_LATE, finish=NO_SMS)
        with pytest.raises(InvalidRequest) as caught:
            calls.close(received=True)
        assert caught.value is NO_SMS
        assert calls.done == ["finish", "cancel"]

    @pytest.mark.parametrize("refusal", [NO_SMS, AWAY, OrderNotFound("unknown")])
    def test_a_cancel_that_is_refused(self, refusal: Exception) -> None:
        """What else is said against a cancel goes on to who tries again; nothing is finished that got no SMS."""
        calls = Calls(cancel=refusal)
        with pytest.raises(type(refusal)):
            calls.close(received=False)
        assert calls.done == ["cancel"]

    def test_a_finish_that_fails(self) -> None:
        """A provider that is away is told: a received order is not cancelled for that."""
        calls = Calls(finish=AWAY)
        with pytest.raises(ProviderUnavailable):
            calls.close(received=True)
        assert calls.done == ["finish"]

    def test_the_last_word_counts(self) -> None:
        """Where both ways fail, what the second said is told."""
        calls = Calls(cancel=AWAY, finish=NO_SMS)
        with pytest.raises(ProviderUnavailable):
            calls.close(received=True)
        calls = Calls(cancel=TOO_LATE, finish=AWAY)
        with pytest.raises(ProviderUnavailable):
            calls.close(received=False)
