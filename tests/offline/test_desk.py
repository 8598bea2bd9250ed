"""The offline rental desk: orders and every scenario, on a clock of the tests' own."""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from pytest_otp.errors import InvalidRequest, SettingsError
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import Refused, Rental, RentalDesk
from pytest_otp.offline.scenarios import SCENARIOS, scenario
from pytest_otp.providers.base import OrderState
from tests.scripted import Time as Clock

ALL = (
    *("manual", "auto", "late", "never", "duplicate", "no-code", "no-numbers", "no-balance", "down", "flaky"),
    *("cancelled", "cancel-refused"),
)
THAT_RENT = tuple(name for name in ALL if name not in ("no-numbers", "no-balance"))


@pytest.fixture
def desk(carrier: Carrier) -> RentalDesk:
    """A desk where nothing comes by itself."""
    return RentalDesk(carrier, scenario=scenario("manual"))


def desk_of(carrier: Carrier, name: str, sms_after: float | None = None) -> RentalDesk:
    return RentalDesk(carrier, scenario=scenario(name), sms_after=sms_after)


def texts(rental: Rental) -> list[str]:
    return [message.text for message in rental.messages()]


def state(rental: Rental) -> str:
    return str(rental.state)


def refusal(call: object, *arguments: object) -> str:
    assert callable(call)
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value.reason


# Scenarios as data


def test_the_scenarios() -> None:
    """The documented names are all there, in their order, each with one line of help."""
    assert tuple(SCENARIOS) == ALL
    for name, each in SCENARIOS.items():
        assert each.name == name
        assert scenario(name) is each
        assert re.fullmatch(r"\S.{10,60}\S", each.help)


def test_an_unknown_scenario() -> None:
    """The error names the option, the variable, and every scenario."""
    with pytest.raises(SettingsError) as caught:
        scenario("sometimes")
    allowed = ", ".join(ALL)
    assert str(caught.value) == (f"--otp-fake (PYTEST_OTP_FAKE): unknown scenario 'sometimes'. Choose from: {allowed}.")


# Orders


def test_an_order(carrier: Carrier, desk: RentalDesk) -> None:
    """An order holds what it was ordered with, and a number of its region."""
    rental = desk.order("GB", service="Telegram", country="16", operator="o2")
    assert UUID(rental.id).version == 4
    assert rental.line in carrier.lines
    assert rental.line.region == "GB"
    assert (rental.service, rental.country, rental.operator) == ("Telegram", "16", "o2")
    assert abs(datetime.now(timezone.utc) - rental.ordered_at) < timedelta(seconds=10)
    assert (rental.state, rental.resends, desk.messages(rental)) == (OrderState.WAITING, 0, ())
    assert desk.find(rental.id) is rental
    assert desk.rentals == (rental,)


def test_an_order_of_an_unknown_region(desk: RentalDesk) -> None:
    """A region that phonenumbers does not know is an error of its own, and no order."""
    with pytest.raises(InvalidRequest, match="unknown region 'XX'"):
        desk.order("XX")
    assert desk.rentals == ()


def test_an_order_where_numbers_have_run_out(carrier: Carrier, desk: RentalDesk) -> None:
    """When the carrier has no number left, the desk has none either."""
    for _ in range(1000):
        carrier.allocate("TA")
    assert refusal(desk.order, "TA") == "no-numbers"


def test_an_unknown_order(desk: RentalDesk) -> None:
    """The desk does not know an order that it did not take."""
    assert refusal(desk.find, "0f9aa28a-125e-4f61-ac48-3d3a48b404a5") == "unknown"


def test_an_order_may_have_its_own_scenario(carrier: Carrier, desk: RentalDesk) -> None:
    """One desk serves orders of different scenarios side by side."""
    silent = desk.order("US", scenario=scenario("never"))
    plain = desk.order("US")
    for rental in (silent, plain):
        carrier.deliver(rental.line, "hello")
    assert texts(silent) == []
    assert texts(plain) == ["hello"]
    with pytest.raises(Refused, match="no-balance"):
        desk.order("US", scenario=scenario("no-balance"))


def test_states(carrier: Carrier, desk: RentalDesk, clock: Clock) -> None:
    """An order waits, has received, waits again after a resend, and has received with the next SMS."""
    rental = desk.order("US")
    carrier.deliver(rental.line, "one", after=1)
    assert state(rental) == "waiting"
    clock.now += 1
    assert state(rental) == "received"
    desk.resend(rental)
    assert (rental.state, rental.resends, texts(rental)) == (OrderState.WAITING, 1, ["one"])
    carrier.deliver(rental.line, "one")
    assert (rental.state, texts(rental)) == (OrderState.RECEIVED, ["one", "one"])


def test_cancel(carrier: Carrier, desk: RentalDesk) -> None:
    """A cancelled order gives its number back, tells who waits, and is closed for everything else."""
    told: list[float] = []
    rental = desk.order("US")
    rental.line.subscribe(told.append)
    desk.cancel(rental)
    assert state(rental) == "cancelled"
    assert carrier.lines == ()
    assert told == [0]
    assert [refusal(call, rental) for call in (desk.cancel, desk.finish, desk.resend)] == ["closed"] * 3
    assert (rental.state, rental.resends) == (OrderState.CANCELLED, 0)


def test_a_cancel_that_comes_too_late(carrier: Carrier, desk: RentalDesk) -> None:
    """An order that has received cannot be cancelled, not after a resend either, and stays open."""
    rental = desk.order("US")
    carrier.deliver(rental.line, "hello")
    assert refusal(desk.cancel, rental) == "sms-received"
    assert state(rental) == "received"
    desk.resend(rental)
    assert refusal(desk.cancel, rental) == "sms-received"
    assert rental.line in carrier.lines


def test_an_sms_on_its_way_does_not_hinder_a_cancel(carrier: Carrier, desk: RentalDesk, clock: Clock) -> None:
    """What has not come yet does not count, and does not come any more."""
    rental = desk.order("US")
    carrier.deliver(rental.line, "hello", after=1)
    desk.cancel(rental)
    clock.now += 2
    assert (rental.state, texts(rental)) == (OrderState.CANCELLED, [])


def test_finish(carrier: Carrier, desk: RentalDesk) -> None:
    """A finished order keeps its messages to read, gives its number back, tells who waits, and is closed."""
    told: list[float] = []
    rental = desk.order("US")
    carrier.deliver(rental.line, "hello")
    rental.line.subscribe(told.append)
    desk.finish(rental)
    assert (rental.state, texts(rental)) == (OrderState.FINISHED, ["hello"])
    assert carrier.lines == ()
    assert told == [0]
    assert [refusal(call, rental) for call in (desk.cancel, desk.finish, desk.resend)] == ["closed"] * 3
    assert state(rental) == "finished"


def test_who_is_told_may_come_back_to_the_desk(desk: RentalDesk) -> None:
    """A subscriber that asks the desk when it is told of the end finds the order closed, and blocks nobody."""
    seen: list[OrderState] = []
    rental = desk.order("US")
    rental.line.subscribe(lambda seconds: seen.append(desk.find(rental.id).state))
    desk.cancel(rental)
    assert seen == [OrderState.CANCELLED]


def test_a_repr_shows_no_text(carrier: Carrier, desk: RentalDesk) -> None:
    """A rental's repr tells the number and the scenario, not what came."""
    rental = desk.order("US")
    carrier.deliver(rental.line, "code 482913")
    assert rental.line.e164 in repr(rental)
    assert "482913" not in repr((rental, desk))


# Scenarios


def test_manual(carrier: Carrier, clock: Clock) -> None:
    """Nothing comes by itself, not after a resend either; what is sent comes."""
    desk = desk_of(carrier, "manual")
    rental = desk.order("US")
    desk.resend(rental)
    clock.now += 3600
    assert texts(rental) == []
    carrier.submit(rental.line.e164, "hello")
    assert texts(rental) == ["hello"]


def test_auto(carrier: Carrier, clock: Clock) -> None:
    """An SMS comes a moment after the order, and another one, with another code, a moment after each resend."""
    desk = desk_of(carrier, "auto")
    rental = desk.order("US")
    assert (texts(rental), rental.state) == ([], OrderState.WAITING)
    clock.now += 0.05
    assert len(texts(rental)) == 1
    desk.resend(rental)
    assert state(rental) == "waiting"
    clock.now += 0.05
    assert len(set(texts(rental))) == 2
    assert state(rental) == "received"


@pytest.mark.parametrize(
    ("service", "text", "sender"),
    [
        ("Telegram", r"Your Telegram code is \d{6}\. Do not share it with anyone\.", "Telegram"),
        (None, r"Your verification code is \d{6}\. Do not share it with anyone\.", "Verify"),
    ],
)
def test_auto_writes_as_services_do(carrier: Carrier, clock: Clock, service: str, text: str, sender: str) -> None:
    """The SMS names the service that the number was ordered for, and holds a code of six digits."""
    rental = desk_of(carrier, "auto").order("US", service=service)
    clock.now += 0.05
    (message,) = rental.messages()
    assert re.fullmatch(text, message.text)
    assert message.sender == sender


@pytest.mark.parametrize("name", ["auto", "duplicate", "flaky"])
def test_sms_after(carrier: Carrier, clock: Clock, name: str) -> None:
    """A delay given to the desk takes the place of the scenario's own, after the order and after a resend."""
    desk = desk_of(carrier, name, sms_after=3)
    rental = desk.order("US")
    clock.now += 2.99
    assert texts(rental) == []
    clock.now += 0.01
    assert len(texts(rental)) == 1
    clock.now += 10
    before = len(texts(rental))
    desk.resend(rental)
    clock.now += 2.99
    assert len(texts(rental)) == before
    clock.now += 0.01
    assert len(texts(rental)) == before + 1


def test_sms_after_nothing(carrier: Carrier) -> None:
    """A delay of 0 means: the SMS is there when the order is."""
    rental = desk_of(carrier, "auto", sms_after=0).order("US")
    assert len(texts(rental)) == 1


@pytest.mark.parametrize("name", ["manual", "never", "cancelled", "cancel-refused", "down"])
def test_sms_after_makes_no_sms(carrier: Carrier, clock: Clock, name: str) -> None:
    """Where the scenario sends nothing, a delay does not change that."""
    rental = desk_of(carrier, name, sms_after=0.1).order("US")
    clock.now += 10
    assert texts(rental) == []


@pytest.mark.parametrize("sms_after", [-1, 43_201, float("nan"), float("inf")])
def test_sms_after_out_of_range(carrier: Carrier, sms_after: float) -> None:
    """A delay below 0 or above half a day is refused with what is allowed."""
    with pytest.raises(SettingsError) as caught:
        desk_of(carrier, "auto", sms_after=sms_after)
    assert caught.value.message == f"--sms-after must be between 0 and 43200 seconds; got {sms_after}"


@pytest.mark.parametrize("sms_after", [None, 0.01])
def test_late(carrier: Carrier, clock: Clock, sms_after: float | None) -> None:
    """The SMS comes after five seconds, whatever delay the desk was given."""
    rental = desk_of(carrier, "late", sms_after).order("US")
    clock.now += 4.99
    assert texts(rental) == []
    clock.now += 0.01
    assert len(texts(rental)) == 1


def test_never(carrier: Carrier, clock: Clock) -> None:
    """Nothing comes, what is sent is dropped without an error, and the order can be cancelled."""
    desk = desk_of(carrier, "never")
    rental = desk.order("US")
    carrier.deliver(rental.line, "hello")
    assert carrier.submit(rental.line.e164, "hello") is True
    desk.resend(rental)
    clock.now += 3600
    assert (texts(rental), desk.messages(rental), rental.state) == ([], (), OrderState.WAITING)
    desk.cancel(rental)
    assert state(rental) == "cancelled"


def test_duplicate(carrier: Carrier, clock: Clock) -> None:
    """The same text comes twice, 0.2 s apart, as two messages."""
    rental = desk_of(carrier, "duplicate").order("US")
    clock.now += 0.05
    assert len(texts(rental)) == 1
    clock.now += 0.19
    assert len(texts(rental)) == 1
    clock.now += 0.01
    first, second = rental.messages()
    assert first.text == second.text
    assert first.id != second.id


@pytest.mark.parametrize("sms_after", [None, 3])
def test_no_code(carrier: Carrier, clock: Clock, sms_after: float | None) -> None:
    """One SMS comes, with no digit in it, and no other after a resend: a wait that asks again finds no pile of them."""
    desk = desk_of(carrier, "no-code", sms_after)
    rentals = [desk.order("US", service=service) for service in ("Telegram", None)]
    clock.now += sms_after or 0.05
    for rental in rentals:
        desk.resend(rental)
    clock.now += 10
    assert [texts(rental) for rental in rentals] == [
        ["Telegram: we noticed a new login. If it was not you, contact support."],
        ["Security: we noticed a new login. If it was not you, contact support."],
    ]


@pytest.mark.parametrize("name", ["no-numbers", "no-balance"])
def test_refused_orders(carrier: Carrier, name: str) -> None:
    """The order is refused with the scenario's reason, and no number is taken."""
    desk = desk_of(carrier, name)
    assert refusal(desk.order, "US") == name
    assert desk.rentals == ()
    assert carrier.lines == ()


def test_down(desk: RentalDesk, carrier: Carrier) -> None:
    """Every call is in trouble, for the desk's own scenario and for one that is asked about."""
    down = desk_of(carrier, "down")
    assert {down.trouble() for _ in range(20)} == {"reset"}
    assert {desk.trouble(scenario("down")) for _ in range(20)} == {"reset"}
    assert {down.trouble(scenario("auto")) for _ in range(20)} == {None}


def test_flaky(carrier: Carrier, clock: Clock) -> None:
    """About every fourth call is in trouble of one of three kinds, never two in a row; the SMS comes after a second."""
    desk = desk_of(carrier, "flaky")
    rental = desk.order("US")
    troubles = [desk.trouble() for _ in range(400)]
    assert set(troubles) == {"502", "reset", "429", None}
    assert 60 < len(troubles) - Counter(troubles)[None] < 140
    assert not [pair for pair in itertools.pairwise(troubles) if None not in pair]
    clock.now += 0.99
    assert texts(rental) == []
    clock.now += 0.01
    assert len(texts(rental)) == 1


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("down", "flaky")])
def test_other_scenarios_have_no_trouble(carrier: Carrier, name: str) -> None:
    """In every other scenario the provider answers."""
    desk = desk_of(carrier, name)
    assert {desk.trouble() for _ in range(50)} == {None}


def test_cancelled(carrier: Carrier, clock: Clock) -> None:
    """The provider ends the order after 0.2 s; it says so ahead, and the number receives no more."""
    told: list[float] = []
    desk = desk_of(carrier, "cancelled")
    rental = desk.order("US")
    rental.line.subscribe(told.append)
    assert told == [pytest.approx(0.2)]
    clock.now += 0.19
    assert (rental.state, carrier.lines) == (OrderState.WAITING, (rental.line,))
    clock.now += 0.01
    assert (rental.state, carrier.lines) == (OrderState.ENDED, ())
    assert [refusal(call, rental) for call in (desk.cancel, desk.finish, desk.resend)] == ["closed"] * 3


def test_cancelled_by_us_first(carrier: Carrier, clock: Clock) -> None:
    """Whoever closes an order first has closed it."""
    desk = desk_of(carrier, "cancelled")
    rental = desk.order("US")
    desk.cancel(rental)
    clock.now += 1
    assert state(rental) == "cancelled"


def test_cancel_refused(carrier: Carrier, clock: Clock) -> None:
    """An SMS comes just when the order is cancelled: the cancel is refused, each time, and finishing works."""
    told: list[float] = []
    desk = desk_of(carrier, "cancel-refused")
    rental = desk.order("US", service="Telegram")
    rental.line.subscribe(told.append)
    clock.now += 10
    assert texts(rental) == []
    assert refusal(desk.cancel, rental) == "sms-received"
    assert told == [0]
    assert refusal(desk.cancel, rental) == "sms-received"
    (text,) = texts(rental)
    assert text.startswith("Your Telegram code is ")
    assert state(rental) == "received"
    desk.finish(rental)
    assert state(rental) == "finished"


# Seeds and threads


def a_day_at_the_desk(seed: int, name: str) -> list[object]:
    clock = Clock()
    desk = desk_of(Carrier(seed=seed, clock=clock), name)
    seen: list[object] = []
    for service in ("Telegram", None):
        rental = desk.order("US", service=service)
        seen += [rental.id, rental.line.e164, *(desk.trouble() for _ in range(20))]
        clock.now += 10
        seen += [(message.id, message.text) for message in desk.messages(rental)]
    return seen


@pytest.mark.parametrize("name", THAT_RENT)
def test_a_seed_decides_everything(name: str) -> None:
    """The same seed and calls give the same numbers, ids, codes and troubles; another seed gives others."""
    assert a_day_at_the_desk(3, name) == a_day_at_the_desk(3, name)
    assert a_day_at_the_desk(3, name) != a_day_at_the_desk(4, name)


@pytest.mark.parametrize("name", ["manual", "auto"])
def test_threads(name: str) -> None:
    """Eight threads order, resend and close at once: each order has its own number, and ends as it was closed."""
    carrier = Carrier(seed=1)
    desk = desk_of(carrier, name, sms_after=60 if name == "auto" else None)
    start = threading.Barrier(8)

    def use(thread: int) -> list[Rental]:
        start.wait(timeout=30)
        rentals = [desk.order("US") for _ in range(25)]
        for rental in rentals:
            desk.resend(rental)
            (desk.cancel if thread % 2 else desk.finish)(rental)
        return rentals

    with ThreadPoolExecutor(8) as pool:
        rentals = [rental for used in pool.map(use, range(8)) for rental in used]
    assert len({rental.line.e164 for rental in rentals}) == len({rental.id for rental in rentals}) == 200
    assert set(desk.rentals) == set(rentals)
    assert Counter(rental.state for rental in rentals) == {OrderState.CANCELLED: 100, OrderState.FINISHED: 100}
    assert carrier.lines == ()


def test_only_one_thread_closes(desk: RentalDesk) -> None:
    """Of many threads that close an order at once, one succeeds and the others learn that it is closed."""
    rental = desk.order("US")
    start = threading.Barrier(8)

    def close(thread: int) -> str:
        start.wait(timeout=30)
        try:
            (desk.cancel if thread % 2 else desk.finish)(rental)
        except Refused as refused:
            return refused.reason
        return "done"

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(close, range(8))) == {"done": 1, "closed": 7}
