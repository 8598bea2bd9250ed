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
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)


@pytest.fixture(scope="module")
def address() -> Iterator[GatewayAddress]:
    with serving(Gateway(Carrier(seed=1)), host="127.0.0.1", port=0, setting="--otp-gateway") as served:
        yield served


def elsewhere() -> GatewayAddress:
    return GatewayAddress("http://127.0.0.1:8025", lambda: FILES)


def test_the_variables() -> None:
    """All that the SDKs look at is there: the proxy in both spellings, and each one's certificates."""
    url = "http://127.0.0.1:8025"
    assert elsewhere().environ() == {
        "PYTEST_OTP_GATEWAY_URL": url,
        "HTTPS_PROXY": url,
        "https_proxy": url,
        "HTTP_PROXY": url,
        "http_proxy": url,
        "REQUESTS_CA_BUNDLE": "/somewhere/bundle.pem",
        "CURL_CA_BUNDLE": "/somewhere/bundle.pem",
        "SSL_CERT_FILE": "/somewhere/bundle.pem",
        "AWS_CA_BUNDLE": "/somewhere/bundle.pem",
        "NODE_EXTRA_CA_CERTS": "/somewhere/ca.pem",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def test_node_keeps_its_extra_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where NODE_EXTRA_CA_CERTS was set, it names the file that has those too."""
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/mine.pem")
    assert elsewhere().environ()["NODE_EXTRA_CA_CERTS"] == "/somewhere/extra.pem"


@pytest.mark.parametrize(
    "entry",
    ["*", "com", ".com", "twilio.com", ".twilio.com", "*.twilio.com", "api.twilio.com", "api.twilio.com:443",
     "API.Twilio.COM", "rest.nexmo.com", "amazonaws.com", "eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com"],
)  # fmt: skip
def test_no_exception_lets_an_sms_out(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """What would make a client go around the gateway to an SMS service does not stay in NO_PROXY."""
    monkeypatch.setenv("NO_PROXY", f"db.internal, {entry}")
    assert elsewhere().environ()["NO_PROXY"] == "db.internal,127.0.0.1,localhost"


@pytest.mark.parametrize(
    "entry", ["::1", "10.0.0.0/8", "db.internal:5432", ".example.com", "s3.eu-west-1.amazonaws.com", "x.api.twilio.com"]
)
def test_other_exceptions_stay(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """What has nothing to do with SMS stays excepted."""
    monkeypatch.setenv("no_proxy", entry)
    assert elsewhere().environ()["no_proxy"] == f"{entry},127.0.0.1,localhost"


def test_it_may_be_put_into_its_own_environment(address: GatewayAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """For an application in this process the variables are set here; asked again, they are the same."""
    first = address.environ()
    for name, value in first.items():
        monkeypatch.setenv(name, value)
    again = address.environ()
    assert {**again, "NODE_EXTRA_CA_CERTS": ""} == {**first, "NODE_EXTRA_CA_CERTS": ""}
    assert Path(again["NODE_EXTRA_CA_CERTS"]).exists()


def test_the_same_place_by_https(address: GatewayAddress) -> None:
    """https_url is the url with TLS, and ca_file a certificate."""
    assert address.url is not None
    assert address.https_url == address.url.replace("http://", "https://")
    assert address.ca_file is not None
    assert Path(address.ca_file).read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")


def test_without_a_gateway_there_is_nothing() -> None:
    """With a real provider every answer is none, and letting something through is nothing to complain about."""
    address = GatewayAddress(None)
    address.let_through("example.com")
    assert (address.https_url, address.ca_file, address.environ(), address.to_plain()) == (None, None, {}, {})


def test_nothing_stays_after_the_stop() -> None:
    """The certificates are gone and the port is closed when the context ends."""
    with serving(Gateway(Carrier(seed=1)), host="127.0.0.1", port=0, setting="--otp-gateway") as address:
        folder = Path(str(address.ca_file)).parent
        netloc = urlsplit(str(address.url)).netloc
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(netloc, timeout=5).connect()


def test_let_through_changes_the_proxy(address: GatewayAddress) -> None:
    """A host that is let through in this process needs no new environment."""
    before = address.environ()
    netloc = urlsplit(str(address.url)).netloc

    def status() -> int:
        connection = http.client.HTTPConnection(netloc, timeout=10)
        connection.request("GET", "http://no-such-host.invalid/")
        answer = connection.getresponse()
        connection.close()
        return answer.status

    assert status() == 403
    address.let_through("no-such-host.invalid")
    assert status() == 502
    assert address.environ() == before


def test_a_gateway_in_another_process(address: GatewayAddress) -> None:
    """Plain data, such as fits into JSON, makes the same address elsewhere; a stopped one and a plain one too."""
    plain = json.loads(json.dumps(address.to_plain()))
    assert GatewayAddress.from_plain(plain).environ() == address.environ()
    assert GatewayAddress.from_plain({}) == GatewayAddress(None)
    only_http = GatewayAddress("http://127.0.0.1:8025")
    assert GatewayAddress.from_plain(only_http.to_plain()).environ() == only_http.environ()


def test_let_through_from_another_process() -> None:
    """There, hosts are excepted from proxies instead, in a way that clients understand."""
    address = elsewhere()
    address.let_through("Example.com", "*.example.org")
    assert address.environ()["NO_PROXY"] == "127.0.0.1,localhost,.example.org,example.com"


@pytest.mark.parametrize("here", [True, False])
def test_an_sms_service_cannot_be_let_through(address: GatewayAddress, here: bool) -> None:
    """In whichever process, a service that has a face here is refused."""
    with pytest.raises(SettingsError, match=r"^let_through: api\.twilio\.com is an SMS service"):
        (address if here else elsewhere()).let_through("api.twilio.com")


@pytest.mark.parametrize("host", ["*.amazonaws.com", "twilio.com", "*", "sns.eu-west-1.amazonaws.com"])
def test_what_may_be_an_sms_service_is_not_reached_around_the_proxy(host: str) -> None:
    """Where hosts are reached directly, a pattern that an SMS service's host may meet is refused."""
    address = elsewhere()
    with pytest.raises(SettingsError, match=r"^let_through: .* SMS service"):
        address.let_through(host)
    assert "amazonaws" not in address.environ()["NO_PROXY"]
