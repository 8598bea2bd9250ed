"""Which ledger a command works on, and who cares for an order that is open in it."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..orders.entries import Entry
from ..orders.ledger import Ledger
from ..orders.location import ledger_path
from ..orders.process_locks import is_alive
from ..settings import Settings, read_env_file, resolve

RUN, KEEPER, NOBODY = "run", "keeper", "none"
"""Who cares for an open order: the run that ordered it, its keeper or another sweep, or nobody."""

NO_ACCOUNT = (
    "it was ordered through an object of the test suite's own otp_provider fixture: only a person can close it, at the "
    "provider, and then: pytest-otp orders forget {id} --force{again}"
)
WHERE = (
    "The ledger is the file of --ledger, else of PYTEST_OTP_LEDGER in the environment, else in the .env file, else "
    "ledger.sqlite3 in your folder for programs' state. pytest's own configuration file is not read: where otp_ledger "
    "is set there, name the same file here. Paths start at the current folder."
)

_VARIABLES = ("PYTEST_OTP_LEDGER", "PYTEST_OTP_ALLOW_HTTP")


def add_options(parser: argparse.ArgumentParser, *, default: Any = None) -> None:
    """The options that tell where the ledger is."""
    parser.add_argument(
        "--ledger", metavar="PATH", default=default, help="the file that the orders are written down in"
    )
    parser.add_argument(
        "--env-file",
        metavar="PATH",
        default=default,
        help="the .env file (default: PYTEST_OTP_ENV_FILE in the environment, else .env in the current folder)",
    )


@dataclass(frozen=True, slots=True, repr=False)
class Surroundings:
    """What a command was told by its arguments, the environment and the .env file."""

    settings: Settings
    """Of these only `ledger` and `allow_http` were looked for: no other setting may keep orders from being closed."""
    env_file: Mapping[str, str]
    """All variables of the .env file, with credentials."""
    named: bool
    """Whether the command line was needed to find the ledger."""

    @property
    def path(self) -> Path:
        """Where the ledger is."""
        return ledger_path(self.settings, Path.cwd())

    @property
    def again(self) -> str:
        """What a command that is proposed to people needs besides, to find the same ledger."""
        return f" --ledger {shlex.quote(str(self.path))}" if self.named else ""

    def open(self) -> Ledger | None:
        """The ledger; None where there is none: it is not made. Raises SettingsError."""
        try:
            self.path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            pass  # the ledger says what is wrong
        return Ledger(self.path)

    def absence(self) -> str:
        """What to say where there is no ledger."""
        return (
            f"no ledger at {self.path}: nothing was ordered, or it is elsewhere (--ledger PATH names it; a relative "
            "path starts at the current folder here, and at its root folder in pytest)"
        )


def look_around(arguments: argparse.Namespace) -> Surroundings:
    """Read what a command was told. Raises SettingsError."""
    named = arguments.env_file or os.environ.get("PYTEST_OTP_ENV_FILE", "").strip() or None
    if named and not Path(named).is_file():
        raise SettingsError(f"--env-file (PYTEST_OTP_ENV_FILE): there is no file {Path.cwd() / named}")
    env_file = read_env_file(named, Path.cwd())
    environ, from_file = (
        {name: source[name] for name in _VARIABLES if name in source} for source in (os.environ, env_file)
    )
    given = {name: getattr(arguments, name, None) for name in ("ledger", "allow_http")}
    settings = resolve(lambda known: given.get(known.name), lambda known: None, environ, from_file)
    return Surroundings(settings, env_file, named=bool(arguments.ledger or arguments.env_file))


def care(ledger: Ledger, entry: Entry) -> str:
    """Who cares for an open order."""
    if is_alive(ledger.locks, entry.intent.owner):
        return RUN
    return KEEPER if is_alive(ledger.locks, entry.intent.keeper) else NOBODY
