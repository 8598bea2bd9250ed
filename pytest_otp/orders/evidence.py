"""What proves that an order is closed if the provider did not accept our finish or cancel.

A refusal may mean that the order is over. It may also mean wrong credentials, or a fault that passes. So it proves
nothing alone: a close must have been sent before, the provider must go on refusing, and meanwhile it must accept the
credentials.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

from ..errors import (
    AuthenticationError,
    OrderNotFound,
    ProviderError,
    ProviderUnavailable,
    SmsAlreadyReceived,
    Unsupported,
)
from ..providers.base import Order, OrderState
from .entries import Closing

__tracebackhide__ = True

REFUSALS = 5
"""How many repeated closes the provider must refuse."""
SPACING = 5.0
"""Seconds between two closes whose refusals count."""

_NO_REFUSAL = (AuthenticationError, ProviderUnavailable, SmsAlreadyReceived)


class _Look(Enum):
    OPEN = auto()
    OVER = auto()
    REFUSED = auto()
    FAILED = auto()


def refuses(error: BaseException) -> bool:
    """Whether a close failed in a way that may mean that the order is over."""
    return isinstance(error, ProviderError) and not isinstance(error, _NO_REFUSAL)


def sent(closing: Closing, now: datetime) -> Closing:
    """What is known once a close is sent."""
    return replace(closing, closes=closing.closes + 1, counted_at=closing.counted_at or now)


def weigh(provider: Any, order: Order, before: Closing, refusal: Exception, now: datetime) -> tuple[Closing, bool]:
    """Return what is known after a refused close, and whether that proves that the order is over.

    `before` is what was known when the close was sent. Asks the provider for the order's state and for its balance.
    """
    after = sent(before, now)
    is_due = before.counted_at is not None and abs((now - before.counted_at).total_seconds()) >= SPACING
    if before.closes and not is_due:
        return after, False
    look = _look(provider, order)
    if look is _Look.OVER:
        return after, True
    if look is _Look.OPEN:
        return replace(after, refusals=0, counted_at=now), False
    if look is _Look.REFUSED and is_due and _accepts_credentials(provider, refusal):
        after = replace(after, refusals=after.refusals + 1, counted_at=now)
    return after, after.refusals >= REFUSALS


def _look(provider: Any, order: Order) -> _Look:
    try:
        state = provider.messages(order).state
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises, it proves nothing
        return _Look.REFUSED if refuses(error) else _Look.FAILED
    if state is not OrderState.ENDED:
        return _Look.OPEN
    return _Look.OVER if getattr(provider, "reports_state", True) else _Look.REFUSED


def _accepts_credentials(provider: Any, refusal: Exception) -> bool:
    """Whether the provider accepts the credentials; one without a balance must say itself that the order is unknown."""
    balance = getattr(provider, "balance", None)
    try:
        if balance is not None:
            balance()
            return True
    except Unsupported:
        pass
    except Exception:  # noqa: BLE001 - refused, or not answered
        return False
    return isinstance(refusal, OrderNotFound)
