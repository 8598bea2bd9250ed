"""Liveness locks: locks that die with their process, and with nothing less."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_otp.orders import process_locks
from pytest_otp.orders.process_locks import (
    STALE_AFTER,
    LivenessLock,
    is_alive,
    locks_of,
    make_private,
    one_at_a_time,
    tidy,
    try_lock,
)

ROOT = Path(process_locks.__file__).parents[2]
HOLD = """
import os, sys, time
from pathlib import Path
from pytest_otp.orders.process_locks import LivenessLock, one_at_a_time
alive = LivenessLock(Path(sys.argv[1]))
"""
PATIENCE = 60.0

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3.locks"


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """A function that starts a process that holds a liveness lock and runs some code; all are killed at the end.

    Its first line is the name of the lock.
    """
    begun: list[subprocess.Popen[str]] = []

    def started(then: str) -> subprocess.Popen[str]:
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", HOLD + then, str(folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return begun[-1]

    yield started
    for process in begun:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class TestAlive:
    """In one process."""

    def test_alive_until_the_end(self, folder: Path) -> None:
        """The holder sees its own lock as any other would; its end is seen at once, and leaves no file."""
        alive = LivenessLock(folder)
        assert is_alive(folder, alive.name)
        alive.release()
        assert not is_alive(folder, alive.name)
        assert files(folder) == set()

    def test_ending_twice(self, folder: Path) -> None:
        """Ending twice is ending once, and leaves alone what was opened since."""
        alive = LivenessLock(folder)
        alive.release()
        another = LivenessLock(folder)
        alive.release()
        assert is_alive(folder, another.name)
        another.release()

    def test_a_file_that_is_gone_is_no_obstacle(self, folder: Path) -> None:
        """Where somebody has cleaned up too much, the end is still an end."""
        alive = LivenessLock(folder)
        (folder / alive.name).unlink()
        alive.release()
        assert not is_alive(folder, alive.name)

    def test_nobody(self, folder: Path) -> None:
        """The empty name, and one that was never taken, are nobody; also where there is no folder yet."""
        assert not is_alive(folder, "")
        assert not is_alive(folder, "0" * 32)
        LivenessLock(folder).release()
        assert not is_alive(folder, "")

    def test_every_lock_is_another(self, folder: Path) -> None:
        """One ends, the other lives on."""
        one, other = LivenessLock(folder), LivenessLock(folder)
        assert one.name != other.name
        one.release()
        assert not is_alive(folder, one.name)
        assert is_alive(folder, other.name)
        other.release()

    def test_for_the_owner_only(self, folder: Path) -> None:
        """Nobody else may look into the folder or touch the file."""
        alive = LivenessLock(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / alive.name).stat().st_mode & 0o777 == 0o600
        alive.release()

    def test_looking_changes_nothing(self, folder: Path) -> None:
        """Two who look at the same time see the same, of the living and of the dead."""
        alive = LivenessLock(folder)
        dead = "1" * 32
        (folder / dead).touch()
        file = os.open(folder / dead, os.O_RDWR)
        assert try_lock(file, shared=True)  # as another process does that checks it
        assert not is_alive(folder, dead)
        os.close(file)
        assert is_alive(folder, alive.name)
        assert is_alive(folder, alive.name)
        alive.release()

    def test_checked_while_it_is_taken(self, folder: Path) -> None:
        """A process that checks the lock in the moment before it is taken delays it only."""
        refusals = [False, False]
        alive = LivenessLock(
            folder, lock=lambda file, shared: refusals.pop() if refusals else try_lock(file, shared=shared)
        )
        assert refusals == []
        assert is_alive(folder, alive.name)
        alive.release()

    def test_where_no_folder_can_be(self, tmp_path: Path) -> None:
        """A file in the folder's place is an OSError, which the ledger explains."""
        (tmp_path / "file").touch()
        with pytest.raises(OSError, match="Not a directory"):
            LivenessLock(tmp_path / "file" / "locks")


class TestProcesses:
    """What the operating system does."""

    def test_a_killed_process_is_dead(self, folder: Path, start: Start) -> None:
        """No handler runs, and yet the lock ends: the file stays, its lock does not."""
        process = start("print(alive.name, flush=True); time.sleep(600)")
        name = line(process)
        assert is_alive(folder, name)
        process.kill()
        process.wait(PATIENCE)
        assert not is_alive(folder, name)
        assert files(folder) == {name}

    def test_a_forked_child_does_not_keep_it(self, folder: Path, start: Start) -> None:
        """The parent is dead as soon as it dies, however long a child that it forked lives on."""
        process = start(
            "reader, writer = os.pipe()\n"
            "child = os.fork() or (os.write(writer, b'here'), time.sleep(600), os._exit(0))\n"
            "os.read(reader, 4)\n"
            "print(alive.name, child, flush=True); time.sleep(600)"
        )
        name, child = line(process).split()
        assert is_alive(folder, name)
        process.kill()
        process.wait(PATIENCE)
        try:
            assert not is_alive(folder, name)
            os.kill(int(child), 0)  # it lives
        finally:
            os.kill(int(child), signal.SIGKILL)

    def test_a_forked_child_cannot_end_it(self, folder: Path, start: Start) -> None:
        """What a child inherited is not its own: its end, or its own lock, is not its parent's."""
        process = start(
            "if not os.fork():\n"
            "    alive.release()\n"
            "    mine = LivenessLock(Path(sys.argv[1]))\n"
            "    print(mine.name, flush=True)\n"
            "    os._exit(0)\n"
            "os.wait()\n"
            "print(alive.name, flush=True); time.sleep(600)"
        )
        childs, parents = line(process), line(process)
        assert not is_alive(folder, childs)
        assert is_alive(folder, parents)

    def test_forking_after_the_end(self, start: Start) -> None:
        """A lock that has ended, or that nobody holds any more, is no trouble for a later child."""
        process = start(
            "alive.release(); alive = None\n"
            "if not os.fork():\n"
            "    print('fine', flush=True)\n"
            "    os._exit(0)\n"
            "print(os.wait()[1], flush=True)"
        )
        assert [line(process), line(process)] == ["fine", "0"]

    def test_a_started_program_does_not_keep_it(self, folder: Path, start: Start) -> None:
        """A program that the process has started does not inherit the lock, even if all files are left open to it."""
        process = start(
            "import subprocess\n"
            "child = subprocess.Popen(['sleep', '600'], close_fds=False, stdout=subprocess.DEVNULL)\n"
            "print(alive.name, child.pid, flush=True); time.sleep(600)"
        )
        name, child = line(process).split()
        process.kill()
        process.wait(PATIENCE)
        try:
            assert not is_alive(folder, name)
            os.kill(int(child), 0)
        finally:
            os.kill(int(child), signal.SIGKILL)


class TestTidy:
    """What dead processes leave behind."""

    @pytest.fixture
    def old(self, folder: Path) -> Callable[[str], None]:
        def age(name: str) -> None:
            then = time.time() - STALE_AFTER - 60
            os.utime(folder / name, (then, then))

        return age

    def test_what_is_old_and_dead_goes(self, folder: Path, old: Callable[[str], None]) -> None:
        """A day later the file of a dead process is removed; that of a living one stays, and what is younger."""
        living = LivenessLock(folder)
        for name in ("2" * 32, "3" * 32):
            (folder / name).touch(0o600)
        old(living.name)
        old("2" * 32)
        tidy(folder)
        assert files(folder) == {living.name, "3" * 32}
        assert is_alive(folder, living.name)
        living.release()

    def test_what_processes_wait_at_stays(self, folder: Path, old: Callable[[str], None]) -> None:
        """The file at which processes take turns is not removed: those who wait at it would not be alone inside."""
        with one_at_a_time(folder / "opening", PATIENCE):
            pass
        old("opening")
        tidy(folder)
        assert files(folder) == {"opening"}

    def test_no_folder(self, folder: Path) -> None:
        """Where there is nothing to tidy there is nothing to complain about."""
        tidy(folder)
        assert not folder.exists()


class TestTurns:
    """One at a time."""

    def test_threads_take_turns(self, folder: Path) -> None:
        """Of many who come at once, one is inside."""
        inside, most = 0, 0

        def visit() -> None:
            nonlocal inside, most
            with one_at_a_time(folder / "opening", PATIENCE):
                inside += 1
                most = max(most, inside)
                time.sleep(0.002)  # so that another could enter
                inside -= 1

        threads = [threading.Thread(target=visit) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (most, inside) == (1, 0)

    def test_a_killed_visitor_leaves(self, folder: Path, start: Start) -> None:
        """Others wait for a process that is inside, and go in when it was killed."""
        process = start(
            "with one_at_a_time(Path(sys.argv[1]) / 'opening', 600.0):\n"
            "    print('inside', flush=True); time.sleep(600)"
        )
        assert line(process) == "inside"
        entered = threading.Event()

        def visit() -> None:
            with one_at_a_time(folder / "opening", PATIENCE):
                entered.set()

        visitor = threading.Thread(target=visit)
        visitor.start()
        assert not entered.wait(0.1)
        process.kill()
        assert entered.wait(PATIENCE)
        visitor.join()

    def test_no_longer_than_the_patience(self, folder: Path) -> None:
        """Who is stopped inside, as a paused container is, does not hold others up for ever."""
        refused = pytest.raises(TimeoutError, match="another process holds")
        with one_at_a_time(folder / "opening", PATIENCE), refused, one_at_a_time(folder / "opening", 0.05):
            raise AssertionError("two are inside")

    def test_an_error_inside_leaves_it_open_for_others(self, folder: Path) -> None:
        """Who fails inside does not keep others out."""
        with pytest.raises(ValueError, match="inside"), one_at_a_time(folder / "opening", PATIENCE):
            raise ValueError("inside")
        with one_at_a_time(folder / "opening", PATIENCE):
            assert (folder / "opening").stat().st_mode & 0o777 == 0o600


def test_private_folders(tmp_path: Path) -> None:
    """What is missing is made for its owner only; what is there is left as it is."""
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    make_private(there / "one" / "two")
    assert [path.stat().st_mode & 0o777 for path in (there, there / "one", there / "one" / "two")] == [
        0o755,
        0o700,
        0o700,
    ]
    make_private(there)
    assert there.stat().st_mode & 0o777 == 0o755


def test_the_locks_are_beside_the_file(tmp_path: Path) -> None:
    """Who shares a ledger shares the liveness locks."""
    assert locks_of(tmp_path / "ledger.sqlite3") == tmp_path / "ledger.sqlite3.locks"
