"""How the orders of one process are protected: who places them, and where they are recorded."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..orders.entries import NO_BUDGET, Budget, InMemoryLedger, LedgerEntry
from ..orders.location import ledger_path
from ..orders.process_locks import call_in_forked_child
from ..orders.recording import RecordingProvider, RunContext
from ..providers.base import identifying
from ..providers.registry import load, recipe_of
from .patience import Patience

if TYPE_CHECKING:
    from ..orders.ledger import Ledger
    from ..orders.process_locks import LivenessLock
    from ..providers.base import Provider
    from ..providers.registry import Recipe
    from .client import Keeper

__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class GuardOptions:
    """What a guard needs to know about a run."""

    run: str
    """The name of the pytest run, shared by all its workers."""
    root: Path
    """The directory that a relative ledger path is resolved against."""
    ledger: str | None = None
    """The configured ledger; None for the default one."""
    keeper: bool = True
    """Whether a keeper process speaks to the provider."""
    close_timeout: float = 20.0
    """Seconds by which all closes together may delay the run."""
    budget: Budget = NO_BUDGET
    controller: int | None = None
    """The ID of the process that started this xdist worker; None if that is on another machine, and without xdist."""


class Guard:
    """Stands between tests and providers. Starts nothing and writes nothing before the first order."""

    def __init__(self, options: GuardOptions) -> None:
        self.run = options.run
        self.patience = Patience(options.close_timeout)
        self.placed = 0
        """How many orders of this process are in its ledger."""
        self._options = options
        self._process = os.getpid()
        self._offline = InMemoryLedger()
        self._ledger: Ledger | None = None
        self._liveness: LivenessLock | None = None
        self._keeper: Keeper | None = None
        self._contexts: dict[str, RunContext] = {}
        self._lock = threading.RLock()
        call_in_forked_child(self._forget)

    def provider(self, recipe: Recipe) -> Provider:
        """Return a provider that the keeper speaks to, or without a keeper one that this process speaks to."""
        if not self._options.keeper:
            from ..providers.registry import create  # noqa: PLC0415 - imports requests

            return create(recipe.name, recipe.values, allow_http=recipe.allow_http)
        from .provider import KeeperProvider  # noqa: PLC0415 - not needed offline

        return KeeperProvider(load(recipe.name), partial(self._by_keeper, recipe), self.patience)

    def guarded(self, provider: Provider) -> Provider:
        """Return the provider with its orders recorded, and where possible spoken to by the keeper."""
        if getattr(provider, "offline", False):
            return _forwarding(RecordingProvider(provider, lambda: RunContext(self._offline, self.run)))
        from .provider import KeeperProvider  # noqa: PLC0415 - not needed offline

        if isinstance(provider, KeeperProvider):
            return provider
        recipe = recipe_of(provider)
        if recipe is not None and self._options.keeper:
            return self.provider(recipe)
        from .in_process import UnmockedProvider  # noqa: PLC0415 - not needed with a keeper

        return _forwarding(UnmockedProvider(provider, partial(self._in_process, recipe), recipe))

    @property
    def keeper(self) -> Keeper | None:
        """The keeper of this process; None before its first order and without one."""
        return self._keeper

    @property
    def ledger_path(self) -> Path | None:
        """The ledger that contains this process's real orders; None if it placed none."""
        return self._path() if self._keeper or self._ledger else None

    def offline_entries(self) -> list[LedgerEntry]:
        """The orders at offline providers."""
        return list(self._offline.entries(self.run))

    def end(self) -> None:
        """End of the session: leave what is still open to the keeper."""
        with self._lock:
            if self._keeper:
                self._keeper.end()
            if self._ledger:
                self._ledger.close()
            if self._liveness:
                self._liveness.release()

    def _forget(self) -> None:
        """In a forked child: the parent's keeper and ledger are not ours, and its threads never release a lock."""
        self._inherited = self._ledger  # kept, since a connection to SQLite must not be closed in a child
        self._keeper = self._ledger = self._liveness = None
        self._contexts = {}
        self._lock = threading.RLock()

    def _path(self) -> Path:
        return ledger_path(self._options.ledger, self._options.root)

    def _check_controller(self) -> None:
        """Raise OtpError if the xdist controller, which is this process's parent, has died."""
        controller = self._options.controller
        if controller is not None and self._process == os.getpid() and os.getppid() != controller:
            from .controller import orphaned  # noqa: PLC0415 - not needed by a run that goes on

            raise orphaned()

    def _by_keeper(self, recipe: Recipe) -> tuple[Keeper, int]:
        from .client import Keeper  # noqa: PLC0415 - not needed before an order

        with self._lock:
            if self._keeper is None:
                options = self._options
                self._keeper = Keeper(self._path(), self.run, options.budget, controller=options.controller)
            return self._keeper, self._keeper.use(*recipe)

    def _in_process(self, recipe: Recipe | None) -> RunContext:
        """Without a keeper this process writes the ledger, and nothing outlives it."""
        from ..orders.ledger import Ledger  # noqa: PLC0415 - imports sqlite3

        with self._lock:
            if self._ledger is None:
                self._ledger = Ledger(self._path())
            self._liveness = self._liveness or self._ledger.liveness_lock()
            account = self._ledger.account(recipe.name, identifying(load(recipe.name), recipe.values)) if recipe else ""
            if account not in self._contexts:
                context = RunContext(
                    self._ledger,
                    self.run,
                    account,
                    self._liveness.name,
                    budget=self._options.budget,
                    check=self._check_controller,
                )
                self._contexts[account] = context
                if recipe:
                    _sweep(self._ledger, recipe, context)
            return self._contexts[account]


def _forwarding(provider: RecordingProvider) -> Provider:
    return cast("Provider", provider)  # it forwards everything else to the provider behind it


def _sweep(ledger: Ledger, recipe: Recipe, context: RunContext) -> None:
    from ..orders.closers import Closers  # noqa: PLC0415 - not needed before an order
    from ..orders.sweep import SWEEP_PATIENCE, begin_sweep  # noqa: PLC0415
    from ..providers.registry import create  # noqa: PLC0415

    closers = Closers()
    provider = create(recipe.name, recipe.values, allow_http=recipe.allow_http)
    sweeper = RecordingProvider(provider, lambda: context, reason="by a sweep")
    begin_sweep(ledger, context.owner, {context.account: sweeper}, closers, owner=context.owner)
    closers.join(SWEEP_PATIENCE)
