"""What goes over the keeper's pipes: one JSON object a line; orders and errors as plain data.

From the client, after a first line that introduces it: `{"id": 1, "op": "order", ...}`; an `op` without `id` gets no
answer. From the keeper: `{"id": 1, ...}` with what was asked for, or with an `error`.
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

Message = Mapping[str, Any]


def encode(message: Message) -> bytes:
    """One line. Secrets in it are revealed: it goes to the keeper and nowhere else."""
    return json.dumps(message, default=_plain).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """What `encode` was given."""
    return dict(json.loads(line))


def order_of(plain: Message) -> Order:
    """The order that was sent as plain data."""
    price, ordered_at = plain["price"], datetime.fromisoformat(plain["ordered_at"])
    return Order(**{**plain, "price": None if price is None else Decimal(price), "ordered_at": ordered_at})


def values_of(plain: Message) -> dict[str, str | Secret | None]:
    """A provider's variables that were sent as plain data."""
    return {name: Secret(value["secret"]) if isinstance(value, dict) else value for name, value in plain.items()}


def plain_error(error: BaseException) -> Message:
    """An error without what cannot travel: its frames, and the class where it is not one of ours."""
    if not isinstance(error, OtpError):
        said = f"the provider's code failed ({type(error).__name__}: {scrub(str(error))})"
        return {"class": "ProviderError", "state": {"message": said}}
    ours = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    state = {name: value for name, value in vars(error).items() if isinstance(value, (str, int, float, type(None)))}
    return {"class": ours.__name__, "state": {**state, "message": str(error.message), "hint": str(error.hint)}}


def error_of(plain: Message) -> OtpError:
    """The error that was sent as plain data."""
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
    raise TypeError(f"{type(value).__name__} does not travel")
