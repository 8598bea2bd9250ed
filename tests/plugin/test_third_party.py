"""Runs with a provider that another package registers, which declares as much about itself as it likes."""

from __future__ import annotations

import pytest

from tests.plugin.inner import KEY, Run

PROVIDER = """
    from datetime import datetime, timezone
    from pytest_otp import Messages, Order, OrderState, SmsMessage, Variable

    class Shelf:
        name = "shelf"
        offline = True
        variables = (Variable("SHELF_KEY", "the key of the shelf", secret=True, required=True),)

        def __init__(self, variables, http):
            pass

        def order(self, service, country, operator):
            return Order("1", "12015550123", service, country, operator, None, None, datetime.now(timezone.utc), "US")

        def messages(self, order):
            message = SmsMessage("1", "Shop", "Your code is 482913", datetime.now(timezone.utc), None)
            return Messages(OrderState.RECEIVED, (message,))

        def resend(self, order): pass
        def cancel(self, order): pass
        def finish(self, order): pass
"""


@pytest.fixture(autouse=True)
def installed(pytester: pytest.Pytester) -> None:
    """The provider `shelf`, in a package of its own."""
    metadata = pytester.mkdir("shelf-1.dist-info")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[pytest_otp.providers]\nshelf = shelf:Shelf\n")
    pytester.makepyfile(shelf=PROVIDER)
    pytester.syspathinsert()


def test_an_offline_provider_of_another_package(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It rents the numbers, not `fake`, whose carrier, gateway, scenarios and shorter time-out are not its own."""
    monkeypatch.setenv("SHELF_KEY", KEY)
    pytester.makepyfile(
        """
        def test_it(otp_number, otp_gateway):
            number = otp_number()
            assert (number.provider, number.e164, number.wait_code()) == ("shelf", "+12015550123", "482913")
            assert otp_gateway.url is None

        def test_the_carrier(otp_carrier): pass
        """
    )
    result = run("--otp-provider=shelf")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "otp: provider shelf (*), offline: no SMS is sent, nothing is charged; timeout 120 s (default)",
            "E   *SettingsError: otp_carrier is not available with the provider shelf. *",
        ]
    )


def test_an_offline_provider_without_its_variable(pytester: pytest.Pytester, run: Run) -> None:
    """Its variables are checked before the first test, as those of a real provider."""
    pytester.makepyfile("def test_it(): pass")
    result = run("--otp-provider=shelf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --otp-provider shelf (PYTEST_OTP_PROVIDER) needs SHELF_KEY (the key of *"])
