"""otpcepat's API on the offline rental desk, as its document describes it, oddities included.

Only documented responses are used. Where the document has two errors for one mistake, INVALID means a malformed value
and WRONG an unknown one. It documents neither "no numbers" nor a refused cancel: the first is answered with WRONG
SERVICE ID, the second (and any change of a closed order) with WRONG STATUS.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..offline.desk import Refused, Rental, RentalDesk
from ..providers.base import OrderState
from .catalogue import (
    OTPCEPAT_COUNTRIES,
    OTPCEPAT_SERVICES,
    OTPCEPAT_SPECIAL_SERVICES,
    OtpcepatCountry,
    OtpcepatService,
)

API_KEY = "sandbox-key-not-a-secret"
ORDER_ACTION = "get_order"

STALE_SECONDS = 3.0
"""How long the old text is still shown after a resend."""

_STATUS_WORDS = {
    OrderState.WAITING: "Waiting SMS",
    OrderState.RECEIVED: "Recieved",
    OrderState.FINISHED: "Done",
    OrderState.CANCELLED: "Cancel",
    OrderState.ENDED: "Cancel",
}
_CANCEL, _RESEND, _FINISH = "2", "3", "4"
_OPERATOR = re.compile(r"[\w.-]{1,40}")
_ORDER_ID = re.compile(r"[0-9a-f]{32}")


class OtpcepatApi:
    """Answers otpcepat's eight actions.

    Args:
        desk: Where the numbers come from.
        clock: Monotonic seconds.
        on_order: Called with the order ID and the rental of each new order.
        balance: The account's balance in rupiah.
    """

    def __init__(
        self, desk: RentalDesk, *, clock: Callable[[], float], on_order: Callable[[str, Rental], None], balance: str
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._on_order = on_order
        self._balance = balance
        self._orders: dict[str, _Order] = {}
        self._lock = threading.Lock()
        self._actions: dict[str, Callable[[Mapping[str, str]], dict[str, object]]] = {
            "getBalance": self._get_balance,
            "getCountries": self._get_countries,
            "getOperators": self._get_operators,
            "getServices": self._get_services,
            "getSpecialServices": self._get_special_services,
            ORDER_ACTION: self._get_order,
            "get_status": self._get_status,
            "set_status": self._set_status,
        }

    def answer(self, query: Mapping[str, str]) -> bytes:
        """The response body for a query string: JSON as PHP writes it, compact and with escaped slashes."""
        return json.dumps(self._answer(query), separators=(",", ":")).replace("/", "\\/").encode()

    def _answer(self, query: Mapping[str, str]) -> dict[str, object]:
        if query.get("api_key") != API_KEY:
            return _failed("You don't have Access!")
        action = self._actions.get(query.get("action", ""))
        if action is None:
            return _failed("BAD ACTION")
        try:
            return action(query)
        except _Failed as failure:
            return _failed(failure.message)

    def _get_balance(self, query: Mapping[str, str]) -> dict[str, object]:
        return {"status": "true", "data": {"email": "sandbox@example.test", "saldo": self._balance}}

    def _get_countries(self, query: Mapping[str, str]) -> dict[str, object]:
        countries = [{"countryID": key, "countryName": country.name} for key, country in OTPCEPAT_COUNTRIES.items()]
        # The document's sample has a countryID here, though the request has none.
        return {"status": "true", "countryID": None, "data": countries}

    def _get_operators(self, query: Mapping[str, str]) -> dict[str, object]:
        country_id, country = _country(query)
        return {"status": "true", "countryID": country_id, "data": ["random", *country.operators]}

    def _get_services(self, query: Mapping[str, str]) -> dict[str, object]:
        country_id, country = _country(query)
        data = [
            _service_entry(key, service, country.price_factor)
            for key, service in OTPCEPAT_SERVICES.items()
            if service.only_in in (None, country_id)
        ]
        return {"status": "true", "countryID": country_id, "data": data}

    def _get_special_services(self, query: Mapping[str, str]) -> dict[str, object]:
        data = [_service_entry(key, service, Decimal(1)) for key, service in OTPCEPAT_SPECIAL_SERVICES.items()]
        return {"status": "true", "data": data}

    def _get_order(self, query: Mapping[str, str]) -> dict[str, object]:
        country_id, country = _country(query)
        operator = _operator(query, country)
        service, price = _service(query, country_id, country)
        try:
            rental = self._desk.order(country.region, service=service.name, country=country_id, operator=operator)
        except Refused as refusal:
            raise _Failed("NO BALANCE" if refusal.reason == "no-balance" else "WRONG SERVICE ID") from None
        order = _Order(rental, service.name)
        with self._lock:
            self._orders[order.id] = order
        self._on_order(order.id, rental)
        data = {"order_id": order.id, "number": order.number, "price": _plain(price), "status": "Waiting SMS"}
        return {"status": True, "data": data}

    def _get_status(self, query: Mapping[str, str]) -> dict[str, object]:
        order = self._order(query)
        # State before text: a message that arrives in between shows at the next poll, never with the wrong state.
        word = _STATUS_WORDS[order.rental.state]
        text = self._shown_text(order)
        data = {"order_id": order.id, "number": order.number, "serviceName": order.service, "status": word}
        return {"status": "true", "data": data | (order.no_sms() if text is None else {"sms": text})}

    def _set_status(self, query: Mapping[str, str]) -> dict[str, object]:
        order = self._order(query)
        status = query.get("status", "")
        if not (status.isascii() and status.isdigit()):
            raise _Failed("INVALID STATUS")
        changes = {_CANCEL: self._desk.cancel, _RESEND: self._desk.resend, _FINISH: self._desk.finish}
        if status not in changes:
            raise _Failed("WRONG STATUS")
        try:
            changes[status](order.rental)
        except Refused:
            raise _Failed("WRONG STATUS") from None
        if status == _RESEND:
            order.resent_at = self._clock()
        return {"status": True, "msg": "success"}

    def _shown_text(self, order: _Order) -> str | None:
        """The only text that this provider shows: the newest; after a resend, the old one for a while."""
        messages = self._desk.messages(order.rental)
        if not messages:
            return None
        awaits_another = order.rental.state is OrderState.WAITING
        if awaits_another and order.resent_at is not None and self._clock() - order.resent_at >= STALE_SECONDS:
            return None
        return messages[-1].text

    def _order(self, query: Mapping[str, str]) -> _Order:
        order_id = query.get("order_id", "")
        if not _ORDER_ID.fullmatch(order_id):
            raise _Failed("INVALID ORDER ID")
        with self._lock:
            order = self._orders.get(order_id)
        if order is None:
            raise _Failed("WRONG ORDER ID")
        return order


class _Failed(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(slots=True)
class _Order:
    rental: Rental
    service: str
    resent_at: float | None = None
    polls: int = 0

    @property
    def id(self) -> str:
        return self.rental.id.replace("-", "")

    @property
    def number(self) -> str:
        return self.rental.line.e164[1:]

    def no_sms(self) -> dict[str, object]:
        """The fields for "no SMS", in each of the three forms in turn: a client has to understand all of them."""
        self.polls += 1
        forms: tuple[dict[str, object], ...] = ({}, {"sms": None}, {"sms": ""})
        return forms[(self.polls - 1) % len(forms)]


def _failed(message: str) -> dict[str, object]:
    return {"status": "false", "msg": message}


def _country(query: Mapping[str, str]) -> tuple[str, OtpcepatCountry]:
    country_id = query.get("country_id", "")
    if country_id not in OTPCEPAT_COUNTRIES:
        raise _Failed("WRONG COUNTRY ID")
    return country_id, OTPCEPAT_COUNTRIES[country_id]


def _operator(query: Mapping[str, str], country: OtpcepatCountry) -> str:
    operator = query.get("operator_id", "")
    if not _OPERATOR.fullmatch(operator):
        raise _Failed("INVALID OPERATOR")
    if operator != "random" and operator not in country.operators:
        raise _Failed("WRONG OPERATOR ID")
    return operator


def _service(query: Mapping[str, str], country_id: str, country: OtpcepatCountry) -> tuple[OtpcepatService, Decimal]:
    service_id = query.get("service_id", "")
    if not (service_id.isascii() and service_id.isdigit()):
        raise _Failed("INVALID SERVICE ID")
    if service_id in OTPCEPAT_SPECIAL_SERVICES:
        special = OTPCEPAT_SPECIAL_SERVICES[service_id]
        return special, special.price
    service = OTPCEPAT_SERVICES.get(service_id)
    if service is None or service.only_in not in (None, country_id):
        raise _Failed("WRONG SERVICE ID")
    return service, service.price * country.price_factor


def _service_entry(key: str, service: OtpcepatService, factor: Decimal) -> dict[str, str]:
    return {"serviceID": key, "serviceName": service.name, "price": str(_plain(service.price * factor))}


def _plain(price: Decimal) -> int | float:
    return int(price) if price == price.to_integral_value() else float(price)
