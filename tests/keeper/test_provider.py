"""A provider that a keeper speaks to: what a test sees of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from pytest_otp.clock import monotonic
from pytest_otp.errors import (
    AuthenticationError,
    NumberUnavailable,
    OrderEnded,
    OrderNotClosed,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from pytest_otp.keeper.asked import Request
from pytest_otp.keeper.client import STAYS, Keeper, KeeperUnavailable
from pytest_otp.keeper.patience import Patience
from pytest_otp.keeper.pipes import KeeperNotResponding
from pytest_otp.keeper.provider import KeeperProvider
from pytest_otp.keeper.wire import KeeperMessage, decode, encode, plain_error
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.ordering import order_number
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import (
    Balance,
    Country,
    Messages,
    Operator,
    OrderState,
    Provider,
    Service,
    SmsMessage,
    SupportsAsking,
    SupportsCounting,
    SupportsHandingOn,
    SupportsPush,
    SupportsStates,
)
from pytest_otp.providers.deadline import time_limit
from pytest_otp.providers.otpcepat import OtpcepatProvider
from tests.keeper.conftest import Started
from tests.keeper.loopback import Cepat, killed, stop
from tests.orders.processes import LONG, until
from tests.scripted import NOW, ScriptedProvider

ORDER = ScriptedProvider().order("1", "6", None)
GONE = KeeperUnavailable("there is no keeper", hint=STAYS)
SMS = SmsMessage("sms-1", None, "Your code is 482913", NOW, None)


class Declaring(ScriptedProvider):
    """Says things about itself, and must never be built in this process."""

    lifetime: ClassVar[float] = 77.0
    push: ClassVar[str] = "an endpoint"

    def __init__(self) -> None:
        raise AssertionError("built in the process of the test")

    def extra(self) -> None: ...

    @property
    def mood(self) -> str:
        return "good"


KIND = cast("type[Provider]", Declaring)


class StandIn:
    """In the place of a keeper: gives prepared answers, from messages that went through the wire's encoding."""

    def __init__(self) -> None:
        self.is_inherited = False
        self.asked: list[dict[str, Any]] = []
        self.notified: list[dict[str, Any]] = []
        self.futures: list[Request] = []
        self.sends = True
        """Whether its requests have left this process."""
        self.answers: dict[str, Mapping[str, Any] | Exception | None] = {"order": {"result": ORDER}}
        """By operation; without one the question stays unanswered."""
        self.left: list[float] = []
        """How many seconds each question gave the keeper."""

    def ask(self, message: KeeperMessage) -> Request:
        asked = decode(encode(message))
        self.left.append(asked.pop("until") - monotonic())
        self.asked.append(asked)
        future = Request(message)
        future.sent = self.sends
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
def patience() -> Patience:
    return Patience(20.0)


def kept_by(keeper: StandIn, patience: Patience, **options: Any) -> KeeperProvider:
    return KeeperProvider(KIND, lambda: (cast(Keeper, keeper), 3), patience, **options)


@pytest.fixture
def kept(keeper: StandIn, patience: Patience) -> KeeperProvider:
    return kept_by(keeper, patience)


class TestItself:
    """What it is without a call."""

    def test_what_its_class_says(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """The class's name and attributes are the provider's; no object of it exists here, and no keeper is started."""
        assert (kept.name, kept.lifetime, kept.push) == ("scripted", 77.0, "an endpoint")
        assert getattr(kept, "offline", False) is False
        assert not keeper.asked

    @pytest.mark.parametrize("name", ["extra", "mood"])
    def test_what_exists_in_the_keeper_only(self, kept: KeeperProvider, name: str) -> None:
        """A method or property of the class's own is no attribute here, and the error says why."""
        with pytest.raises(AttributeError, match=rf"^Declaring\.{name} cannot be used here: the object"):
            getattr(kept, name)

    def test_it_is_what_a_number_needs(self, kept: KeeperProvider) -> None:
        """Numbers ask it without a thread, hand their closes on to it and tell it of waits; it pushes nothing."""
        for protocol in (SupportsAsking, SupportsHandingOn, SupportsCounting, SupportsStates):
            assert isinstance(kept, protocol)
        assert not isinstance(kept, SupportsPush)


class TestOrder:
    """Renting a number."""

    def test_by_the_keeper(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """The keeper is asked, by the provider's number there and a key of its own, and told how long it may take."""
        assert kept.order("1", "6", "any") == ORDER
        assert kept.order(None, None, None) == ORDER
        first, second = keeper.asked
        assert first.pop("key") != second.pop("key")
        assert first == {"op": "order", "provider": 3, "service": "1", "country": "6", "operator": "any"}
        assert second == {"op": "order", "provider": 3, "service": None, "country": None, "operator": None}
        assert keeper.left == pytest.approx([90.0, 90.0], abs=5)

    def test_a_refusal(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """It is raised without frames of ours, and names the provider."""
        keeper.answers["order"] = NumberUnavailable("sold out")
        with pytest.raises(NumberUnavailable, match=r"^scripted: sold out\."):
            kept.order("1", "6", None)

    def test_no_keeper(self, patience: Patience) -> None:
        """Nothing is ordered without one."""

        def none() -> tuple[Keeper, int]:
            raise OtpError("no keeper")

        with pytest.raises(OtpError, match=r"^no keeper$"):
            KeeperProvider(KIND, none, patience).order("1", "6", None)

    def test_no_answer(self, keeper: StandIn, patience: Patience) -> None:
        """The order is uncertain, and the request cancelled, so that no test gets a late answer."""
        kept = kept_by(keeper, patience, answer_timeout=0.05)
        del keeper.answers["order"]
        with pytest.raises(OrderUncertain) as caught:
            kept.order("1", "6", None)
        assert str(caught.value).startswith(
            "scripted: the keeper process did not respond in time. A number may be rented: "
        )
        assert keeper.futures[0].cancelled()

    def test_a_keeper_that_gets_no_order(self, keeper: StandIn, patience: Patience) -> None:
        """An order that was held back, since the keeper does not respond, is certainly none."""
        keeper.answers["order"], keeper.sends = None, False
        with pytest.raises(ProviderUnavailable) as caught:
            kept_by(keeper, patience, answer_timeout=0.05).order("1", "6", None)
        assert caught.value.message == "the keeper process did not respond, and nothing was ordered"
        assert not caught.value.sent
        assert keeper.futures[0].cancelled()

    def test_an_answer_in_the_last_moment(self, patience: Patience) -> None:
        """An order that comes while its request is being cancelled is an order."""

        class Late(Request):
            def cancel(self) -> bool:
                self.set_result(decode(encode({"result": ORDER})))
                return super().cancel()

        class AnswersLate(StandIn):
            def ask(self, message: KeeperMessage) -> Request:
                return Late(message)

        assert kept_by(AnswersLate(), patience, answer_timeout=0.05).order("1", "6", None) == ORDER


class TestMessages:
    """Asking for an order's SMS."""

    @pytest.fixture(autouse=True)
    def _ordered(self, kept: KeeperProvider, keeper: StandIn) -> None:
        kept.order("1", "6", None)
        self.key = keeper.asked.pop()["key"]
        keeper.left.clear()

    def test_by_the_keeper(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """The keeper is asked by the order's key; what it answers is what the provider would return."""
        keeper.answers["messages"] = {"result": Messages(OrderState.RECEIVED, (SMS,))}
        assert kept.messages(ORDER) == Messages(OrderState.RECEIVED, (SMS,))
        assert keeper.asked == [{"op": "messages", "provider": 3, "key": self.key}]

    @pytest.mark.parametrize(("seconds", "given"), [(60.0, 59.95), (0.06, 0.03)])
    def test_within_its_time(self, kept: KeeperProvider, keeper: StandIn, seconds: float, given: float) -> None:
        """The keeper gets a little less than the time of the wait, so that its answer arrives in time."""
        kept.ask_messages(ORDER, seconds, another=True)
        assert keeper.asked == [{"op": "messages", "provider": 3, "key": self.key, "another": True}]
        assert given - 5 < keeper.left[0] <= given

    def test_an_answer_that_comes_later(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """Asking returns at once; the answer comes from another thread."""
        answer = kept.ask_messages(ORDER, 60.0, another=False)
        assert not answer.done()
        keeper.futures[-1].set_result({"result": Messages(OrderState.WAITING, ())})
        assert answer.result(0) == Messages(OrderState.WAITING, ())

    def test_a_refused_resend(self, kept: KeeperProvider, keeper: StandIn, caplog: pytest.LogCaptureFixture) -> None:
        """A refusal of the resend before it is logged here, where the test's log is."""
        caplog.set_level("INFO", "pytest_otp")
        refused = plain_error(ProviderError("no more"))
        keeper.answers["messages"] = {"result": Messages(OrderState.WAITING, ()), "refused": refused}
        assert kept.ask_messages(ORDER, 60.0, another=True).result(0).sms == ()
        assert [record.getMessage() for record in caplog.records] == [
            f"order {ORDER.id}: could not request another SMS: no more"
        ]

    def test_a_refusal(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """Errors of the provider are raised as they are."""
        keeper.answers["messages"] = AuthenticationError("wrong key")
        with pytest.raises(AuthenticationError, match="wrong key"):
            kept.messages(ORDER)
        assert isinstance(kept.ask_messages(ORDER, 60.0, another=False).exception(0), AuthenticationError)

    def test_a_keeper_that_does_not_read(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """It may read again: a wait goes on, as with a provider that is unavailable for a while."""
        keeper.answers["messages"] = KeeperNotResponding("it does not read")
        error = kept.ask_messages(ORDER, 60.0, another=False).exception(0)
        assert isinstance(error, ProviderUnavailable)
        assert (error.message, error.sent) == ("it does not read", False)
        with pytest.raises(ProviderUnavailable, match="it does not read"):
            kept.messages(ORDER)

    def test_no_keeper_any_more(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """A wait ends at once, and says that the order stays in the ledger."""
        keeper.answers["messages"] = GONE
        with pytest.raises(OtpError, match=r"^there is no keeper\. Its open orders stay in the ledger: "):
            OtpNumber(cast("Provider", kept), ORDER, sleep=lambda seconds: None).wait_code(60)

    def test_a_number_asks_for_another(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """A second wait has the keeper do the resend and the look in one request, once."""
        keeper.answers["messages"] = {"result": Messages(OrderState.RECEIVED, (SMS,))}
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                newer = SmsMessage("sms-2", None, "Your code is 111111", NOW, None)
                keeper.answers["messages"] = {"result": Messages(OrderState.RECEIVED, (SMS, newer))}

        number = OtpNumber(cast("Provider", kept), ORDER, sleep=sleep)
        assert [number.wait_code(LONG), number.wait_code(LONG)] == ["482913", "111111"]
        assert [asked["another"] for asked in keeper.asked] == [False, False, True, False][: len(keeper.asked)]
        assert True in [asked["another"] for asked in keeper.asked]

    def test_a_resend(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """By hand it is a request of its own, and its refusal is raised."""
        keeper.answers["resend"] = {}
        kept.resend(ORDER)
        assert keeper.asked == [{"op": "resend", "provider": 3, "key": self.key}]
        keeper.answers["resend"] = OrderEnded("over")
        with pytest.raises(OrderEnded, match="over"):
            kept.resend(ORDER)

    def test_an_order_that_was_placed_elsewhere(
        self, kept: KeeperProvider, keeper: StandIn, patience: Patience
    ) -> None:
        """The keeper gets the whole order: it has never heard of it."""
        keeper.answers["messages"] = {"result": Messages(OrderState.WAITING, ())}
        kept_by(keeper, patience).messages(ORDER)
        (asked,) = keeper.asked
        assert (asked["provider"], asked["order"]) == (3, ORDER)
        assert asked["key"] != self.key
        keeper.is_inherited = True
        kept.messages(ORDER)
        assert (keeper.asked[1]["key"], keeper.asked[1]["order"]) == (self.key, ORDER)


class TestCatalogue:
    """Calls that are about no order."""

    @pytest.mark.parametrize(
        ("method", "arguments", "result"),
        [
            ("balance", (), Balance(Decimal("12.5"), "USD", "someone")),
            ("countries", (), [Country("6", "Indonesia")]),
            ("operators", ("6",), [Operator("any", "Any")]),
            ("services", (None,), [Service("1", "Shop", None, None)]),
            ("services", ("6",), []),
            ("count", ("1", "6", None), 12),
        ],
    )
    def test_by_the_keeper(
        self, kept: KeeperProvider, keeper: StandIn, method: str, arguments: tuple[object, ...], result: object
    ) -> None:
        """The keeper calls the method, and its result is returned."""
        keeper.answers["call"] = {"result": result}
        assert getattr(kept, method)(*arguments) == result
        assert keeper.asked == [{"op": "call", "provider": 3, "method": method, "arguments": list(arguments)}]

    def test_no_answer(self, kept: KeeperProvider) -> None:
        """It is waited for no longer than the caller allows."""
        with (
            time_limit(0.05),
            pytest.raises(ProviderUnavailable, match=r"did not respond in time \(countries\)"),
        ):
            kept.countries()


class TestHandOn:
    """Closing in a teardown."""

    @pytest.fixture(autouse=True)
    def _ordered(self, kept: KeeperProvider, keeper: StandIn) -> None:
        kept.order("1", "6", None)
        keeper.asked.clear()

    @pytest.mark.parametrize(("received", "state"), [(True, OrderState.FINISHED), (False, OrderState.CANCELLED)])
    def test_at_once(self, kept: KeeperProvider, keeper: StandIn, received: bool, state: OrderState) -> None:
        """The keeper closes it, and tells the state."""
        keeper.answers["close"] = {"state": state.value}
        assert kept.hand_on(ORDER, received=received, timeout=5.0) is state
        (asked,) = keeper.asked
        assert (asked["op"], asked["received"]) == ("close", received)

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
    def test_a_slow_success(self, keeper: StandIn, took: float, left: float) -> None:
        """A successful close that takes more than a second uses up patience too, since it delays the run as well."""
        keeper.answers["close"] = {"state": "cancelled"}
        times = iter([10.0, 10.0 + took])
        patience = Patience(20.0)
        kept = kept_by(keeper, patience, clock=lambda: next(times))
        kept.order("1", "6", None)
        assert kept.hand_on(ORDER, received=False, timeout=5.0) is OrderState.CANCELLED
        assert patience.left == left

    def test_no_patience(self, kept: KeeperProvider, patience: Patience, keeper: StandIn) -> None:
        """Once it is used up, each further close is requested, but not waited for."""
        patience.spend(30.0)
        assert patience.left == 0.0
        assert kept.hand_on(ORDER, received=False, timeout=300.0) is None
        assert keeper.asked

    def test_a_keeper_that_does_not_read(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """It closes the order at its end, or its successor does."""
        keeper.answers["close"] = KeeperNotResponding("no")
        assert kept.hand_on(ORDER, received=False, timeout=5.0) is None

    def test_no_keeper_any_more(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """This process sends nothing: the teardown fails at once, and says what closes the order."""
        keeper.answers["close"] = GONE
        number = OtpNumber(cast("Provider", kept), ORDER, sleep=lambda seconds: None)
        with pytest.raises(OrderNotClosed) as caught:
            number.close(60.0)
        assert str(caught.value).endswith(
            ": the order could not be closed, and its number may still be rented: there is no keeper. Its open orders "
            "stay in the ledger: the next run, or `pytest-otp sweep`, closes them."
        )
        assert number.state == "waiting"
        assert len(keeper.asked) == 1


class TestExplicitClose:
    """`cancel` and `finish` of a number."""

    @pytest.mark.parametrize("operation", ["cancel", "finish"])
    def test_by_the_keeper(self, kept: KeeperProvider, keeper: StandIn, operation: str) -> None:
        """The keeper does it, since it knows whose order it is, and tells what became of the order."""
        keeper.answers[operation] = {"result": "ended"}
        assert getattr(kept, operation)(kept.order("1", "6", None)) is OrderState.ENDED
        ordered, closed = keeper.asked
        assert (closed["op"], closed["key"]) == (operation, ordered["key"])

    @pytest.mark.parametrize("operation", ["cancel", "finish"])
    def test_no_keeper_any_more(self, kept: KeeperProvider, keeper: StandIn, operation: str) -> None:
        """Nothing is sent, and the error says what closes the order."""
        keeper.answers[operation] = GONE
        number = OtpNumber(cast("Provider", kept), kept.order("1", "6", None), sleep=lambda seconds: None)
        with pytest.raises(OrderNotClosed, match=r"there is no keeper\. Its open orders stay in the ledger: "):
            getattr(number, operation)()

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
            pytest.raises(ProviderUnavailable, match=r"keeper process did not respond in time \(cancel\)"),
        ):
            kept.cancel(order)


class TestNews:
    """What this process hears itself, it tells the keeper."""

    def test_a_state(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """A state that became known by a push."""
        kept.set_state(kept.order("1", "6", None), OrderState.RECEIVED)
        key = keeper.asked[0]["key"]
        assert keeper.notified == [{"op": "state", "provider": 3, "key": key, "state": "received"}]

    def test_a_wait(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """How long, and for how many messages."""
        kept.count_wait(kept.order("1", "6", None), 1.5, 1)
        key = keeper.asked[0]["key"]
        assert keeper.notified == [{"op": "wait", "provider": 3, "key": key, "seconds": 1.5, "codes": 1}]

    def test_an_order_that_was_placed_elsewhere(self, kept: KeeperProvider, keeper: StandIn) -> None:
        """It is in no ledger of this run, so nobody is told."""
        kept.count_wait(ORDER, 1.5, 1)
        assert not keeper.notified


class TestForReal:
    """With a real side process."""

    @pytest.fixture
    def make(self, cepat: Cepat) -> Callable[..., KeeperProvider]:
        """Puts a keeper before a provider of the account."""

        def made(keeper: Keeper, answer_timeout: float = LONG) -> KeeperProvider:
            number = keeper.use("otpcepat", cepat.values, ())
            kind = cast("type[Provider]", OtpcepatProvider)
            return KeeperProvider(kind, lambda: (keeper, number), Patience(LONG), answer_timeout=answer_timeout)

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
        keeper = start()
        make(keeper).order("1", "6", None)  # so that the next one is on its way at once
        cepat.answering.clear()
        with pytest.raises(OrderUncertain, match="the keeper process did not respond in time"):
            order_number(make(keeper, answer_timeout=2.0), "1", "6")
        until(lambda: cepat.open == ["1", "2"])
        cepat.answering.set()
        until(lambda: [entry.state for entry in ledger.entries()] == ["waiting", "cancelled"])
        assert cepat.open == ["1"]

    def test_an_order_that_was_given_up(
        self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat
    ) -> None:
        """A keeper that was suspended meanwhile does not send it when it wakes up."""
        keeper = start()
        real = make(keeper)
        real.order("1", "6", None)
        assert keeper.side
        stop(keeper.side.pid)
        with pytest.raises(ProviderUnavailable, match="the keeper process did not respond, and nothing was ordered"):
            make(keeper, answer_timeout=0.05).order("1", "6", None)
        os.kill(keeper.side.pid, signal.SIGCONT)
        assert real.order("1", "6", None).id == "2"
        assert cepat.asked("get_order") == 2

    def test_no_keeper_any_more(
        self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat, ledger: Ledger
    ) -> None:
        """When the last keeper has died, this process sends nothing: its order stays open, in the ledger."""
        keeper = start(max_starts=1)
        real = make(keeper)
        number = order_number(real, "1", "6")
        killed(keeper)
        with pytest.raises(
            OtpError, match=r"^otpcepat, after .* s: the keeper process, .*, is not available \(it died"
        ):
            order_number(real, "1", "6")
        with pytest.raises(OrderNotClosed, match=r"it died once\)\. Its open orders stay in the ledger: "):
            number.close()
        assert cepat.log == ["get_order"]
        assert [entry.state for entry in ledger.entries()] == ["waiting"]

    def test_a_ledger_that_was_removed(
        self, start: Started, make: Callable[..., KeeperProvider], cepat: Cepat, ledger_path: Path
    ) -> None:
        """A successor that finds no trace of an order in the ledger closes it: its owner knows it."""
        keeper = start()
        with order_number(make(keeper), "1", "6") as number:
            for path in ledger_path.parent.glob("ledger.sqlite3*"):
                if path.is_file():
                    path.unlink()
            killed(keeper)
        assert number.state is OrderState.CANCELLED
        assert not cepat.open
