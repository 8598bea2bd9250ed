"""What the test process has asked its keeper."""

from __future__ import annotations

import itertools
from concurrent.futures import Future

from .wire import KeeperMessage


class Request(Future[KeeperMessage]):
    """A message that has an answer, which is the future's result."""

    def __init__(self, message: KeeperMessage) -> None:
        super().__init__()
        self.message = message
        self.sent = False
        """Whether the keeper process may have acted on it."""

    @property
    def is_order(self) -> bool:
        """Whether it is for an order."""
        return bool(self.message["op"] == "order")

    def fail(self, error: BaseException) -> None:
        """Raise this error where the answer is awaited, unless it was given up."""
        if self.set_running_or_notify_cancel():
            self.set_exception(error)


class Awaited:
    """The requests whose answers have yet to come. Not thread-safe."""

    def __init__(self) -> None:
        self._requests: dict[int, Request] = {}
        self._numbers = itertools.count(1)

    def __bool__(self) -> bool:
        return bool(self._requests)

    @property
    def has_order(self) -> bool:
        """Whether the ID of an order may be on its way, which only the process that was asked can receive."""
        return any(request.is_order and not request.cancelled() for request in self._requests.values())

    def add(self, request: Request) -> int:
        """Await the answer to a request; return the number that it is to have."""
        number = next(self._numbers)
        self._requests[number] = request
        return number

    def take(self, number: int | None) -> Request | None:
        """The request with this number, which is awaited no more."""
        return None if number is None else self._requests.pop(number, None)

    def take_all(self) -> list[Request]:
        """All requests, which are awaited no more."""
        taken = list(self._requests.values())
        self._requests.clear()
        return taken
