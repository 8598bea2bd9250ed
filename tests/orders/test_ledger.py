"""What a ledger promises to many processes, and to people."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_otp.errors import OtpError
from pytest_otp.orders.entries import LedgerEntry
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import LivenessLock
from pytest_otp.redact import Secret
from tests.orders.processes import run
from tests.orders.written import an_intent, an_order, states, the_only, write


def aged(path: Path, key: str, days: float) -> None:
    """Let an order's last change be so many days ago."""
    then = datetime.now(timezone.utc) - timedelta(days=days)
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("UPDATE orders SET changed_at = ? WHERE key = ?", (then.isoformat(), key))
    raw.close()


class TestCleanUp:
    """What is long over."""

    def test_closed_orders_go_after_ninety_days(self, opened: Callable[[], Ledger], path: Path) -> None:
        """What was closed, refused or forgotten goes at the next opening; what a person should know of stays."""
        ledger = opened()
        for key, state in (
            *(("young", "finished"), ("key-1", "waiting"), ("key-2", "received"), ("key-3", "ordering")),
            *(("key-4", "uncertain"), ("key-5", "finished"), ("key-6", "cancelled"), ("key-7", "ended")),
            *(("key-8", "refused"), ("key-9", "forgotten")),
        ):
            write(ledger, key, state)
            aged(path, key, 89 if key == "young" else 91)
        assert len(ledger.entries()) == 10
        ledger.close()
        later = opened()
        assert set(states(later)) == {"young", "key-1", "key-2", "key-3", "key-4"}
        write(later, "key-11")
        assert later.entries()[-1].id == 11  # a number that people have seen is not given to another order


class TestAccounts:
    """How an account is known."""

    def test_what_makes_another_account(self, ledger: Ledger) -> None:
        """Another provider, key or base URL is another account."""
        values: dict[str, str | Secret | None] = {"KEY": Secret("an-invented-key-1")}
        values["BASE_URL"] = "https://one.example"
        same = ledger.account("scripted", values)
        assert ledger.account("scripted", dict(reversed(values.items()))) == same
        others = {
            ledger.account("another", values),
            ledger.account("scripted", {**values, "KEY": Secret("an-invented-key-2")}),
            ledger.account("scripted", {**values, "BASE_URL": "https://two.example"}),
            ledger.account("scripted", {**values, "BASE_URL": None}),
        }
        assert len(others | {same}) == 5

    def test_it_tells_nothing(self, ledger: Ledger, tmp_path: Path) -> None:
        """The digest is not the key's own: another ledger, with another salt, has another for the same key."""
        values = {"KEY": Secret("an-invented-key-1")}
        digest = ledger.account("scripted", values)
        assert len(digest) == 64
        assert int(digest, 16) > 0
        other = Ledger(tmp_path / "other")
        assert other.account("scripted", values) != digest
        other.close()

    def test_it_stays(self, opened: Callable[[], Ledger]) -> None:
        """The next process knows the account again."""
        values = {"KEY": Secret("an-invented-key-1")}
        first = opened()
        digest = first.account("scripted", values)
        first.close()
        assert opened().account("scripted", values) == digest


class TestClaim:
    """Taking over what dead processes left."""

    def test_the_open_orders_of_the_dead(self, ledger: Ledger, living: str) -> None:
        """Waiting and received ones are taken, and are the claimer's from then on."""
        write(ledger, "key-1", owner="0" * 32, keeper="1" * 32)
        write(ledger, "key-2", "received", owner="0" * 32)
        write(ledger, "key-3", "finished", owner="0" * 32)
        claimed = ledger.claim({"account-1"}, living)
        assert [(entry.intent.key, entry.state) for entry in claimed] == [("key-1", "waiting"), ("key-2", "received")]
        now = {entry.intent.key: (entry.intent.owner, entry.intent.keeper) for entry in ledger.unclosed()}
        assert now == {"key-1": ("", living), "key-2": ("", living)}
        assert all(ledger.is_attended(entry) for entry in ledger.unclosed())

    def test_not_those_of_the_living(self, ledger: Ledger, living: str) -> None:
        """A living run keeps its orders, and so does the living keeper of a dead one."""
        write(ledger, "key-1", owner=living)
        write(ledger, "key-2", owner="0" * 32, keeper=living)
        write(ledger, "key-3", "ordering", owner="0" * 32, keeper=living)
        write(ledger, "key-4", "ordering", owner=living)
        before = ledger.entries()
        assert ledger.claim({"account-1"}, "another") == []
        assert ledger.entries() == before

    def test_not_those_of_other_accounts(self, ledger: Ledger, living: str) -> None:
        """What one has no credentials for is left to others; an order of no account to people."""
        write(ledger, "key-1", account="account-2")
        write(ledger, "key-2", account="")
        assert ledger.claim({"account-1"}, living) == []
        assert [entry.intent.keeper for entry in ledger.unclosed()] == ["", ""]

    def test_what_was_on_its_way(self, ledger: Ledger, living: str) -> None:
        """A request whose process died becomes uncertain, whoever's account it is: it is nothing that can be closed."""
        write(ledger, "key-1", "ordering")
        write(ledger, "key-2", "ordering", account="account-2")
        assert ledger.claim({"account-1"}, living) == []
        assert {(entry.state, entry.reason) for entry in ledger.entries()} == {
            ("uncertain", "its process died before the provider responded"),
        }
        assert ledger.unclosed() == []

    def test_the_claim_ends_with_the_claimer(self, ledger: Ledger, living: str) -> None:
        """Where the claimer dies too, the next one takes over."""
        write(ledger)
        claimer = LivenessLock(ledger.locks)
        assert len(ledger.claim({"account-1"}, claimer.name)) == 1
        assert ledger.claim({"account-1"}, living) == []
        claimer.release()
        assert len(ledger.claim({"account-1"}, living)) == 1

    def test_two_at_once(self, opened: Callable[[], Ledger]) -> None:
        """Of two that claim at the same time, each order goes to one."""
        ledgers = [opened(), opened()]
        for number in range(40):
            write(ledgers[0], f"key-{number}")
        together = threading.Barrier(2)
        claims: list[list[LedgerEntry]] = [[], []]

        def claim(number: int) -> None:
            alive = ledgers[number].liveness_lock()
            together.wait()
            claims[number] = ledgers[number].claim({"account-1"}, alive.name)

        threads = [threading.Thread(target=claim, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one, other = ({entry.intent.key for entry in each} for each in claims)
        assert not one & other
        assert len(one | other) == 40

    def test_a_killed_process(self, ledger: Ledger, path: Path, living: str) -> None:
        """What a process wrote before it was killed is there, and its orders are unattended."""
        code = (
            "ledger = Ledger(path); alive = ledger.liveness_lock()\n"
            "for number in (1, 2):\n"
            "    ledger.reserve(an_intent(f'key-{number}', owner=alive.name))\n"
            "ledger.placed('key-1', an_order())\n"
            "print('written', flush=True); sys.stdin.readline()\n"
        )
        process = run(path, code)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert [process.stdout.readline(), process.stdout.readline()] == ["ready\n", "written\n"]
        assert [ledger.is_attended(entry) for entry in ledger.unclosed()] == [True, True]
        assert ledger.claim({"account-1"}, living) == []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert [entry.intent.key for entry in ledger.claim({"account-1"}, living)] == ["key-1"]
        assert states(ledger) == {"key-1": "waiting", "key-2": "uncertain"}


class TestAdopt:
    """A new keeper for a living run."""

    def test_the_open_orders_of_its_owner(self, ledger: Ledger, living: str) -> None:
        """What the dead keeper had is the new one's; what was on its way is uncertain; the owner stays."""
        keeper = LivenessLock(ledger.locks)
        write(ledger, "key-1", owner=living, keeper="0" * 32)
        write(ledger, "key-2", "received", owner=living, keeper="0" * 32)
        write(ledger, "key-3", "ordering", owner=living, keeper="0" * 32)
        write(ledger, "key-4", "finished", owner=living, keeper="0" * 32)
        adopted = ledger.adopt(living, keeper.name)
        assert [entry.intent.key for entry in adopted] == ["key-1", "key-2"]
        assert states(ledger) == {"key-1": "waiting", "key-2": "received", "key-3": "uncertain", "key-4": "finished"}
        assert {(entry.intent.owner, entry.intent.keeper) for entry in ledger.unclosed()} == {(living, keeper.name)}
        assert ledger.entries()[2].reason == "its keeper died before the provider responded"
        keeper.release()

    def test_nobody_elses(self, ledger: Ledger, living: str) -> None:
        """Orders of other runs, and those that a living keeper has, stay where they are."""
        write(ledger, "key-1", owner="another", keeper="0" * 32)
        write(ledger, "key-2", owner="owner", keeper=living)
        before = ledger.entries()
        assert ledger.adopt("owner", "new") == []
        assert ledger.entries() == before


class TestForget:
    """What a person has taken care of."""

    @pytest.mark.parametrize(
        ("state", "force"),
        [("uncertain", False), ("ordering", False), ("waiting", True), ("received", True), ("uncertain", True)],
    )
    def test_an_order_of_the_dead(self, ledger: Ledger, state: str, force: bool) -> None:
        """It is marked, with what it was, and given back as it was."""
        write(ledger, "key-1", state)
        assert ledger.forget(1, force=force).state == state
        assert (the_only(ledger).state, the_only(ledger).reason) == ("forgotten", f"was {state}")
        assert ledger.unclosed() == []

    @pytest.mark.parametrize("state", ["waiting", "received"])
    def test_an_open_one_without_force(self, ledger: Ledger, state: str) -> None:
        """What is rented, and can be closed, is not forgotten by mistake."""
        write(ledger, "key-1", state)
        with pytest.raises(OtpError) as caught:
            ledger.forget(1)
        assert str(caught.value) == (
            "order 1 is open: its number is still rented, and a sweep can close the order. Close it with "
            "pytest-otp sweep, or use --force if you have closed it at the provider."
        )
        assert the_only(ledger).state == state

    def test_an_uncertain_one_of_a_living_run(self, ledger: Ledger, living: str) -> None:
        """No process will do more for it: it can be forgotten while the run goes on."""
        write(ledger, "key-1", "uncertain", owner=living)
        ledger.forget(1)
        assert the_only(ledger).state == "forgotten"

    @pytest.mark.parametrize("force", [False, True])
    @pytest.mark.parametrize("state", ["waiting", "ordering"])
    def test_an_open_one_of_a_living_run(self, ledger: Ledger, living: str, state: str, force: bool) -> None:
        """What a process has in hand cannot be taken from it, not by force either."""
        write(ledger, "key-1", state, owner=living)
        with pytest.raises(OtpError) as caught:
            ledger.forget(1, force=force)
        assert str(caught.value) == "order 1 belongs to an active run. That run will close it."
        assert the_only(ledger).state == state

    @pytest.mark.parametrize("state", ["finished", "cancelled", "ended", "refused", "forgotten"])
    def test_what_is_over(self, ledger: Ledger, state: str) -> None:
        """There is nothing to forget."""
        write(ledger, "key-1", state)
        with pytest.raises(OtpError) as caught:
            ledger.forget(1)
        assert str(caught.value) == f"order 1 is {state}, so there is nothing to forget"

    def test_an_unknown_one(self, ledger: Ledger) -> None:
        """A number that is not in the ledger is printed, with where the numbers are."""
        with pytest.raises(OtpError) as caught:
            ledger.forget(7)
        assert str(caught.value) == "the ledger has no order 7. List the orders with: pytest-otp orders"


class TestSwept:
    """What a run's processes took over of earlier runs."""

    def test_what_its_processes_claimed(self, ledger: Ledger, living: str) -> None:
        """Those that its test process or one of its keepers claimed, closed or not; its own are none of them."""
        write(ledger, "key-1", run="earlier")
        write(ledger, "key-2", "received", run="earlier")
        write(ledger, "key-3", "cancelled", run="earlier")
        ledger.claim({"account-1"}, "a-keeper-that-died-since", living)
        ledger.changed("key-1", "cancelled", "by a sweep")
        write(ledger, "key-4", run="run-1", owner=living)
        write(ledger, "key-5", run="run-2", owner="another")
        assert [(entry.intent.key, entry.state) for entry in ledger.swept("run-1")] == [
            ("key-1", "cancelled"),
            ("key-2", "received"),
        ]
        assert ledger.swept("run-2") == []
        assert ledger.swept("run-3") == []

    def test_a_run_whose_own_order_was_claimed(self, ledger: Ledger, living: str) -> None:
        """An order without an owner, since another worker took it over, makes nobody's orders this run's."""
        write(ledger, "key-1", "cancelled", run="earlier")
        write(ledger, "key-2", run="run-1")
        assert len(ledger.claim({"account-1"}, living)) == 1
        assert ledger.swept("run-1") == []


def test_a_runs_own_orders(ledger: Ledger) -> None:
    """Entries of one run, or of all."""
    write(ledger, "key-1", run="run-1")
    write(ledger, "key-2", run="run-2")
    assert [entry.intent.key for entry in ledger.entries("run-2")] == ["key-2"]
    assert [entry.intent.key for entry in ledger.entries()] == ["key-1", "key-2"]
    assert ledger.entries("run-3") == []


def test_the_answer_says_what_was_ordered(ledger: Ledger) -> None:
    """What a test asked for by name stands in the ledger by the provider's ids, and the answer's time counts."""
    ledger.reserve(an_intent(service="WhatsApp", country="Indonesia"))
    order = an_order(price=None, currency=None)
    ledger.placed("key-1", order)
    entry = the_only(ledger)
    assert (entry.intent.service, entry.intent.country) == ("wa", "6")
    assert (entry.intent.price, entry.intent.currency, entry.ordered_at) == (None, None, order.ordered_at)


class TestWhatPluginsAnswer:
    """A plugin's order may be filled with anything, and what is recorded here everybody reads."""

    @pytest.mark.parametrize("price", ["1.500,00", "free", Decimal("NaN"), "Infinity", "-1", Decimal("1e9999999")])
    def test_a_price_that_is_none(self, ledger: Ledger, price: object) -> None:
        """It is unknown, and the order stands."""
        ledger.reserve(an_intent())
        ledger.placed("key-1", replace(an_order(), price=price))  # type: ignore[arg-type]  # as a plugin may
        assert (the_only(ledger).state, the_only(ledger).intent.price) == ("waiting", None)

    def test_a_time_without_a_zone(self, ledger: Ledger) -> None:
        """It is taken for UTC: a sweep must be able to tell the order's age."""
        ledger.reserve(an_intent())
        ledger.placed("key-1", replace(an_order(), ordered_at=datetime(2026, 11, 1, 12)))  # noqa: DTZ001 - that is the case
        assert the_only(ledger).ordered_at == datetime(2026, 11, 1, 12, tzinfo=timezone.utc)

    def test_a_key_in_the_wrong_place(self, ledger: Ledger) -> None:
        """A secret that was given as a service by mistake is not recorded."""
        secret = Secret("an-invented-key-in-the-wrong-place")
        ledger.reserve(an_intent(service=secret.reveal()))
        assert the_only(ledger).intent.service == "***"
