"""OTP-virt: every call is a POST with a JSON object that contains `clientId` and `apiPassword`.

The protocol follows the service's own document, a Postman collection (its sections in brackets below). It asks for gzip
in both directions, but its recorded requests are plain, so the first `GetBalance` finds out what the server accepts.
`error` 0 means success: `status` says 2 or 0.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from ..clock import utc_now
from ..errors import InvalidRequest
from ..redact import Secret
from .base import Balance, Country, Messages, Operator, Order, OrderState, Repeat, Service, SmsMessage, Variable
from .catalogue import Cache, find, find_country, region_of_item, required
from .fields import count_of, decimal_of, id_of, price_of, text_of
from .otpvirt_calls import OtpvirtCalls
from .otpvirt_push import PUSH

__tracebackhide__ = True

if TYPE_CHECKING:
    from .http import HttpClient
    from .push import PushEndpoint

DOCUMENTED = {
    "tajikistan": ("Tajikistan", "indigo"),
    "iran": ("Iran", "mci"),
    "libyan": ("Libya", "any"),
    "afghanistan": ("Afghanistan", "roshan"),
    "latvia": ("Latvia", "xomobile"),
    "serbia": ("Serbia", "mts"),
}
"""Country ID to its name and its one operator [11]. The price list [8] names others, which can be ordered too."""

ANY_OPERATOR = "any"
_SERVICE_LENGTH = range(2, 37)


class OtpvirtProvider:
    """The provider `otpvirt`."""

    name = "otpvirt"
    offline: ClassVar[bool] = False
    push: ClassVar[PushEndpoint] = PUSH
    reports_state: ClassVar[bool] = False
    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("OTPVIRT_CLIENT_ID", "your client ID, a GUID", secret=True, required=True),
        Variable("OTPVIRT_API_PASSWORD", "your API password", secret=True, required=True),
        Variable("OTPVIRT_BASE_URL", "the URL of the API", default="https://api.otp-service.pro/native"),
        # Used by the webhook alone, and not sent to the service.
        Variable(
            "OTPVIRT_WEBHOOK_TOKEN",
            "the secret end of the webhook's path, 16 characters or more",
            secret=True,
            account=False,
        ),
    )

    def __init__(self, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        self._calls = OtpvirtCalls(self.name, variables, http)
        self._cache = Cache()
        self._lock = threading.Lock()
        self._inboxes: dict[str, dict[Hashable, SmsMessage]] = {}

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """`GetNumber` [2]. Country and operator are optional."""
        service_id = self._service_id(required(service, "service", self.name))
        currency = self._calls.currency()
        country_id = self._country_id(country) if country else None
        detail = {key: value for key, value in (("country", country_id), ("provider", operator)) if value}
        answer = self._calls.call("GetNumber", {"service": service_id, "detail": detail}, repeat=Repeat.UNSENT)
        order_id, number = id_of(answer.data.get("activationId")), text_of(answer.data.get("number"))
        if not order_id or not any(char.isdigit() for char in number):
            failure = answer.unexpected("no number" if order_id else "no activationId")
            failure.order_id = order_id or None
            raise failure
        price = price_of(answer.data.get("ammount"))
        return Order(
            id=order_id,
            number=number,
            service=service_id,
            country=country_id,
            operator=operator or None,
            price=price,
            currency=None if price is None else currency,
            ordered_at=utc_now(),
            region=None if country_id is None else region_of_item(_country(country_id)),
        )

    def messages(self, order: Order) -> Messages:
        """`GetSms` [5]. Error 3 is taken for the end of the order: there is no way to ask for its state.

        It also stands for wrong credentials and for faults, so it ends a wait, and proves nothing about the order.
        """
        self._calls.learn_gzip()
        try:
            answer = self._calls.call("GetSms", {"activationId": order.id}, repeat=Repeat.NEVER)
        except InvalidRequest:
            with self._lock:
                return Messages(OrderState.ENDED, tuple(self._inboxes.get(order.id, {}).values()))
        rows = answer.data.get("sms")
        rows = [] if rows is None else rows
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise answer.unexpected("no list of sms")
        with self._lock:
            inbox = self._inboxes.setdefault(order.id, {})
            for key, row in _keyed(rows):
                if key not in inbox:
                    inbox[key] = _message(row, f"{order.id}:{len(inbox) + 1}")
            return Messages(OrderState.RECEIVED if inbox else OrderState.WAITING, tuple(inbox.values()))

    def resend(self, order: Order) -> None:
        """Do nothing: the number keeps receiving."""

    def cancel(self, order: Order) -> None:
        """`CancelActivation` [4]. Error 4 is SmsAlreadyReceived; error 3 may mean anything, and is raised."""
        self._close("CancelActivation", order)

    def finish(self, order: Order) -> None:
        """`ConfirmActivation` [3]. Error 3 may mean anything, and is raised."""
        self._close("ConfirmActivation", order)

    def balance(self) -> Balance:
        """`GetBalance` [7]."""
        answer = self._calls.balance()
        amount = decimal_of(answer.data.get("balance"))
        if amount is None:
            raise answer.unexpected("no balance")
        return Balance(amount, text_of(answer.data.get("currency")) or None)

    def countries(self) -> list[Country]:
        """The documented ones [11] and those of the price list [8]."""
        return [_country(name) for name in dict.fromkeys([*DOCUMENTED, *self._price_list()[1]])]

    def operators(self, country: str) -> list[Operator]:
        """The documented one [11]; none for a country that is not documented."""
        documented = DOCUMENTED.get(self._country_id(country))
        return [Operator(documented[1], documented[1])] if documented else []

    def services(self, country: str | None) -> list[Service]:
        """`GetPrice` [8]: those of the country; without one those of every country, at their lowest price."""
        currency, prices = self._price_list()
        lists = list(prices.values()) if country is None else [prices.get(self._country_id(country), {})]
        offers: dict[str, list[Decimal]] = {}
        for priced in lists:
            for name, price in priced.items():
                offers.setdefault(name, []).extend([] if price is None else [price])
        return [Service(name, name, min(offer, default=None), currency) for name, offer in offers.items()]

    def count(self, service: str, country: str, operator: str | None) -> int:
        """`GetNumbersCount` [1], which needs an operator: by default the country's documented one, or any."""
        country_id = self._country_id(country)
        named = operator or DOCUMENTED.get(country_id, ("", ANY_OPERATOR))[1]
        answer = self._calls.call(
            "GetNumbersCount", {"service": self._service_id(service), "country": country_id, "provider": named}
        )
        count = count_of(answer.data.get("count"))
        if count is None:
            raise answer.unexpected("no count")
        return count

    def _close(self, action: str, order: Order) -> None:
        self._calls.learn_gzip()
        self._calls.call(action, {"activationId": order.id}, repeat=Repeat.NEVER)
        with self._lock:
            self._inboxes.pop(order.id, None)

    def _service_id(self, wanted: str) -> str:
        """The ID in the price list's spelling; what is not listed passes through."""
        if len(wanted) not in _SERVICE_LENGTH:
            raise InvalidRequest(
                f"unknown service {wanted!r}",
                provider=self.name,
                hint="A service ID has 2 to 36 characters, such as 'wa'.",
            )
        if wanted == wanted.lower():
            return wanted
        return find(wanted, self.services(None), kind="service", provider=self.name) or wanted

    def _country_id(self, wanted: str) -> str:
        """The ID that the country list or the price list has for it; what is in neither passes through."""
        if wanted.casefold() in DOCUMENTED:
            return wanted.casefold()
        return find_country(wanted, self.countries(), provider=self.name) or wanted

    def _price_list(self) -> tuple[str | None, dict[str, dict[str, Decimal | None]]]:
        return self._cache.get("prices", self._fetch_price_list)

    def _fetch_price_list(self) -> tuple[str | None, dict[str, dict[str, Decimal | None]]]:
        answer = self._calls.call("GetPrice", {})
        rows = answer.data.get("countryList")
        if not isinstance(rows, list) or not all(
            isinstance(row, Mapping) and isinstance(row.get("services"), Mapping) for row in rows
        ):
            raise answer.unexpected("no countryList")
        prices = {
            text_of(row.get("country")): {name: price_of(price) for name, price in row["services"].items()}
            for row in rows
        }
        return text_of(answer.data.get("currency")) or None, prices


def _country(name: str) -> Country:
    return Country(name, DOCUMENTED.get(name, (name, ""))[0])


def _keyed(rows: list[Mapping[str, Any]]) -> Iterator[tuple[Hashable, Mapping[str, Any]]]:
    """Each row with its identity: its ID, else its words and how many rows like it came before."""
    unnamed: Counter[tuple[str, str]] = Counter()
    for row in rows:
        words = text_of(row.get("phoneFrom")), text_of(row.get("text"))
        message_id = text_of(row.get("id"))
        if not message_id:
            unnamed[words] += 1
        yield message_id or (*words, unnamed[words]), row


def _message(row: Mapping[str, Any], own_id: str) -> SmsMessage:
    text = row.get("text")
    return SmsMessage(
        id=text_of(row.get("id")) or own_id,
        sender=text_of(row.get("phoneFrom")) or None,
        text=text if isinstance(text, str) else text_of(text),
        received_at=utc_now(),
        code=text_of(row.get("code")) or None,
    )
