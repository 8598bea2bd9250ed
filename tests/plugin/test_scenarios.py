"""The scenarios of the provider fake, end to end."""

from __future__ import annotations

import pytest

from pytest_otp.offline.scenarios import SCENARIOS
from tests.plugin.inner import Run, printed

SCENARIO_TESTS = {
    "manual": """
        otp_carrier.deliver(number, "Your code is 482913")
        assert number.wait_code() == "482913"
    """,
    "auto": """
        assert number.wait_code(5).isdecimal()
    """,
    "late": """
        with pytest.raises(CodeTimeout, match="the SMS arrives 5 s after the order"):
            number.wait_code(0.2)
        assert number.wait_code(10).isdecimal()
    """,
    "never": """
        otp_carrier.deliver(number, "Your code is 482913")
        with pytest.raises(CodeTimeout, match="no SMS ever arrives"):
            number.wait_code(0.2)
        number.close()
        assert number.state == "cancelled"
    """,
    "duplicate": """
        assert number.wait_code(5) == number.wait_code(5)
        assert len({message.id for message in number.messages}) == 2
    """,
    "no-code": """
        with pytest.raises(CodeTimeout, match=r"skipped 1 SMS: .*no code found.*--otp-show-sms to show"):
            number.wait_code(0.3)
        assert "new login" in number.wait_message(5).text
    """,
    "flaky": """
        assert number.wait_code(10).isdecimal()
    """,
    "cancelled": """
        with pytest.raises(OrderEnded, match="was cancelled or finished at the provider"):
            number.wait_code(5)
        assert number.state == "ended"
    """,
    "cancel-refused": """
        number.close()
        assert number.state == "finished"
    """,
    "no-numbers": "NumberUnavailable: fake, after * s: no numbers available in US. Try again later, *",
    "no-balance": "InsufficientBalance: fake, after * s: the balance is too low. Top up the account, *",
    "down": "ProviderUnavailable: fake, after * s: the provider reset the connection. The scenario down does this on "
    "purpose: *",
}


def test_every_scenario_is_tested() -> None:
    """A scenario that is added is tested end to end too."""
    assert set(SCENARIO_TESTS) == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIO_TESTS)
def test_scenarios(pytester: pytest.Pytester, run: Run, name: str) -> None:
    """Each scenario of `--otp-fake` does what its line in the help says."""
    body = SCENARIO_TESTS[name]
    refused = not body.startswith("\n")
    pytester.makepyfile(
        "import pytest\n"
        "from pytest_otp import CodeTimeout, OrderEnded\n"
        "def test_it(otp_number, otp_carrier):\n"
        "    number = otp_number()\n" + ("" if refused else body.replace("\n    ", "\n"))
    )
    result = run("--otp-fake", name, "--otp-fake-seed", "7")
    result.assert_outcomes(failed=int(refused), passed=int(not refused))
    result.stdout.fnmatch_lines([f"otp: *scenario {name} (--otp-fake), seed 7; timeout *"])
    if refused:
        result.stdout.fnmatch_lines([f"E   pytest_otp.errors.{body}"])


def test_a_scenario_of_one_test(pytester: pytest.Pytester, run: Run) -> None:
    """The marker's scenario wins over the option's, for its test alone, on the same carrier."""
    pytester.makepyfile(
        """
        import pytest
        from pytest_otp import NumberUnavailable

        @pytest.mark.otp(fake="no-numbers")
        def test_refused(otp_number):
            with pytest.raises(NumberUnavailable):
                otp_number()

        def test_auto(otp_number):
            assert otp_number().wait_code(5)

        @pytest.mark.otp(fake="manual")
        def test_manual(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, "code 111111")
            assert number.wait_code() == "111111"
        """
    )
    run("--otp-fake=auto").assert_outcomes(passed=3)


def test_a_seed_repeats_a_run(pytester: pytest.Pytester, run: Run) -> None:
    """With the seed of the header a run has the same numbers and codes again."""
    pytester.makepyfile(
        """
        import json

        def test_it(otp_number):
            number = otp_number()
            seen = {"number": number.e164, "code": number.wait_code(5), "order": number.order_id}
            print("SEEN", json.dumps(seen))
        """
    )
    args = ("--otp-fake=auto", "--otp-fake-seed=7")
    first = printed(run(*args))
    assert first == printed(run(*args))
    assert first != printed(run("--otp-fake=auto", "--otp-fake-seed=8"))
