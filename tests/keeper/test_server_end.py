"""The keeper when its owner has gone, when it sweeps, and when it succeeds one that died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.clock import monotonic
from pytest_otp.errors import (
    InvalidRequest,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
)
from pytest_otp.keeper.server import KeeperServer
from pytest_otp.orders.entries import Closing, Intent
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import LivenessLock, is_alive
from pytest_otp.redact import Secret
from tests.keeper.requests import RECIPE, Owner, leave_behind, ordering, refused
from tests.orders.processes import LONG, until
from tests.scripted import NOW, ScriptedProvider


class TestEnd:
    """The owner has gone."""

    def test_everything_is_closed(self, kept: Owner, provider: ScriptedProvider) -> None:
        """It looks first whether an SMS came, closes all orders, and releases its liveness lock."""
        kept.order("a")
        kept.order("b")
        provider.receive("Your code is 482913", order="order-2")
        keeper = kept.entry("a").intent.keeper
        kept.process.end()
        assert (kept.state("a"), kept.state("b")) == ("cancelled", "finished")
        assert kept.entry("a").reason == "by its keeper, after its run"
        assert sorted(provider.events[2:]) == [
            "cancel order-1",
            "finish order-2",
            "messages order-1",
            "messages order-2",
        ]
        assert not is_alive(kept.ledger.locks, keeper)

    def test_a_look_that_fails(self, kept: Owner, provider: ScriptedProvider) -> None:
        """It is closed all the same."""
        kept.order("a")
        provider.always("messages", ProviderUnavailable("no answer"))
        kept.process.end()
        assert kept.state("a") == "cancelled"

    def test_a_provider_that_refuses_for_a_while(self, kept: Owner, provider: ScriptedProvider) -> None:
        """It goes on until the close succeeds."""
        kept.order("a")
        provider.script("cancel", *[ProviderUnavailable("busy")] * 4, ValueError("a bug"))
        kept.process.end()
        assert kept.state("a") == "cancelled"
        assert provider.calls("cancel") == 6

    def test_a_provider_that_refuses_for_ever(self, owner: Owner, provider: ScriptedProvider) -> None:
        """It gives up when the order's lifetime is over; whether it was closed is uncertain then."""
        provider.lifetime = 0.05  # type: ignore[attr-defined]
        owner.start(RECIPE)
        owner.order("a")
        provider.always("cancel", ProviderError("never"))
        owner.process.end()
        assert (owner.state("a"), owner.entry("a").reason) == (
            "uncertain",
            "the provider refuses every close, and its longest rental is over",
        )

    def test_a_close_that_was_begun_goes_on(self, kept: Owner, provider: ScriptedProvider) -> None:
        """It is not begun a second time."""
        kept.order("a")
        provider.script("cancel", *[ProviderUnavailable("busy")] * 3)
        assert "later" in kept.close("a")
        kept.process.end()
        assert kept.state("a") == "cancelled"
        assert provider.calls("messages") == 0

    def test_an_order_on_its_way(self, kept: Owner, provider: ScriptedProvider) -> None:
        """Its answer is awaited, and it is closed at once."""
        release = threading.Event()
        provider.script("order", lambda: release.wait(LONG))
        kept.send("order", **ordering("a"))
        until(lambda: provider.events)
        ending = threading.Thread(target=kept.process.end)
        ending.start()
        until(lambda: kept.process.ending)
        ending.join(0.05)
        assert ending.is_alive()
        assert kept.state("a") == "ordering"
        release.set()
        ending.join(LONG)
        assert not ending.is_alive()
        assert kept.state("a") == "cancelled"

    def test_an_order_that_was_not_sent_so_far(self, owner: Owner, provider: ScriptedProvider, ledger: Ledger) -> None:
        """An order that still waits for the sweep is not sent any more: nobody would use it."""
        release = threading.Event()
        provider.script("messages", lambda: release.wait(LONG))
        leave_behind(ledger, "old")
        owner.start(RECIPE)
        number = owner.send("order", **ordering("a"))
        ending = threading.Thread(target=owner.process.end)
        ending.start()
        until(lambda: owner.process.ending)
        release.set()
        ending.join(LONG)
        assert str(refused(owner.answer(number))) == "the run has ended"
        assert provider.calls("order") == 0
        assert owner.state("old") == "cancelled"


class TestSweep:
    """What dead runs left open."""

    @pytest.mark.parametrize("late", [False, True], ids=["at its start", "later"])
    def test_before_the_first_order(self, owner: Owner, provider: ScriptedProvider, late: bool) -> None:
        """Orders of dead processes are closed before the first order is sent."""
        leave_behind(owner.ledger, "old")
        leave_behind(owner.ledger, "with-sms", state="received")
        owner.start(*([] if late else [RECIPE]))
        if late:
            owner.notify("use", **RECIPE)
        owner.order("a")
        assert provider.events[-1] == "order order-1"
        assert (owner.state("old"), owner.state("with-sms"), owner.state("a")) == ("cancelled", "finished", "waiting")
        assert owner.entry("old").reason == "by a sweep"
        owner.process.end()

    def test_it_delays_the_first_order_for_a_while_only(self, owner: Owner, provider: ScriptedProvider) -> None:
        """An old order that cannot be closed in time prevents nobody from ordering; its close goes on."""
        release = threading.Event()
        provider.script("cancel", lambda: release.wait(LONG))
        leave_behind(owner.ledger, "old")
        owner.start(RECIPE, sweep_patience=0.05)
        owner.order("a")
        assert owner.state("old") == "waiting"
        release.set()
        owner.process.end()
        assert owner.state("old") == "cancelled"

    def test_orders_of_others(self, owner: Owner, provider: ScriptedProvider) -> None:
        """Orders of other accounts, of living processes, and those that are closed, are left alone."""
        leave_behind(owner.ledger, "another-account", recipe={**RECIPE, "values": {"KEY": Secret("another-key")}})
        leave_behind(owner.ledger, "done", state="finished")
        leave_behind(owner.ledger, "lost", state="ordering")
        living = LivenessLock(owner.ledger.locks)
        owner.ledger.reserve(
            Intent("alive", "r", living.name, "", "scripted", owner.ledger.account("scripted", RECIPE["values"]))
        )
        owner.start(RECIPE)
        owner.process.end()
        assert not provider.events
        assert [entry.state for entry in owner.ledger.entries()] == ["waiting", "finished", "uncertain", "ordering"]
        living.release()


class TestSuccession:
    """A keeper died, and another takes over for the same owner."""

    @pytest.fixture
    def dead(self, kept: Owner) -> Callable[..., KeeperServer]:
        """Puts another keeper in the place of the one there is, which has died."""

        def succeed(*held: str, recipe: dict[str, Any] = RECIPE) -> KeeperServer:
            kept.process.liveness.release()
            return kept.start(recipe, held=held)

        return succeed

    def test_what_a_test_uses_stays_open(self, kept: Owner, dead: Callable[..., KeeperServer]) -> None:
        """An order that the owner knows of is kept, and closed in the end."""
        kept.order("a")
        first = kept.entry("a").intent.keeper
        dead("a")
        assert kept.state("a") == "waiting"
        assert kept.entry("a").intent.keeper != first
        assert is_alive(kept.ledger.locks, kept.entry("a").intent.keeper)
        assert kept.close("a") == {"state": "cancelled"}

    def test_what_nobody_knows_of_is_closed(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., KeeperServer]
    ) -> None:
        """An order whose answer did not reach the owner is closed, and looked at before."""
        kept.order("a")
        kept.order("b")
        provider.receive("Your code is 482913", order="order-2")
        dead("a")
        until(lambda: kept.state("b") == "finished")
        assert kept.state("a") == "waiting"

    def test_what_it_was_sweeping(self, owner: Owner, provider: ScriptedProvider) -> None:
        """An order of a dead run, which it was closing, is closed by the next keeper, and counts for this run."""
        release = threading.Event()
        provider.script("cancel", lambda: release.wait(LONG))
        leave_behind(owner.ledger, "old")
        owner.start(RECIPE, sweep_patience=0.05)
        owner.order("a")
        first = owner.entry("old").intent.keeper
        owner.process.liveness.release()
        owner.start(RECIPE, held=("a",))
        assert owner.entry("old").intent.keeper != first
        release.set()
        until(lambda: owner.state("old") == "cancelled")
        assert [entry.intent.key for entry in owner.ledger.swept("a-run")] == ["old"]

    def test_what_was_on_its_way_is_uncertain(self, kept: Owner, dead: Callable[..., KeeperServer]) -> None:
        """The ledger tells that nobody knows."""
        kept.ledger.reserve(replace(kept_intent(kept), key="b"))
        dead()
        assert (kept.state("b"), kept.entry("b").reason) == (
            "uncertain",
            "its keeper died before the provider responded",
        )

    @pytest.mark.parametrize("operation", ["close", "cancel", "finish"])
    def test_what_was_closed_before(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., KeeperServer], operation: str
    ) -> None:
        """A close whose answer was lost with the keeper is answered by the next one, and no order is open after it."""
        kept.order("a")
        kept.close("a")
        dead("a")
        answer = kept.ask(operation, key="a", received=False, until=monotonic() + LONG)
        assert answer == {"state" if operation == "close" else "result": "cancelled"}
        assert kept.state("a") == "cancelled"
        assert kept.entry("a").reason == "by its test"

    def test_what_was_tried_before(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., KeeperServer]
    ) -> None:
        """What the dead keeper tried is in the ledger: its successor knows a fifth refusal for what it is."""
        kept.order("a")
        kept.ledger.tried("a", Closing(closes=5, refusals=4, counted_at=NOW))
        for call in ("cancel", "messages"):
            provider.always(call, InvalidRequest("error 3"))
        dead("a")
        assert kept.close("a") == {"state": "ended"}
        assert kept.entry("a").closing.closes == 6

    def test_an_sms_that_was_heard_of_before(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., KeeperServer]
    ) -> None:
        """What the dead keeper knew, its successor knows."""
        kept.order("a")
        kept.notify("state", key="a", state="received")
        dead("a")
        kept.process.end()
        assert kept.state("a") == "finished"
        assert provider.calls("cancel") == 0

    def test_a_provider_that_cannot_be_built_any_more(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., KeeperServer]
    ) -> None:
        """Its orders are unknown, as the owner gets to know; the keeper works for all else."""
        kept.order("a")
        kept.providers["broken"] = ValueError("no")
        kept.providers["other"] = ScriptedProvider()
        dead("a", recipe={**RECIPE, "name": "broken"})
        assert str(refused(kept.close("a"))) == "the keeper process does not know the order"
        kept.notify("use", **{**RECIPE, "name": "other"})
        assert kept.order("b", 1).id == "order-1"


def kept_intent(kept: Owner) -> Intent:
    """The intent of an order that was placed."""
    kept.order("first")
    return kept.entry("first").intent


def test_an_unusable_ledger(owner: Owner, tmp_path: Path) -> None:
    """A keeper without a ledger is not created."""
    (tmp_path / "ruined.sqlite3").write_text("this is no database" * 100)
    with pytest.raises(SettingsError, match=r"^--otp-ledger \(PYTEST_OTP_LEDGER\): .*ruined.sqlite3 cannot be used"):
        owner.start(RECIPE, path=tmp_path / "ruined.sqlite3")
