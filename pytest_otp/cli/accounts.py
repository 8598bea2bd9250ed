"""The provider accounts for which a command has credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import OtpError
from ..orders.entries import LedgerEntry
from ..orders.ledger import Ledger
from ..orders.recording import RecordingProvider, RunContext
from ..providers.base import identifying
from ..providers.registry import create, credentials, load, names
from ..redact import Secret, scrub
from .ledgers import NO_ACCOUNT

REASON = "by a sweep"
OTHER_ACCOUNT = "the credentials belong to another account (or another base URL)"


@dataclass(frozen=True, slots=True)
class _Access:
    account: str = ""
    provider: RecordingProvider | None = None
    lacking: str = ""
    """What is missing to use the provider, in words; empty if nothing is."""


class Accounts:
    """Looks up each provider's credentials in the environment and the .env file, once, when an order needs them."""

    def __init__(self, ledger: Ledger, env_file: Mapping[str, str], allow_http: Sequence[str]) -> None:
        self._ledger = ledger
        self._env_file = env_file
        self._allow_http = frozenset(allow_http)
        self._known: dict[str, _Access] = {}

    def of(self, entries: Sequence[LedgerEntry]) -> dict[str, RecordingProvider]:
        """Return the providers of these orders for which there are credentials, by account."""
        found = [self._access(name) for name in {entry.intent.provider for entry in entries}]
        return {access.account: access.provider for access in found if access.provider}

    def lacking(self, entry: LedgerEntry, again: str = "") -> str:
        """Return what is missing to close an order; empty if nothing is. `again` is as in CommandContext."""
        if not entry.intent.account:
            return NO_ACCOUNT.format(id=entry.id, again=again)
        access = self._access(entry.intent.provider)
        return access.lacking or ("" if access.account == entry.intent.account else OTHER_ACCOUNT)

    def _access(self, name: str) -> _Access:
        if name not in self._known:
            self._known[name] = self._look_up(name)
        return self._known[name]

    def _look_up(self, name: str) -> _Access:
        if name not in names():
            return _Access(lacking=f"the plugin for provider {name} is not installed")
        try:
            missing = self._missing(name)
            if missing:
                return _Access(lacking=f"set {', '.join(missing)} in the environment or in .env")
            values = credentials(name, os.environ, self._env_file, allow_http=self._allow_http)
            account = self._ledger.account(name, identifying(load(name), values))
            return _Access(account, self._recorded(name, values))
        except OtpError as error:
            return _Access(lacking=str(error))
        except Exception as error:  # noqa: BLE001 - a plugin's mistake must not keep other orders open
            return _Access(lacking=f"provider {name} cannot be created ({type(error).__name__}: {scrub(str(error))})")

    def _missing(self, name: str) -> list[str]:
        return [
            f"{variable.name} ({variable.help})"
            for variable in load(name).variables
            if variable.required
            and variable.default is None
            and not any(source.get(variable.name, "").strip() for source in (os.environ, self._env_file))
        ]

    def _recorded(self, name: str, values: Mapping[str, str | Secret | None]) -> RecordingProvider:
        provider = create(name, values, allow_http=self._allow_http)
        by = RunContext(self._ledger, run="")
        return RecordingProvider(provider, lambda: by, reason=REASON)
