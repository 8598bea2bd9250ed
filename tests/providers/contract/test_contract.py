"""What every provider must do alike: one suite, run against each of them on the same offline phone network."""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import pytest

from pytest_otp.errors import (
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderEnded,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
    Unsupported,
)
from pytest_otp.phone import read
from pytest_otp.providers.base import Messages, Order, OrderState, Provider, SupportsPush
from tests.providers.contract.conftest import Start, World

T = TypeVar("T")


def texts(heard: Messages) -> list[str]:
    return [message.text for message in heard.sms]


def test_the_protocol_is_whole(world: World) -> None:
    """Each provider has every operation, with the protocol's own arguments, its name, and well-formed variables."""
    for name, operation in inspect.getmembers(Provider, inspect.isfunction):
        if name.startswith("_"):
            continue
        wanted = list(inspect.signature(operation).parameters)[1:]
        assert list(inspect.signature(getattr(world.provider, name)).parameters) == wanted, name
    assert all(variable.name.isupper() and variable.help for variable in world.provider.variables)


class TestOrdering:
    """From a wish to a number."""

    def test_an_order_tells_all(self, world: World) -> None:
        """Id, a number of the country that was asked for, what was asked for, a price that is exact or none."""
        order = world.order()
        assert order.id
        assert read(order.number, order.region).region == world.region
        assert (order.service, order.country, order.operator) == (world.service, world.country, None)
        assert order.price is None or isinstance(order.price, Decimal)
        assert (order.price is None) == (order.currency is None)
        assert order.ordered_at.utcoffset() is not None

    def test_orders_differ(self, world: World) -> None:
        """No two orders share id or number."""
        orders = [world.order() for _ in range(5)]
        assert len({order.id for order in orders}) == len({order.number for order in orders}) == 5

    @pytest.mark.parametrize("country", ["TJ", "tj", "Tajikistan", "TAJIKISTAN", "Tadschikistan", "Таджикистан"])
    def test_countries_by_what_people_call_them(self, world: World, country: str) -> None:
        """ISO code and name in any language lead to the provider's own id, and to the region."""
        order = world.provider.order(world.service, country, None)
        assert (order.country, order.region) == (world.country, world.region)

    def test_an_unknown_country_is_refused(self, world: World) -> None:
        """A country that is none rents nothing."""
        with pytest.raises((InvalidRequest, NumberUnavailable)):
            world.provider.order(world.service, "Atlantis", None)
        assert world.carrier.lines == ()

    def test_a_missing_service_is_a_setting(self, world: World) -> None:
        """Only the offline provider needs none."""
        if world.provider.name == "fake":
            assert world.provider.order(None, None, None).service is None
            return
        with pytest.raises(SettingsError, match=f"provider {world.provider.name} needs a service"):
            world.provider.order(None, world.country, None)
        assert world.carrier.lines == ()

    def test_an_operator_is_passed_on(self, world: World) -> None:
        """An operator of the country's list can be asked for, and the order has it."""
        operator = world.provider.operators(world.country)[-1].id
        assert world.provider.order(world.service, world.country, operator).operator == operator


class TestMessages:
    """What an order received."""

    def test_nothing_at_first(self, world: World) -> None:
        """A fresh order waits and has no message."""
        assert world.provider.messages(world.order()) == Messages(OrderState.WAITING, ())

    def test_an_sms_shows(self, world: World) -> None:
        """Its text is whole, line breaks and alphabets included; its time has a zone; no repr shows it."""
        order, text = world.order(), 'Код 905526,\n"ваш" <b>пароль</b> 🙂 / \\ %41 &amp;'
        world.deliver(order, text)
        heard = world.provider.messages(order)
        assert (heard.state, texts(heard)) == (OrderState.RECEIVED, [text])
        (message,) = heard.sms
        assert message.sender in ("Acme", None)
        assert message.received_at is not None
        assert message.received_at.utcoffset() is not None
        assert "905526" not in repr(heard)

    def test_looking_changes_nothing(self, world: World) -> None:
        """The same message has the same id at each look."""
        order = world.order()
        world.deliver(order, "code 1111")
        looks = [world.provider.messages(order) for _ in range(3)]
        assert len({look.sms[0].id for look in looks}) == 1
        assert all(len(look.sms) == 1 for look in looks)

    @pytest.mark.parametrize("second", ["code 2222", "code 1111"], ids=["another", "the same again"])
    def test_a_second_sms_after_a_resend(self, world: World, second: str) -> None:
        """Another SMS is expected, comes, and is a message of its own after the first one, though its text be equal."""
        order = world.order()
        world.deliver(order, "code 1111")
        world.provider.messages(order)
        world.provider.resend(order)
        for _ in range(2):
            assert texts(world.provider.messages(order)) == ["code 1111"]
            world.wait(5)
        world.deliver(order, second)
        heard = world.provider.messages(order)
        assert texts(heard) == ["code 1111", second]
        assert len({message.id for message in heard.sms}) == 2
        assert [message.id for message in world.provider.messages(order).sms] == [message.id for message in heard.sms]

    def test_orders_have_messages_of_their_own(self, world: World) -> None:
        """What is sent to one number does not show at another."""
        one, other = world.order(), world.order()
        world.deliver(one, "code 1111")
        assert texts(world.provider.messages(one)) == ["code 1111"]
        assert texts(world.provider.messages(other)) == []

    def test_an_sms_for_later_shows_later(self, world: World) -> None:
        """The carrier's clock decides what has come."""
        order = world.order()
        world.carrier.deliver("+" + order.number, "code 1111", after=3)
        assert texts(world.provider.messages(order)) == []
        world.wait(3)
        assert texts(world.provider.messages(order)) == ["code 1111"]


class TestClosing:
    """After it nothing is rented."""

    def test_cancel(self, world: World) -> None:
        """An order without SMS is cancelled: the number is free and the order has ended."""
        order = world.order()
        world.provider.cancel(order)
        assert world.carrier.lines == ()
        assert world.provider.messages(order).state is OrderState.ENDED

    def test_finish(self, world: World) -> None:
        """An order with an SMS is finished: the number is free and the order has ended."""
        order = world.order()
        world.deliver(order, "code 1111")
        world.provider.messages(order)
        world.provider.finish(order)
        assert world.carrier.lines == ()
        assert world.provider.messages(order).state is OrderState.ENDED

    def test_a_cancel_that_comes_too_late(self, world: World) -> None:
        """With an SMS there, seen or not, the cancel says so, names the order, and the finish works."""
        order = world.order()
        world.deliver(order, "code 1111")
        with pytest.raises(SmsAlreadyReceived) as caught:
            world.provider.cancel(order)
        assert (caught.value.provider, caught.value.order_id) == (world.provider.name, order.id)
        world.provider.finish(order)
        assert world.carrier.lines == ()

    @pytest.mark.parametrize("first", ["cancel", "finish"])
    @pytest.mark.parametrize("second", ["cancel", "finish"])
    def test_closing_again(self, world: World, first: str, second: str) -> None:
        """It is over, which a provider without states cannot say: it refuses."""
        order = world.order()
        assert getattr(world.provider, first)(order) is None
        states = {"cancel": OrderState.CANCELLED, "finish": OrderState.FINISHED}
        reports_state = getattr(world.provider, "reports_state", True)
        with contextlib.nullcontext() if reports_state else pytest.raises(InvalidRequest):
            assert getattr(world.provider, second)(order) is states[first]
        assert world.carrier.lines == ()

    @pytest.mark.parametrize("close", ["cancel", "finish"])
    def test_one_close_leaves_the_others(self, world: World, close: str) -> None:
        """The other order of the account goes on."""
        one, other = world.order(), world.order()
        getattr(world.provider, close)(one)
        world.deliver(other, "code 1111")
        assert texts(world.provider.messages(other)) == ["code 1111"]

    def test_a_resend_of_a_closed_order(self, world: World) -> None:
        """It does nothing, or says that the order has ended."""
        order = world.order()
        world.provider.cancel(order)
        with contextlib.suppress(OrderEnded):
            world.provider.resend(order)
        assert world.provider.messages(order).state is OrderState.ENDED

    @pytest.mark.parametrize("call", ["messages", "cancel", "finish"])
    def test_an_order_of_nobody(self, world: World, call: str) -> None:
        """An id that the provider never gave is an error of its own, or an order that has ended; never an open one."""
        order = world.order()
        stranger = Order("0" * 32, order.number, None, None, None, None, None, order.ordered_at)
        with contextlib.suppress(ProviderError):
            heard = getattr(world.provider, call)(stranger)
            assert getattr(heard, "state", heard) is OrderState.ENDED
        assert len(world.carrier.lines) == 1


class TestCatalogues:
    """What can be ordered."""

    def test_countries(self, world: World) -> None:
        """Each has an id of its own and a name; the one that is ordered here is among them."""
        countries = world.provider.countries()
        assert len({country.id for country in countries}) == len(countries) > 0
        assert all(country.name for country in countries)
        assert world.country in {country.id for country in countries}

    def test_operators(self, world: World) -> None:
        """The country has at least one."""
        assert all(operator.id and operator.name for operator in world.provider.operators(world.country))
        assert world.provider.operators(world.country)

    @pytest.mark.parametrize("of_a_country", [True, False])
    def test_services(self, world: World, of_a_country: bool) -> None:
        """Each has an id, a name, and a price that is exact; the offline provider lists none, since any will do."""
        services = world.provider.services(world.country if of_a_country else None)
        assert len({service.id for service in services}) == len(services)
        assert (services == []) == (world.provider.name == "fake")
        for service in services:
            assert service.name
            assert isinstance(service.price, Decimal)
            assert service.currency

    def test_count(self, world: World) -> None:
        """A number, or no such operation."""
        with contextlib.suppress(Unsupported):
            assert world.provider.count(world.service, world.country, None) > 0

    def test_balance(self, world: World) -> None:
        """Exact, and with its currency."""
        balance = world.provider.balance()
        assert isinstance(balance.amount, Decimal)
        assert len(balance.currency or "") == 3


# What the providers' documents have no word for is told with the nearest one that they have.
REFUSED: dict[tuple[str, str], type[OtpError]] = {
    ("fake", "no-numbers"): NumberUnavailable,
    ("otpcepat", "no-numbers"): InvalidRequest,
    ("otpvirt", "no-numbers"): NumberUnavailable,
    ("fake", "no-balance"): InsufficientBalance,
    ("otpcepat", "no-balance"): InsufficientBalance,
    ("otpvirt", "no-balance"): InvalidRequest,
}


class TestScenarios:
    """The same trouble looks alike."""

    @pytest.mark.parametrize("course", ["no-numbers", "no-balance"])
    def test_a_refused_order(self, start: Start, course: str) -> None:
        """The refusal is of its kind, and nothing is rented."""
        world = start(course)
        with pytest.raises(REFUSED[world.provider.name, course]):
            world.order()
        assert world.carrier.lines == ()

    def test_down(self, start: Start) -> None:
        """A provider that does not answer is ProviderUnavailable for a read; an order is that or uncertain."""
        world = start("down")
        with pytest.raises(ProviderUnavailable):
            world.provider.balance()
        with pytest.raises((ProviderUnavailable, OrderUncertain)):
            world.order()

    def test_auto(self, start: Start) -> None:
        """A moment after the order comes an SMS by itself."""
        world = start("auto")
        order = world.order()
        world.wait(5)
        assert world.provider.messages(order).state is OrderState.RECEIVED

    def test_flaky(self, start: Start) -> None:
        """Now and then a look fails in passing; the SMS shows all the same, and the order can be closed."""
        world = start("flaky")
        order = world.order()
        world.wait(5)
        heard = patiently(lambda: world.provider.messages(order))
        assert len(heard.sms) == 1
        patiently(lambda: world.provider.finish(order))
        assert world.carrier.lines == ()

    def test_cancelled(self, start: Start) -> None:
        """An order that the provider ends has ended; closing it is refused, with its state if the provider has any."""
        world = start("cancelled")
        order = world.order()
        world.wait(5)
        assert world.provider.messages(order).state is OrderState.ENDED
        with (
            contextlib.nullcontext()
            if getattr(world.provider, "reports_state", True)
            else pytest.raises(InvalidRequest)
        ):
            assert world.provider.cancel(order) in (OrderState.CANCELLED, OrderState.ENDED)

    def test_cancel_refused(self, start: Start) -> None:
        """An SMS that comes just as the order is cancelled: finish it."""
        world = start("cancel-refused")
        order = world.order()
        with pytest.raises(SmsAlreadyReceived):
            world.provider.cancel(order)
        assert len(world.provider.messages(order).sms) == 1
        world.provider.finish(order)
        assert world.carrier.lines == ()


def patiently(call: Callable[[], T]) -> T:
    """What the call returns once it does: what a waiting loop and a close do."""
    for _ in range(20):
        with contextlib.suppress(ProviderUnavailable):
            return call()
    pytest.fail("never answered")


def test_threads(world: World) -> None:
    """Six threads that order, receive and close at the same time see each its own SMS, and leave nothing rented."""
    wrong: list[object] = []

    def work(name: int) -> None:
        try:
            order = world.order()
            world.deliver(order, f"code {name}")
            heard = world.provider.messages(order)
            if texts(heard) != [f"code {name}"]:
                wrong.append(heard)
            world.provider.finish(order)
        except OtpError as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(1000 + name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert world.carrier.lines == ()


def test_push(world: World) -> None:
    """Who tells by itself when a message comes tells it for this order only, and not after the end."""
    if not isinstance(world.provider, SupportsPush):
        assert world.provider.name in ("otpcepat", "otpvirt")
        return
    one, other = world.order(), world.order()
    told: list[float] = []
    unsubscribe = world.provider.subscribe(one, told.append)
    world.deliver(other, "code 2222")
    world.deliver(one, "code 1111")
    world.carrier.deliver("+" + one.number, "code 3333", after=4)
    unsubscribe()
    world.deliver(one, "code 4444")
    assert told == [0.0, 4.0]
