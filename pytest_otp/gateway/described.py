"""A service made of a description: it reads each request as described, passes on its messages, and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from ..errors import OtpError
from ..phone import e164
from .answers import Answer, Item, error_response
from .description import ServiceDescription, ServiceError, ServiceRequest
from .description_checks import FAILURE_KINDS
from .http import (
    FORM,
    JSON,
    Unreadable,
    authorization,
    basic_credentials,
    is_writable,
    read_form,
    read_object,
    read_text,
)
from .locators import BODIES, Content, Found, Locator
from .message import Backend, OutgoingSms
from .placeholders import PathTemplate

MOST_RECIPIENTS = 1000
"""Numbers in one request."""

_DEFAULTS: Mapping[str, ServiceError] = {
    "unauthorized": ServiceError(401, "The request has no valid credentials.", "unauthorized"),
    "not_found": ServiceError(404, "The requested resource was not found.", "not_found"),
    "method_not_allowed": ServiceError(405, "The method is not allowed.", "method_not_allowed"),
    "unreadable": ServiceError(400, "The request cannot be read: {reason}.", "bad_request"),
    "missing": ServiceError(400, "{field} is missing.", "missing_parameter"),
    "invalid": ServiceError(400, "{field} is invalid.", "invalid_parameter"),
    "invalid_to": ServiceError(400, "{value} is not a valid phone number.", "invalid_number"),
    "refused": ServiceError(400, "{reason}", "refused"),
}


class Refused(Exception):
    """Raised for a request that the service refuses.

    Attributes:
        kind: Which of the errors of the description it is.
        field: The field that is wrong.
        value: What it holds.
        reason: The gateway's own words.
        status: The HTTP status, if it is not the description's.
    """

    def __init__(self, kind: str, *, field: str = "", value: str = "", reason: str = "", status: int | None = None):
        super().__init__(kind)
        self.kind, self.field, self.value, self.reason, self.status = kind, field, value, reason, status


class DescribedService:
    """A service that answers as its description says: `class Telnyx(DescribedService, description=…)`."""

    DESCRIPTION: ClassVar[ServiceDescription]
    SERVICE: ClassVar[str]
    PATHS: ClassVar[tuple[str, ...]]
    FAILURES: ClassVar[Mapping[str, tuple[int, str, str]]]

    def __init_subclass__(cls, *, description: ServiceDescription) -> None:
        cls.DESCRIPTION = description
        cls.SERVICE = description.name
        requests = [f"{each.method} {each.path.replace('{', '<').replace('}', '>')}" for each in description.requests]
        cls.PATHS = tuple(dict.fromkeys(requests))
        failures = {kind: each for kind, each in description.errors.items() if kind in FAILURE_KINDS}
        cls.FAILURES = {kind: (each.status, str(each.code), each.message) for kind, each in failures.items()}

    def __init__(self, backend: Backend) -> None:
        self._operations = [_Operation(self.DESCRIPTION, each, backend) for each in self.DESCRIPTION.requests]

    def matches(self, request: Request) -> bool:
        """Whether the path is that of one of its requests."""
        return any(operation.matches(request.path) for operation in self._operations)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        at_path = [operation for operation in self._operations if operation.matches(request.path)]
        fitting = [operation for operation in at_path if operation.request.method == request.method]
        if not fitting:
            kind = "method_not_allowed" if at_path else "not_found"
            response = self._refused(Refused(kind), at_path[0].request if at_path else None)
            if at_path:
                response.headers["Allow"] = ", ".join(sorted({operation.request.method for operation in at_path}))
            return response
        # Two requests with the same path differ in how their bodies are written.
        chosen = next((each for each in fitting if each.media_type in (None, request.mimetype)), fitting[0])
        try:
            return chosen.answer(request)
        except Refused as refused:
            return self._refused(refused, chosen.request)

    def refusal(self, status: int, message: str, code: str | None = None) -> Response:
        """An error in the service's form; without a code, with that of the description's error with this status."""
        errors = {**_DEFAULTS, **self.DESCRIPTION.errors}.values()
        known: str | int = next((each.code for each in errors if each.status == status), str(status))
        is_number = any(isinstance(each.code, int) for each in self.DESCRIPTION.errors.values())
        given: str | int | None = int(code) if code and is_number and code.isdecimal() else code or None
        return error_response(
            self.DESCRIPTION, None, ServiceError(status, "", known if given is None else given), message
        )

    def _refused(self, refused: Refused, request: ServiceRequest | None) -> Response:
        error = _error_for(refused.kind, self.DESCRIPTION, request)
        if refused.status is not None:
            error = ServiceError(refused.status, error.message, error.code)
        said = {"field": refused.field, "value": refused.value, "reason": refused.reason.rstrip(".")}
        return error_response(self.DESCRIPTION, request, error, None, said)


def described(description: ServiceDescription) -> type[DescribedService]:
    """The class of a service."""

    class Service(DescribedService, description=description):
        pass

    return Service


@dataclass(frozen=True, slots=True)
class _Recipient:
    number: str | None
    """None if it is not valid."""
    written: str
    text: str
    sender: str | None


class _Operation:
    """One request of a description, read once."""

    def __init__(self, description: ServiceDescription, request: ServiceRequest, backend: Backend) -> None:
        self.request = request
        self._path = PathTemplate.parse(request.path)
        self._backend = backend
        self._region = description.region
        given = description.authentication if request.authentication is None else request.authentication
        self._ways = tuple(given)
        self._to, self._text, self._sender = map(_located, (request.to, request.text, request.sender))
        self._required = [Locator.parse(each) for each in request.required]
        used = [each for each in (self._to, self._text, self._sender, *self._required) if each is not None]
        sources = {each.source for each in used} | {way.partition(":")[0] for way in self._ways}
        kind = next((source for source in BODIES if source in sources), None)
        self.media_type = {"json": JSON, "form": FORM, None: None}[kind]

    def matches(self, path: str) -> bool:
        return self._path.match(path) is not None

    def answer(self, request: Request) -> Response:
        content = self._content(request)
        if self._ways and not any(_has_credentials(request, content, way) for way in self._ways):
            raise Refused("unauthorized")
        for locator in self._required:
            if not any(found.value not in ("", [], {}) for found in locator.all(content)):
                raise Refused("missing", field=locator.name)
        recipients = self._recipients(content)
        answer = Answer(self.request, content)
        for each in recipients:
            if each.number is not None:
                self._send(OutgoingSms(each.number, each.text, each.sender))
            answer.items.append(Item(each.number, each.text, each.sender, each.written))
        return answer.response()

    def _send(self, message: OutgoingSms) -> None:
        try:
            self._backend.send(message)
        except OtpError as error:
            raise Refused("refused", reason=error.message) from None

    def _content(self, request: Request) -> Content:
        content = Content(
            query=dict(request.args.lists()),
            path=self._path.match(request.path) or {},
            headers={name.lower(): value for name, value in request.headers},
        )
        if self.media_type is None:
            return content
        try:
            if request.mimetype != self.media_type:
                got = request.mimetype or "none"
                raise Unreadable(f"Content-Type must be {self.media_type}; got {got}", 415)
            text = read_text(request)
            if self.media_type == JSON:
                return _with(content, json=read_object(text))
            return _with(content, form=read_form(text))
        except Unreadable as error:
            status = None if error.status == 400 else error.status
            raise Refused("unreadable", reason=error.message, status=status) from None

    def _recipients(self, content: Content) -> list[_Recipient]:
        if self._to is None or self._text is None:
            return []
        found = [
            Found(written, each.items)
            for each in self._to.all(content)
            for written in self._numbers(self._to, each.value)
        ]
        if not found:
            raise Refused("missing_to", field=self._to.name)
        if len(found) > MOST_RECIPIENTS:
            raise Refused("invalid_to", field=self._to.name, value=f"{len(found)} numbers")
        return [self._recipient(self._to, self._text, each, content) for each in found]

    def _numbers(self, locator: Locator, value: object) -> list[str]:
        numbers: list[str] = []
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, bool) or not isinstance(each, (str, int)):
                raise Refused("invalid_to", field=locator.name, value=f"a {type(each).__name__}")
            parts = str(each).split(self.request.separator) if self.request.separator else [str(each)]
            numbers += [part.strip() for part in parts if part.strip()]
        return numbers

    def _recipient(self, to: Locator, text: Locator, found: Found, content: Content) -> _Recipient:
        written = str(found.value)
        number = _number(written, self._region)
        if number is None and self.request.rejected_item is None:
            raise Refused("invalid_to", field=to.name, value=written)
        words = _text_of(text, "text", found.items, content)
        if words is None:
            raise Refused("missing_text", field=text.name)
        sender = None if self._sender is None else _text_of(self._sender, "sender", found.items, content)
        return _Recipient(number, written, words, sender)


def _located(written: str | None) -> Locator | None:
    return None if written is None else Locator.parse(written)


def _with(content: Content, **body: Any) -> Content:
    return Content(query=content.query, path=content.path, headers=content.headers, **body)


def _text_of(locator: Locator, kind: str, items: Sequence[int], content: Content) -> str | None:
    """The text at a locator; None if it is missing or blank."""
    value = locator.beside(content, items)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a sender, or a bare code
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) or not is_writable(value):
        raise Refused(f"invalid_{kind}", field=locator.name)
    return value


def _number(written: str, region: str | None) -> str | None:
    """The number in E.164 form: with a plus, `00` or the country code, or a national one of the region."""
    if len(written) > 40:
        return None
    if written.startswith("+"):
        return e164(written)
    national = e164(written, region.upper()) if region and not written.startswith("00") else None
    return national or e164("+" + written.removeprefix("00"))


def _has_credentials(request: Request, content: Content, way: str) -> bool:
    """Whether a request authenticates in this way. Only the form is checked: any key is accepted."""
    kind, _, name = way.partition(":")
    if kind == "basic":
        return all(basic_credentials(request) or ("", ""))
    given = authorization(request)
    if kind == "bearer":
        return given is not None and given.type == "bearer" and bool(given.token)
    if kind == "authorization":
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == name.lower() and bool(rest.strip())
    return any(found.value for found in Locator.parse(way).all(content))


def _error_for(kind: str, description: ServiceDescription, request: ServiceRequest | None) -> ServiceError:
    own = {} if request is None else request.errors
    general = kind.partition("_")[0]
    for known in (own, description.errors, _DEFAULTS):
        for each in (kind, general):
            if each in known:
                return known[each]
    return _DEFAULTS["refused"]
