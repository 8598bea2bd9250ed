"""Unmodified applications in processes of their own: `environ()` alone brings their SMS to the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.gateway.address import GatewayAddress, serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier, Line

ACCOUNT = "AC" + "0" * 32

TWILIO = f"""
import sys
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
client = Client("{ACCOUNT}", "an-invented-token")
sent = client.messages.create(to=sys.argv[1], from_="+15005550006", body=sys.argv[2])
assert client.messages(sent.sid).fetch().body == sys.argv[2]
try:
    client.messages.create(to="12", from_="+15005550006", body="no")
except TwilioRestException as error:
    print(sent.sid[:2], error.code)
"""

VONAGE_SMS = """
import sys
from vonage import Auth, Vonage
from vonage_sms import SmsMessage
client = Vonage(Auth(api_key="invented", api_secret="as-invented"))
print(client.sms.send(SmsMessage(to=sys.argv[1], from_="Shop", text=sys.argv[2])).messages[0].status)
"""

VONAGE_MESSAGES = """
import sys
from vonage import Auth, Vonage
from vonage_messages import Sms
client = Vonage(Auth(api_key="invented", api_secret="as-invented"))
print(len(client.messages.send(Sms(to=sys.argv[1].lstrip("+"), from_="Shop", text=sys.argv[2])).message_uuid))
"""

SNS = """
import sys
import boto3
client = boto3.client("sns", region_name="eu-west-1", aws_access_key_id="invented", aws_secret_access_key="invented")
print(len(client.publish(PhoneNumber=sys.argv[1], Message=sys.argv[2])["MessageId"]))
"""

REFUSED_BY_TWILIO = f"""
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
client = Client("{ACCOUNT}", "an-invented-token")
for ask in (client.conversations.v1.conversations.create, client.conferences("CF1").fetch):
    try:
        ask()
    except TwilioRestException as error:
        print(error)
"""

REFUSED_BY_AWS = """
import boto3
from botocore.exceptions import ClientError
client = boto3.client(
    "pinpoint", region_name="eu-west-1", aws_access_key_id="invented", aws_secret_access_key="invented"
)
try:
    client.get_apps()
except ClientError as error:
    print(error)
"""

REFUSED_BY_STATUS = """
import requests
try:
    requests.post("https://api.46elks.com/a1/sms", data={}, timeout=60).raise_for_status()
except requests.HTTPError as error:
    print(error)
"""

OTHER_HOST = """
import requests
print(requests.get("http://example.com/", timeout=60).text)
try:
    requests.get("https://example.com/", timeout=60)
except requests.exceptions.ProxyError as error:
    print(error)
"""

LOOPBACK = """
import sys
import requests
print(requests.post(sys.argv[1] + "/sms", json={"to": sys.argv[2], "text": sys.argv[3]}, timeout=60).status_code)
print(requests.post(sys.argv[1].replace("http", "https") + "/sms", json={}, timeout=60).status_code)
"""


@pytest.fixture(scope="module")
def carrier() -> Carrier:
    return Carrier(seed=1)


@pytest.fixture(scope="module")
def address(carrier: Carrier) -> Iterator[GatewayAddress]:
    with serving(Gateway(carrier), host="127.0.0.1", port=0, setting="--otp-gateway") as served:
        yield served


@pytest.fixture
def line(carrier: Carrier) -> Line:
    return carrier.allocate("US")


def run(program: str, address: GatewayAddress, folder: Path, *arguments: str) -> str:
    """What it prints, in an environment that holds next to nothing else."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **address.environ()}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("program", "told"),
    [
        pytest.param(TWILIO, "SM 21211\n", id="twilio"),
        pytest.param(VONAGE_SMS, "0\n", id="vonage sms"),
        pytest.param(VONAGE_MESSAGES, "36\n", id="vonage messages"),
        pytest.param(SNS, "36\n", id="sns"),
    ],
)
def test_an_sdk_sends_to_the_test(program: str, told: str, address: GatewayAddress, line: Line, tmp_path: Path) -> None:
    """The official package, with the service's real address and https, delivers at the number, and gets its answer."""
    assert run(program, address, tmp_path, line.e164, "Your code is 482913") == told
    assert [sms.text for sms in line.messages()] == ["Your code is 482913"]


def test_nothing_else_goes_out(address: GatewayAddress, tmp_path: Path) -> None:
    """Requests to other hosts are blocked, and the error says by whom and how to allow them."""
    told = run(OTHER_HOST, address, tmp_path)
    assert 'otp_gateway.allow_hosts("example.com")' in told
    assert "403 pytest-otp blocks example.com" in told


@pytest.mark.parametrize(
    ("program", "reasons"),
    [
        pytest.param(
            REFUSED_BY_TWILIO,
            [
                "pytest-otp: conversations.twilio.com is blocked, because the gateway does not serve Twilio",
                f"pytest-otp: the gateway does not serve GET /2010-04-01/Accounts/{ACCOUNT}/Conferences/CF1.json",
            ],
            id="twilio",
        ),
        pytest.param(REFUSED_BY_AWS, ["(AccessDeniedException)", "does not serve Amazon Pinpoint"], id="boto3"),
        pytest.param(REFUSED_BY_STATUS, ["403 Client Error: pytest-otp blocks api.46elks.com"], id="requests"),
    ],
)
def test_an_sdk_shows_why_it_was_refused(
    program: str, reasons: list[str], address: GatewayAddress, tmp_path: Path
) -> None:
    """What is not served is refused inside the tunnel, so that the application's own error has the reason."""
    told = run(program, address, tmp_path)
    assert [reason for reason in reasons if reason not in told] == []


def test_loopback_is_not_swallowed(address: GatewayAddress, line: Line, tmp_path: Path) -> None:
    """Calls to this machine, such as to the gateway's own url, by http or https, do not go by the proxy."""
    assert run(LOOPBACK, address, tmp_path, str(address.url), line.e164, "Your code is 1234") == "202\n400\n"
    assert len(line.messages()) == 1
