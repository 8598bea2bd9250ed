"""Which hosts belong to an SMS service."""

from __future__ import annotations

import pytest

from pytest_otp.gateway.hosts import HOSTS, HostTable


@pytest.mark.parametrize(
    "host",
    [
        "api.twilio.com",
        "API.Twilio.COM",
        "api.twilio.com.",
        "api.dublin.ie1.twilio.com",
        "verify.twilio.com",
        "verify.dublin.ie1.twilio.com",
        "lookups.twilio.com",
        "rest.nexmo.com",
        "api.nexmo.com",
        "api-us-1.nexmo.com",
        "api-eu.vonage.com",
        "api.vonage.com",
        "messages-sandbox.nexmo.com",
        "sns.us-east-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
        "sns.eu-central-1.api.aws",
        "sns-fips.us-east-1.amazonaws.com",
    ],
)
def test_hosts_of_sms_services(host: str) -> None:
    """Each host that an SDK connects to is an SMS service, in upper and lower case."""
    assert HOSTS.serves(host)
    assert HOSTS.is_sms_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "127.0.0.1",
        "twilio.com",
        "www.twilio.com",
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
    """A similar name, a longer one, and an API that sends no SMS are none."""
    assert not HOSTS.is_sms_host(host)
    assert not HOSTS.serves(host)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("conversations.twilio.com", "Twilio Conversations"),
        ("messaging.dublin.ie1.twilio.com", "Twilio Messaging"),
        ("studio.twilio.com", "Twilio Studio"),
        ("api.vonage.com", "Vonage"),
        ("pinpoint.us-east-1.amazonaws.com", "Amazon Pinpoint"),
        ("sms-voice.pinpoint.eu-west-1.amazonaws.com", "AWS End User Messaging"),
        ("my-resource.communication.azure.com", "Azure Communication Services"),
        ("messaging.bandwidth.com", "Bandwidth"),
        ("rest.clicksend.com", "ClickSend"),
        ("dysmsapi.ap-southeast-1.aliyuncs.com", "Alibaba Cloud SMS"),
        ("sms.tencentcloudapi.com", "Tencent Cloud SMS"),
        ("api.brevo.com", "Brevo"),
        ("space.signalwire.com", "SignalWire"),
    ],
)
def test_services_that_are_known_only(host: str, name: str) -> None:
    """They have a name for people, and no pattern of allowed hosts lets them out."""
    assert [row.name for row in HOSTS.services_of(host)] == [name]
    assert HOSTS.is_sms_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("sns", "sms-voice", "sns-fips", "sms-voice-fips"),
    ],
)
@pytest.mark.parametrize("domain", ["amazonaws.com", "amazonaws.com.cn", "api.aws", "amazonaws.eu"])
def test_partitions_of_aws(host: str, domain: str) -> None:
    """An endpoint of AWS is known in each partition, with FIPS, and by its names with IPv6."""
    assert HOSTS.is_sms_host(f"{host}.us-east-1.{domain}")


@pytest.mark.parametrize(
    ("entry", "may_be"),
    [
        *[
            (entry, True)
            for entry in ("*", "com", ".twilio.com", "api.plivo.com", "us-east-1.amazonaws.com", "azure.com")
        ],
        *[
            (entry, True)
            for entry in ("twilio.com.", "https://api.twilio.com/", "all://*.twilio.com:443", "api.*.com", "*twilio*")
        ],
        *[(entry, False) for entry in ("example.com", "localhost", "10.0.0.0/8", "s3.eu-west-1.amazonaws.com")],
        *[(entry, False) for entry in ("10.*", "192.168.*.*", "https://example.com", "build-*.corp", "<local>")],
    ],
)
def test_entries_of_no_proxy(entry: str, may_be: bool) -> None:
    """An entry that some SMS service may match, served or not, is noticed."""
    assert HOSTS.may_be_served(entry) is may_be


def test_hosts_that_are_added() -> None:
    """A user's service is as any other and before those of the table, for one gateway."""
    hosts = HostTable()
    assert not hosts.is_sms_host("sms.shop.example")
    hosts.add("shop", ["SMS.shop.example", "*.sms.shop.example", "api.plivo.com"], "Shop SMS")
    assert hosts.serves("sms.shop.example")
    assert hosts.serves("eu.sms.shop.example")
    shop, plivo = hosts.services_of("api.plivo.com")
    assert (shop.service, shop.name, plivo.service) == ("shop", "Shop SMS", "plivo")
    assert hosts.may_be_served("shop.example")
    assert "sms.shop.example" in hosts.patterns()
    assert not HOSTS.is_sms_host("sms.shop.example")
    assert not HOSTS.may_be_served("shop.example")


def test_a_pattern_is_not_a_host() -> None:
    """A pattern belongs to no service, even one that is in the table, but may match a service's hosts."""
    for pattern in ("*.messagebird.com", "*.twilio.com", "*"):
        assert not HOSTS.is_sms_host(pattern)
        assert HOSTS.meets(pattern)
    assert not HOSTS.meets("*.example.com")
