"""The SMS services that an application under test sends through, all at one address.

Each face stands for one service, or is our own plain one: what comes in over its API is checked as the service does,
handed to the phone network, and answered as the service answers, so that its official SDK works unchanged. A number
that nobody holds is accepted, as the service would; `Gateway.log` tells that nobody held it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol

from ..clock import utc_now
from .hosts import serves, service_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Request, Response

    from .message import Message, Send

MOST_KEPT = 1000
"""Messages that a gateway remembers; the oldest go first."""


class SmsNetwork(Protocol):
    """Where a gateway hands its messages to: the carrier, or something that hands them on to one."""

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Take one message; False where nobody holds the number. May raise OtpError for what it cannot take."""
        ...


class Face(Protocol):
    """One service's API. Its class is called with what hands a message on and tells whether somebody holds the number.

    Attributes:
        SERVICE: its name.
        PATHS: what it serves, as a person is told.
    """

    SERVICE: ClassVar[str]
    PATHS: ClassVar[tuple[str, ...]]

    def __init__(self, send: Send) -> None: ...

    def takes(self, request: Request) -> bool:
        """Whether the request is for this service, from its path; the host was looked at before."""
        ...

    def answer(self, request: Request) -> Response:
        """Answer one request as the service does, what is not there too."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the gateway took. Its repr hides the text: reports are public."""

    service: str
    """The face that it came in by: `plain`, `twilio`, `vonage`, `sns`."""
    to: str
    """The number, E.164."""
    sender: str | None
    """The sender's number or name as it was sent, None where none was given."""
    text: str = field(repr=False)
    """The whole text."""
    held: bool
    """Whether somebody held the number."""
    at: datetime
    """When it came, UTC."""


class Gateway:
    """The gateway as a WSGI application. It may be used from many threads.

    Args:
        network: who takes the messages.
        on_stray: called with each number that a message was sent to and that nobody holds.
    """

    def __init__(self, network: SmsNetwork, *, on_stray: Callable[[str], None] | None = None) -> None:
        self._network = network
        self._on_stray = on_stray
        self._log: deque[Taken] = deque(maxlen=MOST_KEPT)
        self._lock = threading.Lock()
        self._faces = [face(partial(self._hand_on, face.SERVICE)) for face in _faces()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        from werkzeug.wrappers import Request  # noqa: PLC0415 - with a real provider this module serves nothing

        return self.answer(Request(environ))(environ, start_response)

    @property
    def log(self) -> tuple[Taken, ...]:
        """What it took, oldest first: the last `MOST_KEPT` messages."""
        with self._lock:
            return tuple(self._log)

    @property
    def paths(self) -> list[str]:
        """What is served, one line each, for people."""
        return [path for face in self._faces for path in face.PATHS]

    def takes(self, request: Request) -> bool:
        """Whether the request is one of a service that is served here."""
        return self._face_for(request) is not None

    def answer(self, request: Request) -> Response:
        """Answer one request; for applications that have the gateway beside other things."""
        from .http import host_name, is_from_another_site, json_response  # noqa: PLC0415 - see __call__

        if not serves(host_name(request)) and is_from_another_site(request):
            return json_response({"error": "a web site that is not this gateway's asks this"}, 403)
        face = self._face_for(request)
        if face is None:
            return json_response({"error": "nothing is here", "served": self.paths}, 404)
        return face.answer(request)

    def _face_for(self, request: Request) -> Face | None:
        # A real host's name leaves no doubt. At our own address the paths tell the services apart.
        host = request.host.rpartition(":")[0] or request.host
        by_host = (face for face in self._faces if service_of(host) == face.SERVICE)
        return next(by_host, None) or next((face for face in self._faces if face.takes(request)), None)

    def _hand_on(self, service: str, message: Message) -> bool:
        held = self._network.submit(message.to, message.text, sender=message.sender)
        now = utc_now()
        with self._lock:
            self._log.append(Taken(service, message.to, message.sender, message.text, held, now))
        if not held and self._on_stray is not None:
            self._on_stray(message.to)
        return held


def _faces() -> tuple[type[Face], ...]:
    # They need werkzeug, and this module is imported with a real provider too.
    from .plain import Plain  # noqa: PLC0415
    from .sns import Sns  # noqa: PLC0415
    from .twilio import Twilio  # noqa: PLC0415
    from .vonage import Vonage  # noqa: PLC0415

    return (Plain, Twilio, Vonage, Sns)
