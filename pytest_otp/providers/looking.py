"""A look at an order's messages, which may begin with a resend."""

from __future__ import annotations

from ..errors import OrderEnded, OtpError, ProviderError, ProviderUnavailable
from ..redact import logger
from .base import Messages, Order, Provider

__tracebackhide__ = True


def look(provider: Provider, order: Order, *, another: bool) -> tuple[Messages, OtpError | None]:
    """Return the order's messages, and the refusal of the resend that was to come first, if it was refused.

    Raises what `Provider.messages` raises, and ProviderUnavailable if the resend has to be repeated.
    """
    refusal: OtpError | None = None
    if another:
        try:
            provider.resend(order)
        except ProviderUnavailable:
            raise
        except (ProviderError, OrderEnded) as error:
            refusal = error
    return provider.messages(order), refusal


def log_refusal(order: Order, refusal: OtpError | None) -> None:
    """Log that a resend was refused; a message may arrive all the same."""
    if refusal is not None:
        logger.info("order %s: could not request another SMS: %s", order.id, refusal)
