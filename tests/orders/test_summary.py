"""What became of a run's orders, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from pytest_otp.orders.entries import LedgerEntry
from pytest_otp.orders.summary import described, orders, spent, summary, swept
from tests.orders.written import PLAIN

WHEN = datetime(2026, 11, 1, 12, 30, 15, 999999, tzinfo=timezone.utc)
PRICED = replace(PLAIN, price=Decimal("1.50"), currency="USD")


def an_entry(number: int = 1, state: str = "waiting", reason: str = "", **asked: object) -> LedgerEntry:
    """An order that was placed, unless its state says that it was not."""
    answered = state not in ("ordering", "uncertain", "refused")
    return LedgerEntry(
        number,
        replace(PRICED, **asked),  # type: ignore[arg-type]  # what the fields take
        f"o-{number}" if answered else None,
        f"1201555010{number}" if answered else None,
        None,
        state,
        reason,
        WHEN,
        WHEN,
        waited=1.25,
        codes=1,
    )


def lines(*entries: LedgerEntry, kept: bool = False) -> list[str]:
    return summary(entries, lambda entry: kept)


class TestSummary:
    """At the end of a run."""

    def test_no_orders(self) -> None:
        """A run that ordered nothing has nothing to tell."""
        assert lines() == []

    def test_all_closed(self) -> None:
        """One line says how many, how they ended, what was spent, how long was waited, and for how many codes."""
        assert lines(
            an_entry(1, "finished"),
            an_entry(2, "cancelled"),
            an_entry(3, "finished", currency="IDR", price=Decimal(99)),
        ) == [
            (
                "scripted: 3 orders, 2 finished, 1 cancelled, 0 uncertain, 0 still open; spent 99 IDR, 1.50 USD; "
                "waited 3.8 s for 3 SMS"
            ),
        ]

    def test_one_order(self) -> None:
        """One is not several."""
        assert lines(an_entry(1, "cancelled")) == [
            (
                "scripted: 1 order, 0 finished, 1 cancelled, 0 uncertain, 0 still open; spent nothing; "
                "waited 1.2 s for 1 SMS"
            ),
        ]

    def test_rare_ends(self) -> None:
        """What the provider ended, what was forgotten and what was refused are reported where there is any."""
        printed = lines(an_entry(1, "ended"), an_entry(2, "forgotten"), an_entry(3, "refused"), an_entry(4, "refused"))
        assert printed == [
            (
                "scripted: 2 orders, 0 finished, 0 cancelled, 0 uncertain, 0 still open, 1 ended by the provider, "
                "1 forgotten, 2 refused; spent 3.00 USD; waited 5.0 s for 4 SMS"
            ),
        ]

    def test_nothing_but_refusals(self) -> None:
        """A run that got no number says so."""
        assert lines(an_entry(1, "refused")) == [
            (
                "scripted: 0 orders, 0 finished, 0 cancelled, 0 uncertain, 0 still open, 1 refused; spent nothing; "
                "waited 1.2 s for 1 SMS"
            ),
        ]

    @pytest.mark.parametrize(
        ("kept", "rest"),
        [(True, "its keeper is still closing it"), (False, "close it with: pytest-otp sweep")],
    )
    def test_still_open(self, kept: bool, rest: str) -> None:
        """Each order that is open has a line with who closes it, or what does."""
        printed = lines(an_entry(1, "waiting", "cancel: answered 500"), an_entry(2, "ordering"), kept=kept)
        assert printed == [
            (
                "scripted: 2 orders, 0 finished, 0 cancelled, 0 uncertain, 2 still open; spent 1.50 USD; "
                "waited 2.5 s for 2 SMS"
            ),
            "still open: scripted order o-1, 12015550101, 1.50 USD, 2026-11-01 12:30:15 UTC (cancel: answered 500); "
            + rest,
            f"still open: an order at scripted, for wa 6, 1.50 USD, 2026-11-01 12:30:15 UTC; {rest}",
        ]

    @pytest.mark.parametrize(
        ("kept", "rest"),
        [
            (True, "its keeper is still closing it"),
            (False, "close it at the provider, since pytest-otp sweep cannot"),
        ],
    )
    def test_still_open_without_an_account(self, kept: bool, rest: str) -> None:
        """Nobody is sent to a sweep for what it cannot close."""
        printed = lines(an_entry(1, account=""), kept=kept)
        assert printed[1:] == [
            f"still open: scripted order o-1, 12015550101, 1.50 USD, 2026-11-01 12:30:15 UTC; {rest}"
        ]

    def test_received_is_open_too(self) -> None:
        """An order with an SMS is open until it is finished."""
        assert "1 still open" in lines(an_entry(1, "received"))[0]

    def test_uncertain(self) -> None:
        """Each has a line with what is known, what to check, and how to end it."""
        assert lines(an_entry(4, "uncertain", "no answer"), kept=True)[1:] == [
            (
                "uncertain: an order at scripted, for wa 6, 1.50 USD, 2026-11-01 12:30:15 UTC (no answer); check "
                "the open orders in your account, then run: pytest-otp orders forget 4"
            ),
        ]

    def test_expired(self) -> None:
        """An uncertain order that is older than the provider's longest rental is told by another word."""
        total, line = lines(an_entry(4, "uncertain", "no answer", provider="otpcepat"))
        assert total.startswith("otpcepat: 1 order, 0 finished, 0 cancelled, 0 uncertain, 0 still open, 1 expired; ")
        assert line == (
            "expired: an order at otpcepat, for wa 6, 1.50 USD, 2026-11-01 12:30:15 UTC (no answer); it was uncertain, "
            "and its longest rental is over"
        )

    def test_several_providers(self) -> None:
        """A line for each, in order of the alphabet; nothing is added up across them."""
        printed = lines(an_entry(1, "finished", provider="otpvirt"), an_entry(2, "cancelled", provider="fake"))
        assert [line.split(";")[0] for line in printed] == [
            "fake: 1 order, 0 finished, 1 cancelled, 0 uncertain, 0 still open",
            "otpvirt: 1 order, 1 finished, 0 cancelled, 0 uncertain, 0 still open",
        ]


class TestSwept:
    """What was done for earlier runs."""

    def test_nothing(self) -> None:
        """If nothing was left, nothing is printed."""
        assert swept([]) == []

    def test_closed(self) -> None:
        """How many, however they ended."""
        assert swept([an_entry(1, "cancelled")]) == ["closed 1 order left open by earlier runs"]
        assert swept([an_entry(1, "cancelled"), an_entry(2, "finished"), an_entry(3, "ended")]) == [
            "closed 3 orders left open by earlier runs"
        ]

    def test_still_open(self) -> None:
        """Each that could not be closed yet has a line."""
        one = "still open, from an earlier run: scripted order o-1, 12015550101, 1.50 USD, 2026-11-01 12:30:15 UTC"
        assert swept([an_entry(1, "waiting", "cancel: answered 500")]) == [f"{one} (cancel: answered 500)"]
        assert swept([an_entry(1, "received"), an_entry(2, "cancelled")]) == [
            "closed 1 order left open by earlier runs",
            one,
        ]


@pytest.mark.parametrize(("count", "words"), [(0, "0 orders"), (1, "1 order"), (2, "2 orders")])
def test_orders(count: int, words: str) -> None:
    """One is not several, and none is."""
    assert orders(count) == words


class TestDescribed:
    """One order."""

    def test_all_that_is_known(self) -> None:
        """Provider, id, number, price, time and reason."""
        assert described(an_entry(1, "finished", "by its test")) == (
            "scripted order o-1, 12015550101, 1.50 USD, 2026-11-01 12:30:15 UTC (by its test)"
        )

    def test_little_that_is_known(self) -> None:
        """What is not known is left out: no price, no money, no reason."""
        assert described(an_entry(1, price=None, currency=None)) == (
            "scripted order o-1, 12015550101, 2026-11-01 12:30:15 UTC"
        )
        assert described(an_entry(1, currency=None)) == (
            "scripted order o-1, 12015550101, 1.50, 2026-11-01 12:30:15 UTC"
        )

    def test_without_an_answer(self) -> None:
        """An order without id and number is reported by what was asked for."""
        assert described(an_entry(1, "uncertain", country=None)) == (
            "an order at scripted, for wa, 1.50 USD, 2026-11-01 12:30:15 UTC"
        )

    def test_nothing_asked_for(self) -> None:
        """Where nothing was asked for, nothing is said of it."""
        assert described(an_entry(1, "uncertain", service=None, country=None, price=None)) == (
            "an order at scripted, 2026-11-01 12:30:15 UTC"
        )


class TestSpent:
    """What was charged, or may be."""

    @pytest.mark.parametrize(
        ("state", "charged"),
        [
            *((state, True) for state in ("waiting", "received", "finished", "ended", "uncertain", "forgotten")),
            *((state, False) for state in ("cancelled", "refused")),
        ],
    )
    def test_by_state(self, state: str, charged: bool) -> None:
        """Only what was cancelled or refused certainly costs nothing."""
        assert spent([an_entry(1, state)]) == ({"USD": Decimal("1.50")} if charged else {})

    def test_per_currency(self) -> None:
        """Currencies are not added up; a price without one is reported as it is; cents are exact."""
        entries = [
            an_entry(1, "finished", price=Decimal("0.10")),
            an_entry(2, "finished", price=Decimal("0.20")),
            an_entry(3, "finished", price=Decimal(99), currency="IDR"),
            an_entry(4, "finished", price=Decimal(1), currency=None),
            an_entry(5, "finished", price=None),
            an_entry(6, "finished", price=Decimal(0), currency="XTS"),
        ]
        assert spent(entries) == {"USD": Decimal("0.30"), "IDR": Decimal(99), "?": Decimal(1)}
