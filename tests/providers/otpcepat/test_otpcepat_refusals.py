"""otpcepat: each documented error, unknown ones, and objects without sense."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_otp.errors import (
    AuthenticationError,
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderNotFound,
    OrderUncertain,
    OtpError,
    ProviderError,
    ProviderUnavailable,
)
from pytest_otp.redact import Secret
from tests.providers.clients import KEY
from tests.providers.otpcepat.wire import (
    ORDER_ID,
    Wire,
    refused,
)

ERRORS = {
    "You don't have Access!": AuthenticationError,
    "BAD ACTION": InvalidRequest,
    "NO BALANCE": InsufficientBalance,
    "INVALID OPERATOR": InvalidRequest,
    "WRONG OPERATOR ID": InvalidRequest,
    "INVALID SERVICE ID": InvalidRequest,
    "WRONG SERVICE ID": InvalidRequest,
    "WRONG COUNTRY ID": InvalidRequest,
    "INVALID ORDER ID": OrderNotFound,
    "WRONG ORDER ID": OrderNotFound,
    "WRONG STATUS": InvalidRequest,
    "INVALID STATUS": InvalidRequest,
}

CALLS: dict[str, Callable[[Wire], object]] = {
    "getBalance": lambda wire: wire.provider.balance(),
    "getCountries": lambda wire: wire.provider.countries(),
    "getOperators": lambda wire: wire.provider.operators("6"),
    "getServices": lambda wire: wire.provider.services("6"),
    "getSpecialServices": lambda wire: wire.provider.services(None),
    "get_order": lambda wire: wire.provider.order("7", "6", None),
    "get_status": lambda wire: wire.provider.messages(wire.order),
}
OF_AN_ORDER = ("get_status",)


class TestRefusals:
    """What the service says no with."""

    @pytest.mark.parametrize("action", CALLS)
    @pytest.mark.parametrize("msg", ERRORS)
    def test_every_documented_error(self, wire: Wire, action: str, msg: str) -> None:
        """Each error after each action is of its kind, carries the provider's own words, and is not asked again."""
        wire.says(refused(msg))
        with pytest.raises(ProviderError) as caught:
            CALLS[action](wire)
        error = caught.value
        assert type(error) is ERRORS[msg]
        assert (error.words, error.message, error.provider) == (msg, f"the provider responded with {msg!r}", "otpcepat")
        assert error.order_id == (ORDER_ID if action in OF_AN_ORDER else None)

    @pytest.mark.parametrize("http", [400, 401, 402, 403, 404, 409, 422])
    def test_an_error_counts_whatever_its_http_status(self, wire: Wire, http: int) -> None:
        """The object decides: NO BALANCE under 404 is an empty balance."""
        wire.says(refused("NO BALANCE"), http=http)
        with pytest.raises(InsufficientBalance):
            wire.provider.order("7", "6", None)

    @pytest.mark.parametrize("msg", ["no balance", " NO  BALANCE ", "No Balance"])
    def test_case_and_spaces_do_not_matter(self, wire: Wire, msg: str) -> None:
        """An error is known however it is written."""
        wire.says(refused(msg))
        with pytest.raises(InsufficientBalance):
            wire.provider.balance()

    def test_a_typographic_apostrophe(self, wire: Wire) -> None:
        """You don\u2019t is You don't."""
        wire.says(refused("You don\u2019t have Access!"))
        with pytest.raises(AuthenticationError):
            wire.provider.balance()

    @pytest.mark.parametrize("msg", ["SOMETHING NEW", "BANNED"])
    def test_an_unknown_error_keeps_its_words(self, wire: Wire, msg: str) -> None:
        """What the document does not list is a plain ProviderError that says it; an order is not in doubt by it."""
        wire.says(refused(msg))
        with pytest.raises(ProviderError) as caught:
            wire.provider.order("7", "6", None)
        assert type(caught.value) is ProviderError
        assert str(caught.value) == f"otpcepat: the provider responded with {msg!r}"

    @pytest.mark.parametrize("msg", ["NO NUMBERS", "No numbers available"])
    def test_no_numbers_is_understood(self, wire: Wire, msg: str) -> None:
        """The document has no word for it; the one that everybody uses is understood."""
        wire.says(refused(msg))
        with pytest.raises(NumberUnavailable, match=msg):
            wire.provider.order("7", "6", None)

    def test_an_echoed_key_is_masked(self, wire: Wire) -> None:
        """An error that quotes our key shows it neither in its text nor in its words."""
        wire.says(refused(f"key {KEY} is blocked"))
        with pytest.raises(ProviderError) as caught:
            wire.provider.balance()
        assert caught.value.words == "key *** is blocked"

    def test_an_echoed_short_key_is_masked(self, wire: Wire) -> None:
        """So it is where the key is so short that answers are not searched for it."""
        Secret("k3y4")
        wire.says(refused("key k3y4 is blocked"))
        with pytest.raises(ProviderError) as caught:
            wire.provider.balance()
        assert (caught.value.words, caught.value.message) == (
            "key *** is blocked",
            "the provider responded with 'key *** is blocked'",
        )

    def test_an_echoed_key_is_masked_in_the_whole_text(self, wire: Wire) -> None:
        """The same with context and hint around it."""
        wire.says(refused(f"key {KEY} is blocked"))
        with pytest.raises(ProviderError) as caught:
            wire.provider.balance()
        assert "invented" not in str(caught.value)

    @pytest.mark.parametrize(
        "body",
        [
            "{}",
            '{"status": "true"}',
            '{"status": "true", "data": null}',
            '{"status": "true", "data": "nothing"}',
            '{"status": "false"}',
            '{"status": "false", "msg": null}',
            '{"status": "maybe", "msg": "BAD ACTION"}',
            '{"msg": "BAD ACTION"}',
        ],
    )
    @pytest.mark.parametrize("action", CALLS)
    def test_an_object_without_sense(self, wire: Wire, action: str, body: str) -> None:
        """An object of another shape is ProviderUnavailable with its first words, and after an order OrderUncertain."""
        tries = 1 if action in ("get_order", "get_status") else None
        wire.says(body)
        if tries is None and "true" not in body:
            wire.says(body, body)
        kind: type[OtpError] = OrderUncertain if action == "get_order" else ProviderUnavailable
        with pytest.raises(kind) as caught:
            CALLS[action](wire)
        assert "unusable response (HTTP 200 with n" in caught.value.message
        assert repr(body)[1:-1] in caught.value.message
