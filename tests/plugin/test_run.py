"""A run as a whole, with real orders over real sockets: budget, orderly stop, ledger, and the summary."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import xml.etree.ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import Rental
from pytest_otp.orders.entries import OPEN
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.plugin.runs import HOLDS_ONE, PATIENCE, Wire, read_until, summary

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ORDER = ("--otp-service", "Telegram", "--otp-country", "Indonesia")
ONE_CODE = "def test_it(otp_number):\n    assert otp_number().wait_code(60)\n"
ONE_CODE_AFTER_THE_SWEEP = """
import contextlib, time
from pathlib import Path
from pytest_otp.orders.ledger import Ledger

def test_it(otp_number):
    number = otp_number()
    with contextlib.closing(Ledger(Path("state/ledger"))) as ledger:
        while ledger.entries()[0].is_open:
            time.sleep(0.05)
    assert number.wait_code(60)
"""


class SmsOnceWaitedFor:
    """A sandbox that delivers an order's SMS when it is first polled: none comes to one that only orders."""

    def __init__(self, orders: list[str]) -> None:
        self.carrier = Carrier(seed=1)
        self.sandbox = Sandbox(self.carrier, scenario="manual", on_order=self.ordered)
        self.orders = orders
        self.waiting: dict[str, str] = {}

    def ordered(self, provider: str, order_id: str, rental: Rental) -> None:
        self.orders.append(order_id)
        self.waiting[order_id] = rental.line.e164

    def __call__(self, request: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = parse_qs(request.get("QUERY_STRING", ""))
        if query.get("action") == ["get_status"]:
            number = self.waiting.pop(query["order_id"][0], None)
            if number:
                self.carrier.deliver(number, "Your code is 482913")
        return self.sandbox(request, start_response)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """The sandbox as otpcepat."""
    wire = Wire(tmp_path, {"PYTEST_OTP_PROVIDER": "otpcepat"})
    app = SmsOnceWaitedFor(wire.orders)
    wire.rented = lambda: [rental.id for rental in app.sandbox.desk.rentals if rental.state in OPEN]
    with Server(app) as server:
        wire.variables.update(environ(server.url))
        del wire.variables["PYTEST_OTP_GATEWAY_URL"]
        yield wire


FOUR = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_it(otp_number, n):
    number = otp_number()
    if n:
        assert number.wait_code(60)
"""


@pytest.mark.parametrize("how", [[], ["-n2", "--dist", "loadscope"]], ids=" ".join)
def test_one_summary_however_it_runs(wire: Wire, how: list[str]) -> None:
    """Without xdist, with none, and with many workers, the end of the report tells the same, once."""
    wire.test(FOUR)
    xdist = ["-p", "xdist"] if how else []
    assert summary(wire.run(*xdist, *how, *ORDER)) == [
        "otpcepat: 4 orders, 3 finished, 1 cancelled, 0 uncertain, 0 still open; spent 13500 IDR; waited for 3 SMS"
    ]


@pytest.mark.parametrize("how", [[], ["-n2"]], ids=" ".join)
def test_an_offline_run_has_its_summary_too(wire: Wire, how: list[str]) -> None:
    """The fake provider's orders are told in the same words, and nothing is written anywhere."""
    wire.test(FOUR)
    output = wire.run(*(["-p", "xdist"] if how else []), *how, "--otp-provider", "fake", "--otp-fake", "auto")
    # The SMS of the test that does not wait for it may arrive before its order is closed.
    assert [line.replace("4 finished, 0 cancelled", "3 finished, 1 cancelled") for line in summary(output)] == [
        "fake: 4 orders, 3 finished, 1 cancelled, 0 uncertain, 0 still open; spent nothing; waited for 3 SMS"
    ]
    assert not (wire.folder / "state").exists()


def test_a_crashed_worker_is_in_the_summary(wire: Wire) -> None:
    """What a worker ordered that died without a word is in the ledger, and closed by its keeper."""
    wire.test("import os\n" + ONE_CODE + "def test_crash(otp_number):\n    otp_number()\n    os._exit(1)\n")
    told = summary(wire.run("-p", "xdist", "-n2", "--max-worker-restart", "0", *ORDER, code=1))
    charged = 4500 * len([entry for entry in wire.entries() if entry.state == "finished"])
    assert [re.sub(r"\d (finished|cancelled)", r"# \1", line) for line in told] == [
        f"otpcepat: 2 orders, # finished, # cancelled, 0 uncertain, 0 still open; spent {charged} IDR; waited for 1 SMS"
    ]
    assert len(wire.orders) == 2
    assert not [entry for entry in wire.entries() if entry.is_open]


@pytest.mark.parametrize("test", ["def test_it():\n    pass\n", "def test_it(otp_number):\n    pass\n"])
def test_a_run_without_orders_costs_nothing(wire: Wire, test: str) -> None:
    """No file, no process, no import of the ledger or the keeper, and no summary."""
    check = """
import sys

def pytest_sessionfinish():
    print("HEAVY", sorted({"sqlite3", "pytest_otp.orders.ledger", "pytest_otp.keeper.client"} & set(sys.modules)))
"""
    (wire.folder / "conftest.py").write_text(check)
    wire.test(test)
    output = wire.run("-s", *ORDER)
    assert "HEAVY []" in output
    assert "one-time codes" not in output
    assert not (wire.folder / "state").exists()


def test_reports_name_order_and_number(wire: Wire) -> None:
    """Each test's properties, junit's too, have its orders and numbers, also of wider scopes, and no code."""
    wire.test(
        "import pathlib\n"
        "def test_a(otp_number):\n"
        "    number = otp_number()\n"
        "    pathlib.Path('told').write_text(f'{number.order_id} {number.e164} {number.wait_code(60)}')\n"
        "def test_b(session_otp_number):\n    session_otp_number()\n"
    )
    wire.run("--junitxml", "junit.xml", *ORDER)
    order_id, number, code = (wire.folder / "told").read_text().split()
    report = (wire.folder / "junit.xml").read_text()
    cases = xml.etree.ElementTree.fromstring(report).iter("testcase")
    told = [[(each.get("name"), each.get("value")) for each in case.iter("property")] for case in cases]
    assert told[0] == [("otp_order", f"otpcepat {order_id}"), ("otp_number", number)]
    assert told[1][0] == ("otp_order", f"otpcepat {wire.orders[1]}")
    assert code not in report


# Budget

MANY = """
import pytest

@pytest.mark.parametrize("n", range({count}))
def test_it(otp_number, n):
    otp_number()
"""


def test_the_budget_holds_over_workers(wire: Wire) -> None:
    """Three workers that order at the same time send exactly as many requests as the run may."""
    wire.test(MANY.format(count=24))
    output = wire.run("-p", "xdist", "-n3", "--otp-max-orders", "9", *ORDER, code=1)
    assert len(wire.orders) == 9
    assert re.search(r"15 failed, 9 passed", output)
    assert (
        "otpcepat: this run has sent 9 order requests, as many as --otp-max-orders allows. Nothing was ordered. "
        "Raise --otp-max-orders (PYTEST_OTP_MAX_ORDERS) if that is intended."
    ) in re.sub(r"after [\d.]+ s: ", "", output).replace("otpcepat, ", "otpcepat: ")


def test_the_budget_holds_over_reruns(wire: Wire) -> None:
    """A test that is run again orders again: that counts."""
    wire.test("def test_it(otp_number):\n    otp_number()\n    assert False\n")
    output = wire.run("-p", "rerunfailures", "--reruns", "5", "--otp-max-orders", "3", *ORDER, code=1)
    assert len(wire.orders) == 3
    assert "BudgetExceeded" in output


@pytest.mark.parametrize(
    ("allowed", "orders", "said"),
    [
        (
            "9000 IDR",
            2,
            "Telegram, Indonesia costs 4500 IDR, this run has spent 9000, and the limit is --otp-max-spend 9000 IDR",
        ),
        ("5 USD", 0, "Telegram, Indonesia costs 4500 IDR, but --otp-max-spend 5 USD is in another currency"),
    ],
)
def test_the_budget_for_money(wire: Wire, allowed: str, orders: int, said: str) -> None:
    """An order that would cost too much, or in another money, is not sent; one that was cancelled costs nothing."""
    wire.test(
        "def test_cancelled(otp_number):\n    otp_number()\n"
        "def test_kept(otp_number):\n    assert all([otp_number().wait_code(60) for _ in range(9)])\n"
    )
    output = wire.run("--otp-max-spend", allowed, *ORDER, code=1)
    finished = [entry for entry in wire.entries() if entry.state == "finished"]
    assert len(finished) == orders
    assert len(wire.orders) <= orders + 1
    assert said in output


def test_a_test_that_changes_the_environment(wire: Wire) -> None:
    """Where the ledger is is decided once: a test with a home folder of its own cannot get around the budget."""
    wire.test(
        "import pytest\n"
        "@pytest.fixture(autouse=True)\n"
        "def home(monkeypatch, tmp_path):\n    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path))\n"
        + MANY.format(count=8)
    )
    state = str(wire.folder / "home")
    output = wire.run(
        *("-p", "xdist", "-n2", "--otp-max-orders", "3", *ORDER), code=1, PYTEST_OTP_LEDGER="", XDG_STATE_HOME=state
    )
    assert len(wire.orders) == 3
    assert "otpcepat: 3 orders, " in output


# Keeper and ledger


def test_an_unusable_ledger_stops_the_first_order(wire: Wire) -> None:
    """Where orders cannot be written down none is placed, the error says what to do, and so does the summary."""
    (wire.folder / "state").mkdir()
    (wire.folder / "state" / "ledger").write_bytes(b"no database at all, and long enough for one" * 50)
    wire.test(ONE_CODE)
    said = "cannot be used (file is not a database); orders are not placed without a ledger. Use a writable file"
    for keeper in ("on", "off"):
        output = wire.run("--otp-keeper", keeper, *ORDER, code=1)
        assert said in output
        assert "INTERNALERROR" not in output
        if keeper == "on":  # without one the first order has not even opened it
            (told,) = summary(output)
            assert told.startswith("no summary: --otp-ledger (PYTEST_OTP_LEDGER): ")
            assert said in told
    assert wire.orders == []


@pytest.mark.parametrize(
    "how",
    ["write_bytes(b'junk' * 5000)", "write_bytes(other.read_bytes())"],
    ids=["junk", "another ledger"],
)
def test_a_ledger_that_is_overwritten_in_mid_run(wire: Wire, how: str) -> None:
    """The next order is refused and says why, what was ordered is closed, and the summary says what happened."""
    wire.test(
        "import pathlib, sqlite3\n"
        "from pytest_otp.orders.ledger import Ledger\n"
        "def test_a(otp_number):\n"
        "    otp_number()\n"
        "    path, other = pathlib.Path('state/ledger'), pathlib.Path('other')\n"
        "    Ledger(other).close()\n"
        "    raw = sqlite3.connect(path)\n"
        "    raw.execute('PRAGMA wal_checkpoint(TRUNCATE)')\n"
        "    raw.close()\n"
        f"    path.{how}\n"
        "def test_b(otp_number):\n    otp_number()\n"
    )
    output = wire.run(*ORDER, code=1)
    path = wire.folder / "state" / "ledger"
    assert f"{path} cannot be used (" in output
    assert "; orders are not placed without a ledger. Use" in output
    assert "1 failed, 1 passed" in output
    (told,) = summary(output)
    assert told.startswith(
        f"the ledger {path} was damaged or replaced during the run, so check your account at the provider for open "
        "orders; this run placed 1 order: "
    )
    assert len(wire.orders) == 1
    assert wire.rented() == []


@pytest.mark.parametrize("keeper", ["on", "off"])
def test_a_ledger_that_is_removed_in_mid_run(wire: Wire, keeper: str) -> None:
    """The next order is refused, what was ordered before is closed, and the run ends with a line that says so."""
    wire.test(
        "import pathlib\n"
        "def test_a(otp_number):\n    otp_number()\n    pathlib.Path('state/ledger').unlink()\n"
        "def test_b(otp_number):\n    otp_number()\n"
    )
    output = wire.run("--otp-keeper", keeper, *ORDER, code=1)
    path = wire.folder / "state" / "ledger"
    assert (
        f"{path} cannot be used (it was removed or replaced while in use); orders are not placed without a ledger. Use"
    ) in output
    assert "1 failed, 1 passed" in output
    assert "INTERNALERROR" not in output
    assert summary(output) == [f"the ledger {path} is missing, so the state of this run's orders is unknown"]
    assert len(wire.orders) == 1
    assert wire.rented() == []


def test_an_object_of_the_suites_own(wire: Wire) -> None:
    """An overridden otp_provider is ordered from in-process, and its orders are in the ledger and the summary."""
    (wire.folder / "conftest.py").write_text(
        "import pytest\n"
        "from tests.scripted import ScriptedProvider\n"
        "@pytest.fixture(scope='session')\n"
        "def otp_provider():\n    return ScriptedProvider()\n"
    )
    wire.test("def test_it(otp_number):\n    otp_number()\n")
    output = wire.run(PYTEST_OTP_PROVIDER="fake")
    assert summary(output) == [
        "scripted: 1 order, 0 finished, 1 cancelled, 0 uncertain, 0 still open; spent nothing; waited for 0 SMS"
    ]
    ((provider, account, keeper),) = [(e.intent.provider, e.intent.account, e.intent.keeper) for e in wire.entries()]
    assert (provider, account, keeper) == ("scripted", "", "")


@pytest.mark.parametrize(("name", "keeper"), [("SIGTERM", "on"), ("SIGHUP", "off")])
def test_an_orderly_stop(wire: Wire, name: str, keeper: str) -> None:
    """SIGTERM and SIGHUP end the run as Ctrl-C does: teardown runs, the order is closed, the summary is told."""
    wire.test(HOLDS_ONE)
    process = wire.start("-s", "--otp-keeper", keeper, *ORDER)
    read_until(process, "READY")
    process.send_signal(getattr(signal, name))
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert f"KeyboardInterrupt: the run was stopped by {name}" in output
    assert "0 uncertain, 0 still open" in output
    assert [(entry.is_open, entry.reason) for entry in wire.entries()] == [(False, "by its test")]


def test_what_a_dead_run_left_is_swept(wire: Wire) -> None:
    """Test process and keeper are killed at once, as in a container: the next run closes their order first."""
    wire.test(HOLDS_ONE)
    process = wire.start("-s", *ORDER, OTP_MARK=str(wire.folder))
    read_until(process, "READY")
    keepers = marked_processes(str(wire.folder)) - {process.pid}
    assert len(keepers) == 1
    for pid in (*keepers, process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert [entry.state for entry in wire.entries()] in (["waiting"], ["received"])
    wire.test(ONE_CODE_AFTER_THE_SWEEP)
    told = summary(wire.run(*ORDER))
    assert told == [
        "closed 1 order left open by earlier runs",
        "otpcepat: 1 order, 1 finished, 0 cancelled, 0 uncertain, 0 still open; spent 4500 IDR; waited for 1 SMS",
    ]
    assert [(entry.is_open, entry.reason) for entry in wire.entries()] == [
        (False, "by a sweep"),
        (False, "by its test"),
    ]


def marked_processes(mark: str) -> set[int]:
    """The processes whose environment has this word for OTP_MARK."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"OTP_MARK={mark}".encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
    return found
