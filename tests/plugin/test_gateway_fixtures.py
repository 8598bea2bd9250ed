"""otp_carrier and otp_gateway, offline and with a real provider."""

from __future__ import annotations

import pytest

from tests.plugin.inner import KEY, Run


def test_otp_carrier_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivering by hand is possible offline only, and the error says what to do."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.makepyfile("def test_it(otp_carrier): pass")
    result = run("--otp-provider=otpcepat")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            (
                "E   pytest_otp.errors.SettingsError: otp_carrier is not available with the provider otpcepat. "
                "Run offline, or let the application send the SMS."
            )
        ]
    )


def test_otp_gateway_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a real provider the application uses its own service: there is no gateway, and nothing is set for one."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.makepyfile(
        """
        def test_it(otp_gateway, otp_provider):
            assert otp_gateway.url is None and otp_gateway.environ() == {}
            assert otp_provider.name == "otpcepat"
        """
    )
    run("--otp-provider=otpcepat").assert_outcomes(passed=1)


def test_otp_gateway(pytester: pytest.Pytester, run: Run) -> None:
    """An application that posts its SMS to the gateway reaches the number of the test."""
    pytester.makepyfile(
        """
        import json, urllib.request

        def test_it(otp_gateway, otp_number):
            number = otp_number()
            url = otp_gateway.environ()["PYTEST_OTP_GATEWAY_URL"] + "/sms"
            assert url.startswith("http://127.0.0.1:") and url == otp_gateway.url + "/sms"
            body = json.dumps({"to": number.e164, "text": "Your code is 482913", "from": "Shop"}).encode()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
                assert answer.status == 202
            assert number.wait_code(sender="shop") == "482913"
        """
    )
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize("fixture", ["otp_gateway", "otp_number"])
def test_otp_gateway_on_a_port_that_is_taken(pytester: pytest.Pytester, run: Run, fixture: str) -> None:
    """A port that cannot be had is told with the setting that asked for it, and without frames of ours."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        pytester.makepyfile(f"def test_it({fixture}): pass")
        result = run(f"--otp-gateway=127.0.0.1:{taken.getsockname()[1]}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E   pytest_otp.errors.SettingsError: --otp-gateway (PYTEST_OTP_GATEWAY)*"])
    result.stdout.no_fnmatch_line("*contextlib*")
    result.stdout.no_fnmatch_line("*server.py*")


def test_a_host_that_cannot_be_allowed(pytester: pytest.Pytester, run: Run) -> None:
    """The error is shown at the line of the test that names the host."""
    pytester.makepyfile("""
        def test_it(otp_gateway):
            otp_gateway.allow_hosts("api.twilio.com")
        """)
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*.py:2: in test_it", "*", "E   *SettingsError: cannot allow api.twilio.com*"])
    result.stdout.no_fnmatch_line("*proxy.py*")


def test_an_sms_to_a_number_that_nobody_holds_is_told(pytester: pytest.Pytester, run: Run) -> None:
    """An application that sends to the wrong number is the commonest reason why no code comes. A later order is not
    told of it.
    """
    pytester.makepyfile(
        """
        def test_it(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.submit("+12015550199", "Your code is 482913")
            number.wait_code(timeout=0.1)

        def test_another(otp_number):
            otp_number().wait_code(timeout=0.1)
        """
    )
    result = run("--otp-fake-seed=1")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*no SMS within 0.1 s. SMS arrived for numbers that no test holds: +12015550199.",
            "*no SMS within 0.1 s. In the scenario manual, no SMS arrives by itself: *",
        ]
    )
