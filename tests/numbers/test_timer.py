"""The thread that times waits on event loops."""

from __future__ import annotations

import os
import queue
import threading

import pytest

from pytest_otp.clock import monotonic
from pytest_otp.numbers.timer import Timer
from tests.numbers.renting import LONG


def test_in_their_order() -> None:
    """Each function is called when it is due, in one thread, whatever the order of the requests."""
    timer = Timer()
    called: queue.SimpleQueue[tuple[str, float, int]] = queue.SimpleQueue()
    start = monotonic()

    def call(name: str) -> None:
        called.put((name, monotonic(), threading.get_ident()))

    gate = threading.Event()
    timer.call_at(start, gate.wait)  # so that none is called before all are there
    for name, after in (("second", 0.02), ("first", 0.01), ("third", 0.03)):
        timer.call_at(start + after, lambda name=name: call(name))  # type: ignore[misc]
    gate.set()
    got = [called.get(timeout=LONG) for _ in range(3)]
    assert [name for name, _, _ in got] == ["first", "second", "third"]
    assert all(at >= start + after for (_, at, _), after in zip(got, (0.01, 0.02, 0.03), strict=True))
    assert len({thread for _, _, thread in got}) == 1


def test_an_earlier_one_that_comes_later() -> None:
    """A thread that sleeps until a distant moment is woken for a nearer one."""
    timer = Timer()
    called = threading.Event()
    timer.call_at(monotonic() + 3600, lambda: None)
    timer.call_at(monotonic(), called.set)
    assert called.wait(LONG)


def test_a_cancelled_one() -> None:
    """It is not called, and cancelling it twice, or after its call, is harmless."""
    timer = Timer()
    called: list[str] = []
    done = threading.Event()
    cancel = timer.call_at(monotonic() + 0.02, lambda: called.append("cancelled"))
    cancel()
    cancel()
    late = timer.call_at(monotonic() + 0.03, done.set)
    assert done.wait(LONG)
    late()
    assert not called


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # newer Pythons warn of any fork with threads
def test_in_a_forked_child() -> None:
    """A child has no thread of its parent's, and starts its own."""
    timer = Timer()
    timer.call_at(monotonic() + 3600, lambda: None)
    child = os.fork()
    if not child:
        called = threading.Event()
        timer.call_at(monotonic(), called.set)
        os._exit(7 if called.wait(LONG) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
