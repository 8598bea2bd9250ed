"""Five hundred numbers that wait in one process, over one keeper, and over real sockets."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pytest_otp.keeper.guard import Guard, GuardOptions
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.options import NumberOptions
from pytest_otp.offline.carrier import Carrier
from pytest_otp.providers.base import Order
from pytest_otp.providers.registry import Recipe, credentials
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.keeper.loopback import pid_of, runs
from tests.orders.processes import until

COUNT = 500
COUNTRY = "6"  # an id, as the service's, so that no catalogue is asked
MOST_MEMORY = 150 * 1024
"""Kilobytes that the keeper may have used at any time."""


def peak_memory(pid: int) -> int:
    """Kilobytes of memory that a process has had at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])


def test_each_gets_its_own_code(tmp_path: Path) -> None:
    """Each of 500 waits on one event loop gets the code that was sent to its number, and none another's.

    They need no thread of their own, and the keeper stays small.
    """
    carrier = Carrier(seed=1)
    codes: dict[str, str] = {}
    threads: set[str] = set()
    guard = Guard(GuardOptions("a-run", tmp_path, "ledger.sqlite3", close_timeout=0.0))
    with Server(Sandbox(carrier, scenario="manual")) as server:
        provider = guard.provider(Recipe("otpcepat", credentials("otpcepat", environ(server.url), {}), frozenset()))
        service = provider.services(COUNTRY)[0].id

        def order(_: int) -> Order:
            return provider.order(service, COUNTRY, None)

        with ThreadPoolExecutor(16) as ordering:
            orders = list(ordering.map(order, range(COUNT)))
        numbers = [OtpNumber(provider, each, NumberOptions(timeout=120.0, poll_interval=3.0)) for each in orders]
        for index, number in enumerate(numbers):
            codes[number.order_id] = str(100_000 + 7 * index)

        def deliver() -> None:
            threads.update(thread.name for thread in threading.enumerate())
            for number in random.Random(7).sample(numbers, COUNT):
                carrier.deliver(number, f"Your code is {codes[number.order_id]}")

        async def wait() -> list[str]:
            asyncio.get_running_loop().call_later(0.5, threading.Thread(target=deliver).start)
            return await asyncio.gather(*(number.wait_code_async() for number in numbers))

        got = asyncio.run(wait())
        assert dict(zip((number.order_id for number in numbers), got, strict=True)) == codes
        ours = {name for name in threads if name.startswith("pytest-otp")}
        assert ours <= {"pytest-otp keeper", "pytest-otp keeper watch", "pytest-otp timer", "pytest-otp-server"}
        assert guard.keeper
        keeper = pid_of(guard.keeper)
        assert peak_memory(keeper) < MOST_MEMORY
        guard.end()
        until(lambda: not runs(keeper))
