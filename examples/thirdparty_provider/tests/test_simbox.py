"""The example provider against a small SIM box: install the package, then run these tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "token-of-the-box"
SIGN_UP = """
    def test_sign_up(otp_number):
        number = otp_number()
        assert number.e164 == "+447700900123"
        assert number.wait_code() == "482913"
"""


class Simbox(ThreadingHTTPServer):
    """One SIM, which gets one SMS as soon as it is taken."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.free = True
        self.open: set[str] = set()
        self.closed: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: list[str]) -> tuple[int, dict[str, object]]:
        if path == ["orders"]:
            if not self.free:
                return 409, {"error": "all SIMs are in use"}
            self.free = False
            self.open.add("sim-1")
            return 200, {"id": "sim-1", "number": "447700900123"}
        if path[1] not in self.open:
            return 404, {"error": "no such order"}
        if path[2:] == ["end"]:
            self.open.remove(path[1])
            self.closed.append(path[1])
            return 200, {"open": False}
        return 200, {"open": True, "sms": [{"id": "1", "from": "Harbour", "text": "482913 is your code."}]}


class Handler(BaseHTTPRequestHandler):
    server: Simbox

    def do_GET(self) -> None:
        self.reply(parse_qs(urlsplit(self.path).query).get("token", [""])[0])

    def do_POST(self) -> None:
        self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["token"])

    def reply(self, token: str) -> None:
        path = urlsplit(self.path).path.strip("/").split("/")
        status, body = self.server.answer(path) if token == TOKEN else (401, {"error": "wrong token"})
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def simbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simbox]:
    with Simbox() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("SIMBOX_URL", server.url)
        monkeypatch.setenv("SIMBOX_TOKEN", TOKEN)
        yield server
        server.shutdown()
        thread.join()


def test_a_sign_up_over_the_box(pytester: pytest.Pytester, simbox: Simbox) -> None:
    """Chosen by its name, the provider rents a SIM, gets its code, and gives it back."""
    pytester.makepyfile(SIGN_UP)
    result = pytester.runpytest_subprocess("--otp-provider", "simbox")
    result.assert_outcomes(passed=1)
    assert simbox.closed == ["sim-1"]


def test_no_free_sim(pytester: pytest.Pytester, simbox: Simbox) -> None:
    """Without a free SIM the test fails with the plugin's own error, and can be skipped instead."""
    simbox.free = False
    pytester.makepyfile(SIGN_UP)
    result = pytester.runpytest_subprocess("--otp-provider", "simbox")
    result.assert_outcomes(errors=0, failed=1)
    result.stdout.fnmatch_lines(["*NumberUnavailable*every SIM is in use*"])
    pytester.runpytest_subprocess("--otp-provider", "simbox", "--otp-unavailable", "skip").assert_outcomes(skipped=1)


def test_a_wrong_token_is_told_and_not_shown(
    pytester: pytest.Pytester, simbox: Simbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the box refuses is an AuthenticationError; the token stands nowhere in the output."""
    monkeypatch.setenv("SIMBOX_TOKEN", "another-token-of-mine")
    pytester.makepyfile(SIGN_UP)
    result = pytester.runpytest_subprocess("--otp-provider", "simbox", "--showlocals", "--log-level=DEBUG")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AuthenticationError*credentials were refused*"])
    assert "another-token-of-mine" not in result.stdout.str() + result.stderr.str()


def test_a_missing_token_is_told_before_any_test(
    pytester: pytest.Pytester, simbox: Simbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin checks the class's `variables` at the start, and names the one that is missing."""
    monkeypatch.delenv("SIMBOX_TOKEN")
    pytester.makepyfile(SIGN_UP)
    result = pytester.runpytest_subprocess("--otp-provider", "simbox")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*SIMBOX_TOKEN (the box's access token)*"])
    assert simbox.free
