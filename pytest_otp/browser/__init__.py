"""Types codes and phone numbers into web pages, as a user would, with Playwright or Selenium.

Neither library is imported unless the target is one of its objects.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import FillError, SettingsError
from ..phone import Phone, e164, read
from .code import fill_code_steps
from .drivers import run, run_async
from .patience import Watch
from .phone import fill_phone_steps
from .result import FillResult
from .targets import driver_for

__all__ = ["FillError", "FillResult", "HasNumber", "fill_code", "fill_code_async", "fill_phone", "fill_phone_async"]

__tracebackhide__ = True


class HasNumber(Protocol):
    """What has a phone number, such as `OtpNumber`."""

    @property
    def e164(self) -> str:
        """The number with plus and country code."""
        ...


def fill_code(target: Any, code: str, *, timeout: float = 10.0, show_sms: bool = False) -> FillResult:
    """Type a code into a page, as a user would, and return when the page has all of it.

    Args:
        target: Playwright's `Page`, `Frame` or `Locator`, or Selenium's `WebDriver` or `WebElement`. In a page or
            frame, and below an element that is no field, the field is searched for: in all frames and open shadow
            roots, once it is there.
        code: the code, as text.
        timeout: seconds for finding the field and typing.
        show_sms: whether a `FillError` may show what is in the field that was typed into, instead of its kind.

    Raises `FillError` if there is no such field in time, if a person could not use it, or if it does not take the whole
    code; `SettingsError` for an invalid argument.
    """
    driver = driver_for(target, is_async=False, call="fill_code")
    return run(driver, fill_code_steps(_checked(code), _watch(timeout), show=show_sms))


async def fill_code_async(target: Any, code: str, *, timeout: float = 10.0, show_sms: bool = False) -> FillResult:
    """Like `fill_code`, for the objects of `playwright.async_api`."""
    driver = driver_for(target, is_async=True, call="fill_code_async")
    return await run_async(driver, fill_code_steps(_checked(code), _watch(timeout), show=show_sms))


def fill_phone(target: Any, number: HasNumber | str, *, timeout: float = 10.0, region: str | None = None) -> FillResult:
    """Type a phone number into a page, as a user would, and choose its country if the page asks for that.

    Args:
        target: as for `fill_code`.
        number: an `OtpNumber`, or a text: with plus and country code, or a national number of `region`.
        timeout: seconds for finding the field and typing.
        region: ISO 3166 code of the country that a national number belongs to.

    Raises `FillError` if there is no such field in time, if a person could not use it, or if the number in it is not
    exactly this one; `SettingsError` for an invalid argument.
    """
    driver = driver_for(target, is_async=False, call="fill_phone")
    return run(driver, fill_phone_steps(_phone(number, region), _watch(timeout)))


async def fill_phone_async(
    target: Any, number: HasNumber | str, *, timeout: float = 10.0, region: str | None = None
) -> FillResult:
    """Like `fill_phone`, for the objects of `playwright.async_api`."""
    driver = driver_for(target, is_async=True, call="fill_phone_async")
    return await run_async(driver, fill_phone_steps(_phone(number, region), _watch(timeout)))


def pump_of(target: Any) -> Callable[[float], None] | None:
    """What lets the handlers of a target's page run for some seconds; None if they run by themselves.

    Raises `SettingsError` for a target that `fill_code` does not take.
    """
    return driver_for(target, is_async=False, call="fill_code").pump


def check_async(target: Any) -> None:
    """Raise `SettingsError` for a target that `fill_code_async` does not take."""
    driver_for(target, is_async=True, call="fill_code_async")


def _phone(number: HasNumber | str, region: str | None) -> Phone:
    if not isinstance(number, str):
        return read(number.e164, region)
    written = e164(number, region)
    if written is None:
        raise SettingsError(
            f"number must be a phone number with plus and country code; got {number!r}",
            hint='Pass a national number together with region, such as region="ID".',
        )
    return read(written, region)


def _checked(code: object) -> str:
    bare = "".join(char for char in code if char.isalnum()) if isinstance(code, str) else ""
    if not bare:
        kind = "an empty one" if isinstance(code, str) else type(code).__name__
        raise SettingsError(f"code must be a text with at least one letter or digit; got {kind}")
    return bare


def _watch(timeout: object) -> Watch:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
        raise SettingsError(f"timeout must be a number of seconds greater than 0; got {timeout!r}")
    return Watch(time.monotonic, timeout)
