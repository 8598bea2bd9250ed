"""What a provider is: the protocol, and the data that it speaks in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import ClassVar, Protocol, runtime_checkable

from ..redact import Secret, shape

__tracebackhide__ = True


class OrderState(str, Enum):
    """Where an order stands. Each member equals its word: `number.state == "waiting"`."""

    WAITING = "waiting"
    """Rented; no SMS so far, or another one is expected."""
    RECEIVED = "received"
    """Rented; an SMS came."""
    FINISHED = "finished"
    """Closed by us after an SMS came."""
    CANCELLED = "cancelled"
    """Closed by us, none came; nothing is charged."""
    ENDED = "ended"
    """Closed by the provider or elsewhere."""
    UNCERTAIN = "uncertain"
    """The order's answer was lost: it may or may not exist."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Order:
    """One rental, as the provider confirmed it."""

    id: str
    """The provider's id of the order."""
    number: str
    """The phone number as the provider wrote it, usually digits with the country code and no plus."""
    service: str | None
    """The provider's id of the service that the number was ordered for."""
    country: str | None
    """The provider's id of the country, None where the provider chose."""
    operator: str | None
    """The provider's id of the operator, None where the provider chose."""
    price: Decimal | None
    """What the order costs, None where the provider did not say."""
    currency: str | None
    """ISO 4217 code of `price`, None where it is not known."""
    ordered_at: datetime
    """When the answer came, UTC; to show to people."""
    region: str | None = None
    """ISO 3166 code of `country` where it is known: how to read a number that has no country code."""


@dataclass(frozen=True, slots=True, repr=False)
class SmsMessage:
    """One received SMS. Its repr shows the shape of the text, never the text: reports are public."""

    id: str
    """Unique within its order: the provider's id, or one that we gave where the provider has none."""
    sender: str | None
    """The sender's number or name, None where the provider does not tell it."""
    text: str
    """The whole text."""
    received_at: datetime | None
    """When it came, UTC; where the provider does not say, when we first saw it. To show to people."""
    code: str | None
    """The code that the provider itself found in the text, None where it gives none."""

    def __repr__(self) -> str:
        return f"SmsMessage(id={self.id!r}, sender={self.sender!r}, text={shape(self.text)!r})"


@dataclass(frozen=True, slots=True)
class Messages:
    """What a provider answers when asked for an order's messages."""

    state: OrderState
    """`waiting`, `received` or `ended`."""
    sms: tuple[SmsMessage, ...]
    """Every SMS so far, oldest first."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account holds."""

    amount: Decimal
    """In `currency`."""
    currency: str | None
    """ISO 4217 code, None where the provider does not tell it."""
    account: str | None = field(default=None, repr=False)
    """The account's name or mail address, None where the provider does not tell it; never shown in a repr."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country that numbers can be ordered in."""

    id: str
    """The provider's id."""
    name: str
    """The provider's name of it."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A mobile operator of a country."""

    id: str
    """The provider's id."""
    name: str
    """The provider's name of it."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that numbers can be ordered for."""

    id: str
    """The provider's id."""
    name: str
    """The provider's name of it."""
    price: Decimal | None
    """Price of one order, None where the provider does not say."""
    currency: str | None
    """ISO 4217 code of `price`."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable that a provider reads."""

    name: str
    """As in the environment and in .env."""
    help: str
    """What it is, one phrase."""
    secret: bool = False
    """Handed over as a `Secret`, and masked everywhere."""
    required: bool = False
    """A run with this provider does not start without it."""
    default: str | None = None
    """Used where it is not set."""
    account: bool | None = None
    """Whether another value means another account. None: it does if the variable is secret, or named `*_URL`."""

    @property
    def identifies_account(self) -> bool:
        """`account`, or what it defaults to."""
        return self.secret or self.name.endswith("_URL") if self.account is None else self.account


class Repeat(Enum):
    """Which failures of a call are followed by another try."""

    ALWAYS = "always"
    """Reads: any passing failure."""
    NEVER = "never"
    """Calls inside a loop of the caller's own."""
    UNSENT = "unsent"
    """An order: only what certainly did not reach the provider; anything else unclear is OrderUncertain."""


class Provider(Protocol):
    """A service that rents phone numbers and shows the SMS they receive.

    Implementations are thread-safe. Errors are those of `pytest_otp.errors`; an unknown refusal is a `ProviderError`
    with the provider's own words. A class that registers in the entry point group `pytest_otp.providers` has
    `variables` and is built as `cls(variables, http)`: `variables` maps each name to its value (`Secret` for secrets,
    None where unset and without default), `http` is a `pytest_otp.providers.http.HttpClient`.

    A class may declare more about itself, as class attributes:

    - `offline = True`: no SMS is really sent and nothing is charged. Defaults to False.
    - `push`: a `pytest_otp.providers.push.PushEndpoint`, where the provider sends SMS to us. Defaults to None.
    - `lifetime`: the seconds after which an order has certainly ended. Defaults to 20 minutes.
    """

    name: str
    variables: ClassVar[tuple[Variable, ...]]

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """Rent a number. Sent once: raises OrderUncertain where the answer is lost."""
        ...

    def messages(self, order: Order) -> Messages:
        """The order's state and every SMS so far, in one request and without retries."""
        ...

    def resend(self, order: Order) -> None:
        """Expect another SMS; does nothing where a number simply goes on receiving."""
        ...

    def cancel(self, order: Order) -> None:
        """Close an order that got no SMS; done too where it is closed already. Raises SmsAlreadyReceived."""
        ...

    def finish(self, order: Order) -> None:
        """Close an order that got an SMS; done too where it is closed already."""
        ...

    def balance(self) -> Balance:
        """What the account holds."""
        ...

    def countries(self) -> list[Country]:
        """The countries that can be ordered. Raises Unsupported where the provider has no such list."""
        ...

    def operators(self, country: str) -> list[Operator]:
        """The operators of a country. Raises Unsupported where the provider has no such list."""
        ...

    def services(self, country: str | None) -> list[Service]:
        """The services of a country, or those of no country. Raises Unsupported where there is no such list."""
        ...

    def count(self, service: str, country: str, operator: str | None) -> int:
        """How many numbers are free now. Raises Unsupported where the provider does not tell."""
        ...


def lacking(provider: object) -> list[str]:
    """What an object lacks to rent numbers and to give them back; the catalogue calls may be left out."""
    return [name for name in ("name", "order", "messages", "resend", "cancel", "finish") if not hasattr(provider, name)]


def identifying(
    provider: Provider | type[Provider], values: Mapping[str, str | Secret | None]
) -> dict[str, str | Secret | None]:
    """Those of a provider's values that tell one account from another."""
    names = {variable.name for variable in provider.variables if variable.identifies_account}
    return {name: value for name, value in values.items() if name in names}


@runtime_checkable
class SupportsPush(Protocol):
    """A provider that tells by itself when a message comes, so that a wait can sleep until then."""

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        """Call `notify(seconds)` for each message or end of this order that will show in so many seconds (0: now).

        May be called from any thread. Returns a function that ends the subscription.
        """
        ...


@runtime_checkable
class SupportsHandingOn(Protocol):
    """A provider whose orders somebody closes who outlives this process."""

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
        """Have the order finished (an SMS came) or cancelled: the state it got, or None where that happens later.

        Returns within `timeout` seconds. Raises ProviderError where it is certain that no further try will help.
        """
        ...


@runtime_checkable
class SupportsCounting(Protocol):
    """A provider that keeps count of waits."""

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """A test waited for this order's messages so long, and got so many."""
        ...
