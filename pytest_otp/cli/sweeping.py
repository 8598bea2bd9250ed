"""`pytest-otp sweep`: closes the orders that dead runs and their keepers left open."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

from ..orders.closers import Closers
from ..orders.entries import ORDERING, UNCERTAIN, Entry
from ..orders.ledger import Ledger
from ..orders.summary import described, orders
from ..orders.sweep import begin_sweep
from .accounts import Accounts
from .ledgers import KEEPER, NOBODY, RUN, WHERE, add_options, care, look_around
from .orders import check_advice
from .output import complain, in_our_words, say

TRY_SECONDS = 5.0
"""Seconds that each order is tried to be closed at least."""
OVERTIME = 20.0
"""Seconds that a provider's client may take beyond that."""
LONGEST_WAIT = 86_400.0
LOOK_INTERVAL = 0.1
INTERRUPTED = 130


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    sweep = commands.add_parser(
        "sweep",
        help="close the orders that dead runs left open",
        description="Close the orders whose run and keeper are dead, at the accounts whose credentials are in the "
        "environment or in the .env file; list the others with what is missing. Orders of living runs are never "
        f"touched. {WHERE}",
        epilog="exit status: 0 where nothing is open any more, 1 while an order stays open (one of a living run too), "
        "2 for bad arguments or a ledger that cannot be used, 130 after Ctrl-C. Uncertain orders are told, and do not "
        "change it.",
        allow_abbrev=False,
    )
    sweep.add_argument(
        "--wait",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="wait up to S seconds for living keepers to finish, and for closes that are refused for now; without it "
        f"each order is tried for {TRY_SECONDS:.0f} seconds",
    )
    sweep.add_argument(
        "--allow-http",
        action="append",
        metavar="HOST",
        help="a host besides loopback that credentials may be sent to without TLS; may be repeated",
    )
    add_options(sweep)
    sweep.set_defaults(run=_run, prog=sweep.prog)


def _run(arguments: argparse.Namespace) -> int:
    around = look_around(arguments)
    ledger = around.open()
    if ledger is None:
        say(around.absence())
        return 0
    alive = ledger.alive()
    accounts = Accounts(ledger, around.env_file, around.settings.allow_http)
    try:
        _sweep(ledger, alive.name, accounts, arguments.wait)
        status = _tell_rest(ledger, alive.name, accounts, around.again)
    except KeyboardInterrupt:
        # Closes may be under way: the claims end with this process, and not before it.
        complain("pytest-otp sweep: stopped; the next sweep closes what is still open")
        return INTERRUPTED
    alive.end()
    ledger.close()
    return status


def _sweep(ledger: Ledger, claimer: str, accounts: Accounts, wait: float) -> None:
    """Close what nobody cares for; go on for `wait` seconds while keepers close theirs, and may die over it."""
    closers = Closers()
    end = time.monotonic() + wait
    give_up = 0.0
    told = False
    before: list[Entry] = []
    while True:
        unclosed = ledger.unclosed()
        _tell_closed(ledger, before, unclosed)
        before = unclosed
        others = [entry for entry in unclosed if entry.intent.keeper != claimer]
        due = [entry for entry in others if care(ledger, entry) == NOBODY and _can_end(entry, accounts)]
        now = time.monotonic()
        if due:
            longest = max(TRY_SECONDS, end - now)
            give_up = now + longest + OVERTIME
            begin_sweep(ledger, claimer, accounts.of(due), closers, longest=longest)
            continue  # who has them now, we or another sweep, is in the ledger
        closing = now < give_up and not closers.join(LOOK_INTERVAL)
        kept = [entry for entry in others if care(ledger, entry) == KEEPER]
        waiting = kept and now < end
        if waiting and not told:
            who = "that living keepers or other sweeps are closing"
            say(f"waiting up to {end - now:.0f} s for {orders(len(kept))} {who}")
            told = True
        if not (closing or waiting):
            break
        if not closing:
            time.sleep(LOOK_INTERVAL)
    _tell_closed(ledger, before, ledger.unclosed())


def _can_end(entry: Entry, accounts: Accounts) -> bool:
    """Whether a sweep can close an order, or can tell that nobody knows what became of it."""
    return entry.state == ORDERING or not accounts.lacking(entry)


def _tell_closed(ledger: Ledger, before: Sequence[Entry], now: Sequence[Entry]) -> None:
    gone = {entry.id for entry in before} - {entry.id for entry in now}
    for run in dict.fromkeys(entry.intent.run for entry in before if entry.id in gone):
        for entry in ledger.entries(run):
            if entry.id in gone and entry.state != UNCERTAIN:  # those are told at the end, with all others
                say(f"{entry.state}: {described(entry)}")


def _tell_rest(ledger: Ledger, claimer: str, accounts: Accounts, again: str) -> int:
    """Print a line for each order that a person should know of; the exit status."""
    unclosed = ledger.unclosed()
    for entry in unclosed:
        say(f"still open: {described(entry)}; {in_our_words(_why(ledger, entry, claimer, accounts, again))}")
    uncertain = [entry for entry in ledger.entries() if entry.state == UNCERTAIN]
    for entry in uncertain:
        say(f"uncertain: {described(entry)}; {check_advice(entry, again)}")
    rest = f", {len(uncertain)} uncertain" if uncertain else ""
    say((f"{orders(len(unclosed))} still open" if unclosed else "nothing is open") + rest)
    return 1 if unclosed else 0


def _why(ledger: Ledger, entry: Entry, claimer: str, accounts: Accounts, again: str) -> str:
    by = care(ledger, entry)
    if by == RUN:
        return "its run goes on, and closes it"
    if by == KEEPER and entry.intent.keeper != claimer:
        return "its keeper is closing it (--wait S waits for it)"
    return accounts.lacking(entry, again) or "try again later, or close it at the provider"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to {LONGEST_WAIT:.0f}")
    return seconds
