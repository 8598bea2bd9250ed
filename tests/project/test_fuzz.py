"""The short version of `make fuzz`: each parser keeps its promise for kept inputs, and for some that were invented."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from fuzz.campaign import kept
from fuzz.random import changed, search
from fuzz.targets import TARGETS

each_target = pytest.mark.parametrize("name", list(TARGETS))


@each_target
def test_kept_inputs(name: str) -> None:
    """What was found once, and what reaches different code, is read or refused as documented."""
    check, seeds = TARGETS[name]
    for data in (*seeds, *(path.read_bytes() for path in kept(name))):
        check(data)


@each_target
def test_invented_inputs(name: str) -> None:
    """So are messages in which something was changed. The same are tried each time; `make fuzz` tries others."""
    check, seeds = TARGETS[name]

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(changed(seeds))
    def invented(data: bytes) -> None:
        check(data)

    invented()


def test_a_broken_parser_is_found() -> None:
    """What fails for one word only is found soon, and made small; what never fails is tried until the time is over."""

    def broken(data: bytes) -> None:
        if b"1e999" in data:
            raise ValueError("too large")

    tries, failed = search(broken, [b"12", b"null"], 60)
    assert tries > 2
    assert failed is not None
    assert b"1e999" in failed
    assert len(failed) < 16
    assert search(lambda data: None, [b"12"], 0) == (1, None)
