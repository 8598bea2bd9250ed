"""A refusal of the gateway stands where the service's SDKs look for a message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_otp.gateway.hosts import HOSTS
from tests.gateway.world import World

SENTENCE = "pytest-otp: {0} is blocked, because the gateway does not serve {1}."


def at(content: Any, *path: str | int) -> Any:
    for step in path:
        content = content[step]
    return content


@pytest.mark.parametrize(
    ("host", "name", "path"),
    [
        ("conversations.twilio.com", "Twilio Conversations", ["message"]),
        ("space.signalwire.com", "SignalWire", ["message"]),
        ("pinpoint.us-east-1.amazonaws.com", "Amazon Pinpoint", ["message"]),
        ("lookup.plivo.com", "Plivo", ["error"]),
        ("voice.messagebird.com", "MessageBird", ["errors", 0, "description"]),
        ("verification.api.sinch.com", "Sinch", ["message"]),
        ("my.communication.azure.com", "Azure Communication Services", ["error", "message"]),
        ("messaging.bandwidth.com", "Bandwidth", ["description"]),
        ("rest.clicksend.com", "ClickSend", ["response_msg"]),
        ("platform.clickatell.com", "Clickatell", ["errorDescription"]),
        ("api.mailjet.com", "Mailjet", ["ErrorMessage"]),
        ("api.brevo.com", "Brevo", ["message"]),
        ("control.msg91.com", "MSG91", ["message"]),
        ("api.smsapi.com", "SMSAPI", ["message"]),
        ("api.textlocal.in", "Textlocal", ["errors", 0, "message"]),
        ("dysmsapi.aliyuncs.com", "Alibaba Cloud SMS", ["Message"]),
        ("sms.tencentcloudapi.com", "Tencent Cloud SMS", ["Response", "Error", "Message"]),
        ("api.46elks.com", "46elks", ["message"]),
    ],
)
def test_the_form_of_a_service(world: World, host: str, name: str, path: list[str | int]) -> None:
    """For each service the sentence is the message of its own error form, and the status line names the host."""
    answer = world.ask("POST", "/v1/messages", b"{}", {"Host": host})
    assert answer.status == 403
    assert str(at(answer.json, *path)).startswith(SENTENCE.format(host, name))
    assert f'allow_hosts("{host}", real_sms=True)' in answer.raw.decode().replace('\\"', '"')


def test_every_known_service_refuses(world: World) -> None:
    """Each host of the table that is not served is refused with the sentence, whatever its form is."""
    for pattern in HOSTS.patterns():
        host = pattern.replace("*", "x1")
        if HOSTS.serves(host):
            continue
        answer = world.ask("GET", "/", headers={"Host": host})
        assert answer.status == 403, host
        assert f"{host} is blocked" in json.dumps(answer.json), host


def test_aws_names_the_error_in_a_header_too(world: World) -> None:
    """Of AWS's two JSON protocols, one reads the kind of error from the body, the other from a header."""
    answer = world.ask("POST", "/", b"{}", {"Host": "pinpoint.eu-west-1.amazonaws.com"})
    assert (answer.json["__type"], answer.headers["x-amzn-ErrorType"]) == ("AccessDeniedException",) * 2


def test_a_path_names_what_is_served(world: World) -> None:
    """At a served service's host the sentence says which paths there are, the most similar ones first."""
    answer = world.ask("POST", "/sms/xml", b"{}", {"Host": "rest.nexmo.com"})
    assert answer.status == 404
    start = "pytest-otp: the gateway does not serve POST /sms/xml. At rest.nexmo.com it serves POST /sms/json, "
    assert answer.json["detail"].startswith(start)
    assert "See docs/gateways.md" in answer.json["detail"]
