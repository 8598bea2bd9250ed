"""Tests that run in forked processes; pytest-forked itself is in the neighbours' suite."""

from __future__ import annotations

import pytest

STAND_IN = """
    import marshal
    import os
    from _pytest.runner import runtestprotocol
    from pytest import TestReport

    def pytest_runtest_protocol(item):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            kept = ("location", "outcome", "when", "user_properties", "sections", "otp_forked")
            reports = [vars(report) for report in runtestprotocol(item, log=False)]
            data = [{name: report[name] for name in kept if name in report} for report in reports]
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(marshal.dumps(data))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
        os.waitpid(child, 0)
        for report in marshal.loads(data):
            report = TestReport(item.nodeid, keywords={}, longrepr=None, **report)
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
"""
TESTS = """
    import pathlib
    import pytest

    @pytest.mark.parametrize("at", range(3))
    def test_it(otp_number, otp_carrier, at):
        number = otp_number()
        otp_carrier.submit("+12015550123", "to nobody")
        with pathlib.Path("seen").open("a") as seen:
            seen.write(f"{number.e164} {number.order_id} {number.wait_code()}\\n")
"""


def test_forked_tests_are_one_run(pytester: pytest.Pytester) -> None:
    """Numbers, orders and codes differ, and the parent's summary has the orders and strays of all its children."""
    pytester.makepyfile(pytest_forked=STAND_IN, test_it=TESTS)
    plugins = ("-p", "pytest_otp.plugin", "-p", "pytest_forked")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        result = pytester.runpytest_subprocess(*plugins, "--otp-fake", "auto", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)
    seen = [line.split() for line in (pytester.path / "seen").read_text().splitlines()]
    assert [len(set(values)) for values in zip(*seen, strict=True)] == [3, 3, 3]
    result.stdout.fnmatch_lines(
        [
            "fake: 3 orders, 3 finished, 0 cancelled, 0 uncertain, 0 still open; *",
            "SMS to numbers that no test held: +12015550123 (3 times)",
        ]
    )
