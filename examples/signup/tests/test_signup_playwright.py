"""The sign-up in a browser that Playwright drives."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from pytest_otp import Numbers, OtpNumber
from pytest_otp.browser import fill_code, fill_phone


def test_sign_up(page: Page, signup_url: str, otp_number: Numbers) -> None:
    """Whoever types the code from the SMS is signed up."""
    number = otp_number()
    ask_for_code(page, signup_url, number)
    number.fill_code(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()
    expect(page.get_by_text(number.e164)).to_be_visible()


def test_wrong_code_then_right_code(page: Page, signup_url: str, otp_number: Numbers) -> None:
    """A wrong code is reported, and does not invalidate the right one."""
    number = otp_number()
    ask_for_code(page, signup_url, number)
    code = number.wait_code()
    type_code(page, other_than(code))
    expect(page.get_by_role("alert")).to_have_text("That is not the code. 2 tries left.")
    type_code(page, code)
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()


def test_three_wrong_codes_lock_the_number(page: Page, signup_url: str, otp_number: Numbers) -> None:
    """After three wrong codes the right one is refused too, and no new one is sent."""
    number = otp_number()
    ask_for_code(page, signup_url, number)
    code = number.wait_code()
    for _ in range(3):
        type_code(page, other_than(code))
    expect(page.get_by_role("alert")).to_contain_text("Too many tries")
    type_code(page, code)
    expect(page.get_by_role("alert")).to_contain_text("Too many tries")
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many tries")


def test_a_new_code_replaces_the_first(page: Page, signup_url: str, otp_number: Numbers) -> None:
    """After "Send a new code" the first code is refused, and the next one that arrives is right."""
    number = otp_number()
    ask_for_code(page, signup_url, number)
    first = number.wait_code()
    number.resend()
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_role("status")).to_contain_text("A new code is on its way")
    second = number.wait_code()
    type_code(page, first)
    expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    type_code(page, second)
    expect(page.get_by_role("heading", name="Welcome aboard")).to_be_visible()


def ask_for_code(page: Page, signup_url: str, number: OtpNumber) -> None:
    page.goto(signup_url)
    fill_phone(page, number)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()


def type_code(page: Page, code: str) -> None:
    fill_code(page, code)
    page.get_by_role("button", name="Continue").click()


def other_than(code: str) -> str:
    """A code of the same length that is certainly wrong."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
