"""OTP-virt: each documented error, unknown ones, and objects without sense."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pytest_otp.errors import (
    InvalidRequest,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
    SmsAlreadyReceived,
)
from tests.providers.otpvirt.wire import (
    CLIENT_ID,
    ORDER_ID,
    PASSWORD,
    Wire,
    error,
)

ERRORS: dict[int, tuple[type[OtpError], str]] = {
    1: (NumberUnavailable, "the provider responded with error 1: no numbers for "),
    2: (ProviderUnavailable, "the provider responded with error 2: an internal error"),
    3: (InvalidRequest, "the provider responded with error 3: invalid request ({})"),
    4: (SmsAlreadyReceived, "the provider responded with error 4: an SMS has arrived"),
    9: (ProviderError, "the provider responded with error 9 ("),
}

CALLS: dict[str, Callable[[Wire], object]] = {
    "GetNumbersCount": lambda wire: wire.provider.count("fb", "tajikistan", "indigo"),
    "GetNumber": lambda wire: wire.provider.order("vi", "tajikistan", "indigo"),
    "ConfirmActivation": lambda wire: wire.provider.finish(wire.order),
    "CancelActivation": lambda wire: wire.provider.cancel(wire.order),
    "GetSms": lambda wire: wire.provider.messages(wire.order),
    "GetBalance": lambda wire: wire.provider.balance(),
    "GetPrice": lambda wire: wire.provider.services(None),
}
ONCE = ("GetNumber", "ConfirmActivation", "CancelActivation", "GetSms")


class TestRefusals:
    """[10] What the service says no with."""

    @pytest.mark.parametrize("action", CALLS)
    @pytest.mark.parametrize("number", ERRORS)
    @pytest.mark.parametrize("http", [200, 400])
    def test_every_documented_error(self, wire: Wire, action: str, number: int, http: int) -> None:
        """Each error after each action is of its kind, under any HTTP status; 2 leaves an order uncertain."""
        if number == 3 and action in ("GetSms", "ConfirmActivation", "CancelActivation"):
            return  # the order is over: TestInbox and TestClosing
        kind, message = ERRORS[number]
        passing = number == 2 and http == 200 and action not in ONCE
        wire.ready().says(action, *[error(number)] * (3 if passing else 1), http=http)
        if (action, number) == ("GetNumber", 2):
            kind, message = (
                OrderUncertain,
                f"the order was sent, but its outcome is unknown: {message}",
            )
        with pytest.raises(OtpError) as caught:
            CALLS[action](wire)
        assert type(caught.value) is kind
        assert caught.value.message.startswith(message.format(action))
        assert caught.value.provider == "otpvirt"
        assert len(wire.actions) == (3 if passing else 1)

    def test_the_order_is_named(self, wire: Wire) -> None:
        """An error about an order says which, and keeps the provider's words."""
        wire.ready().says("CancelActivation", error(4))
        with pytest.raises(SmsAlreadyReceived) as caught:
            wire.provider.cancel(wire.order)
        assert str(caught.value) == (
            f"otpvirt, order {ORDER_ID}: the provider responded with error 4: an SMS has arrived. "
            "Finish the order instead."
        )
        assert caught.value.words == "error 4"

    def test_an_unknown_error_shows_the_answer(self, wire: Wire) -> None:
        """What the document does not list is a plain ProviderError with the first words of what came."""
        wire.ready().says("GetNumber", '{"status": 4, "error": 7, "message": "account blocked"}')
        with pytest.raises(ProviderError) as caught:
            wire.provider.order("vi", "tajikistan", None)
        assert caught.value.message == (
            """the provider responded with error 7 ({"status": 4, "error": 7, "message": "account blocked"})"""
        )

    def test_an_echoed_password_is_masked(self, wire: Wire) -> None:
        """An answer that quotes our request shows no credential."""
        echo = {"error": 7, "yours": {"clientId": CLIENT_ID, "apiPassword": PASSWORD}}
        wire.ready().says("GetNumber", json.dumps(echo))
        with pytest.raises(ProviderError) as caught:
            wire.provider.order("vi", "tajikistan", None)
        assert '"clientId": "***", "apiPassword": "***"' in caught.value.message

    @pytest.mark.parametrize("status", [2, 0, 4, None, "2", 7])
    def test_the_error_decides_not_the_status(self, wire: Wire, status: object) -> None:
        """Error 0 is a success whatever `status` says, and another one is none."""
        wire.ready().says("ConfirmActivation", json.dumps({"status": status, "error": 0}))
        wire.provider.finish(wire.order)
        wire.says("CancelActivation", json.dumps({"status": status, "error": 4}))
        with pytest.raises(SmsAlreadyReceived):
            wire.provider.cancel(wire.order)

    @pytest.mark.parametrize("body", ["{}", '{"status": 2}', '{"error": null}', '{"error": false}', '{"error": "0"}'])
    @pytest.mark.parametrize("action", ["GetNumber", "GetSms", "ConfirmActivation"])
    def test_no_error_number_is_no_answer(self, wire: Wire, action: str, body: str) -> None:
        """An object that does not say how it went says nothing; after an order that is uncertain."""
        wire.ready().says(action, body)
        kind: type[OtpError] = OrderUncertain if action == "GetNumber" else ProviderUnavailable
        with pytest.raises(kind, match="HTTP 200 with no error number"):
            CALLS[action](wire)
        assert len(wire.actions) == 1

    @pytest.mark.parametrize(
        ("action", "body", "why"),
        [
            ("GetNumbersCount", '{"error": 0}', "no count"),
            ("GetNumbersCount", '{"error": 0, "count": "many"}', "no count"),
            ("GetBalance", '{"error": 0, "currency": "USD"}', "no balance"),
            ("GetBalance", '{"error": 0, "balance": "NaN"}', "no balance"),
            ("GetPrice", '{"error": 0}', "no countryList"),
            ("GetPrice", '{"error": 0, "countryList": {}}', "no countryList"),
            ("GetPrice", '{"error": 0, "countryList": [{"country": "laos"}]}', "no countryList"),
            ("GetSms", '{"error": 0, "sms": "none"}', "no list of sms"),
            ("GetSms", '{"error": 0, "sms": ["Your code is 1234"]}', "no list of sms"),
        ],
    )
    def test_a_success_without_its_field(self, wire: Wire, action: str, body: str, why: str) -> None:
        """A success that lacks what it was asked for is no answer."""
        wire.ready().says(action, body)
        with pytest.raises(ProviderUnavailable) as caught:
            CALLS[action](wire)
        assert caught.value.message.startswith(f"unusable response (HTTP 200 with {why}: ")
