"""An application's own server, as the gateway's callbacks meet it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from werkzeug.wrappers import Request, Response

from pytest_otp.server.server import Server

PATIENCE = 30
"""Seconds that a test waits for what must come."""


@dataclass(frozen=True)
class Received:
    """A request that the application received."""

    method: str
    url: str
    headers: dict[str, str]
    form: dict[str, str]
    body: bytes


@dataclass
class Application:
    """Where it is, and what it received."""

    url: str = ""
    received: queue.SimpleQueue[Received] = field(default_factory=queue.SimpleQueue)

    def next(self) -> Received:
        """The next request, in order."""
        return self.received.get(timeout=PATIENCE)

    def put(self, request: Request) -> None:
        body = request.get_data()
        headers = dict(request.headers)
        self.received.put(Received(request.method, request.url, headers, request.form.to_dict(), body))


@contextmanager
def application(answer: Callable[[Request], Response] = lambda request: Response("thanks")) -> Iterator[Application]:
    """Serve one that keeps each request and answers it so."""
    made = Application()

    @Request.application
    def app(request: Request) -> Response:
        made.put(request)
        return answer(request)

    with Server(app) as server:
        made.url = server.url
        yield made
