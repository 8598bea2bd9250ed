"""Every error that this package raises on purpose.

    OtpError
    ├── SettingsError            a bad or missing setting
    ├── ProviderError            the provider said no; carries its own words
    │   ├── AuthenticationError
    │   ├── InsufficientBalance
    │   ├── NumberUnavailable    no number for this service and country now
    │   ├── InvalidRequest       a country, operator, service or status that it does not know
    │   ├── OrderNotFound
    │   ├── SmsAlreadyReceived   a cancel that came too late
    │   └── ProviderUnavailable  no connection, time-out, 5xx, 429, or an answer that is no answer
    ├── OrderUncertain           the order request's answer was lost: a number may be rented
    ├── OrderNotClosed           teardown could not close an order
    ├── OrderEnded               the order was closed elsewhere while the test waited
    ├── CodeTimeout              (also TimeoutError) no code in time
    ├── BudgetExceeded
    └── Unsupported              this provider has no such operation

`str(error)` reads: which provider and order, how long, what happened, what to do next. The parts are attributes too.
"""

from __future__ import annotations

from collections.abc import Sequence


def listed(items: Sequence[str], most: int) -> str:
    """The items in one line for a message, `most` of them at most: `a, b and 3 more`."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


class OtpError(Exception):
    """The root of the tree.

    Attributes:
        message: what happened, one sentence without the context below.
        provider: the provider's name, or None where none was involved.
        order_id: the provider's id of the order, or None.
        number: the rented number in E.164 form, or None.
        elapsed: seconds that the failed operation took, or None where time plays no part.
        hint: what to do next, or "".
    """

    hint = ""

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
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.order_id = order_id
        self.number = number
        self.elapsed = elapsed
        if hint:
            self.hint = hint

    def __str__(self) -> str:
        context = [part for part in (self.provider, self.order_id and f"order {self.order_id}", self.number) if part]
        if self.elapsed is not None:
            context.append(f"after {self.elapsed:.1f} s")
        said = ", ".join(context) + ": " + self.message if context else self.message
        return f"{said.rstrip('.')}. {self.hint}" if self.hint else said


class SettingsError(OtpError):
    """A bad or missing setting; the message names the option and the variable, and what is allowed."""


class ProviderError(OtpError):
    """The provider said no.

    Attributes:
        words: the provider's own words, scrubbed of secrets, or "" where it gave none.
    """

    def __init__(self, message: str, *, words: str = "", **context: object) -> None:
        super().__init__(message, **context)  # type: ignore[arg-type]  # the root names and types each key
        self.words = words


class AuthenticationError(ProviderError):
    """The provider does not accept the credentials."""

    hint = "Check the provider's credentials in the environment or in .env."


class InsufficientBalance(ProviderError):
    """The account's balance does not cover the order."""

    hint = "Top the account up, or order a cheaper service or country."


class NumberUnavailable(ProviderError):
    """No number is to be had for this service and country now."""

    hint = "Try later, another country or operator, or set --otp-unavailable skip."


class InvalidRequest(ProviderError):
    """A country, operator, service or status that the provider does not know."""


class OrderNotFound(ProviderError):
    """The provider does not know the order."""

    hint = "It may belong to another account, or be long over."


class SmsAlreadyReceived(ProviderError):
    """A cancel came too late: an SMS is there. The order can only be finished."""

    hint = "Finish the order instead."


class ProviderUnavailable(ProviderError):
    """No connection, a time-out, 5xx, 429, or an answer that is no answer.

    Attributes:
        http_status: the HTTP status, or None where no answer came.
        retry_after: seconds that the provider asked us to wait, or None.
        sent: False where the request certainly did not reach the provider.
    """

    hint = "Try again later; where it goes on, check the provider's base URL and status page."

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        retry_after: float | None = None,
        sent: bool = True,
        **context: object,
    ) -> None:
        super().__init__(message, **context)  # type: ignore[arg-type]  # the parent names and types each key
        self.http_status = http_status
        self.retry_after = retry_after
        self.sent = sent


class OrderUncertain(OtpError):
    """The order request was sent and its answer was lost or makes no sense: a number may be rented.

    It is never sent again by itself, since that could rent a second number.
    """

    hint = "A number may be rented: look at the open orders in your account at the provider, and cancel it there."


class OrderNotClosed(OtpError):
    """An order could not be closed: its number may still be rented."""

    hint = "Cancel or finish it in your account at the provider."


class OrderEnded(OtpError):
    """The order was cancelled or finished by the provider, or elsewhere, while the test waited."""

    hint = "Order another number."


class CodeTimeout(OtpError, TimeoutError):
    """No code came in time; the message lists what came without one."""


class BudgetExceeded(OtpError):
    """One more order would exceed the run's budget; nothing was ordered."""


class Unsupported(OtpError):
    """This provider has no such operation."""
