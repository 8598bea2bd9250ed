"""The fake provider: the desk behind the Provider protocol, its errors and hints, and how it wakes who waits."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import phonenumbers
import pytest

from pytest_otp.errors import (
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderEnded,
    OrderNotFound,
    ProviderUnavailable,
    SettingsError,
    SmsAlreadyReceived,
)
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import RentalDesk
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.offline.scenarios import SCENARIOS, scenario
from pytest_otp.providers.base import Balance, Country, Operator, Order, Provider, SupportsPush
from pytest_otp.providers.registry import load
from tests.scripted import Time as Clock


@pytest.fixture
def fake(carrier: Carrier) -> FakeProvider:
    """The provider under the scenario manual."""
    return FakeProvider(RentalDesk(carrier, scenario=scenario("manual")))


def order(fake: FakeProvider, country: str | None = None) -> Order:
    return fake.order("Telegram", country, None)


def state(fake: FakeProvider, rented: Order) -> str:
    return str(fake.messages(rented).state)


def texts(fake: FakeProvider, rented: Order) -> list[str]:
    return [message.text for message in fake.messages(rented).sms]


def test_it_is_a_provider(fake: FakeProvider) -> None:
    """It satisfies both protocols, is found by its name, and needs no credentials."""
    provider: Provider = fake
    assert isinstance(provider, SupportsPush)
    assert load("fake") is FakeProvider
    assert (fake.name, fake.variables) == ("fake", ())


# Orders


def test_an_order(fake: FakeProvider, carrier: Carrier) -> None:
    """An order is free, in the currency for tests, and its number is digits of a line that the carrier holds."""
    rented = fake.order("Telegram", "GB", "o2")
    (line,) = carrier.lines
    assert "+" + rented.number == line.e164
    assert (rented.service, rented.country, rented.operator, rented.region) == ("Telegram", "GB", "o2", "GB")
    assert (rented.price, rented.currency) == (Decimal(0), "XTS")
    assert abs(datetime.now(timezone.utc) - rented.ordered_at) < timedelta(seconds=10)
    assert fake.order(None, "GB", None).id != rented.id


def test_an_order_for_nothing_in_particular(fake: FakeProvider) -> None:
    """Service, country and operator may be left out; the country is then the United States."""
    rented = fake.order(None, None, None)
    assert (rented.service, rented.country, rented.operator, rented.region) == (None, "US", None, "US")
    assert re.fullmatch(r"1[2-9]\d\d55501\d\d", rented.number)


@pytest.mark.parametrize(
    ("country", "region"), [("de", "DE"), ("Germany", "DE"), ("Allemagne", "DE"), (" INDONESIA ", "ID"), ("UK", "GB")]
)
def test_countries_by_any_name(fake: FakeProvider, country: str, region: str) -> None:
    """A country is understood by its code and by its name in any language."""
    rented = order(fake, country)
    assert rented.region == region
    assert phonenumbers.region_code_for_number(phonenumbers.parse("+" + rented.number)) == region


@pytest.mark.parametrize(
    "call",
    [
        lambda fake: fake.order(None, "Atlantis", None),
        lambda fake: fake.operators("Atlantis"),
        lambda fake: fake.services("Atlantis"),
        lambda fake: fake.count("Telegram", "Atlantis", None),
    ],
    ids=["order", "operators", "services", "count"],
)
def test_an_unknown_country(fake: FakeProvider, carrier: Carrier, call: Callable[[FakeProvider], object]) -> None:
    """A country that is none is quoted, with what is allowed, and no number is taken."""
    with pytest.raises(InvalidRequest) as caught:
        call(fake)
    assert str(caught.value) == (
        "fake: unknown country 'Atlantis'. Use an ISO 3166 code (US, GB, DE) or a country's name in any language."
    )
    assert carrier.lines == ()


def test_messages(fake: FakeProvider, carrier: Carrier, clock: Clock) -> None:
    """Messages come with sender, text, time and an id of their own, without a code, oldest first."""
    rented = order(fake)
    assert (state(fake, rented), texts(fake, rented)) == ("waiting", [])
    carrier.deliver(rented.number, "later", after=2)
    carrier.deliver(rented.number, "now", sender="Shop")
    clock.now += 2
    heard = fake.messages(rented)
    assert heard.state == "received"
    assert [(sms.sender, sms.text, sms.code) for sms in heard.sms] == [("Shop", "now", None), (None, "later", None)]
    assert [sms.id for sms in heard.sms] == [sms.id for sms in carrier.lines[0].messages()]
    assert [sms.received_at for sms in heard.sms] == [sms.received_at for sms in carrier.lines[0].messages()]


def test_resend(fake: FakeProvider, carrier: Carrier) -> None:
    """A resend is accepted where nothing comes by itself; the number simply goes on receiving."""
    rented = order(fake)
    carrier.deliver(rented.number, "one")
    fake.resend(rented)
    assert state(fake, rented) == "waiting"
    carrier.deliver(rented.number, "two")
    assert (state(fake, rented), texts(fake, rented)) == ("received", ["one", "two"])


def test_cancel(fake: FakeProvider, carrier: Carrier) -> None:
    """A cancelled order has ended, and its number receives no more; cancelling or finishing it again is no error."""
    rented = order(fake)
    fake.cancel(rented)
    fake.cancel(rented)
    fake.finish(rented)
    assert state(fake, rented) == "ended"
    assert carrier.lines == ()


def test_finish(fake: FakeProvider, carrier: Carrier) -> None:
    """A finished order has ended and still shows its messages; finishing or cancelling it again is no error."""
    rented = order(fake)
    carrier.deliver(rented.number, "hello")
    fake.finish(rented)
    fake.finish(rented)
    fake.cancel(rented)
    assert (state(fake, rented), texts(fake, rented)) == ("ended", ["hello"])
    assert carrier.lines == ()


def test_a_cancel_that_comes_too_late(fake: FakeProvider, carrier: Carrier) -> None:
    """An order that has received cannot be cancelled; the error says what to do instead."""
    rented = order(fake)
    carrier.deliver(rented.number, "hello")
    with pytest.raises(SmsAlreadyReceived) as caught:
        fake.cancel(rented)
    assert str(caught.value) == f"fake, order {rented.id}: an SMS has arrived. Finish the order instead."
    assert state(fake, rented) == "received"


def test_a_resend_after_the_end(fake: FakeProvider) -> None:
    """No further SMS can be asked for once the order is closed."""
    rented = order(fake)
    fake.cancel(rented)
    with pytest.raises(OrderEnded) as caught:
        fake.resend(rented)
    assert str(caught.value) == f"fake, order {rented.id}: the order is already closed. Order another number."


@pytest.mark.parametrize("call", ["messages", "resend", "cancel", "finish"])
def test_an_unknown_order(fake: FakeProvider, call: str) -> None:
    """An order of somebody else's is not found, by any call."""
    strange = replace(order(fake), id="0f9aa28a-125e-4f61-ac48-3d3a48b404a5")
    with pytest.raises(OrderNotFound, match="fake, order 0f9aa28a-125e-4f61-ac48-3d3a48b404a5: no such order"):
        getattr(fake, call)(strange)
    with pytest.raises(OrderNotFound):
        fake.subscribe(strange, lambda seconds: None)


# Catalogues


def test_the_account(fake: FakeProvider) -> None:
    """The account holds nothing, in the currency for tests."""
    assert fake.balance() == Balance(Decimal(0), "XTS")


def test_catalogues(fake: FakeProvider) -> None:
    """All of phonenumbers' regions, one operator for all, no list of services, and numbers enough."""
    countries = fake.countries()
    assert {country.id for country in countries} == set(phonenumbers.SUPPORTED_REGIONS)
    assert Country("ID", "Indonesia") in countries
    assert fake.operators("ID") == [Operator("any", "any")]
    assert fake.services("ID") == fake.services(None) == []
    assert fake.count("Telegram", "ID", None) == 1_000_000


def test_every_listed_country_can_be_ordered(fake: FakeProvider) -> None:
    """What the list of countries says is understood when it is ordered: the ids all of them."""
    for country in fake.countries():
        assert fake.operators(country.id) == [Operator("any", "any")]


# Push


def test_a_waiting_thread_is_woken_at_once() -> None:
    """Before deliver() returns, a thread that sleeps on the order has been told that the message is there."""
    carrier = Carrier(seed=1)
    fake = FakeProvider(RentalDesk(carrier, scenario=scenario("manual")))
    rented = order(fake)
    told = threading.Event()
    found: list[str] = []

    def wait() -> None:
        if told.wait(timeout=30):
            found.extend(texts(fake, rented))

    fake.subscribe(rented, lambda seconds: told.set())
    waiting = threading.Thread(target=wait)
    waiting.start()
    carrier.deliver(rented.number, "hello")
    assert told.is_set()
    waiting.join(timeout=30)
    assert found == ["hello"]


def test_push_tells_the_delay(fake: FakeProvider, carrier: Carrier, clock: Clock) -> None:
    """A subscriber is told what is on its way already, what comes later, and no more after it has unsubscribed."""
    told: list[float] = []
    rented = order(fake)
    carrier.deliver(rented.number, "on its way", after=5)
    clock.now += 1
    unsubscribe = fake.subscribe(rented, told.append)
    carrier.deliver(rented.number, "later", after=2.5)
    carrier.deliver(rented.number, "now")
    unsubscribe()
    carrier.deliver(rented.number, "unheard")
    assert told == [4, 2.5, 0]


@pytest.mark.parametrize("close", ["cancel", "finish"])
def test_push_tells_the_end(fake: FakeProvider, close: str) -> None:
    """Who waits for an order that another thread closes is told at once."""
    told: list[tuple[float, str]] = []
    rented = order(fake)
    fake.subscribe(rented, lambda seconds: told.append((seconds, state(fake, rented))))
    getattr(fake, close)(rented)
    assert told == [(0, "ended")]


@pytest.mark.parametrize(
    ("name", "delays"),
    [("auto", [0.05]), ("late", [5]), ("duplicate", [0.05, 0.25]), ("flaky", [1]), ("cancelled", [0.2])],
)
def test_push_tells_what_the_scenario_has_scheduled(fake: FakeProvider, name: str, delays: list[float]) -> None:
    """What was scheduled with the order is told to who subscribes after it, the provider's own end included."""
    told: list[float] = []
    other = fake.with_scenario(name)
    other.subscribe(order(other), told.append)
    assert told == pytest.approx(delays)


# Scenarios


def test_with_scenario(fake: FakeProvider, carrier: Carrier, clock: Clock) -> None:
    """Another scenario is for its own orders; numbers and orders are shared."""
    auto = fake.with_scenario("auto")
    by_itself, by_hand = order(auto), order(fake)
    clock.now += 1
    assert len(texts(fake, by_itself)) == 1
    assert texts(auto, by_hand) == []
    assert len(carrier.lines) == 2


def test_with_an_unknown_scenario(fake: FakeProvider) -> None:
    """A scenario that does not exist is a mistake in the settings."""
    with pytest.raises(SettingsError, match=r"--otp-fake .* unknown scenario 'sometimes'"):
        fake.with_scenario("sometimes")


def test_auto(fake: FakeProvider, clock: Clock) -> None:
    """An SMS with a code comes, and another one after each resend."""
    auto = fake.with_scenario("auto")
    rented = order(auto)
    clock.now += 0.05
    (text,) = texts(auto, rented)
    assert re.fullmatch(r"Your Telegram code is \d{6}\. Do not share it with anyone\.", text)
    auto.resend(rented)
    clock.now += 0.05
    assert len(texts(auto, rented)) == 2


def test_never(fake: FakeProvider, carrier: Carrier) -> None:
    """What is sent is dropped."""
    never = fake.with_scenario("never")
    rented = order(never)
    carrier.deliver(rented.number, "hello")
    assert (state(never, rented), texts(never, rented)) == ("waiting", [])


def test_no_numbers(fake: FakeProvider) -> None:
    """No number is free; the error and the count say so."""
    empty = fake.with_scenario("no-numbers")
    with pytest.raises(NumberUnavailable, match="fake: no numbers available in ID"):
        order(empty, "ID")
    assert empty.count("Telegram", "ID", None) == 0


def test_no_balance(fake: FakeProvider) -> None:
    """The order is refused for want of money."""
    with pytest.raises(InsufficientBalance, match="fake: the balance is too low"):
        order(fake.with_scenario("no-balance"))


def test_down(fake: FakeProvider, carrier: Carrier) -> None:
    """No call gets an answer, the order neither; the error says that this is on purpose."""
    rented = order(fake)
    down = fake.with_scenario("down")
    calls: list[Callable[[], object]] = [
        *(lambda: order(down), lambda: down.messages(rented), lambda: down.resend(rented)),
        *(lambda: down.cancel(rented), lambda: down.finish(rented), down.balance, down.countries),
        *(lambda: down.operators("US"), lambda: down.services(None), lambda: down.count("Telegram", "US", None)),
    ]
    for call in calls:
        with pytest.raises(ProviderUnavailable) as caught:
            call()
        assert str(caught.value) == (
            "fake: the provider reset the connection. The scenario down does this on purpose: the provider does not "
            "respond."
        )
        assert (caught.value.sent, caught.value.http_status, caught.value.retry_after) == (True, None, None)
    assert len(carrier.lines) == 1


def test_flaky_looks(fake: FakeProvider) -> None:
    """Looking for messages fails now and then, in each of three ways, and works the next time."""
    flaky = fake.with_scenario("flaky")
    rented = order(flaky)
    seen = set()
    for _ in range(100):
        try:
            flaky.messages(rented)
        except ProviderUnavailable as trouble:
            seen.add((trouble.message, trouble.http_status, trouble.retry_after))
            flaky.messages(rented)
    assert seen == {
        ("the provider responded with 502 Bad Gateway", 502, None),
        ("the provider responded with 429 Too Many Requests", 429, 1.0),
        ("the provider reset the connection", None, None),
    }


def test_flaky_calls_that_are_repeated(fake: FakeProvider) -> None:
    """Every other call gets its answer, as with a real provider: there the HTTP client asks again. So does an order."""
    flaky = fake.with_scenario("flaky")
    for _ in range(50):
        rented = order(flaky)
        flaky.resend(rented)
        flaky.cancel(rented)
        assert flaky.count("Telegram", "US", None) == 1_000_000


def test_cancelled(fake: FakeProvider, clock: Clock) -> None:
    """The provider ends the order; closing it then is no error."""
    cancelled = fake.with_scenario("cancelled")
    rented = order(cancelled)
    assert state(cancelled, rented) == "waiting"
    clock.now += 0.2
    assert state(cancelled, rented) == "ended"
    cancelled.cancel(rented)
    cancelled.finish(rented)


def test_cancel_refused(fake: FakeProvider) -> None:
    """The cancel is refused since an SMS comes with it; finishing works."""
    refusing = fake.with_scenario("cancel-refused")
    rented = order(refusing)
    with pytest.raises(SmsAlreadyReceived):
        refusing.cancel(rented)
    assert len(texts(refusing, rented)) == 1
    refusing.finish(rented)
    assert state(refusing, rented) == "ended"


def test_the_hint_of_manual(fake: FakeProvider) -> None:
    """Who waited in vain where nothing comes by itself learns the three ways to get an SMS."""
    assert fake.timeout_hint(order(fake)) == (
        "In the scenario manual, no SMS arrives by itself: call otp_carrier.deliver(number, text), "
        "point the application at otp_gateway, or run with --otp-fake auto."
    )


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "manual"])
def test_the_hint_of_other_scenarios(fake: FakeProvider, name: str) -> None:
    """Who waited in vain in another scenario learns its name and what it does, unless SMS came and were skipped."""
    rented = order(fake)
    other = fake.with_scenario(name)
    assert other.timeout_hint(rented) == f"The fake provider runs the scenario {name}: {SCENARIOS[name].help}."
    assert other.timeout_hint(rented, skipped=True) == ""


@pytest.mark.parametrize("scenario", ["manual", "auto"])
@pytest.mark.parametrize("skipped", [False, True])
def test_a_witness_is_asked(fake: FakeProvider, carrier: Carrier, scenario: str, skipped: bool) -> None:
    """A gateway says what it saw since the order: all of it where SMS come from nowhere else, else what went wrong."""
    asked: list[tuple[str, float, bool]] = []

    def witness(number: str, since: float, only_troubles: bool) -> str:
        asked.append((number, since, only_troubles))
        return "The application asked for verify.example.com (blocked)."

    rented = order(fake)
    carrier.witnesses.append(witness)
    hint = fake.with_scenario(scenario).timeout_hint(rented, skipped=skipped)
    assert hint.startswith("The application asked for verify.example.com (blocked).")
    line = carrier.lines[0]
    assert asked == [(line.e164, line.since, skipped or scenario == "auto")]


def test_strays_since_the_order(fake: FakeProvider, carrier: Carrier, clock: Clock) -> None:
    """SMS to numbers that no test holds are named if they came after the order, and no witness names them."""
    carrier.submit("+12015550100", "before")
    clock.now += 1
    rented = order(fake)
    carrier.submit("+12015550101", "after")
    carrier.submit("+12015550102", "after")
    carrier.witnesses.append(lambda *about: "SMS went to +12015550102.")
    assert fake.timeout_hint(rented) == (
        "SMS went to +12015550102. SMS arrived for numbers that no test holds: +12015550101."
    )
