"""Performs steps with Playwright, sync or async: the names of the calls are the same in both."""

from __future__ import annotations

from functools import partial
from typing import Any

from .drivers import Calls
from .steps import CALL, INSTALL, KEY, Ask, Click, Guard, Look, Press, PressPaste, Sight, Step

_INSTALLED = f"(roots, [name, argument]) => {{ {INSTALL} {CALL} }}"
_IN_FRAME = f"([name, argument]) => {{ const roots = null; {INSTALL} {CALL} }}"
_SHORT = f"([name, argument]) => {{ const roots = null; {CALL} }}"

_CLICK_MS = 5000

_GONE = ("Execution context was destroyed", "Frame was detached", "frame was detached", "Cannot find context")
_CLOSED = "has been closed"
_NOT_YET = ("Failed to find frame", "Failed to find element")


class PlaywrightDriver:
    """Performs steps in a page, a frame, or below the elements of a locator."""

    def __init__(self, target: Any, error: type[Exception]) -> None:
        """`error` is the library's base class of errors."""
        self._error = error
        self._locator: Any = None
        self._frame: Any = None
        if hasattr(target, "main_frame"):
            self._page = target
        elif hasattr(target, "evaluate_all"):
            self._locator, self._page = target, target.page
        else:
            self._frame, self._page = target, target.page

    def pump(self, seconds: float) -> Any:
        """Let the handlers of the page run."""
        return self._page.wait_for_timeout(seconds * 1000)

    def perform(self, step: Step) -> Calls[Any]:
        """Make the calls of a step, and return its answer."""
        if isinstance(step, Look):
            return (yield from self._look(step))
        if isinstance(step, Ask):
            return (yield from self._ask(step))
        if isinstance(step, Press):
            keyboard = self._page.keyboard
            return (yield lambda: (keyboard.press if len(step.key) > 1 else keyboard.type)(step.key))
        if isinstance(step, Guard):
            return (yield from self._guard(step))
        if isinstance(step, Click):
            return (yield from self._click(step))
        if isinstance(step, PressPaste):
            return (yield lambda: self._page.keyboard.press("Meta+V" if step.mac else "Control+V"))
        return (yield lambda: self.pump(step.seconds))

    def restore(self) -> Calls[None]:
        """Nothing is changed: Playwright has no current frame."""
        yield from ()

    def _look(self, step: Look) -> Calls[list[Sight]]:
        argument = ["look", {"limit": step.limit}]
        if self._locator is not None:
            return (yield from self._look_below(argument))
        sights = []
        for frame in self._frames():
            try:
                what = yield partial(frame.evaluate, _IN_FRAME, argument)
            except self._error as error:
                self._tolerate(error)
                continue
            if what and what["shown"]:
                sights.append(Sight(frame, what))
        return sights

    def _look_below(self, argument: list[Any]) -> Calls[list[Sight]]:
        """Look at what the locator finds now, and at the frames in it."""
        sights = []
        try:
            for handle in (yield lambda: self._locator.element_handles()):
                frame = yield handle.content_frame
                if frame is not None:
                    what = yield partial(frame.evaluate, _IN_FRAME, argument)
                    sights.append(Sight(frame, what))
            what = yield lambda: self._locator.evaluate_all(_INSTALLED, argument)
            sights.append(Sight(self._locator, what))
        except self._error as error:
            self._tolerate(error)
        return sights

    def _frames(self) -> list[Any]:
        if self._frame is None:
            return [frame for frame in self._page.frames if not frame.is_detached()]
        found, queue = [], [self._frame]
        while queue:
            frame = queue.pop(0)
            found.append(frame)
            queue += frame.child_frames
        return found

    def _ask(self, step: Ask) -> Calls[Any]:
        argument = [step.name, step.argument]
        try:
            if step.place is self._locator:
                return (
                    yield lambda: self._locator.evaluate_all(f"(roots, [name, argument]) => {{ {CALL} }}", argument)
                )
            return (yield lambda: step.place.evaluate(_SHORT, argument))
        except self._error as error:
            self._tolerate(error)
            return None

    def _guard(self, step: Guard) -> Calls[None]:
        for frame in self._page.frames:
            try:
                yield partial(frame.evaluate, _IN_FRAME, ["guard", {"seconds": step.seconds}])
            except self._error as error:
                self._tolerate(error)

    def _click(self, step: Click) -> Calls[bool]:
        call = f"window[{KEY}]('element', {{id: {step.id}}})"
        function = f"() => {call}" if step.place is not self._locator else f"roots => {call}"
        place = (yield lambda: self._locator.first.element_handle()) if step.place is self._locator else step.place
        try:
            handle = yield lambda: place.evaluate_handle(function)
            element = handle.as_element()
            if element is None:
                return False
            yield lambda: element.click(timeout=_CLICK_MS)
        except self._error:
            return False
        return True

    def _tolerate(self, error: Exception) -> None:
        """Go on if a document was replaced while it was asked; raise any other error."""
        if not any(text in str(error) for text in (*_GONE, *_NOT_YET, _CLOSED)):
            raise error
