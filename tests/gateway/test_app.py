"""Which request is for which service, and the log of messages."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

from pytest_otp.gateway.app import Gateway
from pytest_otp.gateway.record import MOST_KEPT
from tests.gateway.world import HELD, STRAY, Network, World


def test_a_host_decides_before_the_path(world: World) -> None:
    """At a service's own host every request is that service's; at another host the path decides."""
    hosts = {
        "api.twilio.com:443": (401, b'"code": 20003'),
        "verify.twilio.com": (401, b'"code": 20003'),
        "lookups.twilio.com": (401, b'"code": 20003'),
        "api.nexmo.com": (404, b"the gateway does not serve POST /sms."),
        "sns.us-east-1.amazonaws.com": (403, b"MissingAuthenticationToken"),
        "gateway.test:8025": (415, b"Content-Type must be application/json"),
        "": (415, b"Content-Type must be application/json"),
    }
    for host, (status, words) in hosts.items():
        answer = world.ask("POST", "/sms", "{}", {"Host": host})
        assert answer.status == status
        assert words in answer.raw


@pytest.mark.parametrize(
    ("method", "path", "matches"),
    [
        ("POST", "/sms", True),
        ("POST", "/sms/json", True),
        ("POST", "/v2/verify", True),
        ("POST", "/verify/check/json", True),
        ("GET", "/v2/Services", True),
        ("GET", "/v2/PhoneNumbers/+12015550123", True),
        ("POST", "/v1/messages", True),
        ("GET", "/2010-04-01/anything", True),
        ("POST", "/", True),
        ("GET", "/", False),
        ("POST", "/sms/xml", False),
        ("POST", "/2010-04-01", False),
    ],
)
def test_which_requests_it_matches(method: str, path: str, matches: bool) -> None:
    """An application that includes the gateway can find out which requests are for it."""
    gateway = Gateway(Network())
    request = Request(EnvironBuilder(path, method=method).get_environ())
    assert gateway.matches(request) is matches


def test_the_log(world: World) -> None:
    """Each accepted message is in the log with its service, and its repr hides the text."""
    world.ask("POST", "/sms", f'{{"to": "{STRAY}", "text": "secret 1"}}', {"Content-Type": "application/json"})
    world.twilio({"To": HELD, "From": "Shop", "Body": "secret 2"})
    world.vonage_sms({"api_key": "k", "api_secret": "s", "to": HELD[1:], "from": "Shop", "text": "secret 3"})
    world.sns({"Action": "Publish", "PhoneNumber": HELD, "Message": "secret 4"})
    world.sns({"Action": "Publish", "PhoneNumber": "12", "Message": "refused"})
    taken = [(sms.service, sms.to, sms.sender, sms.text, sms.held) for sms in world.gateway.log]
    assert taken == [
        ("plain", STRAY, None, "secret 1", False),
        ("twilio", HELD, "Shop", "secret 2", True),
        ("vonage", HELD, "Shop", "secret 3", True),
        ("sns", HELD, None, "secret 4", True),
    ]
    assert world.strays == [STRAY]
    assert "secret" not in repr(world.gateway.log)
    assert all(abs((datetime.now(timezone.utc) - sms.at).total_seconds()) < 60 for sms in world.gateway.log)


def test_the_log_is_bounded() -> None:
    """Of more messages than it keeps, the oldest are dropped."""
    gateway = Gateway(Network())
    client = Client(gateway)
    for number in range(MOST_KEPT + 5):
        assert client.post("/sms", json={"to": HELD, "text": str(number)}).status_code == 202
    assert [sms.text for sms in gateway.log] == [str(number) for number in range(5, MOST_KEPT + 5)]
