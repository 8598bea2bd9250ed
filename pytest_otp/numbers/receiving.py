"""Asking the provider for the messages of one order, and handing out each of them once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from ..errors import OrderEnded, ProviderError, ProviderUnavailable
from ..providers.base import SmsMessage
from ..providers.deadline import time_limit
from .inbox import Inbox
from .open_order import OpenOrder

__tracebackhide__ = True

T = TypeVar("T")

_logger = logging.getLogger("pytest_otp")


class Receiver:
    """The messages of one order. Thread-safe: the provider gets one request at a time, whoever waits."""

    def __init__(self, order: OpenOrder) -> None:
        self._order = order
        self._inbox = Inbox()
        self._requesting = threading.Lock()
        self._resend_due = False

    @property
    def messages(self) -> tuple[SmsMessage, ...]:
        """Every message seen so far, oldest first."""
        return self._inbox.messages

    @property
    def unread(self) -> list[SmsMessage]:
        """Those that have not been handed out."""
        return self._inbox.unread

    def wait_begins(self) -> None:
        """A new wait polls before it requests another SMS."""
        self._resend_due = False

    def poll(self, seconds: float) -> None:
        """Poll the provider once, within `seconds`. First requests another SMS if every one so far was skipped.

        Does nothing if the order is closed, or if other waits keep the provider busy for all that time.
        """
        with time_limit(seconds):
            if self._order.is_closed or not self._requesting.acquire(timeout=seconds):
                return
            try:
                if self._resend_due:
                    self._request_another()
                self._fetch()
            finally:
                self._requesting.release()

    def claim(self, pick: Callable[[SmsMessage], T | None]) -> T | None:
        """What `pick` takes from the oldest message that it accepts, or None.

        Raises `OrderEnded` if there is none and the order is closed.
        """
        closed = self._order.is_closed  # before looking: what came before the close is in the inbox by then
        found = self._inbox.hand_out(pick)
        if found is None:
            if closed:
                raise self._order.ended()
            self._resend_due = self._inbox.wants_another()
        return found

    def resend(self, timeout: float) -> None:
        """Tell the provider to expect another SMS. Raises `OrderEnded` and `ProviderError`."""
        if self._order.is_closed:
            raise self._order.ended()
        with self._requesting, time_limit(timeout):
            self._order.provider.resend(self._order.order)
            self._another_requested()

    def _request_another(self) -> None:
        try:
            self._order.provider.resend(self._order.order)
        except ProviderUnavailable:
            raise
        except (ProviderError, OrderEnded) as refusal:
            _logger.info("order %s: could not request another SMS: %s", self._order.order.id, refusal)
        self._another_requested()

    def _another_requested(self) -> None:
        self._inbox.another_requested()
        self._resend_due = False

    def _fetch(self) -> None:
        answer = self._order.provider.messages(self._order.order)
        self._inbox.add(answer.sms)
        self._order.reported(answer.state, received=bool(self._inbox.messages))
