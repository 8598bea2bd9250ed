"""How soon `wait_code` returns after the last byte of a push, and what the webhook bears at once.

Real sockets on loopback, and a provider that shows nothing itself. Two workers, processes of their own, take part in
the relay; both are asked about each push. Limits are ratios of medians to that of a bare POST, sent in turn with the
pushes to a server of the standard library that only answers.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from pytest_otp.numbers.number import OtpNumber
from pytest_otp.plugin.relay import Hub
from pytest_otp.plugin.relay_worker import Branch
from pytest_otp.providers.base import Messages, Order, OrderState
from pytest_otp.providers.otpvirt_push import PUSH
from pytest_otp.providers.push import PushedSms
from pytest_otp.push.pushed import Outcome, Pushed, Pushes
from pytest_otp.push.webhook import Webhook
from pytest_otp.redact import Secret
from pytest_otp.server.server import Server

from .limits import check
from .reference import PATIENCE, bare_server, post

PUSHES = 200
WORKERS = 2
CONCURRENT = 1000
WAITING = 500
ALLOWED_ALONE = 8.0
ALLOWED_WORKERS = 12.0
"""Ratios to a bare POST, at the median."""
SETTLED = 0.01
"""Seconds for a wait to fall asleep."""
CLIENT_ID = "5a4db0c5-1111-4222-8333-444444444444"
TOKEN = "a-token-for-measuring"
TOPIC = "push"


class Silent:
    """A provider that has nothing to say."""

    name = "silent"

    def messages(self, order: Order) -> Messages:
        """None so far."""
        return Messages(OrderState.WAITING, ())

    def finish(self, order: Order) -> None:
        """Done."""


def main() -> None:
    """Print lags in milliseconds, and what became of many posts at once."""
    print(f"\nPush: milliseconds from the POST's last byte to wait_code returning, {PUSHES} pushes")
    print(f"  {'':<42} {'median':>8} {'95 %':>8} {'longest':>8} {'ratio':>6}")
    _lags("in one process", *alone(), ALLOWED_ALONE)
    _lags(f"from controller to one of {WORKERS} workers", *to_workers(), ALLOWED_WORKERS)
    seconds, answers, taken = concurrent()
    print(f"  {CONCURRENT} posts at once: {answers} answered, {taken} accepted, all within {seconds:.2f} s")
    check(f"webhook, of {CONCURRENT} posts at once: not answered", CONCURRENT - answers, 0)
    check(f"webhook, of {CONCURRENT} posts at once: not accepted", CONCURRENT - taken, 0)
    lags, wrong = many_waits()
    print(
        f"  {WAITING} numbers waiting at once: {len(lags)} got their own code, {wrong} got another's or none; "
        f"median {statistics.median(lags) * 1000:.1f} ms, longest {max(lags) * 1000:.1f} ms"
    )
    check(f"webhook, of {WAITING} numbers waiting at once: a wrong code or none", wrong, 0)


def alone() -> tuple[list[float], list[float]]:
    """Lags with server and test in the same process, and those of the bare POSTs beside them."""
    pushes = Pushes()
    lags, reference = [], []
    with bare_server() as bare, _served(pushes.take) as url, ThreadPoolExecutor(1) as thread:
        for place in range(PUSHES):
            number = _number(pushes, place)
            waiting = thread.submit(_timed, number)
            time.sleep(SETTLED)
            sent = _send(url, place)
            code, returned = waiting.result(PATIENCE)
            assert code == _code(place)
            lags.append(returned - sent)
            number.close()
            reference.append(_bare_post(bare))
    return lags, reference


def to_workers() -> tuple[list[float], list[float]]:
    """The same with the server here and the tests in other processes, whose monotonic clock is the same."""
    hub = Hub()
    hub.start()

    def take(sms: PushedSms) -> Outcome:
        answers = hub.ask(TOPIC, sms.plain(), until=lambda answer: answer != Outcome.UNKNOWN)
        return next((Outcome(answer) for answer in answers if answer != Outcome.UNKNOWN), Outcome.UNKNOWN)

    lags, reference = [], []
    with ExitStack() as stack:
        stack.callback(hub.stop)
        bare = stack.enter_context(bare_server())
        url = stack.enter_context(_served(take))
        workers = [stack.enter_context(_worker(hub.address)) for _ in range(WORKERS)]
        for place in range(PUSHES):
            process = workers[place % WORKERS]
            _say(process, place)
            assert _hear(process) == "waiting"
            time.sleep(SETTLED)
            sent = _send(url, place)
            code, returned = _hear(process)
            assert code == _code(place)
            lags.append(returned - sent)
            reference.append(_bare_post(bare))
    return lags, reference


def concurrent() -> tuple[float, int, int]:
    """Seconds for all answers, how many said success, and how many messages are there."""
    pushes = Pushes()
    taken: list[float] = []
    pushes.open(_order(0), taken.append)
    with _served(pushes.take) as url:
        parts = urlsplit(url)

        async def push(place: int) -> bool:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(_request(url, 0, f"message-{place}"))
            answer = await reader.read()
            writer.close()
            return answer.endswith(b'{"status": 2}')

        async def all_of_them() -> list[bool]:
            return await asyncio.gather(*(push(place) for place in range(CONCURRENT)))

        start = time.monotonic()
        answers = asyncio.run(all_of_them())
    return time.monotonic() - start, sum(answers), len(taken)


def many_waits() -> tuple[list[float], int]:
    """Lags of those that got their own code, and how many did not."""
    pushes = Pushes()
    numbers = [_number(pushes, place) for place in range(WAITING)]
    with _served(pushes.take) as url, ThreadPoolExecutor(WAITING) as threads, ThreadPoolExecutor(8) as posting:
        waits = [threads.submit(_timed, number) for number in numbers]
        time.sleep(1)
        sent = list(posting.map(lambda place: _send(url, place), reversed(range(WAITING))))[::-1]
        got = [wait.result(PATIENCE) for wait in waits]
    lags = [returned - sent[place] for place, (code, returned) in enumerate(got) if code == _code(place)]
    return lags, WAITING - len(lags)


def work(address: Mapping[str, str]) -> None:
    """A worker: waits for the codes of the orders that it reads, one a line."""
    pushes = Pushes()
    branch = Branch(address)
    branch.handle(TOPIC, lambda plain: pushes.take(PushedSms(**plain)).value)
    branch.start()
    for line in sys.stdin:
        number = _number(pushes, json.loads(line))
        print(json.dumps("waiting"), flush=True)
        print(json.dumps(_timed(number)), flush=True)
        number.close()
    branch.stop()


@contextmanager
def _served(take: Any) -> Iterator[str]:
    values = {"OTPVIRT_CLIENT_ID": Secret(CLIENT_ID), "OTPVIRT_API_PASSWORD": Secret("not-sent")}
    with Server(Webhook(PUSH, Secret(TOKEN), values, take)) as server:
        yield f"{server.url}{PUSH.path}{TOKEN}"


@contextmanager
def _worker(address: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    code = f"from benchmarks.webhook import work; work({dict(address)!r})"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def _say(process: subprocess.Popen[str], what: object) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> Any:
    assert process.stdout
    return json.loads(process.stdout.readline())


def _order(place: int) -> Order:
    phone = str(992112000000 + place)
    return Order(f"order-{place}", phone, "vi", None, None, None, None, datetime.now(timezone.utc))


def _number(pushes: Pushes, place: int) -> OtpNumber:
    provider: Any = Pushed(Silent(), pushes)  # type: ignore[arg-type]  # nothing else is asked of it
    return OtpNumber(provider, _order(place))


def _code(place: int) -> str:
    return str(100_000 + place)


def _timed(number: OtpNumber) -> tuple[str, float]:
    code = number.wait_code(PATIENCE)
    return code, time.monotonic()


def _request(url: str, place: int, message_id: str) -> bytes:
    order = _order(place)
    content = {
        "id": message_id,
        "phoneFrom": "Viber",
        "phone": int(order.number),
        "text": f"Your code is {_code(place)}",
        "code": _code(place),
        "clientId": CLIENT_ID,
        "activationId": order.id,
    }
    body = json.dumps(content).encode()
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _send(url: str, place: int) -> float:
    """Post the message; when its last byte was sent."""
    parts = urlsplit(url)
    request = _request(url, place, f"message-{place}")
    with socket.create_connection((str(parts.hostname), parts.port or 0)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request[:-1])
        connection.sendall(request[-1:])
        sent = time.monotonic()
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    return sent


def _bare_post(url: str) -> float:
    """How long it took."""
    begun = time.monotonic()
    post(url, "+12015550123", "to nobody")
    return time.monotonic() - begun


def _lags(what: str, lags: list[float], reference: list[float], allowed: float) -> None:
    shown = (statistics.median(lags), statistics.quantiles(lags, n=20)[-1], max(lags))
    ratio = shown[0] / statistics.median(reference)
    limit = check(f"webhook, {what}: ratio to a bare POST", ratio, allowed)
    print(f"  {what:<42} " + " ".join(f"{lag * 1000:>8.2f}" for lag in shown) + f" {ratio:>6.1f}   {limit}")
