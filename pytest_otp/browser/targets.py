"""Which driver a target belongs to. A library is imported only if the target is one of its objects."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import SettingsError
from .drivers import Driver

_EXPECTED = "Pass Playwright's Page, Frame or Locator, or Selenium's WebDriver or WebElement."


def driver_for(target: Any, *, is_async: bool, call: str) -> Driver:
    """The driver for a target. Raises `SettingsError` for anything else, and for the wrong one of the two calls."""
    modules = [kind.__module__ for kind in type(target).__mro__]
    if any(name.startswith("playwright.async_api") for name in modules):
        if not is_async:
            raise SettingsError(f"{call} got an object of playwright.async_api", hint=f"Use `await {call}_async(…)`.")
        return _playwright(target, "playwright.async_api")
    if is_async:
        call = call.removesuffix("_async")
        if any(name.startswith(("playwright.sync_api", "selenium.webdriver")) for name in modules):
            raise SettingsError(
                f"{call}_async needs an object of playwright.async_api; got {_named(target)}", hint=f"Use `{call}(…)`."
            )
    elif any(name.startswith("playwright.sync_api") for name in modules):
        return _playwright(target, "playwright.sync_api")
    elif any(name.startswith("selenium.webdriver") for name in modules):
        from .selenium import SeleniumDriver  # noqa: PLC0415 - optional dependency

        return SeleniumDriver(target)
    raise SettingsError(f"target must be a browser's page or field; got {_named(target)}", hint=_EXPECTED)


def _playwright(target: Any, module: str) -> Driver:
    from .playwright import PlaywrightDriver  # noqa: PLC0415 - start-up cost: only for a target of Playwright's

    return PlaywrightDriver(target, importlib.import_module(module).Error)


def _named(target: object) -> str:
    return f"{type(target).__module__}.{type(target).__qualname__}"
