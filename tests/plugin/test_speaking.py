"""With a real provider, the process of the tests sends it nothing: the keeper does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import Rental
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.plugin.runs import Wire

NO_CONNECTION = """
import socket, sys, threading
import pytest

tried = []

class Guarded(socket.socket):
    def connect(self, address):
        tried.append(address)
        raise OSError("no connection from the process of the tests")
    connect_ex = connect

socket.socket = socket.SocketType = Guarded

@pytest.fixture(scope="session", autouse=True)
def nothing_is_sent():
    yield
    print("TRIED", tried, "HTTP", sorted({"requests", "urllib3"} & set(sys.modules)))
"""
EVERYTHING = """
import json
import pytest
from pytest_otp.errors import InvalidRequest, Unsupported

def test_it(otp_number, otp_provider):
    country = otp_provider.countries()[0]
    service = otp_provider.services(country.id)[0]
    number = otp_number(service=service.name, country=country.name)
    codes = [number.wait_code(60), number.wait_code(60)]
    otp_number(service=service.id, country=country.id).cancel()
    with pytest.raises(InvalidRequest, match="unknown service 'nothing'") as caught:
        otp_number(service="nothing", country=country.id)
    with pytest.raises(Unsupported):
        otp_provider.count(service.id, country.id, None)
    found = {
        "codes": codes, "currency": otp_provider.balance().currency, "hint": caught.value.hint,
        "operators": len(otp_provider.operators(country.id)), "number": [number.service == service.id, number.currency],
        "offline": otp_provider.offline, "lifetime": otp_provider.lifetime,
    }
    print("\\nFOUND", json.dumps(found))
"""


class Delivering:
    """The sandbox, where an SMS comes as soon as it is waited for."""

    def __init__(self) -> None:
        self._carrier = Carrier(seed=1)
        self.sandbox = Sandbox(self._carrier, scenario="manual", on_order=self._ordered)
        self.actions: list[str] = []
        self._codes = iter(("482913", "771204"))
        self._numbers: dict[str, str] = {}
        self._waiting = True

    def __call__(self, request: Any, start_response: Any) -> Iterable[bytes]:
        query = parse_qs(request["QUERY_STRING"])
        action, status = query["action"][0], query.get("status", [""])[0]
        self.actions.append(f"{action} {status}".strip())
        if action == "get_status" and self._waiting:
            self._waiting = False
            self._carrier.deliver(self._numbers[query["order_id"][0]], f"Your code is {next(self._codes)}")
        self._waiting = self._waiting or (action, status) == ("set_status", "3")
        return self.sandbox(request, start_response)

    def _ordered(self, provider: str, order_id: str, rental: Rental) -> None:
        self._numbers[order_id] = rental.line.e164


@pytest.fixture
def app() -> Delivering:
    return Delivering()


@pytest.fixture
def wire(tmp_path: Path, app: Delivering) -> Iterator[Wire]:
    with Server(app) as server:
        variables = environ(server.url)
        del variables["PYTEST_OTP_GATEWAY_URL"]
        yield Wire(tmp_path, {"PYTEST_OTP_PROVIDER": "otpcepat", **variables})


def test_nothing_is_sent_by_the_process_of_the_tests(wire: Wire, app: Delivering) -> None:
    """From catalogue and order over polls, resend, cancel and errors to the close, it opens no connection at all.

    It does not even import the library that would send the requests.
    """
    (wire.folder / "conftest.py").write_text(NO_CONNECTION)
    wire.test(EVERYTHING)
    output = wire.run("-s")
    assert "TRIED [] HTTP []" in output
    found = json.loads(output.partition("FOUND ")[2].splitlines()[0])
    assert found["codes"] == ["482913", "771204"]
    assert (found["number"], found["currency"], found["offline"]) == ([True, "IDR"], "IDR", False)
    assert (found["lifetime"], found["operators"] > 0, found["hint"][:11]) == (1200.0, True, "Available: ")
    assert app.actions.count("get_order") == 2
    assert {"getBalance", "getCountries", "getOperators", "getServices", "set_status 3", "set_status 4"} <= set(
        app.actions
    )
    assert [entry.state for entry in wire.settled()] == ["finished", "cancelled", "refused"]


def test_without_a_keeper_it_speaks_itself(wire: Wire, app: Delivering) -> None:
    """`--otp-keeper off`: then the connections are this process's, and forbidding them forbids everything."""
    (wire.folder / "conftest.py").write_text(NO_CONNECTION)
    wire.test("def test_it(otp_provider):\n    otp_provider.countries()\n")
    output = wire.run("-s", "--otp-keeper", "off", code=1)
    assert "TRIED [(" in output
    assert "ProviderUnavailable" in output
    assert not app.actions
