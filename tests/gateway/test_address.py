"""What an application is told about a gateway that is a proxy with an authority, in this process or another."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.gateway.address import GatewayAddress, serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier
from pytest_otp.server.authority import Certificates

FILES = Certificates("/somewhere/ca.pem", "/somewhere/bundle.pem", "/somewhere/extra.pem")


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("NODE_EXTRA_CA_CERTS", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def address() -> Iterator[GatewayAddress]:
    with serving(Gateway(Carrier(seed=1)), host="127.0.0.1", port=0, setting="--otp-gateway") as served:
        yield served


def elsewhere() -> GatewayAddress:
    return GatewayAddress("http://127.0.0.1:8025", lambda: FILES)


def test_the_variables() -> None:
    """All variables that the SDKs read are set: the proxy in both spellings, and the certificates for each."""
    url = "http://127.0.0.1:8025"
    assert elsewhere().environ() == {
        "PYTEST_OTP_GATEWAY_URL": url,
        "HTTPS_PROXY": url,
        "https_proxy": url,
        "HTTP_PROXY": url,
        "http_proxy": url,
        "NODE_USE_ENV_PROXY": "1",
        "REQUESTS_CA_BUNDLE": "/somewhere/bundle.pem",
        "CURL_CA_BUNDLE": "/somewhere/bundle.pem",
        "SSL_CERT_FILE": "/somewhere/bundle.pem",
        "AWS_CA_BUNDLE": "/somewhere/bundle.pem",
        "NODE_EXTRA_CA_CERTS": "/somewhere/ca.pem",
        "AWS_ENDPOINT_URL_SNS": url,
        "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": url,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def test_node_keeps_its_extra_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """If NODE_EXTRA_CA_CERTS was set, it names a file that includes those certificates."""
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/mine.pem")
    assert elsewhere().environ()["NODE_EXTRA_CA_CERTS"] == "/somewhere/extra.pem"


@pytest.mark.parametrize(
    "entry",
    ["*", "com", ".com", "twilio.com", ".twilio.com", "*.twilio.com", "api.twilio.com", "api.twilio.com:443",
     "API.Twilio.COM", "rest.nexmo.com", "amazonaws.com", "eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com"],
)  # fmt: skip
def test_no_proxy_lets_no_sms_out(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """Entries of NO_PROXY that would make a client bypass the gateway are removed."""
    monkeypatch.setenv("NO_PROXY", f"db.internal, {entry}")
    assert elsewhere().environ()["NO_PROXY"] == "db.internal,127.0.0.1,localhost"


@pytest.mark.parametrize(
    "entry", ["::1", "10.0.0.0/8", "db.internal:5432", ".example.com", "s3.eu-west-1.amazonaws.com", "x.api.twilio.com"]
)
def test_other_entries_of_no_proxy_stay(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """Entries that do not match an SMS service are kept."""
    monkeypatch.setenv("no_proxy", entry)
    assert elsewhere().environ()["no_proxy"] == f"{entry},127.0.0.1,localhost"


def test_it_may_be_put_into_its_own_environment(address: GatewayAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """For an application in this process the variables are set here; asked again, they are the same."""
    first = address.environ(preload=True, java=True)
    for name, value in first.items():
        monkeypatch.setenv(name, value)
    again = address.environ(preload=True, java=True)
    assert {**again, "NODE_EXTRA_CA_CERTS": ""} == {**first, "NODE_EXTRA_CA_CERTS": ""}
    assert Path(again["NODE_EXTRA_CA_CERTS"]).exists()


def test_the_same_place_by_https(address: GatewayAddress) -> None:
    """`https_url` is the url by https, and `ca_file` a certificate."""
    assert address.url is not None
    assert address.https_url == address.url.replace("http://", "https://")
    assert address.ca_file is not None
    assert Path(address.ca_file).read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")


def test_without_a_gateway_there_is_nothing() -> None:
    """With a real provider there is no address, certificate or variable, and allowing a host does nothing."""
    address = GatewayAddress(None)
    address.allow_hosts("example.com")
    assert (address.https_url, address.ca_file, address.environ(), address.to_plain()) == (None, None, {}, {})


def test_the_variables_without_https() -> None:
    """Of a gateway that serves http only, the application gets the url, and no proxy in front of it."""
    assert GatewayAddress("http://127.0.0.1:8025").environ() == {
        "PYTEST_OTP_GATEWAY_URL": "http://127.0.0.1:8025",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"NO_PROXY": "intranet.test"}, "intranet.test,127.0.0.1,localhost"),
        ({"no_proxy": "a.test, localhost"}, "a.test,localhost,127.0.0.1"),
        ({"NO_PROXY": "b.test,a.test", "no_proxy": "a.test"}, "a.test,b.test,127.0.0.1,localhost"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_no_proxy_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch, before: dict[str, str], after: str) -> None:
    """Entries of both spellings stay, since a program that finds one variable does not read the other."""
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    environ = GatewayAddress("http://127.0.0.1:8025").environ()
    assert (environ["NO_PROXY"], environ["no_proxy"]) == (after, after)


def test_a_gateway_at_another_address_needs_no_proxy() -> None:
    """A gateway that listens beyond loopback is in NO_PROXY too."""
    assert GatewayAddress("http://10.1.2.3:80").environ()["NO_PROXY"] == "127.0.0.1,localhost,10.1.2.3"


def test_with_a_real_provider_there_is_no_gateway() -> None:
    """Without a url there are no variables: the application uses its own SMS service."""
    address = GatewayAddress(None)
    assert address.url is None
    assert address.environ(preload=True, java=True) == {}


def test_nothing_stays_after_the_stop() -> None:
    """The certificates are gone and the port is closed when the context ends."""
    with serving(Gateway(Carrier(seed=1)), host="127.0.0.1", port=0, setting="--otp-gateway") as address:
        folder = Path(str(address.ca_file)).parent
        netloc = urlsplit(str(address.url)).netloc
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(netloc, timeout=30).connect()


def test_allowing_a_host_changes_the_proxy(address: GatewayAddress) -> None:
    """In the gateway's own process, a host can be allowed without a new environment."""
    before = address.environ()
    netloc = urlsplit(str(address.url)).netloc

    def status() -> int:
        connection = http.client.HTTPConnection(netloc, timeout=30)
        connection.request("GET", "http://no-such-host.invalid/")
        answer = connection.getresponse()
        connection.close()
        return answer.status

    assert status() == 403
    address.allow_hosts("no-such-host.invalid")
    assert status() == 502
    assert address.environ() == before


def test_a_gateway_in_another_process(address: GatewayAddress) -> None:
    """An address survives the way to another process as JSON; so does one without a gateway or without https."""
    plain = json.loads(json.dumps(address.to_plain()))
    there = GatewayAddress.from_plain(plain)
    assert there.environ(preload=True, java=True) == address.environ(preload=True, java=True)
    assert GatewayAddress.from_plain({}) == GatewayAddress(None)
    only_http = GatewayAddress("http://127.0.0.1:8025")
    assert GatewayAddress.from_plain(only_http.to_plain()).environ() == only_http.environ()


def test_allowing_a_host_from_another_process() -> None:
    """There, hosts are added to NO_PROXY, in the form that clients understand."""
    address = elsewhere()
    address.allow_hosts("Example.com", "*.example.org")
    assert address.environ()["NO_PROXY"] == "127.0.0.1,localhost,.example.org,example.com"


@pytest.mark.parametrize("here", [True, False])
def test_an_sms_service_cannot_be_allowed(address: GatewayAddress, here: bool) -> None:
    """In either process, an SMS service that the gateway serves is refused."""
    with pytest.raises(
        SettingsError, match=r"^cannot allow api\.twilio\.com: the gateway stands in for this SMS service"
    ):
        (address if here else elsewhere()).allow_hosts("api.twilio.com")


@pytest.mark.parametrize("host", ["*.amazonaws.com", "twilio.com", "*", "sns.eu-west-1.amazonaws.com"])
def test_a_pattern_that_may_match_an_sms_service_cannot_be_allowed_there(host: str) -> None:
    """Where connections are direct, a pattern that may match an SMS service is refused."""
    address = elsewhere()
    with pytest.raises(
        SettingsError, match=r"^cannot allow .*: (it may match an|the gateway stands in for this) SMS service"
    ):
        address.allow_hosts(host)
    assert "amazonaws" not in address.environ()["NO_PROXY"]
