"""The fields of a provider's answers as texts, amounts and counts; None for what cannot be one, or not be used."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

_BEFORE_POINT = 18
_AFTER_POINT = 28
"""Digits: more than any amount needs. 1e9999999 is a number, but whoever converts it to digits never ends."""
_LONGEST = 60


def text_of(value: object) -> str:
    """Return an ID, price or word of a response as text: providers send strings and numbers. "" for anything else.

    That includes False, which PHP writes in place of an empty value.
    """
    if isinstance(value, bool) or (isinstance(value, Decimal) and not value.is_finite()):
        return ""
    return str(value).strip() if isinstance(value, (str, int, Decimal)) else ""


def id_of(value: object) -> str:
    """Return an order's ID exactly as it is, since that is what closes the order. "" for one that is blank or no ID."""
    return value if isinstance(value, str) and value.strip() else text_of(value)


def decimal_of(value: object) -> Decimal | None:
    """Return an amount, which may be below 0, given as a string or a number."""
    text = str(value) if isinstance(value, float) else text_of(value)
    try:
        number = Decimal(text[: _LONGEST + 1])
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if len(text) > _LONGEST or not isinstance(exponent, int):  # a text: infinite, or no number
        return None
    return number if -_AFTER_POINT <= exponent <= _BEFORE_POINT and number.adjusted() < _BEFORE_POINT else None


def price_of(value: object) -> Decimal | None:
    """Return a price: an amount of 0 or more."""
    number = decimal_of(value)
    return None if number is None or number < 0 else number


def count_of(value: object) -> int | None:
    """Return how many there are: 0 or more. A fraction is cut off."""
    number = price_of(value)
    return None if number is None else int(number)
