"""`pytest-otp sweep` closes the orders that dead runs and their keepers left open."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..clock import monotonic
from ..orders.closers import Closers
from ..orders.entries import ORDERING, UNCERTAIN, LedgerEntry
from ..orders.ledger import Ledger
from ..orders.summary import described, orders
from ..orders.sweep import begin_sweep
from .accounts import Accounts
from .ledgers import KEEPER, NOBODY, RUN, WHERE, add_options, attended_by, read_context
from .orders import check_advice, uncertain_and_expired
from .output import complain, in_our_words, say

LONGEST_WAIT = 86_400.0
INTERRUPTED = 130
UNCERTAIN_ORDERS = 3


@dataclass(frozen=True, slots=True)
class SweepTiming:
    """How a sweep spends its time, in seconds."""

    attempt: float = 5.0
    """The minimum time for which each close is retried."""
    overtime: float = 20.0
    """How much longer a provider's client may take."""
    interval: float = 0.1
    """The pause between polls of the ledger."""
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], None] = time.sleep
    closers: Callable[[], Closers] = Closers


def add_to(commands: Any, timing: SweepTiming) -> None:
    """Add the command to those of a parser."""
    sweep = commands.add_parser(
        "sweep",
        help="close the orders that dead runs left open",
        description="Close the orders whose run and keeper are dead, with the credentials in the environment or the "
        ".env file. Orders that cannot be closed are listed with what is missing. Orders of active runs are never "
        f"touched. {WHERE}",
        epilog="exit status: 0 if no order is open or uncertain, 1 if any order is still open (including orders of "
        "active runs), 2 for invalid arguments or an unusable ledger, 3 if no order is open, but any is uncertain, "
        "130 after Ctrl-C. An uncertain order that is older than the provider's longest rental has expired: it is "
        "listed, but does not affect the exit status.",
        allow_abbrev=False,
    )
    sweep.add_argument(
        "--wait",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="wait up to S seconds for active keepers to finish, and for closes that the provider temporarily refuses; "
        f"by default, each close is retried for {timing.attempt:.0f} seconds",
    )
    sweep.add_argument(
        "--ignore-uncertain",
        action="store_true",
        help="do not let uncertain orders affect the exit status",
    )
    sweep.add_argument(
        "--allow-http",
        action="append",
        metavar="HOST",
        help="a host, in addition to loopback, that credentials may be sent to without TLS; can be repeated",
    )
    add_options(sweep)
    sweep.set_defaults(run=partial(_run, timing), prog=sweep.prog)


def _run(timing: SweepTiming, arguments: argparse.Namespace) -> int:
    context = read_context(arguments)
    ledger = context.open()
    if ledger is None:
        say(context.absence())
        return 0
    with contextlib.ExitStack() as held:
        held.callback(ledger.close)
        claim = ledger.liveness_lock()
        held.callback(claim.release)
        accounts = Accounts(ledger, context.env_file, context.settings.allow_http)
        try:
            _Sweep(ledger, claim.name, accounts, timing).run(arguments.wait)
            still_open, uncertain = _report(ledger, claim.name, accounts, context.again)
        except KeyboardInterrupt:
            held.pop_all()  # closes may be in progress: the claims end with this process, and not before
            complain("pytest-otp sweep: interrupted; the next sweep closes the orders that are still open")
            return INTERRUPTED
    if still_open:
        return 1
    return UNCERTAIN_ORDERS if uncertain and not arguments.ignore_uncertain else 0


class _Sweep:
    """Closes unattended orders, also those whose keepers die in the meantime."""

    def __init__(self, ledger: Ledger, claimer: str, accounts: Accounts, timing: SweepTiming) -> None:
        self._ledger = ledger
        self._claimer = claimer
        self._accounts = accounts
        self._timing = timing
        self._closers = timing.closers()
        self._before: list[LedgerEntry] = []

    def run(self, wait: float) -> None:
        """Close what is unattended, and wait up to `wait` seconds for keepers that are closing their orders."""
        end = self._timing.clock() + wait
        give_up = 0.0
        announced = False
        while True:
            others = [entry for entry in self._look() if entry.intent.keeper != self._claimer]
            now = self._timing.clock()
            if self._begin(others, max(self._timing.attempt, end - now)):
                give_up = now + max(self._timing.attempt, end - now) + self._timing.overtime
                continue  # the ledger says who has them now, this sweep or another
            closing = now < give_up and not self._closers.join(self._timing.interval)
            kept = [entry for entry in others if attended_by(self._ledger, entry) == KEEPER]
            waiting = kept and now < end
            if waiting and not announced:
                say(f"waiting up to {end - now:.0f} s for {orders(len(kept))} being closed by active keepers or sweeps")
                announced = True
            if not (closing or waiting):
                break
            if not closing:
                self._timing.sleep(self._timing.interval)
        self._look()

    def _look(self) -> list[LedgerEntry]:
        """The orders that are not closed; print those closed since the last look."""
        unclosed = self._ledger.unclosed()
        gone = {entry.id for entry in self._before} - {entry.id for entry in unclosed}
        for run in dict.fromkeys(entry.intent.run for entry in self._before if entry.id in gone):
            for entry in self._ledger.entries(run):
                if entry.id in gone and entry.state != UNCERTAIN:  # these are listed at the end, with all others
                    say(f"{entry.state}: {described(entry)}")
        self._before = unclosed
        return unclosed

    def _begin(self, entries: Sequence[LedgerEntry], longest: float) -> bool:
        """Start closing the unattended orders that can be; return whether there were any."""
        due = [entry for entry in entries if attended_by(self._ledger, entry) == NOBODY and self._can_end(entry)]
        if due:
            begin_sweep(self._ledger, self._claimer, self._accounts.of(due), self._closers, longest=longest)
        return bool(due)

    def _can_end(self, entry: LedgerEntry) -> bool:
        """Whether a sweep can close the order, or can mark it as uncertain."""
        return entry.state == ORDERING or not self._accounts.lacking(entry)


def _report(ledger: Ledger, claimer: str, accounts: Accounts, again: str) -> tuple[int, int]:
    """Print a line for each order that needs attention; return how many are open, and how many uncertain."""
    unclosed = ledger.unclosed()
    for entry in unclosed:
        say(f"still open: {described(entry)}; {in_our_words(_why(ledger, entry, claimer, accounts, again))}")
    uncertain, expired = uncertain_and_expired(ledger.entries())
    for word, entries in (("uncertain", uncertain), ("expired", expired)):
        for entry in entries:
            say(f"{word}: {described(entry)}; {check_advice(entry, again)}")
    rest = [f", {len(entries)} {word}" for word, entries in (("uncertain", uncertain), ("expired", expired)) if entries]
    say((f"{orders(len(unclosed))} still open" if unclosed else "no open orders") + "".join(rest))
    return len(unclosed), len(uncertain)


def _why(ledger: Ledger, entry: LedgerEntry, claimer: str, accounts: Accounts, again: str) -> str:
    by = attended_by(ledger, entry)
    if by == RUN:
        return "its run is active and will close it"
    if by == KEEPER and entry.intent.keeper != claimer:
        return "its keeper is closing it (--wait S waits for it)"
    return accounts.lacking(entry, again) or "try again later, or close it at the provider"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"invalid value {text!r}: expected seconds from 0 to {LONGEST_WAIT:.0f}")
    return seconds
