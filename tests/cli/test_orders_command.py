"""`pytest-otp orders` and `pytest-otp orders forget`: what people see of the ledger."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_otp import cli
from pytest_otp.cli import orders
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import LivenessLock
from tests.cli.world import Command, no_ledger
from tests.orders.written import an_intent, an_order, states, write

ADVICE = "check the open orders in your account at scripted and cancel it there if it is listed, then run: "
ACTIVE = "its run is active and will close it"
SWEEP = "unattended: close it with pytest-otp sweep"


class TestWhere:
    """Which file is shown."""

    @pytest.fixture
    def elsewhere(self, tmp_path: Path) -> Path:
        """A ledger in another place, with one order."""
        path = tmp_path / "elsewhere" / "other.sqlite3"
        other = Ledger(path)
        write(other)
        other.close()
        return path

    def test_without_a_word_it_is_the_users_own(self, otp: Command, ledger: Ledger) -> None:
        """The file in the user's folder for programs' state is shown."""
        assert otp("orders") == 0
        assert otp.lines == [f"ledger {ledger.path}", "open: 0", "uncertain: 0", "closed: 0"]

    def test_where_there_is_none_it_is_said_and_not_made(self, otp: Command, tmp_path: Path) -> None:
        """Looking leaves nothing behind. One that the command line names must exist."""
        assert otp("orders") == 0
        assert otp.lines == [no_ledger(tmp_path / "state" / "pytest-otp" / "ledger.sqlite3")]
        assert otp("orders", "--ledger", "deep/none.sqlite3") == 2
        assert f"--ledger: no such file: {tmp_path / 'deep' / 'none.sqlite3'}" in otp.err
        assert list(tmp_path.iterdir()) == []

    def test_where_there_is_none_json_is_still_json(self, otp: Command, tmp_path: Path) -> None:
        """A program reads an empty list, a person the reason."""
        assert otp("orders", "--json") == 0
        assert json.loads(otp.out) == []
        assert otp.err == no_ledger(tmp_path / "state" / "pytest-otp" / "ledger.sqlite3") + "\n"

    def test_the_environment_names_it(self, otp: Command, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """PYTEST_OTP_LEDGER is read as a run reads it, from the current folder."""
        monkeypatch.setenv("PYTEST_OTP_LEDGER", "elsewhere/other.sqlite3")
        assert otp("orders") == 0
        assert otp.lines[:2] == [f"ledger {elsewhere}", "open: 1"]
        assert otp.lines[2].endswith("unattended: close it with pytest-otp sweep")

    def test_the_env_file_names_it(self, otp: Command, elsewhere: Path, tmp_path: Path) -> None:
        """PYTEST_OTP_LEDGER in .env is read where the environment has none."""
        (tmp_path / ".env").write_text(f"PYTEST_OTP_LEDGER={elsewhere}\n")
        assert otp("orders") == 0
        assert otp.lines[0] == f"ledger {elsewhere}"

    @pytest.mark.parametrize("how", ["option", "variable"])
    def test_another_env_file_names_it(
        self, otp: Command, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        """The .env file itself is named by --env-file or PYTEST_OTP_ENV_FILE."""
        (tmp_path / "night.env").write_text(f"PYTEST_OTP_LEDGER={elsewhere}\n")
        if how == "variable":
            monkeypatch.setenv("PYTEST_OTP_ENV_FILE", "night.env")
        assert otp("orders", *(["--env-file", "night.env"] if how == "option" else [])) == 0
        assert otp.lines[0] == f"ledger {elsewhere}"

    def test_the_option_wins(self, otp: Command, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """--ledger goes before the variable, and the commands that are proposed repeat it."""
        monkeypatch.setenv("PYTEST_OTP_LEDGER", "nowhere.sqlite3")
        assert otp("orders", "--ledger", "elsewhere/other.sqlite3") == 0
        assert otp.lines[2].endswith(f"unattended: close it with pytest-otp sweep --ledger {elsewhere}")

    def test_an_env_file_that_is_not_there(self, otp: Command, tmp_path: Path) -> None:
        """A name that leads nowhere is an error that says so, with status 2."""
        assert otp("orders", "--env-file", "gone.env") == 2
        assert otp.err == (
            f"pytest-otp orders: error: --env-file (PYTEST_OTP_ENV_FILE): no such file: {tmp_path}/gone.env\n"
        )

    def test_an_empty_name(self, otp: Command) -> None:
        """--ledger without a name is reported in the words of this command."""
        assert otp("orders", "--ledger", "") == 2
        assert otp.err == (
            "pytest-otp orders: error: --ledger: invalid value '': expected a path. "
            "Set it with --ledger (PYTEST_OTP_LEDGER).\n"
        )

    @pytest.mark.parametrize("arguments", [["orders"], ["orders", "forget", "1"], ["sweep"]])
    def test_a_ledger_that_cannot_be_used(self, otp: Command, tmp_path: Path, arguments: list[str]) -> None:
        """One line names the file, the reason and the option, with status 2."""
        (tmp_path / "damaged").write_bytes(b"no database at all, but long enough to be looked at" * 9)
        assert otp(*arguments, "--ledger", "damaged") == 2
        assert otp.out == ""
        assert otp.err.startswith(
            f"pytest-otp {' '.join(word for word in arguments if word != '1')}: error: --ledger (PYTEST_OTP_LEDGER): "
            f"{tmp_path}/damaged cannot be used (file is not a database); "
        )
        assert otp.err.count("\n") == 1

    def test_a_file_in_the_place_of_its_folder(self, otp: Command, tmp_path: Path) -> None:
        """What is no missing ledger is not taken for one."""
        (tmp_path / "state").write_text("a file")
        assert otp("orders") == 2
        assert "cannot be used" in otp.err


class TestOrders:
    """What is shown."""

    def test_open_orders_and_who_attends_to_them(self, otp: Command, ledger: Ledger) -> None:
        """A run that goes on, a keeper that closes, and nobody are distinguished; a released lock counts as nobody."""
        run, keeper, ended = LivenessLock(ledger.locks), LivenessLock(ledger.locks), LivenessLock(ledger.locks)
        ended.release()
        write(ledger, "key-1", owner=run.name, keeper=keeper.name)
        write(ledger, "key-2", "received", owner=ended.name, keeper=keeper.name)
        write(ledger, "key-3", owner=ended.name, keeper=ended.name)
        ledger.changed("key-3", "waiting", "cancel: answered 500")
        write(ledger, "key-4", "ordering", owner=run.name)
        assert otp("orders") == 0
        assert otp.lines[1:6] == [
            "open: 4",
            "     1  waiting    scripted order order-1, 12015550100, 1.5 USD, WHEN; " + ACTIVE,
            "     2  received   scripted order order-2, 12015550100, 1.5 USD, WHEN; its keeper is closing it",
            "     3  waiting    scripted order order-3, 12015550100, 1.5 USD, WHEN (cancel: answered 500); " + SWEEP,
            "     4  ordering   an order at scripted, for wa 6, WHEN; " + ACTIVE,
        ]
        run.release()
        keeper.release()

    def test_an_order_that_only_a_person_can_close(self, otp: Command, ledger: Ledger) -> None:
        """An order of no account is not sent to a sweep once its run is dead; until then its run closes it."""
        run = LivenessLock(ledger.locks)
        write(ledger, "key-1", account="")
        write(ledger, "key-2", account="", owner=run.name)
        assert otp("orders", "--ledger", str(ledger.path)) == 0
        assert otp.lines[2:4] == [
            (
                "     1  waiting    scripted order order-1, 12015550100, 1.5 USD, WHEN; it was ordered by "
                "an overridden otp_provider fixture, so only you can close it: close it at the provider, then run: "
                f"pytest-otp orders forget 1 --force --ledger {ledger.path}"
            ),
            "     2  waiting    scripted order order-2, 12015550100, 1.5 USD, WHEN; " + ACTIVE,
        ]
        run.release()

    def test_uncertain_orders_and_what_to_do(self, otp: Command, ledger: Ledger) -> None:
        """A person reads what to look for, where, and how to end it."""
        write(ledger, "key-1", "uncertain", "no answer after 60 s")
        assert otp("orders") == 0
        assert otp.lines[1:4] == [
            "open: 0",
            "uncertain: 1",
            "     1  uncertain  an order at scripted, for wa 6, WHEN (no answer after 60 s); "
            + ADVICE
            + "pytest-otp orders forget 1",
        ]

    def test_expired_orders(self, otp: Command, ledger: Ledger) -> None:
        """An uncertain order that is older than the provider's longest rental is listed by itself."""
        write(ledger, "key-1", "uncertain", "no answer", provider="otpcepat")
        write(ledger, "key-2", "uncertain", "no answer", provider="otpcepat")
        with contextlib.closing(sqlite3.connect(ledger.path)) as raw:
            raw.execute("UPDATE orders SET ordered_at = '2026-11-01T12:00:00+00:00' WHERE key = 'key-2'")
            raw.commit()
        assert otp("orders") == 0
        assert otp.lines[2].startswith("uncertain: 1")
        assert otp.lines[3].startswith("     1  uncertain  an order at otpcepat")
        assert otp.lines[4:6] == [
            "expired: 1",
            (
                "     2  expired    an order at otpcepat, for wa 6, WHEN (no answer); older than the longest rental at "
                "otpcepat, so nothing is rented any more; to remove it from the list, run: pytest-otp orders forget 2"
            ),
        ]
        assert otp("orders", "--json") == 0
        assert [(entry["state"], entry["expired"]) for entry in json.loads(otp.out)] == [
            ("uncertain", False),
            ("uncertain", True),
        ]

    def test_closed_orders_and_why(self, otp: Command, ledger: Ledger) -> None:
        """The latest change comes first, with its reason; what was refused is not shown."""
        write(ledger, "key-1", "cancelled", "by its test")
        write(ledger, "key-2", "refused", "no numbers")
        write(ledger, "key-3", "uncertain")
        write(ledger, "key-4", "finished", "by its keeper, after its run")
        write(ledger, "key-5", "ended", "by the provider, or elsewhere")
        ledger.forget(3)
        assert otp("orders") == 0
        assert otp.lines[1:] == [
            "open: 0",
            "uncertain: 0",
            "closed: 4",
            "     3  forgotten  an order at scripted, for wa 6, WHEN (was uncertain)",
            "     5  ended      scripted order order-5, 12015550100, 1.5 USD, WHEN (by the provider, or elsewhere)",
            "     4  finished   scripted order order-4, 12015550100, 1.5 USD, WHEN (by its keeper, after its run)",
            "     1  cancelled  scripted order order-1, 12015550100, 1.5 USD, WHEN (by its test)",
        ]

    def test_the_latest_closed_ones_are_enough(self, otp: Command, ledger: Ledger) -> None:
        """Of many closed orders the latest are shown, and all of them with --all."""
        many = orders.SHOWN + 2
        for number in range(1, many + 1):
            write(ledger, f"key-{number}", "cancelled", "by its test")
        assert otp("orders") == 0
        assert otp.lines[3] == "closed: 22, showing the latest 20 (use --all to show all)"
        assert [int(line.split()[0]) for line in otp.lines[4:]] == list(range(many, 2, -1))
        assert otp("orders", "--all") == 0
        assert otp.lines[3] == "closed: 22"
        assert [int(line.split()[0]) for line in otp.lines[4:]] == list(range(many, 0, -1))

    def test_a_providers_words_cannot_steer_the_terminal(self, otp: Command, ledger: Ledger) -> None:
        """Control characters and line breaks of a reason are shown as what they are."""
        write(ledger, "key-1", "cancelled", "gone\x1b[2J\nopen: 0")
        assert otp("orders") == 0
        assert otp.lines[4].endswith(r"(gone\x1b[2J\nopen: 0)")

    def test_json_has_all_of_it(self, otp: Command, ledger: Ledger) -> None:
        """Each order with every field, refused ones too; the open ones say who attends to them."""
        run = LivenessLock(ledger.locks)
        write(ledger, "key-1", owner=run.name)
        write(ledger, "key-2", keeper=run.name)
        write(ledger, "key-3")
        write(ledger, "key-4", "refused", "no numbers")
        write(ledger, "key-5", "cancelled", "by its test")
        assert otp("orders", "--json") == 0
        printed = json.loads(otp.out)
        assert [entry.get("attended_by") for entry in printed] == ["run", "keeper", "none", None, None]
        assert [{**entry.plain()} for entry in ledger.entries()] == [
            {name: value for name, value in entry.items() if name != "attended_by"} for entry in printed
        ]
        assert printed[4]["price"] == "1.5"
        assert printed[4]["reason"] == "by its test"
        run.release()

    def test_it_ends_with_its_reader(self, ledger: Ledger) -> None:
        """`pytest-otp orders | head -1` is no failure."""
        for number in range(1, 400):
            write(ledger, f"key-{number}", "cancelled", "by its test")
        command = [sys.executable, "-m", "pytest_otp.cli", "orders", "--json"]
        with subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(1)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0


class TestForget:
    """`pytest-otp orders forget ID`."""

    def test_an_uncertain_order(self, otp: Command, ledger: Ledger) -> None:
        """It is kept as forgotten, and asks for nothing any more."""
        write(ledger, "key-1", "uncertain", "no answer")
        assert otp("orders", "forget", "1") == 0
        assert otp.lines == ["forgotten: an order at scripted, for wa 6, WHEN (no answer)"]
        assert states(ledger) == {"key-1": "forgotten"}

    def test_an_open_order(self, otp: Command, ledger: Ledger) -> None:
        """One of a dead run is refused with what closes it; who has closed it at the provider forgets it by force."""
        write(ledger)
        assert otp("orders", "forget", "1") == 1
        assert otp.err == (
            "pytest-otp orders forget: error: order 1 is open: its number is still rented, and a sweep can close the "
            "order. Close it with pytest-otp sweep, or use --force if you have closed it at the provider.\n"
        )
        assert states(ledger) == {"key-1": "waiting"}
        assert otp("orders", "forget", "1", "--force") == 0
        assert otp.lines == ["forgotten: scripted order order-1, 12015550100, 1.5 USD, WHEN"]
        assert states(ledger) == {"key-1": "forgotten"}

    @pytest.mark.parametrize("before", [True, False])
    def test_in_another_ledger(self, otp: Command, tmp_path: Path, before: bool) -> None:
        """--ledger may stand before or after the action."""
        other = Ledger(tmp_path / "other")
        write(other, "key-1", "uncertain")
        option = ["--ledger", "other"]
        assert (
            otp("orders", *(["forget", "1"] if not before else []), *option, *(["forget", "1"] if before else [])) == 0
        )
        assert states(other) == {"key-1": "forgotten"}
        other.close()

    def test_an_unknown_one(self, otp: Command, ledger: Ledger) -> None:
        """A number that no order has is status 1."""
        assert otp("orders", "forget", "7") == 1
        assert (
            otp.err
            == "pytest-otp orders forget: error: the ledger has no order 7. List the orders with: pytest-otp orders\n"
        )

    def test_a_closed_one(self, otp: Command, ledger: Ledger) -> None:
        """What is over stays as it is."""
        write(ledger, "key-1", "cancelled", "by its test")
        assert otp("orders", "forget", "1") == 1
        assert otp.err == "pytest-otp orders forget: error: order 1 is cancelled, so there is nothing to forget\n"
        assert states(ledger) == {"key-1": "cancelled"}

    @pytest.mark.parametrize("force", [[], ["--force"]])
    def test_one_of_a_living_run(self, otp: Command, ledger: Ledger, force: list[str]) -> None:
        """A run's own order cannot be taken from it, not by force either."""
        run = LivenessLock(ledger.locks)
        write(ledger, owner=run.name)
        assert otp("orders", "forget", "1", *force) == 1
        assert otp.err == "pytest-otp orders forget: error: order 1 belongs to an active run. That run will close it.\n"
        assert states(ledger) == {"key-1": "waiting"}
        run.release()

    def test_where_there_is_no_ledger(self, otp: Command, tmp_path: Path) -> None:
        """Nothing can be forgotten, and nothing is made."""
        assert otp("orders", "forget", "1") == 1
        missing = no_ledger(tmp_path / "state" / "pytest-otp" / "ledger.sqlite3")
        assert otp.err == f"pytest-otp orders forget: error: {missing}\n"
        assert otp("orders", "forget", "1", "--ledger", "none") == 2
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("number", ["x", "-1", "1.5", "9" * 19, ""])
    def test_what_is_no_number(self, otp: Command, number: str) -> None:
        """A word in the place of the number is one line and status 2."""
        assert otp("orders", "forget", "--", number) == 2
        assert f"argument ID: invalid value {number!r}: expected a number listed by pytest-otp orders (see " in otp.err


def test_the_ids_of_orders_at_the_provider_are_no_numbers_here(otp: Command, ledger: Ledger) -> None:
    """`forget` counts as the list does: an order's id at its provider is not what it takes."""
    ledger.reserve(an_intent())
    ledger.placed("key-1", an_order("2"))
    assert otp("orders", "forget", "2") == 1
    assert states(ledger) == {"key-1": "waiting"}


@pytest.mark.parametrize("command", [["orders"], ["sweep"]])
def test_help_says_where_the_ledger_is(otp: Command, command: list[str]) -> None:
    """Nobody needs the docs to know that pytest's own configuration file is not read."""
    assert otp(*command, "--help") == 0
    said = " ".join(otp.out.split())
    assert "by PYTEST_OTP_LEDGER in the environment or by PYTEST_OTP_LEDGER in the .env file, in this order" in said
    assert "pytest's configuration files are not read" in said
    assert "--ledger PATH" in said
    assert "--env-file PATH" in said


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["orders", "remember", "1"], "invalid choice: 'remember'"),
        (["orders", "forget"], "the following arguments are required: ID"),
        (["orders", "--jso"], "unrecognized arguments: --jso"),
    ],
)
def test_bad_arguments(otp: Command, arguments: list[str], error: str) -> None:
    """An error is one line, with status 2."""
    assert otp(*arguments) == 2
    assert error in otp.err
    assert otp.err.count("\n") == 1
