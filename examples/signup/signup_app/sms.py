"""How the application sends an SMS: over a gateway, or, where none is set, to its own log."""

from __future__ import annotations

import logging
from typing import Protocol

import requests

SENDER_NAME = "Harbour"
TIMEOUT_SECONDS = 10

log = logging.getLogger(__name__)


class SmsNotSentError(Exception):
    """The gateway was not reached or refused the message."""


class SmsSender(Protocol):
    """Sends one SMS."""

    def __call__(self, to: str, text: str) -> None:
        """Send `text` to the number `to` (E.164). Raises SmsNotSentError."""
        ...


def sender_for(url: str | None) -> SmsSender:
    """The sender for the environment's `SMS_URL`: a gateway that takes `POST` with JSON `to`, `text`, `from`."""
    return Gateway(url) if url else print_to_log


class Gateway:
    """Sends over an HTTP gateway."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, to: str, text: str) -> None:
        """Send, and wait until the gateway has accepted it."""
        message = {"to": to, "text": text, "from": SENDER_NAME}
        try:
            requests.post(self.url, json=message, timeout=TIMEOUT_SECONDS).raise_for_status()
        except requests.RequestException as error:
            raise SmsNotSentError(f"{self.url} did not take the SMS: {error}") from error


def print_to_log(to: str, text: str) -> None:
    """Nothing is sent: whoever runs the application reads the code in its log."""
    log.warning("SMS_URL is not set, so this SMS is only printed here. To %s: %s", to, text)
