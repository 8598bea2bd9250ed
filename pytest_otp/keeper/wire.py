"""The messages on the keeper's pipes: one JSON object per line, with orders and errors as plain data.

After a first line that introduces the client, it sends requests, `{"id": 1, "op": "order", ...}`, and notifications,
which have no `id` and get no answer. The keeper answers `{"id": 1, ...}` with the result or with an `error`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from .. import errors
from ..errors import OtpError
from ..providers.base import Order
from ..redact import Secret, scrub

KeeperMessage = Mapping[str, Any]


def encode(message: KeeperMessage) -> bytes:
    """Encode a message as one line. It reveals secrets, so it may go to the keeper only."""
    return json.dumps(message, default=_plain).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Decode a line from `encode`."""
    return dict(json.loads(line))


def order_of(plain: KeeperMessage) -> Order:
    """Restore an order from plain data."""
    price, ordered_at = plain["price"], datetime.fromisoformat(plain["ordered_at"])
    return Order(**{**plain, "price": None if price is None else Decimal(price), "ordered_at": ordered_at})


def values_of(plain: KeeperMessage) -> dict[str, str | Secret | None]:
    """Restore a provider's variables from plain data."""
    return {name: Secret(value["secret"]) if isinstance(value, dict) else value for name, value in plain.items()}


def plain_error(error: BaseException) -> KeeperMessage:
    """An error as plain data: without its frames, and as the nearest class of ours."""
    if not isinstance(error, OtpError):
        message = f"the provider's implementation failed ({type(error).__name__}: {scrub(str(error))})"
        return {"class": "ProviderError", "state": {"message": message}}
    ours = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    state = {name: value for name, value in vars(error).items() if isinstance(value, (str, int, float, type(None)))}
    return {"class": ours.__name__, "state": {**state, "message": str(error.message), "hint": str(error.hint)}}


def error_of(plain: KeeperMessage) -> OtpError:
    """Restore an error from plain data."""
    kind: type[OtpError] = getattr(errors, plain["class"])
    error = kind(plain["state"]["message"])
    vars(error).update(plain["state"])
    return error


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return {"secret": value.reveal()}
    if isinstance(value, Order):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, (Decimal, datetime)):
        return str(value)
    raise TypeError(f"cannot send a {type(value).__name__} to the keeper")
