"""Run every benchmark, or those that are named: `python -m benchmarks startup keeper`."""

from __future__ import annotations

import sys

from . import codes, delivery, gateway, keeper, startup, webhook

BENCHMARKS = {
    "startup": startup.main,
    "delivery": delivery.main,
    "keeper": keeper.main,
    "codes": codes.main,
    "webhook": webhook.main,
    "gateway": gateway.main,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks; all where none is named."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


sys.exit(main(sys.argv[1:]))
