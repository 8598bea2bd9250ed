"""What a described service answers: the templates of its description, filled in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from werkzeug.wrappers import Response

from ..clock import utc_now
from .description import ServiceDescription, ServiceError, ServiceRequest
from .http import JSON
from .locators import Content, Locator
from .message import parts
from .placeholders import rendered

_LONGEST_HEADER = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One recipient in an answer."""

    to: str | None
    """None if the number is not valid."""
    text: str
    sender: str | None
    written: str
    """The number as the application wrote it."""
    id: uuid.UUID = field(default_factory=uuid.uuid4)


class Answer:
    """The answer to a request that was accepted."""

    def __init__(self, request: ServiceRequest, content: Content) -> None:
        self.items: list[Item] = []
        self._request = request
        self._content = content
        self._values: dict[str, Callable[[], object]] = _common()
        self._nobody = Item(None, "", None, "")

    def response(self) -> Response:
        """Fill in the templates."""
        body = rendered(self._request.answer, self._whole)
        headers = {name: rendered(value, self._whole) for name, value in self._request.headers.items()}
        return _response(body, self._request.status, headers)

    def _whole(self, name: str) -> object:
        if name == "items":
            return [self._filled(item) for item in self.items if self._template_of(item) is not None]
        if name == "total":
            return len(self.items)
        if name == "count":
            return sum(item.to is not None for item in self.items)
        return self._of(next((item for item in self.items if item.to is not None), self._nobody), name)

    def _template_of(self, item: Item) -> object:
        return self._request.rejected_item if item.to is None else self._request.item

    def _filled(self, item: Item) -> object:
        return rendered(self._template_of(item), lambda name: self._of(item, name))

    def _of(self, item: Item, name: str) -> object:
        if name in self._values:
            return self._values[name]()
        own: Mapping[str, object] = {
            "id": str(item.id),
            "hex": item.id.hex,
            "to": item.to,
            "value": item.written,
            "sender": item.sender,
            "text": item.text,
        }
        if name == "text_parts":
            return parts(item.text)
        return own[name] if name in own else Locator.parse(name).beside(self._content, ())


def error_response(
    description: ServiceDescription,
    request: ServiceRequest | None,
    error: ServiceError,
    message: str | None,
    said: Mapping[str, str] | None = None,
) -> Response:
    """An error in the form of a service.

    Args:
        description: The service's.
        request: The request that is refused, which may have a form of its own.
        error: Status and code, and a message with placeholders.
        message: What to say instead.
        said: The values of the message's placeholders.
    """
    known = {"field": "", "value": "", "reason": ""} | dict(said or {})
    values = _common() | {
        "message": lambda: str(rendered(error.message, known.__getitem__)) if message is None else message,
        "code": lambda: error.code,
        "status": lambda: error.status,
        "field": lambda: known["field"],
        "value": lambda: known["value"],
    }
    identity = uuid.uuid4()
    values |= {"id": lambda: str(identity), "hex": lambda: identity.hex}

    def value_of(name: str) -> object:
        return values[name]()

    template = description.error if request is None or request.error is None else request.error
    headers = {name: rendered(value, value_of) for name, value in description.error_headers.items()}
    return _response(rendered(template, value_of), error.status, headers)


def _common() -> dict[str, Callable[[], object]]:
    """The placeholders that are the same in the whole answer."""
    identity, now = uuid.uuid4(), utc_now()
    return {
        "request_id": lambda: str(identity),
        "request_hex": lambda: identity.hex,
        "now": lambda: now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "epoch": lambda: int(now.timestamp()),
        "null": lambda: None,
    }


def _response(body: object, status: int, headers: Mapping[str, object]) -> Response:
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body) + "\n"
    kind = "text/plain" if body is None or isinstance(body, str) else JSON
    response = Response(text.encode(errors="replace"), status, content_type=kind)
    for name, value in headers.items():
        response.headers[name] = _header(value)
    return response


def _header(value: object) -> str:
    # What an application sent may stand in it: no line break, and nothing that a header cannot hold.
    return "".join(char if " " <= char <= "~" else "?" for char in str(value))[:_LONGEST_HEADER]
