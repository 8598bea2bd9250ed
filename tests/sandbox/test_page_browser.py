"""The sandbox's page in a real browser, beside a real client of a provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from pytest_otp.offline.carrier import Carrier
from pytest_otp.providers.base import Order, Provider
from pytest_otp.providers.registry import create, credentials
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.browsers import FLAGS, chromium, program

pytestmark = pytest.mark.browser

MARKUP = (
    "<img src=x onerror=\"document.title='hit'\">",
    "<script>document.title='hit'</script>",
    "</script></td></table><script>document.title='hit'</script><b id=injected>",
    "<svg onload=document.title='hit'> &lt;b&gt; javascript:document.title='hit'",
)
PATIENCE = 30.0


class Page:
    """The page as a person sees it, and the client whose orders it shows."""

    def __init__(self, driver: webdriver.Chrome, url: str, carrier: Carrier) -> None:
        self.driver = driver
        self.carrier = carrier
        self.client: Provider = create("otpvirt", credentials("otpvirt", environ(url), {}))
        driver.get(url + "/")

    def order(self) -> Order:
        return self.client.order("vi", "tajikistan", None)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map(found => found.textContent)"
        found: list[str] = self.driver.execute_script(script, selector)
        return found

    def wait_for(self, selector: str, text: str) -> None:
        WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: text in self.texts(selector), f"{selector}: {text}")

    def send(self, to: str, text: str, sender: str) -> None:
        for name, value in (("to", to), ("from", sender), ("text", text)):
            entry = self.driver.find_element(By.ID, name)
            entry.clear()
            entry.send_keys(value)
        self.driver.find_element(By.CSS_SELECTOR, "#send button").click()

    def measure(self, script: str) -> Any:
        return self.driver.execute_script(f"return {script}")


@pytest.fixture(scope="module")
def sandbox_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium()
    profile: Path = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=program("CHROMEDRIVER", "chromedriver"))
    carrier = Carrier(seed=1)
    with Server(Sandbox(carrier, scenario="manual")) as server:
        driver = webdriver.Chrome(options=options, service=service)
        try:
            yield Page(driver, server.url, carrier)
        finally:
            driver.quit()


def test_orders_and_messages_appear_live(sandbox_page: Page) -> None:
    """Without a reload it shows a new order with its number, each message, and the order's end."""
    order = sandbox_page.order()
    sandbox_page.wait_for("#orders .id", order.id)
    sandbox_page.wait_for("#orders tr:first-child .number", "+" + order.number)
    sandbox_page.wait_for("#orders tr:first-child .state", "waiting")
    sandbox_page.carrier.deliver("+" + order.number, "Your code is 482913", sender="Shop")
    sandbox_page.wait_for("#messages tr:first-child .text", "Your code is 482913")
    sandbox_page.wait_for("#orders tr:first-child .state", "received")
    assert sandbox_page.texts("#messages tr:first-child td")[1:3] == ["+" + order.number, "Shop"]
    sandbox_page.client.finish(order)
    sandbox_page.wait_for("#orders tr:first-child .state", "finished")
    assert sandbox_page.texts("#state") == ["live"]


def test_a_message_from_the_page_arrives_at_a_client(sandbox_page: Page) -> None:
    """An SMS from the form reaches the order; a click chooses a number; errors are shown."""
    order = sandbox_page.order()
    sandbox_page.wait_for("#orders tr:first-child .number", "+" + order.number)
    sandbox_page.driver.find_element(By.CSS_SELECTOR, "#orders tr:first-child .number button").click()
    assert sandbox_page.measure("document.getElementById('to').value") == "+" + order.number
    sandbox_page.send("+" + order.number, "By hand: 190283", "Me")
    sandbox_page.wait_for("#sent", "Sent.")
    (sms,) = sandbox_page.client.messages(order).sms
    assert (sms.text, sms.sender) == ("By hand: 190283", "Me")
    sandbox_page.send("12", "x", "Me")
    WebDriverWait(sandbox_page.driver, PATIENCE, 0.05).until(
        lambda _: '"to" must be a phone number' in sandbox_page.texts("#sent")[0]
    )
    sandbox_page.send("+12015550199", "to nobody", "Me")
    sandbox_page.wait_for("#messages .number", "+12015550199 (not held by any order)")


def test_markup_in_a_message_does_nothing(sandbox_page: Page) -> None:
    """Texts and senders with tags and handlers are shown letter by letter, and nothing of them runs or is made."""
    order = sandbox_page.order()
    for text in MARKUP:
        sandbox_page.carrier.deliver("+" + order.number, text, sender=text)
    for text in MARKUP:
        sandbox_page.wait_for("#messages .text", text)
        sandbox_page.wait_for("#messages .sender", text)
    sandbox_page.send("+" + order.number, MARKUP[0] + "again", MARKUP[0])
    sandbox_page.wait_for("#messages .text", MARKUP[0] + "again")
    assert sandbox_page.driver.title == "pytest-otp sandbox"
    assert sandbox_page.measure("document.querySelectorAll('img, svg, b, #injected').length") == 0
    assert sandbox_page.measure("document.scripts.length") == 1


def test_long_and_right_to_left_texts_are_shown_whole(sandbox_page: Page) -> None:
    """A long word does not widen the page, lines stay lines, Hebrew turns its own cell, an override nothing."""
    order = sandbox_page.order()
    texts = ["x" * 5000, "קוד האימות שלך הוא 482913", "\u202e319284 edoc", "one\ntwo", "😀 код 482913"]
    for text in texts:
        sandbox_page.carrier.deliver("+" + order.number, text, sender="ספק\u202e")
    for text in texts:
        sandbox_page.wait_for("#messages .text", text.replace("\u202e", r"\u202e"))
    assert sandbox_page.measure("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    cells = "[...document.querySelectorAll('#messages .text')]"
    rtl = f"{cells}.filter(cell => cell.matches(':dir(rtl)')).map(cell => cell.textContent)"
    assert sandbox_page.measure(rtl) == ["קוד האימות שלך הוא 482913"]
    assert sandbox_page.measure("getComputedStyle(document.querySelector('#messages')).direction") == "ltr"


def test_the_browser_complains_of_nothing(sandbox_page: Page) -> None:
    """After all that its console is empty but for the one refusal: the policy forbids nothing that the page does."""
    said = [entry["message"] for entry in sandbox_page.driver.get_log("browser")]  # type: ignore[no-untyped-call]
    assert [message for message in said if "/page/sms" not in message or "400" not in message] == []
