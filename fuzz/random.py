"""`python -m fuzz.random TARGET SECONDS FOLDER`: one target, with inputs that hypothesis makes from seeds and words."""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fuzz.campaign import FINDINGS, kept
from fuzz.seeds import WORDS
from fuzz.targets import TARGETS

ROUND = 500


def changed(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Inputs that are seeds in which words were put in, bytes were changed, and parts were dropped or repeated."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 16), st.sampled_from(WORDS) | st.binary(max_size=4))

    def apply(start: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
        for place, dropped, put in edits:
            at = round(place * len(start))
            start = start[:at] + put + start[at + dropped :]
        return start

    return st.builds(apply, st.sampled_from(list(seeds)), st.lists(edit, max_size=5)) | st.binary(max_size=64)


def search(check: Callable[[bytes], None], inputs: Sequence[bytes], seconds: float) -> tuple[int, bytes | None]:
    """Try the inputs, then others made from them, for so long; how many were tried, and the one that failed.

    The traceback of a failure is printed.
    """
    end = time.monotonic() + seconds
    tries, last = 0, b""

    def counted(data: bytes) -> None:
        nonlocal tries, last
        tries, last = tries + 1, data
        check(data)

    try:
        for data in inputs:
            counted(data)
        while time.monotonic() < end:
            _round(counted, inputs, tries, end)
    except Exception:  # noqa: BLE001 - that is what is looked for
        traceback.print_exc()
        return tries, last
    return tries, None


def main() -> int:
    """Fuzz until the time is over; 1 if something was found."""
    name, seconds = sys.argv[1], float(sys.argv[2])
    check, seeds = TARGETS[name]
    tries, failed = search(check, [*seeds, *(path.read_bytes() for path in kept(name))], seconds)
    print(f"tries: {tries}")
    if failed is None:
        return 0
    path = FINDINGS / f"{name}-{hashlib.sha256(failed).hexdigest()[:16]}"
    path.write_bytes(failed)
    print(f"written to {path}")
    return 1


def _round(check: Callable[[bytes], None], inputs: Sequence[bytes], number: int, end: float) -> None:
    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(changed(inputs))
    def fuzzed(data: bytes) -> None:
        if time.monotonic() < end:
            check(data)

    fuzzed()


if __name__ == "__main__":
    sys.exit(main())
