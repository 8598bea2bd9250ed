"""The `pytest-otp` command."""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import sys
from collections.abc import Sequence
from typing import NoReturn

from ..display import LINE, shown
from ..errors import OtpError, SettingsError
from . import codes, orders, sandbox, sweeping
from .output import complain, in_our_words


def main(argv: Sequence[str] | None = None, *, sweep_timing: sweeping.SweepTiming = sweeping.SweepTiming()) -> int:  # noqa: B008 - frozen
    """Run the command, and return its exit status.

    0 for success, 1 for failure, 2 for invalid arguments or settings, 3 if a sweep leaves uncertain orders, 130 for
    Ctrl-C.
    """
    try:
        arguments = _parser(sweep_timing).parse_args(argv)
    except SystemExit as ended:  # argparse has printed help, the version, or what is wrong
        return ended.code if isinstance(ended.code, int) else 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a text in another script must not end a command
    try:
        return int(arguments.run(arguments))
    except OtpError as error:
        complain(f"{arguments.prog}: error: {in_our_words(str(error))}")
        return 2 if isinstance(error, SettingsError) else 1
    except Exception as error:  # noqa: BLE001 - memory, a broken installation of Python, or a provider's class
        complain(f"{arguments.prog}: error: {type(error).__name__}: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, since the usage hides what was wrong."""
        self.exit(2, shown(f"{self.prog}: error: {message} (see {self.prog} --help)", LINE) + "\n")


def _parser(sweep_timing: sweeping.SweepTiming) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pytest-otp",
        description="The command-line tools of pytest-otp, a pytest plugin for one-time codes by SMS.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pytest-otp {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    sandbox.add_to(commands)
    orders.add_to(commands)
    sweeping.add_to(commands, sweep_timing)
    codes.add_to(commands)
    return parser


def _version() -> str:
    try:
        return importlib.metadata.version("pytest-otp")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"
