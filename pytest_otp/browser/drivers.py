"""Runs steps against a driver, blocking or on an event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

from .steps import Step, Steps

T = TypeVar("T")

Calls = Generator[Callable[[], Any], Any, T]
"""Calls of a browser library's API, each of which blocks or, in an async API, is awaited."""


class Driver(Protocol):
    """Performs steps with the calls of one browser library."""

    @property
    def pump(self) -> Callable[[float], None] | None:
        """Lets the handlers of the page run for some seconds; None if they run by themselves."""
        ...

    def perform(self, step: Step) -> Calls[Any]:
        """Make the calls of a step, and return its answer."""
        ...

    def restore(self) -> Calls[None]:
        """Leave the library's own state as it was."""
        ...


def run(driver: Driver, steps: Steps[T]) -> T:
    """Perform all steps, and return their result."""
    return _run(_calls(driver, steps))


async def run_async(driver: Driver, steps: Steps[T]) -> T:
    """Like `run`, with an async API."""
    calls = _calls(driver, steps)
    answer: Any = None
    failure: BaseException | None = None
    try:
        while True:
            call: Callable[[], Awaitable[Any]] = calls.throw(failure) if failure else calls.send(answer)
            answer, failure = None, None
            try:
                answer = await call()
            except BaseException as error:  # noqa: BLE001 - handed to the steps, which raise it again
                failure = error
    except StopIteration as end:
        result: T = end.value
        return result


def _run(calls: Calls[T]) -> T:
    answer: Any = None
    failure: BaseException | None = None
    try:
        while True:
            call = calls.throw(failure) if failure else calls.send(answer)
            answer, failure = None, None
            try:
                answer = call()
            except BaseException as error:  # noqa: BLE001 - as above
                failure = error
    except StopIteration as end:
        result: T = end.value
        return result


def _calls(driver: Driver, steps: Steps[T]) -> Calls[T]:
    """The calls of all steps."""
    answer: Any = None
    failure: BaseException | None = None
    try:
        while True:
            step = steps.throw(failure) if failure else steps.send(answer)
            answer, failure = None, None
            try:
                answer = yield from driver.perform(step)
            except Exception as error:  # noqa: BLE001 - the steps clean up, and raise it again
                failure = error
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        yield from driver.restore()
