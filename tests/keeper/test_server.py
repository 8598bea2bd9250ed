"""The keeper's end of the pipes: what it does as its owner requests."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from pytest_otp.clock import monotonic
from pytest_otp.errors import (
    BudgetExceeded,
    NumberUnavailable,
    OrderUncertain,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
)
from pytest_otp.keeper.wire import error_of
from pytest_otp.orders.process_locks import is_alive
from tests.keeper.requests import RECIPE, Careless, Owner, Priced, ordering, refused
from tests.orders.processes import LONG, until
from tests.scripted import ScriptedProvider


class TestOrder:
    """Renting a number."""

    def test_answered_and_written_down(self, kept: Owner) -> None:
        """The order is in the ledger with its run, its owner and its keeper when the owner hears of it."""
        order = kept.order("a")
        assert (order.id, order.number, order.price) == ("order-1", "12015550100", Decimal("1.5"))
        entry = kept.entry("a")
        assert (entry.order_id, entry.number, entry.state) == ("order-1", "12015550100", "waiting")
        assert (entry.intent.run, entry.intent.owner) == ("a-run", kept.alive.name)
        assert is_alive(kept.ledger.locks, entry.intent.keeper)
        assert entry.intent.account

    def test_the_intent_comes_first(self, kept: Owner, provider: ScriptedProvider) -> None:
        """When the request leaves, the ledger has it."""
        states: list[str] = []
        provider.script("order", lambda: states.append(kept.state("a")))
        kept.order("a")
        assert states == ["ordering"]

    def test_a_refusal(self, kept: Owner, provider: ScriptedProvider) -> None:
        """What the provider says reaches the owner as it said it, and the ledger."""
        provider.script("order", NumberUnavailable("sold out", provider="scripted", words="SOLD OUT"))
        error = refused(kept.ask("order", **ordering("a")))
        assert isinstance(error, NumberUnavailable)
        assert (error.words, error.provider) == ("SOLD OUT", "scripted")
        assert (kept.state("a"), kept.entry("a").reason) == ("refused", "sold out")

    def test_a_lost_answer(self, kept: Owner, provider: ScriptedProvider) -> None:
        """An uncertain order stays in the ledger as one."""
        provider.script("order", OrderUncertain("no answer"))
        assert isinstance(refused(kept.ask("order", **ordering("a"))), OrderUncertain)
        assert kept.state("a") == "uncertain"

    @pytest.mark.parametrize("bug", [RuntimeError("boom"), SystemExit("boom")], ids=lambda bug: type(bug).__name__)
    def test_a_bug_in_a_provider(self, kept: Owner, provider: ScriptedProvider, bug: BaseException) -> None:
        """Whatever a provider's code raises, its owner hears of it at once, and nobody knows what was rented."""
        provider.script("order", bug)
        error = refused(kept.ask("order", **ordering("a")))
        assert isinstance(error, ProviderError)
        assert str(error) == f"the provider's implementation failed ({type(bug).__name__}: boom)"
        assert kept.state("a") == "uncertain"

    def test_an_order_that_makes_no_sense(self, owner: Owner) -> None:
        """An order that a plugin fills with what cannot be recorded is closed, and said to be the plugin's."""
        owner.providers["scripted"] = Careless()
        owner.start(RECIPE)
        error = refused(owner.ask("order", **ordering("a")))
        assert str(error).startswith("the provider's implementation failed (AttributeError: ")
        until(lambda: owner.state("a") == "cancelled")
        owner.process.end()

    def test_several_at_once(self, kept: Owner, provider: ScriptedProvider) -> None:
        """One that takes long holds up no other."""
        release = threading.Event()
        provider.script("order", lambda: release.wait(LONG))
        slow = kept.send("order", **ordering("slow"))
        until(lambda: provider.events)
        assert kept.order("fast").id == "order-2"
        release.set()
        assert kept.answer(slow)["result"].id == "order-1"

    def test_a_budget_of_orders(self, owner: Owner, provider: ScriptedProvider) -> None:
        """One request more than the run may send is not sent."""
        owner.start(RECIPE, budget=(1, None, None))
        owner.order("a")
        error = refused(owner.ask("order", **ordering("b")))
        assert isinstance(error, BudgetExceeded)
        assert provider.calls("order") == 1
        owner.process.end()

    def test_a_price_that_is_too_high_after_all(self, owner: Owner) -> None:
        """An order that turns out dearer than its list price is refused, and closed by the keeper."""
        owner.providers["scripted"] = provider = Priced()
        provider.script("cancel", ProviderUnavailable("busy"))
        owner.start(RECIPE, budget=(None, "1.2", "USD"))
        error = refused(owner.ask("order", **ordering("a")))
        assert isinstance(error, BudgetExceeded)
        until(lambda: owner.state("a") == "cancelled")
        assert provider.calls("cancel") == 2
        owner.process.end()


class TestProviders:
    """Which provider an order goes to."""

    def test_by_number(self, kept: Owner, provider: ScriptedProvider) -> None:
        """Each order goes to the provider that it names, also if one was registered later."""
        kept.providers["other"] = other = ScriptedProvider()
        kept.notify("use", **{**RECIPE, "name": "other"})
        kept.order("a", 1)
        kept.order("b", 0)
        assert (other.events, provider.events) == (["order order-1"], ["order order-1"])

    @pytest.mark.parametrize("late", [False, True], ids=["at its start", "later"])
    def test_one_that_cannot_be_built(self, owner: Owner, provider: ScriptedProvider, late: bool) -> None:
        """Ordering from it says why it cannot be built, and no other provider takes its place."""
        owner.providers["broken"] = SettingsError("--otp-provider broken: its package cannot be imported")
        recipes = [{**RECIPE, "name": "broken"}, RECIPE]
        owner.start(*([] if late else recipes))
        for recipe in recipes if late else []:
            owner.notify("use", **recipe)
        for key in "ab":
            error = refused(owner.ask("order", **ordering(key, 0)))
            assert isinstance(error, SettingsError)
            assert str(error) == "--otp-provider broken: its package cannot be imported"
        assert not provider.events
        assert owner.order("c", 1).id == "order-1"
        owner.process.end()
        assert owner.state("c") == "cancelled"


class TestExplicitClose:
    """`cancel` and `finish`: tried once."""

    @pytest.mark.parametrize(("operation", "state"), [("cancel", "cancelled"), ("finish", "finished")])
    def test_done(self, kept: Owner, provider: ScriptedProvider, operation: str, state: str) -> None:
        """It is done at the provider and recorded, and the end of the run does not do it again."""
        kept.order("a")
        assert kept.ask(operation, key="a", until=monotonic() + LONG) == {"result": state}
        kept.process.end()
        assert provider.events == ["order order-1", f"{operation} order-1"]
        assert (kept.state("a"), kept.entry("a").reason) == (state, "by its test")

    @pytest.mark.parametrize("operation", ["cancel", "finish"])
    def test_refused(self, kept: Owner, provider: ScriptedProvider, operation: str) -> None:
        """A refusal is answered, recorded, and the order stays open until the end of the run."""
        kept.order("a")
        provider.script(operation, ProviderError("too early", words="EARLY_CANCEL_DENIED"))
        error = refused(kept.ask(operation, key="a", until=monotonic() + LONG))
        assert (str(error), vars(error)["words"]) == ("too early", "EARLY_CANCEL_DENIED")
        assert (kept.state("a"), kept.entry("a").reason) == ("waiting", f"{operation}: too early")
        kept.process.end()
        assert kept.state("a") == "cancelled"

    def test_of_an_order_that_it_does_not_know(self, kept: Owner, provider: ScriptedProvider) -> None:
        """The owner gets to know, and nothing is sent."""
        until_then = {"key": "x", "until": monotonic() + LONG}
        for answer in (kept.ask("cancel", **until_then), kept.ask("finish", **until_then), kept.close("x")):
            assert str(refused(answer)) == "the keeper process does not know the order"
        assert not provider.events
        kept.notify("state", key="x", state="received")
        kept.notify("wait", key="x", seconds=1.0, codes=1)
        assert kept.order("a").id == "order-1"


class TestClose:
    """`close`: until it succeeds."""

    @pytest.mark.parametrize(("received", "state"), [(False, "cancelled"), (True, "finished")])
    def test_at_once(self, kept: Owner, received: bool, state: str) -> None:
        """What the owner knows decides, and it hears the state."""
        kept.order("a")
        assert kept.close("a", received=received) == {"state": state}
        assert (kept.state("a"), kept.entry("a").reason) == (state, "by its test")

    def test_an_sms_that_the_owner_does_not_know_of(self, kept: Owner, provider: ScriptedProvider) -> None:
        """A cancel that comes too late becomes a finish."""
        kept.order("a")
        provider.receive("Your code is 482913")
        assert kept.close("a") == {"state": "finished"}

    def test_refused_for_now(self, kept: Owner, provider: ScriptedProvider) -> None:
        """The owner hears at once that it happens later; it is tried until it succeeds, and answered once."""
        kept.order("a")
        provider.script("cancel", ProviderError("too early"), ProviderUnavailable("busy"))
        assert str(error_of(kept.close("a")["later"])) == "too early"
        until(lambda: kept.state("a") == "cancelled")
        kept.process.end()
        assert provider.calls("cancel") == 3
        assert len(kept.answers) == 2

    @pytest.mark.parametrize("asked", [1, 2], ids=["once", "twice"])
    def test_refused_for_good(self, kept: Owner, provider: ScriptedProvider, asked: int) -> None:
        """What further tries cannot change is answered as an error, each time, and the order stays open."""
        kept.order("a")
        provider.always("cancel", SmsAlreadyReceived("too late"))
        provider.always("finish", SmsAlreadyReceived("too late"))
        for _ in range(asked):
            assert isinstance(refused(kept.close("a")), SmsAlreadyReceived)
        assert (kept.state("a"), kept.entry("a").reason) == ("waiting", "finish: too late")
        assert len(kept.answers) == 1 + asked

    def test_asked_while_it_is_under_way(self, kept: Owner, provider: ScriptedProvider) -> None:
        """A second request begins no second close."""
        release = threading.Event()
        kept.order("a")
        provider.script("cancel", lambda: release.wait(LONG))
        first = kept.send("close", key="a", received=False)
        until(lambda: provider.calls("cancel"))
        assert str(error_of(kept.close("a")["later"])) == "the order is already being closed"
        release.set()
        assert kept.answer(first) == {"state": "cancelled"}
        assert provider.calls("cancel") == 1

    @pytest.mark.parametrize("received", [False, True])
    def test_asked_after_it(self, kept: Owner, provider: ScriptedProvider, received: bool) -> None:
        """A closed order stays as it was closed."""
        kept.order("a")
        kept.close("a")
        assert kept.close("a", received=received) == {"state": "cancelled"}
        assert provider.calls("cancel") + provider.calls("finish") == 1
        assert kept.state("a") == "cancelled"

    def test_without_an_answer(self, kept: Owner) -> None:
        """An order that its test has given up is closed without a word."""
        kept.order("a")
        kept.notify("close", key="a", received=False)
        until(lambda: kept.state("a") == "cancelled")
        assert len(kept.answers) == 1


class TestNews:
    """What the owner knows from the provider."""

    def test_a_state(self, kept: Owner) -> None:
        """It is recorded."""
        kept.order("a")
        kept.notify("state", key="a", state="received")
        assert kept.state("a") == "received"

    def test_an_order_that_the_provider_ended(self, kept: Owner, provider: ScriptedProvider) -> None:
        """It may be a mistake: the order is open until it is closed."""
        kept.order("a")
        provider.ended.add("order-1")
        kept.notify("state", key="a", state="ended")
        assert kept.state("a") == "waiting"
        kept.process.end()
        assert provider.events == ["order order-1", "messages order-1", "cancel order-1"]
        assert kept.state("a") == "cancelled"

    @pytest.mark.parametrize("state", ["received", "ended"])
    def test_late_news(self, kept: Owner, provider: ScriptedProvider, state: str) -> None:
        """A look that was under way while the order was closed opens it for nobody, and is no end by the provider."""
        kept.order("a")
        kept.close("a")
        kept.notify("state", key="a", state=state)
        kept.process.end()
        assert kept.state("a") == "cancelled"
        assert provider.events == ["order order-1", "cancel order-1"]

    def test_a_wait(self, kept: Owner) -> None:
        """Waits add up."""
        kept.order("a")
        kept.notify("wait", key="a", seconds=1.5, codes=1)
        kept.notify("wait", key="a", seconds=0.25, codes=0)
        assert (kept.entry("a").waited, kept.entry("a").codes) == (1.75, 1)
