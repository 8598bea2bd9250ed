"""The owner's end of a keeper's pipe in the hands of a test."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from pytest_otp.clock import monotonic
from pytest_otp.errors import OtpError
from pytest_otp.keeper.server import KeeperServer
from pytest_otp.keeper.wire import decode, encode, error_of
from pytest_otp.orders.closers import Closers
from pytest_otp.orders.entries import Intent, LedgerEntry
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import LivenessLock
from pytest_otp.providers.base import Order, Service
from pytest_otp.redact import Secret
from tests.orders.processes import LONG
from tests.scripted import ScriptedProvider

RECIPE: dict[str, Any] = {"name": "scripted", "values": {"KEY": Secret("an-invented-key")}, "allow_http": []}


class Priced(ScriptedProvider):
    """Has a price list, which its orders do not keep to."""

    def services(self, country: str | None) -> list[Service]:
        return [Service("1", "Shop", Decimal("1.0"), "USD")]


class Careless(ScriptedProvider):
    """Fills its orders with what is none."""

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        return replace(super().order(service, country, operator), ordered_at=None)  # type: ignore[arg-type]  # a bug


class Owner:
    """Asks as the test process would, and gets what would go over the pipe."""

    def __init__(self, ledger: Ledger, providers: dict[str, Any], closers: Callable[[], Closers]) -> None:
        self.ledger = ledger
        self.providers = providers
        """What `create` makes of each name: a provider, or an error that it raises."""
        self.alive = LivenessLock(ledger.locks)
        self.answers: list[dict[str, Any]] = []
        self._queue: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._closers = closers
        self.process: KeeperServer
        self.started: list[KeeperServer] = []

    def start(
        self,
        *recipes: dict[str, Any],
        held: tuple[str, ...] = (),
        budget: Any = (None, None, None),
        path: Path | None = None,
        sweep_patience: float = LONG,
    ) -> KeeperServer:
        """A keeper; a second one is the successor of the first, which has died then."""
        hello = {
            "ledger": str(path or self.ledger.path),
            "run": "a-run",
            "owner": self.alive.name,
            "budget": budget,
            "providers": recipes,
            "held": {key: {} for key in held},
        }
        self.process = KeeperServer(
            decode(encode(hello)),
            self._take,
            create=self._create,
            closers=self._closers,
            sweep_patience=sweep_patience,
        )
        self.started.append(self.process)
        return self.process

    def send(self, op: str, **message: Any) -> int:
        number = next(self._numbers)
        self.process.handle(decode(encode({"id": number, "op": op, **message})))
        return number

    def notify(self, op: str, **message: Any) -> None:
        """Say what has no answer."""
        self.process.handle(decode(encode({"op": op, **message})))

    def ask(self, op: str, **message: Any) -> dict[str, Any]:
        return self.answer(self.send(op, **message))

    def answer(self, number: int) -> dict[str, Any]:
        """The next answer, which must be the one to this question."""
        answer = self._queue.get(timeout=LONG)
        assert answer.pop("id") == number
        return answer

    def order(self, key: str, provider: int = 0) -> Order:
        placed: Order = self.ask("order", **ordering(key, provider))["result"]
        return placed

    def close(self, key: str, *, received: bool = False) -> dict[str, Any]:
        return self.ask("close", key=key, received=received)

    def entry(self, key: str) -> LedgerEntry:
        return next(entry for entry in self.ledger.entries() if entry.intent.key == key)

    def state(self, key: str) -> str:
        return self.entry(key).state

    def _create(self, name: str, values: Any, *, allow_http: frozenset[str]) -> Any:
        if isinstance(self.providers[name], Exception):
            raise self.providers[name]
        return self.providers[name]

    def _take(self, message: Any) -> None:
        answer = decode(encode(message))
        self.answers.append(dict(answer))
        self._queue.put(answer)


def ordering(key: str, provider: int = 0) -> dict[str, Any]:
    about = {"key": key, "provider": provider, "service": "1", "country": "6", "operator": None}
    return {**about, "until": monotonic() + LONG}


def refused(answer: dict[str, Any]) -> OtpError:
    return error_of(answer["error"])


def leave_behind(ledger: Ledger, key: str, *, state: str = "waiting", recipe: dict[str, Any] = RECIPE) -> None:
    """An order of a run of long ago, all of whose processes are dead."""
    account = ledger.account(recipe["name"], recipe["values"])
    ledger.reserve(Intent(key, "an-old-run", "a-dead-owner", "a-dead-keeper", recipe["name"], account))
    if state != "ordering":
        number = Order(f"{key}-id", "1", None, None, None, None, None, datetime.now(timezone.utc))
        ledger.placed(key, number)
        ledger.changed(key, state)
