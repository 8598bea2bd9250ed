"""The example provider against a small SIM box: install the package, then run these tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

TOKEN = "token-of-the-box"
SIGN_UP = """
    def test_sign_up(otp_number):
        number = otp_number()
        assert number.e164 == "+447700900123"
        assert number.wait_code() == "482913"
"""


# The box is asked to send what it has to the webhook, as if the URL were in its settings.
PUSHED_SIGN_UP = """
    import json, os, urllib.request

    def push_to(url, token=os.environ["SIMBOX_TOKEN"], event="sms"):
        content = {"webhook": url, "token": token, "event": event}
        request = urllib.request.Request(os.environ["SIMBOX_URL"] + "/push", json.dumps(content).encode())
        with urllib.request.urlopen(request) as response:
            return json.load(response)["status"]

    def test_sign_up(otp_number, otp_webhook):
        number = otp_number()
        assert push_to(otp_webhook.url, event="test") == 200
        assert push_to(otp_webhook.url, token="another-token") == 403
        assert push_to(otp_webhook.url + "x") == 404
        assert push_to(otp_webhook.url) == 200
        assert number.wait_code() == "482913"
        assert number.messages[0].sender == "Harbour"
"""


class Simbox(ThreadingHTTPServer):
    """One SIM, which gets one SMS as soon as it is taken."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.free = True
        self.open: set[str] = set()
        self.closed: list[str] = []
        self.polls = 0

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
        self.polls += 1
        return 200, {"open": True, "sms": [{"id": "1", "from": "Harbour", "text": "482913 is your code."}]}


class Handler(BaseHTTPRequestHandler):
    server: Simbox

    def do_GET(self) -> None:
        self.reply(parse_qs(urlsplit(self.path).query).get("token", [""])[0])

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/push":
            self.send(200, {"status": push(**content)})
        else:
            self.reply(content["token"])

    def reply(self, token: str) -> None:
        path = urlsplit(self.path).path.strip("/").split("/")
        self.send(*self.server.answer(path) if token == TOKEN else (401, {"error": "wrong token"}))

    def send(self, status: int, body: dict[str, object]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


def push(webhook: str, token: str, event: str) -> int:
    """POST the SIM's SMS, or a test, to the webhook: the status that it answers."""
    sms = {"order": "sim-1", "number": "+44 7700 900123", "id": "1", "from": "Harbour", "text": "482913 is your code."}
    body = json.dumps({"event": event, **(sms if event == "sms" else {})}).encode()
    request = Request(webhook, body, {"Content-Type": "application/json", "X-Simbox-Token": token})
    try:
        with urlopen(request, timeout=60) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code


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


def test_a_wrong_token_is_reported_but_not_shown(
    pytester: pytest.Pytester, simbox: Simbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the box refuses is an AuthenticationError; the token stands nowhere in the output."""
    monkeypatch.setenv("SIMBOX_TOKEN", "another-token-of-mine")
    pytester.makepyfile(SIGN_UP)
    result = pytester.runpytest_subprocess("--otp-provider", "simbox", "--showlocals", "--log-level=DEBUG")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AuthenticationError*credentials were rejected*"])
    assert "another-token-of-mine" not in result.stdout.str() + result.stderr.str()


def test_a_missing_token_is_reported_before_any_test(
    pytester: pytest.Pytester, simbox: Simbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin checks the class's `variables` at the start, and names the one that is missing."""
    monkeypatch.delenv("SIMBOX_TOKEN")
    pytester.makepyfile(SIGN_UP)
    result = pytester.runpytest_subprocess("--otp-provider", "simbox")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*SIMBOX_TOKEN (the box's access token)*"])
    assert simbox.free


@pytest.mark.parametrize(("keeper", "token"), [("on", "a-token-that-stays-the-same"), ("off", "")])
def test_a_pushed_code(
    pytester: pytest.Pytester, simbox: Simbox, monkeypatch: pytest.MonkeyPatch, keeper: str, token: str
) -> None:
    """With `--otp-webhook` the box posts the SMS to the run, whose test gets the code without a single poll."""
    monkeypatch.setenv("SIMBOX_WEBHOOK_TOKEN", token)
    pytester.makepyfile(PUSHED_SIGN_UP)
    result = pytester.runpytest_subprocess(
        "--otp-provider", "simbox", "--otp-webhook", "127.0.0.1:0", "--otp-keeper", keeper
    )
    result.assert_outcomes(passed=1)
    assert (simbox.polls, simbox.closed) == (0, ["sim-1"])
