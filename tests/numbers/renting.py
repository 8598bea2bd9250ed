"""Numbers to test with, and what threads and signals need."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from pytest_otp.errors import ProviderUnavailable
from pytest_otp.numbers.bell import Bell
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.options import NumberOptions
from pytest_otp.numbers.waiting import Pace
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import RentalDesk
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.offline.scenarios import scenario
from tests.scripted import ScriptedProvider, Time, VirtualLoop

T = TypeVar("T")

AWAY = ProviderUnavailable("the provider responded with 502 Bad Gateway", provider="scripted", http_status=502)
LONG = 30.0
"""Seconds to wait for what happens at once, however busy the machine is."""


def rented(
    provider: ScriptedProvider,
    time: Time | None = None,
    *,
    timeout: float = 120.0,
    poll_interval: float = 0.75,
    show_sms: bool = False,
    pace: Pace | None = None,
) -> OtpNumber:
    """A number of the provider, on virtual time if there is one."""
    order = provider.order("shop", "US", None)
    options = NumberOptions(timeout, poll_interval, show_sms=show_sms)
    if time is None:
        return OtpNumber(provider, order, options, pace=pace)
    return OtpNumber(provider, order, options, pace=pace, clock=time.clock, sleep=time.sleep)


def offline(name: str, *, carrier: Carrier | None = None, timeout: float = 120.0, show_sms: bool = False) -> OtpNumber:
    """A number of the fake provider under a scenario; its messages are pushed."""
    desk = FakeProvider(RentalDesk(carrier or Carrier(seed=1), scenario=scenario(name)))
    return OtpNumber(desk, desk.order(None, None, None), NumberOptions(timeout, show_sms=show_sms))


def begun(action: Callable[[], T]) -> Future[T]:
    """Run it in a thread that ends with the process: a test that fails leaves nothing to wait for."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


def bell_on(loop: VirtualLoop) -> Bell:
    """A bell whose alarms are the loop's own timers, which jump."""
    return Bell(loop.time, call_at=lambda due, call: loop.call_at(due, call).cancel)


def virtual(main: Callable[[VirtualLoop], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine on a loop whose clock jumps; in real time it takes next to nothing."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(asyncio.wait_for(main(loop), 100_000))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@contextmanager
def interrupting(when: threading.Event, then: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Interrupt the main thread once, by a real SIGINT after `when`, and do something after it was noticed."""
    main = threading.get_ident()
    noticed = threading.Event()

    def interrupt(*_: object) -> None:
        if not noticed.is_set():
            noticed.set()
            raise KeyboardInterrupt

    def send() -> None:
        assert when.wait(LONG)
        while not noticed.wait(0.05):  # a signal just before the thread begins to wait for a lock is not noticed
            signal.pthread_kill(main, signal.SIGINT)
        then()

    previous = signal.signal(signal.SIGINT, interrupt)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()
        signal.signal(signal.SIGINT, previous)
