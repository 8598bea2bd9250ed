"""otpcepat: every call is a GET with `api_key` and `action`.

The protocol follows the service's own document (eight actions) and, where that is silent, its public clients:
amounts are Indonesian rupiah, Indonesia is named "Wakanda (Indo)", the operator `random` always exists, and the edge in
front of the service may refuse a user agent that is not a browser's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..clock import utc_now
from ..display import ID, NAME, quoted, shown
from ..errors import (
    AuthenticationError,
    InsufficientBalance,
    InvalidRequest,
    NumberUnavailable,
    OrderEnded,
    OrderNotFound,
    ProviderError,
    ProviderUnavailable,
    SmsAlreadyReceived,
    Unsupported,
)
from ..redact import Secret, scrub
from .base import Balance, Country, Messages, Operator, Order, OrderState, Repeat, Service, SmsMessage, Variable
from .catalogue import Cache, find, find_country, region_of_item, required, unknown
from .fields import decimal_of, id_of, price_of, text_of

__tracebackhide__ = True

if TYPE_CHECKING:
    from .answers import JsonResponse
    from .http import HttpClient

CURRENCY = "IDR"
ANY_OPERATOR = "random"

_REGIONS = {"wakanda (indo)": "ID"}

_CANCEL, _RESEND, _FINISH = "2", "3", "4"

_STATES = {
    "waiting sms": OrderState.WAITING,
    "waiting": OrderState.WAITING,
    "recieved": OrderState.RECEIVED,
    "received": OrderState.RECEIVED,
    "cancel": OrderState.CANCELLED,
    "cancelled": OrderState.CANCELLED,
    "canceled": OrderState.CANCELLED,
    "done": OrderState.FINISHED,
}
_OVER = (OrderState.CANCELLED, OrderState.FINISHED)

_ERRORS: dict[str, type[ProviderError]] = {
    "you don't have access!": AuthenticationError,
    "bad action": InvalidRequest,
    "no balance": InsufficientBalance,
    "invalid operator": InvalidRequest,
    "wrong operator id": InvalidRequest,
    "invalid service id": InvalidRequest,
    "wrong service id": InvalidRequest,
    "wrong country id": InvalidRequest,
    "invalid order id": OrderNotFound,
    "wrong order id": OrderNotFound,
    "wrong status": InvalidRequest,
    "invalid status": InvalidRequest,
}


class OtpcepatProvider:
    """The provider `otpcepat`."""

    name = "otpcepat"
    offline: ClassVar[bool] = False
    push: ClassVar[None] = None
    lifetime: ClassVar[float] = 1200.0
    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("API_KEY_OTPCEPAT", "your account's API key", secret=True, required=True),
        Variable("OTPCEPAT_BASE_URL", "the URL of the API", default="https://otpcepat.org/api/handler_api.php"),
        Variable("OTPCEPAT_USER_AGENT", "the User-Agent header, if the service's edge network blocks the default one"),
    )

    def __init__(self, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        self._key = variables["API_KEY_OTPCEPAT"]
        self._url = str(variables["OTPCEPAT_BASE_URL"])
        agent = variables.get("OTPCEPAT_USER_AGENT")
        self._headers = {"User-Agent": str(agent)} if agent else {}
        self._http = http
        self._catalogue = Cache()
        self._inboxes: dict[str, _Inbox] = {}
        self._lock = threading.Lock()

    def order(self, service: str | None, country: str | None, operator: str | None) -> Order:
        """`get_order`. Without an operator the provider picks one at random."""
        country_name = required(country, "country", self.name)
        service_name = required(service, "service", self.name)
        country_id = self._country_id(country_name)
        service_id = self._service_id(service_name, country_id)
        operator_id = operator or ANY_OPERATOR
        answer, data = self._call(
            "get_order", repeat=Repeat.UNSENT, operator_id=operator_id, service_id=service_id, country_id=country_id
        )
        data = data if isinstance(data, Mapping) else {}
        order_id, number = id_of(data.get("order_id")), text_of(data.get("number"))
        if not order_id or not number:
            failure = answer.unexpected("no number" if order_id else "no order_id")
            failure.order_id = order_id or None
            raise failure
        price = price_of(data.get("price"))
        return Order(
            id=order_id,
            number=number,
            service=service_id,
            country=country_id,
            operator=None if operator_id == ANY_OPERATOR else operator_id,
            price=price,
            currency=None if price is None else CURRENCY,
            ordered_at=utc_now(),
            region=self._region(country_name, country_id),
        )

    def messages(self, order: Order) -> Messages:
        """`get_status`. It shows one text at a time, without an ID: text and state decide what is new."""
        state, text = self._status(order)
        with self._lock:
            inbox = self._inboxes.setdefault(order.id, _Inbox())
            inbox.saw(state, text, order)
            return Messages(OrderState.ENDED if state in _OVER else state, tuple(inbox.messages))

    def resend(self, order: Order) -> None:
        """`set_status` 3, after a `get_status`, whose text is then known to be old."""
        if self.messages(order).state is OrderState.ENDED:
            raise OrderEnded("the order is already closed", provider=self.name, order_id=order.id)
        try:
            self._set_status(order, _RESEND, repeat=Repeat.ALWAYS)
        except ProviderUnavailable:
            raise
        except ProviderError:
            # A repeat of one whose response was lost may be refused: what counts is that the order waits.
            if self._status(order)[0] is not OrderState.WAITING:
                raise
        with self._lock:
            self._inboxes.setdefault(order.id, _Inbox()).expects_another = True

    def cancel(self, order: Order) -> OrderState | None:
        """`set_status` 2. The document lists no refusal for it: after any, the order's state decides."""
        return self._close(order, _CANCEL)

    def finish(self, order: Order) -> OrderState | None:
        """`set_status` 4. After any refusal, the order's state decides."""
        return self._close(order, _FINISH)

    def balance(self) -> Balance:
        """`getBalance`; the account is its email address."""
        answer, data = self._call("getBalance")
        amount = decimal_of(data.get("saldo")) if isinstance(data, Mapping) else None
        if amount is None:
            raise answer.unexpected("no saldo")
        return Balance(amount, CURRENCY, text_of(data.get("email")) or None)

    def countries(self) -> list[Country]:
        """`getCountries`."""
        rows = self._catalogue.get("countries", lambda: self._rows("getCountries"))
        return [Country(text_of(row.get("countryID")), text_of(row.get("countryName"))) for row in rows]

    def operators(self, country: str) -> list[Operator]:
        """`getOperators`."""
        country_id = self._country_id(country)
        answer, data = self._call("getOperators", country_id=country_id)
        if not isinstance(data, list):
            raise answer.unexpected("no list of operators")
        return [Operator(text_of(name), text_of(name)) for name in data]

    def services(self, country: str | None) -> list[Service]:
        """`getServices` of a country; without one `getSpecialServices`."""
        if country is None:
            rows = self._catalogue.get("special", lambda: self._rows("getSpecialServices"))
        else:
            country_id = self._country_id(country)
            rows = self._catalogue.get(
                ("services", country_id), lambda: self._rows("getServices", country_id=country_id)
            )
        return [
            Service(
                text_of(row.get("serviceID")), text_of(row.get("serviceName")), price_of(row.get("price")), CURRENCY
            )
            for row in rows
        ]

    def count(self, service: str, country: str, operator: str | None) -> int:
        """Raise Unsupported: the service has no such call."""
        raise Unsupported("the provider does not report how many numbers are available", provider=self.name)

    def _close(self, order: Order, status: str) -> OrderState | None:
        state = None
        try:
            self._set_status(order, status)
        except (ProviderUnavailable, AuthenticationError):
            raise
        except ProviderError as refusal:
            state = self._after_refused_close(order, status, refusal)
        with self._lock:
            self._inboxes.pop(order.id, None)
        return state

    def _after_refused_close(self, order: Order, status: str, refusal: ProviderError) -> OrderState:
        state, _ = self._status(order)
        if state in _OVER:
            return state
        if state is OrderState.RECEIVED and status == _CANCEL:
            raise SmsAlreadyReceived(
                f"the order cannot be cancelled: an SMS has arrived ({refusal.words})",
                provider=self.name,
                order_id=order.id,
                words=refusal.words,
            )
        raise refusal

    def _set_status(self, order: Order, status: str, *, repeat: Repeat = Repeat.NEVER) -> None:
        self._call("set_status", repeat=repeat, order_id=order.id, status=status)

    def _status(self, order: Order) -> tuple[OrderState, str]:
        answer, data = self._call("get_status", repeat=Repeat.NEVER, order_id=order.id)
        word = text_of(data.get("status")) if isinstance(data, Mapping) else ""
        state = _STATES.get(" ".join(word.casefold().split()))
        if state is None:
            raise answer.unexpected(f"the order status {quoted(word, NAME)}" if word else "no order status")
        return state, text_of(data.get("sms"))

    def _country_id(self, wanted: str) -> str:
        if wanted.isdecimal():
            return wanted
        found = find_country(wanted, self.countries(), provider=self.name, regions=_REGIONS)
        if found is None:
            raise unknown(wanted, self.countries(), kind="country", provider=self.name)
        return found

    def _service_id(self, wanted: str, country_id: str) -> str:
        if wanted.isdecimal():
            return wanted
        for where in (country_id, None):
            found = find(wanted, self.services(where), kind="service", provider=self.name)
            if found is not None:
                return found
        raise unknown(wanted, self.services(country_id), kind="service", provider=self.name)

    def _region(self, wanted: str, country_id: str) -> str | None:
        """The country's region, if it is known without a request; an ID alone does not reveal it."""
        if wanted.isdecimal():
            return None
        return next((region_of_item(c, _REGIONS) for c in self.countries() if c.id == country_id), None)

    def _rows(self, action: str, **params: str) -> list[Mapping[str, Any]]:
        answer, data = self._call(action, repeat=Repeat.ALWAYS, **params)
        if not isinstance(data, list) or not all(isinstance(row, Mapping) for row in data):
            raise answer.unexpected("no list")
        return data

    def _call(self, action: str, *, repeat: Repeat = Repeat.ALWAYS, **params: str) -> tuple[JsonResponse, Any]:
        """One action: the response and its `data`. Raises what a refusal by the provider means."""
        answer = self._http.get(
            self._url,
            {"api_key": self._key or "", "action": action, **params},
            repeat=repeat,
            headers=self._headers,
            check=lambda answer: self._check(answer, params),
        )
        return answer, answer.data.get("data")

    def _check(self, answer: JsonResponse, params: Mapping[str, str]) -> None:
        status, words = str(answer.data.get("status")).strip().casefold(), text_of(answer.data.get("msg"))
        if status == "true":
            return
        if status != "false" or not words:
            raise answer.unexpected("neither success nor a reason")
        kind = _ERRORS.get(" ".join(words.casefold().replace("\u2019", "'").split()), ProviderError)
        if kind is ProviderError and "no number" in words.casefold():
            kind = NumberUnavailable
        asked = ", ".join(f"{name} {shown(value, ID)}" for name, value in params.items() if name != "order_id")
        hint = f"The request was for {asked}." if kind is InvalidRequest and asked else ""
        said = scrub(words)
        message = f"the provider responded with {quoted(said)}"
        raise kind(message, provider=self.name, order_id=params.get("order_id"), words=said, hint=hint)


@dataclass
class _Inbox:
    """What one order has shown so far."""

    messages: list[SmsMessage] = field(default_factory=list)
    expects_another: bool = False

    def saw(self, state: OrderState, text: str, order: Order) -> None:
        """Keep the text if it is a new SMS.

        A changed text is one. The same text is one only if another SMS was requested and the order is `received` again:
        while it is still waiting, the provider keeps showing the old text.
        """
        if not text:
            return
        changed = not self.messages or self.messages[-1].text != text
        if changed or (self.expects_another and state is OrderState.RECEIVED):
            self.expects_another = False
            self.messages.append(SmsMessage(f"{order.id}:{len(self.messages) + 1}", None, text, utc_now(), None))
