"""How soon `wait_code` returns after the application's send, and what the gateway bears.

Real sockets on loopback, everything in one process. Beside it, in the same seconds and in turn: a bare POST to a server
of the standard library that only answers; and which part of the time passed after the SDK's own work. Limits are ratios
of medians to that of the bare POST.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING
from unittest import mock
from urllib.parse import urlsplit

from twilio.rest import Client  # type: ignore[import-untyped]

from pytest_otp.gateway.address import serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.offline.carrier import Carrier
from pytest_otp.offline.desk import RentalDesk
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.offline.scenarios import scenario
from pytest_otp.server.server import Server
from tests.gateway.hostile import SERVICES, WIRE, bodies, head
from tests.gateway.world import ACCOUNT, HELD, Network

from .limits import check
from .reference import PATIENCE, bare_server, post

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SENDS = 200
CONCURRENT = 1000
SLOW = 200
"""Senders that stop in the middle of their body."""
REFERENCE = "a bare POST, until its response"
PLAIN = "a plain POST to the gateway"
SDK = "Twilio's SDK to api.twilio.com, through the proxy"
SINCE_RECEIVED = "  of which after the gateway got the request"
ALLOWED = {PLAIN: 8.0, SINCE_RECEIVED: 8.0}
"""Ratios to the reference, at the median. How long the SDK itself takes is not ours to limit."""
SETTLED = 0.005
"""Seconds for a wait to fall asleep."""

Send = Callable[[str, str], None]
"""Sends a text to a number, and returns when it was answered."""


class Timed:
    """A gateway that notes when it was asked last."""

    def __init__(self, app: Gateway) -> None:
        self._app = app
        self.asked = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Note, and pass on."""
        self.asked = time.monotonic()
        return self._app(environ, start_response)


def main() -> None:
    """Print lags in milliseconds, and what became of many posts and of bad ones."""
    print(f"\nGateway: milliseconds from the call that sends to wait_code returning, {SENDS} of each, alternating")
    print(f"  {'':<44} {'median':>8} {'95 %':>8} {'longest':>8} {'ratio':>6}")
    measured = measure()
    reference = statistics.median(measured[REFERENCE])
    for what, lags in measured.items():
        shown = (statistics.median(lags), statistics.quantiles(lags, n=20)[-1], max(lags))
        ratio = shown[0] / reference
        limit = check(f"gateway, {what.strip()}: ratio to {REFERENCE}", ratio, ALLOWED[what]) if what in ALLOWED else ""
        print(f"  {what:<44} " + " ".join(f"{lag * 1000:>8.2f}" for lag in shown) + f" {ratio:>6.1f}   {limit}")
    seconds, answered, lost, invented = concurrent()
    print(
        f"  {CONCURRENT} posts at once to {len(SERVICES)} APIs: {answered} answered, {lost} lost, "
        f"{invented} invented, in {seconds:.2f} s"
    )
    check(f"gateway, of {CONCURRENT} posts at once: not answered", CONCURRENT - answered, 0)
    check(f"gateway, of {CONCURRENT} posts at once: lost or invented", lost + invented, 0)
    sent, accepted, unanswered = hostile()
    print(
        f"  {sent} hostile requests, beside {SLOW} stalled senders: {accepted} wrongly accepted; "
        f"a good request after each: {unanswered} failed"
    )
    check("gateway, hostile requests: wrongly accepted", accepted, 0)
    check("gateway, good requests after hostile ones: failed", unanswered, 0)


def measure() -> dict[str, list[float]]:
    """Lags in seconds by what was done."""
    reference, plain, sdk, after = list[float](), list[float](), list[float](), list[float]()
    carrier = Carrier(seed=1)
    gateway = Timed(Gateway(carrier))
    provider = FakeProvider(RentalDesk(carrier, scenario=scenario("manual")))
    with ExitStack() as stack:
        bare = stack.enter_context(bare_server())
        address = stack.enter_context(serving(gateway, host="127.0.0.1", port=0, setting="--otp-gateway"))
        stack.enter_context(mock.patch.dict(os.environ, address.environ()))
        thread = stack.enter_context(ThreadPoolExecutor(1))
        client = Client(ACCOUNT, "an-invented-token")

        def by_post(to: str, text: str) -> None:
            post(str(address.url), to, text)

        def by_twilio(to: str, text: str) -> None:
            client.messages.create(to=to, from_="Harbour", body=text)

        by_twilio("+12015550123", "the first one makes the certificates and the connection")
        for place in range(SENDS):
            number = OtpNumber(provider, provider.order(None, None, None))
            begun = time.monotonic()
            post(bare, number.e164, "to nobody")
            reference.append(time.monotonic() - begun)
            begun, returned = _sent(number, by_post, str(100_000 + place), thread)
            plain.append(returned - begun)
            begun, returned = _sent(number, by_twilio, str(200_000 + place), thread)
            sdk.append(returned - begun)
            after.append(returned - gateway.asked)
            number.close()
    return {
        REFERENCE: reference,
        PLAIN: plain,
        SDK: sdk,
        SINCE_RECEIVED: after,
    }


def concurrent() -> tuple[float, int, int, int]:
    """Seconds for all answers; posts that were answered with success, messages that are missing or of nobody."""
    network = Network()
    services = list(SERVICES)
    with Server(Gateway(network)) as server:
        parts = urlsplit(server.url)

        async def send(place: int) -> bool:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            service = services[place % len(services)]
            body = SERVICES[service][2](f"code {place}").encode()
            writer.write(head(service, f"Content-Length: {len(body)}", "Connection: close") + body)
            answer = await reader.read()
            writer.close()
            return answer.startswith(b"HTTP/1.1 20")

        async def all_of_them() -> list[bool]:
            return await asyncio.gather(*(send(place) for place in range(CONCURRENT)))

        begun = time.monotonic()
        answers = asyncio.run(all_of_them())
        seconds = time.monotonic() - begun
    expected = [(HELD, f"code {place}") for place in range(CONCURRENT)]
    arrived = [(to, text) for to, text, _ in network.taken]
    lost = len(set(expected) - set(arrived))
    return seconds, sum(answers), lost, len(arrived) - (len(expected) - lost)


def hostile() -> tuple[int, int, int]:
    """How many were sent; how many messages came of them; after how many a good message did not get through."""
    network = Network()
    requests = list(WIRE.values())
    for service in SERVICES:
        for body, headers, _ in bodies(service).values():
            named = [f"{name}: {value}" for name, value in headers.items()]
            requests.append(head(service, *named, f"Content-Length: {len(body)}") + body)
    unanswered = good = 0
    with Server(Gateway(network)) as server, ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(_connected(server.url)).sendall(head("twilio", "Content-Length: 100") + b"To=")
        for request in requests:
            with _connected(server.url) as connection, contextlib.suppress(OSError):
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            try:
                post(server.url, HELD, "a good one")
                good += 1
            except (OSError, http.client.HTTPException):
                unanswered += 1
        accepted = len(network.taken) - good
    return len(requests), accepted, unanswered


def _sent(number: OtpNumber, send: Send, code: str, thread: ThreadPoolExecutor) -> tuple[float, float]:
    """When the call that sends was made, and when the waiting test had its code."""
    waiting = thread.submit(_timed, number)
    time.sleep(SETTLED)
    begun = time.monotonic()
    send(number.e164, f"{code} is your Harbour code")
    got, returned = waiting.result(PATIENCE)
    assert got == code
    return begun, returned


def _timed(number: OtpNumber) -> tuple[str, float]:
    code = number.wait_code(PATIENCE)
    return code, time.monotonic()


def _connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=PATIENCE)
