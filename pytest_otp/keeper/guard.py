"""What one process does so that none of its orders is lost: who places them, where they are written down."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..orders.entries import Budget, Entry, MemoryBook
from ..orders.location import ledger_path
from ..orders.process_locks import call_in_forked_child
from ..orders.recording import Bookkeeping, Recorded, Watched
from ..providers.registry import recipe_of
from .patience import Patience

if TYPE_CHECKING:
    from ..orders.ledger import Ledger
    from ..orders.process_locks import Alive
    from ..providers.base import Provider
    from ..providers.registry import Recipe
    from ..settings import Settings
    from .client import Keeper

__tracebackhide__ = True


class Guard:
    """Puts itself between tests and providers; starts nothing and writes nothing before the first order."""

    def __init__(self, settings: Settings, run: str, root: Path) -> None:
        """`run` names the pytest run, which all its workers share; `root` is where relative paths start."""
        self.run = run
        self.patience = Patience(settings.close_timeout)
        self._settings = settings
        self._root = root
        self._offline = MemoryBook()
        self._ledger: Ledger | None = None
        self._alive: Alive | None = None
        self._keeper: Keeper | None = None
        self._books: dict[str, Bookkeeping] = {}
        self._lock = threading.RLock()
        call_in_forked_child(self._forget)

    def guarded(self, provider: Provider) -> Provider:
        """The provider, with its orders written down, and placed and closed by the keeper where that is possible."""
        return cast("Provider", self._watched(provider))  # what it lacks itself it takes from the provider

    @property
    def ledger_path(self) -> Path | None:
        """The ledger that real orders of this process are in; None where it placed none."""
        return ledger_path(self._settings, self._root) if self._keeper or self._ledger else None

    def offline_entries(self) -> list[Entry]:
        """The orders of the fake provider."""
        return list(self._offline.entries(self.run))

    def end(self) -> None:
        """The session is over: what is still open is the keeper's."""
        with self._lock:
            if self._keeper:
                self._keeper.end()
            if self._ledger:
                self._ledger.close()
            if self._alive:
                self._alive.end()

    def _forget(self) -> None:
        """In a forked child: the parent's keeper and ledger are not ours, and its threads let go of no lock."""
        self._inherited = self._ledger  # kept, since a connection to SQLite must not be closed in a child
        self._keeper = self._ledger = self._alive = None
        self._books = {}
        self._lock = threading.RLock()

    def _watched(self, provider: Provider) -> Watched:
        if provider.name == "fake":
            return Recorded(provider, lambda: Bookkeeping(self._offline, self.run))
        recipe = recipe_of(provider)
        if recipe is None or self._settings.keeper == "off":
            return Recorded(provider, partial(self._in_process, recipe))
        from .provider import KeptProvider  # noqa: PLC0415 - not for the fake provider

        return KeptProvider(provider, partial(self._kept, recipe), self.patience)

    def _kept(self, recipe: Recipe) -> tuple[Keeper, int]:
        from .client import Keeper  # noqa: PLC0415 - only for an order

        with self._lock:
            if self._keeper is None:
                path = ledger_path(self._settings, self._root)
                self._keeper = Keeper(path, self.run, budget_of(self._settings))
            return self._keeper, self._keeper.use(*recipe)

    def _in_process(self, recipe: Recipe | None) -> Bookkeeping:
        """Without a keeper: this process writes the ledger, and nobody outlives it."""
        from ..orders.closers import Closers  # noqa: PLC0415 - only for an order
        from ..orders.ledger import Ledger  # noqa: PLC0415 - imports sqlite3
        from ..orders.sweep import SWEEP_PATIENCE, begin_sweep  # noqa: PLC0415
        from ..providers.base import identifying  # noqa: PLC0415
        from ..providers.registry import create, load  # noqa: PLC0415

        with self._lock:
            if self._ledger is None:
                self._ledger = Ledger(ledger_path(self._settings, self._root))
            self._alive = self._alive or self._ledger.alive()
            account = self._ledger.account(recipe.name, identifying(load(recipe.name), recipe.values)) if recipe else ""
            if account not in self._books:
                by = Bookkeeping(self._ledger, self.run, account, self._alive.name, budget=budget_of(self._settings))
                self._books[account] = by
                if recipe:
                    closers = Closers()
                    plain = create(recipe.name, recipe.values, allow_http=recipe.allow_http)
                    sweeper = Recorded(plain, lambda: by, reason="by a sweep")
                    begin_sweep(self._ledger, self._alive.name, {account: sweeper}, closers)
                    closers.join(SWEEP_PATIENCE)
            return self._books[account]


def budget_of(settings: Settings) -> Budget:
    """What the settings allow."""
    from decimal import Decimal  # noqa: PLC0415

    amount, currency = settings.max_spend or (None, None)
    return Budget(settings.max_orders, None if amount is None else Decimal(amount), currency)
