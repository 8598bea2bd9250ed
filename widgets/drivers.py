"""The drivers, each with the few things that a run needs of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

from playwright import async_api, sync_api
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from pytest_otp.browser import FillResult, fill_code, fill_code_async, fill_phone, fill_phone_async

from .case import Case

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # some widgets show flags from the internet
)
FOLDER = Path(__file__).parents[1] / ".widgets"
"""Where scripts/firefox.sh puts Firefox's driver."""
PATIENCE = 30
"""Seconds for the page to show the widget."""
FOCUS = """
const found = [];
const walk = (root) => root.querySelectorAll("*").forEach((element) => {
  if (element.matches("input, textarea, [contenteditable]")) found.push(element);
  if (element.shadowRoot) walk(element.shadowRoot);
});
walk(document);
let active = document.activeElement;
while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
return found.indexOf(active);
"""
"""Which of the page's fields has the focus."""
T = TypeVar("T")


class Driver(Protocol):
    """What a run does with a browser."""

    name: str

    def open(self, url: str, *, cpu: int = 1, frozen: bool = False) -> None:
        """Open a page that shares nothing with those before."""

    def wait_for(self, selector: str) -> None:
        """Wait until an element is to be seen."""

    def fill(self, case: Case) -> FillResult:
        """Fill in the case's value with `fill_code` or `fill_phone`."""

    def type(self, selector: str, text: str) -> None:
        """Type as a test does without `fill_code`."""

    def focus(self) -> int:
        """Which of the page's fields has the focus, counted from 0."""

    def altered(self) -> str:
        """What `fill` changed of the driver itself, in words; empty if nothing."""

    def screenshot(self, path: str) -> None:
        """Save what the page shows."""

    def quit(self) -> None:
        """End the browser."""


class Playwright:
    """Playwright's synchronous API."""

    name = "Playwright"

    def __init__(self) -> None:
        self._ending = ExitStack()
        self._playwright = self._ending.enter_context(sync_api.sync_playwright())
        self._browser = self._playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        self._ending.callback(self._browser.close)
        self._context: sync_api.BrowserContext | None = None

    def open(self, url: str, *, cpu: int = 1, frozen: bool = False) -> None:
        if self._context:
            self._context.close()
        self._context = self._browser.new_context()
        self.page = self._context.new_page()
        if cpu > 1:
            self._context.new_cdp_session(self.page).send("Emulation.setCPUThrottlingRate", {"rate": cpu})
        if frozen:
            self.page.clock.install(time=0)
            self.page.clock.pause_at(1000)
        self.page.goto(url)

    def wait_for(self, selector: str) -> None:
        self.page.locator(selector).first.wait_for(timeout=PATIENCE * 1000, state="attached")

    def fill(self, case: Case) -> FillResult:
        target = self.page.locator(case.target).first if case.target else self.page
        return (fill_phone if case.kind == "phone" else fill_code)(target, case.value, timeout=case.patience)

    def type(self, selector: str, text: str) -> None:
        self.page.locator(selector).first.press_sequentially(text)

    def focus(self) -> int:
        return int(self.page.evaluate(f"() => {{ {FOCUS} }}"))

    def altered(self) -> str:
        return ""

    def screenshot(self, path: str) -> None:
        self.page.screenshot(path=path)

    def quit(self) -> None:
        self._ending.close()


class AsyncPlaywright:
    """Playwright's asynchronous API."""

    name = "Playwright async"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._playwright = self._run(async_api.async_playwright().start())
        launched = self._playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        self._browser = self._run(launched)
        self._context: async_api.BrowserContext | None = None

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def open(self, url: str, *, cpu: int = 1, frozen: bool = False) -> None:
        self._run(self._open(url, cpu, frozen))

    async def _open(self, url: str, cpu: int, frozen: bool) -> None:
        if self._context:
            await self._context.close()
        self._context = await self._browser.new_context()
        self.page = await self._context.new_page()
        if cpu > 1:
            session = await self._context.new_cdp_session(self.page)
            await session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
        if frozen:
            await self.page.clock.install(time=0)
            await self.page.clock.pause_at(1000)
        await self.page.goto(url)

    def wait_for(self, selector: str) -> None:
        self._run(self.page.locator(selector).first.wait_for(timeout=PATIENCE * 1000, state="attached"))

    def fill(self, case: Case) -> FillResult:
        target = self.page.locator(case.target).first if case.target else self.page
        fill = fill_phone_async if case.kind == "phone" else fill_code_async
        return self._run(fill(target, case.value, timeout=case.patience))

    def type(self, selector: str, text: str) -> None:
        self._run(self.page.locator(selector).first.press_sequentially(text))

    def focus(self) -> int:
        return int(self._run(self.page.evaluate(f"() => {{ {FOCUS} }}")))

    def altered(self) -> str:
        return ""

    def screenshot(self, path: str) -> None:
        self._run(self.page.screenshot(path=path))

    def quit(self) -> None:
        self._run(self._browser.close())
        self._run(self._playwright.stop())
        self._loop.close()


class Selenium:
    """Selenium with one browser for all runs."""

    name = "Selenium"

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="widgets-", ignore_cleanup_errors=True)
        self.driver = self._start(self._profile.name)
        self.driver.implicitly_wait(1)

    def _start(self, profile: str) -> WebDriver:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(executable_path=program("CHROMEDRIVER", "chromedriver"))
        return webdriver.Chrome(options=options, service=service)

    def open(self, url: str, *, cpu: int = 1, frozen: bool = False) -> None:
        self._slow_down(cpu)
        self.driver.get("about:blank")
        self.driver.get(url)

    def _slow_down(self, cpu: int) -> None:
        self.driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": cpu})

    def wait_for(self, selector: str) -> None:
        WebDriverWait(self.driver, PATIENCE, 0.02).until(lambda it: it.find_elements(By.CSS_SELECTOR, selector))

    def fill(self, case: Case) -> FillResult:
        target = self.driver.find_element(By.CSS_SELECTOR, case.target) if case.target else self.driver
        return (fill_phone if case.kind == "phone" else fill_code)(target, case.value, timeout=case.patience)

    def type(self, selector: str, text: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(text)

    def focus(self) -> int:
        return int(self.driver.execute_script(FOCUS))

    def altered(self) -> str:
        if not self.driver.execute_script("return window === window.top"):
            return "the driver was left in a frame"
        if self.driver.timeouts.implicit_wait != 1:
            return f"the implicit wait is now {self.driver.timeouts.implicit_wait}"
        return ""

    def screenshot(self, path: str) -> None:
        self.driver.save_screenshot(path)

    def quit(self) -> None:
        self.driver.quit()
        self._profile.cleanup()


class Firefox(Selenium):
    """Selenium with Firefox."""

    name = "Selenium, Firefox"

    def _start(self, profile: str) -> WebDriver:
        options = webdriver.FirefoxOptions()
        options.binary_location = program("FIREFOX", "firefox-esr", "firefox")
        options.add_argument("-headless")
        service = webdriver.FirefoxService(executable_path=geckodriver())
        return webdriver.Firefox(options=options, service=service)

    def _slow_down(self, cpu: int) -> None:
        if cpu > 1:
            raise ValueError("Firefox cannot be slowed down")


DRIVERS: dict[str, type[Driver]] = {
    "playwright": Playwright,
    "async": AsyncPlaywright,
    "selenium": Selenium,
    "firefox": Firefox,
}


def chromium() -> str:
    """The path of Chromium."""
    return program("CHROMIUM", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def geckodriver() -> str:
    """The path of Firefox's driver."""
    return program("GECKODRIVER", str(FOLDER / "geckodriver"), "geckodriver")


def program(variable: str, *names: str) -> str:
    """The path of a program: from the environment variable, else the first of the names that is on the PATH."""
    wanted = os.environ.get(variable)
    for name in [wanted] if wanted else names:
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit(f"{wanted or names[0]} was not found; `make widgets` installs it, or set {variable} to its path")
