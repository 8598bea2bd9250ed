"""What a user sees when the SMS service fails. The gateway fails on demand, so this runs offline only."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pytest_otp import CodeTimeout, GatewayAddress, Numbers, OtpNumber
from pytest_otp.browser import fill_phone


@pytest.fixture(autouse=True)
def offline(otp_gateway: GatewayAddress) -> None:
    """With a real provider the application uses its own SMS service, which fails when it wants to."""
    if otp_gateway.url is None:
        pytest.skip("with a real provider nothing can be made to fail")


def test_a_user_who_has_unsubscribed(
    page: Page, signup_url: str, otp_number: Numbers, otp_gateway: GatewayAddress
) -> None:
    """Whoever has replied STOP is told how to get SMS again, and can then sign up."""
    number = otp_number()
    otp_gateway.fail(number, error="unsubscribed")
    ask_for_code(page, signup_url, number)
    expect(page.get_by_role("alert")).to_contain_text("Reply START")
    ask_for_code(page, signup_url, number)
    number.fill_code(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()


@pytest.mark.parametrize("error", ["server_error", "rate_limited", 21408])
def test_the_service_is_in_trouble(
    page: Page, signup_url: str, otp_number: Numbers, otp_gateway: GatewayAddress, error: str | int
) -> None:
    """If the service does not take the message, the page does not ask for a code that never arrives."""
    number = otp_number()
    otp_gateway.fail(number, error=error)
    ask_for_code(page, signup_url, number)
    expect(page.get_by_role("alert")).to_contain_text("could not send the SMS")


def test_an_sms_that_gets_lost(page: Page, signup_url: str, otp_number: Numbers, otp_gateway: GatewayAddress) -> None:
    """The user can ask for a new code if the first one does not arrive."""
    number = otp_number()
    otp_gateway.fail(number, error="undelivered")
    ask_for_code(page, signup_url, number)
    with pytest.raises(CodeTimeout):
        number.wait_code(timeout=0.2)
    page.get_by_role("button", name="Send a new code").click()
    number.fill_code(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()


def ask_for_code(page: Page, signup_url: str, number: OtpNumber) -> None:
    page.goto(signup_url)
    fill_phone(page, number)
    page.get_by_role("button", name="Send code").click()
