"""pytest-forked: each test has a process of its own, and all of them are one run."""

from __future__ import annotations

import re

import pytest

from tests.neighbours.beside import Beside

TESTS = """
    import pathlib
    import pytest

    @pytest.mark.parametrize("at", range(4))
    def test_it(otp_number, at):
        numbers = [otp_number(), otp_number()]
        lines = [f"{number.e164} {number.order_id} {number.wait_code(timeout=60)}\\n" for number in numbers]
        pathlib.Path(f"seen-{at}").write_text("".join(lines))
"""
MIXED = """
    import pathlib
    import pytest

    @pytest.fixture(scope="module")
    def shared(module_otp_number):
        return module_otp_number()

    def see(name, number):
        pathlib.Path(f"seen-{name}").write_text(f"{number.e164} {number.order_id} {number.wait_code(timeout=60)}\\n")

    def test_here(otp_number, shared):
        see("shared", shared)
        see("here", otp_number())

    @pytest.mark.forked
    @pytest.mark.parametrize("at", range(2))
    def test_forked(otp_number, at):
        see(at, otp_number())

    def test_here_again(otp_number, shared):
        assert shared.state.value == "received"
        see("again", otp_number())
"""
CRASHES = """
    import os

    def test_crash(otp_number):
        otp_number()
        os._exit(1)

    def test_it(otp_number):
        assert len(otp_number().wait_code(timeout=60)) == 6
"""
STRAY = """
    import requests

    def test_it(otp_gateway):
        requests.post(otp_gateway.url + "/sms", json={"to": "+12015550123", "text": "Your code is 482913"})
"""
PLUGINS = ("pytest_forked",)
XDIST = ("xdist", "xdist.looponfail")


def seen(runs: Beside) -> list[tuple[str, ...]]:
    """The numbers, the order IDs and the codes of all tests."""
    lines = [line.split() for path in runs.folder.glob("seen-*") for line in path.read_text().splitlines()]
    return list(zip(*lines, strict=True))


@pytest.mark.neighbour("pytest-forked")
@pytest.mark.short
@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
def test_all_forked(beside: Beside, workers: tuple[str, ...]) -> None:
    """Numbers, orders and codes of all tests differ, and one summary counts them all."""
    output = beside.passes(TESTS, "--forked", *workers, plugins=(*PLUGINS, *(XDIST if workers else ())), passed=4)
    for values in seen(beside):
        assert len(set(values)) == 8, values
    assert "8 orders, 8 finished, 0 cancelled, 0 uncertain, 0 still open" in output
    assert output.count("one-time codes by SMS -") == 1


@pytest.mark.neighbour("pytest-forked")
def test_some_forked(beside: Beside) -> None:
    """The same if only marked tests are forked, from a process that has a carrier, a keeper and an open order.

    That order stays open: a forked process closes only its own.
    """
    output = beside.passes(MIXED, plugins=PLUGINS, passed=4)
    for values in seen(beside):
        assert len(set(values)) == 5, values
    assert "5 orders, 5 finished, 0 cancelled, 0 uncertain, 0 still open" in output


@pytest.mark.neighbour("pytest-forked")
@pytest.mark.parametrize("keeper", ["on", "off"])
def test_one_budget(real: Beside, keeper: str) -> None:
    """`--otp-max-orders` counts the orders of all tests, and lets no more through."""
    real.write({"test_it.py": TESTS})
    limit = ("--otp-max-orders", "3", "--otp-keeper", keeper)
    output = real.ends("--forked", *limit, plugins=PLUGINS, results={"passed": 1, "failed": 3}, code=1)
    assert real.ordered() == 3
    assert "BudgetExceeded" in output
    assert re.search(r"otpcepat: 3 orders, \d finished, \d cancelled, 0 uncertain, 0 still open", output)


@pytest.mark.neighbour("pytest-forked")
def test_a_crash(real: Beside) -> None:
    """The process of a test crashes: its order is closed, and is in the summary with those of the others."""
    real.write({"test_it.py": CRASHES})
    output = real.ends("--forked", plugins=PLUGINS, results={"passed": 1, "failed": 1}, code=1)
    assert "otpcepat: 2 orders" in output


@pytest.mark.neighbour("pytest-forked")
def test_strays(offline: Beside) -> None:
    """An SMS to a number that no test held is named, although the process that received it is gone."""
    output = offline.passes(STRAY, "--forked", plugins=PLUGINS)
    assert "SMS to numbers that no test held: +12015550123" in output
