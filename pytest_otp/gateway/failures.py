"""Failures on demand: what tests asked to go wrong, and how the gateway makes it so.

A kind that a service documents fails as the service does: with an error, or with a message that is accepted and a
receipt that says why it was not delivered. The other kinds need nothing of a service.
"""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import SettingsError
from ..server.server import reset_connection

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment

__tracebackhide__ = True

Documented = Mapping[str, tuple[int, str, str]]
"""What a service documents: a kind, or one of its own codes, and the HTTP status, the code and the message for it.

Below 400, the message is accepted, and its receipt says that it was not delivered.
"""

OF_SERVICES = ("unsubscribed", "unreachable", "blocked", "rate_limited", "server_error")
"""The kinds that depend on what the service documents."""
OF_DELIVERY = ("undelivered", "late", "twice", "out_of_order", "time_out")
"""The kinds that are the same with every service."""
KINDS = (*OF_SERVICES, *OF_DELIVERY)

SECONDS: Mapping[str, float] = {"late": 5.0, "rate_limited": 1.0, "time_out": 120.0}
"""The kinds that take seconds, and how many by default: until delivery, in `Retry-After`, until the connection ends."""
LONGEST = 3600.0
"""The most seconds of a failure."""

_ANYWHERE: Documented = {
    "rate_limited": (429, "", "Too many requests"),
    "server_error": (500, "", "Internal server error"),
}
"""What any service answers that documents nothing else."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What is to go wrong with one message."""

    error: str
    """One of `KINDS`, or one of the service's own codes."""
    seconds: float = 0.0
    """See `SECONDS`."""

    def to_plain(self) -> dict[str, Any]:
        """This failure as plain data, for another process."""
        return asdict(self)

    def by(self, documented: Documented) -> tuple[int, str, str] | None:
        """How a service with these documented failures shows it; None if not at all."""
        return _found(documented, self.error) or _ANYWHERE.get(self.error)


class SendingFailed(Exception):
    """Raised instead of sending a message that is to fail.

    Attributes:
        failure: What is to go wrong.
        status: The HTTP status.
        code: The service's own code, or "".
        message: The service's words.
    """

    def __init__(self, failure: Failure, status: int = 0, code: str = "", message: str = "") -> None:
        super().__init__(message or failure.error)
        self.failure = failure
        self.status = status
        self.code = code
        self.message = message


class ArmedFailure:
    """A failure that a test asked for, as `otp_gateway.fail()` returns it.

    It ends after as many messages as were asked for, with the test, and with a `with` block if it is used in one.
    """

    def __init__(self, failure: Failure, to: str | None, services: frozenset[str] | None, times: int | None) -> None:
        self._failure = failure
        self._to = to
        self._services = services
        self._left = math.inf if times is None else times
        self._used = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"ArmedFailure({self._failure.error!r}, used={self._used})"

    @property
    def used(self) -> int:
        """How many messages it has made fail."""
        return self._used

    def end(self) -> None:
        """End it: the next messages are sent as usual."""
        with self._lock:
            self._left = 0

    def __enter__(self) -> ArmedFailure:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _take(self, service: str, to: str, *, own: bool) -> Failure | None:
        """The failure, if it holds for a message. `own` says whether the number is one of this process."""
        elsewhere = self._services is not None and service not in self._services
        if elsewhere or not (own if self._to is None else self._to == to):
            return None
        with self._lock:
            if self._left <= 0:
                return None
            self._left -= 1
            self._used += 1
            return self._failure


class Failures:
    """What the tests of this process asked to go wrong. Safe to use from several threads.

    Args:
        knows: Whether a number is one of this process's.
        documented: Returns what each service documents.
    """

    def __init__(self, knows: Callable[[str], bool], documented: Callable[[], Mapping[str, Documented]]) -> None:
        self._knows = knows
        self._documented = documented
        self._armed: list[ArmedFailure] = []
        self._lock = threading.Lock()

    def arm(self, number: object, service: str | None, error: object, times: object, seconds: object) -> ArmedFailure:
        """Make the next messages fail; the arguments are those of `otp_gateway.fail()`.

        Raises:
            SettingsError: If one of them is invalid.
        """
        documented = self._documented()
        if service is not None and service not in list(documented):  # which takes anything, also a list
            raise SettingsError(f"unknown service {service!r}: expected one of {', '.join(sorted(documented))}")
        name, services = _checked_error(error, service, documented)
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise SettingsError(f"times must be at least 1, or None for all messages; got {times!r}")
        failure = Failure(name, _checked_seconds(name, seconds))
        armed = ArmedFailure(failure, None if number is None else _checked_number(number), services, times)
        with self._lock:
            self._armed.append(armed)
        return armed

    def take(self, service: str, to: str) -> Failure | None:
        """What is to go wrong with a message: the failure that was asked for first and holds for it, or None."""
        with self._lock:
            armed = list(self._armed)
        if not armed:
            return None
        own = self._knows(to)
        return next(filter(None, (each._take(service, to, own=own) for each in armed)), None)

    def end(self) -> None:
        """End all of them, used or not."""
        with self._lock:
            armed, self._armed = self._armed, []
        for each in armed:
            each.end()


def keep_waiting(environ: WSGIEnvironment, seconds: float) -> NoReturn:
    """Answer nothing until the client gives up or the server stops, at most for these seconds.

    Raises `ConnectionResetError`, always.
    """
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        # The request has been read, so what arrives now is the connection's end.
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.select(seconds)
    reset_connection(environ)


def _found(documented: Documented, error: str) -> tuple[int, str, str] | None:
    return documented.get(error) or next((each for each in documented.values() if each[1] == error), None)


def _checked_error(
    error: object, service: str | None, documented: Mapping[str, Documented]
) -> tuple[str, frozenset[str] | None]:
    """The name of an error, and the services that have it (None for all)."""
    name = str(error) if isinstance(error, int) and not isinstance(error, bool) else error
    asked = documented if service is None else {service: documented[service]}
    if isinstance(name, str) and name in KINDS and service is None:
        return name, None
    if isinstance(name, str) and name:
        anywhere = name in OF_DELIVERY or name in _ANYWHERE
        having = frozenset(each for each, failures in asked.items() if anywhere or _found(failures, name))
        if having:
            return name, having
    raise SettingsError(f"unknown error {error!r}: expected {_expected(service, asked)}")


def _expected(service: str | None, asked: Mapping[str, Documented]) -> str:
    having = {*OF_DELIVERY, *_ANYWHERE, *(name for failures in asked.values() for name in failures)}
    kinds = ", ".join(kind for kind in KINDS if service is None or kind in having)
    own = [f"{name}'s {', '.join(codes)}" for name, codes in sorted(_codes(asked).items()) if codes]
    return f"{kinds}; or {'; '.join(own)}" if own else kinds


def _codes(asked: Mapping[str, Documented]) -> dict[str, list[str]]:
    """Each service's own codes, short ones first."""
    found = {}
    for name, failures in asked.items():
        codes = {code for key, (_, own, _) in failures.items() for code in (key, own)} - {"", *KINDS}
        found[name] = sorted(codes, key=lambda code: (len(code), code))
    return found


def _checked_seconds(error: str, seconds: object) -> float:
    if seconds is None:
        return SECONDS.get(error, 0.0)
    if error not in SECONDS:
        raise SettingsError(f"{error} takes no seconds: only {', '.join(SECONDS)} do")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= LONGEST:
        raise SettingsError(f"seconds must be between 0 and {LONGEST:.0f}; got {seconds!r}")
    return float(seconds)


def _checked_number(number: object) -> str:
    from ..phone import e164  # noqa: PLC0415 - start-up: 35 ms that only a failure of one number needs

    written = getattr(number, "e164", number)
    found = e164(written) if isinstance(written, str) else None
    if found is None:
        raise SettingsError(
            f"number must be a phone number with its country code, or an object with .e164; got {written!r}"
        )
    return found
