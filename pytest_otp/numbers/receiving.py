"""Asking the provider for the messages of one order, handing out each of them once, and waiting for the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ..errors import OrderEnded, ProviderError, ProviderUnavailable
from ..providers.base import SmsMessage, SupportsCounting
from ..providers.deadline import time_limit
from ..redact import logger
from .bell import Bell
from .filters import Wanted
from .inbox import Inbox
from .open_order import OpenOrder
from .options import NumberOptions, checked_seconds
from .timeout_text import code_timeout
from .waiting import Pace, Wait

__tracebackhide__ = True

T = TypeVar("T")


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
            logger.info("order %s: could not request another SMS: %s", self._order.order.id, refusal)
        self._another_requested()

    def _another_requested(self) -> None:
        self._inbox.another_requested()
        self._resend_due = False

    def _fetch(self) -> None:
        answer = self._order.provider.messages(self._order.order)
        self._inbox.add(answer.sms)
        self._order.reported(answer.state, received=bool(self._inbox.messages))


class Waiter:
    """Waits for what the messages of one order bring next, from any thread or event loop.

    A `timeout` is in seconds; None stands for that of the options. All methods raise `CodeTimeout` and `OrderEnded`.
    """

    def __init__(
        self,
        order: OpenOrder,
        receiver: Receiver,
        bell: Bell,
        pace: Pace,
        options: NumberOptions,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None] | None,
    ) -> None:
        self._order = order
        self._receiver = receiver
        self._bell = bell
        self._pace = pace
        self._options = options
        self._clock = clock
        self._sleep = sleep

    def code(self, wanted: Wanted, timeout: float | None) -> str:
        """The next code."""
        return self._run(wanted, wanted.code, "code", timeout)

    async def code_async(self, wanted: Wanted, timeout: float | None) -> str:
        """The next code, without blocking the event loop."""
        return await self._run_async(wanted, wanted.code, "code", timeout)

    def message(self, wanted: Wanted, timeout: float | None) -> SmsMessage:
        """The next message."""
        return self._run(wanted, wanted.message, "matching SMS", timeout)

    async def message_async(self, wanted: Wanted, timeout: float | None) -> SmsMessage:
        """The next message, without blocking the event loop."""
        return await self._run_async(wanted, wanted.message, "matching SMS", timeout)

    def _run(self, wanted: Wanted, pick: Callable[[SmsMessage], T | None], what: str, timeout: float | None) -> T:
        wait = self._wait(pick, timeout)
        found: T | None = None
        try:
            found = wait.run(self._sleep)
        finally:
            self._count(wait, found)
        return self._outcome(found, wanted, wait, what)

    async def _run_async(
        self, wanted: Wanted, pick: Callable[[SmsMessage], T | None], what: str, timeout: float | None
    ) -> T:
        wait = self._wait(pick, timeout)
        found: T | None = None
        try:
            found = await wait.run_async()
        finally:
            self._count(wait, found)
        return self._outcome(found, wanted, wait, what)

    def _wait(self, pick: Callable[[SmsMessage], T | None], timeout: float | None) -> Wait[T]:
        receiver = self._receiver
        seconds = self._options.timeout if timeout is None else checked_seconds(timeout, "timeout")
        receiver.wait_begins()
        pace = replace(self._pace, first=0.0) if receiver.messages else self._pace
        return Wait(
            receiver.poll,
            lambda: receiver.claim(pick),
            timeout=seconds,
            pace=pace,
            bell=self._bell,
            clock=self._clock,
        )

    def _count(self, wait: Wait[T], found: T | None) -> None:
        if isinstance(self._order.provider, SupportsCounting):
            self._order.provider.count_wait(self._order.order, wait.waited, int(found is not None))

    def _outcome(self, found: T | None, wanted: Wanted, wait: Wait[T], what: str) -> T:
        if found is None:
            unread = self._receiver.unread
            raise code_timeout(self._order, wait, wanted, unread, what=what, show_sms=self._options.show_sms)
        return found
