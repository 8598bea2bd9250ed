"""The same with Playwright's async API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, async_playwright

from pytest_otp.browser import fill_code, fill_code_async, fill_phone_async
from pytest_otp.errors import FillError, SettingsError
from tests.browser.snippets import CODE, VALUES, WIDGET
from tests.browsers import FLAGS, chromium
from tests.numbers.renting import offline

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def tab(loop: asyncio.AbstractEventLoop) -> Iterator[Page]:
    playwright = loop.run_until_complete(async_playwright().start())
    launched = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
    browser = loop.run_until_complete(launched)
    yield loop.run_until_complete(browser.new_page())
    loop.run_until_complete(browser.close())
    loop.run_until_complete(playwright.stop())


def test_codes_and_numbers_are_typed(loop: asyncio.AbstractEventLoop, tab: Page) -> None:
    """Codes, phone numbers and a number's next code are typed on the event loop, which goes on."""

    async def go() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        await tab.set_content(WIDGET)
        assert (await fill_code_async(tab, CODE)).how == "typed"
        assert await tab.evaluate("window.sent") == [CODE]
        await tab.set_content('<label>Phone <input type="tel"></label>')
        await fill_phone_async(tab.locator("input"), "+447400123456")
        assert await tab.evaluate(VALUES) == ["+447400123456"]
        await tab.set_content(WIDGET)
        number = offline("auto")
        code = await number.fill_code_async(tab.main_frame)
        assert await tab.evaluate("window.sent") == [code]
        assert [result.how for result in number.fills] == ["typed"]
        ticking.cancel()
        assert ticks > 3

    loop.run_until_complete(go())


def test_errors_and_mistakes(loop: asyncio.AbstractEventLoop, tab: Page) -> None:
    """A `FillError` comes out of the coroutine, and the two APIs are not mixed up."""

    async def go() -> None:
        await tab.set_content("<h1>Welcome</h1>")
        with pytest.raises(FillError, match="the page shows no field"):
            await fill_code_async(tab, CODE, timeout=0.1)
        with pytest.raises(
            SettingsError, match=r"fill_code got an object of playwright\.async_api\. Use `await fill_code_async"
        ):
            fill_code(tab, CODE)
        with pytest.raises(SettingsError, match=r"target must be a browser's page or field; got builtins\.str"):
            await fill_code_async("page", CODE)

    loop.run_until_complete(go())
