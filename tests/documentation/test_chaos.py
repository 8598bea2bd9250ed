"""The short version of `make chaos`: real runs, really killed, and no order stays open."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaos.kills import ENDINGS, KINDS, Kind, Round, play
from chaos.provider import Provider
from chaos.runs import Aftermath, finish_off_all
from chaos.troubles import tear_down

SIGKILL = ENDINGS[0]
QUICK = [kind for kind in KINDS if kind in ENDINGS or kind.name == "keeper"]
"""The others take as long as a keeper is frozen or a provider is not well."""


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    ignored = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a suite run under nohup was told to ignore it
    yield
    finish_off_all()
    signal.signal(signal.SIGHUP, ignored)


def played(kind: Kind, folder: Path, *, keeper: bool, watch: float = 60.0) -> tuple[Round, Aftermath]:
    """A round that ends half a second after its first order, and what is still open `watch` seconds later, at most."""
    with Provider("short") as provider, ThreadPoolExecutor(1) as watchers:
        ended = play(provider, kind.name, folder, kind, 0.5, watchers, keeper=keeper, watch=watch)
        return ended, ended.aftermath.result()


@pytest.mark.long
@pytest.mark.parametrize("kind", QUICK, ids=lambda kind: kind.name)
def test_a_killed_run_leaves_no_order_open(kind: Kind, tmp_path: Path) -> None:
    """However a run ends, all its orders are closed soon after it, and none of its processes stays."""
    ended, aftermath = played(kind, tmp_path, keeper=True)
    assert ended.at_risk
    assert aftermath == Aftermath(open=0, left_over=0)


def test_without_the_keeper_orders_are_lost(tmp_path: Path) -> None:
    """The same kill with the keeper off leaves orders open: these tests can see a lost one."""
    ended, aftermath = played(SIGKILL, tmp_path, keeper=False, watch=1.0)
    assert 0 < aftermath.open <= len(ended.at_risk)  # a cancel may have been on its way at the kill
    assert aftermath.left_over == 0


def test_a_provider_that_hangs_at_teardown(tmp_path: Path) -> None:
    """A run ends while the provider still hangs, and all is closed when the provider is well again."""
    teardown = tear_down("hangs", "short", tmp_path, lasts=None, close_timeout=1.0)
    assert teardown.at_risk == teardown.placed
    assert teardown.aftermath == Aftermath(open=0, left_over=0)
