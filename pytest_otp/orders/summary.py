"""What became of a run's orders, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from ..errors import listed
from ..providers.base import OrderState
from .entries import FORGOTTEN, OPEN, ORDERING, REFUSED, UNCERTAIN, Entry

_MOST_STRAYS = 12
_LONGEST_NUMBER = 15
_DIGITS = "0123456789"
_NOT_CHARGED = (OrderState.CANCELLED.value, REFUSED, ORDERING)
_ALWAYS_TOLD = ("finished", "cancelled", "uncertain", "still open")
_WORDS = {
    **dict.fromkeys(OPEN, "still open"),
    ORDERING: "still open",
    OrderState.ENDED.value: "ended by the provider",
    FORGOTTEN: "forgotten",
}


def summary(entries: Sequence[Entry], cared_for: Callable[[Entry], bool]) -> list[str]:
    """A line for each provider, and one for each order that a person should know of.

    `cared_for` tells whether a process goes on closing an order.
    """
    lines = [
        _totals(name, [entry for entry in entries if entry.intent.provider == name])
        for name in sorted({entry.intent.provider for entry in entries})
    ]
    for entry in entries:
        if entry.is_open:
            by_hand = "close it at the provider, since nothing but its test could"
            rest = "close it with: pytest-otp sweep" if entry.intent.account else by_hand
            rest = "its keeper goes on closing it" if cared_for(entry) else rest
            lines.append(f"still open: {described(entry)}; {rest}")
        elif entry.state == UNCERTAIN:
            lines.append(
                f"uncertain: {described(entry)}; look at the open orders in your account, then: "
                f"pytest-otp orders forget {entry.id}"
            )
    return lines


def swept(entries: Sequence[Entry]) -> list[str]:
    """What was done for earlier runs."""
    closed = [entry for entry in entries if not entry.is_open]
    lines = [f"closed {orders(len(closed))} that earlier runs had left open"] if closed else []
    return lines + [f"still open, of an earlier run: {described(entry)}" for entry in entries if entry.is_open]


def strays(numbers: Iterable[str]) -> list[str]:
    """Which numbers got an SMS that no test held. Only digits are told, whatever an application took for a number."""
    counts = Counter("+" + "".join(filter(_DIGITS.__contains__, number))[:_LONGEST_NUMBER] for number in numbers)
    if not counts:
        return []
    shown = [number + (f" ({count} times)" if count > 1 else "") for number, count in sorted(counts.items())]
    return [f"SMS to numbers that no test held: {listed(shown, _MOST_STRAYS)}"]


def orders(count: int) -> str:
    """So many orders, in words."""
    return f"{count} order" if count == 1 else f"{count} orders"


def described(entry: Entry) -> str:
    """One order: whose it is, its number, price, and why it is as it is."""
    asked = entry.intent
    wanted = " ".join(filter(None, (asked.service, asked.country)))
    parts = [
        f"{asked.provider} order {entry.order_id}" if entry.order_id else f"an order at {asked.provider}",
        entry.number or (f"for {wanted}" if wanted else ""),
        f"{asked.price} {asked.currency or ''}".rstrip() if asked.price is not None else "",
        f"{entry.ordered_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    return ", ".join(filter(None, parts)) + (f" ({entry.reason})" if entry.reason else "")


def spent(entries: Iterable[Entry]) -> dict[str, Decimal]:
    """What was charged, or may be, per currency."""
    sums: dict[str, Decimal] = {}
    for entry in entries:
        price, currency = entry.intent.price, entry.intent.currency or "?"
        if price and entry.state not in _NOT_CHARGED:
            sums[currency] = sums.get(currency, Decimal(0)) + price
    return sums


def _totals(provider: str, entries: Sequence[Entry]) -> str:
    placed = [entry for entry in entries if entry.state != REFUSED]
    counts = Counter(_WORDS.get(entry.state, entry.state) for entry in placed)
    parts = [orders(len(placed))]
    parts += [f"{counts.pop(word, 0)} {word}" for word in _ALWAYS_TOLD]
    parts += [f"{count} {word}" for word, count in sorted(counts.items())]
    if len(entries) > len(placed):
        parts.append(f"{len(entries) - len(placed)} refused")
    money = ", ".join(f"{amount} {currency}" for currency, amount in sorted(spent(placed).items())) or "nothing"
    waited, codes = sum(entry.waited for entry in entries), sum(entry.codes for entry in entries)
    return f"{provider}: {', '.join(parts)}; spent {money}; waited {waited:.1f} s for {codes} SMS"
