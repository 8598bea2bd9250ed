"""`pytest-otp orders`: shows the ledger; `pytest-otp orders forget ID`: ends an order that only a person can end."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Sequence
from typing import Any

from ..errors import OtpError
from ..orders.entries import CLOSED, FORGOTTEN, UNCERTAIN, Entry
from ..orders.ledger import Ledger
from ..orders.summary import described
from .ledgers import KEEPER, NO_ACCOUNT, NOBODY, RUN, WHERE, Surroundings, add_options, care, look_around
from .output import complain, say, write

SHOWN = 20
"""How many closed orders are shown."""

_CARE = {
    RUN: "its run goes on, and closes it",
    KEEPER: "its keeper is closing it",
    NOBODY: "nobody cares for it: pytest-otp sweep{again}",
}


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    orders = commands.add_parser(
        "orders",
        help="show what became of every order",
        description="Show the ledger: the orders that are open, those that are uncertain, and those that are closed. "
        + WHERE,
        allow_abbrev=False,
    )
    orders.add_argument("--all", action="store_true", help=f"show all closed orders, not the latest {SHOWN} only")
    orders.add_argument("--json", action="store_true", help="print everything, refused orders too, as a JSON list")
    add_options(orders)
    orders.set_defaults(run=_show, prog=orders.prog)
    actions = orders.add_subparsers(title="actions", metavar="ACTION")
    forget = actions.add_parser(
        "forget",
        help="mark an order as one that needs no more care",
        description="Mark an order as one that needs no more care: one that is uncertain, or that nobody can close "
        "from here, after you have looked at the provider.",
        allow_abbrev=False,
    )
    forget.add_argument("id", type=_number, metavar="ID", help="the order's number in the list of pytest-otp orders")
    forget.add_argument(
        "--force", action="store_true", help="also an order that is open, and that a sweep might still close"
    )
    add_options(forget, default=argparse.SUPPRESS)  # else its default would hide what was given before the word
    forget.set_defaults(run=_forget, prog=forget.prog)


def check_advice(entry: Entry, again: str) -> str:
    """What a person can do about an uncertain order."""
    return (
        f"look at the open orders in your account at {entry.intent.provider}, and cancel it there if it is one of "
        f"them; then: pytest-otp orders forget {entry.id}{again}"
    )


def _show(arguments: argparse.Namespace) -> int:
    around = look_around(arguments)
    ledger = around.open()
    if ledger is None:
        if arguments.json:
            write("[]")
            complain(around.absence())
        else:
            say(around.absence())
        return 0
    with contextlib.closing(ledger):
        entries = ledger.entries()
        if arguments.json:
            write(json.dumps([_plain(ledger, entry) for entry in entries], indent=2))
        else:
            _tell(ledger, entries, around, None if arguments.all else SHOWN)
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    around = look_around(arguments)
    ledger = around.open()
    if ledger is None:
        raise OtpError(around.absence())
    with contextlib.closing(ledger):
        say(f"forgotten: {described(ledger.forget(arguments.id, force=arguments.force))}")
    return 0


def _plain(ledger: Ledger, entry: Entry) -> dict[str, object]:
    return {**entry.plain(), "care": care(ledger, entry)} if entry.is_open else entry.plain()


def _tell(ledger: Ledger, entries: Sequence[Entry], around: Surroundings, most: int | None) -> None:
    say(f"ledger {around.path}")
    still_open = [entry for entry in entries if entry.is_open]
    say(f"open: {len(still_open)}")
    for entry in still_open:
        _line(entry, _advice(entry, care(ledger, entry), around.again))
    uncertain = [entry for entry in entries if entry.state == UNCERTAIN]
    say(f"uncertain: {len(uncertain)}")
    for entry in uncertain:
        _line(entry, check_advice(entry, around.again))
    closed = sorted(
        (entry for entry in entries if entry.state in (*CLOSED, FORGOTTEN)),
        key=lambda entry: (entry.changed_at, entry.id),
        reverse=True,
    )
    more = most is not None and len(closed) > most
    say(f"closed: {len(closed)}" + (f", the latest {most} (--all shows all)" if more else ""))
    for entry in closed[:most]:
        _line(entry)


def _advice(entry: Entry, by: str, again: str) -> str:
    if by == NOBODY and not entry.intent.account:
        return NO_ACCOUNT.format(id=entry.id, again=again)
    return _CARE[by].format(again=again)


def _line(entry: Entry, rest: str = "") -> None:
    said = f"{described(entry)}; {rest}" if rest else described(entry)
    say(f"  {entry.id:>4}  {entry.state:<9}  {said}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is no order's number in the list of pytest-otp orders")
    return int(text)
