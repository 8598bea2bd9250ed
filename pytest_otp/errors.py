"""The errors that pytest-otp raises.

    OtpError
    ├── SettingsError            a setting or argument is missing or invalid
    ├── ProviderError            the provider refused the request; has its own words
    │   ├── AuthenticationError
    │   ├── InsufficientBalance
    │   ├── NumberUnavailable    no number for this service and country at the moment
    │   ├── InvalidRequest       a country, operator, service or status that the provider does not know
    │   ├── OrderNotFound
    │   ├── SmsAlreadyReceived   too late to cancel
    │   └── ProviderUnavailable  no connection, timeout, 5xx, 429, or an unreadable response
    ├── OrderUncertain           the response to an order was lost: a number may be rented
    ├── OrderNotClosed           an order could not be closed
    ├── OrderEnded               the order was closed while the test waited
    ├── CodeTimeout              (also TimeoutError) no code in time
    ├── BudgetExceeded
    ├── FillError                the page did not take the code or the number
    └── Unsupported              the provider does not support the operation

`str(error)` gives, in this order: provider, order and number; how long it took; what happened; what to do next. Each
part is also an attribute. Whatever a provider wrote, the text is one printable line of bounded length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from .display import ID, LINE, NAME, WORDS, shown


def listed(items: Sequence[str], most: int, separator: str = ", ") -> str:
    """At most `most` of the items in one line: `a, b and 3 more`."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return separator.join(items[:most]) + more


class OtpError(Exception):
    """Base class of all errors. Raised directly for errors without a class of their own; the message says what to do.

    Attributes:
        message: what happened, in one sentence without the context below.
        provider: the provider's name; None if no provider was involved.
        order_id: the provider's ID for the order, as the provider wrote it; None if there is no order.
        number: the rented number in E.164 form; None if there is no order.
        elapsed: how long the failed operation took, in seconds; None if it was not timed.
        hint: what to do next; may be empty.
    """

    hint = ""
    _shows_elapsed: ClassVar[bool] = True
    _longest: ClassVar[int] = LINE

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        order_id: str | None = None,
        number: str | None = None,
        elapsed: float | None = None,
        hint: str = "",
    ) -> None:
        message = shown(str(message), self._longest)  # a provider class may pass anything
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.order_id = order_id
        self.number = number
        self.elapsed = elapsed
        if hint:
            self.hint = shown(hint, LINE)

    def __str__(self) -> str:
        context = [shown(self.provider, NAME)] if self.provider else []
        context += [f"order {shown(self.order_id, ID)}"] if self.order_id else []
        context += [shown(self.number, ID)] if self.number else []
        if self.elapsed is not None and self._shows_elapsed:
            context.append(f"after {self.elapsed:.1f} s")
        message = shown(self.message, self._longest)  # again: an attribute can be assigned
        text = ", ".join(context) + ": " + message if context else message
        return f"{text.rstrip('.')}. {shown(self.hint, LINE)}" if self.hint else text


class SettingsError(OtpError):
    """Raised if a setting, a marker or an argument is missing or invalid.

    The message names it, quotes the value and says what is allowed.
    """


class ProviderError(OtpError):
    """Raised if the provider refuses a request for a reason that no subclass covers.

    See the provider's documentation for what its message means.

    Attributes:
        words: the provider's own message, without secrets, at most 300 characters; empty if it gave none.
    """

    def __init__(
        self,
        message: str,
        *,
        words: str = "",
        provider: str | None = None,
        order_id: str | None = None,
        number: str | None = None,
        elapsed: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, provider=provider, order_id=order_id, number=number, elapsed=elapsed, hint=hint)
        self.words = shown(words, WORDS)


class AuthenticationError(ProviderError):
    """Raised if the provider rejects the credentials. Check them in the environment or in `.env`."""

    hint = "Check the provider's credentials in the environment or in .env."


class InsufficientBalance(ProviderError):
    """Raised if the account's balance does not cover the order. Top up the account, or order something cheaper."""

    hint = "Top up the account, or order a cheaper service or country."


class NumberUnavailable(ProviderError):
    """Raised if the provider has no number for this service and country at the moment; nothing was ordered.

    Try again later, or try another country or operator. `--otp-unavailable skip` skips such tests.
    """

    hint = "Try again later, try another country or operator, or skip such tests with --otp-unavailable skip."


class InvalidRequest(ProviderError):
    """Raised for a country, operator, service, status or phone number that the provider does not know or allow.

    The message quotes the value, and lists the candidates if it is ambiguous.
    """


class OrderNotFound(ProviderError):
    """Raised if the provider does not know the order: it belongs to another account, or ended long ago.

    Check the order in your account at the provider.
    """

    hint = "It may belong to another account, or have ended long ago."


class SmsAlreadyReceived(ProviderError):
    """Raised if an order cannot be cancelled, since an SMS has arrived. Call `finish()` or `close()` instead."""

    hint = "Finish the order instead."


class ProviderUnavailable(ProviderError):
    """Raised if the provider cannot be reached or its response is unusable: timeout, 5xx, 429, or unreadable.

    Reads are retried first. Try again later; check the provider's base URL and status page.

    Attributes:
        http_status: the HTTP status; None if there was no response.
        retry_after: how long the provider asks clients to wait, in seconds; None if it does not say.
        sent: False if the request certainly did not reach the provider.
    """

    hint = "Try again later. If it persists, check the provider's base URL and status page."

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        retry_after: float | None = None,
        sent: bool = True,
        words: str = "",
        provider: str | None = None,
        order_id: str | None = None,
        number: str | None = None,
        elapsed: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(
            message,
            words=words,
            provider=provider,
            order_id=order_id,
            number=number,
            elapsed=elapsed,
            hint=hint,
        )
        self.http_status = http_status
        self.retry_after = retry_after
        self.sent = sent


class OrderUncertain(OtpError):
    """Raised if an order was sent but its response was lost or is unusable: a number may be rented.

    The order is not sent again, since that could rent a second number. Check the open orders in your account at the
    provider, and cancel the order there.
    """

    hint = "A number may be rented: check the open orders in your account at the provider, and cancel the order there."


class OrderNotClosed(OtpError):
    """Raised if an order could not be closed, so its number may still be rented.

    Cancel or finish it in your account at the provider.
    """

    hint = "Cancel or finish it in your account at the provider."


class OrderEnded(OtpError):
    """Raised if the order is closed during a wait: by the test, the provider or someone else. Order another number."""

    hint = "Order another number."


class CodeTimeout(OtpError, TimeoutError):
    """Raised if no code, or no matching message, arrives in time.

    The message lists what arrived instead and why it was skipped. Check that the application sent the SMS to this
    number, or raise the timeout. `elapsed` is how long the wait took.
    """

    _shows_elapsed = False  # the message names the timeout
    _longest = 8 * LINE  # it lists SMS


class BudgetExceeded(OtpError):
    """Raised if one more order would exceed `--otp-max-orders` or `--otp-max-spend`; nothing is left rented.

    Place fewer orders, or raise the limit.
    """


class FillError(OtpError):
    """Raised if a page does not take a code or a phone number: no field, no usable field, or not the whole text in it.

    The message lists the fields that were seen, without their contents, and says what to pass instead. `elapsed` is how
    long it took.

    Attributes:
        code: the code that was to be typed; None for a phone number. It is in no text of the error.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        provider: str | None = None,
        order_id: str | None = None,
        number: str | None = None,
        elapsed: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, provider=provider, order_id=order_id, number=number, elapsed=elapsed, hint=hint)
        self.code = code


class Unsupported(OtpError):
    """Raised if the provider does not support an operation, such as listing countries. Use its website instead."""
