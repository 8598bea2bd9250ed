"""How the application sends an SMS: with Twilio, through an HTTP gateway, or, if neither is configured, to its log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException  # type: ignore[import-untyped]
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

SENDER_NAME = "Harbour"
TIMEOUT_SECONDS = 10
UNSUBSCRIBED = 21610
"""Twilio's error for a recipient who has replied STOP."""

log = logging.getLogger(__name__)


class SmsNotSentError(Exception):
    """The service could not be reached, or rejected the message."""


class UnsubscribedError(SmsNotSentError):
    """The recipient has replied STOP, and the service sends no more messages to this number."""


class SmsSender(Protocol):
    """Sends one SMS."""

    def __call__(self, to: str, text: str) -> None:
        """Send `text` to the number `to` (E.164). Raises SmsNotSentError, or UnsubscribedError if it is known why."""
        ...


def sender_for(environ: Mapping[str, str]) -> SmsSender:
    """The sender that an environment configures.

    `SMS_URL` takes precedence over Twilio's account, so that setting it never sends real SMS.
    """
    if url := environ.get("SMS_URL"):
        return Gateway(url)
    if account := environ.get("TWILIO_ACCOUNT_SID"):
        return Twilio(account, environ["TWILIO_AUTH_TOKEN"], environ["TWILIO_FROM"])
    return print_to_log


class Twilio:
    """Sends with Twilio's SDK.

    Args:
        account: the account SID, `AC` and 32 characters.
        token: the auth token of the account.
        sender: the sender of the messages: a number of the account, or a name if the country allows it.
    """

    def __init__(self, account: str, token: str, sender: str) -> None:
        self._client = Client(account, token, http_client=TwilioHttpClient(timeout=TIMEOUT_SECONDS))
        self._sender = sender

    def __call__(self, to: str, text: str) -> None:
        """Send, and wait until Twilio has accepted it."""
        try:
            self._client.messages.create(to=to, from_=self._sender, body=text)
        except TwilioRestException as error:
            kind = UnsubscribedError if error.code == UNSUBSCRIBED else SmsNotSentError
            raise kind(f"Twilio did not accept the SMS: {error}") from error
        except (TwilioException, requests.RequestException) as error:
            raise SmsNotSentError(f"Twilio did not accept the SMS: {error}") from error


class Gateway:
    """Sends through an HTTP gateway that accepts a `POST` of JSON with `to`, `text` and `from`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, to: str, text: str) -> None:
        """Send, and wait until the gateway has accepted it."""
        message = {"to": to, "text": text, "from": SENDER_NAME}
        try:
            requests.post(self.url, json=message, timeout=TIMEOUT_SECONDS).raise_for_status()
        except requests.RequestException as error:
            raise SmsNotSentError(f"{self.url} did not accept the SMS: {error}") from error


def print_to_log(to: str, text: str) -> None:
    """Nothing is sent: whoever runs the application reads the code in its log."""
    log.warning("No SMS service is set, so this SMS is only printed here. To %s: %s", to, text)
