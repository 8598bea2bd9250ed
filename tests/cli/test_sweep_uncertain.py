"""`pytest-otp sweep`: orders that may be rented or not, and orders that the provider refuses to close."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime, timedelta

import pytest

from pytest_otp.errors import InvalidRequest
from pytest_otp.orders.ledger import Ledger
from tests.cli.conftest import Write
from tests.cli.world import Command, ThirdParty
from tests.orders.written import states


@pytest.fixture(autouse=True)
def _few_seconds(hurry: None) -> None:
    """Every sweep here."""


def make_older(ledger: Ledger, key: str, *, seconds: float) -> None:
    """Let time pass for an order."""
    with contextlib.closing(sqlite3.connect(ledger.path)) as raw:
        for column in ("ordered_at", "counted_at"):
            ((moment,),) = raw.execute(f"SELECT {column} FROM orders WHERE key = ?", (key,))
            earlier = moment and (datetime.fromisoformat(moment) - timedelta(seconds=seconds)).isoformat()
            raw.execute(f"UPDATE orders SET {column} = ? WHERE key = ?", (earlier, key))
        raw.commit()


class TestUncertain:
    """What was on its way when its processes died."""

    def test_uncertain_ones_can_be_ignored(self, otp: Command, written: Write) -> None:
        """They are listed all the same."""
        written("key-1", "uncertain")
        assert otp("sweep") == 3
        told = otp.lines
        assert otp("sweep", "--ignore-uncertain") == 0
        assert otp.lines == told
        assert told[-1] == "no open orders, 1 uncertain"

    def test_an_uncertain_one_that_has_expired(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """Past the provider's longest rental nothing is rented any more: it is listed, and counts no more."""
        written("key-1", "uncertain")
        written("key-2", "uncertain")
        make_older(ledger, "key-1", seconds=1201)
        make_older(ledger, "key-2", seconds=1190)
        assert otp("sweep") == 3
        assert otp.lines[1:] == [
            (
                "expired: an order at thirdparty, for wa 6, WHEN; older than the longest rental at thirdparty, so "
                "nothing is rented any more; to remove it from the list, run: pytest-otp orders forget 1"
            ),
            "no open orders, 1 uncertain, 1 expired",
        ]
        ledger.forget(2)
        assert otp("sweep") == 0
        assert otp.lines[-1] == "no open orders, 1 expired"

    def test_a_longest_rental_of_the_providers_own(
        self, otp: Command, ledger: Ledger, written: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plugin's class may say how long it is."""
        monkeypatch.setattr(ThirdParty, "lifetime", 7200, raising=False)
        written("key-1", "uncertain")
        make_older(ledger, "key-1", seconds=3600)
        assert otp("sweep") == 3

    def test_an_uncertain_one_of_a_plugin_that_is_gone(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """Nobody knows how long its orders last: it stays uncertain."""
        written("key-1", "uncertain", provider="elsewhere")
        make_older(ledger, "key-1", seconds=86_400)
        assert otp("sweep") == 3


class TestRefused:
    """What the provider refuses to close, without a word about whether it is over."""

    def test_refusals_are_counted_over_several_sweeps(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """What was tried is in the ledger: an order that the provider refuses to close is over after five sweeps more.

        A sweep itself gives up sooner.
        """
        error = InvalidRequest("error 3", provider="thirdparty")
        ThirdParty.troubles.update({"cancel": error, "messages": error})
        written()
        statuses = []
        for _ in range(6):
            statuses.append(otp("sweep"))
            make_older(ledger, "key-1", seconds=6)
        assert statuses == [1, 1, 1, 1, 1, 0]
        assert states(ledger) == {"key-1": "ended"}

    def test_refusals_past_the_longest_rental(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """Where it cannot be found out, the order is uncertain, and so old that nothing is rented any more."""
        error = InvalidRequest("error 3", provider="thirdparty")
        ThirdParty.troubles.update({"cancel": error, "messages": error, "balance": error})
        written()
        make_older(ledger, "key-1", seconds=1300)
        assert otp("sweep") == 0
        assert states(ledger) == {"key-1": "uncertain"}
        assert otp.lines[-1] == "no open orders, 1 expired"
