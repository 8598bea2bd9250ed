"""Requests that the gateway itself makes to the application: receipts that it posts, and documents that it fetches.

They go to this machine and to hosts that the user allowed only, directly: no proxy of the environment is used, and no
redirect is followed. Each takes five seconds at most, and reads 64 KiB at most.
"""

from __future__ import annotations

import base64
import contextlib
import json as json_format
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from ..clock import monotonic
from ..display import SafeRepr
from ..loopback import is_loopback
from .agenda import Agenda

SECONDS = 5.0
"""For a whole request: connecting, TLS, and reading the answer."""
LONGEST = 64 * 1024
"""Bytes of an answer."""
SETTLE = 0.1
"""Seconds until the first receipt: an application has to store the message's ID before."""

_SAFE = "/?&=%+:;,@!$'()*~[]"  # what is not escaped again in a URL
_USER_AGENT = "pytest-otp"

Result = Literal["answered", "blocked", "failed"]


@dataclass(frozen=True, slots=True, repr=False)
class Call(SafeRepr):
    """A request that the gateway made to the application, or was asked to make."""

    method: str
    """`GET` or `POST`."""
    url: str
    """The whole URL, as the application gave it."""
    result: Result
    """`blocked` if the host is not allowed or the URL is not one; `failed` without an answer that can be used."""
    status: int | None = None
    """The answer's HTTP status."""
    reason: str | None = None
    """Why it was blocked or failed."""


class CallFailed(Exception):
    """Raised if a document cannot be fetched.

    Attributes:
        reason: Why, in a few words.
        call: What became of the request.
    """

    def __init__(self, call: Call) -> None:
        self.reason = call.reason or "no reason"
        super().__init__(self.reason)
        self.call = call


class Callbacks:
    """Makes the gateway's own requests. Safe to use from several threads.

    Args:
        allows: Whether a host (in lower case, without a port) that is not this machine may be reached. Defaults to
            none.
        on_call: Called with each request, whatever became of it, in the thread that made it.
        seconds: How long a request may take in all.
        settle: Seconds that a receipt waits at least.
        clock: Seconds, for when receipts are due.

    Attributes:
        allows: As above; may be replaced at any time.
        on_call: As above; may be replaced at any time.
    """

    def __init__(
        self,
        allows: Callable[[str], bool] = lambda host: False,
        on_call: Callable[[Call], None] = lambda call: None,
        *,
        seconds: float = SECONDS,
        settle: float = SETTLE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.allows = allows
        self.on_call = on_call
        self._seconds = seconds
        self._settle = settle
        self._agenda = Agenda(clock)
        self._open: set[_Cut] = set()
        self._lock = threading.Lock()

    def fetch(
        self,
        url: str,
        method: str = "GET",
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Request a document, and return its body.

        Args:
            url: http or https.
            method: `GET`, or `POST` with the fields as a form.
            fields: With `GET`, they are added to the URL's query.
            headers: Further headers.

        Raises:
            CallFailed: If the host is not allowed, if there is no answer in time, if its status is not 2xx, or if it is
                too long.
        """
        body = None
        if fields and method == "GET":
            head, hash_sign, fragment = url.partition("#")
            url = f"{head}{'&' if '?' in head else '?'}{urlencode(fields)}{hash_sign}{fragment}"
        elif fields is not None and method != "GET":
            body = urlencode(fields).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        call, content = self._request(method, url, body, headers or {})
        if call.result == "answered" and not 200 <= (call.status or 0) < 300:
            what = "a redirect, which is not followed" if 300 <= (call.status or 0) < 400 else "no success"
            call = Call(method, url, "failed", call.status, f"the answer was {call.status}: {what}")
        self.on_call(call)
        if call.result != "answered":
            raise CallFailed(call)
        return content

    def post(
        self,
        url: str,
        *,
        fields: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        after: float = 0.0,
    ) -> None:
        """Post a receipt soon, in the background, after those that were due before it.

        What the application answers is recorded, and not looked at. A receipt is posted once, and not at all if the
        gateway stops before it is due.

        Args:
            url: http or https.
            fields: Sent as a form.
            json: Sent as JSON, if there are no fields.
            headers: Further headers.
            after: Seconds until it is due, not counting those that each receipt waits.
        """
        if fields is not None:
            kind, body = "application/x-www-form-urlencoded", urlencode(fields).encode()
        else:
            kind, body = "application/json", json_format.dumps(json).encode()
        sent = {"Content-Type": kind, **(headers or {})}

        def posted() -> None:
            call, _ = self._request("POST", url, body, sent)
            self.on_call(call)

        self._agenda.add(posted, self._settle + after)

    def close(self) -> None:
        """Drop the receipts that are not posted yet, and end the requests that are being made."""
        with self._lock:
            cuts = list(self._open)
        for cut in cuts:
            cut()
        self._agenda.close()

    def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[Call, bytes]:
        refused = self._refused(url)
        if refused is not None:
            return Call(method, url, "blocked", reason=refused), b""
        try:
            status, content = self._exchange(method, urlsplit(url), body, headers)
        except (OSError, HTTPException, ValueError) as error:
            return Call(method, url, "failed", reason=_reason(error, self._seconds)), b""
        if len(content) > LONGEST:
            return Call(method, url, "failed", status, f"the answer is longer than {LONGEST} bytes"), b""
        return Call(method, url, "answered", status), content

    def _refused(self, url: str) -> str | None:
        """Why a URL must not be requested, or None."""
        try:
            parts = urlsplit(url)
            host, _ = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return "it is not a valid URL"
        if parts.scheme not in ("http", "https") or not host:
            return "it is not an http or https URL"
        if is_loopback(host) or self.allows(host):
            return None
        return f'{host} is not allowed; to allow it, use otp_gateway.allow_hosts("{host}")'

    def _exchange(
        self, method: str, url: SplitResult, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        host, secure = url.hostname or "", url.scheme == "https"
        with self._connected(host, url.port or (443 if secure else 80), secure=secure) as sock:
            connection = HTTPConnection(host, url.port or (443 if secure else 80))
            connection.sock = sock
            target = quote(url.path or "/", _SAFE) + (f"?{quote(url.query, _SAFE)}" if url.query else "")
            sent = {"Host": url.netloc.rpartition("@")[2], "User-Agent": _USER_AGENT, "Connection": "close"}
            if url.username:
                login = f"{unquote(url.username)}:{unquote(url.password or '')}"
                sent["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
            connection.request(method, target, body, {**sent, **headers})
            with connection.getresponse() as answer:
                return answer.status, answer.read(LONGEST + 1)

    @contextlib.contextmanager
    def _connected(self, host: str, port: int, *, secure: bool) -> Iterator[socket.socket]:
        """Connect; the connection is cut when the time is up, or when the gateway stops."""
        end = monotonic() + self._seconds
        sock = socket.create_connection((host, port), self._seconds)
        # A time-out of the socket would hold for each byte: a peer that sends one now and then could keep it open.
        cut = _Cut(sock)
        timer = threading.Timer(max(end - monotonic(), 0.0), cut)
        timer.daemon = True
        with self._lock:
            self._open.add(cut)
        timer.start()
        try:
            if secure:
                cut.socket = sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            yield sock
            if cut.done:
                raise TimeoutError
        except (OSError, HTTPException):
            if cut.done:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
            with self._lock:
                self._open.discard(cut)
            sock.close()


class _Cut:
    """Ends a connection, from another thread."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.done = False

    def __call__(self) -> None:
        self.done = True
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


def _reason(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} seconds"
    return str(error) or type(error).__name__
