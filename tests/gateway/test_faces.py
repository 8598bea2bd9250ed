"""Which request is for which service, which hosts are an SMS service's, and what the gateway remembers."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from pytest_otp.gateway.app import MOST_KEPT, Gateway
from pytest_otp.gateway.hosts import serves
from pytest_otp.gateway.message import Message, is_sender_name, parts
from tests.gateway.world import HELD, STRAY, Network, World


@pytest.mark.parametrize(
    "host",
    [
        "api.twilio.com",
        "API.Twilio.COM",
        "api.twilio.com.",
        "api.dublin.ie1.twilio.com",
        "rest.nexmo.com",
        "api.nexmo.com",
        "api-us-1.nexmo.com",
        "api-eu.vonage.com",
        "messages-sandbox.nexmo.com",
        "sns.us-east-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
        "sns.eu-central-1.api.aws",
        "sns-fips.us-east-1.amazonaws.com",
    ],
)
def test_hosts_of_sms_services(host: str) -> None:
    """Each name that an SDK goes to is one, in whatever case."""
    assert serves(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "127.0.0.1",
        "twilio.com",
        "verify.twilio.com",
        "api.twilio.com.example.com",
        "myapi.twilio.com",
        "nexmo.com",
        "video.api.vonage.com",
        "sns.example.com",
        "s3.us-east-1.amazonaws.com",
        "us-east-1.amazonaws.com",
    ],
)
def test_other_hosts(host: str) -> None:
    """Neither a neighbour's name, nor a longer one, nor an API of theirs that is not served is one."""
    assert not serves(host)


def test_a_host_decides_before_the_path(world: World) -> None:
    """At a service's own name everything is that service's; at another name the path tells."""
    hosts = {
        "api.twilio.com:443": (401, b'"code": 20003'),
        "api.nexmo.com": (404, b"Not found"),
        "sns.us-east-1.amazonaws.com": (403, b"MissingAuthenticationToken"),
        "gateway.test:8025": (415, b"Content-Type must be application/json"),
        "": (415, b"Content-Type must be application/json"),
    }
    for host, (status, words) in hosts.items():
        answer = world.ask("POST", "/sms", "{}", {"Host": host})
        assert answer.status == status
        assert words in answer.raw


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("POST", "/sms", True),
        ("POST", "/sms/json", True),
        ("POST", "/v1/messages", True),
        ("GET", "/2010-04-01/anything", True),
        ("POST", "/", True),
        ("GET", "/", False),
        ("POST", "/sms/xml", False),
        ("POST", "/2010-04-01", False),
    ],
)
def test_what_a_neighbour_may_keep(method: str, path: str, taken: bool) -> None:
    """An application that has the gateway beside other things asks it first."""
    gateway = Gateway(Network())
    request = Request(EnvironBuilder(path, method=method).get_environ())
    assert gateway.takes(request) is taken


def test_the_log(world: World) -> None:
    """Each message that was taken is remembered with its service, and its repr hides the text."""
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
    """Of more messages than it keeps, the first ones go."""
    gateway = Gateway(Network())
    for number in range(MOST_KEPT + 5):
        gateway._hand_on("plain", Message(HELD, str(number), None))
    assert [sms.text for sms in gateway.log] == [str(number) for number in range(5, MOST_KEPT + 5)]


@pytest.mark.parametrize(
    ("name", "special", "is_one"),
    [
        ("Shop", "", True),
        ("Shop and Co", " ", True),
        ("Shop and Co", "", False),
        ("12345", "", False),
        ("AVeryLongName", "", False),
        ("Größe", "", False),
        ("Shop\n", "", False),
        ("", "", False),
    ],
)
def test_sender_names(name: str, special: str, is_one: bool) -> None:
    """Eleven ASCII characters with a letter among them."""
    assert is_sender_name(name, special) is is_one


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("ы" * 70, 1),
        ("ы" * 71, 2),
        ("|" * 81, 2),
    ],
)
def test_parts(text: str, count: int) -> None:
    """The lengths of GSM 03.38 and UCS-2, alone and in several parts."""
    assert parts(text) == count
