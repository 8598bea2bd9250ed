"""What a gateway tells of what it has seen: requests, and the messages that they sent. Nothing here needs werkzeug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..display import SafeRepr

if TYPE_CHECKING:
    from typing_extensions import Self

Channel = Literal["sms", "whatsapp", "voice"]
"""How a message reaches its number; `voice` is a call in which the text is read out."""

Outcome = Literal["delivered", "astray", "answered", "refused", "not served", "blocked", "failed", "let out"]
"""What became of a request; see `GatewayRequest.outcome`."""

TROUBLES: tuple[Outcome, ...] = ("not served", "blocked", "failed", "let out")
"""Outcomes that no test can have meant."""


class _Plain(SafeRepr):
    """A base for dataclasses that another process needs."""

    __slots__ = ()

    def plain(self) -> dict[str, Any]:
        """This object as plain data, for `from_plain` in another process."""
        each: Any = self
        values = {item.name: getattr(self, item.name) for item in fields(each)}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The object whose plain data this is."""
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
        return cls(**{**values, "at": datetime.fromisoformat(plain["at"])})


@dataclass(frozen=True, slots=True, repr=False)
class SentMessage(_Plain):
    """An SMS that an application sent and the gateway accepted, as `otp_gateway.sent_to` lists it.

    Its repr hides the text: test reports are public.
    """

    service: str
    """The service it was sent through, such as `plain`, `twilio`, `vonage` or `sns`."""
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


@dataclass(frozen=True, slots=True, repr=False)
class GatewayRequest(_Plain):
    """A request that the gateway answered, or refused as a proxy, as `otp_gateway.requests` lists it."""

    method: str
    """`POST`, for example; `CONNECT` for a tunnel that the gateway, as a proxy, did not open."""
    host: str
    """The host name or IP address that the application asked for."""
    path: str
    """The path without the query; empty for `CONNECT`."""
    service: str | None
    """The SMS service, such as `twilio`; None for a host or path of none."""
    status: int
    """The HTTP status of the answer; 0 if there was none."""
    outcome: Outcome
    """What became of it:

    - `delivered`: it sent an SMS to a number that a test holds.
    - `astray`: it sent an SMS to a number that no test holds.
    - `answered`: it sent no SMS, and the answer is no error.
    - `refused`: the service answered with an error, as the real one does.
    - `not served`: the gateway does not know this path of the service.
    - `blocked`: the gateway serves no such host.
    - `failed`: the host is allowed, and could not be reached.
    - `let out`: `allow_hosts(..., real_sms=True)` allows this SMS service.
    """
    numbers: tuple[str, ...]
    """The phone numbers that it was about, in E.164 form, if the gateway could read them."""
    at: datetime
    """When it was answered, in UTC."""
    text: str | None = field(default=None, repr=False)
    """The text of the SMS that it sent; None without `--otp-show-sms`."""
    by_gateway: bool = False
    """Whether the gateway itself requested it from the application: a delivery receipt, or a document."""


class Seen(Protocol):
    """What a gateway has seen, from the process of a test."""

    def requests(self) -> tuple[GatewayRequest, ...]:
        """The last requests, oldest first."""
        ...

    def sent_to(self, number: str) -> tuple[SentMessage, ...]:
        """The messages to a number in E.164 form, oldest first."""
        ...
