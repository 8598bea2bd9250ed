"""The offline carrier, on a clock of the tests' own: how SMS reach a number, and who is notified."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest

from pytest_otp.errors import InvalidRequest
from pytest_otp.offline.carrier import Carrier, Line
from tests.scripted import Time as Clock


@dataclass(frozen=True)
class Held:
    """Something that has a number, as OtpNumber has."""

    e164: object


@pytest.fixture
def line(carrier: Carrier) -> Line:
    """A number that is held."""
    return carrier.allocate("US")


def texts(line: Line) -> list[str]:
    return [message.text for message in line.messages()]


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
