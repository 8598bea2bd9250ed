"""A process that tests kill: it orders through a keeper and takes the given steps."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from pathlib import Path

from pytest_otp.clock import monotonic
from pytest_otp.keeper.guard import Guard, GuardOptions
from pytest_otp.keeper.provider import KeeperProvider
from pytest_otp.keeper.wire import encode
from pytest_otp.providers.base import Order
from pytest_otp.providers.registry import create, credentials
from tests.keeper.loopback import pid_of, stop


class Steps:
    """What the process can do."""

    def __init__(self, url: str, ledger: str) -> None:
        values = credentials("otpcepat", {**os.environ, "OTPCEPAT_BASE_URL": url}, {})
        self.guard = Guard(GuardOptions("a-run", Path("/"), ledger))
        provider = self.guard.guarded(create("otpcepat", values))
        assert isinstance(provider, KeeperProvider)
        self.provider = provider
        self.orders: list[Order] = []

    def order(self) -> None:
        self.orders.append(self.provider.order("1", "6", None))
        assert self.guard.keeper
        report(order=self.orders[-1].id, keeper=pid_of(self.guard.keeper))

    def close(self) -> None:
        report(state=self.provider.hand_on(self.orders.pop(), received=False, timeout=20.0))

    def fork(self) -> None:
        """A child that does nothing, and lives on."""
        child = os.fork()
        if not child:
            self.sleep()
        report(child=child)

    def fork_in_secret(self) -> None:
        """As a library does that is not written in Python: Python does not notice."""
        child = ctypes.PyDLL(None).fork()
        if not child:
            self.sleep()
        report(child=child)

    def fork_and_order(self) -> None:
        """A child that orders, and has news of what it inherited."""
        child = os.fork()
        if not child:
            self.provider.count_wait(self.orders[0], 1.0, 1)
            self.order()
            self.sleep()
        report(child=child)

    def fork_and_end(self) -> None:
        """A child that ends as a program does, with the guard that it inherited."""
        child = os.fork()
        if child:
            report(child=child, status=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            return
        self.guard.end()
        sys.exit(0)

    def order_from_a_stopped_keeper(self) -> None:
        """Another order, which stays in the pipe."""
        keeper = self.guard.keeper
        assert keeper
        assert keeper.side
        stop(keeper.side.pid)
        until = monotonic() + 600.0
        wanted = {"provider": 0, "key": "unread", "service": "1", "country": "6", "operator": None, "until": until}
        keeper.side.write(encode({"id": 4711, "op": "order", **wanted}))
        report(keeper=keeper.side.pid)

    def end(self) -> None:
        self.guard.end()
        report(ended=True)

    def wait(self) -> None:
        """For a line from the test."""
        sys.stdin.readline()

    def sleep(self) -> None:
        time.sleep(600)


def report(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    steps = Steps(given["url"], given["ledger"])
    for step in given["steps"]:
        getattr(steps, step)()
