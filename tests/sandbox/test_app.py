"""The sandbox application: both providers and the gateway at one address, over real sockets."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import urlencode

import pytest

from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox import app as sandbox
from pytest_otp.sandbox.app import Sandbox
from pytest_otp.server.server import Server
from tests.sandbox.world import CLIENT, KEY, World
from tests.scripted import Time as Clock


@pytest.mark.parametrize(
    "path", ["/other", "/native", "/native/", "/native/getbalance", "/native/Push", "/api/other.php"]
)
def test_another_path_is_404(world: World, path: str) -> None:
    """An unknown path is 404, and the response lists what is served."""
    status, body, _ = world.ask("POST", path, b"{}")
    assert status == 404
    assert json.loads(body) == {
        "error": "not found",
        "served": [
            "GET /",
            "GET /api/handler_api.php",
            "POST /native/<Action>",
            *Gateway(Carrier(seed=1)).paths,
        ],
    }


def test_the_gateway_stands_beside_them(world: World) -> None:
    """An SMS sent to /sms shows at the provider that rents the number out."""
    orders = [world.cepat_order(), world.virt_order()]
    for order in orders:
        body = json.dumps({"to": f"+{order['number']}", "text": "Your code is 482913", "from": "Shop"}).encode()
        status, _, _ = world.ask("POST", "/sms", body, {"Content-Type": "application/json"})
        assert status == 202
    assert world.cepat_status(orders[0])["sms"] == "Your code is 482913"
    assert world.virt_for(orders[1], "GetSms")["sms"][0]["phoneFrom"] == "Shop"


def test_the_services_gateways_stand_beside_them(world: World) -> None:
    """An application's Twilio SDK reaches the number of an order as well."""
    order = world.virt_order()
    form = urlencode({"To": f"+{order['number']}", "From": "Shop", "Body": "Your code is 482913"}).encode()
    authorization = base64.b64encode(f"AC{'0' * 32}:token".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {authorization}"}
    status, _, _ = world.ask("POST", f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", form, headers)
    assert status == 201
    assert [sms["text"] for sms in world.virt_for(order, "GetSms")["sms"]] == ["Your code is 482913"]


def test_an_order_belongs_to_its_provider(world: World) -> None:
    """Neither provider knows the other's orders, though both use one carrier."""
    at_cepat, at_virt = world.cepat_order(), world.virt_order()
    as_guid = re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", at_cepat["order_id"])
    assert world.virt("GetSms", activationId=as_guid) == {"status": 4, "error": 3}
    answer = world.cepat(action="get_status", order_id=at_virt["activationId"].replace("-", ""))
    assert answer == {"status": "false", "msg": "WRONG ORDER ID"}


def test_the_environment_points_clients_at_it() -> None:
    """Every variable that a client of either provider reads, and the gateway's."""
    assert sandbox.environ("http://127.0.0.1:8025") == {
        "OTPCEPAT_BASE_URL": "http://127.0.0.1:8025/api/handler_api.php",
        "API_KEY_OTPCEPAT": KEY,
        "OTPVIRT_BASE_URL": "http://127.0.0.1:8025/native",
        "OTPVIRT_CLIENT_ID": CLIENT["clientId"],
        "OTPVIRT_API_PASSWORD": CLIENT["apiPassword"],
        "PYTEST_OTP_GATEWAY_URL": "http://127.0.0.1:8025",
    }


def test_orders_and_strays_are_reported() -> None:
    """An order is reported with its provider and its id, an SMS to a number that nobody holds with that number."""
    told: list[tuple[str, ...]] = []
    app = Sandbox(
        Carrier(seed=7),
        scenario="manual",
        on_order=lambda provider, order_id, rental: told.append((provider, order_id, rental.line.e164)),
        on_stray=lambda number: told.append(("stray", number)),
    )
    with Server(app) as server:
        world = World(server.url, Carrier(seed=1), app, Clock())
        cepat, virt = world.cepat_order(), world.virt_order()
        body = b'{"to": "+442079460958", "text": "x"}'
        world.ask("POST", "/sms", body, {"Content-Type": "application/json"})
    assert told == [
        ("otpcepat", cepat["order_id"], f"+{cepat['number']}"),
        ("otpvirt", virt["activationId"], f"+{virt['number']}"),
        ("stray", "+442079460958"),
    ]
