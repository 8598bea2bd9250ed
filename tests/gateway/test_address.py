"""What an application is told about a gateway that is a proxy with an authority, in this process or another."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pytest_otp.errors import InvalidRequest, SettingsError
from pytest_otp.gateway.address import GatewayAddress, serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier
from pytest_otp.server.certificates import Certificates
from pytest_otp.server.kept_authority import KeptFolder

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
        "npm_config_https_proxy": url,
        "npm_config_proxy": url,
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
     "API.Twilio.COM", "rest.nexmo.com", "amazonaws.com", "eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com",
     "api.twilio.com twilio.com\tverify.twilio.com", "twilio.com.", "https://api.twilio.com", "all://*.twilio.com"],
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


def test_npm_s_proxy_is_not_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an npm script, clients would use npm's own proxy settings first: they name the gateway too."""
    for name in ("npm_config_https_proxy", "NPM_CONFIG_HTTP_PROXY", "npm_config_no_proxy"):
        monkeypatch.setenv(name, "http://corporate.example:3128")
    environ = elsewhere().environ()
    for name in ("npm_config_https_proxy", "npm_config_proxy", "NPM_CONFIG_HTTP_PROXY"):
        assert environ[name] == environ["HTTPS_PROXY"]
    assert environ["npm_config_no_proxy"] == environ["NO_PROXY"]


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
        ({"NO_PROXY": "a.test b.test"}, "a.test,b.test,127.0.0.1,localhost"),
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
@pytest.mark.parametrize("host", ["api.twilio.com", "conversations.twilio.com", "API.Plivo.com.", "x.api.infobip.com"])
def test_an_sms_service_cannot_be_allowed(address: GatewayAddress, here: bool, host: str) -> None:
    """In either process, the exact name of an SMS service is refused with the reason, served or not."""
    with pytest.raises(SettingsError) as caught:
        (address if here else elsewhere()).allow_hosts(host)
    assert str(caught.value) == (
        f"cannot allow {host}: it belongs to an SMS service, so the application would send real SMS. "
        "If it should, allow it with real_sms=True."
    )


@pytest.mark.parametrize("host", ["*.amazonaws.com", "*.messagebird.com", "twilio.com", "*", "plivo.com"])
@pytest.mark.parametrize("real_sms", [False, True])
def test_a_pattern_that_may_match_an_sms_service_cannot_be_allowed_there(host: str, real_sms: bool) -> None:
    """Where connections are direct, a pattern that may match an SMS service is refused, whatever else is said."""
    address = elsewhere()
    with pytest.raises(SettingsError, match=r"^cannot allow .*: it may match an SMS service"):
        address.allow_hosts(host, real_sms=real_sms)
    assert address.environ()["NO_PROXY"] == elsewhere().environ()["NO_PROXY"]


def test_an_sms_service_that_is_let_out_on_purpose(address: GatewayAddress) -> None:
    """With `real_sms=True` an exact name is allowed: by the proxy here, and by NO_PROXY for a gateway elsewhere."""
    there = elsewhere()
    there.allow_hosts("api.plivo.com", real_sms=True)
    assert "api.plivo.com" in there.environ()["NO_PROXY"].split(",")
    assert address.proxy is not None
    address.allow_hosts("*", "*.messagebird.com")
    assert address.proxy.serves("api.twilio.com")
    assert address.proxy.serves("rest.messagebird.com")
    address.allow_hosts("api.twilio.com", "*.example.com", real_sms=True)
    assert not address.proxy.serves("api.twilio.com")
    assert address.proxy.serves("verify.twilio.com")


@pytest.mark.parametrize("pattern", ["*.twilio.com", "*.messagebird.com", "*"])
def test_a_pattern_that_would_let_no_sms_out_is_refused(address: GatewayAddress, pattern: str) -> None:
    """`real_sms=True` with a pattern would seem to let an SMS service out, and would not."""
    with pytest.raises(SettingsError) as caught:
        address.allow_hosts("api.plivo.com", pattern, real_sms=True)
    assert str(caught.value) == (
        f"cannot allow {pattern}: it may match an SMS service, and a pattern never lets real SMS out. "
        "With real_sms=True, name each SMS service exactly; allow the pattern in a call without it."
    )
    assert address.proxy is not None
    assert address.proxy.serves("api.plivo.com")
    assert "!api.plivo.com" not in address.environ(preload=True)["PYTEST_OTP_GATEWAY_HOSTS"]


def test_a_no_proxy_entry_for_an_sms_service_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that may match a known SMS service does not take the application past the gateway."""
    monkeypatch.setenv("NO_PROXY", "api.plivo.com,.infobip.com,intranet.test,twilio.com")
    assert elsewhere().environ()["NO_PROXY"] == "intranet.test,127.0.0.1,localhost"


def test_what_the_gateway_has_seen() -> None:
    """`requests` and `sent_to` tell of both faces: what was sent, and what the proxy blocked."""
    carrier = Carrier(seed=1)
    line = carrier.allocate("GB")
    gateway = Gateway(carrier)
    with serving(gateway, host="127.0.0.1", port=0, setting="--x", gateway=gateway) as address:
        netloc = urlsplit(str(address.url)).netloc
        connection = http.client.HTTPConnection(netloc, timeout=30)
        body = json.dumps({"to": line.e164, "text": "Your code is 482913", "from": "Shop"})
        connection.request("POST", "/sms?key=secret", body, {"Content-Type": "application/json"})
        assert connection.getresponse().read()
        connection.request("GET", "http://example.com/path?key=secret")
        assert connection.getresponse().status == 403
        connection.close()
        sent, blocked = address.requests
        (message,) = address.sent_to(line)
        assert address.sent_to("+1 201-555-0123") == ()
    assert (sent.method, sent.path, sent.service, sent.status, sent.outcome) == (
        *("POST", "/sms", "plain", 202),
        "delivered",
    )
    assert (sent.numbers, sent.host, sent.text) == ((line.e164,), "127.0.0.1", None)
    assert (blocked.method, blocked.host, blocked.path, blocked.status) == ("GET", "example.com", "/path", 403)
    assert (blocked.outcome, blocked.numbers, blocked.service) == ("blocked", (), None)
    assert (message.to, message.text, message.sender, message.held) == (line.e164, "Your code is 482913", "Shop", True)
    assert "secret" not in repr(address.requests)


def test_messages_to_what_is_no_number(address: GatewayAddress) -> None:
    """What cannot be a phone number is refused, not answered with nothing."""
    with pytest.raises(InvalidRequest, match=r"^not a phone number: '555'. Write it like \+12015550123.$"):
        address.sent_to("555")


def test_without_a_gateway_nothing_was_seen() -> None:
    """With a real provider both are empty."""
    assert (GatewayAddress(None).requests, GatewayAddress(None).sent_to("+12015550123")) == ((), ())


def test_a_kept_authority_is_for_known_hosts(tmp_path: Path) -> None:
    """It covers the table's hosts; a service that is added later has to be known when the folder is made."""
    gateway = Gateway(Carrier(seed=1))
    folder = KeptFolder(tmp_path / "ca", tmp_path / "project", "--otp-gateway-ca")
    with serving(
        gateway, host="127.0.0.1", port=0, setting="--otp-gateway", names=["shop"], gateway=gateway, ca=folder
    ) as address:
        assert address.ca_file == str(tmp_path / "ca" / "ca.pem")
        assert Path(address.environ()["SSL_CERT_FILE"]).parent != tmp_path / "ca"
        gateway.hosts.add("mine", ["eu.api.twilio.com", "shop"])
        with pytest.raises(SettingsError, match=r"^--otp-gateway-ca: .* does not cover sms\.example\.com:") as caught:
            gateway.hosts.add("theirs", ["sms.example.com"])
        assert "--otp-gateway-services" in str(caught.value)
        assert not gateway.hosts.is_sms_host("sms.example.com")


def test_real_sms_are_not_led_to_the_gateway() -> None:
    """A service that is allowed to send real SMS is an exception for the preloads, and keeps its own endpoint."""
    address = GatewayAddress("http://127.0.0.1:8025")
    address.allow_hosts("sns.eu-west-1.amazonaws.com", "example.com", real_sms=True)
    assert "AWS_ENDPOINT_URL_SNS" not in address.environ()
    with serving(Gateway(Carrier(seed=1)), host="127.0.0.1", port=0, setting="--otp-gateway") as served:
        served.allow_hosts("SNS.eu-west-1.amazonaws.com", "example.com", real_sms=True)
        environ = served.environ(preload=True)
    hosts = environ["PYTEST_OTP_GATEWAY_HOSTS"].split(",")
    assert [entry for entry in hosts if entry.startswith("!")] == ["!sns.eu-west-1.amazonaws.com"]
    assert "sns.*.amazonaws.com" in hosts
    assert "AWS_ENDPOINT_URL_SNS" not in environ
    assert environ["AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2"] == served.url
