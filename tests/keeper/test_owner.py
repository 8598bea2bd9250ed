"""The test process itself ends in one way or another, with an order open."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from pytest_otp.orders.ledger import Ledger
from tests.keeper.loopback import Cepat, owner, runs
from tests.orders.processes import until


def pipes(pid: int) -> set[str]:
    """The pipes that a process has open, by the system's names."""
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found.add(os.readlink(path))
    return {link for link in found if link.startswith("pipe:")}


class TestOwner:
    """This process itself: it ends in one way or another, with an order open."""

    def test_killed(self, cepat: Cepat, tmp_path: Path, ledger: Ledger) -> None:
        """Its orders are closed at once, and its keeper ends."""
        with owner(cepat, tmp_path, "order", "order", "sleep") as process:
            keeper = process.said()["keeper"]
            process.said()
            process.kill()
            until(lambda: not cepat.open and not runs(keeper))
        assert [entry.reason for entry in ledger.entries()] == ["by its keeper, after its run"] * 2

    def test_killed_while_an_order_is_on_its_way(self, cepat: Cepat, tmp_path: Path) -> None:
        """The answer reaches the keeper, which closes the order."""
        cepat.answering.clear()
        with owner(cepat, tmp_path, "order") as process:
            until(lambda: cepat.status)
            process.kill()
            assert cepat.open
            cepat.answering.set()
            until(lambda: not cepat.open)

    def test_killed_while_its_keeper_is_stopped(self, cepat: Cepat, tmp_path: Path) -> None:
        """When the keeper goes on, it orders nothing that was asked for before, and closes what is open."""
        with owner(cepat, tmp_path, "order", "order_from_a_stopped_keeper", "sleep") as process:
            process.said()
            keeper = process.said()["keeper"]
            process.kill()
            os.kill(keeper, signal.SIGCONT)
            until(lambda: not cepat.open and not runs(keeper))
        assert cepat.asked("get_order") == 1

    def test_killed_while_a_child_lives(self, cepat: Cepat, tmp_path: Path) -> None:
        """A forked child, which inherited its files, hides its death from nobody."""
        with owner(cepat, tmp_path, "order", "fork", "sleep") as process:
            keeper = process.said()["keeper"]
            child = process.said()["child"]
            assert pipes(keeper)
            until(lambda: not pipes(keeper) & pipes(child))
            process.kill()
            until(lambda: not cepat.open and not runs(keeper))
            assert runs(child)

    def test_killed_while_a_child_holds_the_pipe(self, cepat: Cepat, tmp_path: Path) -> None:
        """A child that was forked behind Python's back holds the pipe open: the keeper looks at who its parent is."""
        with owner(cepat, tmp_path, "order", "fork_in_secret", "sleep") as process:
            keeper = process.said()["keeper"]
            child = process.said()["child"]
            assert len(pipes(keeper) & pipes(child)) == 2
            process.kill()
            until(lambda: not cepat.open and not runs(keeper))
            assert runs(child)

    def test_a_child_orders(self, cepat: Cepat, tmp_path: Path, ledger: Ledger) -> None:
        """It has a keeper of its own, which closes its orders when it dies, and none of its parent's."""
        with owner(cepat, tmp_path, "order", "fork_and_order", "order", "sleep") as process:
            said = [process.said() for _ in range(4)]
            keeper = said[0]["keeper"]
            (child,) = (line["child"] for line in said if "child" in line)
            (theirs,) = (line["order"] for line in said if line.get("keeper", keeper) != keeper)
            os.kill(child, signal.SIGKILL)
            until(lambda: len(cepat.open) == 2)
            assert theirs not in cepat.open
            assert runs(keeper)
            process.kill()
            until(lambda: not cepat.open)
        owners = {entry.order_id: entry.intent.owner for entry in ledger.entries()}
        assert len(set(owners.values())) == 2
        assert list(owners.values()).count(owners[theirs]) == 1

    def test_a_child_ends_with_the_guard_that_it_inherited(self, cepat: Cepat, tmp_path: Path) -> None:
        """Its parent's orders stay open, and its parent's keeper works on."""
        quiet = ("-W", "ignore::DeprecationWarning")  # newer Pythons warn of any fork of a process with threads
        steps = ("order", "fork_and_end", "wait", "order", "wait", "end")
        with owner(cepat, tmp_path, *steps, python=quiet) as process:
            process.said()
            assert process.said()["status"] == 0
            assert cepat.open == ["1"]
            process.go_on()
            process.said()
            assert cepat.open == ["1", "2"]
            process.go_on()
            assert process.ended() == (0, "")
            until(lambda: not cepat.open)

    @pytest.mark.parametrize("steps", [("order",), ("order", "close", "end")])
    def test_it_ends_without_a_warning(self, cepat: Cepat, tmp_path: Path, steps: tuple[str, ...]) -> None:
        """Python has nothing to complain about at its end, and all is closed."""
        with owner(cepat, tmp_path, *steps, python=("-W", "error", "-X", "dev")) as process:
            assert process.ended() == (0, "")
            until(lambda: not cepat.open)
