"""What wakes a wait early: nothing is lost, and nothing wakes it for nothing."""

from __future__ import annotations

import asyncio
import random
import threading
import time

import pytest

from pytest_otp.numbers.bell import Bell
from pytest_otp.numbers.waiting import Pace, Wait
from tests.numbers.renting import LONG, begun, bell_on, virtual
from tests.scripted import Time, VirtualLoop


def bell_of(now: Time) -> Bell:
    """A bell whose sleepers sleep on virtual time."""
    return Bell(now.clock, now.wait)


def slept(now: Time, bell: Bell, seconds: float, rings: int) -> float:
    """How long a sleep took, in virtual seconds."""
    begin = now.now
    bell.sleep(seconds, rings)
    return now.now - begin


def test_a_ring_wakes_a_sleeper() -> None:
    """A ring ends a sleep at once."""
    now = Time()
    bell = bell_of(now)
    now.at(3, bell.ring)
    assert slept(now, bell, 3600, bell.rung()) == 3


def test_a_ring_wakes_the_sleepers_of_all_threads() -> None:
    """Every wait for the same number wakes, in whatever thread it sleeps."""
    bell = Bell()
    sleepers = [begun(lambda: bell.sleep(3600, 0)) for _ in range(5)]
    bell.ring()
    for sleeper in sleepers:
        sleeper.result(LONG)


def test_a_ring_for_later_wakes_at_its_time() -> None:
    """A message that is announced for later ends the sleep then, neither at once nor at the end."""
    now = Time()
    bell = bell_of(now)
    bell.ring(after=5)
    assert bell.rung() == 0
    assert slept(now, bell, 3600, bell.rung()) == 5
    assert bell.rung() == 1


def test_an_earlier_ring_overtakes_a_later_one() -> None:
    """A ring now wakes even if another is announced for later, and that one still wakes then."""
    now = Time()
    bell = bell_of(now)
    bell.ring(after=20)
    now.at(2, bell.ring)
    assert slept(now, bell, 3600, 0) == 2
    assert bell.rung() == 1
    assert slept(now, bell, 3600, 1) == 18
    assert bell.rung() == 2


def test_a_ring_that_was_seen_wakes_nothing() -> None:
    """Rings from before the poll are in its answer, and do not turn the loop into a busy one."""
    now = Time()
    bell = bell_of(now)
    bell.ring()
    assert slept(now, bell, 5, bell.rung()) == 5


def test_a_ring_after_the_end_does_not_lengthen_a_sleep() -> None:
    """What is announced for after the sleep leaves it as it is."""
    now = Time()
    bell = bell_of(now)
    bell.ring(after=30)
    assert slept(now, bell, 5, bell.rung()) == 5


def test_a_ring_wakes_an_async_sleeper() -> None:
    """A ring from another thread wakes a coroutine, and one from before the sleep lets it not sleep at all."""

    async def main() -> None:
        bell = Bell()
        sleeper = asyncio.create_task(bell.sleep_async(3600, bell.rung()))
        await asyncio.sleep(0)
        threading.Thread(target=bell.ring).start()
        await asyncio.wait_for(sleeper, LONG)
        await asyncio.wait_for(bell.sleep_async(3600, bell.rung() - 1), LONG)

    asyncio.run(main())


def test_a_ring_for_later_wakes_an_async_sleeper_at_its_time() -> None:
    """On the loop's clock a sleep ends when the announced message is due, not before."""

    async def main(loop: VirtualLoop) -> None:
        bell = bell_on(loop)
        bell.ring(after=5)
        await bell.sleep_async(3600, bell.rung())
        assert loop.time() == pytest.approx(5)

    virtual(main)


def test_a_ring_after_the_loop_was_closed_is_harmless() -> None:
    """A coroutine that was left behind by its loop does not make the ringer fail."""
    bell = Bell()
    loop = asyncio.new_event_loop()
    sleeper = bell.sleep_async(30.0, 0)
    task = loop.create_task(sleeper)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    bell.ring()
    sleeper.close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is pending on purpose


@pytest.mark.parametrize("run_async", [False, True])
def test_a_ring_between_poll_and_sleep_is_not_lost(run_async: bool) -> None:
    """What comes after the poll and before the sleep is found at once, not an interval later."""
    bell = Bell()
    there: list[str] = []

    def claim() -> str | None:
        if there:
            return there[0]
        there.append("found")
        bell.ring()
        return None

    wait = Wait(lambda _: None, claim, timeout=7200, pace=Pace(interval=3600, first=0.0), bell=bell)
    assert begun(lambda: asyncio.run(wait.run_async()) if run_async else wait.run()).result(LONG) == "found"


def test_a_ring_for_nothing_counts_once() -> None:
    """A ring that brought nothing for this wait costs one poll, not a loop that never sleeps again."""
    now = Time()
    bell = bell_of(now)
    polls: list[float] = []

    def poll(seconds: float) -> None:
        polls.append(now.elapsed)
        assert len(polls) < 20, "it never sleeps again"
        if len(polls) == 1:
            bell.ring()

    pace = Pace(interval=15.0, first=0.0, last=0.0)
    wait: Wait[str] = Wait(poll, lambda: None, timeout=40, pace=pace, bell=bell, clock=now)
    assert wait.run() is None
    assert polls == [0, 0, 15, 30, 40]


def test_a_ring_for_nothing_counts_once_on_an_event_loop() -> None:
    """The same with a loop's clock."""
    polls: list[float] = []

    async def main(loop: VirtualLoop) -> None:
        bell = bell_on(loop)

        def poll(seconds: float) -> None:
            polls.append(loop.time())
            assert len(polls) < 20, "it never sleeps again"
            if len(polls) == 1:
                bell.ring()

        pace = Pace(interval=15.0, first=0.0, last=0.0, blocks=False)
        wait: Wait[str] = Wait(poll, lambda: None, timeout=40, pace=pace, bell=bell, clock=loop.time)
        assert await wait.run_async() is None

    virtual(main)
    assert polls == [0, 0, 15, 30, 40]


def test_no_ring_is_ever_lost() -> None:
    """A hundred messages at random moments, each with a ring: a pace that would never poll again finds them all."""
    bell = Bell()
    rnd = random.Random(7)
    inbox: list[int] = []

    def send() -> None:
        for number in range(100):
            time.sleep(rnd.random() * 0.001)
            inbox.append(number)
            bell.ring()

    sender = threading.Thread(target=send)
    sender.start()
    found = []
    for _ in range(100):
        wait = Wait(
            lambda _: None,
            lambda: inbox.pop(0) + 1 if inbox else None,
            timeout=LONG,
            pace=Pace(interval=LONG, first=0.0),
            bell=bell,
        )
        found.append(wait.run())
    sender.join()
    assert found == list(range(1, 101))
