"""The gateway: the SMS services that an application under test sends through, all at one address.

Each service's API validates requests and responds as the real service does, so that its official SDK works unchanged,
and passes each SMS to the offline phone network. An SMS to a number that no test holds is accepted, as the service
would; `Gateway.record` shows that the number was not held, and what became of every other request.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol
from urllib.parse import urlsplit

from ..clock import monotonic, utc_now
from ..display import NAME, shown
from .agenda import Agenda
from .callbacks import Call, Callbacks
from .delivering import Delivering
from .failures import SECONDS, Documented, Failure, SendingFailed, keep_waiting
from .hosts import HostTable
from .message import Backend, OutgoingSms
from .record import Record
from .seen import Outcome, SentMessage
from .templates import Templates

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Request, Response

    from .description import ServiceDescription


class SmsNetwork(Protocol):
    """Takes the SMS that a gateway accepts: the carrier, or something that passes them on to one."""

    def submit(self, to: str, text: str, *, sender: str | None = None) -> bool:
        """Deliver one SMS; False if the number is not held. Raises `OtpError` if it cannot be delivered."""
        ...


class SmsService(Protocol):
    """The API of one SMS service. The class is called with what it needs of the gateway.

    Attributes:
        SERVICE: Its name.
        PATHS: Method and path of each request that it serves, with `<Name>` for what varies: `GET /messages/<Id>`. A
            404 for any other path says that the gateway does not serve it.
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


class Gateway:
    """The gateway as a WSGI application, safe to use from several threads.

    Args:
        network: Where accepted SMS are delivered.
        on_stray: Called with the number of each SMS whose number is not held.
        names: Host names of this machine, at which a browser may use it.
        callbacks: Makes the requests to the application. Defaults to one that reaches this machine only.
        record: Where requests and messages are recorded. Defaults to a new one.
        failure_of: Returns what is to go wrong with a message, by its service and its number. Defaults to nothing.
        templates: Content templates that tests declared.
        clock: Seconds, for messages that are delivered late.

    Attributes:
        callbacks: As above.
        record: As above.
        templates: As above.
        hosts: The hosts of SMS services, for a proxy in front of it.
    """

    def __init__(
        self,
        network: SmsNetwork,
        *,
        on_stray: Callable[[str], None] | None = None,
        names: Collection[str] = (),
        callbacks: Callbacks | None = None,
        record: Record | None = None,
        failure_of: Callable[[str, str], Failure | None] = lambda service, to: None,
        templates: Templates | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.callbacks = callbacks or Callbacks()
        self.callbacks.on_call = self._called
        self.record = record or Record()
        self.templates = templates or Templates()
        self.hosts = HostTable()
        self._delivering = Delivering(self._submit, self._lose, failure_of, Agenda(clock))
        self._network = network
        self._names = names
        self._on_stray = on_stray
        self._adding = threading.Lock()
        self._services: dict[SmsService, list[re.Pattern[str]]] = {}
        """Each service with the paths that it serves."""
        for service in _built_in():
            self._serve(service)

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
        """The last messages that it accepted, oldest first."""
        return self.record.messages()

    @property
    def paths(self) -> list[str]:
        """Method and path of each request that is served, for display."""
        return [path for service in self._services for path in service.PATHS]

    @property
    def documented(self) -> dict[str, Documented]:
        """The failures that each service documents, by its name: all its APIs together."""
        found: dict[str, Documented] = {}
        for service in self._services:
            found[service.SERVICE] = {**found.get(service.SERVICE, {}), **service.FAILURES}
        return found

    def add_service(self, description: ServiceDescription) -> None:
        """Serve one more service from now on. Adding the same description again does nothing.

        Raises `SettingsError` if its name or one of its hosts is taken.
        """
        from .adding import is_new  # noqa: PLC0415 - see __call__
        from .described import described  # noqa: PLC0415

        with self._adding:
            if is_new(description, self._services, self.hosts, self.matches):
                self.hosts.add(description.name, description.hosts)  # first: a kept authority may not cover them
                self._serve(described(description))

    def _serve(self, service: type[SmsService]) -> None:
        deliver = partial(self._delivering.deliver, service.SERVICE, service.FAILURES)
        made = service(Backend(deliver, templates=self.templates, callbacks=self.callbacks))
        self._services = {**self._services, made: [_pattern(path) for path in made.PATHS]}

    def matches(self, request: Request) -> bool:
        """Whether the request is for a service that is served here."""
        from .http import host_name  # noqa: PLC0415 - see __call__

        return self._service_for(request, host_name(request)) is not None

    def answer(self, request: Request) -> Response:
        """Answer one request; for applications that include the gateway."""
        from .http import host_name  # noqa: PLC0415 - see __call__

        host = host_name(request)
        service = self._service_for(request, host)
        status: int = 0
        outcome: Outcome = "refused"
        sent = self.record.begin()
        try:
            response, outcome = self._answered(request, host, service)
            status = response.status_code
            return response
        finally:
            if sent:
                outcome = "delivered" if any(message.held for message in sent) else "astray"
            self.record.end(
                request.method,
                host,
                request.path,
                status,
                outcome,
                service=None if service is None else service.SERVICE,
                numbers=() if sent else _numbers(request),
            )

    def _answered(self, request: Request, host: str, service: SmsService | None) -> tuple[Response, Outcome]:
        from .http import is_from_another_site, json_response  # noqa: PLC0415 - see __call__
        from .refusals import host_refused, path_refused, refusal  # noqa: PLC0415

        rows = self.hosts.services_of(host)
        if not rows and is_from_another_site(request, self._names):
            return json_response({"error": "requests from other websites are not allowed"}, 403), "refused"
        if service is not None:
            try:
                response = service.answer(request)
            except SendingFailed as failed:
                return _failed(failed, service, request), "refused"
            if response.status_code == 404 and not any(
                known.fullmatch(request.path) for known in self._services[service]
            ):
                text = path_refused(
                    request.method,
                    request.path,
                    host,
                    [path for each in self._services_at(host) for path in each.PATHS],
                )
                return _reasoned(service.refusal(404, text), "pytest-otp does not serve this path"), "not served"
            return response, "refused" if response.status_code >= 400 else "answered"
        if rows:
            response = refusal(rows[0], 403, host_refused(host, rows))
            return _reasoned(response, f"pytest-otp blocks {shown(host, NAME)}"), "blocked"
        return json_response({"error": "not found", "served": self.paths}, 404), "not served"

    def _services_at(self, host: str) -> list[SmsService]:
        """The services that a host belongs to; all of them if it is the gateway's own address."""
        rows = self.hosts.services_of(host)
        if not rows:
            return list(self._services)
        names = [row.service for row in rows if row.served]
        return [service for name in dict.fromkeys(names) for service in self._services if name == service.SERVICE]

    def _service_for(self, request: Request, host: str) -> SmsService | None:
        # A service's real host name leaves no doubt. At the gateway's own address, the path decides.
        services = self._services_at(host)
        found = next((service for service in services if service.matches(request)), None)
        return found or (services[-1] if services and self.hosts.services_of(host) else None)

    def _submit(self, service: str, message: OutgoingSms) -> bool:
        self.record.sending()
        held = self._network.submit(message.to, message.text, sender=message.sender)
        self._note(service, message, held=held)
        if not held and self._on_stray is not None:
            self._on_stray(message.to)
        return held

    def _lose(self, service: str, message: OutgoingSms, failure: str) -> None:
        self._note(service, message, held=False, failure=failure)

    def _note(self, service: str, message: OutgoingSms, *, held: bool, failure: str | None = None) -> None:
        sent = SentMessage(service, message.to, message.sender, message.text, held, utc_now(), message.channel, failure)
        self.record.accept(sent)

    def _called(self, call: Call) -> None:
        """Record a request that the gateway made."""
        try:
            parts = urlsplit(call.url)
            where = (call.method, parts.hostname or "", parts.path)
        except ValueError:  # it was blocked for that
            where = (call.method, "", "")
        self.record.add(*where, call.status or 0, call.result, by_gateway=True)


def _failed(failed: SendingFailed, service: SmsService, request: Request) -> Response:
    if failed.failure.error == "time_out":
        keep_waiting(request.environ, failed.failure.seconds)
    response = service.refusal(failed.status, failed.message, failed.code or None)
    if failed.status == 429:
        response.headers["Retry-After"] = f"{failed.failure.seconds or SECONDS['rate_limited']:g}"
    return response


def _numbers(request: Request) -> list[str]:
    from .recipients import readable_numbers  # noqa: PLC0415 - needs werkzeug

    return readable_numbers(request)


def _reasoned(response: Response, reason: str) -> Response:
    """The response with a status line that says why, which is all that some clients show."""
    response.status = f"{response.status_code} {reason}"
    return response


def _pattern(path: str) -> re.Pattern[str]:
    """What the path of one of `SmsService.PATHS` stands for."""
    template = path.split(" ")[1]
    return re.compile(
        "".join("[^/]+" if part.startswith("<") else re.escape(part) for part in _VARIABLE.split(template))
    )


_VARIABLE = re.compile(r"(<[^>]*>)")


def _built_in() -> tuple[type[SmsService], ...]:
    # They need werkzeug, and this module is also imported with a real provider.
    from .services.africastalking import AfricasTalking  # noqa: PLC0415
    from .services.aws_sms_voice import AwsSmsVoice  # noqa: PLC0415
    from .services.infobip import Infobip  # noqa: PLC0415
    from .services.messagebird import Bird, MessageBird  # noqa: PLC0415
    from .services.plain import Plain  # noqa: PLC0415
    from .services.plivo import Plivo  # noqa: PLC0415
    from .services.sinch import Sinch  # noqa: PLC0415
    from .services.sns import Sns  # noqa: PLC0415
    from .services.telnyx import Telnyx  # noqa: PLC0415
    from .services.twilio import Twilio  # noqa: PLC0415
    from .services.twilio_calls import TwilioCalls  # noqa: PLC0415
    from .services.twilio_lookup import TwilioLookup  # noqa: PLC0415
    from .services.twilio_verify import TwilioVerify  # noqa: PLC0415
    from .services.vonage import Vonage  # noqa: PLC0415
    from .services.vonage_verify import VonageVerify  # noqa: PLC0415
    from .services.vonage_verify_legacy import VonageVerifyLegacy  # noqa: PLC0415

    # At a host with several APIs, the first whose path fits answers; the last answers for all other paths.
    return (
        *(Plain, TwilioVerify, TwilioLookup, TwilioCalls, Twilio, VonageVerify, VonageVerifyLegacy, Vonage),
        *(Sns, AwsSmsVoice, Telnyx, Plivo, MessageBird, Bird, Sinch, Infobip, AfricasTalking),
    )
