"""Runs against a provider that says once, wrongly, that an order is over: the number is given back all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.plugin.runs import Wire, summary

WRONG = {
    "otpcepat": ("action=get_status", {"status": "true", "data": {"status": "Cancel", "sms": None}}),
    "otpvirt": ("/native/GetSms", {"status": 4, "error": 3}),
}
"""The call that goes wrong once, and what is answered."""
ORDER = {
    "otpcepat": ("--otp-service", "Telegram", "--otp-country", "Indonesia"),
    "otpvirt": ("--otp-service", "vi", "--otp-country", "tajikistan"),
}


class OnceWrong:
    """The sandbox, whose first answer to one kind of call is wrong."""

    def __init__(self, sandbox: Sandbox, call: str, answer: object) -> None:
        self._sandbox = sandbox
        self._call = call
        self._answer = json.dumps(answer).encode()
        self.wrong = 0

    def __call__(self, request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.wrong or self._call not in f"{request['PATH_INFO']}?{request['QUERY_STRING']}":
            return self._sandbox(request, start_response)
        self.wrong += 1
        request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(self._answer)))])
        return [self._answer]


@pytest.fixture(params=WRONG)
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    name: str = request.param
    carrier = Carrier(seed=1)
    app = OnceWrong(Sandbox(carrier, scenario="manual"), *WRONG[name])
    with Server(app) as server:
        variables = {key: value for key, value in environ(server.url).items() if key != "PYTEST_OTP_GATEWAY_URL"}
        rented = Wire(tmp_path, {"PYTEST_OTP_PROVIDER": name, **variables})
        rented.rented = lambda: [line.e164 for line in carrier.lines]
        yield rented
    assert app.wrong == 1


def test_a_wrong_end(wire: Wire) -> None:
    """The test that waits gets an OrderEnded; then the order is cancelled, which is recorded and reported as such."""
    wire.test("def test_it(otp_number):\n    otp_number().wait_code(30)\n")
    name = wire.variables["PYTEST_OTP_PROVIDER"]
    output = wire.run(*ORDER[name], code=1)
    assert "OrderEnded: " in output
    assert wire.rented() == []
    assert [entry.state for entry in wire.settled()] == ["cancelled"]
    (line,) = summary(output)
    assert line.startswith(f"{name}: 1 order, 0 finished, 1 cancelled, 0 uncertain, 0 still open; spent nothing; ")
