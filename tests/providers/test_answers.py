"""A JSON object that came, and what a provider makes of it."""

from __future__ import annotations

from pytest_otp.errors import (
    AuthenticationError,
    OrderUncertain,
    ProviderUnavailable,
)
from pytest_otp.providers import answers
from pytest_otp.providers.answers import JsonResponse
from pytest_otp.providers.base import Repeat
from pytest_otp.redact import Secret
from tests.providers.clients import KEY


class TestJsonResponse:
    """An object that came, and what a provider says of it."""

    def given(self, repeat: Repeat, status: int = 200) -> JsonResponse:
        return answers.read("acme", status, "", '{"status": "true", "sms": "Your code is 1234"}', repeat)

    def test_its_repr_shows_no_content(self) -> None:
        """Neither the object nor an SMS is in the repr."""
        assert "1234" not in repr(self.given(Repeat.NEVER))

    def test_an_object_that_is_not_what_is_documented(self) -> None:
        """A read says what is wrong with it; an order is uncertain."""
        error = self.given(Repeat.NEVER).unexpected("no saldo")
        assert isinstance(error, ProviderUnavailable)
        assert str(error).startswith(
            'acme: unusable response (HTTP 200 with no saldo: \'{"status": "true", "sms": …\'). '
        )
        uncertain = self.given(Repeat.UNSENT).unexpected("no order_id")
        assert isinstance(uncertain, OrderUncertain)
        assert uncertain.message.startswith(
            "the order was sent, but its outcome is unknown: unusable response (HTTP 200 with no "
        )

    def test_no_sense_with_401_is_about_credentials(self) -> None:
        """An object of no known shape under 401 is still a refusal, also of an order."""
        assert isinstance(self.given(Repeat.UNSENT, 401).unexpected("no error number"), AuthenticationError)

    def test_a_key_in_the_reason_is_masked(self) -> None:
        """A provider's word that goes into the message is scrubbed, and cut."""
        Secret(KEY)
        error = self.given(Repeat.NEVER).unexpected(f"the order status {KEY!r}" + "x" * 999)
        assert "the order status '***'" in error.message
        assert len(error.message) < 300

    def test_a_failure_of_the_providers_own(self) -> None:
        """What the provider says of itself passes for a read, and leaves an order uncertain."""
        error = self.given(Repeat.ALWAYS).failed("error 2: an internal error")
        assert isinstance(error, ProviderUnavailable)
        assert (error.message, error.words) == (
            "the provider responded with error 2: an internal error",
            "error 2: an internal error",
        )
        assert isinstance(self.given(Repeat.UNSENT).failed("error 2"), OrderUncertain)
