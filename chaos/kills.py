"""Runs that are killed at random moments, in every way that ends a run without its teardown."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Literal

from .accounts import Rented
from .protocols import Protocol
from .provider import Provider
from .runs import START, Aftermath, Run

ORDERS = 10
"""Numbers that each process orders, if it lives long enough."""
WATCH = 10.0
"""Seconds after a kill in which everything must be closed, if the provider is well."""
LONG_WATCH = 90.0
"""Seconds after it where a keeper is frozen, or the provider is not well."""
REFUSED_WATCH = 180.0
"""Seconds after it where the provider refuses at random: five refusals in a row, 5 to 10 s apart, are the evidence."""
SUSPENDED = 20.0
"""Seconds for which an account is suspended."""
THAW = 12.0
"""Seconds for which a keeper is frozen."""
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
    target: Literal["run", "group", "worker", "keeper"] = "run"
    """Who gets the signal."""
    signal: signal.Signals = signal.SIGKILL
    ending: str = "return"
    """What the test does at SIGUSR1."""
    workers: int = 0
    hold: float = 60.0
    """Seconds that a test which is not killed keeps its numbers."""
    when: Literal["at random", "all are ordered", "one is closed"] = "at random"
    """When the signal is sent. An order on its way is lost with the keeper that sent it: nobody knows its ID."""
    thaw: float | None = None
    """Seconds after which a process that was frozen goes on."""
    protocol: Protocol = "otpcepat"
    fails: bool = False
    """Whether the provider reports a fault on one call in five."""
    suspended: float = 0.0
    """Seconds for which the account is suspended from then on."""
    watch: float = WATCH
    """Seconds in which everything must be closed."""


ENDINGS = (
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
"""What also happens to runs without a keeper, which loses orders then."""

TROUBLES = (
    Kind("keeper", target="keeper", when="all are ordered", hold=5.0),
    Kind("canceller", target="keeper", when="one is closed", hold=5.0, protocol="otpvirt", watch=LONG_WATCH),
    Kind("frozen", target="keeper", signal=signal.SIGSTOP, when="all are ordered", hold=5.0, watch=LONG_WATCH),
    Kind("thawed", target="keeper", signal=signal.SIGSTOP, thaw=THAW, hold=2.0, watch=LONG_WATCH),
    Kind("error 3", protocol="otpvirt", fails=True, watch=REFUSED_WATCH),
    Kind("suspended", suspended=SUSPENDED, watch=LONG_WATCH),
    Kind("suspended-virt", protocol="otpvirt", suspended=SUSPENDED, watch=LONG_WATCH),
)
"""The keeper itself is killed or frozen, or the provider is not well."""

KINDS = (*ENDINGS, *TROUBLES)


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
        """Orders of the dead that were open at the kill, or were placed after it; the keeper's at the kill only."""
        last = self.killed if self.kind.target == "keeper" else inf
        orders = [order for order in self.run.account.orders if order.placed <= last]
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
    watch: float | None = None,
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
        protocol=kind.protocol,
        fails=kind.fails,
        options=TIMEOUT if kind.ending == "timeout" else (),
    )
    victim, killed = _strike(run, kind, delay)
    until = killed + (kind.watch if watch is None else watch)
    return Round(name, kind, delay, run, victim, killed, watchers.submit(run.aftermath, until))


def _strike(run: Run, kind: Kind, delay: float) -> tuple[int | None, float]:
    """Kill; who died, if not all, and when."""
    run.wait_for_orders(1)
    first = run.account.orders[0].by
    if kind.target == "keeper":
        return None, _strike_keeper(run, kind, delay)
    time.sleep(delay)
    killed = time.monotonic()
    run.account.suspended_until = killed + kind.suspended
    if kind.target == "group":
        os.killpg(run.process.pid, kind.signal)
    else:
        os.kill(first if kind.target == "worker" else run.process.pid, kind.signal)
    return first if kind.target == "worker" else None, killed


def _strike_keeper(run: Run, kind: Kind, delay: float) -> float:
    """Kill or freeze the keeper; when that was."""
    if kind.when != "at random":
        run.wait_until_answered(ORDERS)
    (keeper,) = run.keepers()
    struck: Future[float] = Future()

    def strike() -> None:
        run.account.on_close = lambda: None
        os.kill(keeper, kind.signal)
        struck.set_result(time.monotonic())
        if kind.thaw is not None:
            time.sleep(kind.thaw)
            with contextlib.suppress(ProcessLookupError):  # it was killed meanwhile
                os.kill(keeper, signal.SIGCONT)

    if kind.when == "one is closed":
        run.account.on_close = strike
    else:
        threading.Timer(delay, strike).start()
    return struck.result(START)
