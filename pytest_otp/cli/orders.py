"""`pytest-otp orders` shows the ledger; `pytest-otp orders forget ID` marks an order as resolved."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import OtpError
from ..orders.entries import CLOSED, FORGOTTEN, UNCERTAIN, LedgerEntry
from ..orders.ledger import Ledger
from ..orders.rental import is_expired
from ..orders.summary import described
from .ledgers import KEEPER, NO_ACCOUNT, NOBODY, RUN, WHERE, CommandContext, add_options, attended_by, read_context
from .output import complain, say, write

SHOWN = 20
"""How many closed orders are shown."""

_ATTENDED_BY = {
    RUN: "its run is active and will close it",
    KEEPER: "its keeper is closing it",
    NOBODY: "unattended: close it with pytest-otp sweep{again}",
}


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    orders = commands.add_parser(
        "orders",
        help="list the orders in the ledger",
        description=f"Show the open, uncertain and closed orders in the ledger. {WHERE}",
        allow_abbrev=False,
    )
    orders.add_argument("--all", action="store_true", help=f"show all closed orders instead of the latest {SHOWN}")
    orders.add_argument("--json", action="store_true", help="print all orders, including refused ones, as a JSON list")
    add_options(orders)
    orders.set_defaults(run=_show, prog=orders.prog)
    actions = orders.add_subparsers(title="actions", metavar="ACTION")
    forget = actions.add_parser(
        "forget",
        help="mark an order as resolved",
        description="Mark an order as resolved after checking it at the provider: one that is uncertain, or that no "
        "command can close.",
        allow_abbrev=False,
    )
    forget.add_argument("id", type=_number, metavar="ID", help="the order's number as listed by pytest-otp orders")
    forget.add_argument("--force", action="store_true", help="also forget an open order that a sweep could still close")
    add_options(forget, default=argparse.SUPPRESS)  # else its default would hide an option given before the action
    forget.set_defaults(run=_forget, prog=forget.prog)


def uncertain_and_expired(entries: Iterable[LedgerEntry]) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """The uncertain orders: those that may be rented, and those that are older than the longest rental."""
    uncertain = [entry for entry in entries if entry.state == UNCERTAIN]
    expired = [entry for entry in uncertain if is_expired(entry)]
    return [entry for entry in uncertain if entry not in expired], expired


def check_advice(entry: LedgerEntry, again: str) -> str:
    """What a person can do about an uncertain order."""
    if is_expired(entry):
        return (
            f"older than the longest rental at {entry.intent.provider}, so nothing is rented any more; to remove it "
            f"from the list, run: pytest-otp orders forget {entry.id}{again}"
        )
    return (
        f"check the open orders in your account at {entry.intent.provider} and cancel it there if it is listed, "
        f"then run: pytest-otp orders forget {entry.id}{again}"
    )


def _show(arguments: argparse.Namespace) -> int:
    context = read_context(arguments)
    ledger = context.open()
    if ledger is None:
        if arguments.json:
            write("[]")
            complain(context.absence())
        else:
            say(context.absence())
        return 0
    with contextlib.closing(ledger):
        entries = ledger.entries()
        if arguments.json:
            write(json.dumps([_plain(ledger, entry) for entry in entries], indent=2))
        else:
            _list(ledger, entries, context, None if arguments.all else SHOWN)
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    context = read_context(arguments)
    ledger = context.open()
    if ledger is None:
        raise OtpError(context.absence())
    with contextlib.closing(ledger):
        say(f"forgotten: {described(ledger.forget(arguments.id, force=arguments.force))}")
    return 0


def _plain(ledger: Ledger, entry: LedgerEntry) -> dict[str, object]:
    if entry.state == UNCERTAIN:
        return {**entry.plain(), "expired": is_expired(entry)}
    return {**entry.plain(), "attended_by": attended_by(ledger, entry)} if entry.is_open else entry.plain()


def _list(ledger: Ledger, entries: Sequence[LedgerEntry], context: CommandContext, most: int | None) -> None:
    say(f"ledger {context.path}")
    still_open = [entry for entry in entries if entry.is_open]
    say(f"open: {len(still_open)}")
    for entry in still_open:
        _line(entry, _advice(entry, attended_by(ledger, entry), context.again))
    uncertain, expired = uncertain_and_expired(entries)
    say(f"uncertain: {len(uncertain)}")
    for entry in uncertain:
        _line(entry, check_advice(entry, context.again))
    if expired:
        say(f"expired: {len(expired)}")
    for entry in expired:
        _line(entry, check_advice(entry, context.again), state="expired")
    closed = sorted(
        (entry for entry in entries if entry.state in (*CLOSED, FORGOTTEN)),
        key=lambda entry: (entry.changed_at, entry.id),
        reverse=True,
    )
    more = most is not None and len(closed) > most
    say(f"closed: {len(closed)}" + (f", showing the latest {most} (use --all to show all)" if more else ""))
    for entry in closed[:most]:
        _line(entry)


def _advice(entry: LedgerEntry, by: str, again: str) -> str:
    if by == NOBODY and not entry.intent.account:
        return NO_ACCOUNT.format(id=entry.id, again=again)
    return _ATTENDED_BY[by].format(again=again)


def _line(entry: LedgerEntry, advice: str = "", *, state: str = "") -> None:
    text = f"{described(entry)}; {advice}" if advice else described(entry)
    say(f"  {entry.id:>4}  {state or entry.state:<9}  {text}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"invalid value {text!r}: expected a number listed by pytest-otp orders")
    return int(text)
