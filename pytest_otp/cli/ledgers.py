"""Which ledger a command works on, and who is responsible for an open order in it."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..env_file import read_env_file
from ..errors import SettingsError
from ..orders.entries import LedgerEntry
from ..orders.ledger import Ledger
from ..orders.location import ledger_path
from ..settings import Settings, resolve

RUN, KEEPER, NOBODY = "run", "keeper", "none"
"""Who is responsible for an open order: the run that ordered it, its keeper or a sweep, or nobody."""

NO_ACCOUNT = (
    "it was ordered by an overridden otp_provider fixture, so only you can close it: close it at the provider, then "
    "run: pytest-otp orders forget {id} --force{again}"
)
WHERE = (
    "The ledger is the file set by --ledger, by PYTEST_OTP_LEDGER in the environment or by PYTEST_OTP_LEDGER in the "
    ".env file, in this order; by default, it is ledger.sqlite3 in your user state directory (on Linux, "
    "~/.local/state/pytest-otp). pytest's configuration files are not read: if otp_ledger is set there, pass the same "
    "file here. Relative paths are resolved against the current directory."
)

_VARIABLES = ("PYTEST_OTP_LEDGER", "PYTEST_OTP_ALLOW_HTTP")


def add_options(parser: argparse.ArgumentParser, *, default: Any = None) -> None:
    """Add the options that locate the ledger."""
    parser.add_argument("--ledger", metavar="PATH", default=default, help="the ledger file")
    parser.add_argument(
        "--env-file",
        metavar="PATH",
        default=default,
        help="the .env file (default: PYTEST_OTP_ENV_FILE in the environment, else .env in the current directory)",
    )


@dataclass(frozen=True, slots=True, repr=False)
class CommandContext:
    """What a command gets from its arguments, the environment and the .env file."""

    settings: Settings
    """Only `ledger` and `allow_http` are resolved: no other setting may prevent orders from being closed."""
    env_file: Mapping[str, str]
    """All variables of the .env file, including credentials."""
    named: bool
    """Whether the ledger was found by a command-line option."""
    must_exist: bool
    """Whether the ledger itself was named by a command-line option."""

    @property
    def path(self) -> Path:
        """Where the ledger is."""
        return ledger_path(self.settings.ledger, Path.cwd())

    @property
    def again(self) -> str:
        """The option that a suggested command needs in order to find the same ledger."""
        return f" --ledger {shlex.quote(str(self.path))}" if self.named else ""

    def open(self) -> Ledger | None:
        """Open the ledger; None if there is none, which is not created. Raises SettingsError.

        One that was named by `--ledger` must exist: its name may be misspelt.
        """
        try:
            self.path.stat()
        except FileNotFoundError:
            if self.must_exist:
                raise SettingsError(
                    f"--ledger: no such file: {self.path}",
                    hint="Relative paths are resolved against the current directory.",
                ) from None
            return None
        except OSError:
            pass  # the ledger reports what is wrong
        return Ledger(self.path)

    def absence(self) -> str:
        """What to say if there is no ledger."""
        return (
            f"no ledger at {self.path}: nothing has been ordered yet, or the ledger is elsewhere (pass --ledger PATH; "
            "relative paths are resolved against the current directory here, and against the rootdir in pytest)"
        )


def read_context(arguments: argparse.Namespace) -> CommandContext:
    """Read the settings of a command. Raises SettingsError."""
    named = arguments.env_file or os.environ.get("PYTEST_OTP_ENV_FILE", "").strip() or None
    if named and not Path(named).is_file():
        raise SettingsError(f"--env-file (PYTEST_OTP_ENV_FILE): no such file: {Path.cwd() / named}")
    env_file = read_env_file(named, Path.cwd())
    environ, from_file = (
        {name: source[name] for name in _VARIABLES if name in source} for source in (os.environ, env_file)
    )
    given = {name: getattr(arguments, name, None) for name in ("ledger", "allow_http")}
    settings = resolve(lambda known: given.get(known.name), lambda known: None, environ, from_file)
    ledger = bool(arguments.ledger)
    return CommandContext(settings, env_file, named=ledger or bool(arguments.env_file), must_exist=ledger)


def attended_by(ledger: Ledger, entry: LedgerEntry) -> str:
    """Who is responsible for an open order."""
    if ledger.is_alive(entry.intent.owner):
        return RUN
    return KEEPER if ledger.is_alive(entry.intent.keeper) else NOBODY
