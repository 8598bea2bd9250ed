"""Whether the parts of a service's description are valid. Each check says what is wrong, and what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from ..errors import SettingsError
from ..loopback import ip_address, is_loopback
from .locators import BODIES, Locator
from .placeholders import PathTemplate, placeholders

FIELD_KINDS = ("to", "text", "sender")
ERROR_KINDS = (
    "unauthorized",
    "not_found",
    "method_not_allowed",
    "unreadable",
    "missing",
    *(f"missing_{name}" for name in FIELD_KINDS),
    "invalid",
    *(f"invalid_{name}" for name in FIELD_KINDS),
    "refused",
)
"""Why the gateway refuses a request by itself. `missing_to` and the like fall back to `missing`, and so on."""
FAILURE_KINDS = ("unsubscribed", "unreachable", "blocked", "rate_limited", "server_error")
"""Why a test can make a message fail."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HOST = re.compile(r"[a-z0-9*](?:[a-z0-9.*-]{0,251}[a-z0-9*])?")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOCATORS = "json:FIELD, form:FIELD, query:FIELD, path:NAME or header:NAME"
_SCHEMES = "basic, bearer, authorization:SCHEME, header:NAME, query:NAME, form:NAME or json:FIELD"
_LONGEST_TEMPLATE = 16 * 1024


class Checked:
    """A description while it is being checked; `what` is what errors call it."""

    def __init__(self, owner: Any, what: str) -> None:
        self.owner = owner
        self.what = what

    def fail(self, message: str) -> NoReturn:
        """Raise `SettingsError`."""
        raise SettingsError(
            f"{self.what}: {message}", hint="See the page on services of your own in the documentation."
        )

    def get(self, name: str) -> Any:
        """An attribute's value."""
        return getattr(self.owner, name)

    def put(self, name: str, value: object) -> None:
        """Replace a value by its normal form; the description is frozen."""
        object.__setattr__(self.owner, name, value)

    def invalid(self, name: str, expected: str) -> NoReturn:
        """Raise `SettingsError` for an attribute's value."""
        self.fail(f"{name}: invalid value {self.get(name)!r}: expected {expected}")

    def choice(self, name: str, allowed: Sequence[str]) -> None:
        """Check that a value is one of these."""
        if self.get(name) not in allowed:
            self.invalid(name, " or ".join(allowed))

    def text(self, name: str, is_valid: Callable[[str], bool], expected: str) -> None:
        """Check an optional text."""
        value = self.get(name)
        if value is not None and not (isinstance(value, str) and is_valid(value)):
            self.invalid(name, expected)

    def sequence(self, name: str) -> None:
        """Make a tuple of a list, or of one value."""
        value = self.get(name)
        if isinstance(value, (list, tuple)):
            self.put(name, tuple(value))
        else:
            self.put(name, (value,))

    def one_body(self, names: Iterable[str]) -> None:
        """Check that no two locators read the body in different ways."""
        written = [each for name in names for each in _strings(self.get(name))]
        used = {each.partition(":")[0] for each in written} & set(BODIES)
        if len(used) > 1:
            self.fail("a body is JSON or a form: use json: or form:, or two requests with the same path")

    def same_lists(self, leading: str, others: Iterable[str]) -> None:
        """Check that the others go through no list that the leading locator does not go through."""
        if self.get(leading) is None:
            return
        lists = Locator.parse(self.get(leading)).lists
        for name in others:
            if self.get(name) is not None:
                own = Locator.parse(self.get(name)).lists
                if own != lists[: len(own)]:
                    self.invalid(name, f"[] only where {leading}, {self.get(leading)!r}, has it too")


def checked_name(checked: Checked) -> None:
    """Check the service's name."""
    name = checked.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        checked.invalid("name", "lower-case letters, digits, - and _, at most 32, with a letter first")


def checked_hosts(checked: Checked) -> None:
    """Check the host names."""
    checked.sequence("hosts")
    for host in checked.get("hosts"):
        bare = host.lower().rstrip(".") if isinstance(host, str) else ""
        registrable = bare.split(".")[-2:]
        if not _HOST.fullmatch(bare) or ".." in bare or ip_address(bare) is not None or is_loopback(bare):
            checked.fail(
                f"hosts: invalid value {host!r}: expected a host name such as 'api.example.com', without a port"
            )
        if len(registrable) < 2 or any("*" in part for part in registrable):
            checked.fail(f"hosts: {host!r} matches too much: expected at least two labels after the last *")
    checked.put("hosts", tuple(host.lower().rstrip(".") for host in checked.get("hosts")))


def checked_path(checked: Checked, name: str) -> tuple[str, ...]:
    """Check the path of a request; returns its placeholders."""
    try:
        return PathTemplate.parse(checked.get(name)).names
    except ValueError:
        checked.invalid(name, "such as '/v2/{account}/messages', at most one placeholder in each part, each name once")


def checked_locator(checked: Checked, name: str, method: str, names: Sequence[str], number: int | None = None) -> None:
    """Check where a value is: an attribute's, or one of its items."""
    written = checked.get(name) if number is None else checked.get(name)[number]
    if written is None and number is None:
        return
    label = name if number is None else f"{name}[{number}]"
    try:
        locator = Locator.parse(written)
    except ValueError:
        checked.fail(f"{label}: invalid value {written!r}: expected {_LOCATORS}")
    if locator.source in BODIES and method == "GET":
        checked.fail(f"{label}: invalid value {written!r}: a GET request has no body; use query: or path:")
    if locator.source == "path" and locator.name not in names:
        checked.fail(f"{label}: invalid value {written!r}: the path has no placeholder {{{locator.name}}}")


def checked_authentication(checked: Checked) -> None:
    """Check the ways to authenticate."""
    if checked.get("authentication") is None:
        return
    checked.sequence("authentication")
    for way in checked.get("authentication"):
        kind, _, name = way.partition(":") if isinstance(way, str) else ("", "", "")
        is_known = way in ("basic", "bearer") or (
            kind in ("authorization", "header", "query", "form", "json") and _TOKEN.fullmatch(name)
        )
        if not is_known:
            checked.fail(f"authentication: invalid value {way!r}: expected {_SCHEMES}")


def checked_status(checked: Checked, name: str, least: int, most: int) -> None:
    """Check an HTTP status."""
    status = checked.get(name)
    if not isinstance(status, int) or isinstance(status, bool) or not least <= status <= most:
        checked.invalid(name, f"an HTTP status from {least} to {most}")


def checked_headers(checked: Checked, known: Sequence[str], name: str = "headers") -> None:
    """Check the headers of an answer."""
    headers = checked.get(name)
    if not isinstance(headers, Mapping):
        checked.invalid(name, "a table of strings")
    for header, value in headers.items():
        if not isinstance(header, str) or not _TOKEN.fullmatch(header) or not isinstance(value, str):
            checked.fail(f"{name}: invalid header {header!r}: {value!r}: expected a name and a string")
        if not value.isascii() or not value.isprintable():
            checked.fail(f"{name}: invalid header {header!r}: {value!r}: expected printable ASCII characters")
        _check_placeholders(checked, f"{name}.{header}", value, known)
    checked.put(name, dict(headers))


def checked_template(checked: Checked, name: str, known: Sequence[str], in_path: Sequence[str] | None = None) -> None:
    """Check the body of an answer, and make plain JSON of it.

    It may have locators as placeholders if `in_path` is given: the placeholders of the path.
    """
    template = checked.get(name)
    try:
        written = json.dumps(template, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        checked.invalid(name, "a string, or what can be written as JSON")
    if len(written) > _LONGEST_TEMPLATE:
        checked.fail(f"{name}: {len(written)} characters: expected at most {_LONGEST_TEMPLATE}")
    checked.put(name, json.loads(written))
    _check_placeholders(checked, name, checked.get(name), known, in_path)


def checked_errors(checked: Checked, kind_of: type[Any], known: Sequence[str]) -> None:
    """Check the errors of a service."""
    errors = checked.get("errors")
    if not isinstance(errors, Mapping):
        checked.invalid("errors", "a table of errors by kind")
    for kind, error in errors.items():
        if kind not in ERROR_KINDS + FAILURE_KINDS:
            checked.fail(f"errors: unknown kind {kind!r}: expected one of {', '.join(ERROR_KINDS + FAILURE_KINDS)}")
        if not isinstance(error, kind_of):
            checked.fail(f"errors.{kind}: invalid value {error!r}: expected a {kind_of.__name__}")
        each = Checked(error, f"{checked.what}: errors.{kind}")
        checked_status(each, "status", 200, 599)
        if not isinstance(error.message, str) or not isinstance(error.code, (str, int)):
            each.fail("expected a message that is a string, and a code that is a string or an integer")
        _check_placeholders(each, "message", error.message, known)
    checked.put("errors", dict(errors))


def _check_placeholders(
    checked: Checked, name: str, template: object, known: Sequence[str], in_path: Sequence[str] | None = None
) -> None:
    allowed = ", ".join(known) + ("" if in_path is None else f", {_LOCATORS}")
    try:
        unknown = [each for each in placeholders(template) if not (each in known or _is_locator(each, in_path))]
    except ValueError as error:
        checked.fail(f"{name}: {error}")
    if unknown:
        checked.fail(f"{name}: unknown placeholder {{{unknown[0]}}}: expected one of {allowed}")


def _is_locator(written: str, in_path: Sequence[str] | None) -> bool:
    if in_path is None:
        return False
    try:
        locator = Locator.parse(written)
    except ValueError:
        return False
    return not locator.lists and (locator.source != "path" or locator.name in in_path)


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, (list, tuple)) else []
