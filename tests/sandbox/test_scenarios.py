"""What each scenario does over the providers' APIs."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.offline.carrier import Carrier
from pytest_otp.sandbox.app import Sandbox
from tests.sandbox.world import CLIENT, KEY, Start, World


def test_an_unknown_scenario_is_a_settings_error() -> None:
    """The error lists the known scenarios, before anything is served."""
    with pytest.raises(SettingsError, match="cancel-refused"):
        Sandbox(Carrier(seed=1), scenario="nonsense")


def test_auto_sends_a_code_after_the_order_and_after_a_resend(start: Start) -> None:
    """Under `auto` a code comes by itself, also over the wire, after the seconds that were asked for."""
    world = start("auto", sms_after=2.0)
    cepat, virt = world.cepat_order(service_id="3"), world.virt_order()
    assert world.cepat_status(cepat)["status"] == "Waiting SMS"
    assert world.virt_for(virt, "GetSms")["sms"] == []
    world.later(2.01)
    first = world.cepat_status(cepat)
    assert first["status"] == "Recieved"
    assert re.search(r"Telegram.*\b\d{6}\b", first["sms"])
    message = world.virt_for(virt, "GetSms")["sms"][0]
    assert message["code"] in message["text"]
    assert "Viber" in message["text"]
    world.cepat_set(cepat, "3")
    assert world.cepat_status(cepat)["status"] == "Waiting SMS"
    world.later(2.01)
    second = world.cepat_status(cepat)
    assert second["status"] == "Recieved"
    assert second["sms"] != first["sms"]


def test_the_same_seed_gives_the_same_answers(start: Start) -> None:
    """Numbers, ids and codes follow from the seed."""
    orders = [world.cepat_order() for world in (start("auto", seed=5), start("auto", seed=5), start("auto", seed=6))]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def test_no_numbers(start: Start) -> None:
    """OTP-virt answers error 1 and counts 0; otpcepat has no such error, and answers that it lacks the service."""
    world = start("no-numbers")
    assert world.virt("GetNumber", service="vi", detail={}) == {"status": 4, "error": 1}
    assert world.virt("GetNumbersCount", service="vi", country="tajikistan", provider="any")["count"] == 0
    answer = world.cepat(action="get_order", country_id="6", service_id="3", operator_id="random")
    assert answer == {"status": "false", "msg": "WRONG SERVICE ID"}


def test_no_balance(start: Start) -> None:
    """The one says NO BALANCE; OTP-virt has no such error and says 3, a bad request. Both accounts are empty."""
    world = start("no-balance")
    answer = world.cepat(action="get_order", country_id="6", service_id="3", operator_id="random")
    assert answer == {"status": "false", "msg": "NO BALANCE"}
    assert world.cepat(action="getBalance")["data"]["saldo"] == "0"
    assert world.virt("GetNumber", service="vi", detail={}) == {"status": 4, "error": 3}
    assert world.virt("GetBalance")["balance"] == 0


def test_cancelled(start: Start) -> None:
    """The provider ends the order: `Cancel` at otpcepat, and an order that OTP-virt no longer knows."""
    world = start("cancelled")
    cepat, virt = world.cepat_order(), world.virt_order()
    assert world.cepat_status(cepat)["status"] == "Waiting SMS"
    assert world.virt_for(virt, "GetSms")["error"] == 0
    world.later(0.5)
    assert world.cepat_status(cepat)["status"] == "Cancel"
    assert world.virt_for(virt, "GetSms") == {"status": 4, "error": 3}


def test_cancel_refused(start: Start) -> None:
    """An SMS comes as the order is cancelled: a refusal in each provider's words, then finishing works."""
    world = start("cancel-refused")
    cepat, virt = world.cepat_order(), world.virt_order()
    assert world.cepat_set(cepat, "2") == {"status": "false", "msg": "WRONG STATUS"}
    assert world.cepat_status(cepat)["status"] == "Recieved"
    assert world.cepat_set(cepat, "4")["status"] is True
    assert world.virt_for(virt, "CancelActivation") == {"status": 4, "error": 4}
    assert world.virt_for(virt, "ConfirmActivation") == {"status": 2, "error": 0}


def trouble_of(ask: Callable[[], tuple[int, bytes, http.client.HTTPMessage]]) -> str:
    """What one request met: `reset`, `502`, `429` or `200`; the forms of the first three are asserted on the way."""
    try:
        status, body, headers = ask()
    except ConnectionResetError:
        return "reset"
    if status in (502, 429):
        assert headers["Content-Type"].startswith("text/html")
        assert body.startswith(b"<html>")
        assert (headers["Retry-After"] == "1") is (status == 429)
    return str(status)


def requests_of(world: World) -> dict[str, Callable[[], tuple[int, bytes, http.client.HTTPMessage]]]:
    cepat = f"/api/handler_api.php?api_key={KEY}&action="
    order = json.dumps({**CLIENT, "service": "vi", "detail": {}}).encode()
    return {
        "cepat": lambda: world.ask("GET", cepat + "getBalance"),
        "cepat order": lambda: world.ask("GET", cepat + "get_order&country_id=6&service_id=3&operator_id=random"),
        "virt": lambda: world.ask("POST", "/native/GetBalance", json.dumps(CLIENT).encode()),
        "virt order": lambda: world.ask("POST", "/native/GetNumber", order),
    }


@pytest.mark.parametrize("request_name", ["cepat", "cepat order", "virt", "virt order"])
def test_down_answers_nothing(start: Start, request_name: str) -> None:
    """Under `down` no request is answered, not even an order; the application's gateway works."""
    world = start("down")
    met = {trouble_of(requests_of(world)[request_name]) for _ in range(20)}
    assert met <= {"502", "reset", "429"}
    assert met
    assert world.app.desk.rentals == ()
    status, _, _ = world.ask(
        "POST", "/sms", b'{"to": "+12015550123", "text": "x"}', {"Content-Type": "application/json"}
    )
    assert status == 202


@pytest.mark.parametrize("provider", ["cepat", "virt"])
def test_flaky_is_real_trouble_now_and_then(start: Start, provider: str) -> None:
    """Under `flaky` requests meet 502, resets and 429 between good answers; an order request never does."""
    world = start("flaky")
    asks = requests_of(world)
    assert {trouble_of(asks[f"{provider} order"]) for _ in range(20)} == {"200"}
    assert {trouble_of(asks[provider]) for _ in range(100)} == {"200", "502", "reset", "429"}
