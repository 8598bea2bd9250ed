"""otpcepat's wire protocol over the offline rental desk; written from its document, oddities included.

It answers what the document lists and nothing else. Where the document has two errors for one mistake, INVALID is what
cannot be an id at all, WRONG is what nobody has. It documents neither "no numbers" nor the refusal of a cancel: the
first is answered as WRONG SERVICE ID, the second (and a change of a closed order) as WRONG STATUS.
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
"""How long the old text goes on showing after a resend."""

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

Answer = dict[str, object]


class OtpcepatFace:
    """Answers the eight actions.

    Args:
        desk: where the numbers come from.
        clock: monotonic seconds.
        on_order: called with the id on the wire and the rental of each new order.
        balance: rupiah that the account claims to hold.
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
        self._actions: dict[str, Callable[[Mapping[str, str]], Answer]] = {
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
        """The body that answers this query string: JSON as PHP writes it, compact and with slashes escaped."""
        return json.dumps(self._answer(query), separators=(",", ":")).replace("/", "\\/").encode()

    def _answer(self, query: Mapping[str, str]) -> Answer:
        if query.get("api_key") != API_KEY:
            return _failed("You don't have Access!")
        action = self._actions.get(query.get("action", ""))
        if action is None:
            return _failed("BAD ACTION")
        try:
            return action(query)
        except _Failed as failure:
            return _failed(failure.message)

    def _get_balance(self, query: Mapping[str, str]) -> Answer:
        return {"status": "true", "data": {"email": "sandbox@example.test", "saldo": self._balance}}

    def _get_countries(self, query: Mapping[str, str]) -> Answer:
        countries = [{"countryID": key, "countryName": country.name} for key, country in OTPCEPAT_COUNTRIES.items()]
        # The document's sample has a countryID here, though none was asked for.
        return {"status": "true", "countryID": None, "data": countries}

    def _get_operators(self, query: Mapping[str, str]) -> Answer:
        country_id, country = _country(query)
        return {"status": "true", "countryID": country_id, "data": ["random", *country.operators]}

    def _get_services(self, query: Mapping[str, str]) -> Answer:
        country_id, country = _country(query)
        data = [
            _service_entry(key, service, country.price_factor)
            for key, service in OTPCEPAT_SERVICES.items()
            if service.only_in in (None, country_id)
        ]
        return {"status": "true", "countryID": country_id, "data": data}

    def _get_special_services(self, query: Mapping[str, str]) -> Answer:
        data = [_service_entry(key, service, Decimal(1)) for key, service in OTPCEPAT_SPECIAL_SERVICES.items()]
        return {"status": "true", "data": data}

    def _get_order(self, query: Mapping[str, str]) -> Answer:
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

    def _get_status(self, query: Mapping[str, str]) -> Answer:
        order = self._order(query)
        # The word before the text: a message that comes in between then shows one look later, never under a wrong word.
        word = _STATUS_WORDS[order.rental.state]
        text = self._shown_text(order)
        data = {"order_id": order.id, "number": order.number, "serviceName": order.service, "status": word}
        return {"status": "true", "data": data | (order.nothing_yet() if text is None else {"sms": text})}

    def _set_status(self, query: Mapping[str, str]) -> Answer:
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
        """The one text that this provider shows: the newest, and for a while after a resend the one from before it."""
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
    looks: int = 0

    @property
    def id(self) -> str:
        return self.rental.id.replace("-", "")

    @property
    def number(self) -> str:
        return self.rental.line.e164[1:]

    def nothing_yet(self) -> dict[str, object]:
        """How "no SMS" is written, each time in another way: a client has to understand all three."""
        self.looks += 1
        forms: tuple[dict[str, object], ...] = ({}, {"sms": None}, {"sms": ""})
        return forms[(self.looks - 1) % len(forms)]


def _failed(message: str) -> Answer:
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
