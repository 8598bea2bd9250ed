"""Types codes and phone numbers into web pages, as a user would, with Playwright or Selenium.

Neither library is imported unless the target is one of its objects.
"""

from __future__ import annotations

import time
from typing import Any

from ..errors import FillError, SettingsError
from .code import FillResult, fill_code_steps
from .drivers import run, run_async
from .finding import Watch
from .targets import driver_for

__all__ = ["FillError", "FillResult", "fill_code", "fill_code_async"]

__tracebackhide__ = True


def fill_code(target: Any, code: str, *, timeout: float = 10.0) -> FillResult:
    """Type a code into a page, as a user would, and return when the page has all of it.

    Args:
        target: Playwright's `Page`, `Frame` or `Locator`, or Selenium's `WebDriver` or `WebElement`. In a page or
            frame, and below an element that is no field, the field is searched for: in all frames and open shadow
            roots, once it is there.
        code: the code, as text.
        timeout: seconds for finding the field and typing.

    Raises `FillError` if there is no such field in time, if a person could not use it, or if it does not take the whole
    code; `SettingsError` for an invalid argument.
    """
    driver = driver_for(target, is_async=False, call="fill_code")
    return run(driver, fill_code_steps(_checked(code), Watch(time.monotonic, timeout)))


async def fill_code_async(target: Any, code: str, *, timeout: float = 10.0) -> FillResult:
    """Like `fill_code`, for the objects of `playwright.async_api`."""
    driver = driver_for(target, is_async=True, call="fill_code_async")
    return await run_async(driver, fill_code_steps(_checked(code), Watch(time.monotonic, timeout)))


def _checked(code: object) -> str:
    if not isinstance(code, str) or not code.strip():
        raise SettingsError("code must be a text with at least one character")
    return "".join(char for char in code if char.isalnum())
