"""Services that join a running gateway: at its hosts, in its proxy and in NO_PROXY, or not at all."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client

from pytest_otp import ServiceDescription, ServiceRequest, SettingsError
from pytest_otp.gateway.address import GatewayAddress, serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.server.kept_authority import KeptFolder
from tests.gateway.world import HELD, Network

REQUEST = ServiceRequest(path="/send", to="json:to", text="json:text", answer="sent")
HARBOUR = ServiceDescription(name="harbour", hosts=["api.harbour.example", "*.eu.harbour.example"], requests=[REQUEST])
BODY = json.dumps({"to": HELD, "text": "Your code is 482913"})


def another(**changes: Any) -> ServiceDescription:
    return ServiceDescription(**({"name": "other", "hosts": ["api.other.example"], "requests": [REQUEST]} | changes))


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayAddress]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "intranet,harbour.example,.example.org")
    gateway = Gateway(Network())
    with serving(gateway, host="127.0.0.1", port=0, setting="x", gateway=gateway) as made:
        yield made


def proxied(address: GatewayAddress, host: str) -> bytes:
    """What the proxy answers to a plain request for a host."""
    port = urlsplit(address.url or "").port or 0
    head = f"POST http://{host}/send HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall((head + BODY).encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_service_is_served_at_once(address: GatewayAddress) -> None:
    """Before it is added its hosts are blocked; afterwards the proxy leads them to the service."""
    hosts = ("api.harbour.example", "a.eu.harbour.example")
    assert all(proxied(address, host).startswith(b"HTTP/1.1 403 ") for host in hosts)
    address.add_service(HARBOUR)
    assert all(proxied(address, host).endswith(b"sent") for host in hosts)
    assert proxied(address, "harbour.example").startswith(b"HTTP/1.1 403 ")


def test_a_known_service(address: GatewayAddress) -> None:
    """A service that the gateway knows and does not serve can be described: its own refusal ends with that."""
    host = "rest.clicksend.com"
    assert proxied(address, host).startswith(b"HTTP/1.1 403 ")
    address.add_service(another(name="clicksend", hosts=host))
    assert proxied(address, host).endswith(b"sent")
    assert proxied(address, "api.clicksend.com").startswith(b"HTTP/1.1 403 ")


def test_no_proxy_leaves_it_out(address: GatewayAddress) -> None:
    """An entry of NO_PROXY that would lead an application past the gateway is dropped once the service is there."""
    assert os.environ["NO_PROXY"] in address.environ()["NO_PROXY"]
    address.add_service(HARBOUR)
    assert address.environ()["NO_PROXY"].startswith("intranet,.example.org,127.0.0.1")


def test_its_hosts_cannot_be_allowed(address: GatewayAddress) -> None:
    """A host of an added service is one of an SMS service, also where it was allowed before."""
    address.allow_hosts("*.harbour.example")
    address.add_service(HARBOUR)
    assert proxied(address, "api.harbour.example").endswith(b"sent")
    with pytest.raises(SettingsError, match=r"^cannot allow api\.harbour\.example: it belongs to an SMS service"):
        address.allow_hosts("api.harbour.example")


def test_a_gateway_in_another_process() -> None:
    """There the service is added where the gateway runs, and hosts that were allowed before stay out of NO_PROXY."""
    added: list[ServiceDescription] = []
    plain = {"url": "http://127.0.0.1:8025", "ca_file": "ca.pem", "bundle": "bundle.pem", "extra": "extra.pem"}
    address = GatewayAddress.from_plain(plain, add=added.append)
    address.allow_hosts("api.harbour.example", "example.com")
    assert address.environ()["NO_PROXY"].endswith("api.harbour.example,example.com")
    address.add_service(HARBOUR)
    assert added == [HARBOUR]
    assert address.environ()["NO_PROXY"].endswith("127.0.0.1,localhost,example.com")


def test_the_same_one_twice(address: GatewayAddress) -> None:
    """Each xdist worker adds its services, so the same description again is no mistake."""
    address.add_service(HARBOUR)
    address.add_service(ServiceDescription.from_plain(HARBOUR.to_plain()))
    assert proxied(address, "api.harbour.example").endswith(b"sent")


@pytest.mark.parametrize(
    ("description", "words"),
    [
        (another(name="harbour"), "the service 'harbour': the gateway has another service with this name. Give it"),
        (another(name="twilio"), "the service 'twilio': the gateway has another service with this name"),
        (another(name="plain"), "the service 'plain': the gateway has another service with this name"),
        (another(hosts="api.twilio.com"), "the service 'other': api.twilio.com is a host of Twilio, which the gateway"),
        (another(hosts="*.twilio.com"), "the service 'other': *.twilio.com is a host of Twilio"),
        (another(hosts="x.eu.harbour.example"), "the service 'other': x.eu.harbour.example is a host of harbour"),
        (
            another(hosts=["a.example", "*api.harbour.example"]),
            "the service 'other': *api.harbour.example is a host of",
        ),
        (another(hosts=[]), "the service 'other': /send is a path of another service, and it has no host"),
    ],
)
def test_clashes(address: GatewayAddress, description: ServiceDescription, words: str) -> None:
    """A name, a host or, without hosts, a path that is taken is refused, and nothing changes."""
    address.add_service(HARBOUR)
    with pytest.raises(SettingsError) as caught:
        address.add_service(description)
    assert str(caught.value).startswith(words)
    assert proxied(address, "api.harbour.example").endswith(b"sent")
    assert proxied(address, "a.example").startswith(b"HTTP/1.1 403 ")


def test_something_else(address: GatewayAddress) -> None:
    """What is no description is refused, with a real provider too."""
    for each in (address, GatewayAddress(None)):
        with pytest.raises(SettingsError, match=r"^add_service: expected a ServiceDescription; got a dict$"):
            each.add_service({"name": "harbour"})  # type: ignore[arg-type]


def test_a_real_provider() -> None:
    """There the application sends real SMS, so the same conftest adds nothing."""
    address = GatewayAddress(None)
    address.add_service(HARBOUR)
    assert address.environ() == {}


def test_a_service_without_hosts() -> None:
    """It is there at the gateway's own address, and its host names of a browser's attacks are refused as ever."""
    gateway = Gateway(Network())
    gateway.add_service(another(hosts=[]))
    client = Client(gateway)
    headers = {"Content-Type": "application/json"}
    assert client.post("/send", data=BODY, headers=headers).data == b"sent"
    assert client.post("/send", data=BODY, headers=headers | {"Origin": "https://evil.example"}).status_code == 403
    assert "POST /send" in gateway.paths


def test_a_kept_authority(tmp_path: Path) -> None:
    """It is made for the services that are there at its start; the host of a later one is refused with what to do."""
    folder, project = tmp_path / "ca", tmp_path / "project"
    project.mkdir()
    gateway = Gateway(Network())
    gateway.add_service(HARBOUR)
    ca = KeptFolder(folder, project, "--otp-gateway-ca (PYTEST_OTP_GATEWAY_CA)")
    with serving(gateway, host="127.0.0.1", port=0, setting="x", gateway=gateway, ca=ca) as address:
        address.add_service(HARBOUR)
        with pytest.raises(SettingsError, match=r"^--otp-gateway-ca .* does not cover api\.other\.example: "):
            address.add_service(another())
        assert proxied(address, "api.other.example").startswith(b"HTTP/1.1 403 ")
        assert gateway.paths.count("POST /send") == 1
