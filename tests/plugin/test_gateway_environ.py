"""otp_gateway_environ: the gateway's variables in the process of the tests."""

from __future__ import annotations

import os

import pytest

from tests.plugin.inner import KEY, Run

SEES = """
    import os

    def test_it(otp_gateway_environ, otp_gateway):
        assert otp_gateway_environ == otp_gateway.environ()
        assert {name: os.environ[name] for name in otp_gateway_environ} == otp_gateway_environ
"""


def test_it_is_set_and_restored(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What environ() returns is in os.environ for the session; then everything is as before, set or not."""
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "")
    before = dict(os.environ)
    pytester.makepyfile(SEES)
    run().assert_outcomes(passed=1)
    changed = {name for name, _ in dict(os.environ).items() ^ before.items()}
    assert changed <= {"PYTEST_CURRENT_TEST"}


def test_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set: the application sends real SMS."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.makepyfile(
        """
        import os

        def before():
            return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}

        SEEN = before()

        def test_it(otp_gateway_environ):
            assert otp_gateway_environ == {}
            assert before() == SEEN
        """
    )
    run("--otp-provider=otpcepat").assert_outcomes(passed=1)


def test_an_application_in_the_same_process(pytester: pytest.Pytester, run: Run) -> None:
    """An unchanged client of an SMS service, in the process of the tests, reaches the gateway."""
    pytester.makepyfile(
        """
        import pytest
        import requests

        @pytest.fixture(autouse=True)
        def gateway(otp_gateway_environ):
            pass

        def test_it(otp_number):
            number = otp_number()
            account = "AC" + "0" * 32
            answer = requests.post(
                f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
                {"To": number.e164, "From": "+12015550100", "Body": "Your code is 482913"},
                auth=(account, "made-up"),
            )
            assert answer.status_code == 201
            assert number.wait_code() == "482913"
        """
    )
    run().assert_outcomes(passed=1)
