"""A test is told what the gateway saw: in its CodeTimeout, in the summary and the log, and by otp_gateway."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from tests.plugin.inner import XDIST
from tests.servers import closed_port

Run = Callable[..., pytest.RunResult]

APPLICATION = """
    import http.client, json
    from urllib.parse import urlsplit

    CALLS = "/2010-04-01/Accounts/AC" + "0" * 32 + "/Faxes.json"
    BASIC = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbg=="

    def ask(gateway, method, target, body=None, host=None, kind="application/json"):
        connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=30)
        headers = {"Content-Type": kind, "Authorization": BASIC} | ({"Host": host} if host else {})
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        connection.close()
        return answer.status

    def sms(gateway, to, text):
        return ask(gateway, "POST", "/sms", json.dumps({"to": to, "text": text}))

    def call(gateway, to):
        body = "To=%2B" + to[1:]
        return ask(gateway, "POST", CALLS, body, "api.twilio.com", "application/x-www-form-urlencoded")
"""
CLIENTS = "For clients that ignore proxies, use otp_gateway.environ(preload=True), or see docs/gateways.md."


@pytest.fixture
def told(pytester: pytest.Pytester, run: Run) -> Callable[..., pytest.RunResult]:
    """Runs a test module that can act as an application."""
    pytester.makepyfile(application=APPLICATION)
    pytester.syspathinsert()

    def inner(source: str, *args: str) -> pytest.RunResult:
        pytester.makepyfile(test_it="from application import *\n" + textwrap.dedent(source))
        return run(*args)

    return inner


def reasons(result: pytest.RunResult) -> list[str]:
    """What each CodeTimeout said after its time, without the summary's repetition."""
    lines = (line for line in result.outlines if line.startswith("E "))
    return [line.partition(" within 0.1 s. ")[2] for line in lines if " within 0.1 s. " in line]


Told = Callable[..., pytest.RunResult]


def test_what_the_application_asked_for(told: Told) -> None:
    """A blocked host and a path that is not served are the reasons why no SMS came, also without a number in them."""
    result = told(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            assert ask(otp_gateway, "GET", "http://telemetry.example/?key=secret") == 403
            assert ask(otp_gateway, "POST", "http://api.46elks.com/a1/sms", "{}") == 403
            assert call(otp_gateway, number.e164) == 404
            number.wait_code(timeout=0.1)
        """
    )
    (reason,) = reasons(result)
    assert reason == (
        "POST api.twilio.com/…/Faxes.json was answered 404: not served; the application asked for api.46elks.com "
        "(46elks, blocked); the application asked for telemetry.example (blocked)."
    )
    result.stdout.fnmatch_lines(
        [
            "*one-time codes by SMS*",
            "the gateway was asked for what it does not serve: POST api.twilio.com/…/Faxes.json",
            "the gateway blocked requests to: api.46elks.com, telemetry.example",
        ]
    )
    result.stdout.no_fnmatch_line("*secret*")


def test_sms_to_another_number(told: Told) -> None:
    """A stray is told to the test whose order was there, and not to the next one."""
    result = told(
        """
        def test_one(otp_number, otp_gateway):
            number = otp_number()
            assert sms(otp_gateway, "+12015550199", "Your code is 482913") == 202
            number.wait_code(timeout=0.1)

        def test_two(otp_number, otp_gateway):
            otp_number().wait_code(timeout=0.1)
        """
    )
    assert reasons(result) == [
        "SMS went to +12015550199, which no test holds.",
        "No request reached the gateway since the order: is the application running with otp_gateway.environ()? "
        + CLIENTS,
    ]
    result.stdout.no_fnmatch_line("*482913 *")


def test_requests_of_another_test(told: Told) -> None:
    """What went wrong before the order, or is about another test's number, is not told."""
    result = told(
        """
        def test_it(otp_number, otp_gateway):
            other = otp_number()
            assert call(otp_gateway, "+12015550199") == 404
            number = otp_number()
            assert call(otp_gateway, other.e164) == 404
            assert sms(otp_gateway, other.e164, "Your code is 482913") == 202
            number.wait_code(timeout=0.1)
        """
    )
    assert reasons(result) == [
        "No request reached the gateway since the order: is the application running with otp_gateway.environ()? "
        + CLIENTS
    ]


def test_an_sms_without_a_code(told: Told) -> None:
    """Where an SMS came that was skipped, what else went wrong follows the usual advice."""
    result = told(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            assert sms(otp_gateway, number.e164, "Welcome") == 202
            assert call(otp_gateway, number.e164) == 404
            number.wait_code(timeout=0.1)
        """
    )
    result.stdout.fnmatch_lines(
        ["E *skipped 1 SMS*. Use --otp-show-sms *wait_code(pattern=...). POST api.twilio.com/…/Faxes.json was *served."]
    )


def test_an_sms_that_was_read(told: Told) -> None:
    """Who waits for a second SMS learns that the first one had come."""
    result = told(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            sms(otp_gateway, number.e164, "Your code is 482913")
            assert number.wait_code() == "482913"
            number.wait_code(timeout=0.1)
        """
    )
    assert reasons(result) == ["The gateway delivered 1 SMS to this number since the order, which were read before."]


def test_an_endpoint_in_the_environment(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint of AWS that `environ()` leaves alone is named where no request came."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    result = told("def test_it(otp_number, otp_gateway): otp_number().wait_code(timeout=0.1)")
    assert reasons(result)[0].endswith("docs/gateways.md. AWS_ENDPOINT_URL is set, so the AWS SDKs send there.")


def test_what_a_test_can_ask(told: Told) -> None:
    """`requests` and `sent_to` are complete as soon as the code is there."""
    told(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            sms(otp_gateway, number.e164, "Your code is 482913")
            assert number.wait_code() == "482913"
            (request,) = otp_gateway.requests
            assert (request.path, request.outcome, request.numbers) == ("/sms", "delivered", (number.e164,))
            assert request.text is None and "482913" not in repr(otp_gateway.requests)
            (message,) = otp_gateway.sent_to(number)
            assert (message.text, message.service) == ("Your code is 482913", "plain")
            assert otp_gateway.sent_to("+12015550199") == ()
        """
    ).assert_outcomes(passed=1)


@pytest.mark.parametrize("shows", [False, True])
def test_the_log(told: Told, shows: bool) -> None:
    """At INFO a failed test shows each request; the text of an SMS is there with --otp-show-sms only."""
    result = told(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            sms(otp_gateway, number.e164, "Your code is 482913")
            for request in otp_gateway.requests:
                assert (request.text is None) is not SHOWS
            assert False
        """.replace("SHOWS", str(shows)),
        "--log-level=INFO",
        *(["--otp-show-sms"] if shows else []),
    )
    text = " 'Your code is 482913'" if shows else ""
    result.stdout.fnmatch_lines([f"INFO*pytest_otp.gateway:*POST /sms: 202, SMS{text} to +1*"])
    result.assert_outcomes(failed=1)


WORKERS = """
    import pathlib, pytest, time

    def both(own):
        # Each worker goes on when both are there.
        pathlib.Path(own).touch()
        end = time.monotonic() + 60
        while len(list(pathlib.Path().glob(own.rpartition("-")[0] + "-*"))) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)

    def test_it(otp_number, otp_gateway, worker_id):
        number = otp_number()
        both("ordered-" + worker_id)
        sms(otp_gateway, number.e164, "Your code is 482913")
        assert number.wait_code() == "482913"
        assert call(otp_gateway, number.e164) == 404
        if worker_id == "gw0":
            assert ask(otp_gateway, "GET", "http://telemetry.example/") == 403
            sms(otp_gateway, "+12015550199", "Your code is 482914")
        both("sent-" + worker_id)
        seen = otp_gateway.requests
        assert sorted(request.outcome for request in seen) == ["astray", "blocked", "delivered", "not served"]
        assert {to for request in seen for to in request.numbers} == {number.e164, "+12015550199"}
        assert [message.text for message in otp_gateway.sent_to(number)] == ["Your code is 482913"]
        assert [message.text for message in otp_gateway.sent_to("+12015550199")] == ["Your code is 482914"]
        both("asked-" + worker_id)
        number.wait_code(timeout=0.1)
"""


def test_one_gateway_for_all_workers(told: Told) -> None:
    """A worker learns what concerns its numbers and what has none; the summary counts each request once."""
    result = told(WORKERS, *XDIST, "-n2", "--dist=each", f"--otp-gateway=127.0.0.1:{closed_port()}")
    reason = (
        "SMS went to +12015550199, which no test holds; POST api.twilio.com/…/Faxes.json was answered 404: not served; "
        "the application asked for telemetry.example (blocked)."
    )
    assert reasons(result) == [reason, reason]
    result.stdout.fnmatch_lines(
        [
            "the gateway was asked for what it does not serve: POST api.twilio.com/…/Faxes.json (2 times)",
            "the gateway blocked requests to: telemetry.example",
        ]
    )


def test_a_gateway_for_each_worker(told: Told) -> None:
    """What several workers' gateways blocked is summed up in one line."""
    result = told(
        """
        def test_it(otp_gateway):
            assert ask(otp_gateway, "GET", "http://telemetry.example/") == 403
        """,
        *XDIST,
        "-n2",
        "--dist=each",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["the gateway blocked requests to: telemetry.example (2 times)"])


def test_a_run_without_trouble_has_no_such_line(told: Told) -> None:
    """Requests that went as they should are not in the summary."""
    result = told(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            sms(otp_gateway, number.e164, "Your code is 482913")
            assert number.wait_code() == "482913"
        """
    )
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*the gateway*")
