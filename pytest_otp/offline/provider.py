"""The provider `fake`: the offline rental desk, in this process. Free, instant, and the default."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from ..errors import (
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderEnded,
    OrderNotFound,
    ProviderUnavailable,
    SmsAlreadyReceived,
    listed,
)
from ..providers.base import Balance, Country, Messages, Operator, Order, OrderState, Service, SmsMessage, Variable
from .desk import Refused
from .numbering import regions
from .scenarios import scenario as scenario_named

__tracebackhide__ = True

if TYPE_CHECKING:
    from .desk import Rental, RentalDesk, Trouble
    from .scenarios import Scenario

CURRENCY = "XTS"
"""ISO 4217's code for testing."""

DEFAULT_COUNTRY = "US"

_PRICE = Decimal(0)
_STRAYS_SHOWN = 5
_PLENTY = 1_000_000
_RETRY_AFTER = 1.0
_MANUAL = (
    "In the scenario manual, no SMS arrives by itself: call otp_carrier.deliver(number, text), point the application "
    "at otp_gateway, or run with --otp-fake auto."
)
_OPEN = (OrderState.WAITING, OrderState.RECEIVED)
_TROUBLES: dict[Trouble, tuple[HTTPStatus | None, str]] = {
    "502": (HTTPStatus.BAD_GATEWAY, "the provider responded with 502 Bad Gateway"),
    "429": (HTTPStatus.TOO_MANY_REQUESTS, "the provider responded with 429 Too Many Requests"),
    "reset": (None, "the provider reset the connection"),
}


class FakeProvider:
    """The provider `fake`: rents numbers from a desk, and fails as the scenario says.

    Args:
        desk: where the numbers come from.
        scenario: how this provider's orders go. Defaults to the desk's scenario.
    """

    name = "fake"
    offline: ClassVar[bool] = True
    push: ClassVar[None] = None
    instant: ClassVar[bool] = True
    """Reading messages makes no request, so it may happen at once and on an event loop."""
    variables: ClassVar[tuple[Variable, ...]] = ()

    def __init__(self, desk: RentalDesk, scenario: Scenario | None = None) -> None:
        self._desk = desk
        self._scenario = scenario or desk.scenario

    def with_scenario(self, name: str) -> FakeProvider:
        """Return this provider, with its numbers and orders, under another scenario. Raises SettingsError."""
        return FakeProvider(self._desk, scenario_named(name))

    def timeout_hint(self, order: Order, *, skipped: bool = False) -> str:
        """What to do if no code arrived. If SMS arrived that were skipped, only what went wrong with others."""
        line, carrier = self._rental(order).line, self._desk.carrier
        manual = self._scenario.name == "manual"
        hints = [witness(line.e164, line.since, skipped or not manual) for witness in carrier.witnesses]
        strays = {stray.to: None for stray in carrier.strays_since(line.since)}
        unnamed = [to for to in strays if not any(to in text for text in hints)]
        if unnamed:
            hints.append(f"SMS arrived for numbers that no test holds: {listed(unnamed, _STRAYS_SHOWN)}.")
        if not manual and not skipped:
            hints.append(f"The fake provider runs the scenario {self._scenario.name}: {self._scenario.help}.")
        return " ".join(filter(None, hints)) or ("" if skipped else _MANUAL)

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """Rent a number for any service and operator, by default in the US.

        Raises:
            InvalidRequest: the country is neither an ISO 3166 code nor a country's name in any language.
            NumberUnavailable, InsufficientBalance, ProviderUnavailable: the scenario says so.
        """
        region = self._region(country or DEFAULT_COUNTRY)
        if self._scenario.answers == "never":
            self._ask()
        try:
            rental = self._desk.order(
                region, service=service, country=region, operator=operator, scenario=self._scenario
            )
        except Refused as refusal:
            if refusal.reason == "no-balance":
                raise InsufficientBalance("the balance is too low", provider=self.name) from None
            raise NumberUnavailable(f"no numbers available in {region}", provider=self.name) from None
        return Order(
            id=rental.id,
            number=rental.line.e164.removeprefix("+"),
            service=service,
            country=region,
            operator=operator,
            price=_PRICE,
            currency=CURRENCY,
            ordered_at=rental.ordered_at,
            region=region,
        )

    def messages(self, order: Order) -> Messages:
        """Return the order's state and every SMS so far. Raises ProviderUnavailable, OrderNotFound."""
        self._ask(tries=1)
        rental = self._rental(order)
        state = rental.state
        sms = [SmsMessage(sms.id, sms.sender, sms.text, sms.received_at, None) for sms in self._desk.messages(rental)]
        return Messages(state if state in _OPEN else OrderState.ENDED, tuple(sms))

    def resend(self, order: Order) -> None:
        """Expect another SMS; a scenario that sends SMS sends another.

        Raises ProviderUnavailable, OrderNotFound, OrderEnded.
        """
        self._ask()
        try:
            self._desk.resend(self._rental(order))
        except Refused:
            raise OrderEnded("the order is already closed", provider=self.name, order_id=order.id) from None

    def cancel(self, order: Order) -> OrderState | None:
        """Close an order without an SMS; return the state of one that is over already.

        Raises SmsAlreadyReceived, ProviderUnavailable, OrderNotFound.
        """
        return self._close(self._desk.cancel, order)

    def finish(self, order: Order) -> OrderState | None:
        """Close an order; return the state of one that is over already. Raises ProviderUnavailable, OrderNotFound."""
        return self._close(self._desk.finish, order)

    def subscribe(self, order: Order, notify: Callable[[float], None]) -> Callable[[], None]:
        """Call `notify` for each message that is sent or scheduled, and for the order's end. Raises OrderNotFound."""
        return self._rental(order).line.subscribe(notify)

    def balance(self) -> Balance:
        """Return 0, since nothing costs anything. Raises ProviderUnavailable."""
        self._ask()
        return Balance(Decimal(0), CURRENCY)

    def countries(self) -> list[Country]:
        """Return every region that phonenumbers knows, by ISO 3166 code. Raises ProviderUnavailable."""
        self._ask()
        return [Country(region, name) for region, name in regions().items()]

    def operators(self, country: str) -> list[Operator]:
        """Return the one operator, `any`. Raises ProviderUnavailable, InvalidRequest."""
        self._ask()
        self._region(country)
        return [Operator("any", "any")]

    def services(self, country: str | None) -> list[Service]:
        """Return an empty list: any service can be ordered. Raises ProviderUnavailable, InvalidRequest."""
        self._ask()
        self._region(country or DEFAULT_COUNTRY)
        return []

    def count(self, service: str, country: str, operator: str | None) -> int:
        """Return more than a run needs, or 0 if the scenario has none. Raises ProviderUnavailable, InvalidRequest."""
        self._ask()
        self._region(country)
        return 0 if self._scenario.refusal == "no-numbers" else _PLENTY

    def _ask(self, *, tries: int = 2) -> None:
        """Fail as the scenario says; a second try is what our HTTP client makes for real providers."""
        trouble = self._desk.trouble(self._scenario)
        for _ in range(1, tries):
            trouble = trouble and self._desk.trouble(self._scenario)
        if trouble is None:
            return
        status, message = _TROUBLES[trouble]
        raise ProviderUnavailable(
            message,
            http_status=status,
            retry_after=_RETRY_AFTER if status == HTTPStatus.TOO_MANY_REQUESTS else None,
            provider=self.name,
            hint=f"The scenario {self._scenario.name} does this on purpose: {self._scenario.help}.",
        )

    def _close(self, close: Callable[[Rental], None], order: Order) -> OrderState | None:
        self._ask()
        rental = self._rental(order)
        try:
            close(rental)
        except Refused as refusal:
            if refusal.reason == "sms-received":
                raise SmsAlreadyReceived("an SMS has arrived", provider=self.name, order_id=order.id) from None
            return rental.state
        return None

    def _rental(self, order: Order) -> Rental:
        try:
            return self._desk.find(order.id)
        except Refused:
            raise OrderNotFound("no such order", provider=self.name, order_id=order.id) from None

    def _region(self, country: str) -> str:
        from ..phone import region_of  # noqa: PLC0415 - start-up: imports phonenumbers

        region = region_of(country)
        if region is None:
            raise InvalidRequest(
                f"unknown country {country!r}",
                provider=self.name,
                hint="Use an ISO 3166 code (US, GB, DE) or a country's name in any language.",
            )
        return region
