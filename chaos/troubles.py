"""Teardowns while the provider is in trouble: how long they hold up the run, and whether all is closed afterwards."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import get_args

from .provider import Provider, Trouble
from .runs import Aftermath, Run

TROUBLES: tuple[Trouble, ...] = get_args(Trouble)
ORDERS = 6
CLOSE_TIMEOUT = 3.0
LASTS = 30.0
"""Seconds of trouble."""
GRACE = 5.0
"""Seconds that a run takes to end, on a machine that is busy, besides closing."""
WATCH = 30.0
"""Seconds after the trouble in which everything must be closed."""


@dataclass(frozen=True, slots=True)
class Teardown:
    """What a teardown in trouble led to. All times are seconds."""

    trouble: Trouble
    placed: int
    at_risk: int
    """Orders that were open when the trouble began."""
    held_up: float
    """From the end of the test's body to the end of the run."""
    allowed: float
    last_close: float
    """From the end of the trouble until the last order was closed, infinite where one was not."""
    aftermath: Aftermath

    @property
    def good(self) -> bool:
        """Nothing lost, and nobody held up."""
        return self.held_up <= self.allowed and self.aftermath == Aftermath(0, 0)


def all_troubles(seed: str, folder: Path) -> list[Teardown]:
    """Each trouble, all at the same time."""
    with ThreadPoolExecutor(len(TROUBLES)) as threads:
        return list(threads.map(lambda trouble: tear_down(trouble, seed, folder), TROUBLES))


def tear_down(
    trouble: Trouble, seed: str, folder: Path, *, lasts: float | None = LASTS, close_timeout: float = CLOSE_TIMEOUT
) -> Teardown:
    """A test with some open orders ends just when the trouble begins, which lasts so long; None: as long as the run.

    Raises RuntimeError if the run does not end.
    """
    options = (f"--otp-close-timeout={close_timeout}",)
    name = f"teardown-{TROUBLES.index(trouble)}"
    with Provider(seed, slow_chance=0.0) as provider:
        run = Run(provider, name, folder / name, keeper=True, orders=ORDERS, options=options)
        run.wait_for_orders(ORDERS)
        time.sleep(0.3)  # by then the last answer is there
        at_risk = len(run.account.open)
        provider.suffer(trouble)
        began = time.monotonic()
        if lasts is not None:
            end_of_trouble = threading.Timer(lasts, provider.recover)
            end_of_trouble.daemon = True
            end_of_trouble.start()
        os.kill(run.process.pid, signal.SIGUSR1)
        run.wait_until_gone((lasts or 0.0) + 60.0)
        held_up = time.monotonic() - began
        if lasts is None:
            provider.recover()
        well = began + (held_up if lasts is None else lasts)
        aftermath = run.aftermath(well + WATCH)
        last = max((order.closed for order in run.account.orders), default=inf)
        return Teardown(
            trouble,
            len(run.account.orders),
            at_risk,
            held_up,
            close_timeout + GRACE,
            last - well,
            aftermath,
        )
