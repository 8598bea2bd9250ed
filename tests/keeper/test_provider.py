"""A provider whose orders a keeper places and closes: what a test sees of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    InvalidRequest,
    NumberUnavailable,
    OrderNotClosed,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from pytest_otp.keeper.client import Keeper
from pytest_otp.keeper.patience import Patience
from pytest_otp.keeper.pipes import KeeperNotResponding
from pytest_otp.keeper.provider import KeeperProvider
from pytest_otp.keeper.wire import KeeperMessage, decode, encode
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.ordering import order_number
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import (
    OrderState,
    SupportsCounting,
    SupportsHandingOn,
    SupportsPush,
)
from pytest_otp.providers.deadline import time_limit
from pytest_otp.providers.registry import create
from tests.keeper.conftest import Started
from tests.keeper.loopback import Cepat, killed
from tests.orders.processes import LONG, until
from tests.scripted import ScriptedProvider

ORDER = ScriptedProvider().order("1", "6", None)


class StandIn:
    """In the place of a keeper: gives prepared answers, from messages that went through the wire's encoding."""

    def __init__(self) -> None:
        self.usable = True
        self.asked: list[dict[str, Any]] = []
        self.notified: list[dict[str, Any]] = []
        self.futures: list[Future[KeeperMessage]] = []
        self.answers: dict[str, Mapping[str, Any] | Exception | None] = {"order": {"order": ORDER}}
        """By operation; without one the question stays unanswered."""

    def ask(self, message: KeeperMessage) -> Future[KeeperMessage]:
        self.asked.append(decode(encode(message)))
        future: Future[KeeperMessage] = Future()
        self.futures.append(future)
        answer = self.answers.get(message["op"])
        if isinstance(answer, Exception):
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(decode(encode(answer)))
        return future

    def notify(self, message: KeeperMessage) -> None:
        self.notified.append(decode(encode(message)))


@pytest.fixture
def keeper() -> StandIn:
    return StandIn()


@pytest.fixture
def plain() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def patience() -> Patience:
    return Patience(20.0)


@pytest.fixture
def kept(keeper: StandIn, plain: ScriptedProvider, patience: Patience) -> KeeperProvider:
    return KeeperProvider(plain, lambda: (cast(Keeper, keeper), 3), patience)


class TestOrder:
    """Renting a number."""

    def test_by_the_keeper(self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider) -> None:
        """The keeper is asked, by the provider's number there and a key of its own; this process sends nothing."""
        assert kept.order("1", "6", "any") == ORDER
        assert kept.order(None, None, None) == ORDER
        first, second = keeper.asked
        assert first.pop("key") != second.pop("key")
        assert first == {"op": "order", "provider": 3, "service": "1", "country": "6", "operator": "any"}
        assert second == {"op": "order", "provider": 3, "service": None, "country": None, "operator": None}
        assert not plain.events

    def test_a_refusal(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """It is raised without frames of ours, and names the provider."""
        keeper.answers["order"] = NumberUnavailable("sold out")
        with pytest.raises(NumberUnavailable, match=r"^scripted: sold out\."):
            kept.order("1", "6", None)

    def test_no_keeper(self, plain: ScriptedProvider, patience: Patience) -> None:
        """Nothing is ordered without one."""

        def none() -> tuple[Keeper, int]:
            raise OtpError("no keeper")

        with pytest.raises(OtpError, match=r"^no keeper$"):
            KeeperProvider(plain, none, patience).order("1", "6", None)
        assert not plain.events

    def test_no_answer(self, keeper: StandIn, plain: ScriptedProvider, patience: Patience) -> None:
        """The order is uncertain, and the request cancelled, so that no test gets a late answer."""
        kept = KeeperProvider(plain, lambda: (cast(Keeper, keeper), 3), patience, answer_timeout=0.05)
        del keeper.answers["order"]
        with pytest.raises(OrderUncertain) as caught:
            kept.order("1", "6", None)
        assert str(caught.value).startswith(
            "scripted: the keeper process did not respond in time. A number may be rented: "
        )
        assert keeper.futures[0].cancelled()

    def test_an_answer_in_the_last_moment(self, plain: ScriptedProvider, patience: Patience) -> None:
        """An order that comes while its request is being cancelled is an order."""

        class Late(Future[KeeperMessage]):
            def cancel(self) -> bool:
                self.set_result(decode(encode({"order": ORDER})))
                return super().cancel()

        class AnswersLate(StandIn):
            def ask(self, message: KeeperMessage) -> Future[KeeperMessage]:
                return Late()

        late = cast(Keeper, AnswersLate())
        kept = KeeperProvider(plain, lambda: (late, 3), patience, answer_timeout=0.05)
        assert kept.order("1", "6", None) == ORDER


class TestHandOn:
    """Closing in a teardown."""

    @pytest.fixture(autouse=True)
    def _ordered(self, kept: KeeperProvider, keeper: StandIn) -> None:
        kept.order("1", "6", None)
        keeper.asked.clear()

    @pytest.mark.parametrize(("received", "state"), [(True, OrderState.FINISHED), (False, OrderState.CANCELLED)])
    def test_at_once(
        self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider, received: bool, state: OrderState
    ) -> None:
        """The keeper closes it, and tells the state."""
        keeper.answers["close"] = {"state": state.value}
        assert kept.hand_on(ORDER, received=received, timeout=5.0) is state
        (asked,) = keeper.asked
        assert (asked["op"], asked["received"]) == ("close", received)
        assert not plain.events

    def test_later(self, kept: KeeperProvider, keeper: StandIn, patience: Patience) -> None:
        """A refusal for now holds nobody up."""
        keeper.answers["close"] = {"later": {"class": "ProviderError", "state": {"message": "too early"}}}
        assert kept.hand_on(ORDER, received=False, timeout=5.0) is None
        assert patience.left > 19.0

    def test_for_good(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """What no further try can change is raised."""
        keeper.answers["close"] = AuthenticationError("wrong key")
        with pytest.raises(AuthenticationError, match="wrong key"):
            kept.hand_on(ORDER, received=False, timeout=5.0)

    @pytest.mark.parametrize(("timeout", "left"), [(0.05, 20.0), (300.0, 0.05)], ids=["timeout", "patience"])
    def test_no_answer(self, kept: KeeperProvider, patience: Patience, timeout: float, left: float) -> None:
        """The close waits no longer than either allows, and its wait uses up the run's patience."""
        patience.spend(20.0 - left)
        assert kept.hand_on(ORDER, received=False, timeout=timeout) is None
        assert patience.left < left

    @pytest.mark.parametrize(("took", "left"), [(0.9, 20.0), (1.0, 20.0), (1.5, 19.5)])
    def test_a_slow_success(self, keeper: StandIn, plain: ScriptedProvider, took: float, left: float) -> None:
        """A successful close that takes more than a second uses up patience too, since it delays the run as well."""
        keeper.answers["close"] = {"state": "cancelled"}
        times = iter([10.0, 10.0 + took])
        patience = Patience(20.0)
        kept = KeeperProvider(plain, lambda: (cast(Keeper, keeper), 3), patience, clock=lambda: next(times))
        kept.order("1", "6", None)
        assert kept.hand_on(ORDER, received=False, timeout=5.0) is OrderState.CANCELLED
        assert patience.left == left

    def test_no_patience(self, kept: KeeperProvider, patience: Patience, keeper: StandIn) -> None:
        """Once it is used up, each further close is requested, but not waited for."""
        patience.spend(30.0)
        assert patience.left == 0.0
        assert kept.hand_on(ORDER, received=False, timeout=300.0) is None
        assert keeper.asked

    @pytest.mark.parametrize("trouble", ["gone", "knows nothing", "does not respond"])
    @pytest.mark.parametrize(("sms", "events"), [(False, ["cancel"]), (True, ["cancel", "finish"])])
    def test_no_keeper_for_it(
        self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider, trouble: str, sms: bool, events: list[str]
    ) -> None:
        """Then this process closes the order itself, one way or the other."""
        keeper.usable = trouble != "gone"
        keeper.answers["close"] = {"unknown": True} if trouble == "knows nothing" else KeeperNotResponding("no")
        if sms:
            plain.receive("Your code is 482913", order=ORDER.id)
        state = kept.hand_on(ORDER, received=False, timeout=5.0)
        assert state is (OrderState.FINISHED if sms else OrderState.CANCELLED)
        assert plain.events == [f"{event} {ORDER.id}" for event in events]

    def test_the_last_keeper_dies_meanwhile(
        self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider
    ) -> None:
        """A number's close tries again, and then this process does it."""
        keeper.answers["close"] = ProviderUnavailable("it died 5 times", sent=False)
        number = OtpNumber(kept, ORDER, sleep=lambda seconds: setattr(keeper, "usable", False))
        number.close()
        assert number.state is OrderState.CANCELLED
        assert plain.events == [f"cancel {ORDER.id}"]

    def test_a_close_here_that_fails(self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider) -> None:
        """Without a keeper a number's close does as it would have done without one all along."""
        keeper.usable = False
        plain.always("cancel", InvalidRequest("no", provider="scripted"))
        with pytest.raises(OrderNotClosed, match="could not be closed, and its number may still be rented: no"):
            OtpNumber(kept, ORDER, sleep=lambda seconds: None).close(0.01)


class TestExplicitClose:
    """`cancel` and `finish` of a number."""

    @pytest.mark.parametrize("operation", ["cancel", "finish"])
    def test_by_the_keeper(
        self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider, operation: str
    ) -> None:
        """The keeper does it, since it knows whose order it is."""
        keeper.answers[operation] = {}
        getattr(kept, operation)(kept.order("1", "6", None))
        ordered, closed = keeper.asked
        assert (closed["op"], closed["key"]) == (operation, ordered["key"])
        assert not plain.events

    @pytest.mark.parametrize("trouble", ["gone", "knows nothing", "does not respond"])
    @pytest.mark.parametrize("operation", ["cancel", "finish"])
    def test_no_keeper_for_it(
        self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider, operation: str, trouble: str
    ) -> None:
        """Then this process does."""
        order = kept.order("1", "6", None)
        keeper.usable = trouble != "gone"
        keeper.answers[operation] = {"unknown": True} if trouble == "knows nothing" else KeeperNotResponding("no")
        getattr(kept, operation)(order)
        assert plain.events == [f"{operation} {order.id}"]

    def test_a_refusal(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """It is raised as the provider's."""
        keeper.answers["cancel"] = SmsAlreadyReceived("too late")
        order = kept.order("1", "6", None)
        with pytest.raises(SmsAlreadyReceived, match="too late"):
            kept.cancel(order)

    def test_no_answer(self, kept: KeeperProvider) -> None:
        """It is waited for no longer than the close may take, and may be tried again."""
        order = kept.order("1", "6", None)
        with (
            time_limit(0.05),
            pytest.raises(ProviderUnavailable, match="keeper process did not cancel the order in time"),
        ):
            kept.cancel(order)


class TestNews:
    """What this process hears itself, it tells the keeper."""

    def test_a_state(self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider) -> None:
        """Once for each change; nothing if nothing changed."""
        order = kept.order("1", "6", None)
        kept.messages(order)
        assert not keeper.notified
        plain.receive("Your code is 482913", order=order.id)
        assert len(kept.messages(order).sms) == 1
        kept.messages(order)
        plain.ended.add(order.id)
        kept.messages(order)
        assert keeper.notified == [{"op": "state", "key": keeper.asked[0]["key"], "state": "received"}]

    def test_a_wait(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """How long, and for how many messages."""
        kept.count_wait(kept.order("1", "6", None), 1.5, 1)
        assert keeper.notified == [{"op": "wait", "key": keeper.asked[0]["key"], "seconds": 1.5, "codes": 1}]

    def test_no_text_of_an_sms_is_told(self, kept: KeeperProvider, keeper: StandIn, plain: ScriptedProvider) -> None:
        """The keeper needs none, and its ledger has none."""
        order = kept.order("1", "6", None)
        plain.receive("Your code is 482913", order=order.id)
        kept.messages(order)
        assert "482913" not in repr(keeper.notified)


def test_it_is_what_a_number_needs(kept: KeeperProvider) -> None:
    """Numbers hand their closes on to it and tell it of waits; it pushes where the provider behind it does."""
    assert isinstance(kept, SupportsHandingOn)
    assert isinstance(kept, SupportsCounting)
    assert not isinstance(kept, SupportsPush)
    assert kept.name == "scripted"
    assert kept.count("1", "6", None) == 1


class TestForReal:
    """With a real side process."""

    @pytest.fixture
    def make(self, cepat: Cepat) -> Callable[..., KeeperProvider]:
        """Puts a keeper before a provider of the account."""

        def made(keeper: Keeper, answer_timeout: float = LONG) -> KeeperProvider:
            provider, number = create("otpcepat", cepat.values), keeper.use("otpcepat", cepat.values, ())
            return KeeperProvider(provider, lambda: (keeper, number), Patience(LONG), answer_timeout=answer_timeout)

        return made

    def test_a_number(self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat, ledger: Ledger) -> None:
        """From the order over the code to the close, each step is in the ledger."""
        with order_number(make(start()), "1", "6", poll_interval=0.01) as number:
            cepat.receive(number.order_id)
            assert number.wait_code(timeout=LONG) == "482913"
        (entry,) = ledger.entries()
        assert (entry.state, entry.codes, entry.reason) == ("finished", 1, "by its test")

    def test_a_provider_that_refuses(
        self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat, ledger: Ledger
    ) -> None:
        """A teardown leaves its order to the keeper; the next number works, and in the end all is closed."""
        real = make(start())
        refused = threading.Event()
        cepat.refuse = lambda order: order == "1" and not refused.is_set()
        with order_number(real, "1", "6") as number:
            pass
        assert number.state is OrderState.WAITING
        assert cepat.open == ["1"]
        with order_number(real, "1", "6") as number:
            pass
        assert number.state is OrderState.CANCELLED
        refused.set()
        until(lambda: {entry.state for entry in ledger.entries()} == {"cancelled"})

    def test_a_late_order(
        self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat, ledger: Ledger
    ) -> None:
        """An answer that comes after the test has given up is closed while the run goes on."""
        cepat.answering.clear()
        with pytest.raises(OrderUncertain, match="the keeper process did not respond in time"):
            order_number(make(start(), answer_timeout=0.05), "1", "6")
        until(lambda: cepat.open == ["1"])
        cepat.answering.set()
        until(lambda: [entry.state for entry in ledger.entries()] == ["cancelled"])
        assert not cepat.open

    def test_no_keeper_any_more(self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat) -> None:
        """When the last keeper has died, this process closes the number, and orders none."""
        keeper = start(max_starts=1)
        real = make(keeper)
        with order_number(real, "1", "6") as number:
            killed(keeper)
            with pytest.raises(
                OtpError, match=r"^otpcepat, after .* s: the keeper process, .*, is not available \(it died"
            ):
                order_number(real, "1", "6")
        assert number.state is OrderState.CANCELLED
        assert not cepat.open
        assert cepat.asked("get_order") == 1

    def test_a_ledger_that_was_removed(
        self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat, ledger_path: Path
    ) -> None:
        """A successor that finds no trace of an order leaves its close to this process."""
        keeper = start()
        with order_number(make(keeper), "1", "6") as number:
            for path in ledger_path.parent.glob("ledger.sqlite3*"):
                if path.is_file():
                    path.unlink()
            killed(keeper)
        assert number.state is OrderState.CANCELLED
        assert not cepat.open
