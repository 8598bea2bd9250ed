"""Unmodified applications in processes of their own: `environ()` alone brings their SMS to the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_otp.codes import extract_code
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

WAITING = "code?\n"
"""What a program prints when it waits for a code."""

TWILIO_VERIFY = f"""
import sys
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse
WAITING = {WAITING!r}
client = Client("{ACCOUNT}", "an-invented-token")
lookup = client.lookups.v2.phone_numbers(sys.argv[1]).fetch(fields="line_type_intelligence")
assert lookup.valid and lookup.line_type_intelligence["type"] == "mobile"
service = client.verify.v2.services("VA" + "1" * 32)
started = service.verifications.create(to=sys.argv[1], channel="sms", locale="de")
assert service.verifications.create(to=sys.argv[1], channel="call").sid == started.sid
print(started.status, len(started.send_code_attempts))
code = input(WAITING)
assert service.verifications(started.sid).fetch().status == "pending"
print(service.verification_checks.create(to=sys.argv[1], code="000" + code[3:][::-1]).status)
print(service.verification_checks.create(verification_sid=started.sid, code=code).status)
try:
    service.verification_checks.create(to=sys.argv[1], code=code)
except TwilioRestException as error:
    print(error.status, error.code)
made = client.verify.v2.services.create(friendly_name="Shop", code_length=8)
assert [service.code_length for service in client.verify.v2.services.list()] == [8, 6]
assert made.delete()
response = VoiceResponse()
response.say("Your code is 4. 8. 2. 9. 1. 3.", loop=2)
sent = client.calls.create(to=sys.argv[1], from_="+15005550006", twiml=response)
print(sent.status, client.calls(sent.sid).fetch().status, len(client.calls.list(to=sys.argv[1])))
print(input(WAITING))
"""

VONAGE_VERIFY = f"""
import sys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from vonage import Auth, Vonage
from vonage_http_client.errors import HttpRequestError
from vonage_messages import WhatsappText
from vonage_verify import SmsChannel, VerifyRequest, VoiceChannel
from vonage_verify_legacy import VerifyError, VerifyRequest as LegacyRequest
WAITING = {WAITING!r}
key = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
verify = Vonage(Auth(application_id="0" * 8, private_key=key.decode())).verify
to = sys.argv[1].lstrip("+")
request = VerifyRequest(brand="Acme", workflow=[SmsChannel(to=to), VoiceChannel(to=to)], locale="de-de", code_length=6)
started = verify.start_verification(request)
verify.trigger_next_workflow(started.request_id)
code = input(WAITING)
for given in ("000" + code[3:][::-1], code, code):
    try:
        print(verify.check_code(started.request_id, given).status)
    except HttpRequestError as error:
        print(error.response.status_code, error.response.json()["title"])
again = verify.start_verification(request)
verify.cancel_verification(again.request_id)
client = Vonage(Auth(api_key="invented", api_secret="as-invented"))
verify = client.verify_legacy
started = verify.start_verification(LegacyRequest(number=to, brand="Acme", lg="de-de", code_length=6))
verify.trigger_next_event(started.request_id)
code = input(WAITING)
for given in ("000" + code[3:][::-1], code):
    try:
        print(verify.check_code(started.request_id, given).status)
    except VerifyError as error:
        print("'status': '16'" in str(error))
print(verify.search(started.request_id).status, verify.search([started.request_id])[0].status)
client.messages.send(WhatsappText(to=to, from_="447400123456", text="Your code is 482913"))
print(input(WAITING))
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


@pytest.mark.parametrize(
    ("program", "told"),
    [
        pytest.param(
            TWILIO_VERIFY,
            ["pending 1", "pending", "approved", "404 20404", "queued completed 1", "482913"],
            id="twilio",
        ),
        pytest.param(
            VONAGE_VERIFY,
            ["400 Invalid Code", "completed", "404 Not Found", "True", "0", "SUCCESS SUCCESS", "482913"],
            id="vonage",
        ),
    ],
)
def test_a_service_invents_the_code(
    program: str, told: list[str], address: GatewayAddress, line: Line, tmp_path: Path
) -> None:
    """The official package asks for verifications, the test gets their codes, and only the right one is accepted."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **address.environ()}
    command = [sys.executable, "-u", "-c", program, line.e164]
    said = []
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for written in running.stdout:
            if written == WAITING:
                running.stdin.write(f"{extract_code(line.messages()[-1].text)}\n")
                running.stdin.flush()
            else:
                said.append(written.rstrip("\n"))
    assert said == told
    assert "für" in line.messages()[0].text  # the language that was asked for


def test_nothing_else_goes_out(address: GatewayAddress, tmp_path: Path) -> None:
    """Requests to other hosts are blocked, and the error says by whom and how to allow them."""
    told = run(OTHER_HOST, address, tmp_path)
    assert 'otp_gateway.allow_hosts("example.com")' in told
    assert "403 pytest-otp blocks example.com" in told


def test_loopback_is_not_swallowed(address: GatewayAddress, line: Line, tmp_path: Path) -> None:
    """Calls to this machine, such as to the gateway's own url, by http or https, do not go by the proxy."""
    assert run(LOOPBACK, address, tmp_path, str(address.url), line.e164, "Your code is 1234") == "202\n400\n"
    assert len(line.messages()) == 1
