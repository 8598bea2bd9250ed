"""No order outlives its scope, however a test ends: inner runs with a provider that writes down every call."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import pytest_otp.plugin.number_fixtures  # noqa: F401 - imported here, since an inner run forgets what it imported itself

Run = Callable[..., pytest.RunResult]

PATIENCE = 120.0
"""Seconds for an inner run that ends soon, on a machine that is busy."""

CONFTEST = """
    import pytest
    from pathlib import Path
    from pytest_otp.errors import InvalidRequest, ProviderUnavailable
    from scripted import ScriptedProvider

    AWAY = ProviderUnavailable("answered 500 Internal Server Error", provider="scripted", http_status=500)

    @pytest.fixture(scope="session")
    def otp_provider():
        return ScriptedProvider(Path("events").absolute())
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in this process, with our plugin, the scripted provider, and one try for each close."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.path.joinpath("scripted.py").write_text(Path(__file__).parents[1].joinpath("scripted.py").read_text())
    pytester.makeconftest(CONFTEST)

    in_process = partial(pytester.runpytest_inprocess, no_reraise_ctrlc=True)
    in_subprocess = partial(pytester.runpytest_subprocess, timeout=PATIENCE)

    def inner(*args: str, subprocess: bool = False) -> pytest.RunResult:
        start = in_subprocess if subprocess else in_process
        return start(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "-rA", "--otp-close-timeout=0", *args
        )

    return inner


def events() -> list[str]:
    """The provider's calls, without polls for messages."""
    calls = Path("events").read_text().splitlines() if Path("events").exists() else []
    return [call for call in calls if not call.startswith("messages")]


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        ("pass", {"passed": 1}),
        ("assert False", {"failed": 1}),
        ("raise RecursionError", {"failed": 1}),
        ("raise SystemExit", {"failed": 1}),
        ("pytest.skip('enough')", {"skipped": 1}),
        ("pytest.xfail('enough')", {"xfailed": 1}),
        ("pytest.exit('enough')", {}),
        ("raise KeyboardInterrupt", {}),
    ],
)
def test_however_a_test_ends(pytester: pytest.Pytester, run: Run, end: str, outcomes: dict[str, int]) -> None:
    """Passed, failed, skipped or stopped: the number is given back."""
    pytester.makepyfile(f"import pytest\ndef test_it(otp_number):\n    otp_number()\n    {end}")
    result = run("--tb=no")
    result.assert_outcomes(**outcomes)
    assert events() == ["order order-1", "cancel order-1"]


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        ("assert False", {"errors": 1}),
        ("pytest.exit('enough')", {}),
        ("pytest.skip('enough')", {"skipped": 1}),
        ("raise KeyboardInterrupt", {}),
    ],
)
def test_a_fixture_that_fails_after_its_order(
    pytester: pytest.Pytester, run: Run, end: str, outcomes: dict[str, int]
) -> None:
    """A project's own fixture may fail after it ordered: the factory below it gives the number back."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture
        def account(otp_number):
            number = otp_number()
            {end}
            yield number

        def test_it(account): pass
        """
    )
    run().assert_outcomes(**outcomes)
    assert events() == ["order order-1", "cancel order-1"]


def test_another_teardown_that_fails(pytester: pytest.Pytester, run: Run) -> None:
    """A failing teardown of somebody else does not stop ours."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def account(otp_number):
            yield otp_number()
            raise RuntimeError("the account could not be deleted")

        def test_it(account): pass
        """
    )
    run().assert_outcomes(passed=1, errors=1)
    assert events() == ["order order-1", "cancel order-1"]


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_stopping_at_the_first_failure(pytester: pytest.Pytester, run: Run, option: str) -> None:
    """With -x the numbers of all scopes are given back, and the next test orders nothing."""
    pytester.makepyfile(
        """
        def test_one(otp_number, module_otp_number, session_otp_number):
            session_otp_number(), module_otp_number(), otp_number()
            assert False

        def test_two(otp_number):
            otp_number()
        """
    )
    run(option).assert_outcomes(failed=1)
    assert events()[3:] == ["cancel order-3", "cancel order-2", "cancel order-1"]


def test_wider_scopes(pytester: pytest.Pytester, run: Run) -> None:
    """A module's numbers are given back when its last test is over, the session's at the end."""
    pytester.makepyfile(
        test_a="""
            def test_one(module_otp_number, session_otp_number):
                session_otp_number()
                module_otp_number()

            def test_two(module_otp_number):
                assert False
        """,
        test_b="""
            def test_three(otp_number):
                otp_number()
        """,
    )
    run().assert_outcomes(passed=2, failed=1)
    assert events() == [
        *("order order-1", "order order-2", "cancel order-2"),
        *("order order-3", "cancel order-3", "cancel order-1"),
    ]


@pytest.mark.parametrize("option", ["--collect-only", "--setup-plan"])
def test_a_dry_run_orders_nothing(pytester: pytest.Pytester, run: Run, option: str) -> None:
    """Looking at what would run costs no number."""
    pytester.makepyfile("def test_it(otp_number): otp_number()")
    assert run(option).ret == 0
    assert events() == []


INTERRUPTS = {
    "while-waiting": """
        def test_it(otp_number, otp_provider):
            soon = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
            otp_provider.script("messages", soon.start)
            otp_number().wait_code(600)
    """,
    "while-ordering": """
        def test_it(otp_number, otp_provider):
            def slow_answer():
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)
            otp_provider.script("order", slow_answer)
            otp_number()
    """,
    "in-a-fixture": """
        @pytest.fixture(scope="session")
        def account(session_otp_number):
            number = session_otp_number()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(600)

        def test_it(account): pass
    """,
    "while-closing": """
        def test_it(otp_number, otp_provider):
            otp_provider.script("cancel", lambda: os.kill(os.getpid(), signal.SIGINT))
            otp_number()
    """,
}


@pytest.mark.parametrize("when", INTERRUPTS)
def test_ctrl_c(pytester: pytest.Pytester, run: Run, when: str) -> None:
    """A real SIGINT, wherever it strikes, ends the run after the number was given back."""
    pytester.makepyfile("        import os, signal, threading, time, pytest\n" + INTERRUPTS[when])
    result = run(subprocess=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*"])
    assert events()[:2] == ["order order-1", "cancel order-1"]
    assert set(events()[2:]) <= {"cancel order-1"}


TIMEOUTS = {
    "while-waiting": """
        def test_it(otp_number, otp_provider):
            otp_provider.script("messages", time_is_up)
            otp_number().wait_code(600)
    """,
    "while-ordering": """
        def test_it(otp_number, otp_provider):
            def slow_answer():
                time_is_up()
                time.sleep(0.1)
            otp_provider.script("order", slow_answer)
            otp_number()
    """,
}
TIME_IS_UP = """
        import os, signal, time

        def time_is_up():
            os.kill(os.getpid(), signal.SIGALRM)
"""
"""What pytest-timeout's alarm does, but at the moment that a test chooses."""


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="the signal method needs it")
@pytest.mark.parametrize("when", TIMEOUTS)
def test_pytest_timeout(pytester: pytest.Pytester, run: Run, when: str) -> None:
    """pytest-timeout's signal fails the test; the number is given back, an order in flight included."""
    pytester.makepyfile(TIME_IS_UP + TIMEOUTS[when])
    result = run("-p", "pytest_timeout", "--timeout=600", "--timeout-method=signal")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Failed: Timeout*"])
    assert events() == ["order order-1", "cancel order-1"]


def test_pytest_rerunfailures(pytester: pytest.Pytester, run: Run) -> None:
    """Each rerun orders a number of its own and gives it back before the next."""
    pytester.makepyfile(
        """
        def test_it(otp_number):
            assert otp_number().order_id == "order-3"
        """
    )
    result = run("-p", "pytest_rerunfailures", "--reruns=2")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*2 rerun*"])
    assert events() == [f"{call} order-{index}" for index in (1, 2, 3) for call in ("order", "cancel")]


def test_one_of_several_cannot_be_closed(pytester: pytest.Pytester, run: Run) -> None:
    """The others are closed, and the test's teardown is an error that names provider, order id and number."""
    pytester.makepyfile(
        """
        from conftest import AWAY

        def test_it(otp_number, otp_provider):
            otp_provider.always("cancel order-2", AWAY)
            otp_number(), otp_number(), otp_number()

        def test_next(otp_number):
            otp_number()
        """
    )
    result = run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_it*",
            (
                "E *OrderNotClosed: scripted, order order-2, +12015550101, after * s: the order could not be closed, "
                "and its number may still be rented: answered 500 Internal Server Error. "
                "Cancel or finish it in your account at the provider."
            ),
        ]
    )
    assert events()[3:] == ["cancel order-3", "cancel order-2", "cancel order-1", "order order-4", "cancel order-4"]


def test_several_cannot_be_closed(pytester: pytest.Pytester, run: Run) -> None:
    """One teardown error names them all."""
    pytester.makepyfile(
        """
        from conftest import AWAY

        def test_it(otp_number, otp_provider):
            otp_provider.always("cancel", AWAY)
            otp_number(), otp_number()
        """
    )
    result = run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "E *OrderNotClosed: 2 orders could not be closed: scripted, order order-2, *500 *; *, order order-1, *",
        ]
    )


def test_a_failing_test_keeps_its_own_failure(pytester: pytest.Pytester, run: Run) -> None:
    """A close that fails comes as an error beside the test's failure, not in its place."""
    pytester.makepyfile(
        """
        from conftest import AWAY

        def test_it(otp_number, otp_provider):
            otp_provider.always("cancel", AWAY)
            otp_number()
            assert False, "the page said no"
        """
    )
    result = run()
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["E *AssertionError: the page said no"])


def test_the_sms_came_too_late(pytester: pytest.Pytester, run: Run) -> None:
    """A cancel that is refused because an SMS came becomes a finish; with a code waited for it is one at once."""
    pytester.makepyfile(
        """
        def test_nobody_waited(otp_number, otp_provider):
            otp_number()
            otp_provider.receive("code 111111")

        def test_waited(otp_number, otp_provider):
            number = otp_number()
            otp_provider.receive("code 111111", order="order-2")
            assert number.wait_code(2) == "111111"
        """
    )
    run().assert_outcomes(passed=2)
    assert events() == [
        *("order order-1", "cancel order-1", "finish order-1"),
        *("order order-2", "finish order-2"),
    ]


def test_passing_failures_while_closing(pytester: pytest.Pytester, run: Run) -> None:
    """A provider that answers 500, or refuses an early cancel, is asked again, and nothing is reported."""
    pytester.makepyfile(
        """
        from conftest import AWAY, InvalidRequest

        def test_it(otp_number, otp_provider):
            otp_provider.script("cancel", AWAY, InvalidRequest("not within two minutes"))
            otp_number()
        """
    )
    run("--otp-close-timeout=20").assert_outcomes(passed=1)
    assert events() == ["order order-1", *["cancel order-1"] * 3]


def test_closing_ends_in_time(pytester: pytest.Pytester, run: Run) -> None:
    """A provider that never comes back holds teardown up until the close time-out, and is tried until then."""
    pytester.makepyfile(
        """
        from conftest import AWAY

        def test_it(otp_number, otp_provider):
            otp_provider.always("cancel", AWAY)
            otp_number()
        """
    )
    run("--otp-close-timeout=0.3").assert_outcomes(passed=1, errors=1)
    assert events()[0] == "order order-1"
    assert set(events()[1:]) == {"cancel order-1"}


def test_numbers_closed_by_the_test(pytester: pytest.Pytester, run: Run) -> None:
    """What the test closed itself is not closed again."""
    pytester.makepyfile(
        """
        def test_it(otp_number):
            otp_number().cancel()
            with otp_number():
                pass
        """
    )
    run().assert_outcomes(passed=1)
    assert events() == ["order order-1", "cancel order-1", "order order-2", "cancel order-2"]


def test_a_refused_order_leaves_nothing_to_close(pytester: pytest.Pytester, run: Run) -> None:
    """An order that got no answer is told once, sent once, and not closed, since nobody knows its id."""
    pytester.makepyfile(
        """
        from pytest_otp import OrderUncertain

        def test_it(otp_number, otp_provider):
            otp_provider.script("order", OrderUncertain("the answer was lost", provider="scripted"))
            otp_number()
        """
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *OrderUncertain: scripted, after * s: the answer was lost. A number may be rented: check the open*"]
    )
    assert events() == ["order order-1"]


def test_the_factory_kept_beyond_its_scope(pytester: pytest.Pytester, run: Run) -> None:
    """A factory that a test hid away for the next one orders nothing there."""
    pytester.makepyfile(
        """
        kept = []

        def test_one(otp_number):
            kept.append(otp_number)

        def test_two():
            kept[0]()
        """
    )
    result = run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E *OtpError: otp_number was called after its scope had ended, so nothing would *"])
    assert events() == []
