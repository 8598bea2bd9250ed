"""Closing an order without giving up at the first refusal: the number costs money until the order is closed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import tenacity

from ..clock import monotonic
from ..errors import AuthenticationError, InvalidRequest, OrderNotFound, SmsAlreadyReceived
from .deadline import time_limit

__tracebackhide__ = True

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 4.0
LONGEST_ASKED = 60.0
"""The longest pause that a provider may ask for, in seconds: the number costs money meanwhile."""
SHORTEST_TRY = 2.0
"""Seconds that an attempt may take, however little time is left."""

LAST_TRY = 1.0
"""Seconds before the end at which the last attempt starts, however long a pause the provider asked for."""

FINAL = (AuthenticationError, OrderNotFound, SmsAlreadyReceived)
"""Failures that another attempt cannot change."""


def finish_or_cancel(cancel: Callable[[], object], finish: Callable[[], object], *, received: bool) -> None:
    """Close an order one way or the other, once. Raises the error of the last request."""
    if not received:
        try:
            cancel()
        except SmsAlreadyReceived:
            finish()
        return
    try:
        finish()
    except InvalidRequest as refusal:
        # After a resend the order waits again, and may be one that can only be cancelled.
        with contextlib.suppress(SmsAlreadyReceived):
            cancel()
            return
        raise refusal


def persist(
    attempt: Callable[[], None],
    *,
    timeout: float,
    passing: type[Exception],
    final: tuple[type[Exception], ...] = FINAL,
    longest_pause: float = LONGEST_PAUSE,
    least_pause: Callable[[BaseException], float] = lambda error: 0.0,
    clock: Callable[[], float] = monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Exception | None:
    """Run `attempt` until it succeeds, for `timeout` seconds, but at least once; return None, or the last failure.

    Only `passing` errors and failed connections are retried, unless they are `final`. Interrupts pass through.
    `least_pause` gives the seconds to wait at least after an error.
    """
    start = clock()
    last_try = min(LAST_TRY, timeout / 4)

    def left() -> float:
        return timeout - last_try - (clock() - start)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, (passing, OSError)) and not isinstance(error, final)
        ),
        wait=lambda state: max(0.0, min(_pause(state, longest_pause, least_pause), left())),
        stop=lambda state: left() <= 0,
        sleep=sleep,
        reraise=True,
    )
    try:
        with time_limit(max(timeout, SHORTEST_TRY)):
            retrying(attempt)
    except Exception as error:  # noqa: BLE001 - the caller decides what the failure means, without these frames
        return error.with_traceback(None)
    return None


def _pause(state: tenacity.RetryCallState, longest: float, least: Callable[[BaseException], float]) -> float:
    error = state.outcome.exception() if state.outcome else None
    backoff = min(FIRST_PAUSE * 2.0 ** min(state.attempt_number - 1, 9), longest)
    asked = getattr(error, "retry_after", None) or 0.0
    return float(max(backoff, min(asked, LONGEST_ASKED), least(error) if error else 0.0))
