"""Why no SMS came, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import pytest

from pytest_otp.gateway.report import concerns, described, explained, summed, troubles
from pytest_otp.gateway.seen import GatewayRequest, Outcome
from tests.gateway.world import ACCOUNT, HELD, STRAY

CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Faxes.json"
CLIENTS = "For clients that ignore proxies, use otp_gateway.environ(preload=True), or see docs/gateways.md."


def seen(outcome: Outcome, host: str = "api.twilio.com", **more: Any) -> GatewayRequest:
    fields: dict[str, Any] = {"method": "POST", "path": CALLS, "service": "twilio", "status": 404, "numbers": ()}
    fields |= {"at": datetime.now(timezone.utc), "host": host, "outcome": outcome}
    return GatewayRequest(**fields | more)


def tunnel(host: str, outcome: Outcome = "blocked") -> GatewayRequest:
    return seen(outcome, host, method="CONNECT", path="", service=None, status=403)


def why(*requests: GatewayRequest, environ: Mapping[str, str] | None = None) -> str:
    return explained(requests, HELD, environ or {})


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (seen("not served"), "POST api.twilio.com/…/Faxes.json was answered 404: not served."),
        (seen("not served", "127.0.0.1"), "POST /…/Faxes.json was answered 404: not served."),
        (seen("refused", path="/v1/x", status=401), "POST api.twilio.com/v1/x was answered 401."),
        (seen("answered", path="/x", status=200), "POST api.twilio.com/x was answered 200 and sent no SMS."),
        (seen("astray", numbers=(STRAY,)), f"SMS went to {STRAY}, which no test holds."),
        (seen("blocked", "api.plivo.com"), "The application asked for api.plivo.com (Plivo, blocked)."),
        (
            seen("let out", "api.plivo.com"),
            "The application asked for api.plivo.com (allowed with real_sms=True: such SMS are real).",
        ),
        (
            seen("failed", "app.test", path="/receipt", by_gateway=True),
            "The gateway's own POST app.test/receipt was not answered (failed).",
        ),
        (
            seen("failed", "127.0.0.1", path="/receipt", by_gateway=True),
            "The gateway's own POST /receipt was not answered (failed).",
        ),
    ],
)  # fmt: skip
def test_one_request(request_: GatewayRequest, sentence: str) -> None:
    """Each thing that went wrong has its sentence."""
    assert why(request_) == sentence


def test_no_request_at_all() -> None:
    """Without a request, the application may run without the gateway's variables, or its client ignore them."""
    assert why() == (
        "No request reached the gateway since the order: is the application running with otp_gateway.environ()? "
        + CLIENTS
    )


def test_no_request_for_an_sms() -> None:
    """A blocked host that sends no SMS is named, and does not hide that no request for an SMS came."""
    assert why(tunnel("telemetry.example")) == (
        "The application asked for telemetry.example (blocked): is the application running with "
        "otp_gateway.environ()? " + CLIENTS
    )


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, "AWS_ENDPOINT_URL is set, so the AWS SDKs send there."),
        (
            {"AWS_ENDPOINT_URL_SNS": "x", "AWS_ENDPOINT_URL": "y"},
            "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SNS are set, so the AWS SDKs send there.",
        ),
    ],
)
def test_an_endpoint_of_aws(environ: dict[str, str], text: str) -> None:
    """An address for AWS that was in the environment is left alone by `environ()`, so it is named."""
    assert why(environ=environ).endswith(f"docs/gateways.md. {text}")


def test_messages_that_were_read_before() -> None:
    """If SMS came to this number, the application is fine: an earlier wait took them."""
    delivered = seen("delivered", numbers=(HELD,), status=201)
    assert why(delivered, delivered) == (
        "The gateway delivered 2 SMS to this number since the order, which were read before."
    )


def test_requests_that_say_nothing() -> None:
    """Requests that went well and sent nothing are mentioned, not told one by one."""
    assert why(seen("answered", method="GET", status=200)) == (
        "The gateway got no request for an SMS to this number since the order."
    )


def test_the_likeliest_reason_comes_first() -> None:
    """What goes wrong with SMS stands before hosts that send none, equal requests are counted, and the list ends."""
    requests = [
        *(tunnel(f"{name}.example") for name in "abcdef"),
        *(seen("refused", path="/v1/x", status=400) for _ in range(3)),
        seen("astray", numbers=(STRAY,)),
    ]
    assert troubles(requests) == (
        f"SMS went to {STRAY}, which no test holds; POST api.twilio.com/v1/x was answered 400 (3 times); "
        "the application asked for a.example (blocked); the application asked for b.example (blocked); "
        "the application asked for c.example (blocked) and 3 more"
    )


def test_hostile_requests() -> None:
    """What an application wrote is one printable line of bounded length."""
    text = why(*(tunnel("\x1b[2J\u202e" + "x" * 200 + str(number)) for number in range(50)))
    assert text.isprintable()
    assert len(text) < 2000
    assert "\x1b" not in described(tunnel("\x1b[2J"))


@pytest.mark.parametrize(
    ("request_", "matters"),
    [
        (seen("not served"), True),
        (seen("refused", numbers=(HELD,)), True),
        (seen("refused", numbers=(STRAY,)), True),
        (seen("delivered", numbers=("+12015550101",)), False),
        (seen("refused", numbers=("+12015550101",)), False),
        (seen("astray", numbers=("+12015550101",)), True),
        (seen("astray", numbers=("+12015550102",)), False),
        (seen("delivered", numbers=("+12015550101", HELD)), True),
    ],
)
def test_what_concerns_a_number(request_: GatewayRequest, matters: bool) -> None:
    """What is about other tests' numbers does not matter, unless it went to one that this process has closed."""
    ours = {HELD, "+12015550101"}.__contains__
    assert concerns(request_, HELD, ours=ours, theirs={"+12015550102"}) is matters


def test_the_summary() -> None:
    """At the end of a run, what no test can have meant is told once each, with how often."""
    requests = [
        *(tunnel("b.example"), tunnel("a.example"), tunnel("b.example")),
        *(seen("not served"), seen("let out", "api.plivo.com"), tunnel("c.example", "failed")),
    ]
    assert summed(requests) == [
        "the gateway was asked for what it does not serve: POST api.twilio.com/…/Faxes.json",
        "the gateway blocked requests to: a.example, b.example (2 times)",
        "allowed hosts that could not be reached: c.example",
        "requests that went to real SMS services: api.plivo.com",
    ]
    assert summed([]) == []


def test_a_text_that_is_to_be_shown() -> None:
    """With `--otp-show-sms` the log has the text too."""
    request = seen("delivered", "127.0.0.1", path="/sms", status=202, numbers=(HELD,), text="Your code is 482913\n")
    assert described(request) == f"POST /sms: 202, SMS 'Your code is 482913\\n' to {HELD}"


def test_a_long_text_is_cut() -> None:
    """An SMS in the log is one printable line of bounded length, whatever the application sent."""
    line = described(seen("delivered", "127.0.0.1", path="/sms", numbers=(HELD,), text="\x1b[2J\u202e" + "x" * 60_000))
    assert line.isprintable()
    assert len(line) < 2_000


@pytest.mark.parametrize("outcome", ["blocked", "failed"])
def test_the_path_of_another_host_is_not_shown(outcome: Outcome) -> None:
    """The log names the host of a request that is no SMS service's, and not its path, which may hold a key."""
    request = seen(outcome, "hooks.example.com", path="/services/T0/s3cr3t", service=None, status=403)
    assert described(request) == f"POST hooks.example.com: 403, {outcome}"
