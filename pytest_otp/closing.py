"""Closing an order does not give up at the first refusal: the number costs money until it is closed."""

from __future__ import annotations

import time
from collections.abc import Callable

import tenacity

from .errors import AuthenticationError, OrderNotFound, ProviderError, SmsAlreadyReceived
from .providers.base import time_limit

__tracebackhide__ = True

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 4.0
SHORTEST_TRY = 2.0
"""Seconds that one try may take, however little time is left."""

LAST_TRY = 1.0
"""Seconds before the end at which the last try starts, however long the provider asked us to wait."""

_FINAL = (AuthenticationError, OrderNotFound, SmsAlreadyReceived)


def persist(
    attempt: Callable[[], None],
    *,
    timeout: float,
    passing: type[ProviderError],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Exception | None:
    """Run `attempt` until it succeeds, for `timeout` seconds, but once at least; None, or the last failure.

    Only a `passing` error and a failing connection are tried again, and none that further tries cannot change. An
    interrupt goes through.
    """
    start = clock()
    last_try = min(LAST_TRY, timeout / 4)

    def left() -> float:
        return timeout - last_try - (clock() - start)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, (passing, OSError)) and not isinstance(error, _FINAL)
        ),
        wait=lambda state: max(0.0, min(_pause(state), left())),
        stop=lambda state: left() <= 0,
        sleep=sleep,
        reraise=True,
    )
    try:
        with time_limit(max(timeout, SHORTEST_TRY)):
            retrying(attempt)
    except Exception as error:  # noqa: BLE001 - the caller says what the failure means, without these frames
        return error.with_traceback(None)
    return None


def _pause(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    backoff = min(FIRST_PAUSE * 2.0 ** min(state.attempt_number - 1, 9), LONGEST_PAUSE)
    return float(max(backoff, getattr(error, "retry_after", None) or 0.0))
