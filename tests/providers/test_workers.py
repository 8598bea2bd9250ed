"""A few threads for calls that block."""

from __future__ import annotations

import os
import threading

import pytest

from pytest_otp.providers.workers import Workers

LONG = 60.0


def test_no_more_than_that() -> None:
    """No more threads than allowed run at a time, and each call gets its turn, the oldest first."""
    workers = Workers(3, "a test's")
    lock, all_busy, release = threading.Lock(), threading.Event(), threading.Event()
    running, most, order = 0, 0, list[int]()

    def call(number: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            order.append(number)
            if running == 3:
                all_busy.set()
        assert release.wait(LONG)
        with lock:
            running -= 1

    for number in range(20):
        workers.run(lambda number=number: call(number))  # type: ignore[misc]
    assert all_busy.wait(LONG)
    assert not workers.join(0.0)
    release.set()
    assert workers.join(LONG)
    assert most == 3
    assert sorted(order[:3]) == [0, 1, 2]
    assert sorted(order) == list(range(20))


def test_threads_are_used_again() -> None:
    """A thread that has nothing to do takes the next call; all of them end with the process."""
    workers = Workers(8, "a test's")
    seen: set[threading.Thread] = set()
    for _ in range(5):
        workers.run(lambda: seen.add(threading.current_thread()))
        assert workers.join(LONG)
    assert len(seen) <= 2
    assert all(thread.daemon and thread.name == "a test's" for thread in seen)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # newer Pythons warn of any fork with threads
def test_in_a_forked_child() -> None:
    """A child has none of its parent's threads, and starts its own."""
    workers = Workers(1, "a test's")
    release = threading.Event()
    workers.run(lambda: release.wait(LONG))
    child = os.fork()
    if not child:
        done = threading.Event()
        workers.run(done.set)
        os._exit(7 if done.wait(LONG) else 1)
    release.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
