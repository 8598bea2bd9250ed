"""The gateway: the SMS services that an application under test sends through, all at one address.

Each service's API validates requests and responds as the real service does, so that its official SDK works unchanged,
and passes each SMS to the offline phone network. An SMS to a number that no test holds is accepted, as the service
would; `Gateway.log` shows that the number was not held.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol

from ..clock import monotonic, utc_now
from ..display import SafeRepr
from .agenda import Agenda
from .callbacks import Callbacks
from .delivering import Delivering
from .failures import SECONDS, Documented, Failure, SendingFailed, keep_waiting
from .hosts import serves, service_of
from .message import Backend, OutgoingSms
from .templates import Templates

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Request, Response

    from .message import Channel

MOST_KEPT = 1000
"""How many messages a gateway keeps; the oldest are dropped first."""


class SmsNetwork(Protocol):
    """Takes the SMS that a gateway accepts: the carrier, or something that passes them on to one."""

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Deliver one SMS; False if the number is not held. Raises `OtpError` if it cannot be delivered."""
        ...


class SmsService(Protocol):
    """The API of one SMS service. The class is called with what it needs of the gateway.

    Attributes:
        SERVICE: Its name.
        PATHS: Method and path of each request that it serves, for display.
        FAILURES: How it shows the failures that tests ask for.
    """

    SERVICE: ClassVar[str]
    PATHS: ClassVar[tuple[str, ...]]
    FAILURES: ClassVar[Documented]

    def __init__(self, backend: Backend) -> None: ...

    def matches(self, request: Request) -> bool:
        """Whether the path of a request is one of this service's. The host is checked before."""
        ...

    def answer(self, request: Request) -> Response:
        """Answer one request as the service does, including unknown paths."""
        ...

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in the service's own form, so that its SDKs show the message.

        Args:
            status: The HTTP status.
            message: What the SDK is to show.
            code: The service's code of the error. Defaults to the service's usual one for this status, if it has one.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class SentMessage(SafeRepr):
    """An SMS that an application sent and the gateway accepted. Its repr hides the text: test reports are public."""

    service: str
    """The service it was sent through: `plain`, `twilio`, `vonage`, `sns` or `aws_sms_voice`."""
    to: str
    """The number, in E.164 form."""
    sender: str | None
    """The sender's number or name, or None if there was none."""
    text: str = field(repr=False)
    """The whole text."""
    held: bool
    """Whether a test held the number."""
    at: datetime
    """When the gateway accepted it, in UTC."""
    channel: Channel = "sms"
    """`sms`, `whatsapp`, or `voice` for a call in which the text was read out."""
    failure: str | None = None
    """The failure that a test asked for, for which it was not delivered; otherwise None."""


class Gateway:
    """The gateway as a WSGI application, safe to use from several threads.

    Args:
        network: Where accepted SMS are delivered.
        on_stray: Called with the number of each SMS whose number is not held.
        names: Host names of this machine, at which a browser may use it.
        callbacks: Makes the requests to the application. Defaults to one that reaches this machine only.
        failure_of: Returns what is to go wrong with a message, by its service and its number. Defaults to nothing.
        templates: Content templates that tests declared.
        clock: Seconds, for messages that are delivered late.

    Attributes:
        callbacks: As above.
    """

    def __init__(
        self,
        network: SmsNetwork,
        *,
        on_stray: Callable[[str], None] | None = None,
        names: Collection[str] = (),
        callbacks: Callbacks | None = None,
        failure_of: Callable[[str, str], Failure | None] = lambda service, to: None,
        templates: Templates | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.callbacks = callbacks or Callbacks()
        self._network = network
        self._names = names
        self._on_stray = on_stray
        self._log: deque[SentMessage] = deque(maxlen=MOST_KEPT)
        self._lock = threading.Lock()
        self._delivering = Delivering(self._submit, self._lose, failure_of, Agenda(clock))
        backend = partial(Backend, templates=templates or Templates(), callbacks=self.callbacks)
        self._services = [
            service(backend(partial(self._delivering.deliver, service.SERVICE, service.FAILURES)))
            for service in _service_classes()
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        from werkzeug.wrappers import Request  # noqa: PLC0415 - also imported with a real provider, which needs no werkzeug

        return self.answer(Request(environ))(environ, start_response)

    def close(self) -> None:
        """End what it does in the background. Close it after its server."""
        self._delivering.close()
        self.callbacks.close()

    @property
    def log(self) -> tuple[SentMessage, ...]:
        """The last `MOST_KEPT` messages that it accepted, oldest first."""
        with self._lock:
            return tuple(self._log)

    @property
    def paths(self) -> list[str]:
        """Method and path of each request that is served, for display."""
        return [path for service in self._services for path in service.PATHS]

    def matches(self, request: Request) -> bool:
        """Whether the request is for a service that is served here."""
        return self._service_for(request) is not None

    def answer(self, request: Request) -> Response:
        """Answer one request; for applications that include the gateway."""
        from .http import host_name, is_from_another_site, json_response  # noqa: PLC0415 - see __call__

        if not serves(host_name(request)) and is_from_another_site(request, self._names):
            return json_response({"error": "requests from other websites are not allowed"}, 403)
        service = self._service_for(request)
        if service is None:
            return json_response({"error": "not found", "served": self.paths}, 404)
        try:
            return service.answer(request)
        except SendingFailed as failed:
            return _failed(failed, service, request)

    def _service_for(self, request: Request) -> SmsService | None:
        # A service's real host name leaves no doubt, but it may have several APIs. At the gateway's own address, and
        # among those, the path decides.
        host = request.host.rpartition(":")[0] or request.host
        at_host = [service for service in self._services if service_of(host) == service.SERVICE]
        fitting = (service for service in at_host or self._services if service.matches(request))
        return next(fitting, at_host[-1] if at_host else None)

    def _submit(self, service: str, message: OutgoingSms) -> bool:
        held = self._network.submit(message.to, message.text, sender=message.sender)
        self._note(service, message, held=held)
        if not held and self._on_stray is not None:
            self._on_stray(message.to)
        return held

    def _lose(self, service: str, message: OutgoingSms, failure: str) -> None:
        self._note(service, message, held=False, failure=failure)

    def _note(self, service: str, message: OutgoingSms, *, held: bool, failure: str | None = None) -> None:
        sent = SentMessage(service, message.to, message.sender, message.text, held, utc_now(), message.channel, failure)
        with self._lock:
            self._log.append(sent)


def documented_failures() -> dict[str, Documented]:
    """What each service documents, by its name: all its APIs together."""
    found: dict[str, Documented] = {}
    for service in _service_classes():
        found[service.SERVICE] = {**found.get(service.SERVICE, {}), **service.FAILURES}
    return found


def _failed(failed: SendingFailed, service: SmsService, request: Request) -> Response:
    if failed.failure.error == "time_out":
        keep_waiting(request.environ, failed.failure.seconds)
    response = service.refusal(failed.status, failed.message, failed.code or None)
    if failed.status == 429:
        response.headers["Retry-After"] = f"{failed.failure.seconds or SECONDS['rate_limited']:g}"
    return response


def _service_classes() -> tuple[type[SmsService], ...]:
    # They need werkzeug, and this module is also imported with a real provider.
    from .services.aws_sms_voice import AwsSmsVoice  # noqa: PLC0415
    from .services.plain import Plain  # noqa: PLC0415
    from .services.sns import Sns  # noqa: PLC0415
    from .services.twilio import Twilio  # noqa: PLC0415
    from .services.twilio_calls import TwilioCalls  # noqa: PLC0415
    from .services.twilio_lookup import TwilioLookup  # noqa: PLC0415
    from .services.twilio_verify import TwilioVerify  # noqa: PLC0415
    from .services.vonage import Vonage  # noqa: PLC0415
    from .services.vonage_verify import VonageVerify  # noqa: PLC0415
    from .services.vonage_verify_legacy import VonageVerifyLegacy  # noqa: PLC0415

    twilio: tuple[type[SmsService], ...] = (TwilioVerify, TwilioLookup, TwilioCalls, Twilio)
    vonage: tuple[type[SmsService], ...] = (VonageVerify, VonageVerifyLegacy, Vonage)
    return Plain, *twilio, *vonage, Sns, AwsSmsVoice
