"""A short version of `make chaos`: real runs are killed, and no order stays open."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path

import pytest

from chaos.kills import KINDS, Kind, Round, play
from chaos.provider import Provider
from chaos.runs import Aftermath, Run, finish_off_all

SIGKILL = KINDS[0]
PATIENCE = 60.0
"""Seconds. Each wait ends as soon as its event is there."""


@pytest.fixture(autouse=True)
def _no_process_stays() -> Iterator[None]:
    ignored = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a suite run under nohup ignores it
    yield
    finish_off_all()
    signal.signal(signal.SIGHUP, ignored)


def played(kind: Kind, folder: Path, *, keeper: bool, watch: float = PATIENCE) -> tuple[Round, Aftermath]:
    """A round that is killed half a second after its first order; its state when all is closed, or after `watch`."""
    with Provider("short") as provider, ThreadPoolExecutor(1) as watchers:
        ended = play(provider, kind.name, folder, kind, 0.5, watchers, keeper=keeper, watch=watch)
        return ended, ended.aftermath.result()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_killed_run_leaves_no_order_open(kind: Kind, tmp_path: Path) -> None:
    """However a run is killed, all its orders are closed, and none of its processes stays."""
    ended, aftermath = played(kind, tmp_path, keeper=True)
    assert ended.at_risk
    assert aftermath == Aftermath(open=0, left_over=0)


def test_without_the_keeper_orders_are_lost(tmp_path: Path) -> None:
    """The same kill with the keeper off leaves orders open: these tests can see a lost one."""
    ended, aftermath = played(SIGKILL, tmp_path, keeper=False, watch=1.0)
    assert aftermath.open == len(ended.at_risk) > 0
    assert aftermath.left_over == 0


def test_a_provider_that_hangs_at_teardown(tmp_path: Path) -> None:
    """A run ends while the provider still hangs, and all orders are closed once the provider has recovered."""
    orders = 3
    with Provider("short", slow_chance=0.0) as provider:
        options = ("--otp-close-timeout=1",)
        run = Run(provider, "hanging", tmp_path / "run", keeper=True, orders=orders, options=options)
        run.wait_for_orders(orders)
        wait_until(lambda: all(order.answered < inf for order in run.account.orders))
        provider.suffer("hangs")
        at_risk = len(run.account.open)
        os.kill(run.process.pid, signal.SIGUSR1)
        run.wait_until_gone(PATIENCE)
        assert len(run.account.open) == at_risk > 0
        provider.recover()
        assert run.aftermath(time.monotonic() + PATIENCE) == Aftermath(open=0, left_over=0)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
