"""What 1,000 strangers, who connect to the webhook and send nothing, cost those who push an SMS.

They are in a process of their own. A post to a bare server beside each push shows what the machine itself costs.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_otp.server.server import Server

from .limits import check
from .reference import bare_server, post

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STRANGERS = 1000
SECONDS = 4.0
ALLOWED = 50.0
"""Milliseconds that a push may take longer than one to the bare server, at the 99th percentile."""

PROGRAM = f"""
import socket, sys
address = ("127.0.0.1", int(sys.argv[1]))
strangers = [socket.create_connection(address) for _ in range({STRANGERS})]
print("connected", flush=True)
sys.stdin.readline()
"""


def main() -> None:
    """Print how long pushes take with and without strangers."""
    print(f"\nStrangers: milliseconds for a push while {STRANGERS} connect, and for {SECONDS:g} s after")
    print(f"  {'':<42} {'median':>8} {'99 %':>8} {'longest':>8}")
    with Server(_accept) as server, bare_server() as bare:
        port = urlsplit(server.url).port or 0
        quiet, _ = _pushes(port, bare, 1.0)
        with _strangers(port):
            among, reference = _pushes(port, bare, SECONDS)
    _told("alone", quiet)
    _told(f"among {STRANGERS} strangers", among)
    _told("to a bare server at the same time", reference)
    longer = _percentile(among) - _percentile(reference)
    print(f"  {'longer by':<51} {longer:>8.2f}   {check('strangers: ms that a push is delayed', longer, ALLOWED)}")


def _accept(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@contextmanager
def _strangers(port: int) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        yield
        process.stdin.close()


def _pushes(port: int, bare: str, seconds: float) -> tuple[list[float], list[float]]:
    """Milliseconds of each push, and of those to the bare server in between."""
    end = time.monotonic() + seconds
    took: list[float] = []
    reference: list[float] = []
    while time.monotonic() < end:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        sent = time.monotonic()
        post(bare, "+12015550123", "to nobody")
        took.append((sent - begun) * 1000)
        reference.append((time.monotonic() - sent) * 1000)
        time.sleep(0.001)
    return took, reference


def _percentile(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[-1]


def _told(what: str, times: list[float]) -> None:
    print(f"  {what:<42} {statistics.median(times):>8.2f} {_percentile(times):>8.2f} {max(times):>8.2f}")
