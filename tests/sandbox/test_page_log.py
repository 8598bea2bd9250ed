"""What the sandbox keeps for its page: everything that happened, once, and within limits."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_otp.display import NAME
from pytest_otp.errors import InvalidRequest
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import Rental, RentalDesk
from pytest_otp.offline.scenarios import scenario
from pytest_otp.sandbox.page_log import LONGEST_TEXT, MOST_SHOWN, PageLog
from tests.scripted import Time as Clock


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.carrier = Carrier(seed=1, clock=self.clock)
        self.desk = RentalDesk(self.carrier, scenario=scenario("manual"))
        self.strays: list[str] = []
        self.log = PageLog(self.carrier, on_stray=self.strays.append)
        self._run, self._revision = "", 0

    def order(self) -> Rental:
        rental = self.desk.order("US", service="Viber")
        self.log.ordered("otpvirt", rental.id, rental)
        return rental

    def news(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """What a page that stays open would see now: orders by state and count, messages by text and `held`."""
        answer: Any = self.log.since(self._run, self._revision)
        self._run, self._revision = answer["run"], answer["revision"]
        orders = [(order["id"], order["state"], order["messages"]) for order in answer["orders"]]
        return orders, [(message["text"], message["held"]) for message in answer["messages"]]


@pytest.fixture
def world() -> World:
    return World()


def test_each_change_is_shown_once(world: World) -> None:
    """An order is shown when it comes, with each of its messages and when it ends; between, nothing is new."""
    rental = world.order()
    assert world.news() == ([(rental.id, "waiting", 0)], [])
    assert world.news() == ([], [])
    world.carrier.deliver(rental.line, "first")
    world.carrier.deliver(rental.line, "second", after=5)
    assert world.news() == ([(rental.id, "received", 1)], [("first", True)])
    world.clock.now += 5
    assert world.news() == ([(rental.id, "received", 2)], [("second", True)])
    world.desk.finish(rental)
    assert world.news() == ([(rental.id, "finished", 2)], [])
    assert world.news() == ([], [])


def test_what_came_while_no_page_was_open_is_shown_in_its_order(world: World) -> None:
    """A page that is opened late shows messages of all orders as they came, of those that are closed too."""
    first, second = world.order(), world.order()
    for rental, text in [(second, "1"), (first, "2"), (second, "3")]:
        assert world.log.submit(rental.line.e164, text)
    world.desk.finish(second)
    assert world.news() == (
        [(first.id, "received", 1), (second.id, "finished", 2)],
        [("1", True), ("2", True), ("3", True)],
    )


def test_a_message_to_nobody_is_shown(world: World) -> None:
    """An SMS to a number that nobody holds is shown and reported."""
    assert not world.log.submit("+12015550123", "lost", sender="Shop")
    assert world.news() == ([], [("lost", False)])
    assert world.strays == ["+12015550123"]


def test_what_the_network_refuses_is_not_shown(world: World) -> None:
    """A message that the network refuses is not shown."""
    with pytest.raises(InvalidRequest):
        world.log.submit("+12015550123", " ")
    assert world.news() == ([], [])


def test_a_page_of_an_earlier_run_is_given_everything(world: World) -> None:
    """A page with a revision of an earlier sandbox gets everything."""
    world.order()
    assert len(world.log.since("another", 10**6)["orders"]) == 1  # type: ignore[arg-type]


def test_it_keeps_the_last_orders_and_messages(world: World) -> None:
    """The oldest orders are dropped beyond the limit; their messages are kept."""
    oldest = world.order()
    world.carrier.deliver(oldest.line, "of the oldest")
    rentals = [world.order() for _ in range(MOST_SHOWN)]
    orders, messages = world.news()
    assert [order[0] for order in orders] == [rental.id for rental in rentals]
    assert messages == [("of the oldest", True)]
    for index in range(MOST_SHOWN):
        world.log.submit(rentals[0].line.e164, str(index))
    world.log.submit("+12015550123", "the last")
    _, messages = world.news()
    assert len(messages) == MOST_SHOWN
    fresh: Any = world.log.since("", 0)
    assert len(fresh["messages"]) == MOST_SHOWN


def test_a_long_text_is_cut(world: World) -> None:
    """Only the beginning of a very long text or sender is kept, and how much of the text is missing."""
    world.log.submit("+12015550123", "x" * (LONGEST_TEXT + 7), sender="y" * (LONGEST_TEXT + 1))
    answer: Any = world.log.since("", 0)
    (message,) = answer["messages"]
    assert (len(message["text"]), message["left_out"], len(message["from"])) == (LONGEST_TEXT, 7, NAME)


def test_nothing_unprintable_is_shown(world: World) -> None:
    """Control characters and bidi marks are shown as escapes; the lines of a text stay lines."""
    world.log.submit("+12015550123", "one\ntwo\x1b[2J\u202e", sender="\x1b\u202e\n")
    answer: Any = world.log.since("", 0)
    (message,) = answer["messages"]
    assert (message["text"], message["from"]) == ("one\ntwo\\x1b[2J\\u202e", r"\x1b\u202e\n")
