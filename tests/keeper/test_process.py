"""The keeper's own state, with the owner's end of the pipe in the hands of the test."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.errors import (
    BudgetExceeded,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
)
from pytest_otp.keeper import process as process_module
from pytest_otp.keeper.process import Process
from pytest_otp.keeper.wire import decode, encode, error_of, order_of
from pytest_otp.orders.entries import Entry, Intent
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import Alive, is_alive
from pytest_otp.providers import closing
from pytest_otp.providers.base import Order, Service
from pytest_otp.redact import Secret
from tests.keeper.loopback import LONG, until
from tests.scripted import ScriptedProvider

RECIPE: dict[str, Any] = {"name": "scripted", "values": {"KEY": Secret("an-invented-key")}, "allow_http": []}


class Priced(ScriptedProvider):
    """Has a price list, which its orders do not keep to."""

    def services(self, country: str | None) -> list[Service]:
        return [Service("1", "Shop", Decimal("1.0"), "USD")]


class Careless(ScriptedProvider):
    """Fills its orders with what is none."""

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        return replace(super().order(service, country, operator), ordered_at=None)  # type: ignore[arg-type]  # a bug


class Owner:
    """Asks as the test process would, and gets what would go over the pipe."""

    def __init__(self, ledger: Ledger, providers: dict[str, Any]) -> None:
        self.ledger = ledger
        self.providers = providers
        """What `create` makes of each name: a provider, or an error that it raises."""
        self.alive = Alive(ledger.locks)
        self.answers: list[dict[str, Any]] = []
        self._queue: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self.process: Process
        self.started: list[Process] = []

    def start(self, *recipes: dict[str, Any], held: tuple[str, ...] = (), budget: Any = (None, None, None)) -> Process:
        """A keeper; a second one is the successor of the first, which has died then."""
        hello = {
            "ledger": str(self.ledger.path),
            "run": "a-run",
            "owner": self.alive.name,
            "budget": budget,
            "providers": recipes,
            "held": held,
        }
        self.process = Process(decode(encode(hello)), self._take)
        self.started.append(self.process)
        return self.process

    def tell(self, op: str, **message: Any) -> int:
        number = next(self._numbers)
        self.process.handle(decode(encode({"id": number, "op": op, **message})))
        return number

    def note(self, op: str, **message: Any) -> None:
        """Say what has no answer."""
        self.process.handle(decode(encode({"op": op, **message})))

    def ask(self, op: str, **message: Any) -> dict[str, Any]:
        return self.answer(self.tell(op, **message))

    def answer(self, number: int) -> dict[str, Any]:
        """The next answer, which must be the one to this question."""
        answer = self._queue.get(timeout=LONG)
        assert answer.pop("id") == number
        return answer

    def order(self, key: str, provider: int = 0) -> Order:
        return order_of(self.ask("order", **ordering(key, provider))["order"])

    def close(self, key: str, *, received: bool = False) -> dict[str, Any]:
        return self.ask("close", key=key, received=received)

    def entry(self, key: str) -> Entry:
        return next(entry for entry in self.ledger.entries() if entry.intent.key == key)

    def state(self, key: str) -> str:
        return self.entry(key).state

    def _take(self, message: Any) -> None:
        answer = decode(encode(message))
        self.answers.append(dict(answer))
        self._queue.put(answer)


def ordering(key: str, provider: int = 0) -> dict[str, Any]:
    return {"key": key, "provider": provider, "service": "1", "country": "6", "operator": None}


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def owner(ledger: Ledger, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    providers: dict[str, Any] = {"scripted": provider}

    def create(name: str, values: Any, *, allow_http: frozenset[str]) -> Any:
        if isinstance(providers[name], Exception):
            raise providers[name]
        return providers[name]

    monkeypatch.setattr(process_module, "create", create)
    monkeypatch.setattr(closing, "FIRST_PAUSE", 0.01)
    waiting = Owner(ledger, providers)
    yield waiting
    waiting.alive.end()
    for started in waiting.started:
        started._ledger.close()


@pytest.fixture
def kept(owner: Owner) -> Iterator[Owner]:
    """With a keeper that knows the provider."""
    owner.start(RECIPE)
    yield owner
    owner.process.end()


def refused(answer: dict[str, Any]) -> OtpError:
    return error_of(answer["error"])


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
        assert str(error) == f"the provider's code failed ({type(bug).__name__}: boom)"
        assert kept.state("a") == "uncertain"

    def test_an_order_that_makes_no_sense(self, owner: Owner) -> None:
        """An order that a plugin fills with what cannot be written down is closed, and said to be the plugin's."""
        owner.providers["scripted"] = Careless()
        owner.start(RECIPE)
        error = refused(owner.ask("order", **ordering("a")))
        assert str(error).startswith("the provider's code failed (AttributeError: ")
        until(lambda: owner.state("a") == "cancelled")
        owner.process.end()

    def test_several_at_once(self, kept: Owner, provider: ScriptedProvider) -> None:
        """One that takes long holds up no other."""
        release = threading.Event()
        provider.script("order", lambda: release.wait(LONG))
        slow = kept.tell("order", **ordering("slow"))
        until(lambda: provider.events)
        assert kept.order("fast").id == "order-2"
        release.set()
        assert kept.answer(slow)["order"]["id"] == "order-1"

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
        """Each order goes to the provider that it names, also where one was told of later."""
        kept.providers["other"] = other = ScriptedProvider()
        kept.note("use", **{**RECIPE, "name": "other"})
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
            owner.note("use", **recipe)
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
        """It is done at the provider and written down, and the end of the run does not do it again."""
        kept.order("a")
        assert kept.ask(operation, key="a") == {}
        kept.process.end()
        assert provider.events == ["order order-1", f"{operation} order-1"]
        assert (kept.state("a"), kept.entry("a").reason) == (state, "by its test")

    @pytest.mark.parametrize("operation", ["cancel", "finish"])
    def test_refused(self, kept: Owner, provider: ScriptedProvider, operation: str) -> None:
        """A refusal is answered, written down, and the order stays open until the end of the run."""
        kept.order("a")
        provider.script(operation, ProviderError("too early", words="EARLY_CANCEL_DENIED"))
        error = refused(kept.ask(operation, key="a"))
        assert (str(error), vars(error)["words"]) == ("too early", "EARLY_CANCEL_DENIED")
        assert (kept.state("a"), kept.entry("a").reason) == ("waiting", f"{operation}: too early")
        kept.process.end()
        assert kept.state("a") == "cancelled"

    def test_of_an_order_that_it_does_not_know(self, kept: Owner, provider: ScriptedProvider) -> None:
        """The owner is told so, and closes it itself."""
        assert kept.ask("cancel", key="x") == kept.ask("finish", key="x") == kept.close("x") == {"unknown": True}
        kept.note("heard", key="x", state="received")
        kept.note("waited", key="x", seconds=1.0, codes=1)
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
            until(lambda: not kept.process._held["a"].closing)
        assert (kept.state("a"), kept.entry("a").reason) == ("waiting", "finish: too late")
        assert len(kept.answers) == 1 + asked

    def test_asked_while_it_is_under_way(self, kept: Owner, provider: ScriptedProvider) -> None:
        """A second request begins no second close."""
        release = threading.Event()
        kept.order("a")
        provider.script("cancel", lambda: release.wait(LONG))
        first = kept.tell("close", key="a", received=False)
        until(lambda: provider.calls("cancel"))
        assert str(error_of(kept.close("a")["later"])) == "its close is under way"
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
        kept.note("close", key="a", received=False)
        until(lambda: kept.state("a") == "cancelled")
        assert len(kept.answers) == 1


class TestNews:
    """What the owner heard from the provider itself."""

    @pytest.mark.parametrize("state", ["received", "ended"])
    def test_a_state(self, kept: Owner, state: str) -> None:
        """It is written down."""
        kept.order("a")
        kept.note("heard", key="a", state=state)
        assert kept.state("a") == state

    def test_an_order_that_the_provider_ended(self, kept: Owner, provider: ScriptedProvider) -> None:
        """There is nothing left to close."""
        kept.order("a")
        kept.note("heard", key="a", state="ended")
        kept.process.end()
        assert provider.events == ["order order-1"]

    @pytest.mark.parametrize("state", ["received", "ended"])
    def test_late_news(self, kept: Owner, provider: ScriptedProvider, state: str) -> None:
        """A look that was under way while the order was closed opens it for nobody, and is no end by the provider."""
        kept.order("a")
        kept.close("a")
        kept.note("heard", key="a", state=state)
        kept.process.end()
        assert kept.state("a") == "cancelled"
        assert provider.events == ["order order-1", "cancel order-1"]

    def test_a_wait(self, kept: Owner) -> None:
        """Waits add up."""
        kept.order("a")
        kept.note("waited", key="a", seconds=1.5, codes=1)
        kept.note("waited", key="a", seconds=0.25, codes=0)
        assert (kept.entry("a").waited, kept.entry("a").codes) == (1.75, 1)


class TestEnd:
    """The owner has gone."""

    def test_everything_is_closed(self, kept: Owner, provider: ScriptedProvider) -> None:
        """It looks first whether an SMS came, closes all orders, and ends its sign of life."""
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
        """It gives up when the order's lifetime is over; the ledger tells what the last refusal was."""
        provider.lifetime = 0.05  # type: ignore[attr-defined]
        owner.start(RECIPE)
        owner.order("a")
        provider.always("cancel", ProviderError("never"))
        owner.process.end()
        assert (owner.state("a"), owner.entry("a").reason) == ("waiting", "cancel: never")

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
        kept.tell("order", **ordering("a"))
        until(lambda: provider.events)
        ending = threading.Thread(target=kept.process.end)
        ending.start()
        until(lambda: kept.process._owner_gone)
        ending.join(0.1)
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
        number = owner.tell("order", **ordering("a"))
        ending = threading.Thread(target=owner.process.end)
        ending.start()
        until(lambda: owner.process._owner_gone)
        release.set()
        ending.join(LONG)
        assert str(refused(owner.answer(number))) == "the run has ended"
        assert provider.calls("order") == 0
        assert owner.state("old") == "cancelled"


def leave_behind(ledger: Ledger, key: str, *, state: str = "waiting", recipe: dict[str, Any] = RECIPE) -> None:
    """An order of a run of long ago, all of whose processes are dead."""
    account = ledger.account(recipe["name"], recipe["values"])
    ledger.reserve(Intent(key, "an-old-run", "a-dead-owner", "a-dead-keeper", recipe["name"], account))
    if state != "ordering":
        number = Order(f"{key}-id", "1", None, None, None, None, None, datetime.now(timezone.utc))
        ledger.placed(key, number)
        ledger.changed(key, state)


class TestSweep:
    """What dead runs left open."""

    @pytest.mark.parametrize("late", [False, True], ids=["at its start", "later"])
    def test_before_the_first_order(self, owner: Owner, provider: ScriptedProvider, late: bool) -> None:
        """Orders of dead processes are closed before the first order is sent."""
        leave_behind(owner.ledger, "old")
        leave_behind(owner.ledger, "with-sms", state="received")
        owner.start(*([] if late else [RECIPE]))
        if late:
            owner.note("use", **RECIPE)
        owner.order("a")
        assert provider.events[-1] == "order order-1"
        assert (owner.state("old"), owner.state("with-sms"), owner.state("a")) == ("cancelled", "finished", "waiting")
        assert owner.entry("old").reason == "by a sweep"
        owner.process.end()

    def test_it_holds_up_the_first_order_for_a_while_only(
        self, owner: Owner, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An old order that cannot be closed stops nobody from ordering; it is closed meanwhile."""
        monkeypatch.setattr(process_module, "SWEEP_PATIENCE", 0.1)
        release = threading.Event()
        provider.script("cancel", lambda: release.wait(LONG))
        leave_behind(owner.ledger, "old")
        owner.start(RECIPE)
        begun = time.monotonic()
        owner.order("a")
        assert 0.1 <= time.monotonic() - begun < LONG / 2
        threading.Timer(0.1, release.set).start()
        owner.process.end()
        assert owner.state("old") == "cancelled"

    def test_orders_of_others(self, owner: Owner, provider: ScriptedProvider) -> None:
        """Orders of other accounts, of living processes, and those that are closed, are left alone."""
        leave_behind(owner.ledger, "another-account", recipe={**RECIPE, "values": {"KEY": Secret("another-key")}})
        leave_behind(owner.ledger, "done", state="finished")
        leave_behind(owner.ledger, "lost", state="ordering")
        living = Alive(owner.ledger.locks)
        owner.ledger.reserve(
            Intent("alive", "r", living.name, "", "scripted", owner.ledger.account("scripted", RECIPE["values"]))
        )
        owner.start(RECIPE)
        owner.process.end()
        assert not provider.events
        assert [entry.state for entry in owner.ledger.entries()] == ["waiting", "finished", "uncertain", "ordering"]
        living.end()


class TestSuccession:
    """A keeper died, and another takes over for the same owner."""

    @pytest.fixture
    def dead(self, kept: Owner) -> Callable[..., Process]:
        """Puts another keeper in the place of the one there is, which has died."""

        def succeed(*held: str, recipe: dict[str, Any] = RECIPE) -> Process:
            kept.process._alive.end()
            return kept.start(recipe, held=held)

        return succeed

    def test_what_a_test_uses_stays_open(self, kept: Owner, dead: Callable[..., Process]) -> None:
        """An order that the owner knows of is kept, and closed in the end."""
        kept.order("a")
        first = kept.entry("a").intent.keeper
        dead("a")
        assert kept.state("a") == "waiting"
        assert kept.entry("a").intent.keeper != first
        assert is_alive(kept.ledger.locks, kept.entry("a").intent.keeper)
        assert kept.close("a") == {"state": "cancelled"}

    def test_what_nobody_knows_of_is_closed(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., Process]
    ) -> None:
        """An order whose answer did not reach the owner is closed, and looked at before."""
        kept.order("a")
        kept.order("b")
        provider.receive("Your code is 482913", order="order-2")
        dead("a")
        until(lambda: kept.state("b") == "finished")
        assert kept.state("a") == "waiting"

    def test_what_was_on_its_way_is_uncertain(self, kept: Owner, dead: Callable[..., Process]) -> None:
        """The ledger tells that nobody knows."""
        kept.ledger.reserve(replace(kept_intent(kept), key="b"))
        dead()
        assert (kept.state("b"), kept.entry("b").reason) == ("uncertain", "its keeper died before the answer came")

    @pytest.mark.parametrize("operation", ["close", "cancel", "finish"])
    def test_what_was_closed_before(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., Process], operation: str
    ) -> None:
        """A close whose answer was lost with the keeper is answered by the next one, and no order is open after it."""
        kept.order("a")
        kept.close("a")
        dead("a")
        answer = kept.ask(operation, key="a", received=False)
        assert answer == ({"state": "cancelled"} if operation == "close" else {})
        assert kept.state("a") in ("cancelled", "finished")
        assert kept.entry("a").reason == "by its test"

    def test_an_sms_that_was_heard_of_before(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., Process]
    ) -> None:
        """What the dead keeper was told is known to its successor."""
        kept.order("a")
        kept.note("heard", key="a", state="received")
        dead("a")
        kept.process.end()
        assert kept.state("a") == "finished"
        assert provider.calls("cancel") == 0

    def test_a_provider_that_cannot_be_built_any_more(
        self, kept: Owner, provider: ScriptedProvider, dead: Callable[..., Process]
    ) -> None:
        """Its orders are nobody's, which the owner is told; the keeper works for all else."""
        kept.order("a")
        kept.providers["broken"] = ValueError("no")
        kept.providers["other"] = ScriptedProvider()
        dead("a", recipe={**RECIPE, "name": "broken"})
        assert kept.close("a") == {"unknown": True}
        kept.note("use", **{**RECIPE, "name": "other"})
        assert kept.order("b", 1).id == "order-1"


def kept_intent(kept: Owner) -> Intent:
    """The intent of an order that was placed."""
    kept.order("first")
    return kept.entry("first").intent


def test_an_unusable_ledger(owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keeper without a ledger does not come into being."""
    (tmp_path / "ruined.sqlite3").write_text("this is no database" * 100)
    monkeypatch.setattr(owner.ledger, "path", tmp_path / "ruined.sqlite3")
    with pytest.raises(SettingsError, match=r"^--otp-ledger \(PYTEST_OTP_LEDGER\): .*ruined.sqlite3 cannot be used"):
        owner.start(RECIPE)
