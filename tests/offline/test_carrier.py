"""The offline phone network, on a clock of the tests' own: which numbers it makes, and how messages reach them."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from pytest_otp.errors import InvalidRequest, NumberUnavailable
from pytest_otp.offline.carrier import Carrier, Line

SMS_KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)

# By phonenumbers' own data, no number of Western Sahara is told from one of Morocco.
NEVER_ATTRIBUTED = {"EH"}

# These share a numbering plan with a larger neighbour, to which phonenumbers counts every mobile number, or have none.
WITHOUT_OWN_MOBILES = {"AX", "BL", "CC", "CX", "EH", "IM", "MF", "SJ", "TA", "VA"}

FICTIONAL = {
    "US": r"\+1[2-9]\d\d55501\d\d",
    "CA": r"\+1[2-9]\d\d55501\d\d",
    "SE": r"\+467017406(0[5-9]|[1-9]\d)",
    "DE": r"\+49(17139200\d\d|176040690\d\d|152\d{8}|172\d{7}|174\d{7})",
    "AU": r"\+6149157\d{4}",
}


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Held:
    """Something that has a number, as OtpNumber has."""

    e164: object


@pytest.fixture
def clock() -> Clock:
    """The carrier's clock."""
    return Clock()


@pytest.fixture
def carrier(clock: Clock) -> Carrier:
    """A carrier with a seed, on the tests' clock."""
    return Carrier(seed=7, clock=clock)


@pytest.fixture
def line(carrier: Carrier) -> Line:
    """A number that is held."""
    return carrier.allocate("US")


@pytest.fixture(scope="module")
def world() -> Carrier:
    """One carrier for all regions."""
    return Carrier(seed=1)


def texts(line: Line) -> list[str]:
    return [message.text for message in line.messages()]


# Numbers


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_region_has_numbers(world: Carrier, region: str) -> None:
    """In each region that phonenumbers knows, numbers are valid, of that region, able to receive SMS, and new."""
    before = {line.e164 for line in world.lines}
    lines = [world.allocate(region) for _ in range(5)]
    assert len(before | {line.e164 for line in lines}) == len(before) + len(lines)
    for line in lines:
        number = phonenumbers.parse(line.e164)
        assert line.region == region
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == line.e164
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.is_valid_number_for_region(number, region)
        assert region in NEVER_ATTRIBUTED or phonenumbers.region_code_for_number(number) == region
        assert region in WITHOUT_OWN_MOBILES or phonenumbers.number_type(number) in SMS_KINDS


@pytest.mark.parametrize("region", FICTIONAL)
def test_fictional_numbers_come_first(carrier: Carrier, region: str) -> None:
    """Where a regulator keeps numbers for fiction that phonenumbers accepts, those are handed out."""
    for _ in range(25):
        assert re.fullmatch(FICTIONAL[region], carrier.allocate(region).e164)


@pytest.mark.parametrize(("region", "fiction"), [("GB", "+447700900"), ("FR", "+33639980"), ("IE", "+3532091")])
def test_fictional_numbers_that_are_not_valid_are_left_out(carrier: Carrier, region: str, fiction: str) -> None:
    """Where phonenumbers rejects the regulator's numbers, valid mobile numbers take their place."""
    assert not phonenumbers.is_valid_number(phonenumbers.parse(fiction.ljust(12, "0")))
    number = carrier.allocate(region)
    assert not number.e164.startswith(fiction)
    assert phonenumbers.number_type(phonenumbers.parse(number.e164)) == PhoneNumberType.MOBILE


def test_when_fiction_runs_out(carrier: Carrier) -> None:
    """After Australia's thirty fictional numbers come made-up ones, none of them twice."""
    numbers = [carrier.allocate("AU").e164 for _ in range(200)]
    assert len(set(numbers)) == 200
    fictional = [number for number in numbers if re.fullmatch(FICTIONAL["AU"], number)]
    assert fictional == numbers[:30]


def test_a_region_that_runs_out() -> None:
    """Tristan da Cunha has a thousand numbers: each is handed out once, and then the error says so."""
    carrier = Carrier(seed=1)
    assert len({carrier.allocate("TA").e164 for _ in range(1000)}) == 1000
    with pytest.raises(NumberUnavailable, match=r"the offline carrier has no more numbers in TA"):
        carrier.allocate("TA")
    assert carrier.allocate("US").region == "US"


def test_a_released_number_is_not_handed_out_again() -> None:
    """Within a run a number stands for one order, also after it was given back."""
    carrier = Carrier(seed=1)
    seen = set()
    for _ in range(1000):
        line = carrier.allocate("TA")
        seen.add(line.e164)
        carrier.release(line)
    assert len(seen) == 1000
    assert carrier.lines == ()


def test_regions_are_read_leniently(carrier: Carrier) -> None:
    """Case and spaces around a region's code do not matter."""
    assert carrier.allocate(" gb ").region == "GB"


@pytest.mark.parametrize("region", ["", "XX", "USA", "001", "Germany"])
def test_an_unknown_region(carrier: Carrier, region: str) -> None:
    """What is no region of phonenumbers is refused with what to give instead."""
    with pytest.raises(InvalidRequest) as caught:
        carrier.allocate(region)
    expected = f"unknown region {region.upper()!r}. Use a two-letter ISO 3166 code, such as US, GB or DE."
    assert str(caught.value) == expected


# Seeds and lanes


def a_little_of_everything(carrier: Carrier) -> list[str]:
    lines = [carrier.allocate(region) for region in ("US", "ID", "US", "GB")]
    carrier.deliver(lines[0], "hello")
    return [*(line.e164 for line in lines), carrier.code(), carrier.new_id(), lines[0].messages()[0].id]


def test_a_seed_decides_everything() -> None:
    """The same seed and calls give the same numbers, codes and ids; another seed gives others."""
    assert a_little_of_everything(Carrier(seed=3)) == a_little_of_everything(Carrier(seed=3))
    assert not set(a_little_of_everything(Carrier(seed=3))) & set(a_little_of_everything(Carrier(seed=4)))


def test_a_region_does_not_depend_on_others() -> None:
    """A region's numbers follow from the seed alone, whatever else was allocated or drawn before."""
    alone, busy = Carrier(seed=3), Carrier(seed=3)
    for region in ("CA", "GB", "DE"):
        busy.allocate(region)
        busy.code()
    assert [alone.allocate("US").e164 for _ in range(5)] == [busy.allocate("US").e164 for _ in range(5)]


def test_a_seed_that_was_drawn_can_be_used_again() -> None:
    """Without a seed one is drawn, another each time, and told."""
    first, second = Carrier(), Carrier()
    assert first.seed != second.seed
    assert Carrier(seed=first.seed).allocate("US").e164 == first.allocate("US").e164


@pytest.mark.parametrize("seed_of_lane", [lambda lane: 5, lambda lane: lane], ids=["one seed", "own seeds"])
@pytest.mark.parametrize("region", ["US", "AU", "TK"])
def test_lanes_never_meet(region: str, seed_of_lane: Callable[[int], int]) -> None:
    """Carriers of different lanes hand out different numbers, as far as a small country's numbers reach."""
    carriers = [Carrier(seed=seed_of_lane(lane), lane=lane, lanes=8) for lane in range(8)]
    numbers = [carrier.allocate(region).e164 for carrier in carriers for _ in range(40)]
    assert len(set(numbers)) == len(numbers)


def test_lanes_differ_in_codes_and_ids() -> None:
    """Two lanes with one seed do not send the same codes, nor give the same ids."""
    one, other = (Carrier(seed=5, lane=lane, lanes=2) for lane in range(2))
    assert [one.code() for _ in range(5)] != [other.code() for _ in range(5)]
    assert one.new_id() != other.new_id()


@pytest.mark.parametrize(("lane", "lanes"), [(1, 1), (-1, 2), (0, 0)])
def test_a_lane_outside_its_lanes(lane: int, lanes: int) -> None:
    """A lane that does not exist is a mistake of the caller."""
    with pytest.raises(ValueError, match=f"lane must be between 0 and lanes - 1; got lane {lane} of {lanes}"):
        Carrier(lane=lane, lanes=lanes)


def test_codes_and_ids_are_well_formed(carrier: Carrier) -> None:
    """A code has six digits, also when it is a small number; an id is a UUID of version 4."""
    assert all(re.fullmatch(r"[0-9]{6}", carrier.code()) for _ in range(200))
    assert UUID(carrier.new_id()).version == 4


# Speed


@pytest.mark.parametrize("region", ["US", "GB", "GG", "ID"])
def test_numbers_come_fast(region: str) -> None:
    """A number costs well under a millisecond on average, the first ones of a region included."""
    carrier = Carrier(seed=2, lane=3, lanes=4)
    began = time.process_time()
    for _ in range(500):
        carrier.allocate(region)
    assert (time.process_time() - began) / 500 < 0.001


def test_imports_cost_nothing_that_is_heavy() -> None:
    """The carrier and the desk load phonenumbers only when a number is asked for."""
    program = "import sys, pytest_otp.offline.carrier, pytest_otp.offline.desk; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# Delivery


@pytest.mark.parametrize(
    "writing",
    [
        "{e164}",
        "{digits}",
        "00{digits}",
        " {e164} ",
        "+1 {area}-{exchange}-{rest}",
        "+1 ({area}) {exchange} {rest}",
        "1.{area}.{exchange}.{rest}",
        "tel:+1-{area}-{exchange}-{rest}",
    ],
)
def test_a_number_in_any_usual_writing(carrier: Carrier, line: Line, writing: str) -> None:
    """A message reaches its number however that is written, as long as the country code is there."""
    digits = line.e164[1:]
    parts = {"area": digits[1:4], "exchange": digits[4:7], "rest": digits[7:]}
    carrier.deliver(writing.format(e164=line.e164, digits=digits, **parts), "hello")
    assert texts(line) == ["hello"]


def test_a_british_number_with_its_trunk_zero(carrier: Carrier) -> None:
    """The (0) that people put behind a country code is no part of the number."""
    line = carrier.allocate("GB")
    carrier.deliver(f"+44 (0){line.e164[3:7]} {line.e164[7:]}", "hello")
    assert texts(line) == ["hello"]


def test_an_object_with_a_number(carrier: Carrier, line: Line) -> None:
    """Whatever has `e164` will do as a number: an OtpNumber, or a line."""
    carrier.deliver(Held(line.e164), "one")
    carrier.deliver(line, "two")
    assert texts(line) == ["one", "two"]


def test_what_a_delivery_holds(carrier: Carrier, line: Line, clock: Clock) -> None:
    """A delivery has its id, sender, text, and when it shows, on the carrier's clock and on the wall."""
    carrier.deliver(line, "later", sender="Shop", after=30)
    carrier.deliver(line, "now")
    clock.now += 30
    now, later = line.messages()
    assert (now.sender, now.text, now.due) == (None, "now", 1000.0)
    assert (later.sender, later.text, later.due) == ("Shop", "later", 1030.0)
    assert now.id != later.id
    assert abs(datetime.now(timezone.utc) + timedelta(seconds=30) - later.received_at) < timedelta(seconds=10)


def test_messages_show_when_they_are_due(carrier: Carrier, line: Line, clock: Clock) -> None:
    """A message shows at its time, and messages are listed in the order in which they show."""
    carrier.deliver(line, "third", after=3)
    carrier.deliver(line, "second", after=2)
    carrier.deliver(line, "second too", after=2)
    carrier.deliver(line, "first")
    assert texts(line) == ["first"]
    clock.now += 1.999
    assert texts(line) == ["first"]
    clock.now += 0.001
    assert texts(line) == ["first", "second", "second too"]
    clock.now += 1
    assert texts(line) == ["first", "second", "second too", "third"]


@pytest.mark.parametrize(("start", "after"), [(0.2, 0.9), (0.4, 1.7), (0.8, 2.9), (1.3, 3.4)])
def test_sleeping_as_long_as_announced_is_enough(start: float, after: float) -> None:
    """Who sleeps the announced delay finds the message, though floats do not add up: 0.2 + (0.9 - 0.2) is below 0.9."""
    assert start + (after - start) < after
    told: list[float] = []
    clock = Clock()
    clock.now = 0.0
    carrier = Carrier(seed=1, clock=clock)
    line = carrier.allocate("US")
    carrier.deliver(line, "hello", after=after)
    clock.now = start
    line.subscribe(told.append)
    clock.now = start + told[0]
    assert texts(line) == ["hello"]


def test_lines_get_their_own_messages_only(carrier: Carrier) -> None:
    """A message reaches the one number that it was sent to."""
    first, second = carrier.allocate("US"), carrier.allocate("US")
    carrier.deliver(second, "hello")
    assert texts(first) == []
    assert texts(second) == ["hello"]
    assert carrier.lines == (first, second)


@pytest.mark.parametrize("number", ["+12015550999", "", "nonsense", "2015550123"])
def test_a_number_that_nobody_holds(carrier: Carrier, number: str) -> None:
    """The error quotes the number and lists those that are held."""
    held = carrier.allocate("GB"), carrier.allocate("DE")
    with pytest.raises(InvalidRequest) as caught:
        carrier.deliver(number, "hello")
    expected = f"no test holds the number {number!r}. Held right now: {held[0].e164}, {held[1].e164}."
    assert str(caught.value) == expected
    assert carrier.strays == ()


def test_when_no_number_is_held(carrier: Carrier) -> None:
    """The error says that there is nothing to deliver to, and what to do."""
    with pytest.raises(InvalidRequest) as caught:
        carrier.deliver("+12015550123", "hello")
    assert str(caught.value).endswith(
        ". No number is held right now: order one first, and deliver before it is closed."
    )


def test_when_many_numbers_are_held(carrier: Carrier) -> None:
    """The error shows the first dozen, and how many more there are."""
    lines = [carrier.allocate("US") for _ in range(15)]
    with pytest.raises(InvalidRequest) as caught:
        carrier.deliver("+33612345678", "hello")
    assert str(caught.value).endswith(f"{lines[11].e164} and 3 more.")
    assert lines[12].e164 not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"number": 12015550123}, "number must be a string or have an attribute .e164; got int"),
        ({"number": None}, "number must be a string or have an attribute .e164; got NoneType"),
        ({"number": Held(None)}, "number must be a string or have an attribute .e164; got Held"),
        ({"text": ""}, "text must not be empty"),
        ({"text": " \n"}, "text must not be empty"),
        ({"text": 482913}, "text must be a string; got int"),
        ({"text": b"482913"}, "text must be a string; got bytes"),
        ({"sender": 5}, "sender must be a string or None; got int"),
        ({"after": "1"}, "after must be a number of seconds; got str"),
        ({"after": True}, "after must be a number of seconds; got bool"),
        ({"after": -0.1}, "after must be between 0 and 86400 seconds; got -0.1"),
        ({"after": 86401}, "after must be between 0 and 86400 seconds; got 86401"),
        ({"after": float("nan")}, "after must be between 0 and 86400 seconds; got nan"),
        ({"after": float("inf")}, "after must be between 0 and 86400 seconds; got inf"),
    ],
)
def test_arguments_of_no_use(carrier: Carrier, line: Line, arguments: dict[str, object], message: str) -> None:
    """Each mistake in a call of deliver() is named, and nothing is delivered."""
    call: dict[str, object] = {"number": line, "text": "hello"} | arguments
    with pytest.raises(InvalidRequest) as caught:
        carrier.deliver(**call)  # type: ignore[arg-type]  # wrong types are what is tested
    assert caught.value.message == message
    assert line.messages() == ()


def test_submit_reaches_a_number(carrier: Carrier, line: Line) -> None:
    """What a gateway submits arrives like what a test delivers."""
    assert carrier.submit(line.e164, "hello", sender="Shop") is True
    assert [(message.sender, message.text) for message in line.messages()] == [("Shop", "hello")]
    assert carrier.strays == ()


def test_numbers_that_it_knows(carrier: Carrier, line: Line) -> None:
    """It knows a number that it handed out, in any writing and also when nobody holds it any more; and no other."""
    assert carrier.knows(line.e164)
    carrier.release(line)
    assert carrier.knows(f"00{line.e164[1:]}")
    assert not carrier.knows("+4915112345678")
    assert not carrier.knows("harbour")


def test_submit_keeps_strays(carrier: Carrier, line: Line) -> None:
    """What goes to a number that nobody holds is no error, and can be looked up."""
    assert carrier.submit("+33612345678", "hello", sender="Shop") is False
    carrier.release(line)
    assert carrier.submit(line.e164, "too late") is False
    kept = [(stray.to, stray.sender, stray.text) for stray in carrier.strays]
    assert kept == [("+33612345678", "Shop", "hello"), (line.e164, None, "too late")]


def test_submit_refuses_an_empty_text(carrier: Carrier) -> None:
    """An empty SMS is refused, and is no stray."""
    with pytest.raises(InvalidRequest, match="text must not be empty"):
        carrier.submit("+33612345678", " ")
    assert carrier.strays == ()


def test_no_repr_shows_a_text(carrier: Carrier, line: Line) -> None:
    """Texts hold codes, and reports are public: no repr of the carrier's things shows one."""
    carrier.deliver(line, "code 482913")
    carrier.submit("+33612345678", "code 482913")
    shown = repr((carrier, line, line.messages(), carrier.strays))
    assert line.e164 in shown
    assert "482913" not in shown


# Release


def test_a_released_line_receives_no_more(carrier: Carrier, line: Line, clock: Clock) -> None:
    """After its release a number is held by nobody; what came before stays readable, what was still to come is not."""
    carrier.deliver(line, "in time")
    carrier.deliver(line, "on its way", after=5)
    assert line.held
    carrier.release(line)
    carrier.release(line)
    assert not line.held
    assert carrier.lines == ()
    with pytest.raises(InvalidRequest, match=re.escape(f"no test holds the number '{line.e164}'")):
        carrier.deliver(line, "too late")
    clock.now += 10
    assert texts(line) == ["in time"]


def test_a_release_for_later(carrier: Carrier, line: Line, clock: Clock) -> None:
    """A line that ends in a while receives until then; a later release does not make it live longer."""
    carrier.release(line, after=2)
    carrier.release(line, after=9)
    carrier.deliver(line, "in time", after=1)
    carrier.deliver(line, "too late", after=3)
    clock.now += 1.9
    assert line.held
    clock.now += 0.1
    assert not line.held
    assert carrier.lines == ()
    clock.now += 10
    assert texts(line) == ["in time"]


# Subscriptions


def test_subscribers_are_told_at_once(carrier: Carrier, line: Line) -> None:
    """When deliver() returns, the line's subscribers know how long the message takes; those of another line do not."""
    told: list[float] = []
    told_too: list[float] = []
    elsewhere: list[float] = []
    line.subscribe(told.append)
    line.subscribe(told_too.append)
    carrier.allocate("US").subscribe(elsewhere.append)
    carrier.deliver(line, "now")
    carrier.deliver(line, "later", after=2.5)
    assert told == told_too == [0, 2.5]
    assert elsewhere == []


def test_what_was_scheduled_before_a_subscription(carrier: Carrier, line: Line, clock: Clock) -> None:
    """A new subscriber is told what is on its way, with the time that is left, and nothing of what shows already."""
    told: list[float] = []
    carrier.deliver(line, "shows already")
    carrier.deliver(line, "on its way", after=5)
    carrier.release(line, after=8)
    carrier.deliver(line, "never shows", after=9)
    clock.now += 2
    line.subscribe(told.append)
    assert told == [3, 6]


def test_subscribers_are_told_of_the_end(carrier: Carrier, line: Line) -> None:
    """A release is an event too, with its delay; a message that comes after the end is none."""
    told: list[float] = []
    line.subscribe(told.append)
    carrier.release(line, after=2)
    carrier.deliver(line, "never shows", after=3)
    carrier.release(line)
    carrier.release(line)
    assert told == [2, 0]


def test_a_line_that_has_ended_tells_nothing(carrier: Carrier, line: Line) -> None:
    """Who subscribes after the end is told nothing: there is nothing to wait for."""
    told: list[float] = []
    carrier.deliver(line, "on its way", after=5)
    carrier.release(line)
    line.subscribe(told.append)
    assert told == []


def test_the_end_of_a_subscription(carrier: Carrier, line: Line) -> None:
    """Each subscription ends by itself, also where one function has two; ending it twice is ending it once."""
    told: list[float] = []
    first, second = line.subscribe(told.append), line.subscribe(told.append)
    first()
    first()
    carrier.deliver(line, "one")
    second()
    carrier.deliver(line, "two")
    assert told == [0]


def test_a_subscriber_may_come_back(carrier: Carrier, line: Line) -> None:
    """A subscriber may read, deliver and unsubscribe when it is told: no lock is held meanwhile."""
    seen: list[list[str]] = []

    def notify(seconds: float) -> None:
        seen.append(texts(line))
        unsubscribe()
        carrier.deliver(line, "answer")

    unsubscribe = line.subscribe(notify)
    carrier.deliver(line, "question")
    assert seen == [["question"]]
    assert texts(line) == ["question", "answer"]


# Threads


def test_threads_get_different_numbers() -> None:
    """Eight threads that allocate at the same time get as many numbers as they ask for, none of them twice."""
    carrier = Carrier(seed=1)
    with ThreadPoolExecutor(8) as pool:
        lines = list(pool.map(carrier.allocate, ["US", "GB", "TK", "AU"] * 50))
    assert len({line.e164 for line in lines}) == 200
    assert len(carrier.lines) == 200
    assert {line.e164 for line in lines} == numbers_of_one_thread()


def numbers_of_one_thread() -> set[str]:
    carrier = Carrier(seed=1)
    return {carrier.allocate(region).e164 for region in ["US", "GB", "TK", "AU"] * 50}


def test_threads_lose_no_message() -> None:
    """Whatever eight threads deliver, with and without delay, arrives once, and each delivery is told once."""
    clock = Clock()
    carrier = Carrier(seed=1, clock=clock)
    line = carrier.allocate("US")
    told: list[float] = []
    line.subscribe(told.append)
    start = threading.Barrier(8)

    def deliver(thread: int) -> None:
        start.wait(timeout=30)
        for message in range(100):
            carrier.deliver(line, f"{thread}/{message}", after=(thread + message) % 3)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(8)))
    clock.now += 3
    messages = line.messages()
    assert {message.text for message in messages} == {
        f"{thread}/{message}" for thread in range(8) for message in range(100)
    }
    assert len({message.id for message in messages}) == len(messages) == len(told) == 800
    assert [message.due for message in messages] == sorted(message.due for message in messages)
