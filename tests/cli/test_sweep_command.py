"""`pytest-otp sweep`: what dead runs left open is closed, and what stays open is reported with the reason."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_otp import cli
from pytest_otp.cli.sweeping import SweepTiming
from pytest_otp.errors import AuthenticationError, ProviderUnavailable, SmsAlreadyReceived
from pytest_otp.offline.carrier import Carrier
from pytest_otp.orders.ledger import Ledger
from pytest_otp.orders.process_locks import LivenessLock
from pytest_otp.providers import registry as providers
from pytest_otp.providers.base import identifying
from pytest_otp.providers.registry import create, credentials, load
from pytest_otp.redact import Secret
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.cli.conftest import Write, hurried
from tests.cli.world import TOKEN, Command, ThirdParty, no_ledger
from tests.orders.processes import LONG, until
from tests.orders.written import an_intent, states, write
from tests.scripted import Time
from tests.servers import Asked, WireServer, reply, stall

Start = Callable[..., subprocess.Popen[str]]
LATER = "try again later, or close it at the provider"
KEPT = "its keeper is closing it (--wait S waits for it)"
AWAY = ProviderUnavailable("answered 500", provider="thirdparty", http_status=500)


def asked(request: Asked) -> dict[str, str]:
    """What a request to otpcepat asks for."""
    return dict(parse_qsl(urlsplit(request.target).query))


def otpcepat(request: Asked) -> bytes:
    """No SMS came for any order, and each can be cancelled."""
    if asked(request)["action"] == "get_status":
        return reply({"status": "true", "data": {"status": "Waiting SMS", "sms": None}})
    return reply({"status": "true", "msg": "success"})


def account_of(ledger: Ledger, values: Mapping[str, str | Secret | None]) -> str:
    """The account at otpcepat that these credentials are for."""
    return ledger.account("otpcepat", identifying(load("otpcepat"), values))


@pytest.fixture(autouse=True)
def _few_seconds(hurry: None) -> None:
    """Every sweep here."""


@pytest.fixture
def alive(ledger: Ledger) -> Iterator[LivenessLock]:
    """A process that lives."""
    held = LivenessLock(ledger.locks)
    yield held
    held.release()


class TestDeadRuns:
    """What is unattended."""

    def test_their_orders_are_closed(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """Each is finished or cancelled, as needed, printed in a line, and recorded; then no order is open."""
        written("key-1")
        written("key-2", "received")
        assert otp("sweep") == 0
        assert sorted(otp.lines) == [
            "cancelled: thirdparty order order-1, 12015550100, 1.5 USD, WHEN (by a sweep)",
            "finished: thirdparty order order-2, 12015550100, 1.5 USD, WHEN (by a sweep)",
            "no open orders",
        ]
        assert ThirdParty.closed() == ["cancel order-1", "finish order-2"]
        assert states(ledger) == {"key-1": "cancelled", "key-2": "finished"}

    def test_nothing_to_do(self, otp: Command, written: Write) -> None:
        """A ledger in which all is closed is status 0, and no provider is asked."""
        written("key-1", "cancelled")
        assert otp("sweep") == 0
        assert otp.lines == ["no open orders"]
        assert ThirdParty.log == []

    def test_no_ledger(self, otp: Command, tmp_path: Path) -> None:
        """Where nothing was ever ordered, nothing is made."""
        assert otp("sweep") == 0
        assert otp.lines == [no_ledger(tmp_path / "state" / "pytest-otp" / "ledger.sqlite3")]
        assert list(tmp_path.iterdir()) == []

    def test_credentials_from_the_env_file(
        self, otp: Command, ledger: Ledger, written: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the environment does not have is taken from .env; and the secret is in no line."""
        monkeypatch.delenv("THIRD_TOKEN")
        (tmp_path / "night.env").write_text(f"# OTP\nTHIRD_TOKEN={TOKEN}\nTHIRD_CLIENT=client-7\n")
        written()
        assert otp("sweep", "--env-file", "night.env") == 0
        assert states(ledger) == {"key-1": "cancelled"}
        assert TOKEN not in otp.out + otp.err

    def test_many_at_once(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """More than are closed at the same time are all closed."""
        for number in range(1, 21):
            written(f"key-{number}")
        assert otp("sweep") == 0
        assert set(states(ledger).values()) == {"cancelled"}
        assert len(ThirdParty.closed()) == 20

    def test_one_that_is_over_already(self, otp: Command, written: Write) -> None:
        """An order that the provider says has ended is closed all the same, since that may be a mistake."""
        ThirdParty.over.add("order-1")
        written()
        assert otp("sweep") == 0
        assert otp.lines == [
            "cancelled: thirdparty order order-1, 12015550100, 1.5 USD, WHEN (by a sweep)",
            "no open orders",
        ]
        assert ThirdParty.closed() == ["cancel order-1"]

    def test_one_that_was_on_its_way(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """It becomes uncertain, and is reported with what to check and with a status of its own."""
        written("key-1", "ordering", account="another")
        assert otp("sweep") == 3
        uncertain, last = otp.lines
        assert uncertain == (
            "uncertain: an order at thirdparty, for wa 6, WHEN (its process died before the provider responded); check "
            "the open orders in your account at thirdparty and cancel it there if it is listed, then run: "
            "pytest-otp orders forget 1"
        )
        assert last == "no open orders, 1 uncertain"
        assert states(ledger) == {"key-1": "uncertain"}

    def test_open_and_uncertain(self, otp: Command, written: Write) -> None:
        """The last line counts both, in a word each; that one is open decides the status."""
        ThirdParty.troubles["cancel"] = AWAY
        written("key-1")
        written("key-2", "uncertain")
        written("key-3", "uncertain")
        assert otp("sweep", "--ignore-uncertain") == 1
        assert otp("sweep") == 1
        assert [line.split(":")[0] for line in otp.lines] == [
            "still open",
            "uncertain",
            "uncertain",
            "1 order still open, 2 uncertain",
        ]

    def test_a_ledger_that_is_misspelt(self, otp: Command, tmp_path: Path) -> None:
        """A ledger that the command line names must exist."""
        assert otp("sweep", "--ledger", "legder.sqlite3") == 2
        assert otp.err == (
            f"pytest-otp sweep: error: --ledger: no such file: {tmp_path / 'legder.sqlite3'}. Relative paths are "
            "resolved against the current directory.\n"
        )
        assert (otp.out, list(tmp_path.iterdir())) == ("", [])

    def test_twice(self, otp: Command, written: Write) -> None:
        """A second sweep finds nothing to do."""
        written()
        assert otp("sweep") == 0
        assert otp("sweep") == 0
        assert otp.lines == ["no open orders"]
        assert ThirdParty.closed() == ["cancel order-1"]


class TestRefusals:
    """Closes that do not succeed."""

    def test_one_that_is_refused_for_now(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """It is retried for a few seconds, listed with the provider's words, and left to the next sweep: status 1."""
        ThirdParty.troubles["cancel order-1"] = AWAY
        written("key-1")
        written("key-2")
        assert otp("sweep") == 1
        assert otp.lines == [
            "cancelled: thirdparty order order-2, 12015550100, 1.5 USD, WHEN (by a sweep)",
            "still open: thirdparty order order-1, 12015550100, 1.5 USD, WHEN (cancel: answered 500); " + LATER,
            "1 order still open",
        ]
        assert ThirdParty.log.count("cancel order-1") > 1
        ThirdParty.troubles.clear()
        assert otp("sweep") == 0
        assert states(ledger) == {"key-1": "cancelled", "key-2": "cancelled"}

    def test_wait_goes_on_trying(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """With --wait a close is retried for longer than without."""
        otp.timing = SweepTiming(attempt=0.0, interval=0.02, closers=hurried)
        ThirdParty.refusals += [AWAY] * 4
        written()
        assert otp("sweep") == 1
        assert otp("sweep", "--wait", "60") == 0
        assert ThirdParty.refusals == []
        assert states(ledger) == {"key-1": "cancelled"}

    def test_what_further_tries_cannot_change(self, otp: Command, written: Write) -> None:
        """An order that can be closed neither way is reported at once, however long one would wait."""
        for call in ("cancel", "finish"):
            ThirdParty.troubles[call] = SmsAlreadyReceived("an SMS came", provider="thirdparty")
        written()
        assert otp("sweep", "--wait", "60") == 1
        assert f"(finish: an SMS came); {LATER}" in otp.lines[0]
        assert ThirdParty.closed() == ["cancel order-1", "finish order-1"]

    def test_a_key_that_is_not_accepted(self, otp: Command, written: Write) -> None:
        """It is tried again, since it may be refused for a while only, and then reported."""
        ThirdParty.troubles["cancel"] = AuthenticationError("the key is not accepted", provider="thirdparty")
        written()
        assert otp("sweep") == 1
        assert f"(cancel: the key is not accepted); {LATER}" in otp.lines[0]
        assert len(ThirdParty.closed()) > 1

    def test_a_client_that_hangs(
        self, otp: Command, ledger: Ledger, written: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plugin's own client that never answers does not hold the command up for ever."""
        go_on = threading.Event()
        otp.timing = SweepTiming(attempt=0.05, overtime=0.05, interval=0.02)
        monkeypatch.setattr(ThirdParty, "cancel", lambda self, order: go_on.wait(60))
        written()
        assert otp("sweep") == 1
        assert LATER in otp.lines[0]
        go_on.set()


class TestOthers:
    """What is not touched."""

    @pytest.mark.parametrize("wait", [[], ["--wait", "0.2"]])
    def test_orders_of_living_runs(
        self, otp: Command, ledger: Ledger, written: Write, alive: LivenessLock, wait: list[str]
    ) -> None:
        """A run that lives closes its own: it is printed, not waited for, and is status 1."""
        written(owner=alive.name)
        assert otp("sweep", *wait) == 1
        assert otp.lines == [
            "still open: thirdparty order order-1, 12015550100, 1.5 USD, WHEN; its run is active and will close it",
            "1 order still open",
        ]
        assert ThirdParty.log == []

    def test_orders_of_living_keepers(self, otp: Command, written: Write, alive: LivenessLock) -> None:
        """A keeper that is closing an order is left to it; without --wait nobody waits."""
        written("key-1", keeper=alive.name)
        written("key-2", "ordering", keeper=alive.name)
        assert otp("sweep") == 1
        assert otp.lines == [
            "still open: thirdparty order order-1, 12015550100, 1.5 USD, WHEN; " + KEPT,
            "still open: an order at thirdparty, for wa 6, WHEN; " + KEPT,
            "2 orders still open",
        ]
        assert ThirdParty.log == []

    def test_wait_for_a_keeper_that_finishes(
        self, otp: Command, ledger: Ledger, written: Write, alive: LivenessLock
    ) -> None:
        """With --wait the sweep waits until an active keeper has finished, and reports what it did."""
        written(keeper=alive.name)
        virtual = Time()
        virtual.at(5.0, lambda: ledger.changed("key-1", "cancelled", "by its keeper, after its run"))
        otp.timing = SweepTiming(clock=virtual.clock, sleep=virtual.sleep)
        assert otp("sweep", "--wait", "20") == 0
        assert virtual.elapsed == pytest.approx(5.0, abs=0.2)
        assert otp.lines == [
            "waiting up to 20 s for 1 order being closed by active keepers or sweeps",
            "cancelled: thirdparty order order-1, 12015550100, 1.5 USD, WHEN (by its keeper, after its run)",
            "no open orders",
        ]
        assert ThirdParty.log == []

    def test_wait_for_a_keeper_that_dies(
        self, otp: Command, ledger: Ledger, written: Write, alive: LivenessLock
    ) -> None:
        """Where the keeper dies meanwhile, its order is taken over and closed."""
        written("key-1", keeper=alive.name)
        written("key-2", "ordering", keeper=alive.name)
        virtual = Time()
        virtual.at(5.0, alive.release)
        otp.timing = SweepTiming(clock=virtual.clock, sleep=virtual.sleep)
        assert otp("sweep", "--wait", "20") == 3
        assert states(ledger) == {"key-1": "cancelled", "key-2": "uncertain"}
        assert otp.lines[0] == "waiting up to 20 s for 2 orders being closed by active keepers or sweeps"

    def test_wait_has_an_end(self, otp: Command, written: Write, alive: LivenessLock) -> None:
        """The sweep waits no longer than that for a keeper that does not finish."""
        written(keeper=alive.name)
        virtual = Time()
        otp.timing = SweepTiming(interval=10.0, clock=virtual.clock, sleep=virtual.sleep)
        assert otp("sweep", "--wait", "300") == 1
        assert virtual.elapsed == 300.0

    def test_missing_credentials(
        self, otp: Command, ledger: Ledger, written: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every missing variable of the provider is named."""
        monkeypatch.delenv("THIRD_TOKEN")
        monkeypatch.setenv("THIRD_CLIENT", " ")
        written()
        assert otp("sweep") == 1
        assert otp.lines[0].endswith(
            "; set THIRD_TOKEN (the token), THIRD_CLIENT (the client's id) in the environment or in .env"
        )
        assert states(ledger) == {"key-1": "waiting"}

    @pytest.mark.parametrize("variable", ["THIRD_TOKEN", "THIRD_URL"])
    def test_another_account(
        self, otp: Command, ledger: Ledger, written: Write, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        """Another key, and another base URL, are another account: its orders cannot be closed with them."""
        monkeypatch.setenv(variable, "https://another-invented.example")
        written()
        assert otp("sweep") == 1
        assert otp.lines[0].endswith("; the credentials belong to another account (or another base URL)")
        assert ThirdParty.log == []

    def test_no_account(self, otp: Command, ledger: Ledger, written: Write) -> None:
        """What a test suite's own provider object ordered only a person can close."""
        written(account="")
        assert otp("sweep", "--ledger", str(ledger.path)) == 1
        assert otp.lines[0].endswith(
            "; it was ordered by an overridden otp_provider fixture, so only you can close it: close it at the "
            f"provider, then run: pytest-otp orders forget 1 --force --ledger {ledger.path}"
        )

    def test_a_base_url_without_tls(self, otp: Command, written: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        """A base URL that would send the key in the clear is reported in the words of this command."""
        monkeypatch.setenv("THIRD_URL", "http://third.example/api")
        written()
        assert otp("sweep") == 1
        assert otp.lines[0].endswith(
            "; THIRD_URL: 'http://third.example/api' would send credentials without TLS. Use https, or allow the "
            "host with --allow-http third.example (PYTEST_OTP_ALLOW_HTTP)."
        )

    @pytest.mark.parametrize("how", ["option", "variable"])
    def test_a_base_url_without_tls_that_is_allowed(
        self, otp: Command, ledger: Ledger, written: Write, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        """--allow-http, and PYTEST_OTP_ALLOW_HTTP as in a run, let it be used."""
        values = {"THIRD_TOKEN": providers.credentials("thirdparty", os.environ, {})["THIRD_TOKEN"]}
        plain = ledger.account("thirdparty", {**values, "THIRD_URL": "http://third.example/api"})
        monkeypatch.setenv("THIRD_URL", "http://third.example/api")
        written(account=plain)
        if how == "variable":
            monkeypatch.setenv("PYTEST_OTP_ALLOW_HTTP", "third.example")
        assert otp("sweep", *(["--allow-http", "third.example"] if how == "option" else [])) == 0
        assert states(ledger) == {"key-1": "cancelled"}

    def test_a_key_that_is_in_the_ledger_all_the_same(
        self, otp: Command, ledger: Ledger, written: Write, alive: LivenessLock
    ) -> None:
        """What another program wrote there is not repeated: a key that this sweep knows is in none of its lines."""
        written("key-1")
        written("key-2", owner=alive.name)
        raw = sqlite3.connect(ledger.path)
        with raw:
            raw.execute("UPDATE orders SET reason = ?", (f"?token={TOKEN}",))
        raw.close()
        assert otp("sweep") == 1
        assert "(?token=***); its run is active" in otp.lines[1]
        assert TOKEN not in otp.out + otp.err

    def test_a_provider_that_is_not_installed(self, otp: Command, written: Write) -> None:
        """An order of a plugin that is gone is reported so."""
        written(provider="elsewhere")
        assert otp("sweep") == 1
        assert otp.lines[0].endswith("; the plugin for provider elsewhere is not installed")

    def test_a_provider_that_cannot_be_built(
        self, otp: Command, ledger: Ledger, written: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plugin's mistake is reported without the key, and keeps nothing else from being closed."""

        def broken(self: ThirdParty, variables: Mapping[str, object], http: object) -> None:
            raise ValueError(f"bad token {TOKEN}")

        monkeypatch.setattr(ThirdParty, "__init__", broken)
        written()
        written("key-2", "ordering")
        assert otp("sweep") == 1
        assert otp.lines[0].endswith("; provider thirdparty cannot be created (ValueError: bad token ***)")
        assert states(ledger) == {"key-1": "waiting", "key-2": "uncertain"}

    def test_unrelated_settings_do_not_matter(
        self, otp: Command, written: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A mistake in a setting that the sweep does not need keeps no order open."""
        monkeypatch.setenv("PYTEST_OTP_TIMEOUT", "soon")
        monkeypatch.setenv("PYTEST_OTP_PROVIDER", "nobody")
        written()
        assert otp("sweep") == 0


class TestProcesses:
    """The command as people and CI start it."""

    @pytest.fixture
    def start(self) -> Iterator[Start]:
        """A function that starts a sweep at a base URL; what is left of them is killed at the end."""
        begun: list[subprocess.Popen[str]] = []

        def started(url: str, *arguments: str) -> subprocess.Popen[str]:
            surroundings = {"PYTHONPATH": str(Path(cli.__file__).parents[2]), "OTPCEPAT_BASE_URL": url}
            begun.append(
                subprocess.Popen(
                    [sys.executable, "-m", "pytest_otp.cli", "sweep", *arguments],
                    env=os.environ | surroundings | {"API_KEY_OTPCEPAT": TOKEN},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            return begun[-1]

        yield started
        for process in begun:
            process.kill()
            process.communicate()

    def test_an_order_at_the_sandbox(self, otp: Command, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """A real client closes a real order over HTTP, in whose ledger line no key is."""
        app = Sandbox(Carrier(seed=1), scenario="manual")
        with Server(app) as server:
            for name, value in environ(server.url).items():
                monkeypatch.setenv(name, value)
            values = credentials("otpcepat", os.environ, {})
            order = create("otpcepat", values).order("3", "6", None)
            ledger.reserve(an_intent(provider="otpcepat", account=account_of(ledger, values)))
            ledger.placed("key-1", order)
            assert otp("sweep") == 0
        assert otp.lines == [
            f"cancelled: otpcepat order {order.id}, {order.number}, {order.price} IDR, WHEN (by a sweep)",
            "no open orders",
        ]
        assert [str(rental.state) for rental in app.desk.rentals] == ["cancelled"]

    def test_ctrl_c(self, ledger: Ledger, start: Start) -> None:
        """It ends at once with a line and status 130, also while a provider hangs, and its claim ends with it."""
        with WireServer(stall) as server:
            values = credentials("otpcepat", {"API_KEY_OTPCEPAT": TOKEN, "OTPCEPAT_BASE_URL": server.url}, {})
            write(ledger, provider="otpcepat", account=account_of(ledger, values))
            process = start(server.url, "--wait", "60")
            until(lambda: server.asked or process.poll() is not None)
            (claimed,) = ledger.unclosed()
            assert ledger.is_attended(claimed)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LONG)
        assert (process.returncode, out) == (130, "")
        assert err == "pytest-otp sweep: interrupted; the next sweep closes the orders that are still open\n"
        assert not ledger.is_attended(claimed)
        assert TOKEN not in out + err

    def test_two_at_once(self, ledger: Ledger, start: Start) -> None:
        """Two sweeps share the work: each order is closed by one of them, once, and both wait for the other."""
        with WireServer(by=otpcepat) as server:
            values = credentials("otpcepat", {"API_KEY_OTPCEPAT": TOKEN, "OTPCEPAT_BASE_URL": server.url}, {})
            for number in range(1, 9):
                write(
                    ledger,
                    f"key-{number}",
                    provider="otpcepat",
                    account=account_of(ledger, values),
                )
            sweeps = [start(server.url, "--wait", "60") for _ in range(2)]
            output = [process.communicate(timeout=LONG) for process in sweeps]
        assert [process.returncode for process in sweeps] == [0, 0], output
        closes = sorted(query["order_id"] for query in map(asked, server.asked) if query["action"] == "set_status")
        assert closes == [f"order-{number}" for number in range(1, 9)]


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan", "inf", "86401"])
def test_bad_waits(otp: Command, seconds: str) -> None:
    """An invalid time is one line and status 2."""
    assert otp("sweep", "--wait", seconds) == 2
    assert otp.err == (
        f"pytest-otp sweep: error: argument --wait: invalid value {seconds!r}: expected seconds from 0 to 86400 "
        "(see pytest-otp sweep --help)\n"
    )


def test_a_bad_host(otp: Command) -> None:
    """An invalid host name is reported in the words of this command."""
    assert otp("sweep", "--allow-http", "https://x") == 2
    assert otp.err == (
        "pytest-otp sweep: error: --allow-http: invalid value ['https://x']: expected host names, separated by commas. "
        "Set it with --allow-http (PYTEST_OTP_ALLOW_HTTP).\n"
    )


def test_help_tells_the_statuses(otp: Command) -> None:
    """An always-step of CI depends on them."""
    assert otp("sweep", "--help") == 0
    said = " ".join(otp.out.split())
    assert "exit status: 0 if no order is open or uncertain, 1 if any order is still open" in said
    assert "2 for invalid arguments or an unusable ledger, 3 if no order is open, but any is uncertain" in said
    assert "130 after Ctrl-C" in said
    assert "--wait S" in said
    assert "--ignore-uncertain" in said
    assert "--allow-http HOST" in said
