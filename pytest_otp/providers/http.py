"""The one HTTP client. It keeps keys out of everything that can be printed, and knows which requests may be repeated.

Requests, responses and exceptions that leave this module never contain a secret: secrets are added to a copy of the
request in the transport adapter, at the moment of sending, and failures are raised anew outside the `except` block, so
that no library frame (whose locals contain the whole URL) and no `__context__` propagates.
"""

from __future__ import annotations

import gzip
import http.cookiejar
import json
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from ..display import shown
from ..errors import OtpError, ProviderUnavailable
from ..loopback import is_loopback
from ..redact import Secret, guard_loggers, scrub
from .answers import JsonResponse as JsonResponse
from .answers import described, judged, read
from .base import Repeat
from .base_url import check_url as check_url
from .bodies import accepted_encodings, body_of
from .deadline import begun, may_send, time_left

__tracebackhide__ = True

ATTEMPTS = 3
LEAST_TIME = 0.02
"""Seconds that must be left for a request to be worth sending."""
LONGEST_PAUSE = 10.0

USER_AGENT = "Mozilla/5.0 (compatible; pytest-otp)"
_LOGGERS = (
    "urllib3.connectionpool",
    "urllib3.connection",
    "urllib3.poolmanager",
    "urllib3.util.retry",
    "requests",
    "pytest_otp",
)
_PASSING = (408, 425, 429)
_UNSENT = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
    urllib3.exceptions.LocationValueError,
    UnicodeError,
)
"""Raised while a request is prepared, before anything is sent."""

_Value = Any  # what JSON can contain, or a Secret in place of a text


_Received = tuple[int, str, str]
Check = Callable[[JsonResponse], None]
"""Raises the error that a refusal by the provider means. It runs in each attempt: temporary failures are retried."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that the parts of a request may take."""

    connect: float = 5.0
    """To connect."""
    read: float = 15.0
    """To read the whole response."""
    order: float = 60.0
    """To read the response to an order, which is worth waiting for: without it, what was rented is unknown."""


class HttpClient:
    """Sends a provider's requests, with timeouts, connection reuse, retries and scrubbing. Thread-safe.

    A `Secret` in parameters and JSON bodies is sent as its value, and masked everywhere else.

    Args:
        provider: the provider's name, for errors.
        allow_http: hosts that may be contacted without TLS, besides loopback.
        timeouts: for each request.
        sleep: sleeps between attempts; to be replaced in tests.
    """

    def __init__(
        self,
        provider: str,
        *,
        allow_http: frozenset[str] = frozenset(),
        timeouts: Timeouts = Timeouts(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._provider = provider
        self._allow_http = allow_http
        self._timeouts = timeouts
        self._sleep = sleep
        self._session = _session()
        guard_loggers(_LOGGERS)

    def get(
        self,
        url: str,
        params: Mapping[str, str | Secret],
        *,
        repeat: Repeat = Repeat.ALWAYS,
        headers: Mapping[str, str] | None = None,
        check: Check | None = None,
    ) -> JsonResponse:
        """GET a JSON object.

        Args:
            url: without the parameters.
            params: the query's parameters.
            repeat: which failures are retried.
            headers: added to the client's own headers, or replacing them.
            check: raises the error that a refusal by the provider means; it runs within each attempt.

        Raises:
            ProviderUnavailable: no response, or one that is not a JSON object.
            AuthenticationError: the status is 401 or 403.
            OrderUncertain: instead of ProviderUnavailable, if `repeat` is `Repeat.UNSENT` and the request may have
                taken effect.
            SettingsError: the URL is neither https nor allowed.
        """
        return self._call(_Envelope("GET", url, params=params, headers=headers or {}), repeat, check)

    def post(
        self,
        url: str,
        payload: Mapping[str, _Value],
        *,
        repeat: Repeat = Repeat.ALWAYS,
        headers: Mapping[str, str] | None = None,
        compress: bool = False,
        check: Check | None = None,
    ) -> JsonResponse:
        """POST a JSON object, and return that in the response. With `compress`, gzip the body. Otherwise like `get`."""
        return self._call(
            _Envelope("POST", url, payload=payload, headers=headers or {}, compress=compress), repeat, check
        )

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _call(self, envelope: _Envelope, repeat: Repeat, check: Check | None) -> JsonResponse:
        check_url(envelope.url, self._allow_http)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _worth_repeating(error, repeat)),
            wait=_pause,
            stop=_out_of_tries,
            sleep=self._sleep,
            reraise=True,
        )
        failure: OtpError
        try:
            return retrying(self._once, envelope, repeat, check)
        except OtpError as error:
            failure = judged(error, repeat)
        failure.__traceback__ = failure.__context__ = failure.__cause__ = None
        raise failure

    def _once(self, envelope: _Envelope, repeat: Repeat, check: Check | None) -> JsonResponse:
        limit = time_left()
        if limit is not None and limit < LEAST_TIME:
            raise ProviderUnavailable("no time was left to send the request", provider=self._provider, sent=False)
        if repeat is Repeat.UNSENT and not may_send():
            raise ProviderUnavailable("nobody waits for the order any more", provider=self._provider, sent=False)
        connect, longest = self._timeouts.connect, self._timeouts.read
        if repeat is Repeat.UNSENT:
            longest = self._timeouts.order
        timeouts = (connect, longest) if limit is None else (min(connect, limit), min(longest, limit))
        whole = sum(timeouts) if limit is None else min(limit, sum(timeouts))
        status, retry_after, text = self._bounded(
            whole, lambda: self._transmit(envelope, timeouts, fresh=repeat is Repeat.UNSENT)
        )
        answer = read(self._provider, status, retry_after, text, repeat)
        if check:
            check(answer)
        return answer

    def _bounded(self, seconds: float, transmit: Callable[[], _Received]) -> _Received:
        """Run `transmit` in a thread that is abandoned after that many seconds.

        The sockets' own timeouts start anew with each byte and do not cover name resolution: a server that sends a
        byte now and then, or a name server that hangs, would block a test, or its teardown, forever.
        """
        received = begun(transmit, "pytest-otp request")
        if not wait({received}, seconds).done:
            raise ProviderUnavailable(f"no response within {seconds:.3g} s", provider=self._provider)
        return received.result()

    def _transmit(self, envelope: _Envelope, timeouts: tuple[float, float], *, fresh: bool) -> _Received:
        """Send the request; return the HTTP status, Retry-After and the body.

        A server may echo a secret, and everything returned from here is in frames that a traceback shows.
        """
        # An order goes over a connection of its own: on a reused one that the server is just closing, the request could
        # be lost, and whether it had arrived would be unknown.
        session = _session() if fresh else self._session
        raised: BaseException
        try:
            with session.send(
                envelope.prepared(reveal=False),
                timeout=timeouts,
                allow_redirects=False,
                **_environment(session, envelope.url),
            ) as response:
                return (
                    response.status_code,
                    scrub(response.headers.get("Retry-After", "")),
                    scrub(body_of(response, timeouts[1]).decode("utf-8-sig", errors="replace"), short=False),
                )
        except _UNSENT as error:
            raised = ProviderUnavailable(
                f"the request cannot be sent ({type(error).__name__})", provider=self._provider, sent=False
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raised = described(error, self._provider, timeouts)
        except Exception as error:  # noqa: BLE001 - whatever a library raises, its frames contain the key
            raised = ProviderUnavailable(
                f"the request failed ({type(error).__name__}: {shown(scrub(str(error)), 120)})", provider=self._provider
            )
        except BaseException as error:  # noqa: BLE001 - Ctrl-C and pytest-timeout: they pass, the frames do not
            raised = error
        finally:
            if fresh:
                session.close()
        raised.__traceback__ = raised.__context__ = raised.__cause__ = None
        raise raised


@dataclass(frozen=True, slots=True)
class _Envelope:
    """A request with its secrets still sealed."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str | Secret] | None = None
    payload: Mapping[str, _Value] | None = None
    compress: bool = False

    def prepared(self, *, reveal: bool) -> requests.PreparedRequest:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": accepted_encodings(),
            "User-Agent": USER_AGENT,
            **self.headers,
        }
        params = None
        if self.params is not None:  # as bytes: an order's ID may have characters that are no valid Unicode
            shown = {name: _shown(value, reveal) for name, value in self.params.items()}
            params = {name: value.encode(errors="surrogatepass") for name, value in shown.items()}
        body = None
        if self.payload is not None:
            text = json.dumps(self.payload, default=lambda value: _shown(value, reveal), ensure_ascii=False)
            body = text.encode(errors="backslashreplace")  # which escapes a lone surrogate as JSON does
            headers["Content-Type"] = "application/json"
            if self.compress:
                body = gzip.compress(body)
                headers["Content-Encoding"] = "gzip"
        prepared = requests.Request(self.method, self.url, headers=headers, params=params, data=body).prepare()
        prepared.envelope = self  # type: ignore[attr-defined]  # for the adapter, which gets only the request
        return prepared


def _shown(value: object, reveal: bool) -> str:
    if isinstance(value, Secret):
        return value.reveal() if reveal else str(value)
    if isinstance(value, str):
        return value
    raise TypeError(f"{type(value).__name__} cannot be sent")


class _UnsealingAdapter(HTTPAdapter):
    """Sends the request with its secrets, and returns the response as if it had been sent without them."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        envelope: _Envelope = request.envelope  # type: ignore[attr-defined]  # set where it was prepared
        response = super().send(envelope.prepared(reveal=True), *args, **kwargs)
        response.request, response.url = request, request.url or ""
        return response


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: even if redirects are not followed, requests would read their bodies, however large."""


def _session() -> requests.Session:
    session = _Session()
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _UnsealingAdapter(max_retries=0, pool_maxsize=64))
    return session


def _environment(session: requests.Session, url: str) -> dict[str, Any]:
    settings = dict(session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None))
    if is_loopback(urlsplit(url).hostname or ""):
        settings["proxies"] = {}
    return settings


def _worth_repeating(error: BaseException, repeat: Repeat) -> bool:
    if not isinstance(error, ProviderUnavailable):
        return False
    final = error.http_status is not None and 400 <= error.http_status < 500 and error.http_status not in _PASSING
    return (repeat is Repeat.ALWAYS and not final) or (repeat is Repeat.UNSENT and not error.sent)


def _pause(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None) or 0.0
    backoff = 0.4 * 2 ** (state.attempt_number - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
    return float(max(backoff, asked))


def _out_of_tries(state: tenacity.RetryCallState) -> bool:
    limit = time_left()
    longest = LONGEST_PAUSE if limit is None else min(limit, LONGEST_PAUSE)
    return state.attempt_number >= ATTEMPTS or _pause(state) >= longest
