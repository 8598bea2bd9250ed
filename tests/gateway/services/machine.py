"""One service of the gateway without a socket, with a clock that a test moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from pytest_otp.errors import SettingsError
from pytest_otp.gateway.message import Backend, OutgoingSms
from tests.gateway.world import ACCOUNT, HELD, REFUSED, basic


class Answering(Protocol):
    def answer(self, request: Request) -> Response: ...


@dataclass
class Sent:
    """What a service sent. It may be told to refuse."""

    messages: list[OutgoingSms] = field(default_factory=list)
    fails: bool = False

    def __call__(self, message: OutgoingSms) -> bool:
        if self.fails or message.text == REFUSED:
            raise SettingsError("the network does not take this")
        self.messages.append(message)
        return message.to == HELD

    @property
    def backend(self) -> Backend:
        return Backend(self)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    status: int
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def ask(
    service: Answering,
    method: str,
    path: str,
    fields: Mapping[str, object] | None = None,
    *,
    content: object = None,
    headers: Mapping[str, str | None] | None = None,
) -> Answer:
    """One authenticated request: a form (`fields`) or JSON (`content`). A header that is None is left out."""
    body = json.dumps(content) if content is not None else urlencode(fields or {}, doseq=True)
    kind = "application/json" if content is not None else "application/x-www-form-urlencoded"
    sent = {"Authorization": basic(ACCOUNT, "token"), **(headers or {})}
    builder = EnvironBuilder(
        path,
        method=method,
        data=body,
        content_type=kind,
        headers=[(name, value) for name, value in sent.items() if value is not None],
    )
    answer = service.answer(Request(builder.get_environ()))
    return Answer(answer.status_code, answer.get_data())
