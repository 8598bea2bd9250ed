"""Closing many orders side by side: what the keeper and a sweep do. The pauses are virtual."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    OrderNotFound,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from pytest_otp.orders.closers import CONCURRENCY, Closers
from pytest_otp.orders.entries import InMemoryLedger
from pytest_otp.orders.recording import RecordingProvider, RunContext
from pytest_otp.providers.base import Order, OrderState
from tests.orders.processes import until
from tests.scripted import NOW, ScriptedProvider, Time

AWAY = ProviderUnavailable("answered 500", provider="scripted")
CANCELLED = (OrderState.CANCELLED, True)
FINISHED = (OrderState.FINISHED, True)
SOON = 60.0
"""Seconds of real time that no test takes unless it fails."""

Outcomes = list[tuple["OrderState | OtpError", bool]]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def ledger() -> InMemoryLedger:
    return InMemoryLedger()


@pytest.fixture
def recorded(provider: ScriptedProvider, ledger: InMemoryLedger, time: Time) -> RecordingProvider:
    def now() -> datetime:
        return NOW + timedelta(seconds=time.elapsed)

    by = RunContext(ledger, "run-1")
    return RecordingProvider(provider, lambda: by, reason="by its keeper, after its run", clock=now)


@pytest.fixture
def close(time: Time, recorded: RecordingProvider) -> Callable[..., Outcomes]:
    """Orders a number, closes it, and gives what was reported until the end."""

    def closed(*, look: bool = True, timeout: float = 60.0, state: OrderState = OrderState.WAITING) -> Outcomes:
        order = recorded.order("wa", "6", None)
        recorded.set_state(order, state)
        outcomes: Outcomes = []
        closers = Closers(clock=time.clock, sleep=time.sleep)
        closers.close(
            recorded,
            order,
            look=look,
            timeout=timeout,
            on_outcome=lambda outcome, final: outcomes.append((outcome, final)),
        )
        assert closers.join(SOON)
        return outcomes

    return closed


class TestOne:
    """One order."""

    def test_without_an_sms(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, ledger: InMemoryLedger
    ) -> None:
        """It is looked at, cancelled, recorded with the reason, and reported once."""
        assert close() == [CANCELLED]
        assert provider.events == ["order order-1", "messages order-1", "cancel order-1"]
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.reason) == ("cancelled", "by its keeper, after its run")

    def test_an_sms_that_nobody_has_seen(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """The look finds it, and the order is finished."""
        provider.receive("Your code is 482913")
        assert close() == [FINISHED]
        assert provider.events[1:] == ["messages order-1", "finish order-1"]

    def test_an_sms_that_is_known(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """What is known needs no look."""
        assert close(state=OrderState.RECEIVED) == [FINISHED]
        assert provider.events[1:] == ["finish order-1"]

    def test_without_a_look(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """Who has just looked does not ask again; a cancel that comes too late is a finish all the same."""
        provider.receive("Your code is 482913")
        assert close(look=False) == [FINISHED]
        assert provider.events[1:] == ["cancel order-1", "finish order-1"]

    def test_a_look_that_fails(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """The close itself says what is wrong, if anything is."""
        provider.script("messages", AWAY)
        assert close() == [CANCELLED]

    def test_one_that_the_provider_says_has_ended(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider
    ) -> None:
        """That may be a mistake: it is closed all the same."""
        provider.ended.add("order-1")
        assert close() == [CANCELLED]
        assert provider.events[1:] == ["messages order-1", "cancel order-1"]

    def test_one_that_was_over_before(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, ledger: InMemoryLedger
    ) -> None:
        """A state that is reported after our own close was refused is proof."""
        provider.ended.add("order-1")
        provider.always("cancel", InvalidRequest("wrong status"))
        assert close() == [(OrderState.ENDED, True)]
        assert provider.events[1:] == ["messages order-1", "cancel order-1", "messages order-1"]
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.reason) == ("ended", "by the provider, or elsewhere")

    @pytest.mark.parametrize("kind", [OrderNotFound, InvalidRequest])
    def test_one_that_is_gone(
        self,
        close: Callable[..., Outcomes],
        provider: ScriptedProvider,
        ledger: InMemoryLedger,
        time: Time,
        kind: type[ProviderError],
    ) -> None:
        """A refused close is repeated five seconds later; the fifth refusal of a repeated one is proof."""
        error = kind("unknown order")
        for call in ("messages", "cancel"):
            provider.always(call, error)
        assert close(timeout=1200.0) == [(error, False), (OrderState.ENDED, True)]
        assert provider.calls("cancel") == 6
        assert time.elapsed == pytest.approx(28.4)
        (entry,) = ledger.entries("run-1")
        assert entry.state == "ended"

    def test_one_that_is_refused_for_ever(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, ledger: InMemoryLedger, time: Time
    ) -> None:
        """Where the credentials are refused as well, a refusal proves nothing; past the longest rental nobody knows."""
        error = InvalidRequest("error 3")
        for call in ("messages", "cancel", "balance"):
            provider.always(call, error)
        assert close(timeout=1100.0)[-1] == (error, True)
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.reason) == ("waiting", "cancel: error 3")
        assert close(timeout=1300.0)[-1] == (error, True)
        _, entry = ledger.entries("run-1")
        assert entry.state == "uncertain"

    def test_until_it_succeeds(self, close: Callable[..., Outcomes], provider: ScriptedProvider, time: Time) -> None:
        """A refusal is reported once, tries go on at pauses of ten seconds at most, and the success is reported."""
        tries: list[float] = []

        def refuse() -> None:
            tries.append(time.elapsed)
            raise AWAY

        provider.script("cancel", *[refuse] * 7, lambda: tries.append(time.elapsed))
        assert close(timeout=1200.0) == [(AWAY, False), CANCELLED]
        assert tries == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 25.5, 35.5]

    def test_until_its_time_is_over(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, ledger: InMemoryLedger, time: Time
    ) -> None:
        """If it never succeeds, that is reported, and the ledger says why the order is still open."""
        provider.always("cancel", AWAY)
        assert close(timeout=30.0) == [(AWAY, False), (AWAY, True)]
        assert 29 <= time.elapsed <= 30
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.reason) == ("waiting", "cancel: answered 500")

    def test_what_further_tries_cannot_change(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """It is reported once, as the end of it."""
        error = SmsAlreadyReceived("too late")
        provider.always("cancel", error)
        provider.always("finish", error)
        assert close() == [(error, True)]

    def test_refused_credentials(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """They are tried again: the edge before a service may refuse them for a while."""
        refused = AuthenticationError("answered 403")
        provider.script("cancel", refused, refused)
        assert close() == [(refused, False), CANCELLED]

    @pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError()], ids=repr)
    def test_what_is_no_exception(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, error: BaseException
    ) -> None:
        """A plugin's event loop that cancels a call leaves no number rented: it is tried again."""
        provider.script("cancel", error)
        (first, final), last = close()
        assert (type(first), final, last) == (OtpError, False, CANCELLED)

    def test_a_provider_that_asks_for_an_hour(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, time: Time
    ) -> None:
        """The number costs money meanwhile: it is asked again after a minute."""
        provider.script("cancel", ProviderUnavailable("answered 429", http_status=429, retry_after=3600.0))
        assert close(timeout=1200.0)[-1] == CANCELLED
        assert time.elapsed == pytest.approx(60.0)

    def test_an_end_at_a_later_try(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """What is final at a later try is reported as well."""
        provider.script("cancel", AWAY)
        provider.script("finish", SmsAlreadyReceived("too late"))
        provider.script("cancel", SmsAlreadyReceived("too late"))
        (_, first), (error, last) = close()
        assert (first, type(error), last) == (False, SmsAlreadyReceived, True)

    def test_a_plugins_mistake(self, close: Callable[..., Outcomes], provider: ScriptedProvider) -> None:
        """An error that is not ours is reported as one of ours, and tried again like any other."""
        provider.script("cancel", ValueError("a bug"), ConnectionResetError("reset"))
        (first, final), last = close()
        assert (str(first), final, last) == ("ValueError: a bug", False, CANCELLED)

    def test_the_state_is_looked_at_before_each_try(
        self, close: Callable[..., Outcomes], provider: ScriptedProvider, time: Time
    ) -> None:
        """An SMS that comes between two tries is seen: the order is finished then."""
        provider.script("cancel", AWAY)
        time.at(0.2, lambda: provider.receive("Your code is 482913"))
        assert close() == [(AWAY, False), FINISHED]
        assert provider.events[1:] == ["messages order-1", "cancel order-1", "messages order-1", "finish order-1"]


class Busy(ScriptedProvider):
    """Counts how many closes it has at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self.counting = threading.Condition()

    def cancel(self, order: Order) -> None:
        with self.counting:
            self.now += 1
            self.most = max(self.most, self.now)
            self.counting.notify_all()
            self.counting.wait_for(lambda: self.most >= CONCURRENCY, SOON)
            self.now -= 1
        super().cancel(order)


class TestMany:
    """Many orders."""

    def test_as_many_at_once_as_a_provider_bears(self, ledger: InMemoryLedger) -> None:
        """Closes are under way side by side, but not all of them."""
        provider = Busy()
        recorded = RecordingProvider(provider, lambda: RunContext(ledger, "run-1"))
        closers = Closers()
        for _ in range(3 * CONCURRENCY):
            closers.close(recorded, recorded.order("wa", "6", None), look=False, timeout=SOON)
        assert closers.join(SOON)
        assert provider.most == CONCURRENCY
        assert {entry.state for entry in ledger.entries("run-1")} == {"cancelled"}

    def test_one_that_fails_does_not_keep_the_others(
        self, recorded: RecordingProvider, provider: ScriptedProvider, ledger: InMemoryLedger
    ) -> None:
        """While one is tried again and again, the others are closed; its pauses take nobody's turn."""
        go_on = threading.Event()
        provider.always("cancel order-1", AWAY)

        def pause(seconds: float) -> None:
            go_on.wait(SOON)

        closers = Closers(sleep=pause)
        for _ in range(CONCURRENCY + 2):
            closers.close(recorded, recorded.order("wa", "6", None), look=False, timeout=60.0)
        others = ["waiting"] + ["cancelled"] * (CONCURRENCY + 1)
        until(lambda: [entry.state for entry in ledger.entries("run-1")] == others)
        assert not closers.join(0.0)
        provider.recover()
        go_on.set()
        assert closers.join(SOON)

    def test_nothing_begun(self) -> None:
        """Where nothing was begun there is nothing to wait for."""
        assert Closers().join(0.0)

    def test_a_join_that_is_too_short(self, recorded: RecordingProvider, provider: ScriptedProvider) -> None:
        """Who waits too short a time gets to know, and may wait again."""
        go_on = threading.Event()
        provider.script("cancel", lambda: go_on.wait(SOON))
        closers = Closers()
        closers.close(recorded, recorded.order("wa", "6", None), look=False, timeout=60.0)
        assert not closers.join(0.01)
        go_on.set()
        assert closers.join(SOON)
