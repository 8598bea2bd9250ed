"""The sign-up in a browser that Selenium drives."""

from __future__ import annotations

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from pytest_otp import Numbers, OtpNumber
from pytest_otp.browser import fill_code, fill_phone

PAGE_LOADED_AT = "return document.readyState === 'complete' ? performance.timeOrigin : null"


def test_sign_up(driver: Chrome, signup_url: str, otp_number: Numbers) -> None:
    """Whoever types the code from the SMS is signed up."""
    number = otp_number()
    ask_for_code(driver, signup_url, number)
    number.fill_code(driver)
    press(driver, "Continue")
    see(driver, "h1", "Welcome aboard")
    see(driver, "strong", number.e164)


def test_wrong_code_then_right_code(driver: Chrome, signup_url: str, otp_number: Numbers) -> None:
    """A wrong code is reported, and does not invalidate the right one."""
    number = otp_number()
    ask_for_code(driver, signup_url, number)
    code = number.wait_code()
    type_code(driver, other_than(code))
    see(driver, "[role=alert]", "That is not the code. 2 tries left.")
    type_code(driver, code)
    see(driver, "h1", "Welcome aboard")


def test_three_wrong_codes_lock_the_number(driver: Chrome, signup_url: str, otp_number: Numbers) -> None:
    """After three wrong codes the right one is refused too."""
    number = otp_number()
    ask_for_code(driver, signup_url, number)
    code = number.wait_code()
    for problem in ("2 tries left", "1 try left", "Too many tries"):
        type_code(driver, other_than(code))
        see(driver, "[role=alert]", problem)
    type_code(driver, code)
    see(driver, "[role=alert]", "Too many tries")


def test_a_new_code_replaces_the_first(driver: Chrome, signup_url: str, otp_number: Numbers) -> None:
    """After "Send a new code" the next code that arrives is right."""
    number = otp_number()
    ask_for_code(driver, signup_url, number)
    first = number.wait_code()
    number.resend()
    press(driver, "Send a new code")
    see(driver, "[role=status]", "A new code is on its way")
    second = number.wait_code()
    type_code(driver, first)
    see(driver, "[role=alert]", "That is not the code")
    type_code(driver, second)
    see(driver, "h1", "Welcome aboard")


def ask_for_code(driver: Chrome, signup_url: str, number: OtpNumber) -> None:
    driver.get(signup_url)
    fill_phone(driver, number)
    press(driver, "Send code")
    see(driver, "h1", "Type the code")


def type_code(driver: Chrome, code: str) -> None:
    fill_code(driver, code)
    press(driver, "Continue")


def press(driver: Chrome, button: str) -> None:
    """Press a button that leads to another page, and wait until that one is there."""
    before = driver.execute_script(PAGE_LOADED_AT)
    driver.find_element(By.XPATH, f"//button[.='{button}']").click()
    # While the pages change, a look may fail in several ways; it is simply repeated.
    wait = WebDriverWait(driver, 5, poll_frequency=0.05, ignored_exceptions=[WebDriverException])
    wait.until(lambda driver: driver.execute_script(PAGE_LOADED_AT) not in (None, before))


def see(driver: Chrome, selector: str, text: str) -> None:
    WebDriverWait(driver, 5, poll_frequency=0.05).until(
        expected_conditions.text_to_be_present_in_element((By.CSS_SELECTOR, selector), text),
        f"{text!r} did not show in {selector}",
    )


def other_than(code: str) -> str:
    """A code of the same length that is certainly wrong."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
