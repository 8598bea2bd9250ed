"""Fuzz all targets, or the named ones: `python -m fuzz`. The exit status is 1 if anything was found.

Guided by coverage where atheris is installed, else by hypothesis. The kept inputs in `fuzz/corpus/` are tried first. An
input that fails is written to `fuzz/findings/`; once it is mended, move it to the corpus.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time

from .campaign import KINDS, Outcome, run
from .targets import TARGETS


def main() -> int:
    """Fuzz; print a line for each target, and the counts."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Feed invented input to the parsers.")
    parser.add_argument("target", nargs="*", help=f"what to fuzz (default: all): {', '.join(TARGETS)}")
    parser.add_argument(
        "--seconds", type=float, default=600, help="time for all targets together (default: %(default)s)"
    )
    parser.add_argument("--with", dest="kind", choices=list(KINDS), help="the engine (default: atheris if installed)")
    parser.add_argument("--keep", action="store_true", help="keep new inputs that reach new code (atheris only)")
    asked = parser.parse_args()
    unknown = sorted(set(asked.target) - set(TARGETS))
    if unknown:
        parser.error(f"unknown target: {', '.join(unknown)} (choose from {', '.join(TARGETS)})")
    kind = asked.kind or ("atheris" if importlib.util.find_spec("atheris") else "hypothesis")
    names = asked.target or list(TARGETS)
    started = time.monotonic()
    print(f"{len(names)} targets with {kind}, {asked.seconds:g} s")
    outcomes = [_told(run(kind, name, asked.seconds / len(names), keep=asked.keep)) for name in names]
    tries, found = sum(each.tries for each in outcomes), sum(bool(each.finding) for each in outcomes)
    print(f"{time.monotonic() - started:.0f} s, {tries} tries, {found} findings")
    return 1 if found else 0


def _told(outcome: Outcome) -> Outcome:
    print(f"  {outcome.name:<12}{outcome.tries:>10} tries  {outcome.finding or 'nothing found'}", flush=True)
    return outcome


sys.exit(main())
