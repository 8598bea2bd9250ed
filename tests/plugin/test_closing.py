"""Runs whose provider loses an answer, refuses a close, or hangs: what is reported, and who goes on closing."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.plugin.runs import HOLDS_ONE, PATIENCE, Wire, read_until, summary
from tests.servers import Asked, Hang, Reply, WireServer, reply


def interrupted(process: subprocess.Popen[str], event: threading.Event) -> str:
    """What a run prints that gets a SIGINT as soon as the event has come."""
    assert event.wait(PATIENCE)
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=PATIENCE)[0]


@contextlib.contextmanager
def otpcepat(tmp_path: Path, **actions: Callable[[Asked], Reply]) -> Iterator[Wire]:
    """An otpcepat that knows one order, and answers some actions as it is told."""

    def answer(asked: Asked) -> Reply:
        (action,) = re.findall(r"action=(\w+)", asked.target)
        if action in actions:
            return actions[action](asked)
        data: dict[str, object] = {"order_id": "7", "number": "6281200000007", "price": "99", "status": "Waiting SMS"}
        return reply({"status": "true", "data": data})

    with WireServer(by=answer) as server:
        yield Wire(
            tmp_path,
            {
                "PYTEST_OTP_PROVIDER": "otpcepat",
                "OTPCEPAT_BASE_URL": server.url,
                "API_KEY_OTPCEPAT": "invented-key-of-a-test",
                "PYTEST_OTP_SERVICE": "5",
                "PYTEST_OTP_COUNTRY": "6",
            },
        )


def test_an_uncertain_order_is_told_until_it_is_forgotten(tmp_path: Path) -> None:
    """An order whose answer was lost fails its test, and stays in the summary's and the ledger's care."""
    with otpcepat(tmp_path, get_order=lambda asked: reply("<html>oops</html>", 502)) as wire:
        wire.test("def test_it(otp_number):\n    otp_number()\n")
        output = wire.run(code=1)
    (entry,) = wire.entries()
    assert entry.state == "uncertain"
    told = summary(output)
    assert told[0].startswith("otpcepat: 1 order, 0 finished, 0 cancelled, 1 uncertain, 0 still open; spent nothing")
    assert told[1].startswith("uncertain: an order at otpcepat, for 5 6, ")
    assert told[1].endswith("check the open orders in your account, then run: pytest-otp orders forget 1")


@contextlib.contextmanager
def refusing_to_close(tmp_path: Path) -> Iterator[tuple[Wire, threading.Event]]:
    """An otpcepat that refuses every close until the event is set."""
    well = threading.Event()

    def set_status(asked: Asked) -> Reply:
        return reply({"status": "true"} if well.is_set() else {"status": "false", "msg": "TOO EARLY"})

    with otpcepat(tmp_path, set_status=set_status) as wire:
        wire.test("def test_it(otp_number):\n    otp_number()\n")
        yield wire, well


def test_a_refused_close_is_handed_on(tmp_path: Path) -> None:
    """Too early for a cancel: the test passes and is not held up; the end waits a little, and says so."""
    with refusing_to_close(tmp_path) as (wire, well):
        process = wire.start("--otp-close-timeout", "60", PYTHONUNBUFFERED="1")
        read_until(process, "otp: waiting up to ")  # 60 s, or 59 where some time has passed
        well.set()
        output, _ = process.communicate(timeout=PATIENCE)
    assert "1 passed" in output
    assert "otpcepat: 1 order, 0 finished, 1 cancelled, 0 uncertain, 0 still open; spent nothing" in output


def test_a_run_is_not_held_up_by_closes(tmp_path: Path) -> None:
    """A provider that refuses for longer: the run ends at the close time-out and reports what is open."""
    with refusing_to_close(tmp_path) as (wire, well):
        told = summary(wire.run("--otp-close-timeout", "2"))
        assert told[0].startswith("otpcepat: 1 order, 0 finished, 0 cancelled, 0 uncertain, 1 still open; spent 99 IDR")
        assert re.fullmatch(
            r"still open: otpcepat order 7, 6281200000007, 99 IDR, [\d-]+ [\d:]+ UTC "
            r"\(cancel: the provider responded with 'TOO EARLY'\); its keeper is still closing it",
            told[1],
        )
        well.set()
        assert [(entry.state, entry.reason) for entry in wire.settled()] == [
            ("cancelled", "by its keeper, after its run")
        ]


class Held:
    """An answer that is held back until the run has ended."""

    def __init__(self, answer: bytes) -> None:
        self.asked = threading.Event()
        self.run_has_ended = threading.Event()
        self._answer = answer

    def __call__(self, asked: Asked, hang: Hang) -> None:
        self.asked.set()
        self.run_has_ended.wait(PATIENCE * 2)
        hang.connection.sendall(self._answer)


def test_a_second_interrupt_hands_the_close_on(tmp_path: Path) -> None:
    """Ctrl-C while teardown waits for a close that hangs: the run ends before the answer, and the keeper closes it."""
    close = Held(reply({}, 502))
    with otpcepat(
        tmp_path, set_status=lambda asked: reply({"status": "true"}) if close.asked.is_set() else close
    ) as wire:
        wire.test(HOLDS_ONE)
        process = wire.start("-s")
        read_until(process, "READY")
        process.send_signal(signal.SIGINT)
        interrupted(process, close.asked)
        close.run_has_ended.set()
        assert [entry.state for entry in wire.settled()] == ["cancelled"]


def test_an_interrupt_of_an_order_does_not_wait(tmp_path: Path) -> None:
    """Ctrl-C while an order's answer is on its way ends the run before it comes: the keeper closes the order."""
    order = Held(reply({"status": "true", "data": {"order_id": "7", "number": "6281200000007", "price": "99"}}))
    with otpcepat(tmp_path, get_order=lambda asked: order) as wire:
        wire.test("def test_it(otp_number):\n    otp_number()\n")
        output = interrupted(wire.start("--otp-close-timeout", "0"), order.asked)
        order.run_has_ended.set()
        assert "1 still open" in output
        assert [entry.state for entry in wire.settled()] == ["cancelled"]
