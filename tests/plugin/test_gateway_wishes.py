"""otp_gateway.fail and otp_gateway.add_template: how long they hold, and for whom under xdist."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest

from tests.plugin.inner import KEY, XDIST, Run
from tests.servers import closed_port

SENDS = """
    import json, urllib.error, urllib.parse, urllib.request

    OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(url, to, text="482913 is your code"):
        body = json.dumps({"to": to, "text": text, "from": "Shop"}).encode()
        return status(urllib.request.Request(url + "/sms", body, {"Content-Type": "application/json"}))

    def send_template(url, to, sid, code):
        return send_twilio(url, to, ContentSid=sid, ContentVariables=json.dumps({"1": code}))

    def send_twilio(url, to, **fields):
        body = urllib.parse.urlencode({"To": to, "From": "Shop", **fields}).encode()
        request = urllib.request.Request(url + "/2010-04-01/Accounts/AC" + "0" * 32 + "/Messages.json", body)
        request.add_header("Authorization", "Basic " + "QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbg==")
        return status(request)

    def status(request):
        try:
            with OPENER.open(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
"""


@pytest.fixture(autouse=True)
def sends(pytester: pytest.Pytester) -> None:
    """A module that inner tests send with."""
    pytester.path.joinpath("sends.py").write_text(re.sub("^    ", "", SENDS, flags=re.MULTILINE))
    pytester.syspathinsert()


@pytest.mark.parametrize("has_fixed_port", [False, True])
def test_failures_end_with_their_test(pytester: pytest.Pytester, run: Run, has_fixed_port: bool) -> None:
    """A failure holds until its test has been torn down, whether it was used or not, and not for the next test."""
    pytester.makepyfile(
        """
        import pytest
        from sends import send

        @pytest.fixture
        def sends_at_the_end(otp_gateway, otp_number):
            yield
            assert send(otp_gateway.url, otp_number().e164) == 500

        def test_one(otp_gateway, otp_number, sends_at_the_end):
            number = otp_number()
            failure = otp_gateway.fail(error="server_error", times=None)
            assert send(otp_gateway.url, number.e164) == 500
            assert failure.used == 1
            otp_gateway.fail(number, "plain", error="unsubscribed")

        def test_two(otp_gateway, otp_number):
            number = otp_number()
            assert send(otp_gateway.url, number.e164) == 202
            assert number.wait_code() == "482913"
        """
    )
    run(*([f"--otp-gateway=127.0.0.1:{closed_port()}"] if has_fixed_port else [])).assert_outcomes(passed=2)


def test_other_numbers_are_not_touched(pytester: pytest.Pytester, run: Run) -> None:
    """Without a number a failure holds for the numbers of the tests, not for others."""
    pytester.makepyfile(
        """
        from sends import send

        def test_it(otp_gateway, otp_number):
            number = otp_number()
            otp_gateway.fail(error="server_error")
            assert send(otp_gateway.url, "+12015550199") == 202
            assert send(otp_gateway.url, number.e164) == 500
        """
    )
    run().assert_outcomes(passed=1)


def test_workers_ask_a_shared_gateway(pytester: pytest.Pytester, run: Run) -> None:
    """Under xdist, the controller's gateway fails for the numbers of the worker that asked, and for no others."""
    pytester.makepyfile(
        """
        import pathlib, time
        import pytest
        from sends import send, send_template

        def wait_for(name):
            for _ in range(6000):
                if pathlib.Path(name).exists():
                    return
                time.sleep(0.01)
            raise AssertionError(f"the other worker never got to {name!r}")

        @pytest.mark.xdist_group("one")
        def test_one(otp_gateway, otp_number):
            number = otp_number()
            failure = otp_gateway.fail(error="server_error", times=None)
            pathlib.Path("armed").touch()
            wait_for("sent")
            assert send(otp_gateway.url, number.e164) == 500
            assert failure.used == 1
            otp_gateway.fail("+12015550199", error="unsubscribed")
            assert send(otp_gateway.url, "+12015550199") == 400

        @pytest.mark.xdist_group("two")
        def test_two(otp_gateway, otp_number):
            number = otp_number()
            wait_for("armed")
            assert send(otp_gateway.url, number.e164) == 202
            assert number.wait_code() == "482913"
            pathlib.Path("sent").touch()

        @pytest.mark.xdist_group("one")
        def test_three(otp_gateway, otp_number):
            number = otp_number()
            assert send_template(otp_gateway.url, number.e164, "HX" + "0" * 32, "274615") == 400
            otp_gateway.add_template("HX" + "0" * 32, "{{1}} is your code")
            assert send_template(otp_gateway.url, number.e164, "HX" + "0" * 32, "274615") == 201
            assert number.wait_code() == "274615"
        """
    )
    result = run(*XDIST, "-n2", "--dist=loadgroup", f"--otp-gateway=127.0.0.1:{closed_port()}")
    result.assert_outcomes(passed=3)


def test_workers_allow_hosts_for_receipts(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under xdist, the controller's gateway posts receipts to a host that a worker's test allowed."""
    resolve = socket.getaddrinfo

    def resolved(host: object, *more: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "app.example.com" else host, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)  # of the controller: this process
    pytester.makepyfile(
        """
        import http.server, queue, threading
        import pytest
        from sends import send_twilio

        @pytest.fixture
        def receipts():
            received = queue.SimpleQueue()

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    received.put((self.path, self.headers["Host"]))
                    self.rfile.read(int(self.headers["Content-Length"]))
                    self.send_response(204)
                    self.end_headers()

                def log_message(self, *args): pass

            with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
                thread = threading.Thread(target=server.serve_forever)
                thread.start()
                yield server.server_port, received
                server.shutdown()
                thread.join()

        def test_it(otp_gateway, otp_number, receipts):
            port, received = receipts
            number = otp_number()
            otp_gateway.allow_hosts("*.example.com")
            url = f"http://app.example.com:{port}/status"
            assert send_twilio(otp_gateway.url, number.e164, Body="hi", StatusCallback=url) == 201
            for _ in range(3):
                assert received.get(timeout=30) == ("/status", f"app.example.com:{port}")
        """
    )
    result = run(*XDIST, "-n1", f"--otp-gateway=127.0.0.1:{closed_port()}")
    result.assert_outcomes(passed=1)


def test_a_template(pytester: pytest.Pytester, run: Run) -> None:
    """A template that a test declared is known to the gateway until the run ends."""
    pytester.makepyfile(
        """
        from sends import send_template

        def test_one(otp_gateway, otp_number):
            otp_gateway.add_template("HX" + "0" * 32, "{{1}} is your code")

        def test_two(otp_gateway, otp_number):
            number = otp_number()
            assert send_template(otp_gateway.url, number.e164, "HX" + "0" * 32, "274615") == 201
            assert number.wait_code() == "274615"
        """
    )
    run().assert_outcomes(passed=2)


def test_what_is_wrong_is_said_in_the_test(pytester: pytest.Pytester, run: Run) -> None:
    """An unknown error fails the test with what is allowed, and without frames of the plugin."""
    pytester.makepyfile("def test_it(otp_gateway): otp_gateway.fail(error='unreachabel')")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E   *SettingsError: unknown error 'unreachabel': expected unsubscribed, unreachable, *"]
    )
    assert "failures.py" not in result.stdout.str()


@pytest.mark.parametrize("call", ["fail(error='late')", "add_template('HX', 'text')"])
def test_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """With a real provider nothing can be made to fail, and the error says how to skip the test."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.makepyfile(f"def test_it(otp_gateway): otp_gateway.{call}")
    result = run("--otp-provider=otpcepat")
    result.assert_outcomes(failed=1)
    name = call.partition("(")[0]
    expected = f"otp_gateway.{name} is not available with a real provider. Skip the test if otp_gateway.url is None."
    result.stdout.fnmatch_lines([f"E   *SettingsError: {expected}"])
