"""Waiting for a code and typing it into a page, in one step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..codes.shapes import Length
from ..errors import FillError
from .filters import Pattern, Sender, wanted_code
from .open_order import OpenOrder
from .options import NumberOptions, checked_seconds
from .receiving import Waiter

if TYPE_CHECKING:
    from ..browser import FillResult

__tracebackhide__ = True

SLICE = 0.02
"""Seconds for which the page's handlers run between two looks for the code."""


class FillsPages:
    """Types the codes of a number into pages. `pytest_otp.browser` does the typing."""

    _order: OpenOrder
    _waiter: Waiter
    _options: NumberOptions
    _fills: tuple[FillResult, ...] = ()

    @property
    def fills(self) -> tuple[FillResult, ...]:
        """How each page was filled, oldest first: one result for each `fill_code` that succeeded."""
        return self._fills

    def fill_code(
        self,
        target: Any,
        *,
        timeout: float | None = None,
        fill_timeout: float = 10.0,
        sender: Sender | None = None,
        pattern: Pattern | None = None,
        length: Length | None = None,
        alphabet: str | None = None,
    ) -> str:
        """Wait for the next code, type it into a page, and return it.

        Args:
            target: Playwright's `Page`, `Frame` or `Locator`, or Selenium's `WebDriver` or `WebElement`; see
                `pytest_otp.browser.fill_code`.
            timeout: seconds to wait for the code. Defaults as in `wait_code`.
            fill_timeout: seconds for finding the field and typing.
            sender: as in `wait_code`.
            pattern: as in `wait_code`.
            length: as in `wait_code`.
            alphabet: as in `wait_code`.

        While it waits, the routes and event handlers of a Playwright page run.

        Raises what `wait_code` raises, and `FillError` if the page does not take the code. The code then counts as
        handed out; it is in the error's `code`.
        """
        # Start-up cost, here and below: only tests that fill pages.
        from ..browser import fill_code, pump_of  # noqa: PLC0415

        fill_timeout = checked_seconds(fill_timeout, "fill_timeout")
        pump = pump_of(target)
        wanted = wanted_code(self._options.code_format, sender, pattern, length, alphabet)
        if pump is None:
            code = self._waiter.code(wanted, timeout)
        else:
            code = _while_pumping(pump, lambda: self._waiter.code_async(wanted, timeout))
        with self._filling():
            self._fills += (fill_code(target, code, timeout=fill_timeout, show_sms=self._options.show_sms),)
        return code

    async def fill_code_async(
        self,
        target: Any,
        *,
        timeout: float | None = None,
        fill_timeout: float = 10.0,
        sender: Sender | None = None,
        pattern: Pattern | None = None,
        length: Length | None = None,
        alphabet: str | None = None,
    ) -> str:
        """Like `fill_code`, for the objects of `playwright.async_api`, without blocking the event loop."""
        from ..browser import check_async, fill_code_async  # noqa: PLC0415

        fill_timeout = checked_seconds(fill_timeout, "fill_timeout")
        check_async(target)
        code = await self._waiter.code_async(
            wanted_code(self._options.code_format, sender, pattern, length, alphabet), timeout
        )
        with self._filling():
            result = await fill_code_async(target, code, timeout=fill_timeout, show_sms=self._options.show_sms)
            self._fills += (result,)
        return code

    @contextmanager
    def _filling(self) -> Iterator[None]:
        try:
            yield
        except FillError as error:
            for name, value in self._order.context.items():
                setattr(error, name, value)
            raise


def _while_pumping(pump: Callable[[float], None], wait: Callable[[], Any]) -> str:
    """The result of an async wait, in a thread of its own, while this thread runs the page's handlers."""
    import asyncio  # noqa: PLC0415 - start-up cost, as above
    from concurrent.futures import Future  # noqa: PLC0415

    outcome: Future[str] = Future()
    loop = asyncio.new_event_loop()
    task = loop.create_task(wait())

    def waiting() -> None:
        try:
            outcome.set_result(loop.run_until_complete(task))
        except BaseException as error:  # noqa: BLE001 - raised in the other thread
            outcome.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=waiting, name="pytest-otp fill_code", daemon=True)
    thread.start()
    try:
        while not outcome.done():
            pump(SLICE)
    finally:
        if not outcome.done():
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
    return outcome.result()
