"""What a provider is: the protocol, and the data types it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import ClassVar, Protocol, runtime_checkable

from ..display import ID, NAME, WORDS, SafeRepr, quoted
from ..redact import Secret, shape
from .fields import price_of

__tracebackhide__ = True


class OrderState(str, Enum):
    """The state of an order. Each member equals its value: `number.state == "waiting"`."""

    WAITING = "waiting"
    """Rented; no SMS has arrived yet, or another one is expected."""
    RECEIVED = "received"
    """Rented; an SMS has arrived."""
    FINISHED = "finished"
    """Closed by this run after an SMS arrived."""
    CANCELLED = "cancelled"
    """Closed by this run without an SMS; nothing is charged."""
    ENDED = "ended"
    """Over, but not by a request of ours that the provider accepted: closed by the provider, or by someone else."""
    UNCERTAIN = "uncertain"
    """The response to the order was lost: it may or may not exist."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, repr=False)
class Order(SafeRepr):
    """One rental, as the provider confirmed it."""

    id: str
    """The provider's ID for the order."""
    number: str
    """The phone number as the provider wrote it, usually digits with the country code and no plus."""
    service: str | None
    """The provider's ID for the service that the number was ordered for."""
    country: str | None
    """The provider's ID for the country; None if the provider chose it."""
    operator: str | None
    """The provider's ID for the operator; None if the provider chose it."""
    price: Decimal | None
    """What the order costs, 0 or more; None if the provider did not say. What cannot be a price becomes None."""
    currency: str | None
    """ISO 4217 code of `price`; None if unknown."""
    ordered_at: datetime
    """When the provider confirmed the order, in UTC; for display."""
    region: str | None = None
    """ISO 3166 code of `country`, if known; used to parse a number without a country code."""

    def __post_init__(self) -> None:
        # A negative price would give a budget money back, and the number is rented, whatever the provider says of it.
        object.__setattr__(self, "price", price_of(self.price))


@dataclass(frozen=True, slots=True, repr=False)
class SmsMessage:
    """One received SMS. Its repr masks the letters and digits of the text: reports are public."""

    id: str
    """Unique within its order: the provider's ID, or a generated one if the provider has none."""
    sender: str | None
    """The sender's number or name; None if the provider does not give it."""
    text: str
    """The whole text."""
    received_at: datetime | None
    """When it arrived, or was first seen if the provider does not say; in UTC, for display."""
    code: str | None
    """The code that the provider itself found in the text; None if it does not give one."""

    def __repr__(self) -> str:
        sender = self.sender and quoted(self.sender, NAME)
        return f"SmsMessage(id={quoted(self.id, ID)}, sender={sender}, text={quoted(shape(self.text[: WORDS + 1]))})"


@dataclass(frozen=True, slots=True)
class Messages:
    """What a provider returns for an order's messages."""

    state: OrderState
    """`waiting`, `received` or `ended`."""
    sms: tuple[SmsMessage, ...]
    """Every SMS so far, oldest first."""


@dataclass(frozen=True, slots=True, repr=False)
class Balance(SafeRepr):
    """The balance of an account."""

    amount: Decimal
    """In `currency`."""
    currency: str | None
    """ISO 4217 code; None if the provider does not give it."""
    account: str | None = field(default=None, repr=False)
    """The account's name or email address; None if the provider does not give it. Never shown in a repr."""


@dataclass(frozen=True, slots=True, repr=False)
class Country(SafeRepr):
    """A country that numbers can be ordered in."""

    id: str
    """The provider's ID."""
    name: str
    """The provider's name for it."""


@dataclass(frozen=True, slots=True, repr=False)
class Operator(SafeRepr):
    """A mobile operator of a country."""

    id: str
    """The provider's ID."""
    name: str
    """The provider's name for it."""


@dataclass(frozen=True, slots=True, repr=False)
class Service(SafeRepr):
    """A service that numbers can be ordered for."""

    id: str
    """The provider's ID."""
    name: str
    """The provider's name for it."""
    price: Decimal | None
    """Price of one order, 0 or more; None if the provider does not say. What cannot be a price becomes None."""
    currency: str | None
    """ISO 4217 code of `price`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "price", price_of(self.price))


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable that a provider reads."""

    name: str
    """As in the environment and in .env."""
    help: str
    """A short description, without a full stop."""
    secret: bool = False
    """Whether it is passed as a `Secret` and masked everywhere."""
    required: bool = False
    """Whether a run with this provider fails to start without it."""
    default: str | None = None
    """The value if it is not set."""
    account: bool | None = None
    """Whether a different value means a different account. None: yes if the variable is secret or named `*_URL`."""

    @property
    def identifies_account(self) -> bool:
        """`account`, with its default resolved."""
        return self.secret or self.name.endswith("_URL") if self.account is None else self.account


class Repeat(Enum):
    """Which failures of a request are retried."""

    ALWAYS = "always"
    """Any temporary failure; for reads."""
    NEVER = "never"
    """None; for requests that the caller itself repeats."""
    UNSENT = "unsent"
    """Only those that certainly did not reach the provider; for orders. If in doubt, OrderUncertain is raised."""


class Provider(Protocol):
    """A service that rents phone numbers and shows the SMS they receive.

    Implementations are thread-safe and raise the errors of `pytest_otp.errors`: for a refusal they do not know, a
    `ProviderError` with the provider's own message. A class registered in the entry point group `pytest_otp.providers`
    has `variables` and is constructed as `cls(variables, http)`: `variables` maps each name to its value (a `Secret`
    for secrets, None if unset and without a default), `http` is a `pytest_otp.providers.http.HttpClient`.

    A class may declare more about itself, as class attributes:

    - `offline = True`: no SMS is really sent and nothing is charged. Defaults to False.
    - `push`: a `pytest_otp.providers.push.PushEndpoint`, if the provider can send SMS to us. Defaults to None.
    - `lifetime`: the seconds after which an order has certainly ended. Defaults to 20 minutes.
    - `reports_state = False`: the provider cannot be asked for the state of an order, and `messages` returns `ended`
      for a refusal that may have another reason. Defaults to True.
    """

    name: str
    variables: ClassVar[tuple[Variable, ...]]

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """Rent a number. The request is sent once; raises OrderUncertain if its response is lost."""
        ...

    def messages(self, order: Order) -> Messages:
        """Return the order's state and every SMS so far, with one request and without retries."""
        ...

    def resend(self, order: Order) -> None:
        """Tell the provider to expect another SMS. Does nothing if its numbers keep receiving anyway."""
        ...

    def cancel(self, order: Order) -> OrderState | None:
        """Cancel an order without an SMS, with one request. Raises SmsAlreadyReceived.

        Returns None if the provider accepts it. If the provider refuses it and then reports that the order is over,
        returns that state: `cancelled`, `finished`, or `ended` if it does not say which. Any other refusal is raised,
        since it does not prove that the order is closed.
        """
        ...

    def finish(self, order: Order) -> OrderState | None:
        """Finish an order that has received an SMS. Returns and raises like `cancel`."""
        ...

    def balance(self) -> Balance:
        """Return the account's balance."""
        ...

    def countries(self) -> list[Country]:
        """Return the countries in which numbers can be ordered. Raises Unsupported if the provider has no list."""
        ...

    def operators(self, country: str) -> list[Operator]:
        """Return a country's operators. Raises Unsupported if the provider has no list."""
        ...

    def services(self, country: str | None) -> list[Service]:
        """Return a country's services; with None, those of no country. Raises Unsupported if there is no list."""
        ...

    def count(self, service: str, country: str, operator: str | None) -> int:
        """Return how many numbers are available. Raises Unsupported if the provider does not report it."""
        ...


def lacking(provider: object) -> list[str]:
    """Return what an object lacks to rent numbers and close them; the catalogue methods are optional."""
    return [name for name in ("name", "order", "messages", "resend", "cancel", "finish") if not hasattr(provider, name)]


def identifying(
    provider: Provider | type[Provider], values: Mapping[str, str | Secret | None]
) -> dict[str, str | Secret | None]:
    """Return the values that identify the provider's account."""
    names = {variable.name for variable in provider.variables if variable.identifies_account}
    return {name: value for name, value in values.items() if name in names}


@runtime_checkable
class SupportsPush(Protocol):
    """A provider that announces each message, so that a wait can sleep until then."""

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        """Call `notify(seconds)`, from any thread, for each message and for the end of this order.

        `seconds` is the time until `messages` returns it; 0 means now. Returns a function that ends the subscription.
        """
        ...


@runtime_checkable
class SupportsAsking(Protocol):
    """A provider whose answers come by themselves: no thread has to wait for them."""

    def ask_messages(self, order: Order, seconds: float, *, another: bool) -> Future[Messages]:
        """Ask for what `messages` returns, within that many seconds; with `another`, first do what `resend` does.

        A refusal of that resend is logged: an SMS may come all the same. May be called on an event loop.
        """
        ...


@runtime_checkable
class SupportsHandingOn(Protocol):
    """A provider whose orders are closed by a process that outlives this one."""

    def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
        """Have the order finished (it received an SMS) or cancelled, within `timeout` seconds.

        Returns its state, or None if it is closed later. Raises ProviderError if no further try can help.
        """
        ...


@runtime_checkable
class SupportsCounting(Protocol):
    """A provider that records waits."""

    def count_wait(self, order: Order, seconds: float, codes: int) -> None:
        """Record that a test waited this long for the order's messages, and got this many codes."""
        ...


@runtime_checkable
class SupportsStates(Protocol):
    """A provider that records the states of its orders."""

    def set_state(self, order: Order, state: OrderState) -> None:
        """Record a state that became known in another way than by its answers."""
        ...
