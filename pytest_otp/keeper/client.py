"""The test process's end of the keeper's pipes."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path

from ..errors import OrderUncertain, OtpError, ProviderUnavailable, SettingsError
from ..orders.entries import Budget
from ..orders.process_locks import Alive, locks_of
from ..redact import Secret
from .pipes import Side, Stuck
from .wire import Message, encode, error_of

__tracebackhide__ = True

MOST_KEEPERS = 5
"""How many a process starts at most: one that dies again and again is no guard."""


class Keeper:
    """The keeper of this process. Starts the side process, talks to it from any thread, and replaces it if it dies."""

    def __init__(self, ledger: Path, run: str, budget: Budget) -> None:
        """Start it for one run. Raises OtpError where it cannot be started."""
        self._hello = {
            "pid": os.getpid(),
            "ledger": str(ledger),
            "run": run,
            "budget": (budget.orders, budget.spend, budget.currency),
        }
        self._recipes: list[Message] = []
        self._held: dict[str, None] = {}
        self._waiting: dict[int, tuple[Message, Future[Message]]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._started = 0
        self._broken: OtpError | None = None
        self._over = False
        self._side: Side | None = None
        try:
            self._alive = Alive(locks_of(ledger))
        except OSError as error:
            raise SettingsError(
                f"--otp-ledger (PYTEST_OTP_LEDGER): {ledger} cannot be used ({error}): no order is placed without it",
                hint="Name a file on a local disk that you may write.",
            ) from None
        try:
            with self._lock:  # whatever it says first waits until all is set
                self._start()
        except OtpError:
            self._alive.end()
            raise

    @property
    def usable(self) -> bool:
        """Whether it can guard orders of this process; a forked child has none until it starts its own."""
        return self._broken is None and not self._over and self._hello["pid"] == os.getpid()

    @property
    def owner(self) -> str:
        """This process's sign of life."""
        return self._alive.name

    def use(self, name: str, values: Mapping[str, str | Secret | None], allow_http: Iterable[str]) -> int:
        """Tell it of a provider; the number that orders name it by. Raises OtpError where it takes nothing in."""
        recipe: Message = {"name": name, "values": values, "allow_http": sorted(allow_http)}
        with self._lock:
            if recipe not in self._recipes:
                if self._side is not None:
                    with contextlib.suppress(OSError):  # it has just died: its successor hears of it at its start
                        self._side.write(encode({"op": "use", **recipe}))
                self._recipes.append(recipe)
            return self._recipes.index(recipe)

    def ask(self, message: Message) -> Future[Message]:
        """Send it a message; the future gets the answer, or the error that it answers, or that its death means."""
        answer: Future[Message] = Future()
        self._ask(message, answer)
        return answer

    def tell(self, message: Message) -> None:
        """Send it a message that has no answer; where it has just died, its successor hears of what matters."""
        if not self.usable:  # looked at before the lock: in a forked child nobody would ever let go of it
            return
        with self._lock, contextlib.suppress(OSError, Stuck):
            if self._side is not None:
                self._side.write(encode(message))

    def end(self) -> None:
        """Leave the rest to it: it closes what is open, and ends."""
        if self._hello["pid"] != os.getpid():
            return
        with self._lock:
            if self._side and not self._over and self._side.dead:  # which nobody has noticed so far
                self._replace()
            self._over = True
            if self._side:
                self._side.close()
        self._alive.end()

    def _ask(self, message: Message, answer: Future[Message]) -> None:
        with self._lock:
            if self._broken or self._over or not self._side:
                _fail(answer, self._why_not())
                return
            number = next(self._numbers)
            self._waiting[number] = (message, answer)
            try:
                self._side.write(encode({"id": number, **message}))
            except Stuck as error:
                del self._waiting[number]
                _fail(answer, error)
            except OSError:
                pass  # it has died: that is noticed where we read, and decides what becomes of the question

    def _start(self) -> None:
        self._started += 1
        hello = {**self._hello, "owner": self._alive.name, "providers": self._recipes, "held": list(self._held)}
        try:
            self._side = Side(hello, on_message=self._heard, on_end=self._ended)
        except OSError as error:
            self._side, self._broken = None, _cannot_start(str(error))
            raise self._broken from None
        if self._over:
            self._side.close()

    def _heard(self, message: Message) -> None:
        with self._lock:
            if "id" not in message:
                if "error" in message:
                    self._broken = error_of(message["error"])
                return
            question, answer = self._waiting.pop(message["id"], (message, Future[Message]()))
            wanted = answer.set_running_or_notify_cancel()  # from here on it cannot be given up any more
            if "order" in message:
                if wanted:
                    self._held[question["key"]] = None
                else:
                    self.tell({"op": "close", "key": question["key"], "received": False})
        if wanted and "error" in message:
            answer.set_exception(error_of(message["error"]))
        elif wanted:
            answer.set_result(message)

    def _ended(self, side: Side) -> None:
        """A side process has ended. Where its work is not done, another takes over, and hears what was asked."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            if side is self._side and not (self._over and side.done):
                self._replace()
            for message, answer in waiting.values():
                self._ask_again(message, answer, sent=side.ready)

    def _replace(self) -> None:
        if self._broken:  # it has said why it cannot work, and so would another
            return
        if self._started >= MOST_KEEPERS:
            self._broken = _cannot_start(f"it died {self._started} times")
            return
        with contextlib.suppress(OtpError):  # it is broken then
            self._start()

    def _ask_again(self, message: Message, answer: Future[Message], *, sent: bool) -> None:
        ordering = message["op"] == "order"
        if ordering and sent:
            _fail(answer, OrderUncertain("the keeper died before the order's answer came"))
        elif not (ordering or self.usable):
            _fail(answer, ProviderUnavailable(self._why_not().message, sent=False))
        elif not answer.cancelled():
            self._ask(message, answer)

    def _why_not(self) -> OtpError:
        """A copy for each who asks, since those who raise it add what it was about."""
        return copy.copy(self._broken) or _cannot_start("its run has ended")


def _fail(answer: Future[Message], error: OtpError) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_exception(error)


def _cannot_start(why: str) -> OtpError:
    return OtpError(
        f"the keeper, which guards orders against a killed run, is not there ({why})",
        hint="Nothing was ordered. --otp-keeper off (PYTEST_OTP_KEEPER) orders without it.",
    )
