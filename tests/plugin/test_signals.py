"""SIGTERM and SIGHUP while orders are open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from pytest_otp.plugin.signals import GracefulShutdown

BOTH = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _default_handlers() -> Iterator[None]:
    """As in a fresh process; a suite under nohup was told to ignore SIGHUP."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in BOTH}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in BOTH]


DEFAULT = [signal.SIG_DFL, signal.SIG_DFL]


def mine(number: int, frame: FrameType | None) -> None:
    """A handler of somebody else's."""


def test_handlers_are_taken_over_and_put_back() -> None:
    """From the first order to the end of the block, not before and not after."""
    with GracefulShutdown() as stop:
        assert handlers() == DEFAULT
        stop.arm()
        assert signal.SIG_DFL not in handlers()
        stop.arm()
    assert handlers() == DEFAULT


def test_a_block_without_an_order_changes_nothing() -> None:
    """Nobody's handlers are touched for a run that orders nothing."""
    with GracefulShutdown():
        assert handlers() == DEFAULT
    assert handlers() == DEFAULT


@pytest.mark.parametrize("there", [signal.SIG_IGN, mine], ids=["ignored", "somebody's"])
@pytest.mark.parametrize("number", BOTH, ids=lambda number: number.name)
def test_what_is_not_the_default_is_left_alone(number: signal.Signals, there: signal._HANDLER) -> None:
    """A signal that is ignored, as under nohup, or that somebody handles, stays so; the other one is taken."""
    signal.signal(number, there)
    (other,) = set(BOTH) - {number}
    with GracefulShutdown() as stop:
        stop.arm()
        assert signal.getsignal(number) is there
        assert signal.getsignal(other) is not signal.SIG_DFL
    assert signal.getsignal(number) is there
    assert signal.getsignal(other) is signal.SIG_DFL


def test_a_handler_that_was_put_there_meanwhile_stays() -> None:
    """Who replaced ours knows why."""
    with GracefulShutdown() as stop:
        stop.arm()
        signal.signal(signal.SIGTERM, mine)
    assert signal.getsignal(signal.SIGTERM) is mine
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_nested_blocks() -> None:
    """Handlers stay until the outermost block ends, whichever block armed; it can be used again."""
    stop = GracefulShutdown()
    for _ in range(2):
        with stop:
            with stop:
                stop.arm()
            assert signal.SIG_DFL not in handlers()
        assert handlers() == DEFAULT


def test_without_a_block() -> None:
    """The controller of a distributed run arms for the whole session; disarming twice is disarming once."""
    stop = GracefulShutdown()
    stop.arm()
    assert signal.SIG_DFL not in handlers()
    stop.disarm()
    stop.disarm()
    assert handlers() == DEFAULT


def test_another_thread() -> None:
    """Python lets only the main thread handle signals: elsewhere nothing happens, nor does it fail."""
    stop = GracefulShutdown()
    failures: list[BaseException] = []

    def use() -> None:
        try:
            with stop:
                stop.arm()
                assert handlers() == DEFAULT
        except BaseException as error:  # noqa: BLE001 - it is asserted outside
            failures.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert not failures
    with stop:
        stop.arm()
        thread = threading.Thread(target=stop.disarm)
        thread.start()
        thread.join()
        assert signal.SIG_DFL not in handlers()
    assert handlers() == DEFAULT


@pytest.mark.parametrize("number", BOTH, ids=lambda number: number.name)
def test_a_signal_interrupts(number: signal.Signals) -> None:
    """It does what Ctrl-C does, says which signal it was, and the handlers are put back on the way out."""
    said = ""
    try:
        with GracefulShutdown() as stop:
            stop.arm()
            os.kill(os.getpid(), number)
            threading.Event().wait(60)
    except KeyboardInterrupt as interrupt:
        said = str(interrupt)
    assert said == f"the run was stopped by {number.name}"
    assert handlers() == DEFAULT


def test_a_signal_right_after_the_handler_was_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt in the middle of arming leaves no handler behind."""
    really = signal.signal

    def set_and_get(number: int, handler: signal._HANDLER) -> object:
        before = really(number, handler)
        if handler is not signal.SIG_DFL:
            os.kill(os.getpid(), number)
            threading.Event().wait(60)
        return before

    monkeypatch.setattr(signal, "signal", set_and_get)
    with pytest.raises(KeyboardInterrupt), GracefulShutdown() as stop:
        stop.arm()
    monkeypatch.undo()
    assert handlers() == DEFAULT


def test_no_longer_armed() -> None:
    """After the block a SIGTERM ends the process as if nothing had been."""
    code = (
        "import os, signal, time; from pytest_otp.plugin.signals import GracefulShutdown\n"
        "with GracefulShutdown() as stop: stop.arm()\n"
        "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGTERM
