"""How soon `wait_code` returns after the application's send, and what the gateway bears.

Real sockets on loopback, everything in one process. Beside it, in the same seconds and in turn: a bare POST to a server
of the standard library that only answers; and which part of the time passed after the SDK's own work.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import json
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
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

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SENDS = 200
CONCURRENT = 1000
SLOW = 200
"""Senders that stop in the middle of their body."""
SETTLED = 0.005
"""Seconds for a wait to fall asleep."""
PATIENCE = 30

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
    print(f"\nGateway: milliseconds from the call that sends to wait_code returning, {SENDS} of each, in turn")
    print(f"  {'':<44} {'median':>8} {'95 %':>8} {'longest':>8}")
    for what, lags in measure().items():
        shown = (statistics.median(lags), statistics.quantiles(lags, n=20)[-1], max(lags))
        print(f"  {what:<44} " + " ".join(f"{lag * 1000:>8.2f}" for lag in shown))
    seconds, answered, lost, invented = concurrent()
    print(
        f"  {CONCURRENT} posts at once to {len(SERVICES)} APIs: {answered} answered, {lost} lost, {invented} invented; "
        f"within {seconds:.2f} s"
    )
    sent, accepted, unanswered = hostile()
    print(
        f"  {sent} hostile requests, beside {SLOW} senders that stopped: {accepted} wrongly accepted; after each the "
        f"server was {'up' if not unanswered else f'NOT up {unanswered} times'}"
    )


def measure() -> dict[str, list[float]]:
    """Lags in seconds by what was done."""
    reference, plain, sdk, after = list[float](), list[float](), list[float](), list[float]()
    carrier = Carrier(seed=1)
    gateway = Timed(Gateway(carrier))
    provider = FakeProvider(RentalDesk(carrier, scenario=scenario("manual")))
    with ExitStack() as stack:
        bare = stack.enter_context(_trivial_server())
        address = stack.enter_context(serving(gateway, host="127.0.0.1", port=0, setting="--otp-gateway"))
        stack.enter_context(mock.patch.dict(os.environ, address.environ()))
        thread = stack.enter_context(ThreadPoolExecutor(1))
        client = Client(ACCOUNT, "an-invented-token")

        def post(to: str, text: str) -> None:
            _post(str(address.url), to, text)

        def by_twilio(to: str, text: str) -> None:
            client.messages.create(to=to, from_="Harbour", body=text)

        by_twilio("+12015550123", "the first one makes the certificates and the connection")
        for place in range(SENDS):
            number = OtpNumber(provider, provider.order(None, None, None))
            begun = time.monotonic()
            _post(bare, number.e164, "to nobody")
            reference.append(time.monotonic() - begun)
            begun, returned = _sent(number, post, str(100_000 + place), thread)
            plain.append(returned - begun)
            begun, returned = _sent(number, by_twilio, str(200_000 + place), thread)
            sdk.append(returned - begun)
            after.append(returned - gateway.asked)
            number.close()
    return {
        "a bare POST, until its answer (reference)": reference,
        "a plain POST to the gateway": plain,
        "Twilio's SDK to api.twilio.com, by the proxy": sdk,
        "  of it, since the gateway had the request": after,
    }


def concurrent() -> tuple[float, int, int, int]:
    """Seconds for all answers; posts that were answered with success, messages that are missing or of nobody."""
    network = Network()
    services = list(SERVICES)
    with Server(Gateway(network)) as server:
        parts = urlsplit(server.url)

        async def post(place: int) -> bool:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            service = services[place % len(services)]
            body = SERVICES[service][2](f"code {place}").encode()
            writer.write(head(service, f"Content-Length: {len(body)}", "Connection: close") + body)
            answer = await reader.read()
            writer.close()
            return answer.startswith(b"HTTP/1.1 20")

        async def all_of_them() -> list[bool]:
            return await asyncio.gather(*(post(place) for place in range(CONCURRENT)))

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
                _post(server.url, HELD, "a good one")
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


def _post(url: str, to: str, text: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("POST", "/sms", json.dumps({"to": to, "text": text}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise http.client.HTTPException(f"answered {answer.status}")


def _connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=PATIENCE)


@contextmanager
def _trivial_server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Trivial) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Trivial(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass
