"""The test process's end of the keeper's pipes."""

from __future__ import annotations

import contextlib
import copy
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from ..errors import OrderUncertain, OtpError, SettingsError
from ..orders.entries import Budget
from ..orders.process_locks import LivenessLock, locks_of
from ..real_files import real_files
from ..redact import Secret
from .asked import Awaited, Request
from .pipes import KeeperNotResponding, SideProcess
from .watch import Silence, Watch
from .wire import KeeperMessage, encode, error_of

__tracebackhide__ = True

STAYS = "Its open orders stay in the ledger: the next run, or `pytest-otp sweep`, closes them."
"""What to do if there is no keeper any more."""

MAX_STARTS = 5
"""How many side processes are started at most: one that keeps dying protects nothing."""


class KeeperUnavailable(OtpError):
    """There is no keeper process, and none can be started."""


class Keeper:
    """The keeper of this process. Starts the side process, talks to it from any thread, and replaces it if it dies."""

    def __init__(
        self,
        ledger: Path,
        run: str,
        budget: Budget,
        *,
        controller: int | None = None,
        max_starts: int = MAX_STARTS,
        side_process: Callable[..., SideProcess] = SideProcess,
        silence: Silence | None = None,
    ) -> None:
        """Start it for one run. Raises OtpError if it cannot be started.

        `controller` is the process whose end ends the run, if it is another one of this machine. `silence` judges
        whether the side process is frozen.
        """
        self._hello = {
            "pid": os.getpid(),
            "controller": controller,
            "ledger": str(ledger),
            "run": run,
            "budget": (budget.orders, budget.spend, budget.currency),
        }
        self._recipes: list[KeeperMessage] = []
        self._held: dict[str, KeeperMessage] = {}
        self._awaited = Awaited()
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._silence = silence or Silence()
        self._side_process = side_process
        self._max_starts = max_starts
        self._starts = 0
        self._broken: OtpError | None = None
        self._over = False
        self._side: SideProcess | None = None
        self._liveness = _liveness_lock(ledger)
        try:
            with self._lock:  # its first message waits until all is set
                self._start()
        except OtpError:
            self._liveness.release()
            raise
        ping = partial(self._write, {"op": "ping"})
        self._watch = Watch(self._changed, self._awaited, self._silence, lambda: self._side, ping, self._give_up)
        self._watch.start()

    @property
    def usable(self) -> bool:
        """Whether it can protect orders of this process. A forked child needs a keeper of its own."""
        return self._broken is None and not self._over and not self.is_inherited

    @property
    def is_inherited(self) -> bool:
        """Whether this process is a fork of the one that it belongs to."""
        return self._hello["pid"] != os.getpid()

    @property
    def side(self) -> SideProcess | None:
        """The current side process; None if it could not be started."""
        return self._side

    def use(self, name: str, values: Mapping[str, str | Secret | None], allow_http: Iterable[str]) -> int:
        """Register a provider, and return the number by which orders refer to it.

        Raises KeeperNotResponding if the side process does not read in time, and must not be replaced.
        """
        recipe: KeeperMessage = {"name": name, "values": values, "allow_http": sorted(allow_http)}
        with self._lock:
            if recipe not in self._recipes:
                self._write({"op": "use", **recipe})
                self._recipes.append(recipe)
            return self._recipes.index(recipe)

    def ask(self, message: KeeperMessage) -> Request:
        """Send a request. The future receives the answer or an error, even if the side process dies.

        An order is sent when the side process has shown that it works: a frozen one might get to it much later.
        """
        request = Request(message)
        if not request.is_order:
            self._ask(request)
            return request

        def shown(ping: Future[KeeperMessage]) -> None:
            error = ping.exception()
            if isinstance(error, KeeperNotResponding):
                request.fail(error)
            else:
                self._ask(request)

        self.ask({"op": "ping"}).add_done_callback(shown)
        return request

    def notify(self, message: KeeperMessage) -> None:
        """Send a message that has no answer; if the side process has just died, the message is lost."""
        if not self.usable:  # checked before the lock, which nothing would ever release in a forked child
            return
        with self._lock, contextlib.suppress(KeeperNotResponding):
            self._write(message)

    def end(self) -> None:
        """Leave what is open to the side process, which closes it and ends. A frozen one is replaced before."""
        if self.is_inherited:
            return
        if self._side and self._side.ready and not self._over:
            with contextlib.suppress(Exception):  # it is what it is
                self.ask({"op": "ping"}).exception(self._silence.longest)
        with self._lock:
            if self._side and not self._over and self._side.exit_status is not None:  # which the reader has yet to see
                self._replace()
            self._over = True
            self._watch.end()
            if self._side:
                self._side.close()
        self._liveness.release()

    def _ask(self, request: Request) -> None:
        with self._lock:
            if self._broken or self._over or not self._side:
                request.fail(self._why_not(request))
            elif not request.cancelled():
                number = self._awaited.add(request)
                try:
                    request.sent = self._write({"id": number, **request.message})
                    self._changed.notify_all()
                except KeeperNotResponding as error:
                    self._awaited.take(number)
                    request.fail(error)

    def _write(self, message: KeeperMessage) -> bool:
        """Write to the side process; return whether it may read that. Its end is noticed by its reader.

        One that takes nothing in is killed, to be replaced. Raises KeeperNotResponding if it must not be.
        """
        try:
            if self._side is not None:
                self._side.write(encode(message))
                return True
        except KeeperNotResponding:
            if self._awaited.has_order:
                raise
            if self._side is not None:
                self._side.kill()
        except OSError:
            pass
        return False

    def _give_up(self, why: str) -> None:
        self._broken = _unavailable(why)
        for request in self._awaited.take_all():
            request.fail(self._why_not(request))

    def _start(self) -> None:
        self._starts += 1
        hello = {**self._hello, "owner": self._liveness.name, "providers": self._recipes, "held": self._held}
        try:
            with real_files():
                self._side = self._side_process(hello, on_message=self._received, on_end=self._ended)
        except OSError as error:
            self._side, self._broken = None, _unavailable(str(error))
            raise self._broken from None
        if self._over:
            self._side.close()

    def _received(self, message: KeeperMessage) -> None:
        with self._lock:
            self._silence.heard()
            if "id" not in message:
                if "error" in message:
                    self._broken = error_of(message["error"])
                return
            request = self._awaited.take(message["id"])
            if request is None:
                return
            wanted = request.set_running_or_notify_cancel()  # from here on it cannot be cancelled any more
            if request.is_order and "result" in message:
                asked = request.message
                if wanted:
                    self._held[asked["key"]] = {"provider": asked["provider"], "order": message["result"]}
                else:
                    self.notify({"op": "close", "key": asked["key"], "received": False})
        if wanted and "error" in message:
            request.set_exception(error_of(message["error"]))
        elif wanted:
            request.set_result(message)

    def _ended(self, side: SideProcess) -> None:
        """A side process has ended. Unless its work is done, start another, and repeat the requests that are safe."""
        with self._lock:
            waiting = self._awaited.take_all()
            self._silence.heard()
            if side is self._side and not (self._over and side.exit_status == 0):
                self._replace()
            # One that has said why it ends has answered what it sent to the provider.
            in_order = self._broken is not None and side.exit_status == 0
            for request in waiting:
                if request.is_order and request.sent and side.ready and not in_order:
                    request.fail(OrderUncertain("the keeper process died before the provider responded"))
                else:
                    self._ask(request)

    def _replace(self) -> None:
        if self._broken:  # it has reported why it cannot work, and so would another
            return
        if self._starts >= self._max_starts:
            self._broken = _unavailable("it died once" if self._starts == 1 else f"it died {self._starts} times")
            return
        with contextlib.suppress(OtpError):  # then it is broken
            self._start()

    def _why_not(self, request: Request) -> OtpError:
        """A copy for each caller, since callers add context to it."""
        why = copy.copy(self._broken) or _unavailable("the run has ended")
        if isinstance(why, KeeperUnavailable) and not request.is_order:
            why.hint = STAYS
        return why


def _liveness_lock(ledger: Path) -> LivenessLock:
    try:
        return LivenessLock(locks_of(ledger))
    except OSError as error:
        raise SettingsError(
            f"--otp-ledger (PYTEST_OTP_LEDGER): {ledger} cannot be used ({error}); orders are not placed without a "
            "ledger",
            hint="Use a writable file on a local disk.",
        ) from None


def _unavailable(why: str) -> KeeperUnavailable:
    return KeeperUnavailable(
        f"the keeper process, which closes orders even if the run is killed, is not available ({why})",
        hint="Nothing was ordered. Use --otp-keeper off (PYTEST_OTP_KEEPER) to order without it.",
    )
