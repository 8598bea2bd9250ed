"""Closing what dead runs left open: what is claimed, and for how long it is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pytest_otp.errors import ProviderUnavailable, SettingsError
from pytest_otp.orders.closers import Closers, OnOutcome
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import LivenessLock
from pytest_otp.orders.recording import RecordingProvider, RunContext
from pytest_otp.orders.rental import LIFETIME, lifetime
from pytest_otp.orders.sweep import SHORTEST_ATTEMPT, begin_sweep
from pytest_otp.providers.base import Order, OrderState
from tests.orders.written import an_intent, an_order, states, write
from tests.scripted import ScriptedProvider

SOON = 60.0


@dataclass(frozen=True)
class Begun:
    """A close that was begun."""

    provider: RecordingProvider
    order: Order
    look: bool
    timeout: float


class Noted(Closers):
    """Closes nothing, and remembers what it was to close."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[Begun] = []

    def close(
        self,
        provider: RecordingProvider,
        order: Order,
        *,
        look: bool,
        timeout: float,
        on_outcome: OnOutcome = lambda outcome, final: None,
    ) -> None:
        self.begun.append(Begun(provider, order, look, timeout))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger")
    yield opened
    opened.close()


@pytest.fixture
def claimer(ledger: Ledger) -> Iterator[str]:
    alive = LivenessLock(ledger.locks)
    yield alive.name
    alive.release()


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def recorded(provider: ScriptedProvider, ledger: Ledger) -> RecordingProvider:
    return RecordingProvider(provider, lambda: RunContext(ledger, "another"), reason="by a sweep")


@pytest.fixture
def placed(ledger: Ledger) -> Callable[..., None]:
    """Writes an order of a dead run that was placed so many seconds ago."""

    def write_one(key: str, seconds: float) -> None:
        ledger.reserve(an_intent(key))
        order = an_order(key)
        then = datetime.now(timezone.utc) - timedelta(seconds=seconds)
        ledger.placed(key, Order(**{**{name: getattr(order, name) for name in order.__slots__}, "ordered_at": then}))

    return write_one


def test_unattended_orders_are_closed(
    ledger: Ledger, claimer: str, provider: ScriptedProvider, recorded: RecordingProvider
) -> None:
    """Orders of the dead are claimed and closed as they need; each end is reported."""
    write(ledger, "key-1")
    write(ledger, "key-2", "received")
    write(ledger, "key-3", owner=claimer)
    outcomes: list[tuple[object, bool]] = []
    closers = Closers()
    claimed = begin_sweep(
        ledger,
        claimer,
        {"account-1": recorded},
        closers,
        on_outcome=lambda outcome, final: outcomes.append((outcome, final)),
    )
    assert [entry.intent.key for entry in claimed] == ["key-1", "key-2"]
    assert closers.join(SOON)
    assert states(ledger) == {"key-1": "cancelled", "key-2": "finished", "key-3": "waiting"}
    assert {entry.reason for entry in ledger.entries()} == {"by a sweep", ""}
    assert sorted(provider.events) == ["cancel order-1", "finish order-2", "messages order-1"]
    assert sorted(outcomes, key=str) == [(OrderState.CANCELLED, True), (OrderState.FINISHED, True)]


def test_an_sms_that_came_after_the_death(
    ledger: Ledger, claimer: str, provider: ScriptedProvider, recorded: RecordingProvider
) -> None:
    """The provider is asked first: an order that got an SMS meanwhile is finished."""
    write(ledger)
    provider.receive("Your code is 482913")
    closers = Closers()
    begin_sweep(ledger, claimer, {"account-1": recorded}, closers)
    assert closers.join(SOON)
    assert states(ledger) == {"key-1": "finished"}


def test_each_account_has_its_provider(ledger: Ledger, claimer: str, recorded: RecordingProvider) -> None:
    """An order is closed with the credentials that it was ordered with; another account's is left alone."""
    other = RecordingProvider(ScriptedProvider(), lambda: RunContext(ledger, "another"))
    write(ledger, "key-1", account="account-1")
    write(ledger, "key-2", account="account-2")
    write(ledger, "key-3", account="account-3")
    closers = Noted()
    begin_sweep(ledger, claimer, {"account-1": recorded, "account-2": other}, closers)
    assert [(begun.provider, begun.order.id) for begun in closers.begun] == [(recorded, "order-1"), (other, "order-2")]
    assert all(begun.look for begun in closers.begun)


def test_nothing_to_do(ledger: Ledger, claimer: str, recorded: RecordingProvider) -> None:
    """A ledger without open orders, or a sweep without credentials, begins nothing."""
    closers = Noted()
    assert begin_sweep(ledger, claimer, {"account-1": recorded}, closers) == []
    write(ledger)
    assert begin_sweep(ledger, claimer, {}, closers) == []
    assert closers.begun == []


def test_what_was_on_its_way_is_uncertain(ledger: Ledger, claimer: str, recorded: RecordingProvider) -> None:
    """Without an id nothing can be closed; a sweep without credentials finds that out too."""
    write(ledger, "key-1", "ordering")
    assert begin_sweep(ledger, claimer, {}, Noted()) == []
    assert states(ledger) == {"key-1": "uncertain"}


def test_the_second_finds_nothing(ledger: Ledger, claimer: str, recorded: RecordingProvider) -> None:
    """What a living sweep has claimed is not claimed once more."""
    write(ledger)
    second = LivenessLock(ledger.locks)
    assert len(begin_sweep(ledger, claimer, {"account-1": recorded}, Noted())) == 1
    assert begin_sweep(ledger, second.name, {"account-1": recorded}, Noted()) == []
    second.release()


def test_a_close_that_fails_leaves_it_to_the_next(
    ledger: Ledger, claimer: str, provider: ScriptedProvider, recorded: RecordingProvider
) -> None:
    """It stays open with the reason, and when the claimer is gone the next one has it."""
    provider.always("cancel", ProviderUnavailable("answered 500"))
    write(ledger)
    first = LivenessLock(ledger.locks)
    closers = Closers()
    begin_sweep(ledger, first.name, {"account-1": recorded}, closers, longest=0.1)
    assert closers.join(SOON)
    (entry,) = ledger.unclosed()
    assert entry.reason == "cancel: answered 500"
    first.release()
    assert [entry.id for entry in begin_sweep(ledger, claimer, {"account-1": recorded}, Noted())] == [1]


class TestPatience:
    """How long an order is tried."""

    @pytest.mark.parametrize(
        ("age", "longest", "seconds"),
        [
            (0.0, None, LIFETIME),
            (200.0, None, LIFETIME - 200),
            (LIFETIME - 10, None, SHORTEST_ATTEMPT),
            (86_400.0, None, SHORTEST_ATTEMPT),
            (-3600.0, None, LIFETIME),
            (200.0, 5.0, 5.0),
            (86_400.0, 300.0, SHORTEST_ATTEMPT),
        ],
    )
    def test_what_is_left_of_its_lifetime(
        self,
        ledger: Ledger,
        claimer: str,
        recorded: RecordingProvider,
        placed: Callable[..., None],
        age: float,
        longest: float | None,
        seconds: float,
    ) -> None:
        """Until the provider would end it, but for half a minute at least; a clock that was set back adds nothing."""
        placed("key-1", age)
        closers = Noted()
        begin_sweep(ledger, claimer, {"account-1": recorded}, closers, longest=longest)
        (begun,) = closers.begun
        assert begun.timeout == pytest.approx(seconds, abs=5)

    def test_a_provider_that_tells_its_own(
        self,
        ledger: Ledger,
        claimer: str,
        provider: ScriptedProvider,
        recorded: RecordingProvider,
        placed: Callable[..., None],
    ) -> None:
        """A plugin's provider may say how long its orders live; it is asked through what stands before it."""
        provider.lifetime = 7200  # type: ignore[attr-defined]  # what a plugin's class may have
        assert lifetime(recorded) == 7200.0
        placed("key-1", 100.0)
        closers = Noted()
        begin_sweep(ledger, claimer, {"account-1": recorded}, closers)
        assert closers.begun[0].timeout == pytest.approx(7100, abs=5)

    def test_a_provider_that_does_not(self, provider: ScriptedProvider) -> None:
        """Twenty minutes are usual."""
        assert lifetime(provider) == 1200.0


def test_a_ledger_that_fails(ledger: Ledger, claimer: str, recorded: RecordingProvider) -> None:
    """If the ledger cannot be used, nothing is closed, and the error says why."""
    write(ledger)
    ledger.close()
    with pytest.raises(SettingsError, match="cannot be used"):
        begin_sweep(ledger, claimer, {"account-1": recorded}, Noted())
