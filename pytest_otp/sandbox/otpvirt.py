"""OTP-virt's API on the offline rental desk, as its Postman collection describes it, oddities included.

Only documented responses are used. The document has no error for wrong credentials, an empty balance, or a closed or
unknown order: these are error 3. Unavailable numbers, and an unknown country, operator or service, are error 1.
An error in the sandbox itself is error 2.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from decimal import Decimal

from ..offline.desk import Refused, Rental, RentalDesk
from ..providers.base import OrderState
from ..server.gunzip import gunzip
from ..server.server import log_failure
from .catalogue import OTPVIRT_COUNTRIES, OTPVIRT_SERVICES, OTPVIRT_UNLISTED_PRICE, OtpvirtCountry

CLIENT_ID = "5a4db0c5-1111-4222-8333-444444444444"
API_PASSWORD = "sandbox-password"  # noqa: S105 - not a secret: made up, and printed at each start
ORDER_ACTION = "GetNumber"
MAX_BODY = 64 * 1024
"""Bytes, decompressed; a larger request is error 3."""

_SUCCESS, _ERROR = 2, 4
_SUCCESS_OF_LISTS = 0  # used by GetSms and GetPrice in the recorded responses, unlike in the document's table
_NO_NUMBERS, _INTERNAL_ERROR, _INVALID_REQUEST, _SMS_HAS_BEEN_RECEIVED = 1, 2, 3, 4
_FREE_NUMBERS = 36261
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"(?<![\d+])\d{4,8}(?!\d)")


class OtpvirtApi:
    """Answers OTP-virt's seven requests. The eighth, the push, is a request of the service to a client.

    Args:
        desk: Where the numbers come from.
        on_order: Called with the order ID and the rental of each new order.
        balance: The account's balance in US dollars.
        has_numbers: False if GetNumbersCount is to return 0.
    """

    def __init__(
        self, desk: RentalDesk, *, on_order: Callable[[str, Rental], None], balance: Decimal, has_numbers: bool
    ) -> None:
        self._desk = desk
        self._on_order = on_order
        self._balance = balance
        self._has_numbers = has_numbers
        self._orders: dict[str, Rental] = {}
        self._lock = threading.Lock()
        self._actions: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
            "GetNumbersCount": self._get_numbers_count,
            ORDER_ACTION: self._get_number,
            "ConfirmActivation": self._confirm_activation,
            "CancelActivation": self._cancel_activation,
            "GetSms": self._get_sms,
            "GetBalance": self._get_balance,
            "GetPrice": self._get_price,
        }

    def has(self, action: str) -> bool:
        """Whether `/native/<action>` exists."""
        return action in self._actions

    def answer(self, action: str, body: bytes, content_encoding: str) -> bytes:
        """The JSON response for a request body; `content_encoding` is the header's value, or ""."""
        return json.dumps(self._answer(action, body, content_encoding), ensure_ascii=False).encode()

    def _answer(self, action: str, body: bytes, content_encoding: str) -> dict[str, object]:
        try:
            request = _read(_decompressed(body, content_encoding))
            if _guid(request, "clientId") != CLIENT_ID or request.get("apiPassword") != API_PASSWORD:
                raise _Failed(_INVALID_REQUEST)
            return self._actions[action](request)
        except _Failed as failure:
            return {"status": _ERROR, "error": failure.error}
        except Exception as error:  # noqa: BLE001 - the document has one error for all internal failures
            log_failure(error)
            return {"status": _ERROR, "error": _INTERNAL_ERROR}

    def _get_numbers_count(self, request: dict[str, object]) -> dict[str, object]:
        service = _service(request)
        country, operator = _text(request, "country"), _text(request, "provider")
        available = self._has_numbers and _find(service, country, operator) is not None
        return {"count": _FREE_NUMBERS if available else 0, "status": _SUCCESS, "error": 0}

    def _get_number(self, request: dict[str, object]) -> dict[str, object]:
        service = _service(request)
        country, operator = _detail(request)
        found = _find(service, country, operator)
        if found is None:
            raise _Failed(_NO_NUMBERS)
        code, place = found
        try:
            rental = self._desk.order(place.region, service=OTPVIRT_SERVICES[service], country=code, operator=operator)
        except Refused as refusal:
            raise _Failed(_NO_NUMBERS if refusal.reason == "no-numbers" else _INVALID_REQUEST) from None
        with self._lock:
            self._orders[rental.id] = rental
        self._on_order(rental.id, rental)
        return {
            "activationId": rental.id,
            "ammount": float(_price(service, place)),
            "number": _digits(rental),
            "status": _SUCCESS,
            "error": 0,
        }

    def _confirm_activation(self, request: dict[str, object]) -> dict[str, object]:
        return self._close(request, self._desk.finish)

    def _cancel_activation(self, request: dict[str, object]) -> dict[str, object]:
        return self._close(request, self._desk.cancel)

    def _close(self, request: dict[str, object], close: Callable[[Rental], None]) -> dict[str, object]:
        rental = self._rental(request)
        try:
            close(rental)
        except Refused as refusal:
            error = _SMS_HAS_BEEN_RECEIVED if refusal.reason == "sms-received" else _INVALID_REQUEST
            raise _Failed(error) from None
        return {"status": _SUCCESS, "error": 0}

    def _get_sms(self, request: dict[str, object]) -> dict[str, object]:
        rental = self._rental(request)
        if rental.state not in (OrderState.WAITING, OrderState.RECEIVED):
            raise _Failed(_INVALID_REQUEST)
        sms = [
            {
                "id": message.id,
                "phoneFrom": message.sender or "",
                "phone": _digits(rental),
                "text": message.text,
                "code": _parsed_code(message.text),
            }
            for message in self._desk.messages(rental)
        ]
        return {"sms": sms, "status": _SUCCESS_OF_LISTS, "error": 0}

    def _get_balance(self, request: dict[str, object]) -> dict[str, object]:
        return {"currency": "USD", "balance": float(self._balance), "status": _SUCCESS, "error": 0}

    def _get_price(self, request: dict[str, object]) -> dict[str, object]:
        countries = [
            {"country": code, "services": {service: float(price) for service, price in country.prices.items()}}
            for code, country in OTPVIRT_COUNTRIES.items()
            if country.prices is not None
        ]
        return {"currency": "USD", "countryList": countries, "status": _SUCCESS_OF_LISTS, "error": 0}

    def _rental(self, request: dict[str, object]) -> Rental:
        activation = _guid(request, "activationId")
        with self._lock:
            rental = self._orders.get(activation)
        if rental is None:
            raise _Failed(_INVALID_REQUEST)
        return rental


class _Failed(Exception):
    def __init__(self, error: int) -> None:
        super().__init__(error)
        self.error = error


def _decompressed(body: bytes, content_encoding: str) -> bytes:
    encoding = content_encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise _Failed(_INVALID_REQUEST)
    try:
        return gunzip(body, MAX_BODY)
    except ValueError:
        raise _Failed(_INVALID_REQUEST) from None


def _read(body: bytes) -> dict[str, object]:
    try:
        # Deeply nested brackets raise RecursionError.
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise _Failed(_INVALID_REQUEST) from None
    if not isinstance(request, dict):
        raise _Failed(_INVALID_REQUEST)
    return request


def _text(request: dict[str, object], field: str) -> str:
    value = request.get(field)
    if not isinstance(value, str) or not value:
        raise _Failed(_INVALID_REQUEST)
    return value


def _guid(request: dict[str, object], field: str) -> str:
    value = _text(request, field)
    if not _GUID.fullmatch(value):
        raise _Failed(_INVALID_REQUEST)
    return value.lower()


def _service(request: dict[str, object]) -> str:
    service = _text(request, "service")
    if not 2 <= len(service) <= 36:
        raise _Failed(_INVALID_REQUEST)
    return service


def _detail(request: dict[str, object]) -> tuple[str | None, str | None]:
    """Country and operator. Both are optional, and the document is inconsistent about the keys' case."""
    detail = request.get("detail")
    if not isinstance(detail, dict):
        raise _Failed(_INVALID_REQUEST)
    keys = {key.lower(): value for key, value in detail.items()}
    if not all(isinstance(value, str) for value in keys.values()):
        raise _Failed(_INVALID_REQUEST)
    return keys.get("country"), keys.get("provider")


def _find(service: str, country: str | None, operator: str | None) -> tuple[str, OtpvirtCountry] | None:
    """The first country that offers this service and operator; only `country` is considered if it is given."""
    if service not in OTPVIRT_SERVICES:
        return None
    for code, place in OTPVIRT_COUNTRIES.items():
        serves = place.prices is None or service in place.prices
        if country in (None, code) and serves and operator in (None, "any", *place.providers):
            return code, place
    return None


def _price(service: str, place: OtpvirtCountry) -> Decimal:
    return OTPVIRT_UNLISTED_PRICE if place.prices is None else place.prices[service]


def _digits(rental: Rental) -> int:
    return int(rental.line.e164[1:])


def _parsed_code(text: str) -> str:
    """The code as the service would guess it: the first run of four to eight digits, or ""."""
    found = _CODE.search(text)
    return found.group() if found else ""
