"""Performs steps with Selenium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from selenium.common.exceptions import (
    NoAlertPresentException,
    NoSuchElementException,
    NoSuchFrameException,
    NoSuchWindowException,
    StaleElementReferenceException,
    UnexpectedAlertPresentException,
    WebDriverException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .drivers import Calls
from .steps import CALL, INSTALL, Ask, Click, Guard, Look, Press, PressPaste, Sight, Step

_WHOLE = f"const [name, argument, roots] = arguments; {INSTALL} {CALL}"
_SHORT = f"const [name, argument, roots] = arguments; {CALL}"

_KEYS = {
    "Backspace": Keys.BACKSPACE,
    "Delete": Keys.DELETE,
    "Enter": Keys.ENTER,
    "Escape": Keys.ESCAPE,
    "Home": Keys.HOME,
    "End": Keys.END,
    "Tab": Keys.TAB,
    "ArrowDown": Keys.ARROW_DOWN,
}

_GONE = (
    NoSuchElementException,
    NoSuchFrameException,
    NoSuchWindowException,
    StaleElementReferenceException,
    UnexpectedAlertPresentException,
)
_GONE_TEXTS = ("unloaded", "aborted by navigation", "execution context", "detached", "loading status", "no such frame")
_DEEPEST = 6

_Path = tuple[Any, ...]
"""The frame elements that lead to a frame from the top, or from the driver's frame if the target is an element."""


class SeleniumDriver:
    """Performs steps in all frames of a window, or below one element."""

    def __init__(self, target: Any) -> None:
        """`target` is a WebDriver or a WebElement."""
        self._element = None if hasattr(target, "switch_to") else target
        self._driver = target if self._element is None else target.parent
        self._here: _Path | None = None if self._element is None else ()
        """Where the driver is; None before the first look of a whole window."""
        self._has_dialog = False
        """Whether the last key has opened a dialog. Any command but one about it would close it."""
        self._origin: _Path | None = () if self._element is not None else None
        """Where the driver was at first; None as long as its path is not known."""

    pump = None

    def perform(self, step: Step) -> Calls[Any]:
        """Make the calls of a step, and return its answer."""
        return (yield lambda: self._perform(step))

    def restore(self) -> Calls[None]:
        """Switch back to the frame that the driver was in."""
        yield self._restore

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Look):
            return list(self._look(step))
        if isinstance(step, Ask):
            return self._ask(step)
        if isinstance(step, Press):
            return self._press(step)
        if isinstance(step, Guard):
            return self._guard((), {"seconds": step.seconds})
        if isinstance(step, Click):
            return self._click(step)
        if isinstance(step, PressPaste):
            modifier = Keys.META if step.mac else Keys.CONTROL
            return self._chain().key_down(modifier).send_keys("v").key_up(modifier).perform()
        return time.sleep(step.seconds)

    def _press(self, step: Press) -> None:
        try:
            self._chain().send_keys(_KEYS.get(step.key, step.key)).perform()
        except UnexpectedAlertPresentException:
            return
        if step.last:
            with suppress(NoAlertPresentException):
                self._has_dialog = bool(self._driver.switch_to.alert)

    def _chain(self) -> ActionChains:
        return ActionChains(self._driver, duration=0)

    def _look(self, step: Look) -> Iterator[Sight]:
        if self._has_dialog:
            return
        if self._here is None:
            is_top = self._driver.execute_script(_WHOLE, "leave", {}, None)
            self._driver.switch_to.default_content()
            self._here, self._origin = (), () if is_top else None
        elif self._element is None:
            self._go(())
        roots = None if self._element is None else [self._element]
        yield from self._look_in((), {"limit": step.limit}, roots)

    def _look_in(self, path: _Path, argument: dict[str, Any], roots: list[Any] | None) -> Iterator[Sight]:
        what = self._call(path, _WHOLE, "look", argument, roots)
        if not what:
            return
        if what["origin"]:
            self._origin = path
        if what["shown"]:
            yield Sight(path, what)
        if what["frames"] and len(path) < _DEEPEST:
            for frame in self._call(path, _SHORT, "frames", {}, roots) or ():
                yield from self._look_in((*path, frame), argument, None)

    def _ask(self, step: Ask) -> Any:
        return self._call(step.place, _SHORT, step.name, step.argument, None)

    def _guard(self, path: _Path, argument: dict[str, Any]) -> None:
        """In all frames below a path."""
        self._call(path, _WHOLE, "guard", argument, None)
        for frame in (self._call(path, _SHORT, "frames", {}, None) or ()) if len(path) < _DEEPEST else ():
            self._guard((*path, frame), argument)

    def _click(self, step: Click) -> bool:
        element = self._call(step.place, _SHORT, "element", {"id": step.id}, None)
        try:
            if element is not None:
                element.click()
        except WebDriverException:
            return False
        return element is not None

    def _call(self, path: _Path, script: str, *arguments: Any) -> Any:
        """What a script in a frame returns; None if the frame or its document is gone, or a dialog is open."""
        if self._has_dialog:
            return None
        try:
            self._go(path)
            return self._driver.execute_script(script, *arguments)
        except _GONE:
            return None
        except WebDriverException as error:
            if any(text in str(error.msg) for text in _GONE_TEXTS):
                return None
            raise

    def _go(self, path: _Path) -> None:
        """Switch to a frame, from where the driver is."""
        here = self._here or ()
        shared = 0
        while shared < min(len(here), len(path)) and here[shared] == path[shared]:
            shared += 1
        for _ in here[shared:]:
            self._driver.switch_to.parent_frame()
            self._here = here = here[:-1]
        for frame in path[shared:]:
            self._driver.switch_to.frame(frame)
            self._here = here = (*here, frame)

    def _restore(self) -> None:
        """Go back; to the top if the frame is not there any more."""
        if self._here is None or self._has_dialog:
            return
        try:
            self._go(self._origin or ())
            if self._origin:
                self._driver.execute_script(_SHORT, "back", {}, None)
        except _GONE:
            with suppress(NoSuchWindowException):
                self._driver.switch_to.default_content()
