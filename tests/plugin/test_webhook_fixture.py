"""Whole runs with a webhook: from the POST to wait_code, the token, and xdist's workers."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.push.pushing import TOKEN

SERVICE = """
    import json, os, re, urllib.error, urllib.request

    import pytest

    TEXT = "Your code is {}"

    def send(url, number, code, **changes):
        content = {"id": "m-" + code, "phoneFrom": "Shop", "phone": int(number.digits), "text": TEXT.format(code),
            "code": code, "clientId": os.environ["OTPVIRT_CLIENT_ID"], "activationId": number.order_id, **changes}
        body = json.dumps({name: value for name, value in content.items() if value is not None}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
"""
ONE = (
    SERVICE
    + """
    def test_it(otp_number, otp_webhook):
        number = otp_number()
        assert send(otp_webhook.url, number, "482913") == (200, {"status": 2})
        assert number.wait_code(60) == "482913"
"""
)


class Service:
    """OTP-virt as the sandbox plays it, which shows no SMS by itself; counts what it is asked."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(Carrier(seed=1), scenario="manual")
        self.asked: Counter[str] = Counter()

    def __call__(self, request: Any, start_response: Any) -> Any:
        self.asked[request["PATH_INFO"].rpartition("/")[2]] += 1
        return self.sandbox(request, start_response)

    @property
    def states(self) -> set[str]:
        return {str(rental.state) for rental in self.sandbox.desk.rentals}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service()
    with Server(service) as server:
        for name, value in environ(server.url).items():
            if name.startswith("OTPVIRT"):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTEST_OTP_PROVIDER", "otpvirt")
        monkeypatch.setenv("PYTEST_OTP_SERVICE", "vi")
        monkeypatch.setenv("PYTEST_OTP_COUNTRY", "tajikistan")
        monkeypatch.setenv("PYTEST_OTP_LEDGER", "state/ledger")
        monkeypatch.setenv("PYTEST_OTP_WEBHOOK", "127.0.0.1:0")
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield service


Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "--tb=short", *args
        )

    return inner


@pytest.mark.parametrize("keeper", ["on", "off"])
def test_a_run(pytester: pytest.Pytester, run: Run, service: Service, keeper: str) -> None:
    """Pushed to the run's own url, the code is there without one look, and the order is finished."""
    pytester.makepyfile(ONE)
    result = run(f"--otp-keeper={keeper}")
    result.assert_outcomes(passed=1)
    assert (service.asked["GetSms"], service.states) == (0, {"finished"})
    assert re.search(r"webhook 127\.0\.0\.1:0 \(PYTEST_OTP_WEBHOOK\)", result.stdout.str())


def test_what_is_refused(pytester: pytest.Pytester, run: Run, service: Service) -> None:
    """Foreign orders, numbers and accounts, and the numbers of tests that are over."""
    pytester.makepyfile(
        SERVICE
        + """
    KEPT = []

    def test_first(otp_number, otp_webhook):
        number = otp_number()
        KEPT.append(number)
        assert send(otp_webhook.url, number, "111111", activationId="0" * 36)[0] == 404
        assert send(otp_webhook.url, number, "111111", phone=int(number.digits) + 1)[0] == 404
        assert send(otp_webhook.url, number, "111111", clientId="0" * 36)[0] == 403
        assert send(otp_webhook.url + "x", number, "111111")[0] == 404
        assert send(otp_webhook.url, number, "222222") == (200, {"status": 2})
        assert send(otp_webhook.url, number, "222222") == (200, {"status": 2})
        assert number.wait_code(60) == "222222"
        assert len(number.messages) == 1

    def test_second(otp_webhook):
        assert send(otp_webhook.url, KEPT[0], "333333")[0] == 404
    """
    )
    run().assert_outcomes(passed=2)


def test_the_fixed_token(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is the one that the service was told; no report shows it."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", TOKEN)
    pytester.makepyfile(
        f"""
        def test_it(otp_webhook):
            assert otp_webhook.url.endswith("/otpvirt/{TOKEN}")
            print(otp_webhook.url)
            assert otp_webhook.url == ""
        """.replace(TOKEN, TOKEN[:5] + '" + "' + TOKEN[5:])
    )
    result = run("-l", "-vv")
    result.assert_outcomes(failed=1)
    assert "otpvirt/***" in result.stdout.str()
    assert TOKEN not in result.stdout.str() + result.stderr.str()


def test_a_random_token(pytester: pytest.Pytester, run: Run, service: Service) -> None:
    """Without one the path cannot be guessed, and is another one in each run."""
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it(otp_webhook):
            with Path("urls").open("a") as urls:
                print(otp_webhook.url.rpartition("/")[2], file=urls)
        """
    )
    run().assert_outcomes(passed=1)
    run().assert_outcomes(passed=1)
    first, second = (pytester.path / "urls").read_text().split()
    assert first != second
    assert min(len(first), len(second)) >= 32


def test_a_bad_token(run: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before any test, and not quoted."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", "too-short")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = filter(None, result.errlines)
    assert error == (
        "ERROR: OTPVIRT_WEBHOOK_TOKEN: invalid token: expected at least 16 characters out of A-Z, a-z, 0-9, - and _. "
        "Generate one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
    )


@pytest.mark.parametrize("args", [["--otp-provider=fake"], ["--otp-provider=otpcepat"], ["-n2"]], ids=str)
def test_no_webhook(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    """Off, and with a provider that pushes nothing, there is no url and no socket."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", "an-invented-key")
    if args == ["-n2"]:
        monkeypatch.delenv("PYTEST_OTP_WEBHOOK")
    pytester.makepyfile(
        """
        import sys

        def test_it(otp_webhook):
            assert otp_webhook.url is None
            assert "werkzeug" not in sys.modules
        """
    )
    run("-p", "xdist", *args).assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n2"]], ids=["alone", "workers"])
def test_a_port_that_is_taken(pytester: pytest.Pytester, run: Run, service: Service, workers: list[str]) -> None:
    """The error names the option."""
    pytester.makepyfile(ONE)
    taken = os.environ["OTPVIRT_BASE_URL"].split("/")[2]
    result = run(f"--otp-webhook={taken}", *workers)
    said = f"--otp-webhook (PYTEST_OTP_WEBHOOK): cannot listen on {taken}: the port is already in use"
    assert said in result.stdout.str() + result.stderr.str()
    assert result.ret == (pytest.ExitCode.USAGE_ERROR if workers else pytest.ExitCode.TESTS_FAILED)


@pytest.mark.parametrize(("keeper", "token"), [("on", TOKEN), ("off", "")], ids=["fixed", "random"])
def test_workers(
    pytester: pytest.Pytester,
    run: Run,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    keeper: str,
    token: str,
) -> None:
    """Under xdist all share one url, and each worker gets the codes of its own orders, also those pushed by others."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", token)
    pytester.makepyfile(
        SERVICE
        + """
    import time
    from pathlib import Path
    from types import SimpleNamespace

    @pytest.mark.parametrize("mine, other", [("0", "1"), ("1", "0")])
    def test_it(otp_number, otp_webhook, worker_id, mine, other):
        number = otp_number()
        Path("waits-" + mine + ".part").write_text(f"{worker_id} {number.digits} {number.order_id} {otp_webhook.url}")
        Path("waits-" + mine + ".part").rename("waits-" + mine)
        end = time.monotonic() + 60
        while not Path("waits-" + other).exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        worker, digits, order_id, url = Path("waits-" + other).read_text().split()
        assert (worker != worker_id, url) == (True, otp_webhook.url)
        theirs = SimpleNamespace(digits=digits, order_id=order_id)
        assert send(url, theirs, "55555" + other) == (200, {"status": 2})
        assert send(url, theirs, "55555" + other) == (200, {"status": 2})
        assert send(url, theirs, "666666", phone=int(number.digits))[0] == 404
        assert number.wait_code(60) == "55555" + mine
        assert len(number.messages) == 1
    """
    )
    result = run("-p", "xdist", "-n2", f"--otp-keeper={keeper}")
    result.assert_outcomes(passed=2)
    assert (service.asked["GetSms"], service.states) == (0, {"finished"})


def test_a_worker_masks_what_it_was_sent(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that fails with `workerinput` among its locals shows no secret of the run, also if it uses no webhook."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", "")
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it(pytestconfig):
            sent = pytestconfig.workerinput
            secrets = [shared["secret"] for shared in (sent["otp_webhook"], sent["otp_hub"])]
            Path("secrets").write_text(" ".join(secrets))
            print(secrets)
            assert not sent
        """
    )
    result = run("-p", "xdist", "-n1", "-l", "-vv")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*otp_webhook*"])
    secrets = (pytester.path / "secrets").read_text().split()
    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in result.stdout.str()]


def test_nothing_outlives_the_run(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder of the channel is left, no port is held, and no text of an SMS is in the ledger."""
    temporary = pytester.mkdir("tmp-of-the-run")
    monkeypatch.setenv("TMPDIR", str(temporary))
    pytester.makepyfile(ONE)
    run("-p", "xdist", "-n2", "--basetemp=base").assert_outcomes(passed=1)
    assert not [path for path in temporary.iterdir() if path.name.startswith("pytest-otp-")]
    assert all(b"482913" not in path.read_bytes() for path in (pytester.path / "state").rglob("*") if path.is_file())


def test_a_push_without_a_message_id(pytester: pytest.Pytester, run: Run, service: Service) -> None:
    """It makes the wait ask the service, which shows nothing here; the wait asks once more before it gives up."""
    pytester.makepyfile(
        SERVICE
        + """
    from pytest_otp import CodeTimeout

    def test_it(otp_number, otp_webhook):
        number = otp_number()
        assert send(otp_webhook.url, number, "482913", id=None) == (200, {"status": 2})
        with pytest.raises(CodeTimeout):
            number.wait_code(1.5)
    """
    )
    run().assert_outcomes(passed=1)
    assert service.asked["GetSms"] == 2
