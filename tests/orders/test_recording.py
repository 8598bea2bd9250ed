"""A provider whose orders are recorded: what the ledger says after each outcome."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    BudgetExceeded,
    InvalidRequest,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
    Unsupported,
)
from pytest_otp.orders.entries import Budget, InMemoryLedger, LedgerEntry
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.recording import RecordingProvider, RunContext, listed_price
from pytest_otp.providers.base import Messages, Order, OrderState, Service, SupportsPush
from tests.orders.written import an_intent, an_order, the_only
from tests.scripted import ScriptedProvider

LATE = ProviderUnavailable("answered 500", provider="scripted")


class Priced(ScriptedProvider):
    """It has a price list, in which two services have one name."""

    listed: tuple[Service, ...] = (
        Service("wa", "WhatsApp", Decimal("1.5"), "USD"),
        Service("tg", "Telegram", None, None),
        Service("x1", "Twins", Decimal(1), "USD"),
        Service("x2", "Twins", Decimal(2), "USD"),
    )

    def services(self, country: str | None) -> list[Service]:
        self.events.append(f"services {country}")
        return list(self.listed)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger")
    yield opened
    opened.close()


@pytest.fixture
def provider() -> Priced:
    return Priced()


@pytest.fixture
def recorded(provider: Priced, ledger: Ledger) -> RecordingProvider:
    return RecordingProvider(provider, lambda: RunContext(ledger, "run-1", "account-1", "owner-1", "keeper-1"))


@pytest.fixture
def limited(provider: Priced, ledger: Ledger) -> Callable[..., RecordingProvider]:
    """A provider with a budget of 2 USD."""

    def build(abandon: Callable[[str, Order, RecordingProvider], None] | None = None) -> RecordingProvider:
        by = RunContext(ledger, "run-1", budget=Budget(spend=Decimal(2), currency="USD"))
        return RecordingProvider(provider, lambda: by, abandon=abandon)

    return build


def said(entry: LedgerEntry) -> tuple[str, str]:
    return entry.state, entry.reason


class TestOrdering:
    """From the intent to the answer."""

    def test_before_and_after(self, provider: Priced, recorded: RecordingProvider, ledger: Ledger) -> None:
        """The order is in the ledger when its request leaves, and with its number when the caller gets it."""
        seen: list[LedgerEntry] = []
        provider.script("order", lambda: seen.append(the_only(ledger)))
        order = recorded.order("wa", "6", "op")
        (before,) = seen
        asked = before.intent
        assert (asked.run, asked.owner, asked.keeper, asked.provider, asked.account) == (
            *("run-1", "owner-1", "keeper-1", "scripted", "account-1"),
        )
        assert (asked.service, asked.country, asked.operator, before.state, before.order_id) == (
            *("wa", "6", "op", "ordering", None),
        )
        after = the_only(ledger)
        assert (after.state, after.order_id, after.number) == ("waiting", order.id, order.number)
        assert after.intent.price == order.price == Decimal("1.5")

    def test_the_key_is_the_callers(self, recorded: RecordingProvider, ledger: Ledger) -> None:
        """Who has promised somebody an order knows its line in the ledger; otherwise each has a key of its own."""
        recorded.order("wa", "6", None, key="promised")
        assert the_only(ledger).intent.key == "promised"
        recorded.order("wa", "6", None)
        recorded.order("wa", "6", None)
        assert len({entry.intent.key for entry in ledger.entries()}) == 3

    def test_the_ledger_is_opened_at_the_first_order(self, provider: Priced) -> None:
        """A run that orders nothing needs no ledger; one that orders asks for it once."""
        asked: list[int] = []

        def missing() -> RunContext:
            asked.append(1)
            raise SettingsError("no ledger")

        recorded = RecordingProvider(provider, missing)
        recorded.messages(an_order())
        assert asked == []
        with pytest.raises(SettingsError, match="no ledger"):
            recorded.order("wa", "6", None)
        assert asked == [1]
        assert provider.calls("order") == 0

    def test_each_process_has_its_ledger(self, provider: Priced, ledger: Ledger) -> None:
        """It is asked for at each order and not before: a forked child must not write into its parent's."""
        contexts = iter([RunContext(InMemoryLedger(), "run-1"), RunContext(ledger, "run-1")])
        current: list[RunContext] = []
        recorded = RecordingProvider(provider, lambda: current[-1])
        for context in contexts:
            current.append(context)
            recorded.order("wa", "6", None)
        assert len(ledger.entries()) == 1

    def test_a_ledger_that_cannot_be_written(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger
    ) -> None:
        """Nothing is sent that was not recorded."""
        ledger.close()
        with pytest.raises(SettingsError, match="orders are not placed without a ledger"):
            recorded.order("wa", "6", None)
        assert provider.events == []

    @pytest.mark.parametrize(
        ("error", "counts"),
        [
            (NumberUnavailable("no numbers", provider="scripted"), True),
            (AuthenticationError("no numbers"), True),
            (ProviderUnavailable("no numbers", sent=True), True),
            (ProviderUnavailable("no numbers", sent=False), False),
            (SettingsError("no numbers"), False),
        ],
    )
    def test_a_refusal(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, error: OtpError, counts: bool
    ) -> None:
        """Nothing was rented, with the reason; it counts for the budget where a request was sent."""
        provider.script("order", error)
        with pytest.raises(type(error)) as caught:
            recorded.order("wa", "6", None)
        assert caught.value is error
        assert said(the_only(ledger)) == ("refused", "no numbers")
        with pytest.raises(BudgetExceeded) if counts else contextlib.nullcontext():
            ledger.reserve(an_intent("next", run="run-1"), Budget(orders=1))

    @pytest.mark.parametrize(("order_id", "reason"), [(None, "no answer"), ("o-7", "order o-7: no answer")])
    def test_a_lost_answer(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, order_id: str | None, reason: str
    ) -> None:
        """The order is uncertain, with its id where that is known."""
        provider.script("order", OrderUncertain("no answer", order_id=order_id))
        with pytest.raises(OrderUncertain):
            recorded.order("wa", "6", None)
        assert said(the_only(ledger)) == ("uncertain", reason)

    @pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt("a bug")])
    def test_an_accident(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, error: BaseException
    ) -> None:
        """What else may happen on the way leaves the order uncertain: nobody knows how far it came."""
        provider.script("order", error)
        with pytest.raises(type(error)):
            recorded.order("wa", "6", None)
        assert said(the_only(ledger)) == ("uncertain", f"{type(error).__name__}: a bug")

    def test_an_answer_that_is_none(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plugin's provider that returns something else may have rented a number."""
        monkeypatch.setattr(provider, "order", lambda *asked: "12015550100")
        with pytest.raises(OrderUncertain) as caught:
            recorded.order("wa", "6", None)
        assert str(caught.value).startswith("scripted: order() must return an Order; got str. A number may be")
        assert said(the_only(ledger)) == ("uncertain", "order() must return an Order; got str")


class TestLedgerThatFailsLater:
    """The order is placed, and the ledger fails."""

    def test_the_order_is_given_back(self, provider: Priced, recorded: RecordingProvider, ledger: Ledger) -> None:
        """An order that could not be recorded is cancelled, and the caller hears why."""
        provider.script("order", ledger.close)
        with pytest.raises(SettingsError, match="Cannot operate on a closed database"):
            recorded.order("wa", "6", None)
        assert provider.events == ["order order-1", "cancel order-1"]

    def test_somebody_else_gives_it_back(self, provider: Priced, ledger: Ledger) -> None:
        """Where somebody has taken that on, it is theirs, with its key."""
        abandoned: list[tuple[str, str, RecordingProvider]] = []
        recorded = RecordingProvider(
            provider,
            lambda: RunContext(ledger, "run-1"),
            abandon=lambda key, order, by: abandoned.append((key, order.id, by)),
        )
        provider.script("order", ledger.close)
        with pytest.raises(SettingsError):
            recorded.order("wa", "6", None, key="key-7")
        assert abandoned == [("key-7", "order-1", recorded)]
        assert provider.events == ["order order-1"]

    def test_a_close_succeeds_all_the_same(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What was asked for is done, and that the ledger does not know it is said in the log."""
        order = recorded.order("wa", "6", None)
        ledger.close()
        with caplog.at_level(logging.ERROR, "pytest_otp"):
            recorded.cancel(order)
        assert provider.events == ["order order-1", "cancel order-1"]
        assert "cannot be used (Cannot operate on a closed database.)" in caplog.text

    @pytest.mark.parametrize("error", [NumberUnavailable("none"), OrderUncertain("lost"), ValueError("a bug")])
    def test_an_errors_own_cause_is_told(
        self,
        provider: Priced,
        recorded: RecordingProvider,
        ledger: Ledger,
        caplog: pytest.LogCaptureFixture,
        error: Exception,
    ) -> None:
        """Why there is no order is worth more than that the ledger fails too."""

        def fail() -> None:
            ledger.close()
            raise error

        provider.script("order", fail)
        with pytest.raises(type(error)):
            recorded.order("wa", "6", None)
        assert "Cannot operate on a closed database" in caplog.text


class TestStates:
    """What becomes of an order."""

    def test_an_sms(self, provider: Priced, recorded: RecordingProvider, ledger: Ledger) -> None:
        """The order is received as soon as somebody has seen an SMS; it is written once."""
        order = recorded.order("wa", "6", None)
        recorded.messages(order)
        assert the_only(ledger).state == "waiting"
        provider.receive("Your code is 482913")
        assert recorded.messages(order).sms[0].text == "Your code is 482913"
        received = the_only(ledger)
        assert said(received) == ("received", "")
        recorded.messages(order)
        assert the_only(ledger).changed_at == received.changed_at
        assert recorded.state(order) is OrderState.RECEIVED

    def test_an_sms_of_an_order_that_waits_for_another(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An order that got an SMS and waits again can only be finished: it stays received."""
        order = recorded.order("wa", "6", None)
        provider.receive("one")
        heard = provider.messages(order)
        monkeypatch.setattr(provider, "messages", lambda order: Messages(OrderState.WAITING, heard.sms))
        recorded.messages(order)
        assert the_only(ledger).state == "received"

    def test_the_providers_own_end(self, provider: Priced, recorded: RecordingProvider, ledger: Ledger) -> None:
        """That the provider says so ends waits, but the order is open in the ledger until it is closed."""
        order = recorded.order("wa", "6", None)
        provider.ended.add(order.id)
        assert recorded.messages(order).state is OrderState.ENDED
        assert said(the_only(ledger)) == ("waiting", "")
        assert recorded.cancel(order) is OrderState.CANCELLED
        assert said(the_only(ledger)) == ("cancelled", "by its test")
        assert recorded.cancel(order) is recorded.finish(order) is OrderState.CANCELLED
        assert provider.calls("cancel") + provider.calls("finish") == 1

    def test_what_others_have_heard(self, recorded: RecordingProvider, ledger: Ledger) -> None:
        """The test process looks for messages itself, and tells who keeps the ledger."""
        order = recorded.order("wa", "6", None)
        recorded.set_state(order, OrderState.RECEIVED)
        assert the_only(ledger).state == "received"
        recorded.set_state(order, OrderState.WAITING)
        assert said(the_only(ledger)) == ("waiting", "")

    @pytest.mark.parametrize(("close", "state"), [("cancel", "cancelled"), ("finish", "finished")])
    @pytest.mark.parametrize("reason", ["by its test", "by a sweep"])
    def test_a_close(self, provider: Priced, ledger: Ledger, close: str, state: str, reason: str) -> None:
        """The outcome is recorded with who did it."""
        recorded = RecordingProvider(provider, lambda: RunContext(ledger, "run-1"), reason=reason)
        order = recorded.order("wa", "6", None)
        getattr(recorded, close)(order)
        assert said(the_only(ledger)) == (state, reason)
        assert recorded.state(order).value == state

    def test_by_its_test_unless_somebody_says_otherwise(self, recorded: RecordingProvider, ledger: Ledger) -> None:
        """The usual reason needs no word."""
        recorded.cancel(recorded.order("wa", "6", None))
        assert the_only(ledger).reason == "by its test"

    @pytest.mark.parametrize(
        ("close", "error", "reason"),
        [
            ("cancel", LATE, "cancel: answered 500"),
            ("cancel", SmsAlreadyReceived("an SMS has come"), "cancel: an SMS has come"),
            ("finish", InvalidRequest("no SMS came"), "finish: no SMS came"),
            ("finish", ConnectionResetError("reset"), "finish: reset"),
        ],
    )
    def test_a_close_that_fails(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, close: str, error: Exception, reason: str
    ) -> None:
        """The order stays open, and the ledger says why."""
        order = recorded.order("wa", "6", None)
        provider.receive("x")
        recorded.messages(order)
        provider.script(close, error)
        with pytest.raises(type(error)):
            getattr(recorded, close)(order)
        assert said(the_only(ledger)) == ("received", reason)

    def test_a_late_look_opens_nothing(
        self, provider: Priced, recorded: RecordingProvider, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An answer that was on its way while the order was closed does not change what it is."""
        order = recorded.order("wa", "6", None)
        recorded.cancel(order)
        for late in (OrderState.WAITING, OrderState.RECEIVED, OrderState.ENDED):
            monkeypatch.setattr(provider, "messages", lambda order, late=late: Messages(late, ()))
            recorded.messages(order)
            assert said(the_only(ledger)) == ("cancelled", "by its test")
        assert recorded.state(order) is OrderState.CANCELLED

    def test_an_order_of_another_process(self, recorded: RecordingProvider, ledger: Ledger) -> None:
        """Who takes an order over answers for its line in the ledger."""
        recorded.order("wa", "6", None, key="key-1")
        by = RunContext(ledger, "another")
        other = RecordingProvider(ScriptedProvider(), lambda: by, reason="by a sweep")
        entry = the_only(ledger)
        other.track(entry.intent.key, entry.order, OrderState.RECEIVED)
        assert other.state(entry.order) is OrderState.RECEIVED
        other.finish(entry.order)
        assert said(the_only(ledger)) == ("finished", "by a sweep")

    def test_waits_are_counted(self, recorded: RecordingProvider, ledger: Ledger) -> None:
        """How long tests waited, and for how many messages."""
        order = recorded.order("wa", "6", None)
        recorded.count_wait(order, 1.5, 1)
        recorded.count_wait(order, 0.5, 0)
        assert (the_only(ledger).waited, the_only(ledger).codes) == (2.0, 1)


class TestBudget:
    """A run with a limit."""

    def test_the_listed_price_is_asked_for_first(
        self, provider: Priced, limited: Callable[..., RecordingProvider], ledger: Ledger
    ) -> None:
        """What an order will cost is known before it is sent, and reserved."""
        recorded = limited()
        recorded.order("WhatsApp", "6", None)
        assert provider.events == ["services 6", "order order-1"]
        with pytest.raises(BudgetExceeded, match=r"WhatsApp, 6 costs 1.5 USD, this run has spent 1.5"):
            recorded.order("WhatsApp", "6", None)
        assert provider.calls("order") == 1
        assert len(ledger.entries()) == 1

    def test_without_a_limit_nobody_asks(self, provider: Priced, recorded: RecordingProvider) -> None:
        """A run without a limit costs no request more."""
        recorded.order("wa", "6", None)
        assert provider.events == ["order order-1"]

    def test_a_price_that_turns_out_higher(
        self, provider: Priced, limited: Callable[..., RecordingProvider], ledger: Ledger
    ) -> None:
        """The order is cancelled again, and the caller hears that it was too much."""
        provider.listed = (Service("wa", "WhatsApp", Decimal("0.1"), "USD"),)
        recorded = limited()
        recorded.order("wa", "6", None)
        with pytest.raises(BudgetExceeded, match=r"costs 1.5 USD, this run has spent 1.5"):
            recorded.order("wa", "6", None)
        assert provider.events[-2:] == ["order order-2", "cancel order-2"]
        assert [entry.state for entry in ledger.entries()] == ["waiting", "cancelled"]

    def test_somebody_else_gives_it_back(
        self, provider: Priced, limited: Callable[..., RecordingProvider], ledger: Ledger
    ) -> None:
        """With a keeper it is the keeper that closes it, for as long as that takes."""
        provider.listed = (Service("wa", "WhatsApp", Decimal("0.1"), "USD"),)
        abandoned: list[str] = []
        recorded = limited(abandon=lambda key, order, by: abandoned.append(order.id))
        recorded.order("wa", "6", None)
        with pytest.raises(BudgetExceeded):
            recorded.order("wa", "6", None)
        assert abandoned == ["order-2"]
        assert provider.calls("cancel") == 0

    def test_an_answer_without_a_price(
        self,
        provider: Priced,
        limited: Callable[..., RecordingProvider],
        ledger: Ledger,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Where the provider's answer does not repeat the price, the listed one holds."""
        monkeypatch.setattr(provider, "order", lambda *asked: an_order(price=None, currency=None))
        limited().order("wa", "6", None)
        entry = the_only(ledger)
        assert (entry.state, entry.intent.price, entry.intent.currency) == ("waiting", Decimal("1.5"), "USD")


class TestListedPrice:
    """What the price list says."""

    @pytest.mark.parametrize(
        ("service", "price"),
        [("wa", (Decimal("1.5"), "USD")), ("whatsapp", (Decimal("1.5"), "USD")), ("tg", (None, None))],
    )
    def test_by_id_and_by_name(self, provider: Priced, service: str, price: tuple[Decimal | None, str | None]) -> None:
        """A service is found as ordering finds it."""
        assert listed_price(provider, service, "6") == price

    @pytest.mark.parametrize(("service", "country"), [("viber", "6"), (None, "6"), ("wa", None)])
    def test_what_is_not_listed(self, provider: Priced, service: str | None, country: str | None) -> None:
        """A service that the list does not have, or an order that leaves the choice to the provider, has no price."""
        assert listed_price(provider, service, country) == (None, None)

    def test_no_list(self, provider: Priced, monkeypatch: pytest.MonkeyPatch) -> None:
        """A provider without a price list says nothing of prices."""

        def unsupported(country: str | None) -> list[Service]:
            raise Unsupported("no such list")

        monkeypatch.setattr(provider, "services", unsupported)
        assert listed_price(provider, "wa", "6") == (None, None)

    def test_several_of_a_name(self, provider: Priced) -> None:
        """What means two services has no one price, and the candidates are listed."""
        with pytest.raises(InvalidRequest, match="x1"):
            listed_price(provider, "Twins", "6")

    def test_a_list_that_does_not_come(self, provider: Priced, monkeypatch: pytest.MonkeyPatch) -> None:
        """A provider that cannot be asked is an error: nothing is ordered at an unknown price."""

        def away(country: str | None) -> list[Service]:
            raise LATE

        monkeypatch.setattr(provider, "services", away)
        with pytest.raises(ProviderUnavailable):
            listed_price(provider, "wa", "6")


class TestWatched:
    """What stands between tests and a provider does as the provider does."""

    def test_everything_else_is_the_providers(self, provider: Priced, recorded: RecordingProvider) -> None:
        """Its name, its catalogue and what only it has are reached through it."""
        assert recorded.name == "scripted"
        assert recorded.balance().currency == "USD"
        assert recorded.inboxes is provider.inboxes
        with pytest.raises(AttributeError, match="no_such_thing"):
            _ = recorded.no_such_thing

    def test_a_push_is_one_only_where_the_provider_pushes(self, recorded: RecordingProvider, ledger: Ledger) -> None:
        """A wait sleeps on a push only where there is one."""
        assert not isinstance(recorded, SupportsPush)

        class Pushing(ScriptedProvider):
            def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
                notify(0.0)
                return lambda: None

        heard: list[float] = []
        pushing = RecordingProvider(Pushing(), lambda: RunContext(ledger, "run-1"))
        assert isinstance(pushing, SupportsPush)
        pushing.subscribe(an_order(), heard.append)
        assert heard == [0.0]


def test_nothing_is_ordered_for_a_run_that_has_ended(provider: Priced, ledger: Ledger) -> None:
    """What the context's check raises is raised before anything is recorded or sent."""

    def check() -> None:
        raise OtpError("the run has ended")

    recorded = RecordingProvider(provider, lambda: RunContext(ledger, "run-1", check=check))
    with pytest.raises(OtpError, match="the run has ended"):
        recorded.order("wa", "6", None)
    assert provider.calls("order") == 0
    assert ledger.entries() == []
