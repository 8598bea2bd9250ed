"""Kill test runs and count lost orders: `python -m chaos`. The exit status is 1 if any are lost, or if none could be.

The same kills without the keeper show that this suite can see a lost order.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from .kills import ENDINGS, KINDS, Kind, Round, campaign
from .load import busy
from .runs import finish_off_all, heed_signals
from .troubles import CLOSE_TIMEOUT, LASTS, all_troubles

PARTS = ("kills", "control", "teardown")
SHARE_OF_CONTROL = 5
"""How many orders the kills put at risk for each one that the control does."""
DOZENS = 24


def main() -> int:
    """Run the selected parts; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Kill test runs and count lost orders.")
    parser.add_argument(
        "--orders", type=int, default=500, help="minimum number of orders at risk (default: %(default)s)"
    )
    parser.add_argument("--seed", default=secrets.token_hex(4), help="seed for delays and responses (default: random)")
    parser.add_argument(
        "--kind",
        action="append",
        choices=[kind.name for kind in KINDS],
        help="how to end the runs; can be repeated (default: all)",
    )
    parser.add_argument(
        "--busy", type=int, default=0, metavar="N", help="processes that keep the machine busy meanwhile (default: 0)"
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="part to run; can be repeated (default: all)")
    asked = parser.parse_args()
    kinds = [kind for kind in KINDS if not asked.kind or kind.name in asked.kind]
    parts = asked.only or PARTS
    heed_signals()
    started = time.monotonic()
    print(f"seed {asked.seed}")
    verdicts = []
    try:
        with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder, busy(asked.busy):
            if "kills" in parts:
                verdicts.append(_kills(asked.seed, kinds, asked.orders, Path(folder)))
            endings = [kind for kind in kinds if kind in ENDINGS]
            if "control" in parts and endings:
                dozens = DOZENS if len(kinds) == len(KINDS) else 0
                verdicts.append(_control(asked.seed, endings, asked.orders // SHARE_OF_CONTROL, dozens, Path(folder)))
            if "teardown" in parts:
                verdicts.append(_teardown(asked.seed, Path(folder)))
    finally:
        finish_off_all()
    print(f"\n{time.monotonic() - started:.0f} s; " + ("passed" if all(verdicts) else "FAILED"))
    return 0 if all(verdicts) else 1


def _kills(seed: str, kinds: Sequence[Kind], orders: int, folder: Path) -> bool:
    rounds = campaign(seed, kinds, orders, folder, keeper=True)
    at_risk, left_open, left_over, unsettled = _table("Kills", kinds, rounds)
    for played in rounds:
        _story(played)
    if at_risk < orders:
        print(f"  too few orders were at risk: {at_risk} of {orders}")
    return at_risk >= orders and not (left_open or left_over or unsettled)


def _control(seed: str, kinds: Sequence[Kind], orders: int, dozens: int, folder: Path) -> bool:
    rounds = campaign(seed, kinds, orders, folder, keeper=False)
    _, left_open, left_over, _ = _table("Control: the same without keeper and sweep", kinds, rounds)
    if left_open < dozens:
        print(f"  this suite would miss lost orders: {left_open} left open, expected at least {dozens}")
    return left_open >= dozens and not left_over


def _table(title: str, kinds: Sequence[Kind], rounds: Sequence[Round]) -> tuple[int, int, int, int]:
    """Print the table; return the orders at risk, orders left open, processes left running, and open ledger entries."""
    print(f"\n{title}")
    print(
        f"  {'':<14} {'rounds':>6} {'placed':>7} {'at risk':>8} {'in flight':>10} {'open':>5} {'after':>6}"
        f" {'in ledger':>10} {'processes left':>15} {'last close: median':>19} {'slowest':>9}"
    )
    for name, some in [(kind.name, [played for played in rounds if played.kind is kind]) for kind in kinds] + [
        ("all", list(rounds))
    ]:
        closes = [played.last_close for played in some if played.at_risk and isfinite(played.last_close)]
        median, slowest = (f"{pick(closes):.3f} s" if closes else "-" for pick in (statistics.median, max))
        ends = [played.aftermath.result() for played in some]
        at_risk, left_open, left_over, unsettled = totals = (
            sum(len(played.at_risk) for played in some),
            sum(end.open for end in ends),
            sum(end.left_over for end in ends),
            sum(end.unsettled for end in ends),
        )
        watch = f"{some[0].kind.watch:g} s" if len({played.kind for played in some}) == 1 else ""
        print(
            f"  {name:<14} {len(some):>6} {sum(len(played.run.account.orders) for played in some):>7} {at_risk:>8}"
            f" {sum(played.in_flight for played in some):>10} {left_open:>5} {watch:>6} {unsettled:>10} {left_over:>15}"
            f" {median:>19} {slowest:>9}"
        )
    return totals


def _story(played: Round) -> None:
    aftermath = played.aftermath.result()
    for count, what in ((aftermath.left_over, "processes left running"), (aftermath.unsettled, "open in the ledger")):
        if count:
            print(f"  round {played.name} ({played.kind.name}): {count} {what}")
    for order in played.run.account.open:
        print(
            f"  round {played.name} ({played.kind.name}): order {order.id} still open: placed"
            f" {order.placed - played.killed:+.3f} s from the kill, answered {order.answered - played.killed:+.3f} s"
        )


def _teardown(seed: str, folder: Path) -> bool:
    print(f"\nTeardown while the provider fails for {LASTS:g} s; close timeout {CLOSE_TIMEOUT:g} s")
    print(
        f"  {'':<18} {'placed':>7} {'at risk':>8} {'lost':>5} {'processes left':>15} {'held up':>9} {'allowed':>9}"
        f" {'last close after recovery':>26}"
    )
    rows = all_troubles(seed, folder)
    for row in rows:
        last = f"{row.last_close:+.3f} s" if isfinite(row.last_close) else "-"
        lost, left_over = row.aftermath.open, row.aftermath.left_over
        print(
            f"  {row.trouble:<18} {row.placed:>7} {row.at_risk:>8} {lost:>5} {left_over:>15}"
            f" {row.held_up:>7.2f} s {row.allowed:>7.2f} s {last:>26}{'' if row.good else '   FAILED'}"
        )
    return all(row.good for row in rows)


sys.exit(main())
