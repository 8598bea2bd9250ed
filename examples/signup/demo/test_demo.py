"""One sign-up that prints each step. `make demo` runs it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from pytest_otp import GatewayAddress, Numbers
from pytest_otp.browser import fill_code, fill_phone

from .conftest import Trace


def test_demo(page: Page, signup_url: str, otp_number: Numbers, otp_gateway: GatewayAddress, trace: Trace) -> None:
    """A number is rented, a code arrives by SMS, the visitor is welcomed, and the order is closed."""
    trace.step(
        "The application starts",
        "signup_url",
        f"It listens on {signup_url} and sends to api.twilio.com with Twilio's SDK. "
        f"otp_gateway.environ() redirects these requests to the gateway at {otp_gateway.url}.",
    )
    number = otp_number()
    trace.step(
        "A number is rented",
        "number = otp_number()",
        f"{number.e164}, order {number.order_id} at provider {number.provider!r}, "
        f"price {number.price} {number.currency}, state {number.state!s}.",
    )
    page.goto(signup_url)
    fill_phone(page, number)
    trace.step("The test types the number", "fill_phone(page, number)", f"The browser is at {page.url}", page)

    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    trace.step(
        "The test requests a code",
        'click("Send code")',
        f"The application sends it, and the gateway responds as Twilio does. The browser is at {page.url}",
        page,
    )

    code = number.wait_code()
    message = number.messages[-1]
    trace.step("The application's SMS arrives", "number.messages[-1]", f"From {message.sender}: {message.text}")
    trace.step("The code is extracted", "code = number.wait_code()", code)

    fill_code(page, code)
    trace.step("The test types the code", "fill_code(page, code)", f"The browser is at {page.url}", page)

    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()
    trace.step("The visitor is signed up", 'click("Continue")', f"The browser is at {page.url}", page)

    number.close()
    trace.step(
        "The order is closed",
        "number.close()",
        f"Order {number.order_id} is {number.state!s}. This happens automatically at the end of each test.",
    )
