"""The test whose run is killed: it rents numbers from several threads at once and one after the other, and keeps them.

SIGUSR1 ends it in the way that `CHAOS_ENDING` names.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import threading

import pytest

from pytest_otp import Numbers, OtpError, OtpNumber

ORDERS = int(os.environ["CHAOS_ORDERS"])
HOLD = float(os.environ["CHAOS_HOLD"])
SERVICE, COUNTRY = os.environ["CHAOS_SERVICE"], os.environ["CHAOS_COUNTRY"]
over = threading.Event()


def _segfault() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)


def _time_is_up() -> None:
    """What pytest-timeout's timer does when it fires, now."""
    (timer,) = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    threading.Thread(target=timer.function, args=timer.args).start()


ENDINGS = {"return": over.set, "os._exit": lambda: os._exit(3), "segfault": _segfault, "timeout": _time_is_up}
signal.signal(signal.SIGUSR1, lambda number, frame: ENDINGS[os.environ["CHAOS_ENDING"]]())


def rent(otp_number: Numbers, count: int, *, wait: bool = True) -> None:
    """Order so many numbers, the third of which goes back at once, and wait for the last one's code."""
    numbers: list[OtpNumber] = []
    for nth in range(count):
        # The provider fails now and then, and the run may end meanwhile: then the factory takes no further order.
        with contextlib.suppress(OtpError):
            numbers.append(otp_number(service=SERVICE, country=COUNTRY, operator=str(os.getpid())))
            if nth == 2:
                numbers.pop().close()
    if wait and numbers:
        with contextlib.suppress(OtpError):
            numbers[-1].wait_code(timeout=HOLD)


@pytest.mark.parametrize("process", range(int(os.environ["CHAOS_PROCESSES"])))
def test_renting(otp_number: Numbers, process: int) -> None:
    """Rents and waits, until it is ended from outside."""
    each = ORDERS // 3
    for _ in range(2):
        threading.Thread(target=rent, args=(otp_number, each), daemon=True).start()
    rent(otp_number, ORDERS - 2 * each, wait=False)
    over.wait(HOLD)
