"""Run the named benchmarks, or all: `python -m benchmarks startup keeper`. Fails if a figure is too high."""

from __future__ import annotations

import sys

from . import codes, delivery, first_test, gateway, keeper, startup, strangers, webhook
from .limits import above

BENCHMARKS = {
    "startup": startup.main,
    "delivery": delivery.main,
    "keeper": keeper.main,
    "codes": codes.main,
    "first_test": first_test.main,
    "webhook": webhook.main,
    "strangers": strangers.main,
    "gateway": gateway.main,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all of them; 1 if a figure is above its limit."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown benchmark: {', '.join(unknown)} (choose from {', '.join(BENCHMARKS)})", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    for figure in above():
        print(f"too high: {figure}", file=sys.stderr)
    return 1 if above() else 0


sys.exit(main(sys.argv[1:]))
