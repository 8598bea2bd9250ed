"""The polling loop: when it looks, what wakes it, and what ends it."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from pytest_otp.errors import AuthenticationError, OrderEnded, ProviderUnavailable
from pytest_otp.numbers.waiting import PUSHED, REQUEST_THREADS, Bell, Pace, Wait
from tests.scripted import Time, VirtualLoop

AWAY = ProviderUnavailable("the provider is away")


class Looks:
    """Something that is looked for: remembers when and with how much time left, and is there from some moment on."""

    def __init__(self, time: Time, *, there_after: float = float("inf"), takes: float = 0.0) -> None:
        self.time = time
        self.at: list[float] = []
        self.allowed: list[float] = []
        self.script: dict[int, Exception] = {}
        self._there_after = there_after
        self._takes = takes

    def refresh(self, seconds: float) -> None:
        self.at.append(round(self.time.elapsed, 6))
        self.allowed.append(seconds)
        if len(self.at) in self.script:
            raise self.script[len(self.at)]
        self.time.sleep(min(self._takes, seconds))

    def claim(self) -> str | None:
        return "found" if self.time.elapsed >= self._there_after else None

    def wait(self, timeout: float, pace: Pace | None = None) -> Wait:
        bell = Bell(self.time.clock)
        return Wait(self.refresh, self.claim, timeout=timeout, pace=pace or Pace(), bell=bell, clock=self.time.clock)

    def run(self, timeout: float, pace: Pace | None = None) -> Any:
        return self.wait(timeout, pace).run(self.time.sleep)


def virtual(main: Callable[[VirtualLoop], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine on a loop whose clock jumps; in real time it takes next to nothing."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(asyncio.wait_for(main(loop), 100_000))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@pytest.mark.parametrize(
    ("waited", "pause"),
    [(0, 0.75), (1, 0.75), (14.99, 0.75), (15, 0.75), (20, 1.0), (40, 2.0), (60, 3.0), (61, 3.0), (3600, 3.0)],
)
def test_pause_grows_with_the_time_waited(waited: float, pause: float) -> None:
    """The pause is 0.75 s until 15 s, then a twentieth of the time waited, 3 s at most."""
    assert Pace().pause(waited) == pytest.approx(pause)


@pytest.mark.parametrize("waited", [0, 16, 100])
def test_an_interval_that_was_asked_for_is_never_undercut(waited: float) -> None:
    """Who sets a poll interval above the growth, because the provider counts requests, gets no shorter one."""
    assert Pace(interval=5.0).pause(waited) == 5.0


def test_looks_of_a_whole_wait() -> None:
    """First after 1 s, then every 0.75 s, from 15 s on more rarely, at the latest half a second before the end."""
    looks = Looks(Time())
    assert looks.run(120) is None
    assert looks.at[:4] == [1.0, 1.75, 2.5, 3.25]
    pauses = [after - before for before, after in pairwise(looks.at)]
    assert pauses[:-1] == pytest.approx([Pace().pause(before) for before in looks.at[:-2]])
    assert looks.at[-1] == 119.5
    assert len(looks.at) < 80


@pytest.mark.parametrize(("sms_after", "most"), [(3.0, 5), (7.0, 11), (20.0, 27)])
def test_requests_until_an_sms(sms_after: float, most: int) -> None:
    """The number of requests stays below what the project promises."""
    looks = Looks(Time(), there_after=sms_after)
    assert looks.run(120) == "found"
    assert len(looks.at) <= most


@pytest.mark.parametrize("timeout", [1.0, 1.3, 2.0, 2.5, 7.77, 10.0, 33.3, 120.0, 600.0])
def test_the_last_look_is_one_look_before_the_deadline(timeout: float) -> None:
    """The last look starts half a second (a quarter of a short wait) before the end, once, and then it is over."""
    looks = Looks(Time(start=86_413.7))
    assert looks.run(timeout) is None
    assert looks.at[-1] == pytest.approx(timeout - min(0.5, timeout / 4))
    assert min((after - before for before, after in pairwise(looks.at)), default=1.0) > 0.01
    assert looks.time.elapsed <= timeout


@pytest.mark.parametrize("timeout", [1.0, 5.0, 30.0])
@pytest.mark.parametrize("takes", [0.3, 2.0, 1000.0])
def test_the_deadline_is_never_passed(timeout: float, takes: float) -> None:
    """A look is told how much time is left, so that slow answers do not carry the wait past its end."""
    looks = Looks(Time(), takes=takes)
    assert looks.run(timeout) is None
    assert looks.time.elapsed <= timeout + 0.01
    assert all(at + allowed <= timeout + 0.01 for at, allowed in zip(looks.at, looks.allowed, strict=True))


def test_no_time_is_one_look() -> None:
    """A wait of 0 s looks once at once, and gives that look half a second, since none could answer in nothing."""
    looks = Looks(Time())
    assert looks.run(0) is None
    assert looks.at == [0.0]
    assert looks.allowed == [0.5]


def test_slow_looks_do_not_stretch_the_interval() -> None:
    """The interval counts from the start of a look, and at least half of it is a pause."""
    looks = Looks(Time(), takes=0.3)
    looks.run(4)
    assert looks.at[:3] == [1.0, 1.75, 2.5]
    slow = Looks(Time(), takes=2.0)
    slow.run(10)
    assert slow.at[:3] == [1.0, 3.375, 5.75]


def test_the_end_of_the_first_look_is_the_end_of_the_wait() -> None:
    """What is there at the first look costs one request and 1 s."""
    looks = Looks(Time(), there_after=0)
    assert looks.run(60) == "found"
    assert looks.at == [1.0]


def test_a_provider_that_pushes_is_asked_at_once() -> None:
    """Where a look costs nothing the first one comes at once and the last one at the very end."""
    looks = Looks(Time())
    assert looks.run(3, PUSHED) is None
    assert (looks.at[0], looks.at[-1]) == (0.0, 3.0)


def test_an_unavailable_provider_is_asked_again() -> None:
    """A passing failure costs its look and nothing else."""
    looks = Looks(Time(), there_after=2.0)
    looks.script = {1: AWAY, 2: AWAY}
    assert looks.run(60) == "found"
    assert looks.at == [1.0, 1.75, 2.5]


def test_an_outage_of_thirty_seconds_is_survived() -> None:
    """An SMS that came during a long outage is found after it."""
    looks = Looks(Time())

    def refresh(seconds: float) -> None:
        looks.at.append(looks.time.elapsed)
        if 2 < looks.time.elapsed < 32:
            raise AWAY

    wait = Wait(
        refresh,
        lambda: "found" if looks.at[-1] >= 32 else None,
        timeout=120,
        pace=Pace(),
        bell=Bell(looks.time.clock),
        clock=looks.time.clock,
    )
    assert wait.run(looks.time.sleep) == "found"
    assert 32 <= looks.at[-1] <= 34


def test_the_last_failure_is_remembered_until_an_answer_comes() -> None:
    """`trouble` is the failure of the last look, and None again after an answer."""
    looks = Looks(Time())
    looks.script = {1: AWAY}
    wait = looks.wait(2)
    wait.run(looks.time.sleep)
    assert wait.trouble is None
    looks.script = {len(looks.at) + 1: AWAY, len(looks.at) + 2: AWAY}
    wait = looks.wait(2)
    wait.run(looks.time.sleep)
    assert wait.trouble is AWAY


def test_retry_after_is_honoured() -> None:
    """A provider that asks for five seconds gets five seconds, once."""
    looks = Looks(Time())
    looks.script = {1: ProviderUnavailable("429", retry_after=5.0)}
    looks.run(20)
    assert looks.at[:3] == [1.0, 6.0, 6.75]


def test_retry_after_does_not_pass_the_deadline() -> None:
    """A provider that asks for an hour is looked at once more, just before the end."""
    looks = Looks(Time())
    looks.script = {1: ProviderUnavailable("429", retry_after=3600.0)}
    looks.run(20)
    assert looks.at == [1.0, 19.5]


@pytest.mark.parametrize("error", [AuthenticationError("wrong key"), OrderEnded("it is over"), RuntimeError("a bug")])
def test_any_other_error_ends_the_wait(error: Exception) -> None:
    """A final error of a look is raised as it is, after one look."""
    looks = Looks(Time())
    looks.script = {1: error}
    with pytest.raises(type(error)) as caught:
        looks.run(60)
    assert caught.value is error
    assert looks.at == [1.0]


def test_an_error_of_claiming_ends_the_wait() -> None:
    """What `claim` raises, a user's own pattern function say, reaches the caller as it is."""
    looks = Looks(Time())

    def claim() -> str:
        raise ZeroDivisionError("in the pattern")

    looks.claim = claim  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError, match="in the pattern"):
        looks.run(60)
    assert looks.at == [1.0]


def test_async_keeps_the_same_pace_on_the_loops_clock() -> None:
    """On an event loop the looks come at the same times, by the loop's clock and not by the wall's."""

    async def main(loop: VirtualLoop) -> list[float]:
        at: list[float] = []
        wait = Wait(lambda _: at.append(round(loop.time(), 3)), lambda: None, timeout=60, pace=Pace(), bell=Bell())
        assert await wait.run_async() is None
        return at

    begin = time.monotonic()
    at = virtual(main)
    looks = Looks(Time())
    looks.run(60)
    assert at == pytest.approx(looks.at, abs=0.01)
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("error", [AuthenticationError("wrong key"), ZeroDivisionError("a bug")])
def test_async_errors_end_the_wait(error: Exception) -> None:
    """On an event loop too a final error is raised as it is, and a passing one is not."""
    steps = [AWAY, error]

    def refresh(seconds: float) -> None:
        raise steps.pop(0)

    async def main(loop: VirtualLoop) -> None:
        await Wait(refresh, lambda: None, timeout=60, pace=Pace(), bell=Bell()).run_async()

    with pytest.raises(type(error)) as caught:
        virtual(main)
    assert caught.value is error


def test_async_looks_leave_the_loop_free() -> None:
    """A look that blocks for a while runs elsewhere: the loop goes on turning meanwhile."""
    turns = 0
    asked = threading.Event()
    free = threading.Event()

    def refresh(seconds: float) -> None:
        asked.set()
        assert free.wait(10)

    async def main() -> None:
        nonlocal turns
        wait = Wait(refresh, lambda: "found", timeout=10, pace=Pace(first=0.0), bell=Bell())
        task = asyncio.create_task(wait.run_async())
        while not asked.is_set() or turns < 3:
            await asyncio.sleep(0.001)
            turns += 1
        free.set()
        assert await task == "found"

    asyncio.run(main())
    assert turns >= 3


def test_many_async_waits_share_a_few_threads() -> None:
    """Two hundred waits on one loop use no more threads than the pool has, and all of them are served."""
    before = threading.active_count()
    most = 0

    def refresh(seconds: float) -> None:
        nonlocal most
        most = max(most, threading.active_count())

    async def main(loop: VirtualLoop) -> None:
        bell = Bell()
        waits = [Wait(refresh, lambda: None, timeout=3, pace=Pace(), bell=bell) for _ in range(200)]
        assert await asyncio.gather(*(wait.run_async() for wait in waits)) == [None] * 200

    virtual(main)
    assert most - before <= REQUEST_THREADS


def test_async_looks_that_cost_nothing_use_no_thread() -> None:
    """A provider in this process is asked on the loop itself."""
    threads: set[int] = set()

    async def main(loop: VirtualLoop) -> None:
        wait = Wait(lambda _: threads.add(threading.get_ident()), lambda: None, timeout=2, pace=PUSHED, bell=Bell())
        await wait.run_async()

    virtual(main)
    assert threads == {threading.get_ident()}


def test_a_queued_look_knows_how_late_it_is() -> None:
    """A look that had to queue for a thread is told the time that is left when it begins, not when it was queued."""
    allowed: list[float] = []

    def refresh(seconds: float) -> None:
        allowed.append(seconds)
        time.sleep(0.1)

    async def main() -> None:
        waits = [
            Wait(refresh, lambda: None, timeout=0.6, pace=Pace(first=0.0, last=10.0), bell=Bell())
            for _ in range(2 * REQUEST_THREADS)
        ]
        await asyncio.gather(*(wait.run_async() for wait in waits))

    asyncio.run(main())
    assert min(allowed[: REQUEST_THREADS // 2]) > 0.5
    assert min(allowed) < 0.55


def test_a_ring_wakes_a_sleeper() -> None:
    """A ring from another thread ends a sleep at once."""
    bell = Bell()
    threading.Timer(0.02, bell.ring).start()
    assert slept(bell, 30.0, bell.rung()) < 10


def test_a_ring_wakes_all_sleepers() -> None:
    """Every wait for the same number wakes, in whatever thread it sleeps."""
    bell = Bell()
    threads = [threading.Thread(target=bell.sleep, args=(30.0, bell.rung())) for _ in range(5)]
    for thread in threads:
        thread.start()
    bell.ring()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_a_ring_for_later_wakes_at_its_time() -> None:
    """A message that is announced for later ends the sleep then, neither at once nor at the end."""
    bell = Bell()
    bell.ring(after=0.1)
    assert 0.1 <= slept(bell, 30.0, bell.rung()) < 10


def test_an_earlier_ring_overtakes_a_later_one() -> None:
    """A ring now wakes also where another one is announced for later, and that one still wakes then."""
    bell = Bell()
    bell.ring(after=0.2)
    threading.Timer(0.02, bell.ring).start()
    assert slept(bell, 30.0, 0) < 0.2
    assert bell.rung() == 1
    assert slept(bell, 30.0, 1) < 10
    assert bell.rung() == 2


def test_a_ring_that_was_heard_wakes_nobody() -> None:
    """Rings from before the look are in the look already, and do not turn the loop into a busy one."""
    bell = Bell()
    bell.ring()
    assert slept(bell, 0.05, bell.rung()) >= 0.05


def test_a_ring_after_the_end_does_not_lengthen_a_sleep() -> None:
    """What is announced for after the sleep leaves it as it is."""
    bell = Bell()
    bell.ring(after=30.0)
    assert 0.05 <= slept(bell, 0.05, bell.rung()) < 10


def test_a_ring_on_a_clock_of_its_own() -> None:
    """When a ring is due is a matter of the bell's clock."""
    now = Time()
    bell = Bell(now.clock)
    bell.ring(after=5)
    assert bell.rung() == 0
    now.sleep(5)
    assert bell.rung() == 1


def test_a_ring_wakes_an_async_sleeper() -> None:
    """Rings from a thread, and rings for later, wake a coroutine."""

    async def main() -> None:
        bell = Bell()
        threading.Timer(0.02, bell.ring).start()
        await asyncio.wait_for(bell.sleep_async(30.0, bell.rung()), 10)
        bell.ring(after=0.05)
        begin = time.monotonic()
        await asyncio.wait_for(bell.sleep_async(30.0, bell.rung()), 10)
        assert time.monotonic() - begin >= 0.05
        bell.ring()
        await asyncio.wait_for(bell.sleep_async(30.0, bell.rung() - 1), 10)

    asyncio.run(main())


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
def test_a_ring_between_look_and_sleep_is_not_lost(run_async: bool) -> None:
    """What comes after the look and before the sleep is found at once, not an interval later."""
    bell = Bell()
    there: list[str] = []

    def claim() -> str | None:
        if there:
            return there[0]
        there.append("found")
        bell.ring()
        return None

    begin = time.monotonic()
    wait = Wait(lambda _: None, claim, timeout=60, pace=Pace(interval=30.0, first=0.0), bell=bell)
    assert (asyncio.run(wait.run_async()) if run_async else wait.run()) == "found"
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("run_async", [False, True])
def test_a_ring_for_nothing_is_heard_once(run_async: bool) -> None:
    """A ring that brought nothing for this wait costs one look, not a loop that never sleeps again."""
    bell = Bell()
    looks: list[float] = []

    def refresh(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 1:
            bell.ring()

    wait = Wait(refresh, lambda: None, timeout=0.4, pace=Pace(interval=0.15, first=0.0, blocks=False), bell=bell)
    assert (asyncio.run(wait.run_async()) if run_async else wait.run()) is None
    assert 3 <= len(looks) <= 6


def test_no_ring_is_ever_lost() -> None:
    """A hundred messages at random moments, each with a ring: a pace that would never look again finds them all."""
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
            timeout=30,
            pace=Pace(interval=30.0, first=0.0),
            bell=bell,
        )
        found.append(wait.run())
    sender.join()
    assert found == list(range(1, 101))


@pytest.mark.parametrize("turns", range(6))
def test_a_cancelled_async_wait_claims_nothing(turns: int) -> None:
    """A wait that is cancelled just as it is woken, however many turns of the loop later, takes nothing any more."""
    inbox: list[str] = []

    async def main() -> object:
        bell = Bell()
        wait = Wait(
            lambda _: None,
            lambda: inbox.pop() if inbox else None,
            timeout=30,
            pace=Pace(first=0.0, interval=30.0, blocks=False),
            bell=bell,
        )
        task = asyncio.create_task(wait.run_async())
        await asyncio.sleep(0.01)
        inbox.append("message")
        bell.ring()
        for _ in range(turns):
            await asyncio.sleep(0)
        was_done = task.done()
        task.cancel()
        outcome: object = (await asyncio.gather(task, return_exceptions=True))[0]
        assert was_done or isinstance(outcome, asyncio.CancelledError), "the cancellation was swallowed"
        return outcome

    outcome = asyncio.run(main())
    assert (outcome, inbox) == ("message", []) or inbox == ["message"]


def slept(bell: Bell, seconds: float, heard: int) -> float:
    begin = time.monotonic()
    bell.sleep(seconds, heard)
    return time.monotonic() - begin
