"""What the tests of the keeper share."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_otp import redact
from pytest_otp.keeper.client import MAX_STARTS, Keeper
from pytest_otp.keeper.pipes import BOOTSTRAP, SideProcess
from pytest_otp.keeper.watch import Silence
from pytest_otp.orders.closers import Closers
from pytest_otp.orders.entries import NO_BUDGET, Budget
from pytest_otp.orders.ledger import Ledger
from tests.keeper.loopback import Cepat
from tests.keeper.requests import RECIPE, Owner
from tests.orders.processes import until
from tests.scripted import ScriptedProvider


class Started(Protocol):
    """Starts a keeper with its side process."""

    def __call__(
        self,
        budget: Budget = NO_BUDGET,
        path: Path | None = None,
        *,
        max_starts: int = MAX_STARTS,
        silence: Silence | None = None,
        first: str = BOOTSTRAP,
        kind: type[SideProcess] = SideProcess,
        **side: Any,
    ) -> Keeper:
        """`first` is what the first side process runs; `side` goes to each."""
        ...


@pytest.fixture(autouse=True)
def _no_known_secret() -> None:
    """The known secrets belong to the process: each test has its own."""
    redact.known_values.forget()


@pytest.fixture
def cepat() -> Iterator[Cepat]:
    with Cepat() as server:
        yield server


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(ledger_path: Path) -> Iterator[Ledger]:
    """The ledger, as another process sees it."""
    opened = Ledger(ledger_path)
    yield opened
    opened.close()


@pytest.fixture
def start(ledger_path: Path) -> Iterator[Started]:
    """Starts keepers; none of their side processes is left after the test."""
    keepers: list[Keeper] = []
    sides: list[SideProcess] = []
    over = False

    def started(
        budget: Budget = NO_BUDGET,
        path: Path | None = None,
        *,
        max_starts: int = MAX_STARTS,
        silence: Silence | None = None,
        first: str = BOOTSTRAP,
        kind: type[SideProcess] = SideProcess,
        **side: Any,
    ) -> Keeper:
        codes = iter([first])

        def side_process(hello: Any, **callbacks: Any) -> SideProcess:
            if over:
                raise OSError("the test is over")
            bootstrap = next(codes, BOOTSTRAP)
            sides.append(kind(hello, **{"bootstrap": bootstrap, **callbacks, **side}))
            return sides[-1]

        options = {"max_starts": max_starts, "side_process": side_process, "silence": silence}
        keepers.append(Keeper(path or ledger_path, "a-run", budget, **options))  # type: ignore[arg-type]
        return keepers[-1]

    yield started
    over = True
    for keeper in keepers:
        keeper.end()
    for each in sides:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)
        until(lambda each=each: each.exit_status is not None)  # type: ignore[misc]


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def owner(ledger: Ledger, provider: ScriptedProvider) -> Iterator[Owner]:
    """The owner of a keeper without pipes, whose pauses between closes are short."""
    waiting = Owner(
        ledger, {"scripted": provider}, closers=lambda: Closers(sleep=lambda seconds: time.sleep(min(seconds, 0.01)))
    )
    yield waiting
    waiting.alive.release()
    for started in waiting.started:
        started.ledger.close()


@pytest.fixture
def kept(owner: Owner) -> Iterator[Owner]:
    """With a keeper that knows the provider."""
    owner.start(RECIPE)
    yield owner
    owner.process.end()
