"""Codes and phone numbers are typed into pages that Selenium drives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By

from pytest_otp.browser import FillError, fill_code, fill_phone
from tests.browser.snippets import BOXES, CLEARS, CODE, FIELD, PROMO, VALUES, WIDGET
from tests.browsers import FLAGS, chromium, program
from tests.numbers.renting import offline

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium()
    profile: Path = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=program("CHROMEDRIVER", "chromedriver"))
    )
    yield driver
    driver.quit()


@pytest.fixture
def tab(chrome: webdriver.Chrome) -> webdriver.Chrome:
    chrome.switch_to.default_content()
    chrome.get("about:blank")
    return chrome


def show(tab: webdriver.Chrome, html: str) -> None:
    tab.execute_script("document.open(); document.write(arguments[0]); document.close()", html)


def values(tab: webdriver.Chrome) -> Any:
    return tab.execute_script(f"return {VALUES}")


def test_a_code_is_typed_into_boxes(tab: webdriver.Chrome) -> None:
    """Each box has its digit, the code was complete once, and the result says how."""
    show(tab, PROMO + WIDGET)
    result = fill_code(tab, CODE)
    assert (result.how, result.taken) == ("typed", False)
    assert values(tab) == ["", *CODE]
    assert tab.execute_script("return window.sent") == [CODE]


def test_a_code_that_the_page_took_is_not_typed_again(tab: webdriver.Chrome) -> None:
    """A widget that clears itself after the last key has taken the code."""
    show(tab, WIDGET + CLEARS)
    assert fill_code(tab, CODE).taken
    assert tab.execute_script("return window.sent") == [CODE]


def test_a_field_that_ignores_keys_gets_a_paste(tab: webdriver.Chrome) -> None:
    """Where keys do nothing, the code is pasted."""
    show(
        tab,
        FIELD + "<script>code.onkeydown = (event) =>"
        " event.key.length > 1 || event.ctrlKey || event.preventDefault();</script>",
    )
    assert fill_code(tab, CODE).how == "pasted"
    assert values(tab) == [CODE]


def test_elements_narrow_the_search(tab: webdriver.Chrome) -> None:
    """A field, its label, a box, a form or a frame is where the code goes."""
    two = FIELD.replace('"code"', '"other"') + FIELD
    for selector, html in (
        ("#code", two),
        ("p:nth-of-type(2) label", two),
        ("form", FIELD + BOXES),
        ("form input", FIELD + BOXES),
    ):
        show(tab, html)
        fill_code(tab.find_element(By.CSS_SELECTOR, selector), CODE)
        assert (values(tab)[0], "".join(values(tab))) == ("", CODE)


def test_the_driver_stays_as_it_was(tab: webdriver.Chrome) -> None:
    """The code is found in all frames, and the driver ends in the frame in which it was, with its own wait."""
    tab.implicitly_wait(3)
    show(tab, "<iframe srcdoc='<p>Inner</p><iframe></iframe>'></iframe>" + PROMO)
    inner = "const inner = document.querySelector('iframe').contentDocument.querySelector('iframe').contentDocument;"
    tab.execute_script(f"{inner} inner.body.innerHTML = arguments[0]", FIELD)
    fill_code(tab, CODE)
    assert tab.execute_script("return window === window.top")
    tab.switch_to.frame(tab.find_element(By.TAG_NAME, "iframe"))
    fill_code(tab, "1234")
    assert tab.find_element(By.TAG_NAME, "p").text == "Inner"
    tab.switch_to.frame(0)
    assert values(tab) == ["1234"]
    fill_code(tab.find_element(By.ID, "code"), CODE)
    assert values(tab) == [CODE]
    assert tab.timeouts.implicit_wait == 3


def test_errors(tab: webdriver.Chrome) -> None:
    """A page without the field is a `FillError` that lists what it has."""
    show(tab, PROMO)
    with pytest.raises(FillError, match=r'no field for a code appeared within .* text input with label "Promo code"'):
        fill_code(tab, CODE, timeout=0.3)
    assert values(tab) == [""]


def test_a_number_types_its_code(tab: webdriver.Chrome) -> None:
    """`fill_code` of a number waits for its code and types it; its own number goes into a phone field."""
    number = offline("auto")
    show(tab, '<label>Phone <input type="tel"></label>')
    fill_phone(tab, number)
    assert values(tab) == [number.e164]
    show(tab, WIDGET)
    code = number.fill_code(tab)
    assert tab.execute_script("return window.sent") == [code]
    assert [result.how for result in number.fills] == ["typed"]


@pytest.mark.parametrize("after", [None, 0, 30])
def test_a_dialog_that_the_last_digit_opens_is_left_to_the_test(tab: webdriver.Chrome, after: int | None) -> None:
    """An alert is the page's answer: the code counts as typed; one that opens with the key can still be read."""
    opens = "alert('Welcome')" if after is None else f"setTimeout(() => alert('Welcome'), {after})"
    script = f"document.forms[0].oninput = () => {{ if (boxes.every((box) => box.value)) {opens}; }}"
    show(tab, f"{PROMO}{WIDGET}<script>{script}</script>")
    fill_code(tab, CODE)
    with suppress(NoAlertPresentException):  # Selenium closes one that opens while it asks the page
        tab.switch_to.alert.accept()
        assert tab.execute_script("return window.sent") == [CODE]
    assert values(tab) == ["", *CODE]
