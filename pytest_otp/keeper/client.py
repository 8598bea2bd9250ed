"""The test process's end of the keeper's pipes."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path

from ..errors import OrderUncertain, OtpError, SettingsError
from ..orders.entries import Budget
from ..orders.process_locks import LivenessLock, locks_of
from ..redact import Secret
from .pipes import KeeperNotResponding, SideProcess
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
    ) -> None:
        """Start it for one run. Raises OtpError if it cannot be started.

        `controller` is the process whose end ends the run, if it is another one of this machine.
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
        self._waiting: dict[int, tuple[KeeperMessage, Future[KeeperMessage]]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._side_process = side_process
        self._max_starts = max_starts
        self._starts = 0
        self._broken: OtpError | None = None
        self._over = False
        self._side: SideProcess | None = None
        try:
            self._liveness = LivenessLock(locks_of(ledger))
        except OSError as error:
            raise SettingsError(
                f"--otp-ledger (PYTEST_OTP_LEDGER): {ledger} cannot be used ({error}); orders are not placed without a "
                "ledger",
                hint="Use a writable file on a local disk.",
            ) from None
        try:
            with self._lock:  # its first message waits until all is set
                self._start()
        except OtpError:
            self._liveness.release()
            raise

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

        Raises KeeperNotResponding if the side process does not read in time.
        """
        recipe: KeeperMessage = {"name": name, "values": values, "allow_http": sorted(allow_http)}
        with self._lock:
            if recipe not in self._recipes:
                if self._side is not None:
                    with contextlib.suppress(OSError):  # it has just died: its successor receives all recipes
                        self._side.write(encode({"op": "use", **recipe}))
                self._recipes.append(recipe)
            return self._recipes.index(recipe)

    def ask(self, message: KeeperMessage) -> Future[KeeperMessage]:
        """Send a request. The future receives the answer or an error, even if the side process dies."""
        answer: Future[KeeperMessage] = Future()
        self._ask(message, answer)
        return answer

    def notify(self, message: KeeperMessage) -> None:
        """Send a message that has no answer; if the side process has just died, the message is lost."""
        if not self.usable:  # checked before the lock, which nothing would ever release in a forked child
            return
        with self._lock, contextlib.suppress(OSError, KeeperNotResponding):
            if self._side is not None:
                self._side.write(encode(message))

    def end(self) -> None:
        """Leave what is open to the side process, which closes it and ends."""
        if self.is_inherited:
            return
        with self._lock:
            if self._side and not self._over and self._side.exit_status is not None:  # which the reader has yet to see
                self._replace()
            self._over = True
            if self._side:
                self._side.close()
        self._liveness.release()

    def _ask(self, message: KeeperMessage, answer: Future[KeeperMessage]) -> None:
        with self._lock:
            if self._broken or self._over or not self._side:
                _fail(answer, self._why_not(message["op"]))
                return
            number = next(self._numbers)
            self._waiting[number] = (message, answer)
            try:
                self._side.write(encode({"id": number, **message}))
            except KeeperNotResponding as error:
                del self._waiting[number]
                _fail(answer, error)
            except OSError:
                pass  # it has died: the reader notices, and decides what becomes of the request

    def _start(self) -> None:
        self._starts += 1
        hello = {**self._hello, "owner": self._liveness.name, "providers": self._recipes, "held": self._held}
        try:
            self._side = self._side_process(hello, on_message=self._received, on_end=self._ended)
        except OSError as error:
            self._side, self._broken = None, _unavailable(str(error))
            raise self._broken from None
        if self._over:
            self._side.close()

    def _received(self, message: KeeperMessage) -> None:
        with self._lock:
            if "id" not in message:
                if "error" in message:
                    self._broken = error_of(message["error"])
                return
            request, answer = self._waiting.pop(message["id"], ({"op": ""}, Future[KeeperMessage]()))
            wanted = answer.set_running_or_notify_cancel()  # from here on it cannot be cancelled any more
            if request["op"] == "order" and "result" in message:
                if wanted:
                    self._held[request["key"]] = {"provider": request["provider"], "order": message["result"]}
                else:
                    self.notify({"op": "close", "key": request["key"], "received": False})
        if wanted and "error" in message:
            answer.set_exception(error_of(message["error"]))
        elif wanted:
            answer.set_result(message)

    def _ended(self, side: SideProcess) -> None:
        """A side process has ended. Unless its work is done, start another, and repeat the requests that are safe."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            if side is self._side and not (self._over and side.exit_status == 0):
                self._replace()
            # One that has said why it ends has answered what it sent to the provider.
            in_order = self._broken is not None and side.exit_status == 0
            for message, answer in waiting.values():
                self._ask_again(message, answer, sent=side.ready and not in_order)

    def _replace(self) -> None:
        if self._broken:  # it has reported why it cannot work, and so would another
            return
        if self._starts >= self._max_starts:
            self._broken = _unavailable("it died once" if self._starts == 1 else f"it died {self._starts} times")
            return
        with contextlib.suppress(OtpError):  # then it is broken
            self._start()

    def _ask_again(self, message: KeeperMessage, answer: Future[KeeperMessage], *, sent: bool) -> None:
        if message["op"] == "order" and sent:
            _fail(answer, OrderUncertain("the keeper process died before the provider responded"))
        elif not answer.cancelled():
            self._ask(message, answer)

    def _why_not(self, operation: str = "order") -> OtpError:
        """A copy for each caller, since callers add context to it."""
        why = copy.copy(self._broken) or _unavailable("the run has ended")
        if isinstance(why, KeeperUnavailable) and operation != "order":
            why.hint = STAYS
        return why


def _fail(answer: Future[KeeperMessage], error: OtpError) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_exception(error)


def _unavailable(why: str) -> KeeperUnavailable:
    return KeeperUnavailable(
        f"the keeper process, which closes orders even if the run is killed, is not available ({why})",
        hint="Nothing was ordered. Use --otp-keeper off (PYTEST_OTP_KEEPER) to order without it.",
    )
