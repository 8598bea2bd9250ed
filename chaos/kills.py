"""Runs that are killed at random moments, in every way that ends a run without its teardown."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .provider import Provider, Rented
from .runs import Aftermath, Run

ORDERS = 10
"""Numbers that each process orders, if it lives long enough."""
WATCH = 10.0
"""Seconds after a kill in which everything must be closed."""
LONGEST_DELAY = 1.0
"""Seconds from the first order to the kill."""
TIMEOUT = ("-p", "pytest_timeout", "--timeout=600", "--timeout-method=thread")
"""The time is up when the test says so: a fixed time would be over before the first order on a machine that is busy."""
AT_ONCE = 2
LONGEST = 600.0
"""Seconds after which no round is started any more."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to end a run."""

    name: str
    target: Literal["run", "group", "worker"] = "run"
    """Who gets the signal."""
    signal: signal.Signals = signal.SIGKILL
    ending: str = "return"
    """What the test does at SIGUSR1."""
    workers: int = 0
    hold: float = 60.0
    """Seconds that a test which is not killed keeps its numbers."""


KINDS = (
    Kind("SIGKILL"),
    Kind("SIGTERM", signal=signal.SIGTERM),
    Kind("SIGHUP", signal=signal.SIGHUP),
    Kind("os._exit", signal=signal.SIGUSR1, ending="os._exit"),
    Kind("segfault", signal=signal.SIGUSR1, ending="segfault"),
    Kind("thread-timeout", signal=signal.SIGUSR1, ending="timeout"),
    Kind("worker", target="worker", workers=2, hold=2.0),
    Kind("controller", workers=2),
    Kind("group", target="group", workers=2),
)


@dataclass(frozen=True, slots=True)
class Round:
    """A run that was killed; what becomes of its orders shows in time."""

    name: str
    kind: Kind
    delay: float
    run: Run
    victim: int | None
    """The process that died; None where all did."""
    killed: float
    """When, on the monotonic clock."""
    aftermath: Future[Aftermath]

    @property
    def at_risk(self) -> list[Rented]:
        """Orders of the dead that were open at the kill, or were placed after it."""
        orders = self.run.account.orders
        return [order for order in orders if order.closed > self.killed and self.victim in (None, order.by)]

    @property
    def in_flight(self) -> int:
        """How many of them were not answered at the kill."""
        return sum(order.answered > self.killed for order in self.at_risk)

    @property
    def last_close(self) -> float:
        """Seconds from the kill until the last order at risk was closed; infinite where one was not."""
        return max((order.closed - self.killed for order in self.at_risk), default=0.0)


def campaign(seed: str, kinds: Sequence[Kind], orders: int, folder: Path, *, keeper: bool) -> list[Round]:
    """Rounds of each kind, over and over, until so many orders were at risk; returns when all watches are over."""
    rounds: list[Round] = []
    end = time.monotonic() + LONGEST
    with Provider(seed) as provider, ThreadPoolExecutor(64) as watchers, ThreadPoolExecutor(AT_ONCE) as players:

        def play_one(kind: Kind, number: int) -> Round:
            name = f"{'guarded' if keeper else 'alone'}-{number}"
            delay = random.Random(f"{seed} {name}").uniform(0.0, LONGEST_DELAY)
            return play(provider, name, folder, kind, delay, watchers, keeper=keeper)

        while sum(len(played.at_risk) for played in rounds) < orders and time.monotonic() < end:
            rounds += players.map(play_one, kinds, itertools.count(len(rounds)))
    return rounds


def play(
    provider: Provider,
    name: str,
    folder: Path,
    kind: Kind,
    delay: float,
    watchers: Executor,
    *,
    keeper: bool,
    watch: float = WATCH,
) -> Round:
    """Start a run and kill it so many seconds after its first order."""
    run = Run(
        provider,
        name,
        folder / name,
        keeper=keeper,
        orders=ORDERS,
        ending=kind.ending,
        hold=kind.hold,
        workers=kind.workers,
        options=TIMEOUT if kind.ending == "timeout" else (),
    )
    victim, killed = _strike(run, kind, delay)
    return Round(name, kind, delay, run, victim, killed, watchers.submit(run.aftermath, killed + watch))


def _strike(run: Run, kind: Kind, delay: float) -> tuple[int | None, float]:
    """Kill; who died, if not all, and when."""
    run.wait_for_orders(1)
    first = run.account.orders[0].by
    time.sleep(delay)
    killed = time.monotonic()
    if kind.target == "group":
        os.killpg(run.process.pid, kind.signal)
    else:
        os.kill(first if kind.target == "worker" else run.process.pid, kind.signal)
    return first if kind.target == "worker" else None, killed
