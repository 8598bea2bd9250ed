"""The sign-up once more, telling what happens. `make demo` runs it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from pytest_otp import GatewayAddress, Numbers

from .conftest import Trace


def test_demo(page: Page, signup_url: str, otp_number: Numbers, otp_gateway: GatewayAddress, trace: Trace) -> None:
    """A rented number, a code by SMS, a welcome, and nothing left rented."""
    trace.step(
        "The application starts",
        "signup_url",
        f"It serves on {signup_url}, and sends with Twilio's own SDK to api.twilio.com. "
        f"By otp_gateway.environ() that is the plugin's gateway on {otp_gateway.url}.",
    )
    number = otp_number()
    trace.step(
        "A number is rented",
        "number = otp_number()",
        f"{number.e164}, order {number.order_id} at provider {number.provider!r}, "
        f"price {number.price} {number.currency}; its state is {number.state!s}.",
    )
    page.goto(signup_url)
    page.get_by_label("Phone number").fill(number.e164)
    trace.step("The test types the number", "fill(number.e164)", f"The browser is at {page.url}", page)

    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    trace.step(
        "The test asks for a code",
        'click("Send code")',
        f"The application has sent it; the gateway answered as Twilio does. The browser is at {page.url}",
        page,
    )

    code = number.wait_code()
    message = number.messages[-1]
    trace.step("The application's SMS has arrived", "number.messages[-1]", f"{message.sender} wrote: {message.text}")
    trace.step("The code is found in it", "code = number.wait_code()", code)

    page.get_by_label("Code").fill(code)
    trace.step("The test types the code", "fill(code)", f"The browser is at {page.url}", page)

    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()
    trace.step("The visitor is signed up", 'click("Continue")', f"The browser is at {page.url}", page)

    number.close()
    trace.step(
        "The number is given back",
        "number.close()",
        f"Order {number.order_id} is {number.state!s}. The plugin does this by itself at the end of each test.",
    )
