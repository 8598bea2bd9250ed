"""The record of what a gateway has seen: each request, whatever became of it, and each message that it accepted.

Both are bounded. The record of a request costs a few microseconds, since a test waits for the code that it brings.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from ..clock import monotonic, utc_now
from .report import described
from .seen import TROUBLES, GatewayRequest, Outcome, SentMessage

MOST_KEPT = 1000
"""How many requests, and how many messages, a gateway keeps; the oldest are dropped first."""

_LONGEST_METHOD = 20
_LONGEST_HOST = 253
_LONGEST_PATH = 300
_MOST_TROUBLES = 200
_SETTLE_SECONDS = 1.0
_PROXIED: Mapping[int, Outcome] = {403: "blocked", 502: "failed", 0: "let out"}
_logger = logging.getLogger("pytest_otp.gateway")


Numbers = Sequence[str]


class Record:
    """The requests and messages of a gateway. Safe to use from several threads.

    Args:
        show_sms: Whether requests are kept with the text of their SMS.
        on_request: Called with each request.
        clock: A monotonic clock, in seconds; the one that the times for `since` are of.
    """

    def __init__(
        self,
        *,
        show_sms: bool = False,
        on_request: Callable[[GatewayRequest], None] = lambda request: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._show_sms = show_sms
        self._on_request = on_request
        self._clock = clock
        self._requests: deque[tuple[float, GatewayRequest]] = deque(maxlen=MOST_KEPT)
        self._messages: deque[SentMessage] = deque(maxlen=MOST_KEPT)
        self._troubles: list[GatewayRequest] = []
        self._local = threading.local()
        self._changed = threading.Condition()
        self._unsettled: set[int] = set()

    def requests(self) -> tuple[GatewayRequest, ...]:
        """The last `MOST_KEPT` requests, oldest first; those that have just brought an SMS are among them."""
        return self.since(0.0)

    def since(self, moment: float) -> tuple[GatewayRequest, ...]:
        """The requests that were answered after a moment of the clock, oldest first."""
        with self._changed:
            self._settle()
            return tuple(request for at, request in self._requests if at >= moment)

    def messages(self) -> tuple[SentMessage, ...]:
        """The last `MOST_KEPT` messages, oldest first."""
        with self._changed:
            self._settle()
            return tuple(self._messages)

    def sent_to(self, number: str) -> tuple[SentMessage, ...]:
        """The messages to a number in E.164 form, oldest first."""
        return tuple(message for message in self.messages() if message.to == number)

    def troubles(self) -> tuple[GatewayRequest, ...]:
        """The first requests of the whole run that no test can have meant, oldest first."""
        with self._changed:
            return tuple(self._troubles)

    def begin(self) -> list[SentMessage]:
        """A request begins in this thread; returns the list that its messages will be in."""
        self._local.sent = sent = list[SentMessage]()
        return sent

    def sending(self) -> None:
        """A message is about to be passed on in this thread: who receives it may ask for the record at once."""
        if getattr(self._local, "sent", None) is not None:
            self._unsettled.add(threading.get_ident())

    def accept(self, message: SentMessage) -> None:
        """Add a message, to the request that this thread answers too."""
        with self._changed:
            self._messages.append(message)
        sent = getattr(self._local, "sent", None)
        if sent is not None:
            sent.append(message)

    def end(
        self, method: str, host: str, path: str, status: int, outcome: Outcome, *, service: str | None, numbers: Numbers
    ) -> None:
        """Add the request that began in this thread."""
        sent: list[SentMessage] = self._local.sent
        self._local.sent = None
        try:
            text = sent[0].text if sent and self._show_sms else None
            numbers = [message.to for message in sent] or numbers
            self.add(method, host, path, status, outcome, service=service, numbers=numbers, text=text)
        finally:
            with self._changed:
                self._unsettled.discard(threading.get_ident())
                self._changed.notify_all()

    def add(
        self,
        method: str,
        host: str,
        path: str,
        status: int,
        outcome: Outcome,
        *,
        service: str | None = None,
        numbers: Numbers = (),
        text: str | None = None,
        by_gateway: bool = False,
    ) -> None:
        """Add a request: one that no service answered, or one that the gateway made. It is also logged."""
        request = GatewayRequest(
            method[:_LONGEST_METHOD],
            host[:_LONGEST_HOST],
            path[:_LONGEST_PATH],
            service,
            status,
            outcome,
            tuple(dict.fromkeys(numbers)),
            utc_now(),
            text,
            by_gateway,
        )
        with self._changed:
            self._requests.append((self._clock(), request))
            if outcome in TROUBLES and len(self._troubles) < _MOST_TROUBLES:
                self._troubles.append(request)
        self._on_request(request)
        if _logger.isEnabledFor(logging.INFO):
            _logger.info("%s", described(request))

    def proxied(self, method: str, host: str, path: str, status: int) -> None:
        """Add a request that the proxy answered itself or let out; see `pytest_otp.server.proxy.Note`."""
        self.add(method, host, path, status, _PROXIED[status])

    def _settle(self) -> None:
        """Wait for the requests that have passed a message on and are not here yet: that takes microseconds."""
        waited_for = set(self._unsettled)
        self._changed.wait_for(lambda: not (waited_for & self._unsettled), _SETTLE_SECONDS)
