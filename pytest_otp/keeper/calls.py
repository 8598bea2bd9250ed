"""What the keeper does at a provider for its owner, one function an operation, each returning the answer's content."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, cast

from ..errors import Unsupported
from ..orders.recording import RecordingProvider
from ..providers.base import Order, Provider
from ..providers.deadline import time_limit_at
from ..providers.looking import look
from .wire import KeeperMessage, plain_error

Content = Mapping[str, Any]


def _messages(provider: RecordingProvider, order: Order, message: KeeperMessage) -> Content:
    forwarding = cast("Provider", provider)  # to the provider behind it
    found, refusal = look(forwarding, order, another=message.get("another", False))
    return {"result": found, **({"refused": plain_error(refusal)} if refusal else {})}


def _resend(provider: RecordingProvider, order: Order, message: KeeperMessage) -> Content:
    provider.resend(order)
    return {}


def _cancel(provider: RecordingProvider, order: Order, message: KeeperMessage) -> Content:
    return {"result": provider.cancel(order).value}


def _finish(provider: RecordingProvider, order: Order, message: KeeperMessage) -> Content:
    return {"result": provider.finish(order).value}


ABOUT_ORDERS: Mapping[str, Callable[[RecordingProvider, Order, KeeperMessage], Content]] = {
    "messages": _messages,
    "resend": _resend,
    "cancel": _cancel,
    "finish": _finish,
}


def call(provider: RecordingProvider, message: KeeperMessage) -> Content:
    """Call a method that is about no order. Raises Unsupported if the provider lacks it."""
    name = message["method"]
    method = getattr(provider, name, None)
    if method is None:
        raise Unsupported(f"the provider does not support {name}()", provider=provider.name)
    return {"result": method(*message["arguments"])}


def limited(message: KeeperMessage) -> contextlib.AbstractContextManager[None]:
    """The time limit of what only its sender waits for. An order that has been sent is worth waiting for."""
    if message["op"] == "call" or message["op"] in ABOUT_ORDERS:
        return time_limit_at(message["until"])
    return contextlib.nullcontext()
