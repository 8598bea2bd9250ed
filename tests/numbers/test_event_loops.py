"""Async waits on asyncio's loop and on trio's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from pytest_otp.errors import CodeTimeout, OtpError
from pytest_otp.numbers.event_loops import sleeper
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.waiting import Pace
from pytest_otp.offline.carrier import Carrier
from tests.numbers.renting import LONG, offline, rented
from tests.scripted import ScriptedProvider

Loop = Callable[[Callable[[], Awaitable[Any]]], Any]
LOOPS = pytest.mark.parametrize("loop", [lambda main: asyncio.run(main()), trio.run], ids=["asyncio", "trio"])


@LOOPS
def test_a_sleep_ends_when_another_thread_says_so(loop: Loop) -> None:
    """It is woken from any thread, also by a call from before the sleep, once."""

    async def main() -> None:
        here = sleeper()
        here.wake()
        await here.sleep()
        threading.Timer(0.01, here.wake).start()
        await here.sleep()

    loop(main)


@LOOPS
def test_a_call_after_the_loop_has_ended(loop: Loop) -> None:
    """It is ignored: nobody sleeps there any more."""

    async def main() -> object:
        return sleeper()

    loop(main).wake()


@LOOPS
@pytest.mark.parametrize("kind", ["offline", "asked in a thread"])
def test_a_wait(loop: Loop, kind: str, provider: ScriptedProvider) -> None:
    """A wait times out, gets its code, and loses none to one that was cancelled."""
    carrier = Carrier(seed=1)
    number = offline("manual", carrier=carrier) if kind == "offline" else rented(provider, pace=Pace(0.01, first=0.0))

    def receive(code: str) -> None:
        if kind == "offline":
            carrier.deliver(number, f"code {code}")
        else:
            provider.receive(f"code {code}")

    async def main() -> None:
        with pytest.raises(CodeTimeout):
            await number.wait_code_async(0.1)
        receive("111111")
        assert await number.wait_code_async(LONG) == "111111"
        await cancelled(number)
        receive("222222")
        assert await number.wait_code_async(LONG) == "222222"

    async def cancelled(number: OtpNumber) -> None:
        if loop is trio.run:
            with trio.move_on_after(0.02) as scope:
                await number.wait_code_async(LONG)
            assert scope.cancelled_caught
        else:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(number.wait_code_async(LONG), 0.02)

    loop(main)


def test_a_frozen_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test has frozen the clock of the event loop, a wait gets its code and ends on time all the same."""
    carrier = Carrier(seed=1)
    number = offline("manual", carrier=carrier)

    async def main() -> None:
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: now)
        with pytest.raises(CodeTimeout):
            await number.wait_code_async(0.1)
        carrier.deliver(number, "code 111111", after=0.05)
        assert await number.wait_code_async(LONG) == "111111"

    asyncio.run(main())


def test_another_loop() -> None:
    """A coroutine that neither asyncio nor trio runs gets one sentence, which names what works everywhere."""
    number = offline("manual")
    with pytest.raises(OtpError) as caught:
        number.wait_code_async(LONG).send(None)
    assert str(caught.value) == (
        "the async waits work on the event loops of asyncio and trio; neither is running here. Call wait_code in a "
        "thread, as with anyio.to_thread.run_sync(number.wait_code)."
    )
