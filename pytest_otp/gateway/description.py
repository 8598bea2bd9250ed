"""An SMS service as a description: which requests an application sends to it, and what it answers.

It is plain data, checked when it is created, and needs no werkzeug. `described` makes a service of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .description_checks import (
    Checked,
    checked_authentication,
    checked_errors,
    checked_headers,
    checked_hosts,
    checked_locator,
    checked_name,
    checked_path,
    checked_status,
    checked_template,
)

METHODS = ("POST", "GET", "PUT", "PATCH")
ITEM_PLACEHOLDERS = (
    "id",
    "hex",
    "request_id",
    "request_hex",
    "to",
    "sender",
    "text",
    "text_parts",
    "now",
    "epoch",
    "null",
)
"""What the answer for one recipient may name, besides locators."""
ANSWER_PLACEHOLDERS = (*ITEM_PLACEHOLDERS, "count", "total", "items")
FIXED_PLACEHOLDERS = ("id", "hex", "request_id", "request_hex", "now", "epoch", "null")
"""What the answer may name of a request that sends nothing, besides locators."""
ERROR_PLACEHOLDERS = ("message", "code", "status", "field", "value", "id", "hex", "now", "epoch", "null")
MESSAGE_PLACEHOLDERS = ("field", "value", "reason")


@dataclass(frozen=True, slots=True)
class ServiceError:
    """An error that a service answers with.

    Raises `SettingsError` where it is used in a `ServiceDescription` if the status is not 200 to 599.
    """

    status: int
    """The HTTP status."""
    message: str
    """What it says: `{field}` is the field that is wrong, `{value}` its value, `{reason}` the gateway's own words."""
    code: str | int = ""
    """The service's own code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One request that a service answers: it sends a message, or, without `to`, nothing (a token, a balance)."""

    path: str
    """Such as `/v2/{account}/messages`: a placeholder stands for a part of the path without a slash."""
    method: str = "POST"
    to: str | None = None
    """Where the number is: `json:to`, `form:To`, `query:to`, `path:to` or `header:To`. Each of several gets the SMS."""
    text: str | None = None
    """Where the text is."""
    sender: str | None = None
    """Where the sender's number or name is; it may be missing unless `required` names it."""
    required: Sequence[str] = ()
    """Other values without which the request is refused."""
    separator: str | None = None
    """What stands between several numbers in one string, such as a comma."""
    authentication: Sequence[str] | None = None
    """As in `ServiceDescription`, for this request only. Defaults to the service's."""
    status: int = 200
    """The HTTP status of the answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the answer; their values may have placeholders."""
    answer: Any = None
    """The body of the answer: JSON, or a string for plain text, with placeholders such as `{id}`. None: empty."""
    item: Any = None
    """What the answer's `{items}` has for each recipient."""
    rejected_item: Any = None
    """What it has for a number that is not valid. Without it, one such number makes the whole request fail."""
    error: Any = None
    """The body of an error, for this request only. Defaults to the service's."""
    errors: Mapping[str, ServiceError] = field(default_factory=dict)
    """Errors that differ from the service's."""

    def __post_init__(self) -> None:
        checked = Checked(self, f"the request to {self.path!r}")
        names = checked_path(checked, "path")
        checked.choice("method", METHODS)
        for name in ("to", "text", "sender"):
            checked_locator(checked, name, self.method, names)
        checked.sequence("required")
        for number, _ in enumerate(self.required):
            checked_locator(checked, "required", self.method, names, number)
        checked.one_body(("to", "text", "sender", "required"))
        if (self.to is None) != (self.text is None):
            checked.fail("to and text belong together: give both, or neither for a request that sends nothing")
        checked.text("separator", lambda text: bool(text.strip()), "a character such as ','")
        checked.same_lists("to", ("text", "sender"))
        checked_authentication(checked)
        checked_status(checked, "status", 200, 399)
        known = FIXED_PLACEHOLDERS if self.to is None else ANSWER_PLACEHOLDERS
        checked_headers(checked, known)
        checked_template(checked, "answer", known, names)
        checked_template(checked, "item", ITEM_PLACEHOLDERS, names)
        checked_template(checked, "rejected_item", (*ITEM_PLACEHOLDERS, "value"), names)
        checked_template(checked, "error", ERROR_PLACEHOLDERS)
        checked_errors(checked, ServiceError, MESSAGE_PLACEHOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDescription:
    """An SMS service that the gateway is to stand in for. See `GatewayAddress.add_service`.

    Raises `SettingsError` if a value is invalid; the message names it and says what is allowed.
    """

    name: str
    """Letters, digits, `-` and `_`; what `SentMessage.service` says."""
    hosts: Sequence[str] = ()
    """The host names that applications connect to; `*` matches any part. Without one, the service is there only at the
    gateway's own address."""
    requests: Sequence[ServiceRequest] = ()
    """The requests that it answers, at least one of which sends a message."""
    authentication: Sequence[str] = ()
    """What a request must have, any of: `basic`, `bearer`, `authorization:SCHEME`, `header:NAME`, `query:NAME`,
    `form:NAME`, `json:NAME`. Values are not checked. None by default."""
    region: str | None = None
    """ISO 3166 code: numbers without a country code are of this region. By default, they are refused."""
    error: Any = field(default_factory=lambda: {"error": {"code": "{code}", "message": "{message}"}})
    """The body of an error: JSON, or a string for plain text, with `{message}`, `{code}`, `{status}` and `{field}`."""
    error_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of an error, such as another `Content-Type`."""
    errors: Mapping[str, ServiceError] = field(default_factory=dict)
    """Errors that differ from the defaults, by kind: `unauthorized`, `missing`, `invalid_to`, `blocked` and so on."""

    def __post_init__(self) -> None:
        checked = Checked(self, f"the service {self.name!r}")
        checked_name(checked)
        checked_hosts(checked)
        checked.sequence("requests")
        if not self.requests or not all(isinstance(each, ServiceRequest) for each in self.requests):
            checked.fail(f"requests: invalid value {self.requests!r}: expected at least one ServiceRequest")
        if not any(each.to for each in self.requests):
            checked.fail("none of its requests sends a message: give one of them `to` and `text`")
        checked_authentication(checked)
        checked.text("region", lambda text: len(text) == 2 and text.isalpha(), "an ISO 3166 code such as 'KE'")
        checked_template(checked, "error", ERROR_PLACEHOLDERS)
        checked_headers(checked, ERROR_PLACEHOLDERS, "error_headers")
        checked_errors(checked, ServiceError, MESSAGE_PLACEHOLDERS)

    def to_plain(self) -> dict[str, Any]:
        """This description as plain data, for `from_plain`."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_plain(cls, plain: object, *, what: str = "a service") -> ServiceDescription:
        """A description from plain data, such as a table of a TOML file, with the names of the attributes as keys.

        Args:
            plain: The data.
            what: What an error calls it.

        Raises:
            SettingsError: If it is invalid.
        """
        values = _known(cls, plain, what)
        if "requests" in values and isinstance(values["requests"], list):
            values["requests"] = [
                ServiceRequest(**_with_errors(_known(ServiceRequest, each, f"{what}: requests[{number}]"), what))
                for number, each in enumerate(values["requests"])
            ]
        return cls(**_with_errors(values, what))


def _known(kind: Any, plain: object, what: str) -> dict[str, Any]:
    """The values for a class. Raises `SettingsError` for a key that it has not, and for one that is missing."""
    checked = Checked(None, what)
    names = [each.name for each in fields(kind)]
    if not isinstance(plain, Mapping):
        checked.fail(f"invalid value {plain!r}: expected a table")
    unknown = [str(key) for key in plain if key not in names]
    if unknown:
        checked.fail(f"unknown key {unknown[0]!r}: expected one of {', '.join(names)}")
    needed = {"ServiceDescription": ("name",), "ServiceRequest": ("path",), "ServiceError": ("status", "message")}
    missing = [name for name in needed[kind.__name__] if name not in plain]
    if missing:
        checked.fail(f"{missing[0]} is missing")
    return dict(plain)


def _with_errors(values: dict[str, Any], what: str) -> dict[str, Any]:
    errors = values.get("errors")
    if isinstance(errors, Mapping):
        read = {
            kind: ServiceError(**_known(ServiceError, each, f"{what}: errors.{kind}")) for kind, each in errors.items()
        }
        return {**values, "errors": read}
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, (ServiceDescription, ServiceRequest, ServiceError)):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
