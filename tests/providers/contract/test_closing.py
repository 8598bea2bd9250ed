"""Closed means closed: what proves it is the same for every provider, and for every ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import InvalidRequest, ProviderError, ProviderUnavailable
from pytest_otp.orders.entries import InMemoryLedger, LedgerEntry, RunLedger
from pytest_otp.orders.evidence import REFUSALS, SPACING
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.recording import RecordingProvider, RunContext
from pytest_otp.providers.base import Order, OrderState
from tests.providers.contract.conftest import Troubled, World

START = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)


class Desk:
    """An order at a provider in trouble, recorded in a ledger; time passes only when told to."""

    def __init__(self, world: World, ledger: RunLedger) -> None:
        self.world = world
        self.ledger = ledger
        self.now = START
        self.troubled = Troubled(world.provider)
        self.recorded = self._recorded()
        self.order: Order = self.recorded.order(world.service, world.country, None, key="key-1")

    def _recorded(self) -> RecordingProvider:
        provider: Any = self.troubled
        return RecordingProvider(provider, lambda: RunContext(self.ledger, "run-1"), clock=lambda: self.now)

    @property
    def entry(self) -> LedgerEntry:
        (entry,) = self.ledger.entries("run-1")
        return entry

    @property
    def is_rented(self) -> bool:
        return bool(self.world.carrier.lines)

    def close(self, *, after: float = 0.0) -> str:
        """Cancel the order so many seconds later; give its state in the ledger."""
        self.now += timedelta(seconds=after)
        try:
            self.recorded.cancel(self.order)
        except ProviderError:
            assert self.entry.is_open
        return self.entry.state

    def die(self) -> None:
        """The process that closes it dies; another one knows what the ledger knows."""
        self.recorded = self._recorded()
        entry = self.entry
        self.recorded.track(entry.intent.key, entry.order, OrderState(entry.state), entry.closing)


@pytest.fixture(params=["in memory", "SQLite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunLedger]:
    if request.param == "in memory":
        yield InMemoryLedger()
        return
    opened = Ledger(tmp_path / "ledger")
    yield opened
    opened.close()


@pytest.fixture
def desk(world: World, ledger: RunLedger) -> Desk:
    return Desk(world, ledger)


def test_a_single_refusal(desk: Desk) -> None:
    """It closes nothing, whatever else is said about the order: the next close is sent and accepted."""
    desk.troubled.script("cancel", "refused")
    desk.troubled.script("messages", "refused")
    assert desk.close() == "waiting"
    assert desk.is_rented
    assert desk.close(after=SPACING) == "cancelled"
    assert not desk.is_rented


def test_a_wrong_end(desk: Desk) -> None:
    """A single wrong state before our close closes nothing: the close is sent all the same."""
    desk.troubled.script("messages", "over")
    assert desk.recorded.messages(desk.order).state is OrderState.ENDED
    assert desk.entry.state == "waiting"
    assert desk.close() == "cancelled"
    assert not desk.is_rented


def test_a_cancel_that_is_lost_and_then_refused(desk: Desk) -> None:
    """One that never reached the provider, and is refused when repeated, is not booked as cancelled."""
    desk.troubled.script("cancel", "request lost", "refused")
    desk.troubled.script("messages", "refused")
    assert [desk.close(), desk.close(after=SPACING)] == ["waiting", "waiting"]
    assert desk.is_rented
    assert desk.close(after=SPACING) == "cancelled"
    assert not desk.is_rented


def test_a_canceller_that_dies(desk: Desk) -> None:
    """The order was cancelled, and nobody heard of it: successors find out what became of it, and it is over then."""
    desk.troubled.script("cancel", "response lost")
    assert desk.close() == "waiting"
    assert not desk.is_rented
    states = []
    for _ in range(REFUSALS):
        desk.die()
        states.append(desk.close(after=SPACING))
    assert states[-1] in ("cancelled", "ended")
    assert set(states[:-1]) <= {"waiting", "cancelled"}


class TestRefusedForEver:
    """A provider that refuses whatever it is asked about one order."""

    @pytest.fixture(autouse=True)
    def _refused(self, desk: Desk) -> None:
        desk.troubled.script("cancel", *["refused"] * 20)
        desk.troubled.script("messages", *["refused"] * 20)

    def test_the_fifth_of_repeated_closes(self, desk: Desk) -> None:
        """The first close proves nothing; the fifth refusal after it does, where the credentials are accepted."""
        assert [desk.close(after=SPACING) for _ in range(REFUSALS + 1)] == ["waiting"] * REFUSALS + ["ended"]
        assert desk.troubled.calls.count("balance") == REFUSALS

    def test_closes_in_quick_succession(self, desk: Desk) -> None:
        """Refusals that are less than five seconds apart count as one."""
        assert [desk.close(after=SPACING - 0.1) for _ in range(REFUSALS + 1)] == ["waiting"] * (REFUSALS + 1)
        assert desk.entry.refusals == REFUSALS // 2

    def test_refused_credentials(self, desk: Desk) -> None:
        """Where the balance is refused too, the refusal says nothing of the order."""
        desk.troubled.script("balance", *["refused"] * 20)
        assert {desk.close(after=SPACING) for _ in range(2 * REFUSALS)} == {"waiting"}
        assert (desk.entry.closes, desk.entry.refusals) == (2 * REFUSALS, 0)

    def test_an_account_that_is_suspended_for_a_while(self, desk: Desk) -> None:
        """What is refused meanwhile does not count; what comes before and after does."""
        desk.troubled.script("balance", "", "", "refused", "refused")
        assert [desk.close(after=SPACING) for _ in range(REFUSALS + 3)] == ["waiting"] * (REFUSALS + 2) + ["ended"]

    def test_over_several_processes(self, desk: Desk) -> None:
        """What was tried is in the ledger: a successor goes on where the one before it stopped."""
        states = []
        for _ in range(REFUSALS + 1):
            states.append(desk.close(after=SPACING))
            if desk.entry.is_open:
                desk.die()
        assert states[-1] == "ended"

    def test_an_order_that_shows_a_sign_of_life(self, desk: Desk) -> None:
        """An order that the provider still knows is not over: counting starts again."""
        for _ in range(REFUSALS):
            desk.close(after=SPACING)
        assert desk.entry.refusals == REFUSALS - 1
        desk.troubled.recover("messages")
        assert desk.close(after=SPACING) == "waiting"
        assert desk.entry.refusals == 0


def test_it_is_written_before_it_is_sent(desk: Desk) -> None:
    """A process that dies while its close is on the way has left word of it."""
    desk.troubled.script("cancel", "request lost")
    desk.close()
    assert (desk.entry.closes, desk.entry.counted_at) == (1, START)


def test_the_error_is_the_providers(desk: Desk) -> None:
    """Who closes an order hears the refusal as it is."""
    desk.troubled.script("cancel", "refused", "request lost")
    with pytest.raises(InvalidRequest, match="error 3"):
        desk.recorded.cancel(desk.order)
    with pytest.raises(ProviderUnavailable, match="reset"):
        desk.recorded.cancel(desk.order)
    assert desk.entry.reason == "cancel: the connection was reset"
