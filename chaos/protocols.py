"""The protocols that the local provider speaks: otpcepat's and OTP-virt's, as far as renting and closing needs them."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from math import inf
from typing import Any, Literal

from .accounts import Account, Rented

Protocol = Literal["otpcepat", "otpvirt"]
Answer = dict[str, object]

_CEPAT_CANCEL, _CEPAT_FINISH = "2", "4"
_INVALID, _SMS_RECEIVED = 3, 4
_TEXT = "Your code is 482913"


def environment(protocol: Protocol, url: str, key: str) -> dict[str, str]:
    """The variables of a run with this account: the provider, its credentials, and what `renting` orders."""
    if protocol == "otpcepat":
        own = {"API_KEY_OTPCEPAT": key, "OTPCEPAT_BASE_URL": url, "CHAOS_SERVICE": "1", "CHAOS_COUNTRY": "6"}
    else:
        own = {"OTPVIRT_CLIENT_ID": key, "OTPVIRT_API_PASSWORD": "chaos-password-not-a-secret"}
        own |= {"OTPVIRT_BASE_URL": f"{url}native", "CHAOS_SERVICE": "wa", "CHAOS_COUNTRY": "tajikistan"}
    return {"PYTEST_OTP_PROVIDER": protocol, **own}


def otpcepat(account: Account | None, query: Mapping[str, str]) -> Answer:
    """What a GET is answered, when it is time to send that."""
    if account is None or account.is_suspended:
        return refused("You don't have Access!")
    if query.get("action") == "get_order":
        order = account.place(int(query["operator_id"]))
        account.pause(may_be_slow=True)
        order.answered = time.monotonic()
        return _done({"order_id": order.id, "number": order.number, "price": 99, "status": "Waiting SMS"})
    answer = _about_order(account, query)
    account.pause(may_be_slow=False)
    return answer


def _about_order(account: Account, query: Mapping[str, str]) -> Answer:
    action, wanted = query.get("action"), query.get("status")
    order = account.find(query.get("order_id", ""))
    if action not in ("get_status", "set_status"):
        return refused("BAD ACTION")
    if order is None:
        return refused("WRONG ORDER ID")
    if action == "get_status":
        return _done({"order_id": order.id, "status": _status(order), "sms": _TEXT if order.has_sms else None})
    if wanted in (_CEPAT_CANCEL, _CEPAT_FINISH) and account.close(order, finish=wanted == _CEPAT_FINISH):
        return {"status": True, "msg": "success"}
    return refused("WRONG STATUS")


def refused(words: str) -> Answer:
    """A refusal of otpcepat."""
    return {"status": "false", "msg": words}


def _done(data: Answer) -> Answer:
    return {"status": True, "data": data}


def _status(order: Rented) -> str:
    if order.closed < inf:
        return "Done" if order.finished else "Cancel"
    return "Recieved" if order.has_sms else "Waiting SMS"


def request_of(body: bytes, encoding: str) -> dict[str, Any]:
    """What an OTP-virt client posted."""
    request: dict[str, Any] = json.loads(gzip.decompress(body) if encoding == "gzip" else body)
    return request


def otpvirt(account: Account | None, action: str, request: Mapping[str, Any]) -> Answer:
    """What a POST is answered, when it is time to send that. Error 3 stands for wrong credentials, and for faults."""
    if account is None or account.is_suspended:
        return _failed(_INVALID)
    order_id = str(request.get("activationId", ""))
    has_fault = account.has_fault(order_id)
    is_close = action in ("CancelActivation", "ConfirmActivation")
    # A close may take effect although an error is reported.
    answer = _failed(_INVALID) if has_fault and not (is_close and account.tosses_heads()) else None
    if answer is None:
        answer = _acted(account, action, request, account.find(order_id))
    account.pause(may_be_slow=False)
    return _failed(_INVALID) if has_fault else answer


def _acted(account: Account, action: str, request: Mapping[str, Any], order: Rented | None) -> Answer:
    if action == "GetBalance":
        return {"balance": 100, "currency": "USD", "status": 2, "error": 0}
    if action == "GetNumber":
        placed = account.place(int(request["detail"]["provider"]))
        account.pause(may_be_slow=True)
        placed.answered = time.monotonic()
        number = {"activationId": placed.id, "ammount": 0.05, "number": int(placed.number)}
        return {**number, "status": 2, "error": 0}
    if order is None or order.closed < inf:
        return _failed(_INVALID)
    if action == "GetSms":
        sms = [{"id": "1", "phoneFrom": "Shop", "phone": int(order.number), "text": _TEXT, "code": ""}]
        return {"sms": sms if order.has_sms else [], "status": 0, "error": 0}
    if account.close(order, finish=action == "ConfirmActivation"):
        return {"status": 2, "error": 0}
    return _failed(_SMS_RECEIVED if order.has_sms else _INVALID)


def _failed(error: int) -> Answer:
    return {"status": 4, "error": error}
