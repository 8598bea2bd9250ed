"""A plugin's provider, and the command in this process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from pytest_otp import cli
from pytest_otp.cli.sweeping import SweepTiming
from pytest_otp.providers.base import Order, Variable
from pytest_otp.providers.http import HttpClient
from pytest_otp.redact import Secret
from tests.scripted import ScriptedProvider

TOKEN = "an-invented-token-for-the-sweep"


def no_ledger(path: Path) -> str:
    """What is said where there is none."""
    return (
        f"no ledger at {path}: nothing has been ordered yet, or the ledger is elsewhere (pass --ledger PATH; relative "
        "paths are resolved against the current directory here, and against the rootdir in pytest)"
    )


class ThirdParty(ScriptedProvider):
    """A provider that is built by name. All objects of it have one log and one set of troubles."""

    name = "thirdparty"
    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("THIRD_TOKEN", "the token", secret=True, required=True),
        Variable("THIRD_CLIENT", "the client's id", required=True),
        Variable("THIRD_URL", "where it is", default="https://third.example/api"),
    )
    log: ClassVar[list[str]] = []
    troubles: ClassVar[dict[str, Exception]] = {}
    over: ClassVar[set[str]] = set()
    """Orders that it has ended by itself."""
    refusals: ClassVar[list[Exception]] = []
    """What the next cancels fail with, whichever the order."""

    def __init__(self, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        super().__init__()
        self.events = self.log
        self.ended = self.over
        for call, error in self.troubles.items():
            self.always(call, error)

    @classmethod
    def closed(cls) -> list[str]:
        """The closes that it was asked for, sorted: they come side by side."""
        return sorted(event for event in cls.log if not event.startswith("messages"))

    def cancel(self, order: Order) -> None:
        super().cancel(order)
        if self.refusals:
            raise self.refusals.pop()

    def resend(self, order: Order) -> None:
        raise AssertionError("nobody who closes an order asks for another SMS")


class Command:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""
        self.timing = SweepTiming()
        """How a sweep spends its time."""

    def __call__(self, *arguments: str) -> int:
        status = cli.main(arguments, sweep_timing=self.timing)
        self.out, self.err = self._capsys.readouterr()
        return status

    @property
    def lines(self) -> list[str]:
        """What it printed, with WHEN in place of each time."""
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "WHEN", self.out).splitlines()
