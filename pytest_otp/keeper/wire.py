"""The messages on the keeper's pipes: one JSON object per line, with data types of ours and errors as tagged objects.

After a first line that introduces the client, it sends requests, `{"id": 1, "op": "order", ...}`, and notifications,
which have no `id` and get no answer. The keeper answers `{"id": 1, ...}` with the result or with an `error`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from .. import errors
from ..errors import OtpError
from ..providers.base import Balance, Country, Messages, Operator, Order, OrderState, Service, SmsMessage
from ..redact import Secret, scrub

KeeperMessage = Mapping[str, Any]

_TAG = "$"
"""The key that tells a tagged object from others; its value is the type."""
_DATA = {kind.__name__: kind for kind in (Balance, Country, Messages, Operator, Order, Service, SmsMessage)}
_RESTORE: Mapping[str, Callable[[Any], object]] = {
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "OrderState": OrderState,
    "Secret": Secret,
    "tuple": tuple,
}


def encode(message: KeeperMessage) -> bytes:
    """Encode a message as one line. It reveals secrets, so it may go to the keeper only.

    Raises TypeError for what cannot be sent.
    """
    return json.dumps(message, default=_plain).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Decode a line from `encode`."""
    return dict(json.loads(line, object_hook=_restored))


def plain_error(error: BaseException) -> KeeperMessage:
    """An error as plain data: without its frames, and as the nearest class of ours."""
    if not isinstance(error, OtpError):
        message = f"the provider's implementation failed ({type(error).__name__}: {scrub(str(error))})"
        return {"class": "ProviderError", "state": {"message": message}}
    ours = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    message = str(error.message) if type(error) is ours else f"{type(error).__name__}: {error.message}"
    state = {name: value for name, value in vars(error).items() if _can_travel(value)}
    return {"class": ours.__name__, "state": {**state, "message": message, "hint": str(error.hint)}}


def error_of(plain: KeeperMessage) -> OtpError:
    """Restore an error from plain data."""
    kind: type[OtpError] = getattr(errors, plain["class"])
    error = kind(plain["state"]["message"])
    vars(error).update(plain["state"])
    return error


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return _tagged("Secret", value.reveal())
    if isinstance(value, Messages):  # JSON knows its state as a text, and its tuple as a list
        state, sms = _tagged("OrderState", value.state.value), _tagged("tuple", list(value.sms))
        return {_TAG: "Messages", "state": state, "sms": sms}
    ours = next((base for base in type(value).__mro__ if _DATA.get(base.__name__) is base), None)
    if ours is not None:
        return {_TAG: ours.__name__, **{field.name: getattr(value, field.name) for field in fields(ours)}}
    if isinstance(value, (Decimal, datetime)):
        return _tagged("Decimal" if isinstance(value, Decimal) else "datetime", str(value))
    raise TypeError(f"cannot send a {type(value).__name__} to the keeper or back")


def _tagged(kind: str, value: object) -> object:
    return {_TAG: kind, "value": value}


def _restored(found: dict[str, Any]) -> object:
    kind = found.pop(_TAG, None)
    if kind is None:
        return found
    return _DATA[kind](**found) if kind in _DATA else _RESTORE[kind](found["value"])


def _can_travel(value: object) -> bool:
    """Whether it is plain data, and no secret: an error is shown to everybody."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and key != _TAG and _can_travel(value[key]) for key in value)
    if isinstance(value, (list, tuple)):
        return all(map(_can_travel, value))
    return value is None or isinstance(value, (str, int, float, Decimal, datetime))
