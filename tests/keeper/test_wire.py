"""What goes over the keeper's pipes comes out as it went in."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields, replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from pytest_otp import errors
from pytest_otp.errors import FillError, NumberUnavailable, OtpError, ProviderError, ProviderUnavailable
from pytest_otp.keeper.wire import decode, encode, error_of, plain_error
from pytest_otp.providers.base import (
    Balance,
    Country,
    Messages,
    Operator,
    Order,
    OrderState,
    Service,
    SmsMessage,
)
from pytest_otp.redact import MASK, Secret

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, OtpError)]
OWN: dict[type[OtpError], dict[str, Any]] = {
    FillError: {"code": "482913"},
    ProviderUnavailable: {"words": "slow down", "http_status": 429, "retry_after": 2.5, "sent": False},
    **{
        kind: {"words": "no, thank you"}
        for kind in CLASSES
        if issubclass(kind, ProviderError) and kind is not ProviderUnavailable
    },
}
CONTEXT: dict[str, Any] = {"provider": "otpcepat", "order_id": "7", "number": "+6281200000007", "elapsed": 1.25}
ORDER = Order(
    id="7",
    number="6281200000007",
    service="1",
    country="6",
    operator="any",
    price=Decimal("99.50"),
    currency="IDR",
    ordered_at=datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=timezone.utc),
    region="ID",
)


def travelled(error: BaseException) -> OtpError:
    """The error as the other end gets it."""
    return error_of(decode(encode({"error": plain_error(error)}))["error"])


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("hint", ["", "Do this."])
def test_an_error_arrives_whole(kind: type[OtpError], hint: str) -> None:
    """Each class of error keeps its message, hint, context and own attributes."""
    error = kind("it did not work", hint=hint, **CONTEXT, **OWN.get(kind, {}))
    arrived = travelled(error)
    assert type(arrived) is kind
    assert str(arrived) == str(error)
    assert vars(arrived) == {**vars(error), "hint": hint or kind.hint}
    assert arrived.args == error.args


def test_no_attribute_is_forgotten_here() -> None:
    """The attributes that these tests give are all that errors have."""
    known = {"self", "message", "hint", *CONTEXT, *(name for own in OWN.values() for name in own)}
    assert {name for kind in CLASSES for name in inspect.signature(kind.__init__).parameters} == known


def test_a_class_of_a_plugin_arrives_as_the_closest_of_ours() -> None:
    """What the other end could not import travels as what it is derived from."""

    class SoldOut(NumberUnavailable):
        hint = "Come back on Monday."

    arrived = travelled(SoldOut("sold out", words="SOLD"))
    assert type(arrived) is NumberUnavailable
    assert (str(arrived), arrived.words) == ("SoldOut: sold out. Come back on Monday.", "SOLD")


def test_an_error_of_another_class_is_the_providers() -> None:
    """A bug in a provider arrives as a ProviderError that names it, without secrets."""
    Secret("an-invented-word-that-leaks")
    arrived = travelled(KeyError("an-invented-word-that-leaks"))
    assert type(arrived) is ProviderError
    assert str(arrived) == f"the provider's implementation failed (KeyError: '{MASK}')"


def test_an_error_of_a_plugin_that_holds_no_plain_data_still_arrives() -> None:
    """Attributes that cannot travel stay behind, as do secrets, and a message that is no text becomes one."""
    error = OtpError(ValueError("odd"))  # type: ignore[arg-type]  # what a plugin may do
    error.order_id = object()  # type: ignore[assignment]
    vars(error)["key"] = Secret("an-invented-key")
    vars(error)["details"] = {"keys": [Secret("an-invented-key")]}
    vars(error)["tagged"] = {"$": "Secret", "value": "x"}
    arrived = travelled(error)
    assert str(arrived) == "odd"
    assert arrived.order_id is None
    assert not vars(arrived).keys() & {"key", "details", "tagged"}


def test_plain_attributes_of_an_error_arrive() -> None:
    """Money, times and what is made of plain data arrive as they are."""
    plain = {"price": Decimal("1.50"), "at": ORDER.ordered_at, "offers": [{"id": 7, "price": Decimal(2)}], "no": None}
    error = ProviderError("sold out")
    vars(error).update(plain)
    arrived = vars(travelled(error))
    assert {name: arrived[name] for name in plain} == plain


def test_no_frames_travel() -> None:
    """An error arrives without traceback, cause and context, whose frames hold more than anybody should see."""
    try:
        try:
            raise ValueError("the first")
        except ValueError as first:
            raise OtpError("the second") from first
    except OtpError as error:
        arrived = travelled(error)
    assert (arrived.__traceback__, arrived.__cause__, arrived.__context__) == (None, None, None)


@pytest.mark.parametrize(
    "order",
    [
        ORDER,
        replace(ORDER, price=Decimal("1E+2")),
        replace(ORDER, ordered_at=datetime(2026, 11, 1, tzinfo=timezone.utc)),
        Order("7", "62", None, None, None, None, None, ORDER.ordered_at),
    ],
    ids=["whole", "exponent", "midnight", "without"],
)
def test_an_order_arrives_whole(order: Order) -> None:
    """Money, time and what is not known come out as they went in."""
    arrived = decode(encode({"order": order}))["order"]
    assert arrived == order
    assert str(arrived.price) == str(order.price)


SMS = SmsMessage("s-1", "Shop", "Your code is 482913", ORDER.ordered_at, "482913")


@pytest.mark.parametrize(
    "answer",
    [
        Messages(OrderState.RECEIVED, (SMS, SmsMessage("s-2", None, "\udcff\u202e\x1b[2J", None, None))),
        Messages(OrderState.WAITING, ()),
        Balance(Decimal("12.50"), "USD", "someone@example.com"),
        [Country("6", "Wakanda (Indo)")],
        [Operator("any", "Any")],
        [Service("1", "Shop", Decimal("0.5"), "USD"), Service("2", "Bank", None, None)],
        7,
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_an_answer_arrives_whole(answer: object) -> None:
    """What each call of a provider returns comes out equal, and of the same types."""
    arrived = decode(encode({"result": answer}))["result"]
    assert arrived == answer
    assert repr(arrived) == repr(answer)


def test_an_order_of_a_plugins_own_class_arrives_as_one_of_ours() -> None:
    """What a plugin adds to its orders stays behind."""

    class Special(Order):
        pass

    arrived = decode(encode({"order": Special(*(getattr(ORDER, field.name) for field in fields(ORDER)))}))["order"]
    assert arrived == ORDER
    assert type(arrived) is Order


@pytest.mark.parametrize("value", ["an-invented-key", 'quo"te\n', "\udcff-not-utf-8", "schlüssel-日本"])
def test_a_secret_is_revealed_on_the_wire_alone(value: str) -> None:
    """A secret goes over in the clear, and is a secret again at the other end."""
    values = {"KEY": Secret(value), "URL": "https://provider.test/", "AGENT": None}
    line = encode({"values": values})
    assert json.loads(line)["values"]["KEY"] == {"$": "Secret", "value": value}
    arrived = decode(line)["values"]
    assert arrived == values
    assert isinstance(arrived["KEY"], Secret)


def test_a_message_is_one_line() -> None:
    """Line breaks inside of texts do not end a message."""
    message = {"id": 1, "service": "two\nlines\r\n", "budget": (None, Decimal("1.50"), "USD")}
    line = encode(message)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line) == {"id": 1, "service": "two\nlines\r\n", "budget": [None, Decimal("1.50"), "USD"]}


def test_what_cannot_travel_is_said() -> None:
    """Only plain data, orders, money and times travel: anything else is a mistake of ours."""
    with pytest.raises(TypeError, match=r"^cannot send a set to the keeper or back$"):
        encode({"held": {1, 2}})
