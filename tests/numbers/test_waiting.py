"""The polling loop: when it polls, what wakes it, and what ends it."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from typing import Any

import pytest

from pytest_otp.errors import AuthenticationError, OrderEnded, ProviderUnavailable
from pytest_otp.numbers.bell import Bell
from pytest_otp.numbers.waiting import PUSHED, Pace, Wait
from tests.numbers.renting import AWAY, LONG, bell_on, virtual
from tests.scripted import Time, VirtualLoop


class Polls:
    """Something to poll for: records when and with how much time left, and is there from some moment on."""

    def __init__(self, time: Time, *, there_after: float = float("inf"), takes: float = 0.0) -> None:
        self.time = time
        self.at: list[float] = []
        self.allowed: list[float] = []
        self.script: dict[int, Exception] = {}
        self._there_after = there_after
        self._takes = takes

    def poll(self, seconds: float) -> None:
        self.at.append(round(self.time.elapsed, 6))
        self.allowed.append(seconds)
        if len(self.at) in self.script:
            raise self.script[len(self.at)]
        self.time.sleep(min(self._takes, seconds))

    def claim(self) -> str | None:
        return "found" if self.time.elapsed >= self._there_after else None

    def wait(self, timeout: float, pace: Pace | None = None) -> Wait[str]:
        bell = Bell(self.time.clock)
        return Wait(self.poll, self.claim, timeout=timeout, pace=pace or Pace(), bell=bell, clock=self.time.clock)

    def run(self, timeout: float, pace: Pace | None = None) -> Any:
        return self.wait(timeout, pace).run(self.time.sleep)


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


def test_polls_of_a_whole_wait() -> None:
    """First after 1 s, then every 0.75 s, from 15 s on more rarely, at the latest half a second before the end."""
    polls = Polls(Time())
    assert polls.run(120) is None
    assert polls.at[:4] == [1.0, 1.75, 2.5, 3.25]
    pauses = [after - before for before, after in pairwise(polls.at)]
    assert pauses[:-1] == pytest.approx([Pace().pause(before) for before in polls.at[:-2]])
    assert polls.at[-1] == 119.5
    assert len(polls.at) < 80


@pytest.mark.parametrize(("sms_after", "most"), [(3.0, 5), (7.0, 11), (20.0, 27)])
def test_requests_until_an_sms(sms_after: float, most: int) -> None:
    """The number of requests stays below what the project promises."""
    polls = Polls(Time(), there_after=sms_after)
    assert polls.run(120) == "found"
    assert len(polls.at) <= most


@pytest.mark.parametrize("timeout", [1.0, 1.3, 2.0, 2.5, 7.77, 10.0, 33.3, 120.0, 600.0])
def test_the_last_poll_is_one_poll_before_the_deadline(timeout: float) -> None:
    """The last poll starts half a second (a quarter of a short wait) before the end, once, and then it is over."""
    polls = Polls(Time(start=86_413.7))
    assert polls.run(timeout) is None
    assert polls.at[-1] == pytest.approx(timeout - min(0.5, timeout / 4))
    assert min((after - before for before, after in pairwise(polls.at)), default=1.0) > 0.01
    assert polls.time.elapsed <= timeout


@pytest.mark.parametrize("timeout", [1.0, 5.0, 30.0])
@pytest.mark.parametrize("takes", [0.3, 2.0, 1000.0])
def test_the_deadline_is_never_passed(timeout: float, takes: float) -> None:
    """A poll gets the time that is left, so that slow answers do not carry the wait past its end."""
    polls = Polls(Time(), takes=takes)
    assert polls.run(timeout) is None
    assert polls.time.elapsed <= timeout + 0.01
    assert all(at + allowed <= timeout + 0.01 for at, allowed in zip(polls.at, polls.allowed, strict=True))


def test_no_time_is_one_poll() -> None:
    """A wait of 0 s polls once at once, and gives that poll half a second, since no answer comes in no time."""
    polls = Polls(Time())
    assert polls.run(0) is None
    assert polls.at == [0.0]
    assert polls.allowed == [0.5]


def test_slow_polls_do_not_stretch_the_interval() -> None:
    """The interval counts from the start of a poll, and at least half of it is a pause."""
    polls = Polls(Time(), takes=0.3)
    polls.run(4)
    assert polls.at[:3] == [1.0, 1.75, 2.5]
    slow = Polls(Time(), takes=2.0)
    slow.run(10)
    assert slow.at[:3] == [1.0, 3.375, 5.75]


def test_the_end_of_the_first_poll_is_the_end_of_the_wait() -> None:
    """What is there at the first poll costs one request and 1 s."""
    polls = Polls(Time(), there_after=0)
    assert polls.run(60) == "found"
    assert polls.at == [1.0]


def test_a_provider_that_pushes_is_asked_at_once() -> None:
    """If a poll costs nothing the first one comes at once and the last one at the very end."""
    polls = Polls(Time())
    assert polls.run(3, PUSHED) is None
    assert (polls.at[0], polls.at[-1]) == (0.0, 3.0)


def test_an_unavailable_provider_is_asked_again() -> None:
    """A passing failure costs its poll and nothing else."""
    polls = Polls(Time(), there_after=2.0)
    polls.script = {1: AWAY, 2: AWAY}
    assert polls.run(60) == "found"
    assert polls.at == [1.0, 1.75, 2.5]


def test_an_outage_of_thirty_seconds_is_survived() -> None:
    """An SMS that came during a long outage is found after it."""
    polls = Polls(Time())

    def poll(seconds: float) -> None:
        polls.at.append(polls.time.elapsed)
        if 2 < polls.time.elapsed < 32:
            raise AWAY

    wait = Wait(
        poll,
        lambda: "found" if polls.at[-1] >= 32 else None,
        timeout=120,
        pace=Pace(),
        bell=Bell(polls.time.clock),
        clock=polls.time.clock,
    )
    assert wait.run(polls.time.sleep) == "found"
    assert 32 <= polls.at[-1] <= 34


def test_the_last_failure_is_remembered_until_an_answer_comes() -> None:
    """`trouble` is the failure of the last poll, and None again after an answer."""
    polls = Polls(Time())
    polls.script = {1: AWAY}
    wait = polls.wait(2)
    wait.run(polls.time.sleep)
    assert wait.trouble is None
    polls.script = {len(polls.at) + 1: AWAY, len(polls.at) + 2: AWAY}
    wait = polls.wait(2)
    wait.run(polls.time.sleep)
    assert wait.trouble is AWAY


def test_retry_after_is_honoured() -> None:
    """A provider that asks for five seconds gets five seconds, once."""
    polls = Polls(Time())
    polls.script = {1: ProviderUnavailable("429", retry_after=5.0)}
    polls.run(20)
    assert polls.at[:3] == [1.0, 6.0, 6.75]


def test_retry_after_does_not_pass_the_deadline() -> None:
    """A provider that asks for an hour is polled once more, just before the end."""
    polls = Polls(Time())
    polls.script = {1: ProviderUnavailable("429", retry_after=3600.0)}
    polls.run(20)
    assert polls.at == [1.0, 19.5]


@pytest.mark.parametrize("error", [AuthenticationError("wrong key"), OrderEnded("it is over"), RuntimeError("a bug")])
def test_any_other_error_ends_the_wait(error: Exception) -> None:
    """A final error of a poll is raised as it is, after one poll."""
    polls = Polls(Time())
    polls.script = {1: error}
    with pytest.raises(type(error)) as caught:
        polls.run(60)
    assert caught.value is error
    assert polls.at == [1.0]


def test_an_error_of_claiming_ends_the_wait() -> None:
    """What `claim` raises, a user's own pattern function say, reaches the caller as it is."""
    polls = Polls(Time())

    def claim() -> str:
        raise ZeroDivisionError("in the pattern")

    polls.claim = claim  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError, match="in the pattern"):
        polls.run(60)
    assert polls.at == [1.0]


def test_async_keeps_the_same_pace() -> None:
    """On an event loop the polls come at the same times."""

    async def main(loop: VirtualLoop) -> list[float]:
        at: list[float] = []
        wait: Wait[str] = Wait(
            lambda _: at.append(round(loop.time(), 3)),
            lambda: None,
            timeout=60,
            pace=Pace(),
            bell=bell_on(loop),
            clock=loop.time,
        )
        assert await wait.run_async() is None
        return at

    at = virtual(main)
    polls = Polls(Time())
    polls.run(60)
    assert at == pytest.approx(polls.at, abs=0.01)


@pytest.mark.parametrize("error", [AuthenticationError("wrong key"), ZeroDivisionError("a bug")])
@pytest.mark.parametrize("later", [False, True], ids=["at once", "as an answer"])
def test_async_errors_end_the_wait(error: Exception, later: bool) -> None:
    """On an event loop too a final error is raised as it is, and a passing one is not."""
    steps = [AWAY, error]

    def poll(seconds: float) -> Future[None]:
        if not later:
            raise steps.pop(0)
        answer: Future[None] = Future()
        answer.set_exception(steps.pop(0))
        return answer

    async def main(loop: VirtualLoop) -> None:
        await Wait(poll, lambda: None, timeout=60, pace=Pace(), bell=bell_on(loop), clock=loop.time).run_async()

    with pytest.raises(type(error)) as caught:
        virtual(main)
    assert caught.value is error


def test_an_answer_of_another_thread_ends_a_poll() -> None:
    """A poll whose answer is yet to come leaves the loop free, and its answer wakes the wait."""
    turns = 0
    answer: Future[None] = Future()

    async def main() -> None:
        nonlocal turns
        wait = Wait(lambda _: answer, lambda: "found", timeout=LONG, pace=Pace(first=0.0), bell=Bell())
        task = asyncio.create_task(wait.run_async())
        while turns < 3:
            await asyncio.sleep(0.001)
            turns += 1
        assert not task.done()
        threading.Thread(target=answer.set_result, args=(None,)).start()
        assert await task == "found"

    asyncio.run(main())


@pytest.mark.parametrize("run_async", [False, True])
def test_an_answer_that_never_comes(run_async: bool) -> None:
    """The wait ends on time, and says that the last poll got no response."""
    wait: Wait[str] = Wait(lambda _: Future(), lambda: None, timeout=0.1, pace=Pace(first=0.0), bell=Bell())
    assert (asyncio.run(wait.run_async()) if run_async else wait.run()) is None
    assert wait.trouble is not None
    assert wait.trouble.message == "no response before the deadline"


def test_async_polls_that_cost_nothing_use_no_thread() -> None:
    """A provider in this process is asked on the loop itself."""
    threads: set[int] = set()

    async def main(loop: VirtualLoop) -> None:
        wait: Wait[str] = Wait(
            lambda _: threads.add(threading.get_ident()),
            lambda: None,
            timeout=2,
            pace=PUSHED,
            bell=bell_on(loop),
            clock=loop.time,
        )
        await wait.run_async()

    virtual(main)
    assert threads == {threading.get_ident()}


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


class Suspended(Polls):
    """As `Polls`, in a process that is suspended once, for a minute: in a pause, or in a poll that then fails."""

    def __init__(self, *, in_pause: int | None = None, in_poll: int | None = None) -> None:
        super().__init__(Time())
        self._pauses = itertools.count(1)
        self._in_pause = in_pause
        self._in_poll = in_poll

    def sleep(self, seconds: float) -> None:
        self.time.sleep(seconds + (60.0 if next(self._pauses) == self._in_pause else 0.0))

    def poll(self, seconds: float) -> None:
        super().poll(seconds)
        if len(self.at) == self._in_poll:
            self.time.sleep(60.0)
            raise AWAY

    def claim(self) -> str | None:
        """The message is there after half of the minute, for whoever asks then and has the time for an answer."""
        return "found" if self.at[-1] > 30.0 and self.allowed[-1] >= 1.0 else None

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


SUSPENSIONS = pytest.mark.parametrize(
    "polls",
    [
        pytest.param(lambda: Suspended(in_pause=1), id="first-pause"),
        pytest.param(lambda: Suspended(in_pause=3), id="a-pause"),
        pytest.param(lambda: Suspended(in_poll=1), id="first-poll"),
        pytest.param(lambda: Suspended(in_poll=13), id="last-poll"),
    ],
)


@SUSPENSIONS
def test_a_suspended_wait_looks_once_more(polls: Callable[[], Suspended]) -> None:
    """A process that was stopped beyond the end of the wait polls once more, with time for an answer."""
    polled = polls()
    assert polled.wait(10.0).run(polled.sleep) == "found"
    assert [at for at in polled.at if at > 10.0] == [polled.at[-1]]


@SUSPENSIONS
def test_a_suspended_async_wait_looks_once_more(polls: Callable[[], Suspended]) -> None:
    """The same on an event loop."""
    polled = polls()
    assert asyncio.run(polled.wait(10.0).run_async(polled.sleep_async)) == "found"
    assert [at for at in polled.at if at > 10.0] == [polled.at[-1]]


def test_a_wait_looks_once_more_and_not_again() -> None:
    """A provider of one's own that ignores its time limit looks like a suspension: it is not asked for ever."""
    polls = Polls(Time())

    def poll(seconds: float) -> None:
        polls.at.append(polls.time.elapsed)
        polls.time.sleep(100.0)

    wait: Wait[str] = Wait(
        poll, lambda: None, timeout=10, pace=Pace(), bell=Bell(polls.time.clock), clock=polls.time.clock
    )
    assert wait.run(polls.time.sleep) is None
    assert polls.at == [1.0, 101.0]
