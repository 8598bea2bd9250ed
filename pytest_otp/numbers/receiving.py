"""Asking the provider for the messages of one order, handing out each of them once, and waiting for the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import cache, partial
from typing import TypeVar

from ..clock import monotonic
from ..errors import ProviderUnavailable
from ..providers.base import Messages, SmsMessage, SupportsAsking, SupportsCounting
from ..providers.deadline import time_left, time_limit, time_limit_at
from ..providers.looking import log_refusal, look
from ..providers.workers import Workers
from .bell import Bell
from .filters import Wanted
from .inbox import Inbox
from .open_order import OpenOrder
from .options import NumberOptions, checked_seconds
from .timeout_text import code_timeout
from .waiting import Pace, Wait

__tracebackhide__ = True

T = TypeVar("T")

REQUEST_THREADS = 16
"""How many polls of this process block a thread at the same time, if event loops wait for them."""


class Receiver:
    """The messages of one order. Thread-safe: the provider gets one request at a time, whoever waits."""

    def __init__(self, order: OpenOrder) -> None:
        self._order = order
        self._inbox = Inbox()
        self._lock = threading.Lock()
        self._request: Future[None] | None = None
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

    def poll(self, seconds: float, *, in_thread: bool = False) -> Future[None] | None:
        """Poll the provider once, within `seconds`, or join the request that is under way.

        First requests another SMS if every one so far was skipped. Does nothing if the order is closed. The future has
        the outcome; it is done unless the provider answers by itself, another thread polls, or with `in_thread`.
        """
        if self._order.is_closed:
            return None
        mine: Future[None] = Future()
        request = self._begin(mine)
        if request is not mine:
            return request
        provider, end = self._order.provider, monotonic() + seconds
        if isinstance(provider, SupportsAsking):
            self._ask(provider, mine, seconds)
        elif in_thread:
            _threads().run(lambda: self._look(mine, end))
        else:
            self._look(mine, end)
        return mine

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
        mine: Future[None] = Future()
        with time_limit(timeout):
            while (request := self._begin(mine)) is not mine:
                if not wait({request}, time_left()).done:
                    raise ProviderUnavailable("no response to an earlier request", **self._order.context)
            try:
                self._order.provider.resend(self._order.order)
                self._another_requested()
            finally:
                self._end(mine)

    def _begin(self, mine: Future[None]) -> Future[None]:
        """Take the turn, unless a request is under way: return that, or `mine`."""
        with self._lock:
            self._request = self._request or mine
            return self._request

    def _end(self, request: Future[None], error: Exception | None = None) -> None:
        with self._lock:
            self._request = None
        if error is None:
            request.set_result(None)
        else:
            request.set_exception(error)

    def _look(self, request: Future[None], end: float) -> None:
        """Poll in this thread."""
        another = self._resend_due
        try:
            with time_limit_at(end):
                messages, refusal = look(self._order.provider, self._order.order, another=another)
            log_refusal(self._order.order, refusal)
            self._take(messages, another)
        except Exception as error:  # noqa: BLE001 - for whoever waits for it
            self._end(request, error)
        except BaseException:
            self._end(request, ProviderUnavailable("the request was interrupted"))
            raise
        else:
            self._end(request)

    def _ask(self, provider: SupportsAsking, request: Future[None], seconds: float) -> None:
        another = self._resend_due

        def answered(answer: Future[Messages]) -> None:
            try:
                self._take(answer.result(), another)
            except Exception as error:  # noqa: BLE001 - as above
                self._end(request, error)
            else:
                self._end(request)

        try:
            asked = provider.ask_messages(self._order.order, seconds, another=another)
        except BaseException:
            self._end(request)
            raise
        asked.add_done_callback(answered)

    def _take(self, messages: Messages, another: bool) -> None:
        if another:
            self._another_requested()
        self._inbox.add(messages.sms)
        self._order.reported(messages.state, received=bool(self._inbox.messages))

    def _another_requested(self) -> None:
        self._inbox.another_requested()
        self._resend_due = False


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
        wait = self._wait(pick, timeout, in_thread=self._pace.blocks)
        found: T | None = None
        try:
            found = await wait.run_async()
        finally:
            self._count(wait, found)
        return self._outcome(found, wanted, wait, what)

    def _wait(
        self, pick: Callable[[SmsMessage], T | None], timeout: float | None, *, in_thread: bool = False
    ) -> Wait[T]:
        receiver = self._receiver
        seconds = self._options.timeout if timeout is None else checked_seconds(timeout, "timeout")
        receiver.wait_begins()
        pace = replace(self._pace, first=0.0) if receiver.messages else self._pace
        return Wait(
            partial(receiver.poll, in_thread=in_thread),
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


@cache
def _threads() -> Workers:
    return Workers(REQUEST_THREADS, "pytest-otp request")
