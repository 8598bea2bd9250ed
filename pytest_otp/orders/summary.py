"""The summary of a run's orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from ..display import ID, NAME, shown
from ..errors import listed
from ..providers.base import OrderState
from .entries import FORGOTTEN, OPEN, ORDERING, REFUSED, UNCERTAIN, LedgerEntry
from .rental import is_expired

_MOST_STRAYS = 12
_LONGEST_NUMBER = 15
_DIGITS = "0123456789"
_NOT_CHARGED = (OrderState.CANCELLED.value, REFUSED, ORDERING)
_ALWAYS_SHOWN = ("finished", "cancelled", "uncertain", "still open")
_WORDS = {
    **dict.fromkeys(OPEN, "still open"),
    ORDERING: "still open",
    OrderState.ENDED.value: "ended by the provider",
    FORGOTTEN: "forgotten",
}


def summary(entries: Sequence[LedgerEntry], is_attended: Callable[[LedgerEntry], bool]) -> list[str]:
    """A line for each provider, and one for each order that needs attention.

    `is_attended` says whether a process is still closing an order.
    """
    lines = [
        _totals(name, [entry for entry in entries if entry.intent.provider == name])
        for name in sorted({entry.intent.provider for entry in entries})
    ]
    for entry in entries:
        if entry.is_open:
            by_hand = "close it at the provider, since pytest-otp sweep cannot"
            action = "close it with: pytest-otp sweep" if entry.intent.account else by_hand
            action = "its keeper is still closing it" if is_attended(entry) else action
            lines.append(f"still open: {described(entry)}; {action}")
        elif entry.state == UNCERTAIN and is_expired(entry):
            lines.append(f"expired: {described(entry)}; it was uncertain, and its longest rental is over")
        elif entry.state == UNCERTAIN:
            lines.append(
                f"uncertain: {described(entry)}; check the open orders in your account, then run: "
                f"pytest-otp orders forget {entry.id}"
            )
    return lines


def swept(entries: Sequence[LedgerEntry]) -> list[str]:
    """What the sweep did about the orders of earlier runs."""
    closed = [entry for entry in entries if not entry.is_open]
    lines = [f"closed {orders(len(closed))} left open by earlier runs"] if closed else []
    return lines + [f"still open, from an earlier run: {described(entry)}" for entry in entries if entry.is_open]


def strays(numbers: Iterable[str]) -> list[str]:
    """The numbers that received an SMS although no test held them. Only digits are shown, whatever the text was."""
    counts = Counter("+" + "".join(filter(_DIGITS.__contains__, number))[:_LONGEST_NUMBER] for number in numbers)
    if not counts:
        return []
    shown = [number + (f" ({count} times)" if count > 1 else "") for number, count in sorted(counts.items())]
    return [f"SMS to numbers that no test held: {listed(shown, _MOST_STRAYS)}"]


def orders(count: int) -> str:
    """The count with the right form of the noun."""
    return f"{count} order" if count == 1 else f"{count} orders"


def described(entry: LedgerEntry) -> str:
    """One order: provider, ID, number, price, time, and the reason for its state."""
    asked = entry.intent
    wanted = " ".join(shown(name, NAME) for name in (asked.service, asked.country) if name)
    parts = [
        f"{asked.provider} order {shown(entry.order_id, ID)}" if entry.order_id else f"an order at {asked.provider}",
        shown(entry.number, ID) if entry.number else (f"for {wanted}" if wanted else ""),
        f"{asked.price} {asked.currency or ''}".rstrip() if asked.price is not None else "",
        f"{entry.ordered_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    return ", ".join(filter(None, parts)) + (f" ({shown(entry.reason)})" if entry.reason else "")


def spent(entries: Iterable[LedgerEntry]) -> dict[str, Decimal]:
    """What was charged, or may have been, by currency."""
    sums: dict[str, Decimal] = {}
    for entry in entries:
        price, currency = entry.intent.price, entry.intent.currency or "?"
        if price and entry.state not in _NOT_CHARGED:
            sums[currency] = sums.get(currency, Decimal(0)) + price
    return sums


def _totals(provider: str, entries: Sequence[LedgerEntry]) -> str:
    placed = [entry for entry in entries if entry.state != REFUSED]
    counts = Counter("expired" if is_expired(entry) else _WORDS.get(entry.state, entry.state) for entry in placed)
    parts = [orders(len(placed))]
    parts += [f"{counts.pop(word, 0)} {word}" for word in _ALWAYS_SHOWN]
    parts += [f"{count} {word}" for word, count in sorted(counts.items())]
    if len(entries) > len(placed):
        parts.append(f"{len(entries) - len(placed)} refused")
    money = ", ".join(f"{amount} {currency}" for currency, amount in sorted(spent(placed).items())) or "nothing"
    waited, codes = sum(entry.waited for entry in entries), sum(entry.codes for entry in entries)
    return f"{provider}: {', '.join(parts)}; spent {money}; waited {waited:.1f} s for {codes} SMS"
