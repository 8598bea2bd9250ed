"""Sleeping on an event loop until another thread calls: asyncio's, and trio's."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Protocol

from ..errors import OtpError

__tracebackhide__ = True


class Sleeper(Protocol):
    """One coroutine that sleeps."""

    def wake(self) -> None:
        """Wake it, from any thread; it remembers a call from before the sleep."""
        ...

    async def sleep(self) -> None:
        """Sleep until the next call of `wake`."""
        ...


def sleeper() -> Sleeper:
    """Return a sleeper for the event loop that runs here. Raises OtpError if it is neither asyncio's nor trio's."""
    import asyncio  # noqa: PLC0415 - start-up cost: only async waits

    with contextlib.suppress(RuntimeError):
        return _AsyncioSleeper(asyncio.get_running_loop())
    trio = sys.modules.get("trio")
    if trio is not None:
        with contextlib.suppress(RuntimeError):
            return _TrioSleeper(trio, trio.lowlevel.current_trio_token())
    raise OtpError(
        "the async waits work on the event loops of asyncio and trio; neither is running here",
        hint="Call wait_code in a thread, as with anyio.to_thread.run_sync(number.wait_code).",
    )


class _AsyncioSleeper:
    def __init__(self, loop: Any) -> None:
        import asyncio  # noqa: PLC0415 - as above

        self._loop = loop
        self._woken = asyncio.Event()

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nothing sleeps there any more
            self._loop.call_soon_threadsafe(self._woken.set)

    async def sleep(self) -> None:
        await self._woken.wait()
        self._woken.clear()


class _TrioSleeper:
    def __init__(self, trio: Any, token: Any) -> None:
        self._trio = trio
        self._token = token
        self._woken = trio.Event()

    def wake(self) -> None:
        with contextlib.suppress(self._trio.RunFinishedError):  # as above
            self._token.run_sync_soon(self._set)

    async def sleep(self) -> None:
        await self._woken.wait()
        self._woken = self._trio.Event()

    def _set(self) -> None:
        self._woken.set()
