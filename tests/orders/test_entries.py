"""What is recorded of an order, the ledger of an offline run, and what a budget refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_otp.errors import BudgetExceeded
from pytest_otp.orders.entries import (
    CLOSED,
    FORGOTTEN,
    OPEN,
    ORDERING,
    REFUSED,
    UNCERTAIN,
    Budget,
    InMemoryLedger,
    Intent,
    LedgerEntry,
    RunLedger,
    check_price,
)
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import OrderState
from tests.orders.written import PLAIN, an_intent, an_order, write

NOW = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=timezone.utc)
ENTRY = LedgerEntry(
    3, replace(PLAIN, price=Decimal("0.10"), currency="USD"), "o-1", "1201", "US", "waiting", "", NOW, NOW
)

_TEXTS = st.text(max_size=20)
_PERHAPS = st.none() | _TEXTS
_TIMES = st.datetimes(timezones=st.just(timezone.utc))
_INTENTS = st.builds(
    Intent,
    *[_TEXTS] * 6,
    service=_PERHAPS,
    country=_PERHAPS,
    operator=_PERHAPS,
    price=st.none() | st.decimals(0, 10**17, allow_nan=False, allow_infinity=False, places=4),
    currency=_PERHAPS,
)
_ENTRIES = st.builds(
    LedgerEntry,
    st.integers(1, 2**63 - 1),
    _INTENTS,
    _PERHAPS,
    _PERHAPS,
    _PERHAPS,
    st.sampled_from([*OPEN, *CLOSED, ORDERING, REFUSED, FORGOTTEN, UNCERTAIN]),
    _TEXTS,
    _TIMES,
    _TIMES,
    waited=st.floats(0, 1e6),
    codes=st.integers(0, 1000),
)


class TestEntry:
    """One line."""

    @given(_ENTRIES)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_it_travels_as_json(self, entry: LedgerEntry) -> None:
        """What another process reads is what was written: no amount becomes a float, no time loses its zone."""
        assert LedgerEntry.from_plain(json.loads(json.dumps(entry.plain()))) == entry

    def test_as_plain_data(self) -> None:
        """The names are flat, amounts and times are texts, and there is no field for a secret or an SMS."""
        assert ENTRY.plain() == {
            "id": 3,
            "key": "key-1",
            "run": "run-1",
            "owner": "",
            "keeper": "",
            "provider": "scripted",
            "account": "account-1",
            "service": "wa",
            "country": "6",
            "operator": None,
            "price": "0.10",
            "currency": "USD",
            "order_id": "o-1",
            "number": "1201",
            "region": "US",
            "state": "waiting",
            "reason": "",
            "ordered_at": "2026-11-01 12:30:15.123456+00:00",
            "changed_at": "2026-11-01 12:30:15.123456+00:00",
            "waited": 0.0,
            "codes": 0,
            "closes": 0,
            "refusals": 0,
            "counted_at": None,
        }

    def test_reading_leaves_what_it_read(self) -> None:
        """The mapping that an entry is made from is as before: it can be read twice."""
        plain = ENTRY.plain()
        assert LedgerEntry.from_plain(plain) == LedgerEntry.from_plain(plain) == ENTRY

    @pytest.mark.parametrize(
        ("state", "is_open"),
        [
            *((state, True) for state in ("waiting", "received", "ordering")),
            *((state, False) for state in ("finished", "cancelled", "ended", "uncertain", "refused", "forgotten")),
        ],
    )
    def test_what_is_open(self, state: str, is_open: bool) -> None:
        """A number is rented, or its request is on its way; nothing else is open."""
        assert replace(ENTRY, state=state).is_open is is_open

    def test_every_state_of_an_order_is_open_or_not(self) -> None:
        """No state is forgotten, and none is two things."""
        words = [*OPEN, *CLOSED, UNCERTAIN]
        assert sorted(words) == sorted(state.value for state in OrderState)

    def test_the_order_as_a_provider_takes_it(self) -> None:
        """Id, number, price and region are those that the provider gave."""
        order = ENTRY.order
        assert (order.id, order.number, order.service, order.country, order.operator, order.region) == (
            *("o-1", "1201", "wa", "6", None, "US"),
        )
        assert (order.price, order.currency, order.ordered_at) == (Decimal("0.10"), "USD", NOW)

    def test_an_order_without_an_answer(self) -> None:
        """Where nothing was confirmed there is no id and no number."""
        order = replace(ENTRY, order_id=None, number=None).order
        assert (order.id, order.number) == ("", "")


@pytest.fixture(params=["memory", "ledger"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunLedger]:
    """Each kind of ledger."""
    if request.param == "memory":
        yield InMemoryLedger()
    else:
        opened = Ledger(tmp_path / "ledger")
        yield opened
        opened.close()


class TestAnyLedger:
    """What holds for the in-memory ledger and for the one in a file."""

    def test_an_order_from_its_intent_to_its_end(self, ledger: RunLedger) -> None:
        """It is there before its request leaves; the order's own number and price take the place of what was asked."""
        start = datetime.now(timezone.utc)
        ledger.reserve(an_intent(operator="x"))
        (entry,) = ledger.entries("run-1")
        assert (entry.id, entry.state, entry.order_id, entry.number, entry.reason) == (1, "ordering", None, None, "")
        assert (entry.intent.service, entry.intent.country, entry.intent.operator) == ("wa", "6", "x")
        assert start <= entry.ordered_at <= datetime.now(timezone.utc)
        order = an_order(price="2.50")
        ledger.placed("key-1", order)
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.order_id, entry.number, entry.region) == ("waiting", "order-1", order.number, "US")
        assert (entry.intent.price, entry.intent.currency) == (Decimal("2.50"), "USD")
        ledger.changed("key-1", "received")
        ledger.changed("key-1", "finished", "by its test")
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.reason) == ("finished", "by its test")
        assert entry.changed_at >= entry.ordered_at - timedelta(seconds=1)

    def test_refused(self, ledger: RunLedger) -> None:
        """Nothing was rented, and why."""
        write(ledger, "key-1", "refused", "no numbers")
        (entry,) = ledger.entries("run-1")
        assert (entry.state, entry.reason, entry.is_open) == ("refused", "no numbers", False)

    def test_waits_add_up(self, ledger: RunLedger) -> None:
        """Each wait for an order counts, with what it got."""
        write(ledger)
        ledger.waited("key-1", 1.5, 1)
        ledger.waited("key-1", 0.25, 2)
        (entry,) = ledger.entries("run-1")
        assert (entry.waited, entry.codes) == (1.75, 3)

    def test_the_oldest_first(self, ledger: RunLedger) -> None:
        """Entries come in the order in which they were written, each under a number of its own."""
        for key in ("key-2", "key-1", "key-3"):
            write(ledger, key)
        assert [(entry.id, entry.intent.key) for entry in ledger.entries("run-1")] == [
            *[(1, "key-2"), (2, "key-1"), (3, "key-3")],
        ]

    def test_many_threads(self, ledger: RunLedger) -> None:
        """What threads write at the same time is all there."""

        def order(number: int) -> None:
            for each in range(10):
                key = f"key-{number}-{each}"
                write(ledger, key)
                ledger.waited(key, 1.0, 1)
                ledger.changed(key, "finished", "by its test")

        threads = [threading.Thread(target=order, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        entries = ledger.entries("run-1")
        assert [entry.id for entry in entries] == list(range(1, 81))
        assert {(entry.state, entry.waited, entry.codes) for entry in entries} == {("finished", 1.0, 1)}


def test_what_costs_nothing_has_no_budget() -> None:
    """An offline run orders as it likes, whatever real orders may cost."""
    ledger = InMemoryLedger()
    budget = Budget(orders=0, spend=Decimal(0), currency="USD")
    ledger.reserve(an_intent(provider="fake"), budget)
    ledger.placed("key-1", an_order(), budget)
    assert len(ledger.entries("run-1")) == 1


Check = Callable[..., str]


class TestCheckPrice:
    """Whether one more order fits into what may be spent."""

    @pytest.fixture
    def refusal(self) -> Check:
        """What is said against an order of so much, when so much was spent, of 5 USD."""

        def said(price: str | None, currency: str | None = "USD", spent: str = "0", **changes: object) -> str:
            asked = {**changes, "price": None if price is None else Decimal(price), "currency": currency}
            intent = replace(PLAIN, **asked)  # type: ignore[arg-type]  # what the fields take
            with pytest.raises(BudgetExceeded) as caught:
                check_price(intent, Decimal(spent), Budget(spend=Decimal("5.00"), currency="USD"))
            assert caught.value.provider == "scripted"
            return str(caught.value)

        return said

    @pytest.mark.parametrize(("price", "spent"), [("5", "0"), ("1.50", "3.50"), ("0", "5"), ("0.1", "4.9")])
    def test_what_fits(self, price: str, spent: str) -> None:
        """The last cent may be spent, and cents are counted exactly."""
        intent = an_intent(price=Decimal(price), currency="USD")
        check_price(intent, Decimal(spent), Budget(spend=Decimal("5.00"), currency="USD"))

    def test_too_much(self, refusal: Check) -> None:
        """The message says what it costs, what was spent, what may be, and what to do."""
        assert refusal("1.51", spent="3.50") == (
            "scripted: wa, 6 costs 1.51 USD, this run has spent 3.50, and the limit is --otp-max-spend 5.00 USD. "
            "Nothing was ordered. Raise --otp-max-spend (PYTEST_OTP_MAX_SPEND) if that is intended."
        )

    def test_an_unknown_price(self, refusal: Check) -> None:
        """What nobody knows cannot be kept within a limit."""
        assert refusal(None, None, country=None) == (
            "scripted: the price of wa is unknown before ordering, so --otp-max-spend 5.00 USD cannot be enforced. "
            "Nothing was ordered. Name a service and a country from the price list, or use --otp-max-orders instead."
        )
        assert "the price of this order is unknown" in refusal(None, None, country=None, service=None)

    def test_another_money(self, refusal: Check) -> None:
        """Amounts of two currencies are not added up."""
        assert refusal("1", "IDR") == (
            "scripted: wa, 6 costs 1 IDR, but --otp-max-spend 5.00 USD is in another currency. "
            "Nothing was ordered. Set the limit in IDR."
        )

    def test_an_unknown_money(self, refusal: Check) -> None:
        """A price without its currency is not taken for the limit's."""
        assert refusal("1", None) == (
            "scripted: wa, 6 costs 1 (currency unknown), but --otp-max-spend 5.00 USD is in another currency. "
            "Nothing was ordered. Set the limit in the currency of the account."
        )
