"""Closing many orders side by side, each until it succeeds: what the keeper and a sweep do."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from ..errors import OrderNotFound, OtpError, SmsAlreadyReceived
from ..providers.base import Order, OrderState
from ..providers.closing import finish_or_cancel, persist
from .recording import Recorded

__tracebackhide__ = True

LONGEST_PAUSE = 10.0
"""Seconds between two tries."""
AT_ONCE = 8
"""Requests that are under way at the same time: a provider counts them."""

FINAL = (OrderNotFound, SmsAlreadyReceived)
"""What further tries cannot change. Refused credentials are none of it: an edge may refuse them for a while."""

Told = Callable[["OrderState | OtpError", bool], None]
"""Gets the state that the order got, or what was said against it, and whether that is the end of it."""


class Closers:
    """Closes orders, each in a thread of its own."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep):
        self._turn = threading.Semaphore(AT_ONCE)
        self._clock = clock
        self._sleep = sleep
        self._threads: list[threading.Thread] = []

    def close(
        self,
        provider: Recorded,
        order: Order,
        *,
        look: bool,
        timeout: float,
        told: Told = lambda outcome, final: None,
    ) -> None:
        """Begin. `told` hears how the first try went, and, where that was not the last one, how it ended.

        With `look` the provider is asked first whether an SMS came; without, what is known of the order decides.
        """
        run = partial(self._run, provider, order, look, timeout, told)
        thread = threading.Thread(target=run, name="pytest-otp close", daemon=True)
        thread.start()
        self._threads.append(thread)  # in this order, since one that has not started cannot be joined

    def join(self, timeout: float) -> bool:
        """Wait until all that was begun has ended, for so many seconds; whether it has."""
        end = self._clock() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - self._clock()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, provider: Recorded, order: Order, look: bool, timeout: float, told: Told) -> None:
        tries = 0

        def attempt() -> None:
            nonlocal tries
            tries += 1
            try:
                with self._turn:
                    _attempt(provider, order, look)
            except BaseException as error:  # noqa: BLE001 - an event loop's cancellation must not leave a number rented
                ours = _ours(error)
            else:
                return
            if tries == 1:
                told(ours, isinstance(ours, FINAL))
            raise ours

        failure = persist(
            attempt,
            timeout=timeout,
            passing=Exception,
            final=FINAL,
            longest_pause=LONGEST_PAUSE,
            clock=self._clock,
            sleep=self._sleep,
        )
        told_already = tries == 1 and isinstance(failure, FINAL)
        if isinstance(failure, OrderNotFound):
            provider.is_gone(order)
            failure = None
        if not told_already:
            told(provider.state(order) if failure is None else _ours(failure), True)


def _attempt(provider: Recorded, order: Order, look: bool) -> None:
    if look and provider.state(order) is OrderState.WAITING:
        with contextlib.suppress(Exception):  # the close itself will say what is wrong
            provider.messages(order)
    state = provider.state(order)
    if state is not OrderState.ENDED:
        finish_or_cancel(
            partial(provider.cancel, order), partial(provider.finish, order), received=state is OrderState.RECEIVED
        )


def _ours(error: BaseException) -> OtpError:
    return error if isinstance(error, OtpError) else OtpError(f"{type(error).__name__}: {error}")
