"""Steps run on a driver, blocking or on an event loop, and leave it as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pytest_otp.browser.drivers import Calls, run, run_async
from pytest_otp.browser.steps import Pause, Press, Step, Steps


class Recording:
    """A driver that records the steps, answers with their number, and fails at a pause."""

    pump = None

    def __init__(self, *, is_async: bool) -> None:
        self.done: list[object] = []
        self._is_async = is_async

    def perform(self, step: Step) -> Calls[Any]:
        return (yield self._call(step))

    def restore(self) -> Calls[None]:
        yield self._call("restore")

    def _call(self, what: object) -> Callable[[], Any]:
        def call() -> int:
            self.done.append(what)
            if isinstance(what, Pause):
                raise RuntimeError("the page is closed")
            return len(self.done)

        async def awaited() -> int:
            await asyncio.sleep(0)
            return call()

        return awaited if self._is_async else call


def both(steps: Callable[[], Steps[int]]) -> list[tuple[Recording, Callable[[], int]]]:
    """Each kind of driver, and what runs the steps on it."""

    async def waited(driver: Recording) -> int:
        result: Awaitable[int] = run_async(driver, steps())
        return await result

    blocking, waiting = Recording(is_async=False), Recording(is_async=True)
    return [(blocking, lambda: run(blocking, steps())), (waiting, lambda: asyncio.run(waited(waiting)))]


def test_steps_get_their_answers() -> None:
    """Each step's answer comes back to it, the result is that of the steps, and the driver is restored."""

    def steps() -> Steps[int]:
        first = yield Press("1")
        second = yield Press("2")
        return int(10 * first + second)

    for driver, go in both(steps):
        assert go() == 12
        assert driver.done == [Press("1"), Press("2"), "restore"]


def test_steps_can_clean_up_after_a_failure() -> None:
    """A failed call is raised in the steps, which may clean up; then the driver is restored, and the error raised."""

    def steps() -> Steps[int]:
        try:
            yield Pause(1)
        finally:
            yield Press("Escape")
        return 0

    for driver, go in both(steps):
        with pytest.raises(RuntimeError, match="the page is closed"):
            go()
        assert driver.done == [Pause(1), Press("Escape"), "restore"]
