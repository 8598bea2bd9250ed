"""The budget of a run, over all processes that share a ledger."""

from __future__ import annotations

import contextlib
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_otp.errors import BudgetExceeded
from pytest_otp.orders.entries import Budget
from pytest_otp.orders.ledger import Ledger
from tests.orders.processes import all_at_once, run
from tests.orders.written import an_intent, an_order, states, write

DOLLARS = "USD"


class TestOrdersBudget:
    """`--otp-max-orders`."""

    def test_requests_count(self, ledger: Ledger) -> None:
        """As many requests as allowed may leave, whatever became of them; the next one is reported, and not written."""
        budget = Budget(orders=3)
        for key, state in (("key-1", "cancelled"), ("key-2", "uncertain"), ("key-3", "refused")):
            ledger.reserve(an_intent(key), budget)
            if state == "refused":
                ledger.refused(key, "no numbers", sent=True)
            else:
                ledger.changed(key, state)
        with pytest.raises(BudgetExceeded) as caught:
            ledger.reserve(an_intent("key-4"), budget)
        assert str(caught.value) == (
            "scripted: this run has sent 3 order requests, as many as --otp-max-orders allows. Nothing was ordered. "
            "Raise --otp-max-orders (PYTEST_OTP_MAX_ORDERS) if that is intended."
        )
        assert len(ledger.entries()) == 3

    def test_what_was_not_sent_does_not_count(self, ledger: Ledger) -> None:
        """A request that never left is given back."""
        budget = Budget(orders=1)
        ledger.reserve(an_intent("key-1"), budget)
        ledger.refused("key-1", "no connection", sent=False)
        ledger.reserve(an_intent("key-2"), budget)
        with pytest.raises(BudgetExceeded):
            ledger.reserve(an_intent("key-3"), budget)

    def test_each_run_has_its_own(self, ledger: Ledger) -> None:
        """What another run ordered does not count."""
        write(ledger, "key-1", run="run-1")
        ledger.reserve(an_intent("key-2", run="run-2"), Budget(orders=1))
        with pytest.raises(BudgetExceeded):
            ledger.reserve(an_intent("key-3", run="run-2"), Budget(orders=1))

    def test_none_at_all(self, ledger: Ledger) -> None:
        """A limit of 0 refuses the first one."""
        with pytest.raises(BudgetExceeded, match="has sent 0 order requests"):
            ledger.reserve(an_intent(), Budget(orders=0))

    def test_many_processes(self, path: Path) -> None:
        """Four processes that order as fast as they can, in a ledger that they make together, place exactly as many."""
        code = (
            "ledger = Ledger(path)\n"
            "number = 0\n"
            "while True:\n"
            "    try:\n"
            "        key = f'{sys.argv[0]}{__import__(\"os\").getpid()}-{number}'\n"
            "        ledger.reserve(an_intent(key), Budget(orders=25))\n"
            "    except BudgetExceeded:\n"
            "        break\n"
            "    ledger.placed(key, an_order(key))\n"
            "    number += 1\n"
            "print(number, ledger.account('scripted', {'BASE_URL': 'https://one.example'}))\n"
        )
        printed = all_at_once([run(path, code) for _ in range(4)])
        assert sum(int(count) for count, _ in printed) == 25
        assert len({account for _, account in printed}) == 1
        ledger = Ledger(path)
        assert [entry.state for entry in ledger.entries()] == ["waiting"] * 25
        ledger.close()


class TestSpendBudget:
    """`--otp-max-spend`."""

    BUDGET = Budget(spend=Decimal(5), currency=DOLLARS)

    def order(self, ledger: Ledger, key: str, price: str, confirmed: str | None = None) -> None:
        ledger.reserve(an_intent(key, price=Decimal(price), currency=DOLLARS), self.BUDGET)
        ledger.placed(key, an_order(key, confirmed or price), self.BUDGET)

    def test_until_it_is_spent(self, ledger: Ledger) -> None:
        """Orders fit to the last cent; the next one is refused and not written."""
        self.order(ledger, "key-1", "2.50")
        self.order(ledger, "key-2", "2.50")
        with pytest.raises(
            BudgetExceeded, match=r"costs 0.01 USD, this run has spent 5.00, and the limit is --otp-max-spend"
        ):
            self.order(ledger, "key-3", "0.01")
        assert len(ledger.entries()) == 2

    @pytest.mark.parametrize("state", ["ordering", "waiting", "received", "finished", "ended", "uncertain"])
    def test_what_may_be_charged_counts(self, ledger: Ledger, state: str) -> None:
        """A request on its way and an uncertain order count as well: they may cost."""
        ledger.reserve(an_intent("key-1", price=Decimal(5), currency=DOLLARS), self.BUDGET)
        ledger.changed("key-1", state)
        with pytest.raises(BudgetExceeded):
            ledger.reserve(an_intent("key-2", price=Decimal("0.01"), currency=DOLLARS), self.BUDGET)

    @pytest.mark.parametrize("price", ["-100", "NaN", "-Infinity", "1e9999999"])
    def test_an_absurd_price_gives_nothing_back(self, ledger: Ledger, price: str) -> None:
        """Where a provider confirms an order with no price at all, the listed one counts, and limits what follows."""
        self.order(ledger, "key-1", "3", confirmed=price)
        with pytest.raises(BudgetExceeded, match="this run has spent 3, and the limit"):
            self.order(ledger, "key-2", "3")

    def test_a_price_below_0_in_the_file(self, ledger: Ledger, path: Path) -> None:
        """One that an earlier version wrote down gives nothing back either."""
        write(ledger, price=Decimal(3), currency=DOLLARS)
        with contextlib.closing(sqlite3.connect(path)) as file, file:
            file.execute("UPDATE orders SET price = '-100'")
        self.order(ledger, "key-2", "5")
        with pytest.raises(BudgetExceeded, match="this run has spent 5, and the limit"):
            self.order(ledger, "key-3", "1")

    @pytest.mark.parametrize("state", ["cancelled", "refused"])
    def test_what_is_given_back(self, ledger: Ledger, state: str) -> None:
        """What was cancelled or refused costs nothing."""
        self.order(ledger, "key-1", "5")
        ledger.changed("key-1", state)
        self.order(ledger, "key-2", "5")

    def test_a_price_that_nobody_knows(self, ledger: Ledger) -> None:
        """An order of unknown price is refused before it is sent."""
        with pytest.raises(BudgetExceeded, match="the price of wa, 6 is unknown before ordering"):
            ledger.reserve(an_intent(), self.BUDGET)
        assert ledger.entries() == []

    def test_another_currency(self, ledger: Ledger) -> None:
        """Rupiah are not dollars."""
        with pytest.raises(BudgetExceeded, match="costs 3 IDR, but --otp-max-spend 5 USD is in another currency"):
            ledger.reserve(an_intent(price=Decimal(3), currency="IDR"), self.BUDGET)
        assert ledger.entries() == []

    def test_a_price_that_turns_out_higher(self, ledger: Ledger) -> None:
        """The order is recorded, so that it can be closed, and refused; cancelled it costs nothing."""
        self.order(ledger, "key-1", "3")
        with pytest.raises(
            BudgetExceeded, match=r"costs 2.01 USD, this run has spent 3.00, and the limit is --otp-max-spend"
        ):
            self.order(ledger, "key-2", "2", confirmed="2.01")
        assert states(ledger) == {"key-1": "waiting", "key-2": "waiting"}
        ledger.changed("key-2", "cancelled")
        self.order(ledger, "key-3", "2")

    def test_a_price_that_turns_out_lower(self, ledger: Ledger) -> None:
        """What an order really costs is what counts."""
        self.order(ledger, "key-1", "4", confirmed="1")
        self.order(ledger, "key-2", "4")

    def test_each_run_has_its_own(self, ledger: Ledger) -> None:
        """What another run spent does not count."""
        write(ledger, "key-1", run="another", price=Decimal(5), currency=DOLLARS)
        self.order(ledger, "key-2", "5")

    def test_both_limits(self, ledger: Ledger) -> None:
        """Whichever is reached first holds."""
        both = Budget(orders=2, spend=Decimal(3), currency=DOLLARS)
        ledger.reserve(an_intent("key-1", price=Decimal(2), currency=DOLLARS), both)
        with pytest.raises(BudgetExceeded, match="--otp-max-spend"):
            ledger.reserve(an_intent("key-2", price=Decimal(2), currency=DOLLARS), both)
        ledger.reserve(an_intent("key-2", price=Decimal(1), currency=DOLLARS), both)
        with pytest.raises(BudgetExceeded, match="--otp-max-orders"):
            ledger.reserve(an_intent("key-3", price=Decimal(0), currency=DOLLARS), both)
