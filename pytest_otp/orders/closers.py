"""Closing many orders concurrently, each until it succeeds, for the keeper and the sweep."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from ..clock import monotonic
from ..errors import OtpError, SmsAlreadyReceived
from ..providers.base import Order, OrderState
from ..providers.closing import finish_or_cancel, persist
from .evidence import SPACING, refuses
from .recording import RecordingProvider

__tracebackhide__ = True

LONGEST_PAUSE = 10.0
"""Seconds between two attempts."""
REFUSAL_PAUSE = SPACING + 0.1
"""Seconds after a refusal until the next one can count, with some to spare: that is measured by the wall clock."""
CONCURRENCY = 8
"""Requests at the same time; providers limit them."""

FINAL = (SmsAlreadyReceived,)
"""Errors that another attempt cannot change. Not AuthenticationError: a proxy may reject valid credentials."""

OnOutcome = Callable[["OrderState | OtpError", bool], None]
"""Called with the state of the order or the error, and whether that is final."""


class Closers:
    """Closes orders, each in its own thread."""

    def __init__(self, *, clock: Callable[[], float] = monotonic, sleep: Callable[[float], None] = time.sleep):
        self._turn = threading.Semaphore(CONCURRENCY)
        self._clock = clock
        self._sleep = sleep
        self._threads: list[threading.Thread] = []

    def close(
        self,
        provider: RecordingProvider,
        order: Order,
        *,
        look: bool,
        timeout: float,
        on_outcome: OnOutcome = lambda outcome, final: None,
    ) -> None:
        """Start closing an order, for `timeout` seconds. Report the first attempt, and if that was not final, the end.

        With `look`, first ask the provider whether an SMS has arrived; otherwise rely on the known state.
        """
        run = partial(self._run, provider, order, look, timeout, on_outcome)
        thread = threading.Thread(target=run, name="pytest-otp close", daemon=True)
        thread.start()
        self._threads.append(thread)  # only now, since a thread that has not started cannot be joined

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until all closes have ended; return whether they have."""
        end = self._clock() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - self._clock()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(
        self, provider: RecordingProvider, order: Order, look: bool, timeout: float, on_outcome: OnOutcome
    ) -> None:
        attempts = 0

        def attempt() -> None:
            nonlocal attempts
            attempts += 1
            try:
                with self._turn:
                    _attempt(provider, order, look)
            except BaseException as error:  # noqa: BLE001 - an event loop's cancellation must not leave a number rented
                ours = _ours(error)
            else:
                return
            if attempts == 1:
                on_outcome(ours, isinstance(ours, FINAL))
            raise ours

        failure = persist(
            attempt,
            timeout=timeout,
            passing=Exception,
            final=FINAL,
            longest_pause=LONGEST_PAUSE,
            least_pause=lambda error: REFUSAL_PAUSE if refuses(error) else 0.0,
            clock=self._clock,
            sleep=self._sleep,
        )
        reported = attempts == 1 and isinstance(failure, FINAL)
        if failure is not None and refuses(failure):
            provider.give_up(order)
        if not reported:
            on_outcome(provider.state(order) if failure is None else _ours(failure), True)


def _attempt(provider: RecordingProvider, order: Order, look: bool) -> None:
    if look and provider.state(order) is OrderState.WAITING:
        with contextlib.suppress(Exception):  # the close itself reports what is wrong
            provider.messages(order)
    received = provider.state(order) is OrderState.RECEIVED
    finish_or_cancel(partial(provider.cancel, order), partial(provider.finish, order), received=received)


def _ours(error: BaseException) -> OtpError:
    return error if isinstance(error, OtpError) else OtpError(f"{type(error).__name__}: {error}")
